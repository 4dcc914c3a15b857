"""Sample client files that fit the demo: real-looking, odd where clients' files are, every outcome in them. Pure.

Lead ids, e-mail addresses, phones and UIDs are fixed by the seed, so the files do not depend on the day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from leads.statuses import Status
from rejections.demo.history import FINAL, history
from rejections.demo.plan import FIRST_LEADS, SINGULAR_PHONES, Draft, plan
from rejections.demo.sheets import csv_bytes, xlsx_bytes


@dataclass(frozen=True)
class Sample:
    """A sample file: how it is imported, and what it shows."""

    name: str
    campaign: str
    identifier: str
    shows: str
    write: Callable[[_Pool], bytes]


class _Pool:
    """The demo's leads, each handed out once."""

    def __init__(self) -> None:
        self.plan = plan()
        turns = history(self.plan)
        self.used = {draft.id for turn in turns for draft, _ in turn.credited}
        self.used |= {
            draft.id for turn in turns if turn.act.stops != "finished" for draft, _ in turn.returned
        }
        self.used |= {draft.id for draft in self.plan.drafts if draft.values["phone"] in SINGULAR_PHONES}
        times = Counter(draft.uid for draft in self.plan.drafts)
        self._sharing = [draft for draft in self.plan.drafts if times[draft.uid] > 1]
        self.used |= {*FIRST_LEADS, *(draft.id for draft in self._sharing)}

    def take(
        self,
        campaign: str,
        status: Status,
        count: int,
        *,
        older: float = 12.0,
        younger: float = 1.0,
        supplier: str = "",
        kind: str = "",
    ) -> list[Draft]:
        """The next leads that stand so, aged between `younger` and `older`, oldest first."""
        found = [
            draft
            for draft in self.plan.drafts
            if draft.campaign == campaign
            and draft.stands == status
            and younger < draft.age < older
            and supplier in ("", draft.source.supplier)
            and kind in ("", draft.source.kind)
            and draft.id not in self.used
        ][:count]
        self.used |= {draft.id for draft in found}
        return found

    def shared_session(self, campaign: str) -> str:
        """A UID that two leads have."""
        return next(draft.uid for draft in self._sharing if draft.campaign == campaign)


def _seed_example(pool: _Pool) -> bytes:
    return b"lead_id, rejection_reason\n1, Duplicate Lead\n2, Failed Validation: Not UK Based\n"


def _solar_by_email(pool: _Pool) -> bytes:
    reasons = (
        "Duplicate Lead",
        "  duplicate   lead ",
        "Number disconnected",
        "Says they never enquired",
        "Roof too small",
    )
    pending = pool.take("SOLAR-UK", Status.PENDING, 24)
    rows = [[_as_typed(d.values["email"], n), reasons[n % len(reasons)]] for n, d in enumerate(pending)]
    rows.append([pending[0].values["email"].upper(), "Duplicate Lead"])
    gone = pool.take("SOLAR-UK", Status.CLIENT_REJECTED, 2, older=30, younger=21)
    old = pool.take("SOLAR-UK", Status.PENDING, 3, older=18.8, younger=16)
    full = pool.take("SOLAR-UK", Status.QUARANTINED, 2, younger=0)
    rows += [[d.values["email"], "Wrong number"] for d in gone + old + full]
    rows += [[f"nobody{n}@postbox.example", "Test lead"] for n in (1, 2)]
    silent, unreached = pool.take("SOLAR-UK", Status.PENDING, 2)
    rows += [[silent.values["email"], ""], [unreached.values["email"], "No answer after 6 calls"]]
    return csv_bytes(("E-mail address", "Reason"), rows)


def _as_typed(email: str, n: int) -> str:
    return (email, f" {email}", email.capitalize(), f"{email} ")[n % 4]


