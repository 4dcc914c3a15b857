"""Signing in, by one door; after many wrong passwords a name has to wait, so that nobody guesses on."""

from __future__ import annotations

from collections.abc import Callable
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

#: So many wrong passwords for one name from one address, within so many seconds.
TRIES, WAIT_SECONDS = 10, 300


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
        if _tries(request) >= TRIES:
            answer = render(request, "429.html", {"wait": WAIT_SECONDS}, status=429)
            answer["Retry-After"] = str(WAIT_SECONDS)
            return answer
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        self.request.session[sessions.DEVICE] = sessions.device(self.request.headers.get("User-Agent", ""))
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        with suppress(RedisError, ValueError):  # without the cache people can still sign in
            cache.add(_key(self.request), 0, WAIT_SECONDS)
            cache.incr(_key(self.request))
        return super().form_invalid(form)


def _tries(request: HttpRequest) -> int:
    """Wrong passwords lately, for this name from this address."""
    with suppress(RedisError):
        return int(cache.get(_key(request), 0))
    return 0


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin site's log-in is no second door, where nobody would count the tries: it leads to the one."""
    person: Any = request.user
    if person.is_authenticated and not person.is_staff:
        raise Http404
    address = redirect("login")
    if query := request.GET.urlencode():
        address["Location"] += f"?{query}"
    return address


def _key(request: HttpRequest) -> str:
    # As the form reads it: a name with a space before it, or in wide letters, is still the same name.
    read = UsernameField(max_length=150).to_python(request.POST.get("username", "")) or ""
    name = read[:150].casefold()
    return f"sign-in:{request.META.get('REMOTE_ADDR', '')}:{name.encode().hex()}"
