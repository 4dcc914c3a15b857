"""What suppliers are told: one page for staff, one for each supplier, and what can be done there."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.models import Endpoint, Supplier, User
from campaigns.templatetags.figures import counted
from leads import noticeboard, telling
from leads.forms import RecipientsForm, WebhookForm
from leads.models import Delivery
from leads.sheet import shield
from leads.telling import NotDone
from rejections.views.paging import Pager

#: Notices on a page, and in the file.
PAGE, IN_FILE = 25, 10_000


def _person(request: HttpRequest) -> User:
    """Who asks; a client has no part in what suppliers are told."""
    person: User = request.user  # type: ignore[assignment]
    if person.client_id:
        raise Http404
    return person


def _own(request: HttpRequest) -> Supplier:
    """The supplier whose user asks; nobody else sets where it is told."""
    supplier = _person(request).supplier
    if supplier is None:
        raise Http404
    return supplier


@login_required
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Who is told how, whether it works, and the log."""
    return _page(request)


def _page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    person, at = _person(request), timezone.now()
    filters = _filters(request)
    found = noticeboard.narrowed(noticeboard.notices(person), **filters)
    pager = Pager.of(request.GET, found.count(), PAGE)
    context = {
        "ways": noticeboard.ways(person, at),
        "filters": filters,
        "shows": _shows(request, person, filters),
        "lines": noticeboard.lines(found[pager.page * PAGE :][:PAGE]),
        "pager": pager,
        "metrics": noticeboard.metrics(person, at),
        "opened": _opened(request, person),
        "keep": urlencode({name: value for name, value in filters.items() if value}),
    }
    if person.supplier_id:
        context |= _own_ways(person) | {"agreements": noticeboard.agreements(person, at)}
    template = "leads/notices_supplier.html" if person.supplier_id else "leads/notices.html"
    return render(request, template, context | more, status=status)


def _filters(request: HttpRequest) -> dict[str, str]:
    """The log's filters as sent; what there is not counts as none."""
    show = request.GET.get("show", "")
    supplier = request.GET.get("supplier", "").replace("\0", "")[:40]
    return {"supplier": supplier, "show": show if show in noticeboard.SHOWS else ""}


def _shows(request: HttpRequest, person: User, filters: dict[str, str]) -> list[dict[str, Any]]:
    """The parts of the log with how many notices each has."""
    own = noticeboard.notices(person)
    return [
        {
            "words": words,
            "here": name == filters["show"],
            "query": urlencode({**filters, "show": name}),
            "count": noticeboard.narrowed(own, filters["supplier"], name).count(),
        }
        for name, words in noticeboard.SHOWS.items()
    ]


def _opened(request: HttpRequest, person: User) -> noticeboard.Opened | None:
    """The notice the address asks for; 404 for one the person may not see."""
    asked = request.GET.get("notice", "")
    if not asked:
        return None
    if not (asked.isdecimal() and len(asked) < 19):
        raise Http404
    return noticeboard.opened(get_object_or_404(noticeboard.notices(person), pk=int(asked)))


def _own_ways(person: User) -> dict[str, Any]:
    own = {one.channel: one for one in Endpoint.objects.visible_to(person)}
    return {"webhook": own.get("webhook"), "email": own.get("email"), "overlap": telling.OVERLAP}


@login_required
@require_safe
def notices_csv(request: HttpRequest) -> HttpResponse:
    """The log under its filters as a file, the newest ten thousand."""
    found = noticeboard.narrowed(noticeboard.notices(_person(request)), **_filters(request))
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="notices.csv"'
    writer = csv.writer(answer)
    writer.writerow(
        ["notice", "made_at", "supplier", "told_by", "what", "campaign", "status", "tries", "answer"]
    )
    for line in noticeboard.lines(found[:IN_FILE]):
        one = line.notice
        texts = (
            str(one.supplier),
            one.channel,
            line.words,
            line.campaign,
            one.status,
            line.tries,
            line.answer,
        )
        writer.writerow([one.pk, one.created_at.isoformat(timespec="seconds"), *map(shield, texts)])
    return answer


def _back(
    request: HttpRequest, supplier: Supplier | None = None, notice: int | None = None
) -> HttpResponseRedirect:
    """To the page, at the supplier and the notice that something was done about."""
    staff = _person(request).is_staff
    query = {"supplier": supplier.code if supplier and staff else "", "notice": notice or ""}
    address = urlencode({name: value for name, value in query.items() if value})
    return HttpResponseRedirect(f"{reverse('notices')}{'?' + address if address else ''}")


