"""Files that suppliers send along with a dispute: kept outside any folder the web server hands out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from rejections.models import Dispute
from rejections.refusals import Refused


@dataclass(frozen=True)
class Evidence:
    """A file that was kept: its path below the upload directory, the name it came with, its size."""

    path: str
    name: str
    size: int


def keep(content: Iterable[bytes], name: str) -> Evidence:
    """Write the content under a name of our own; raises Refused past the limit, then nothing is left."""
    own = uuid.uuid4().hex
    path = Path(settings.UPLOAD_DIR) / "evidence" / own[:2] / own
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    try:
        with path.open("xb") as file:
            for part in content:
                size += len(part)
                if size > settings.EVIDENCE_MAX_BYTES:
                    raise Refused(
                        "evidence_too_large",
                        "The file is too large",
                        f"Evidence is one file of at most {limit_mb()} MB. Nothing "
                        "was sent; send a smaller file, or a link in the text.",
                    )
                file.write(part)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Evidence(str(path.relative_to(settings.UPLOAD_DIR)), Path(name).name[:300], size)


def limit_mb() -> int:
    """How large a file may be, in megabytes."""
    return int(settings.EVIDENCE_MAX_BYTES // 1_000_000)


def drop(evidence: Evidence | None) -> None:
    """Remove a file that came to nothing."""
    if evidence is not None:
        (Path(settings.UPLOAD_DIR) / evidence.path).unlink(missing_ok=True)


def path_of(dispute: Dispute) -> Path:
    """Where the dispute's file lies."""
    return Path(settings.UPLOAD_DIR) / dispute.file
