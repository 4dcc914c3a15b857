"""Where people are signed in: a session knows its person, the device it began on, and when it was last used."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.db.models import Case, QuerySet, When

from campaigns.models import Session, User

#: A session's last use is noted no more often than this.
NOTED_EVERY = timedelta(minutes=5)
#: Under this name a session holds what it began on.
DEVICE = "device"

# The first that is found counts: Edge and Opera say Chrome too, Chrome says Safari, and Android says Linux.
_BROWSERS = ("Edg", "OPR", "Firefox", "FxiOS", "CriOS", "Chrome", "Safari")
_SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "Mac OS X", "CrOS", "Linux")
_CALLED = {
    "Edg": "Edge", "OPR": "Opera", "FxiOS": "Firefox", "CriOS": "Chrome", "Mac OS X": "macOS", "CrOS": "ChromeOS",
}  # fmt: skip


class SessionStore(db.SessionStore):
    """Django's sessions in the database, in rows of our own."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Where the rows are."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row as it is saved: whose it is and what it began on stand in the session itself."""
        row: Any = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        row.device = data.get(DEVICE, "")
        return row

    def _get_session_from_db(self) -> Any:
        row: Any = super()._get_session_from_db()  # type: ignore[misc]
        if row:
            self.seen_at = row.seen_at
        return row


def note_use(session: Any, at: datetime) -> None:
    """A session that was read is in use; one that was not has not said when it was used last."""
    last = getattr(session, "seen_at", None)
    if last and last < at - NOTED_EVERY:
        Session.objects.filter(pk=session.session_key).update(seen_at=at)


def device(agent: str) -> str:
    """What a browser calls itself, in words: “Firefox on Windows”; blank where it is none that we know."""
    found = [
        next((name for name in names if re.search(rf"\b{name}\b", agent)), "")
        for names in (_BROWSERS, _SYSTEMS)
    ]
    return " on ".join(_CALLED.get(name, name) for name in found if name)


def of(person: User, at: datetime, here: str | None) -> QuerySet[Session]:
    """Where the person is signed in: the session `here`, then the newest use first."""
    elsewhere = Case(When(pk=here or "", then=0), default=1)
    return Session.objects.filter(user=person, expire_date__gt=at).order_by(elsewhere, "-seen_at")


def end_others(person: User, here: str | None) -> int:
    """Sign the person out everywhere but in the session `here`; how many sessions ended."""
    return Session.objects.filter(user=person).exclude(pk=here).delete()[0]


def forget(at: datetime) -> None:
    """Sessions that have ended by themselves are kept no longer."""
    Session.objects.filter(expire_date__lte=at).delete()
