"""A person's own page: how everything looks, single keys, what it is told by e-mail, its password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import sessions
from campaigns.forms import PreferencesForm
from campaigns.models import User
from campaigns.templatetags.figures import counted
from campaigns.views import signing

#: Places where one is signed in that are listed.
SESSIONS = 10


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """The page, and what is chosen on it: saved at once where there is JavaScript."""
    person: Any = request.user
    page: Any = request
    form = PreferencesForm(request.POST if request.method == "POST" else None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        if page.htmx:
            return render(request, "campaigns/_saved.html")
        messages.success(request, "Saved: every page looks so from now on.")
        return redirect("profile")
    context = {
        "form": form,
        "themes": User.Theme.choices,
        "densities": User.Density.choices,
        "mails": person.mails_of_side,
        "kept": sorted(set(person.mails) - {value for value, _ in person.mails_of_side}),
        "sees": _sees(person),
        "here": (here := request.session.session_key),
        "sessions": list(sessions.of(person, timezone.now(), here)[: SESSIONS + 1]),
        "listed": SESSIONS,
    }
    return render(request, "campaigns/profile.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light or dark, from the button of the frame."""
    person: Any = request.user
    chosen = request.POST.get("theme", "")
    if chosen in User.Theme.values:
        User.objects.filter(pk=person.pk).update(theme=chosen)
    page: Any = request
    if page.htmx:
        return HttpResponse(status=204)
    back = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if ours else reverse("home"))


@login_required
@require_POST
def elsewhere(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    person: Any = request.user
    ended = sessions.end_others(person, request.session.session_key)
    if ended:
        messages.success(request, f"You are signed out in {counted(ended, 'other place')}.")
    else:
        messages.info(request, "You are signed in here only. Nothing was changed.")
    return redirect("profile")


class ChangePassword(auth.PasswordChangeView):
    """The old password, and twice the new one. Other sessions of the person end with it."""

    template_name = "campaigns/password.html"
    success_url = reverse_lazy("profile")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who found a session open guesses its password no faster than at the door."""
        return (
            signing.wait(request)
            if signing.too_many(self._counted)
            else super().post(request, *args, **kwargs)
        )

    @property
    def _counted(self) -> dict[str, int]:
        return {f"old-password:{self.request.user.pk}": signing.TRIES}

    def form_invalid(self, form: Any) -> HttpResponse:
        if "old_password" in form.errors:
            signing.note_wrong(self._counted)
        return super().form_invalid(form)

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        sessions.end_others(form.user, self.request.session.session_key)
        messages.success(self.request, "Your password was changed. You are signed out everywhere else.")
        return answer


def _sees(person: User) -> str:
    """In a few words, what this person's side sees."""
    if person.is_staff:
        return "sees all campaigns"
    if person.client_id:
        return f"sees the campaigns and leads of {person.client}"
    return f"sees the leads of {person.supplier}"
