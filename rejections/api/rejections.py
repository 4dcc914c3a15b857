"""POST /api/v1/rejections/: a client's system sends leads back by itself."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.access import allow
from campaigns.api.base import ApiView
from campaigns.api.fields import read
from campaigns.api.idempotency import once_per_key
from campaigns.api.schema import IDEMPOTENCY_KEY, answers_with, problems
from campaigns.models import Campaign, Right, User
from rejections import uploads
from rejections.api import shapes
from rejections.api.sent import RejectionsIn
from rejections.api.settling import settle
from rejections.api.shapes import BatchSerializer, SettledSerializer
from rejections.models import Batch
from rejections.options import Options
from rejections.refusals import Refused
from rejections.states import RUNNABLE
from rejections.tasks import ring

#: A call with at most so many rows waits for its outcome.
WAITS_UP_TO = 500

_ASKED = {
    "campaign": "SOLAR-UK",
    "identifier": "lead_id",
    "rows": [{"id": 4810233, "reason": "Duplicate Lead"}, {"id": 4810240, "reason": "Wrong person"}],
    "options": {"free_cap": True},
    "check": False,
}


class RejectionsView(ApiView):
    """/api/v1/rejections/"""

    operations = {"post": "rejections_send"}

    @extend_schema(
        summary="Reject leads",
        parameters=[IDEMPOTENCY_KEY, answers_with("Location", "The batch's address.", 202)],
        request=RejectionsIn,
        responses={
            200: OpenApiResponse(SettledSerializer, "Settled: the outcome of each row is in `results`."),
            202: OpenApiResponse(BatchSerializer, "Not settled yet: ask at `Location`."),
            **problems(400, 404, 409, 413, 415, 422),
        },
        examples=[OpenApiExample("Two leads", _ASKED, request_only=True)],
    )
    @once_per_key
    def post(self, request: Request) -> Response:
        """Reject leads of one campaign by their identifiers, inside its return window; at most 10,000 in one call.

        Up to 500 rows: the call waits up to 10 seconds for their outcomes. More, or longer: 202, and the batch is
        worked on in the background. Calls for one campaign wait their turn; none is refused for it. A row that
        cannot be rejected has its outcome and its advice; it stops no other. Undo: `POST /batches/<id>/undo/`.
        """
        allow(request, Right.REJECT)
        asked = read(RejectionsIn, request.data)
        campaign = campaign_of(request.user, asked["campaign"])  # type: ignore[arg-type]

        def make() -> int:
            return _receive(campaign, asked, request.user).pk  # type: ignore[arg-type]

        batch_id = request.call.once("batch", make)  # type: ignore[attr-defined]
        if len(asked["rows"]) <= WAITS_UP_TO:
            batch = settle(batch_id)
        else:
            ring(batch_id)
            batch = Batch.objects.select_related("campaign", "source", "created_by").get(pk=batch_id)
        return _answer(request, batch, len(asked["rows"]))


def campaign_of(person: User, code: str) -> Campaign:
    """The campaign with this code, if this person may see it; raises Refused."""
    found = Campaign.objects.visible_to(person).filter(code=code).select_related("client").first()
    if found is None:
        raise Refused(
            "no_such_campaign",
            "There is no such campaign",
            "No campaign with this code is yours. Nothing was changed.",
        )
    return found


def _receive(campaign: Campaign, asked: dict[str, Any], person: User) -> Batch:
    """The one call; raises Refused."""
    return uploads.receive_rows(
        campaign,
        asked["rows"],
        identifier=asked["identifier"],
        person=person,
        via="api",
        at=timezone.now(),
        options=Options.from_json(asked.get("options", {})),
        goes_through=not asked["check"],
    )


def _answer(request: Request, batch: Batch, rows: int) -> Response:
    person: Any = request.user
    told = shapes.batch_shown(batch, person, timezone.now())
    if batch.state in RUNNABLE:
        return accepted(request, told)
    return Response({**told, "results": shapes.rows_shown(batch, size=rows)})


def accepted(request: Request, told: dict[str, Any]) -> Response:
    """202, with where to ask how it goes on."""
    location = request.build_absolute_uri(f"/api/v1/batches/{told['batch']}/")
    return Response(told, status=202, headers={"Location": location})
