"""What operators of the demo corrected: files downloaded, mended and uploaded by the real stories."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.models import Campaign, Destination, Source, User
from campaigns.rules import local_date
from leads import download
from leads.download import Wanted
from rejections import control, leadfiles, uploads, workflows
from rejections.models import Batch
from rejections.options import Options
from rejections.states import State

#: A row as a person has it before them.
Row = dict[str, str]
_PATIENCE_SECONDS = 60
#: The system of this campaign's client answers no more, and since when (days).
_PAUSED, _PAUSED_FOR = "FINOPS-EMEA", 1.4


@dataclass(frozen=True)
class Upload:
    """A correction of `age` days ago: rows that `mend` returns None for are deleted. `ends`: where it is left."""

    age: float
    source: str
    by: str
    file_name: str
    mend: Callable[[Row], Row | None]
    most: int = 40
    ends: State = State.FINISHED


def _new_email(row: Row) -> Row | None:
    """Typed again by the lead; a spreadsheet drops the zeros that ZIP codes begin with."""
    if row["Disposition Code"] != "REJECT_LEAD_INVALID_EMAIL":
        return None
    return row | {"email": f"lead.{row['LeadID']}@inbox.example", "zip": row["zip"].lstrip("0")}


def _size_of_the_list(row: Row) -> Row | None:
    if row["Rejected Value"] != "1.001 – 5.000":
        return None
    return row | {"company_size": "1001-5000", "phone": row["phone"].lstrip("'+")}


def _misread(row: Row) -> Row | None:
    """A whole column shifted: the values are on the list, and wrong."""
    return row | {"department": "経営企画"} if row["Rejected Field"] == "部署" else None


def _it_department(row: Row) -> Row | None:
    return row | {"department": "情報システム"} if row["Rejected Value"] == "情シス" else None


UPLOADS = (
    Upload(6.2, "FEED-AUTO-US", "operator", "auto_us_emails_typed_again.csv", _new_email),
    Upload(3.3, "LINKEDIN-DX-JP", "admin", "dx_部署_copy.csv", _misread, 12, State.UNDONE),
    Upload(1.2, "LINKEDIN-FINOPS", "operator", "finops_company_size.csv", _size_of_the_list, 9),
    Upload(0.05, "LINKEDIN-DX-JP", "operator", "dx_department.csv", _it_department, 15, State.CHECKED),
)


#: New leads as LinkedIn exports them; nobody has imported them yet.
_EXPORT = """\
Consent,First Name,Last Name,Work Email,Phone Number,Company Name,Country/Region,Company Size,Job Function
Yes,Maja,Wiśniewska,maja@allegria.example,+48 512 345 678,Allegria sp. z o.o.,Poland,201-1000,Finance
Yes,Deniz,Şahin,deniz@thavacilik.example,+90 532 123 45 67,Türk Havacılık A.Ş.,Turkiye,1001-5000,Rev Ops
Yes,Oona,O’Malley,oona@omalley.example,,O’Malley & Sons,USA,1-50,Finance
Yes,김,민준,minjun@hanbit-sw,+82 10-1234-5678,한빛소프트웨어,South Korea,51-200,Finance
"""


def correct(now: datetime) -> None:
    """Do all of it, the oldest first, with the clock set back to each."""
    _pause_destination(now)
    for upload in UPLOADS:
        _Correcting(upload, now).do()
    source = Source.objects.select_related("campaign", "supplier").get(code="LINKEDIN-FINOPS")
    person = User.objects.get(username="operator")
    leadfiles.receive(source, [_EXPORT.encode()], "linkedin_leads.csv", person=person, at=now)


def _pause_destination(now: datetime) -> None:
    Destination.objects.create(
        campaign=Campaign.objects.get(code=_PAUSED),
        url="https://crm.nimbus.example/leads",
        paused_at=now - timedelta(days=_PAUSED_FOR),
        paused_why="401 Unauthorized: the token has expired",
    )


class _Correcting:
    """One upload, done by the stories."""

    def __init__(self, upload: Upload, now: datetime) -> None:
        self.upload = upload
        self.at = now - timedelta(days=upload.age)
        self.source = Source.objects.select_related("campaign", "supplier").get(code=upload.source)
        self.person = User.objects.get(username=upload.by)

    def do(self) -> None:
        batch = uploads.receive_correction(
            self.source, [self._file()], self.upload.file_name, person=self.person, via="page", at=self.at
        )
        self._work(batch)
        if self.upload.ends != State.CHECKED:
            control.start(batch, Options(), person=self.person)
            self._work(batch)
        if self.upload.ends == State.UNDONE:
            control.undo(batch, person=self.person, lines=None, at=self.at)
            self._work(batch)
        if batch.state != self.upload.ends:
            raise RuntimeError(f"{self.upload} ended {batch.state}: {batch.error}")

    def _file(self) -> bytes:
        """The Rejected leads of the days before, as downloaded, with only the rows that were mended."""
        last = local_date(self.at, self.source.campaign.time_zone) - timedelta(days=1)
        text = b"".join(download.as_csv(Wanted(self.source, last=last))).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        mended = [row for row in map(self.upload.mend, reader) if row is not None][: self.upload.most]
        out = io.StringIO()
        writer = csv.DictWriter(out, reader.fieldnames or ())
        writer.writeheader()
        writer.writerows(mended)
        return out.getvalue().encode("utf-8-sig")

    def _work(self, batch: Batch) -> None:
        # Somebody looks on, so that nobody is sent an e-mail about it.
        Batch.objects.filter(pk=batch.pk).update(seen_at=self.at)
        workflows.run(batch.pk, owner="demo", clock=lambda: self.at, seconds=_PATIENCE_SECONDS)
        batch.refresh_from_db()
