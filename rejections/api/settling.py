"""Working on a batch while its caller waits."""

from __future__ import annotations

import time
import uuid

from django.utils import timezone

from rejections import control, workflows
from rejections.models import Batch
from rejections.states import RUNNABLE
from rejections.tasks import ring

#: How long a call with few rows waits for its outcome.
PATIENCE_SECONDS = 10.0
#: One look at a batch that is another's to work on, or that waits its turn.
_LOOK_EVERY = 0.1


def settle(batch_id: int) -> Batch:
    """Work on the batch under a worker's lease until it rests, or patience ends and a worker goes on.

    Batches of one campaign take turns: a call that comes while another runs waits for it.
    """
    owner = f"api-{uuid.uuid4().hex}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        workflows.run(batch_id, owner=owner, clock=timezone.now, seconds=deadline - time.monotonic())
        batch = Batch.objects.select_related("campaign", "source", "created_by").get(pk=batch_id)
        if batch.state not in RUNNABLE:
            if (waiting := control.next_waiting(batch)) is not None:
                ring(waiting)
            return batch
        if time.monotonic() > deadline:
            ring(batch_id)
            return batch
        time.sleep(_LOOK_EVERY)
