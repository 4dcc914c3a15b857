"""The settings of a campaign: operators read them, admins change them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.decorators import login_required
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.terms import AgreementForm, CampaignForm, CapForm, DestinationForm, FieldForm, TermsForm
from campaigns.models import Agreement, Campaign, Cap, Destination, Field, Supplier, User
from campaigns.payouts import ReturnTerms, outlasts_supplier
from campaigns.rules import local_date
from campaigns.views.campaign import caps_of, named, used_of
from leads.channels import NotSent, destination
from leads.models import Lead
from leads.views.analytics import last_year
from rejections.options import OPTION_WORDS

#: Changes listed on the page.
CHANGES = 8


def _staffs(person: User, code: str) -> Campaign:
    """The campaign, for staff; nobody else has its settings."""
    if not person.is_staff:
        raise Http404
    return named(person, code)


def _admins(person: User, code: str) -> Campaign:
    """The campaign, for who may change its settings."""
    found = _staffs(person, code)
    if not person.is_superuser:
        raise PermissionDenied("Only admins change the settings of a campaign.")
    return found


def _has_leads(campaign: Campaign) -> bool:
    return Lead.objects.filter(campaign=campaign).exists()


@login_required
@require_safe
def campaign_settings(request: HttpRequest, code: str) -> HttpResponse:
    """All that was agreed, on one page."""
    person: Any = request.user
    found, at = _staffs(person, code), timezone.now()
    today = local_date(at, found.time_zone)
    target = Destination.objects.filter(campaign=found).first()
    context = {
        "campaign": found,
        "withdrawn": [OPTION_WORDS[name] for name in found.withdrawn_options],
        "changes": _changes(found),
        "caps": [(cap, used_of(cap, at)) for cap in caps_of(found, person)],
        "fields": [(field, target and target.field_names.get(field.name)) for field in _fields(found)],
        "agreed": _agreed(found, today),
        "what_if": last_year(found, at, request.GET),
        "destination": target,
    }
    return render(request, "campaigns/settings.html", context)


def _changes(campaign: Campaign) -> models.QuerySet[LogEntry]:
    of = ContentType.objects.get_for_model(Campaign)
    return LogEntry.objects.filter(content_type=of, object_id=str(campaign.pk)).select_related("user")[
        :CHANGES
    ]


def _fields(campaign: Campaign) -> models.QuerySet[Field]:
    return campaign.fields.select_related("picklist").order_by("position", "pk")


def _agreed(campaign: Campaign, today: date) -> list[dict[str, Any]]:
    """Each supplier's terms now and those to come; `short` says that the client may return leads for longer."""
    terms = campaign.agreements.select_related("supplier").order_by(
        "supplier__name", "supplier_id", "starts_on"
    )
    lines = []
    for supplier, dated in groupby(terms, key=lambda one: one.supplier):
        every = list(dated)
        begun = [one for one in every if one.starts_on <= today]
        coming = every[len(begun) :]
        now = begun[-1] if begun else None
        terms_now = now and ReturnTerms(now.reverses_payout, now.supplier_return_days)
        short = terms_now and outlasts_supplier(campaign.return_window_days, terms_now)
        lines.append({"supplier": supplier, "now": now, "coming": coming, "short": short})
    return lines


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_campaign(request: HttpRequest, code: str) -> HttpResponse:
    """Names, returns, and how values are read."""
    person: Any = request.user
    found = _admins(person, code)
    form = CampaignForm(request.POST or None, instance=found, has_leads=_has_leads(found), at=timezone.now())
    about = "The window counts for files uploaded from now on: a batch keeps the one it was uploaded under."
    return _edit(request, found, form, "Returns and reading", about, zones=sorted(available_timezones()))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_cap(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    """A cap: a new one, or one that is there."""
    person: Any = request.user
    found = _admins(person, code)
    cap = get_object_or_404(found.caps, pk=pk) if pk else Cap(campaign=found)
    about = "A raised cap lets quarantined leads move up within a minute. A lowered one takes nothing back."
    return _edit(request, found, CapForm(request.POST or None, instance=cap), "Cap", about, removable=True)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_field(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    """A field: a new one at the end, or one that is there."""
    person: Any = request.user
    found = _admins(person, code)
    has_leads = _has_leads(found)
    last = found.fields.aggregate(last=models.Max("position"))["last"]
    new = Field(campaign=found, position=0 if last is None else last + 1)
    field = get_object_or_404(found.fields, pk=pk) if pk else new
    form = FieldForm(request.POST or None, instance=field, has_leads=has_leads)
    about = "Leads are judged by it from now on. Rejected ones are judged again when they are corrected."
    return _edit(request, found, form, "Field", about, removable=not has_leads)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_agreement(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    """Terms with one supplier: new ones, or such as have not begun."""
    person: Any = request.user
    found = _admins(person, code)
    today = local_date(timezone.now(), found.time_zone)
    coming = found.agreements.filter(starts_on__gt=today)
    if pk is None and (supplier := _asked_for(request)) is None:
        return render(
            request, "campaigns/terms_with.html", {"campaign": found, "suppliers": Supplier.objects.all()}
        )
    terms = get_object_or_404(coming, pk=pk) if pk else _drafted(found, supplier, today)
    form = AgreementForm(request.POST or None, instance=terms, today=today)
    about = "A lead keeps what was agreed when it came in. Terms that have begun are followed by others, not changed."
    what = f"Terms with {terms.supplier}"
    return _edit(request, found, form, what, about, removable=True)


def _asked_for(request: HttpRequest) -> Supplier | None:
    """The supplier named in the address; None when there is none."""
    number = request.GET.get("supplier", "")
    whose = int(number) if number.isdecimal() and len(number) < 10 else 0
    return Supplier.objects.filter(pk=whose).first()


def _drafted(campaign: Campaign, supplier: Supplier | None, today: date) -> Agreement:
    """New terms: a copy of the supplier's last, if it has some."""
    held = campaign.agreements.filter(supplier=supplier).order_by("starts_on")
    drafted = held.last() or Agreement(campaign=campaign, supplier=supplier)
    drafted.pk, drafted.starts_on = None, today
    drafted._state.adding = True
    return drafted


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_destination(request: HttpRequest, code: str) -> HttpResponse:
    """Where valid leads are pushed."""
    person: Any = request.user
    found = _admins(person, code)
    target = Destination.objects.filter(campaign=found).first() or Destination(campaign=found)
    about = (
        "Leads that wait are pushed to the new address. A paused destination waits for somebody to resume it."
    )
    return _edit(request, found, DestinationForm(request.POST or None, instance=target), "Destination", about)


@login_required
@require_POST
def test_destination(request: HttpRequest, code: str) -> HttpResponse:
    """Push a made-up lead, and say what came back."""
    person: Any = request.user
    found = _admins(person, code)
    target = get_object_or_404(Destination, campaign=found)
    try:
        messages.success(request, f"The test lead arrived: {destination.send_test(target, timezone.now())}")
    except NotSent as failure:
        messages.error(request, f"The test lead did not arrive: {failure}. Nothing of ours was changed.")
    return redirect(reverse("campaign_settings", args=[found.code]) + "#destination")


@login_required
@require_POST
def move_field(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """One place up in the order of judging, of pages and of downloads."""
    person: Any = request.user
    found = _admins(person, code)
    field = get_object_or_404(found.fields, pk=pk)
    order = list(_fields(found))
    place = order.index(field)
    order.insert(max(place - 1, 0), order.pop(place))
    with transaction.atomic():
        for position, one in enumerate(order):
            Field.objects.filter(pk=one.pk).update(position=position)
        _log(person, found, CHANGE, f"{field.label} moved up")
    return redirect(reverse("campaign_settings", args=[found.code]) + "#fields")


def _edit(
    request: HttpRequest,
    campaign: Campaign,
    form: TermsForm,
    what: str,
    about: str,
    *,
    removable: bool = False,
    **more: Iterable[str],
) -> HttpResponse:
    """Show the form, save it, or remove what it is about; every change is on record."""
    person: Any = request.user
    new = form.instance._state.adding
    removable = removable and not new
    back = reverse("campaign_settings", args=[campaign.code])
    if removable and "remove" in request.POST:
        with transaction.atomic():
            _log(person, campaign, DELETION, f"{what} removed: {form.instance}")
            form.instance.delete()
        messages.success(request, f"{what} removed.")
        return redirect(back)
    doubts = form.doubts() if request.method == "POST" and form.is_valid() else []
    if request.method == "POST" and form.is_valid() and (not doubts or "sure" in request.POST):
        with transaction.atomic():
            words = _changed(form, what, new)
            form.save()
            _log(person, campaign, ADDITION if new else CHANGE, words)
        messages.success(request, f"{what} saved.")
        return redirect(back)
    context = {"campaign": campaign, "form": form, "what": what, "about": about, "doubts": doubts}
    context |= {"removable": removable, "new": new}
    return render(request, "campaigns/settings_edit.html", context | more, status=422 if form.errors else 200)


def _changed(form: TermsForm, what: str, new: bool) -> str:
    """What was saved, each value with the one before it; a secret is named only."""
    names = [name for name in form.changed_data if name != "secret"]
    parts = [
        f"{form.fields[name].label} {said if new else f'{_said(form, name, form.initial.get(name))} → {said}'}"
        for name in names
        if (said := _said(form, name, form.cleaned_data[name]))
    ]
    parts += ["secret"] if form.cleaned_data.get("secret") and "secret" in form.changed_data else []
    return (
        f"{what} {'added' if new else 'changed'}: {'; '.join(parts)}" if parts else f"{what} saved unchanged"
    )


def _said(form: TermsForm, name: str, value: Any) -> str:
    """A value of a form as a person reads it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if value is None or value == "":
        return str(getattr(form.fields[name], "empty_label", None) or "none")
    choices = dict(getattr(form.fields[name], "choices", None) or {})
    return str(choices.get(value) or value)


def _log(person: User, campaign: Campaign, flag: int, words: str) -> None:
    LogEntry.objects.log_actions(person.pk, [campaign], flag, change_message=words, single_object=True)
