"""The door of forms and feeds: `POST /in/<token>/`, JSON or form-encoded, for one source."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import tokens
from campaigns.api.access import spend
from campaigns.api.base import ApiView
from campaigns.api.fields import Json
from leads import intake
from leads.api.shapes import Values
from leads.intake import Incoming, NotAgreed
from rejections.refusals import Refused

#: No form that people fill in is larger.
MOST_BYTES = 100_000


class FormDoor(ApiView):
    """A form is told that its lead came in, and no more: who fills it in has no business with what became of it.

    What fills the hidden field is answered like everybody else, and not kept.
    """

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (Json, FormParser, MultiPartParser)
    schema = None

    def post(self, request: Request, token: str) -> Response:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise Refused("too_large", "The form is too large", f"At most {MOST_BYTES:,} bytes are read.")
        found = tokens.intake_token_of(token, timezone.now())
        if found is None:
            raise Http404
        used, left = spend(f"form:{found.pk}")
        if used > settings.FORM_CALLS_PER_MINUTE:
            raise Throttled(wait=left)
        values = _values(request.data)
        if found.honeypot and values.pop(found.honeypot, "").strip():
            return Response({"received": True}, status=201)
        try:
            intake.receive(found.source, [Incoming(values)], at=timezone.now())
        except NotAgreed:
            detail = "The lead was not stored. The owner of this form can say why."
            raise Refused("not_agreed", "This form does not take leads now", detail) from None
        return Response({"received": True}, status=201)


def _values(data: Any) -> dict[str, str]:
    """What the form sent; several values of one name stand in a row. Raises ValidationError when it is nothing."""
    plain = data
    if hasattr(data, "lists"):
        plain = {name: ", ".join(map(str, values)) for name, values in data.lists()}
    values = Values().to_internal_value(plain)
    if not any(value.strip() for value in values.values()):
        raise ValidationError("The form is empty. Nothing was stored.")
    return values