def _solar_by_phone(pool: _Pool) -> bytes:
    """What a spreadsheet makes of a column of phone numbers."""
    rows: list[list[object]] = []
    for n, draft in enumerate(pool.take("SOLAR-UK", Status.PENDING, 12)):
        digits = _digits(draft.values["phone"])
        rows.append(
            [(draft.values["phone"], int(digits), int(digits.removeprefix("44")))[n % 3], "Wrong number"]
        )
    for phone in SINGULAR_PHONES:
        mantissa, exponent = f"{int(_digits(phone)):.5E}".split("E")
        rows.append([f"{mantissa.rstrip('0')}E{exponent}", "Number disconnected"])
    return xlsx_bytes(("Telephone", "Why"), rows)


def _digits(phone: str) -> str:
    """A British number as 447…"""
    digits = "".join(filter(str.isdigit, phone))
    return "44" + digits[1:] if digits.startswith("0") else digits


def _solar_cap(pool: _Pool) -> bytes:
    drafts = pool.take("SOLAR-UK", Status.PENDING, 30, supplier="kestrel")
    return csv_bytes(("Lead ID", "Rejection reason"), [[str(d.id), "Duplicate Lead"] for d in drafts])


def _insurance(pool: _Pool) -> bytes:
    reasons = ("Over 75", "Customer’s café – wrong number", "Says they never enquired", "“Test lead”")
    drafts = pool.take("LIFE-UK", Status.PENDING, 18)
    drafts += pool.take("LIFE-UK", Status.ACCEPTED, 3, older=30, younger=26)
    drafts += pool.take("LIFE-UK", Status.ACCEPTED, 3, older=FINAL[0], younger=FINAL[1])
    rows = [
        [str(draft.id), _western(draft.values["last_name"]), reasons[n % len(reasons)], "£0.00"]
        for n, draft in enumerate(drafts)
    ]
    header = ("Lead ID", "Surname", "Reason for rejection", "Premium")
    return csv_bytes(header, rows, encoding="cp1252", delimiter=";")


def _western(name: str) -> str:
    """The name as an old system keeps it."""
    return name.encode("cp1252", "replace").decode("cp1252")


def _every_outcome(pool: _Pool) -> bytes:
    """One row and more of each outcome a check can give."""
    pending = pool.take("LIFE-UK", Status.PENDING, 9)
    rounded = pool.take("LIFE-UK", Status.PENDING, 1, kind="publisher")[0].uid[:15] + "000"
    gone = pool.take("LIFE-UK", Status.CLIENT_REJECTED, 2, older=28, younger=11)
    at_the_door = pool.take("LIFE-UK", Status.REJECTED, 1)
    old = pool.take("LIFE-UK", Status.ACCEPTED, 2, older=58, younger=56.2)
    final = pool.take("LIFE-UK", Status.ACCEPTED, 2, older=FINAL[0], younger=FINAL[1])
    rows = [[d.uid, "Rejected", "Duplicate Lead"] for d in pending[:4]]
    rows += [[d.uid, "Accepted", ""] for d in pending[4:7]]
    rows += [[pending[0].uid.upper(), "Rejected", "Duplicate Lead"], ["", "Rejected", "Over 75"]]
    rows += [[f"00000000-0000-4000-8000-{n:012}", "Rejected", "Over 75"] for n in (1, 2)]
    rows += [[pool.shared_session("LIFE-UK"), "Rejected", "Over 75"], [rounded, "Rejected", "Wrong number"]]
    rows += [[d.uid, "Rejected", "Says they never enquired"] for d in gone + at_the_door + old + final]
    rows += [[pending[7].uid, "Rejected", ""], [pending[8].uid, "Rejected", "No answer after 6 calls"]]
    broken = b"11111111-0000-4000-8000-000000000000,Rejected,Moved house, sold it, and left\r\n"
    return csv_bytes(("UID", "Status", "Reason"), rows) + broken


