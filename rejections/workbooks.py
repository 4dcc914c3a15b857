"""Large tables as workbooks, made in the background: each kind as its page makes it at once, for who asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from leads import downloads, statementfile, statements
from leads.downloads import Maker
from leads.models import Download
from rejections import inbox, portal, results
from rejections.models import Batch
from rejections.sql.portal import Asked

Progress = Callable[[int], None]


def _result(job: Download, path: Path, progress: Progress) -> int:
    batch = Batch.objects.visible_to(job.person).select_related("campaign").get(pk=job.asked["batch"])
    batch.options = job.asked["options"]
    results.write_sheet(downloads.told(results.table(batch), progress), path, "Result")
    return job.leads


def _statement(job: Download, path: Path, progress: Progress) -> int:
    asked = job.asked
    party = next(one for one in statements.parties(job.person, asked["side"]) if one.pk == asked["party"])
    month = date.fromisoformat(asked["month"])
    found = statements.statement(job.person, party, month, asked["currency"], job.asked_at, checked=False)
    rows = downloads.told(statementfile.table(found, job.person), progress)
    statementfile.write_xlsx(rows, path)
    return job.leads


def _rejected(job: Download, path: Path, progress: Progress) -> int:
    table = portal.rejected_table(Asked(**job.asked), job.person)
    results.write_sheet(downloads.told(table, progress), path, "Leads")
    return job.leads


def _disputes(job: Download, path: Path, progress: Progress) -> int:
    results.write_sheet(downloads.told(inbox.table(job.person), progress), path, "Disputes")
    return job.leads


MAKERS: Mapping[str, Maker] = {
    Download.Kind.RESULT: _result,
    Download.Kind.STATEMENT: _statement,
    Download.Kind.REJECTED: _rejected,
    Download.Kind.DISPUTES: _disputes,
}
