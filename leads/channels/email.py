"""Telling a person by e-mail that a batch of theirs has ended."""

from __future__ import annotations

from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage

from leads.channels import NotSent
from leads.models import Delivery

_ENDED = {
    "finished": "has finished",
    "stopped": "was stopped; the rows that were done stay done",
    "failed": "has failed; the rows that were done stay done",
    "undone": "was undone",
}


def send(delivery: Delivery) -> str:
    """Send the message; raises NotSent."""
    person, number = delivery.person, delivery.batch_id
    if person is None or not person.email:
        raise NotSent("There is no address to write to.", permanent=True)
    ended = _ENDED.get(delivery.payload.get("state", ""), "has ended")
    message = EmailMessage(
        f"Import {number} {ended.partition(';')[0]}",
        f"Import {number} {ended}.\n\nEvery row with its outcome: {settings.SITE_URL}/imports/{number}/\n",
        to=[person.email],
    )
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        raise NotSent(str(error), permanent=True) from error
    except (SMTPException, OSError) as error:
        raise NotSent(str(error)) from error
    return "Handed to the mail server."
