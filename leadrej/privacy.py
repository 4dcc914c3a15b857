"""What is answered to a person is for that person: no cache between hands it to another."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control


def keep_private(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a page that says nothing of caches is kept by its browser alone, which asks before it shows it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = get_response(request)
        if "Cache-Control" not in answer:
            patch_cache_control(answer, private=True, no_cache=True)
        return answer

    return middleware
