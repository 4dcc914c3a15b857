"""Telling people by e-mail: suppliers of their leads, a person of the batch or the endpoint that is theirs."""

from __future__ import annotations

from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage

from leads.channels import NotSent, digest
from leads.models import Delivery

_ENDED = {
    "finished": "has finished",
    "stopped": "was stopped; the rows that were done stay done",
    "failed": "has failed; the rows that were done stay done",
    "undone": "was undone",
}


def send(delivery: Delivery) -> str:
    """Send the message; raises NotSent, permanently where the server will not take this message ever."""
    message = digest.message(delivery) if delivery.supplier_id else _to_a_person(delivery)
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        refusals = error.recipients.values()
        raise NotSent(_words(error), permanent=all(code >= 500 for code, _ in refusals)) from error
    except SMTPDataError as error:
        raise NotSent(_words(error), permanent=error.smtp_code >= 500) from error
    except (SMTPException, OSError) as error:  # the server, or our account there: not this message's fault
        raise NotSent(_words(error), ours=True) from error
    return "Handed to the mail server."


def _words(error: Exception) -> str:
    """What the server said, as the record shows it."""
    if isinstance(error, SMTPRecipientsRefused):
        said = (f"{code} {_text(text)}: {who}" for who, (code, text) in error.recipients.items())
        return "; ".join(said)[:500]
    if isinstance(error, SMTPDataError):
        return f"{error.smtp_code} {_text(error.smtp_error)}"[:500]
    return f"No connection to the mail server: {error}"[:500]


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _to_a_person(delivery: Delivery) -> EmailMessage:
    person = delivery.person
    if person is None or not person.email:
        raise NotSent("There is no address to write to.", permanent=True)
    said = {Delivery.Kind.ENDPOINT_PAUSED: _of_endpoint, Delivery.Kind.MONTH_CLOSED: _of_month}
    title, text = said.get(Delivery.Kind(delivery.kind), _of_batch)(delivery)
    return EmailMessage(title, text, to=[person.email])


def _of_batch(delivery: Delivery) -> tuple[str, str]:
    number = delivery.batch_id
    ended = _ENDED.get(delivery.payload.get("state", ""), "has ended")
    address = f"{settings.SITE_URL}/imports/{number}/"
    title = f"Import {number} {ended.partition(';')[0]}"
    return title, f"Import {number} {ended}.\n\nEvery row with its outcome: {address}\n"


def _of_month(delivery: Delivery) -> tuple[str, str]:
    said = delivery.payload
    title = f"{said['month']} of {said['of']} is closed"
    return title, (
        f"{title}: its lines stand as they are, and what comes later is an adjustment in the open month.\n\n"
        f"Your statement: {settings.SITE_URL}{said['address']}\n"
    )


def _of_endpoint(delivery: Delivery) -> tuple[str, str]:
    what, why = delivery.payload["what"], delivery.payload["why"]
    return f"Your {what} is paused", (
        f"Your {what} is paused: {why}\n\nNothing is lost. What you would have been told is held back. "
        f"Mend it, then resume it here: {settings.SITE_URL}/notices/\n"
    )
