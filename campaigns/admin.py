"""The admin site's view of what was agreed. Picklists and their list mapper are in `rejections.admin`."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import models

from campaigns.models import (
    Agreement,
    Campaign,
    Cap,
    Client,
    Destination,
    Disposition,
    Endpoint,
    Field,
    Phrase,
    Source,
    Supplier,
    User,
)


@admin.register(User)
class PersonAdmin(UserAdmin):
    list_display = ["username", "email", "role", "client", "supplier", "is_active"]
    list_filter = ["is_staff", "is_superuser", "is_active", "client", "supplier"]
    fieldsets = [*(UserAdmin.fieldsets or []), ("Side", {"fields": ["client", "supplier"]})]
    add_fieldsets = [
        *UserAdmin.add_fieldsets,
        ("Side", {"fields": ["email", "is_staff", "is_superuser", "client", "supplier"]}),
    ]


@admin.register(Client, Supplier)
class PartyAdmin(admin.ModelAdmin):
    list_display = ["name", "code"]
    search_fields = ["name", "code"]


class FieldInline(admin.TabularInline):
    model = Field
    extra = 0


class CapInline(admin.TabularInline):
    model = Cap
    extra = 0


class AgreementInline(admin.TabularInline):
    model = Agreement
    extra = 0


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin):
    list_display = ["name", "code", "client", "return_window_days", "time_zone", "currency"]
    list_filter = ["client"]
    search_fields = ["name", "code"]
    inlines = [FieldInline, CapInline, AgreementInline]


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    list_display = ["name", "code", "kind", "campaign", "supplier"]
    list_filter = ["kind", "supplier", "campaign"]
    search_fields = ["name", "code"]


_WEB_ADDRESSES: dict[type[models.Field], dict[str, object]] = {models.URLField: {"assume_scheme": "https"}}


@admin.register(Destination)
class DestinationAdmin(admin.ModelAdmin):
    formfield_overrides = _WEB_ADDRESSES
    list_display = ["campaign", "url", "format", "paused_at", "paused_why"]
    readonly_fields = ["paused_why"]
    exclude = ["secret"]  # set, and never shown, in the campaign's settings


@admin.register(Endpoint)
class EndpointAdmin(admin.ModelAdmin):
    formfield_overrides = _WEB_ADDRESSES
    list_display = ["supplier", "channel", "where", "failing_since", "paused_at", "paused_why"]
    list_filter = ["channel", "supplier"]
    readonly_fields = ["failing_since", "paused_at", "paused_why", "secret_since", "previous_until"]
    exclude = ["secret", "previous_secret"]


@admin.register(Disposition)
class DispositionAdmin(admin.ModelAdmin):
    list_display = ["code", "label", "family", "returnable", "keeps_payout"]
    list_filter = ["family", "returnable"]
    search_fields = ["code", "label"]


@admin.register(Phrase)
class PhraseAdmin(admin.ModelAdmin):
    list_display = ["text", "client", "disposition", "seen_at"]
    list_filter = ["client", ("disposition", admin.EmptyFieldListFilter)]
    search_fields = ["text"]
    readonly_fields = ["seen_at"]
