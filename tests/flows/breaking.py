"""The site map, with pages beside it that break as pages can."""

from __future__ import annotations

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from leadrej.urls import handler400 as handler400
from leadrej.urls import handler500 as handler500
from leadrej.urls import urlpatterns as all_pages


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("A secret of the server")


def cut_off(request: HttpRequest) -> HttpResponse:
    """What a view sees when the database does not answer in time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1")
        cursor.execute("SELECT pg_sleep(5)")
    return HttpResponse()


urlpatterns = [
    path("broken/", broken),
    path("api/v1/broken/", broken),
    path("cut-off/", cut_off),
    *all_pages,
]
