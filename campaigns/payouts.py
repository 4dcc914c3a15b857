"""Whether a supplier is paid for a lead that its client sends back (PRODUCT.md, section 8). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from campaigns.rules import window_opens


@dataclass(frozen=True)
class ReturnTerms:
    """What was agreed with a supplier about leads that come back; no days: the client's own window."""

    reverses_payout: bool = True
    supplier_return_days: int | None = None

    def opens(self, returned_on: date, zone: str) -> datetime | None:
        """The first instant inside the supplier's return days; None where the client's window decides.

        The days are counted back from the date on which the rejection reached us, whatever date the
        client's window is counted from.
        """
        days = self.supplier_return_days
        return None if days is None else window_opens(returned_on, days, zone)


def is_owed(terms: ReturnTerms, *, kept: bool, valid_at: datetime, opens: datetime | None) -> bool:
    """Whether the payout is owed although the client rejects the lead.

    `kept` says that its disposition keeps the payout; `opens` is what `terms.opens` gave.
    """
    if kept or not terms.reverses_payout:
        return True
    return opens is not None and valid_at < opens


def outlasts_supplier(window_days: int | None, terms: ReturnTerms) -> bool:
    """Whether the client may reject leads that the supplier need not take back any more."""
    days = terms.supplier_return_days
    return terms.reverses_payout and window_days is not None and days is not None and window_days > days
