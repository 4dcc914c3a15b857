"""The admin site's view of what was agreed. Lists can be imported and exported, with a preview."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from import_export.admin import ImportExportModelAdmin
from import_export.fields import Field as Column
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget

from campaigns.models import (
    Agreement,
    Campaign,
    Cap,
    Client,
    Destination,
    Disposition,
    Endpoint,
    Field,
    ListMapperEntry,
    Phrase,
    Picklist,
    PicklistValue,
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


@admin.register(Destination)
class DestinationAdmin(admin.ModelAdmin):
    list_display = ["campaign", "url", "format", "paused_at", "paused_why"]
    readonly_fields = ["paused_why"]


@admin.register(Endpoint)
class EndpointAdmin(admin.ModelAdmin):
    list_display = ["supplier", "channel", "where", "failing_since", "paused_at", "paused_why"]
    list_filter = ["channel", "supplier"]
    readonly_fields = ["failing_since", "paused_at", "paused_why", "secret_since", "previous_until"]
    exclude = ["secret", "previous_secret"]


class ValueResource(ModelResource):
    """Values of picklists as a file: picklist, value."""

    class Meta:
        model = PicklistValue
        fields = ["picklist", "value"]
        import_id_fields = ["picklist", "value"]
        clean_model_instances = True


class EntryResource(ModelResource):
    """List mapper entries as a file: picklist, incoming text, the value it stands for."""

    value = Column(column_name="value", attribute="value")

    class Meta:
        model = ListMapperEntry
        fields = ["picklist", "text", "value"]
        import_id_fields = ["picklist", "text"]
        clean_model_instances = True

    def before_import_row(self, row: dict[str, Any], **_: Any) -> None:
        """The same value may stand on several picklists: look it up on the row's own."""
        on_list = {"picklist_id": row.get("picklist")}
        self.fields["value"].widget = _ValueOf(on_list)


class _ValueOf(ForeignKeyWidget):
    """A value by its text, on one picklist only."""

    def __init__(self, on_list: dict[str, Any]) -> None:
        super().__init__(PicklistValue, field="value")
        self.on_list = on_list

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return PicklistValue.objects.filter(**self.on_list)


@admin.register(Picklist)
class PicklistAdmin(admin.ModelAdmin):
    list_display = ["name", "client", "version"]
    list_filter = ["client"]
    readonly_fields = ["version"]


@admin.register(PicklistValue)
class ValueAdmin(ImportExportModelAdmin):
    resource_classes = [ValueResource]
    list_display = ["value", "picklist", "retired_at"]
    list_filter = ["picklist"]
    search_fields = ["value"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Values are retired, never deleted: leads were judged by them."""
        return False


@admin.register(ListMapperEntry)
class EntryAdmin(ImportExportModelAdmin):
    resource_classes = [EntryResource]
    list_display = ["text", "value", "picklist"]
    list_filter = ["picklist"]
    search_fields = ["text"]


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
