"""Signing in, by one door; after many wrong passwords a name has to wait, so that nobody guesses on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.contrib.auth import views as auth
from django.contrib.auth.forms import UsernameField
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from redis import RedisError

from campaigns import sessions
from campaigns.origin import address_of

#: So many wrong passwords for one name from one address, within so many seconds.
TRIES, WAIT_SECONDS = 10, 300
#: From one address for whatever names; for one name from whatever addresses.
OF_AN_ADDRESS, OF_A_NAME = 100, 50


def note_use(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: when a session was last used is noted, now and then, for its person to see."""

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = get_response(request)
        sessions.note_use(request.session, timezone.now())
        return answer

    return middleware


class SignIn(auth.LoginView):
    """The page people sign in on."""

    template_name = "login.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if too_many(_counted(request)):
            return wait(request)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        self.request.session[sessions.DEVICE] = sessions.device(self.request.headers.get("User-Agent", ""))
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        note_wrong(_counted(self.request))
        return super().form_invalid(form)


def too_many(counted: Mapping[str, int]) -> bool:
    """Whether one of these has had as many wrong passwords lately as it may."""
    with suppress(RedisError):  # without the cache people can still sign in
        found = cache.get_many(counted)
        return any(found.get(key, 0) >= limit for key, limit in counted.items())
    return False


def note_wrong(counted: Iterable[str]) -> None:
    """Count one wrong password more for each of these."""
    for key in counted:
        with suppress(RedisError, ValueError):
            cache.add(key, 0, WAIT_SECONDS)
            cache.incr(key)


def wait(request: HttpRequest) -> HttpResponse:
    """The page that says to wait, and how long."""
    answer = render(request, "429.html", {"wait": WAIT_SECONDS}, status=429)
    answer["Retry-After"] = str(WAIT_SECONDS)
    return answer


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin site's log-in is no second door, where nobody would count the tries: it leads to the one."""
    person: Any = request.user
    if person.is_authenticated and not person.is_staff:
        raise Http404
    address = redirect("login")
    if query := request.GET.urlencode():
        address["Location"] += f"?{query}"
    return address


def _counted(request: HttpRequest) -> dict[str, int]:
    """What wrong passwords are counted by, and how many each may have."""
    # As the form reads it: a name with a space before it, or in wide letters, is still the same name.
    read = UsernameField(max_length=150).to_python(request.POST.get("username", "")) or ""
    name, address = read[:150].casefold().encode("utf-8", "replace").hex(), address_of(request)
    counted = {f"sign-in:{address}:{name}": TRIES, f"sign-in-name:{name}": OF_A_NAME}
    return counted | ({f"sign-in-from:{address}": OF_AN_ADDRESS} if address else {})