@login_required
@require_POST
def notice_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one notice once more, under the same id."""
    notice = get_object_or_404(noticeboard.notices(_person(request)), pk=pk)
    try:
        telling.send_again(notice, timezone.now())
        messages.success(
            request, f"{noticeboard.title(notice)}: sent again within a minute, under the same number."
        )
    except NotDone as refused:
        messages.error(request, f"{refused.title}. {refused.detail}")
    return _back(request, notice.supplier, pk)


@login_required
@require_POST
def notices_hurry(request: HttpRequest) -> HttpResponse:
    """Try all that waits for another try now."""
    waiting: QuerySet[Delivery] = noticeboard.undelivered(_person(request), paused=False)
    number = telling.hurry(waiting, timezone.now())
    messages.success(request, f"{counted(number, 'notice')} will be tried within a minute, the oldest first.")
    return redirect("notices")


@login_required
@require_POST
def endpoint_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test now, and say what came back."""
    endpoint = get_object_or_404(Endpoint.objects.visible_to(_person(request)), pk=pk)
    try:
        test = telling.send_test(endpoint, timezone.now())
    except NotDone as refused:
        messages.error(request, f"{refused.title}. {refused.detail}")
        return _back(request, endpoint.supplier)
    answer = test.attempts.get().answer
    if test.status == Delivery.Status.SENT:
        messages.success(request, f"The test arrived. The answer was: {answer}")
    else:
        messages.error(
            request, f"The test did not arrive; nothing else was changed. The answer was: {answer}"
        )
    return _back(request, endpoint.supplier, test.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """The question what becomes of what was held back; then a test, and it goes."""
    visible = Endpoint.objects.visible_to(_person(request)).select_related("supplier")
    endpoint = get_object_or_404(visible.exclude(paused_at=None), pk=pk)
    refused = None
    if request.method == "POST":
        by_email = request.POST.get("held") == "email"
        try:
            held = telling.resume(endpoint, timezone.now(), by_email=by_email)
        except NotDone as problem:
            refused = problem
        else:
            how = "were told in one e-mail" if by_email else "go out now, the oldest first"
            messages.success(
                request, f"Resumed: the test arrived. {counted(held, 'notice')} held back {how}."
            )
            return _back(request, endpoint.supplier)
    page: Any = request
    template = "leads/_resume.html" if page.htmx else "leads/resume.html"
    context = _resuming(endpoint) | {"refused": refused}
    return render(request, template, context, status=422 if refused else 200)


def _resuming(endpoint: Endpoint) -> dict[str, Any]:
    held = telling.waiting(endpoint)
    webhook = endpoint.channel == Endpoint.Channel.WEBHOOK
    email = Endpoint.objects.filter(supplier=endpoint.supplier, channel=Endpoint.Channel.EMAIL).first()
    return {
        "endpoint": endpoint,
        "held": held.count(),
        "leads": sum(len(ids) for ids in held.values_list("event_ids", flat=True)),
        "email": email.where if email and webhook else "",
    }


@login_required
@require_POST
def webhook_save(request: HttpRequest) -> HttpResponse:
    """Set where the supplier's webhooks go; the first time, its secret is shown."""
    supplier, form = _own(request), WebhookForm(request.POST)
    if not form.is_valid():
        return _page(request, status=422, webhook_form=form)
    first = not Endpoint.objects.filter(supplier=supplier, channel=Endpoint.Channel.WEBHOOK).exists()
    try:
        endpoint = telling.set_webhook(supplier, form.cleaned_data["url"], timezone.now())
    except NotDone as refused:
        form.add_error("url", f"{refused.detail}")
        return _page(request, status=422, webhook_form=form)
    if first:
        return _secret(request, endpoint.secret)
    messages.success(request, "Saved: your webhooks go to this address from now on.")
    return redirect("notices")


@login_required
@require_POST
def webhook_secret(request: HttpRequest) -> HttpResponse:
    """A new secret, shown this once."""
    own = Endpoint.objects.filter(supplier=_own(request), channel=Endpoint.Channel.WEBHOOK)
    return _secret(request, telling.rotate(get_object_or_404(own), timezone.now()), rotated=True)


def _secret(request: HttpRequest, secret: str, *, rotated: bool = False) -> HttpResponse:
    context = {"secret": secret, "rotated": rotated, "overlap": telling.OVERLAP}
    answer = render(request, "leads/secret.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def email_save(request: HttpRequest) -> HttpResponse:
    """Set who gets the supplier's e-mails."""
    supplier, form = _own(request), RecipientsForm(request.POST)
    if not form.is_valid():
        return _page(request, status=422, email_form=form)
    endpoint = telling.set_recipients(supplier, form.cleaned_data["recipients"])
    said = f"your e-mails go to {endpoint.where}" if endpoint.recipients else "nobody gets your e-mails"
    messages.success(request, f"Saved: {said} from now on.")
    return redirect("notices")
