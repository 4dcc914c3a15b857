"""Batches for other software: where one stands and what it has done."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rejections import receipt
from rejections.models import Batch


class BatchView(APIView):
    """GET /api/v1/batches/<id>/: the same object that the command line prints, and its progress."""

    def get(self, request: Request, pk: int) -> Response:
        person: Any = request.user
        batch = get_object_or_404(Batch.objects.visible_to(person).select_related("campaign"), pk=pk)
        numbers = receipt.receipt(batch, timezone.now())
        return Response(receipt.as_json(batch, numbers) | {"done": batch.done, "error": batch.error})
