"""Every test here crosses chunks: three rows or leads a transaction."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def small_chunks(settings: Any) -> None:
    settings.CHUNK_ROWS = 3