def _finops(pool: _Pool) -> bytes:
    reasons = ("Already a customer", "Student", "Déjà client", "Not the right contact")
    drafts = pool.take("FINOPS-EMEA", Status.PENDING, 48)
    rows = []
    for n, draft in enumerate(drafts, start=1):
        rejected = n % 3 == 0
        status = "Rejected" if rejected else ("Accepted", "Contacted")[n % 2]
        rows.append([n, draft.values["email"], status, reasons[n % len(reasons)] if rejected else ""])
    return xlsx_bytes(("No.", "Email", "Status", "Comment (reason)"), rows)


def _japan(pool: _Pool) -> bytes:
    reasons = ("重複", "電話番号違い", "本人確認不可", "競合他社の社員")
    drafts = pool.take("DX-JP", Status.PENDING, 16, older=8)
    rows = [
        [str(draft.id), draft.values["company"], reasons[n % len(reasons)]] for n, draft in enumerate(drafts)
    ]
    return csv_bytes(("リードID", "会社名", "却下理由"), rows, encoding="cp932")


def _germany(pool: _Pool) -> bytes:
    reasons = ("Dublette", "Nummer nicht vergeben", "Mietwohnung, kein Eigentümer", "Außerhalb des Gebiets")
    drafts = pool.take("SOLAR-DE", Status.PENDING, 15, older=5)
    rows = [
        [draft.values["last_name"], draft.values["email"], reasons[n % len(reasons)]]
        for n, draft in enumerate(drafts)
    ]
    return csv_bytes(("Nachname", "E-Mail", "Grund"), rows, encoding="utf-16", delimiter="\t")


SAMPLES = (
    Sample("solar-rejections.csv", "SOLAR-UK", "lead_id", "the simplest file: two leads by Lead ID", _seed_example),
    Sample(
        "solar-by-email.csv", "SOLAR-UK", "field:email",
        "e-mail addresses as people type them; a phrase nobody has mapped yet", _solar_by_email,
    ),
    Sample(
        "solar-by-phone-excel-damage.xlsx", "SOLAR-UK", "field:phone",
        "phones that a spreadsheet took for numbers: some need a review", _solar_by_phone,
    ),
    Sample(
        "solar-kestrel-cap.csv", "SOLAR-UK", "lead_id",
        "leads of a supplier whose cap is full: with *Count these rejections towards the cap* others move up",
        _solar_cap,
    ),
    Sample(
        "insurance-semicolon-windows-1252.csv", "LIFE-UK", "lead_id",
        "semicolons and Windows-1252; Pending, Accepted and final leads", _insurance,
    ),
    Sample(
        "every-outcome.csv", "LIFE-UK", "uid",
        "every outcome that a check can give, once *Only rows where Status is rejected* is on", _every_outcome,
    ),
    Sample(
        "finops-status-column.xlsx", "FINOPS-EMEA", "field:email",
        "all leads of a week, taken or not: *Only rows where Status is rejected* tells them apart", _finops,
    ),
    Sample(
        "dx-japan-shift-jis.csv", "DX-JP", "lead_id", "Japanese headers in Shift_JIS: mapped by hand", _japan
    ),
    Sample("solar-de-utf-16.tsv", "SOLAR-DE", "field:email", "tabs and UTF-16", _germany),
)  # fmt: skip


def sample_files() -> dict[str, bytes]:
    """All sample files and a README that tells them, by name."""
    pool = _Pool()
    files = {sample.name: sample.write(pool) for sample in SAMPLES}
    return files | {"README.md": _readme().encode()}


def _readme() -> str:
    rows = "".join(f"| `{s.name}` | `{s.campaign}` | `{s.identifier}` | {s.shows} |\n" for s in SAMPLES)
    return (
        "# Sample client files\n\n"
        "They fit the leads that `manage.py demo` loads, and are written by `manage.py demo --files demo`.\n\n"
        "| File | Campaign | Identifier | Shows |\n|---|---|---|---|\n" + rows
    )
