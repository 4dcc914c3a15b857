"""A person's API keys, and the tokens of a source: made, told once, revoked."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import tokens
from campaigns.forms import KeyForm, TokenForm
from campaigns.models import ApiKey, IntakeToken, Source, User

#: Keys and tokens in a list: those in use, then the newest of the others.
LISTED = 200


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """The person's keys (an admin: everybody's), and a form for a new one; a new one is shown this one time."""
    person: Any = request.user
    form = KeyForm(person, request.POST if request.method == "POST" else None)
    made = None
    if request.method == "POST" and form.is_valid():
        made, form = _make(person, form), KeyForm(person, None)
    listed = ApiKey.objects.visible_to(person).select_related("owner")[:LISTED]
    context = {
        "form": form,
        "made": made,
        "keys": [{"key": key, "rights": _rights(key), "over": _over(key)} for key in listed],
        "base": request.build_absolute_uri("/api/v1/"),
    }
    return render(request, "campaigns/keys.html", context, status=422 if form.errors else 200)


def _make(person: User, form: KeyForm) -> dict[str, Any]:
    """The one call: a key with its secret, to be shown once."""
    day = form.cleaned_data["expires_on"]
    ends = timezone.make_aware(datetime.combine(day, time.max)) if day else None
    key, secret = tokens.make_key(
        person, form.cleaned_data["name"], form.cleaned_data["rights"], expires_at=ends, at=timezone.now()
    )
    return {"key": key, "secret": secret, "rights": _rights(key)}


def _rights(key: ApiKey) -> str:
    return ", ".join(key.rights)


def _over(key: ApiKey) -> str:
    """Why the key is not let in any more; blank when it is."""
    if key.revoked_at:
        return "revoked"
    if key.expires_at and key.expires_at <= timezone.now():
        return "ended"
    return "" if key.owner.is_active else "owner deactivated"


@login_required
@require_POST
def key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """From now on the key is not let in."""
    person: Any = request.user
    key = get_object_or_404(ApiKey.objects.visible_to(person), pk=pk)
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    messages.success(request, f"“{key.name}” is revoked: the next call with it is turned away.")
    return redirect("keys")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def source_tokens(request: HttpRequest, code: str) -> HttpResponse:
    """The tokens of one source; a new one is shown this one time, as the address a form sends to."""
    person: Any = request.user
    source = _source(person, code)
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = ""
    if request.method == "POST" and form.is_valid():
        _check_admin(person)
        honeypot = form.cleaned_data["honeypot"]
        secret = tokens.make_intake_token(source, person=person, at=timezone.now(), honeypot=honeypot)
        made, form = request.build_absolute_uri(reverse("form_door", args=[secret])), TokenForm(None)
    context = {
        "source": source,
        "form": form,
        "made": made,
        "tokens": source.tokens.all()[:LISTED],
        "fields": source.campaign.fields.all(),
    }
    return render(request, "campaigns/tokens.html", context, status=422 if form.errors else 200)


def _source(person: User, code: str) -> Source:
    """The source, for staff; for others there is no such page."""
    if "\0" in code or not person.is_staff:
        raise Http404
    return get_object_or_404(
        Source.objects.visible_to(person).select_related("campaign", "supplier"), code=code
    )


def _check_admin(person: User) -> None:
    """What a source is let in by is the admins' to decide."""
    if not person.is_superuser:
        raise PermissionDenied


@login_required
@require_POST
def token_revoke(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """From now on the token is not let in."""
    person: Any = request.user
    source = _source(person, code)
    _check_admin(person)
    token = get_object_or_404(IntakeToken.objects.filter(source=source), pk=pk)
    IntakeToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    messages.success(request, f"{token.prefix}… is revoked: forms that use it are turned away.")
    return redirect("source_tokens", source.code)
