"""What the demo agreed about returns and prices, and the months that are closed, by the real story."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from campaigns.models import Agreement, Campaign, User
from campaigns.rules import local_date
from leads.statements import following
from rejections import months

#: Campaign and supplier → what they agreed about leads that come back, where it is not the usual.
_RETURNS: dict[tuple[str, str], dict[str, Any]] = {
    ("SOLAR-UK", "kestrel"): {"supplier_return_days": 10},
    ("SOLAR-UK", "lumen"): {"return_cap_percent": 2},
    ("SOLAR-DE", "nordlys"): {"supplier_return_days": 5},
    ("LIFE-UK", "reseau"): {"reverses_payout": False},
    ("FINOPS-EMEA", "lumen"): {"return_cap_percent": 10},
}
#: Campaigns whose last month nobody has closed yet.
_LEFT_OPEN = ("SOLAR-DE", "AUTO-US")
#: From next month on: campaign, supplier, price and payout.
_NEW_PRICE = ("SOLAR-UK", "lumen", Decimal("19.50"), Decimal("12.00"))


def agree_on_returns() -> None:
    """Write what was agreed about returns, before the first lead comes in."""
    for (campaign, supplier), terms in _RETURNS.items():
        Agreement.objects.filter(campaign__code=campaign, supplier__code=supplier).update(**terms)


def agree_on_a_new_price(now: datetime) -> None:
    """One supplier's price changes with the next month."""
    campaign, supplier, price, payout = _NEW_PRICE
    agreed = Agreement.objects.get(campaign__code=campaign, supplier__code=supplier)
    today = local_date(now, agreed.campaign.time_zone)
    agreed.pk, agreed.price, agreed.payout = None, price, payout
    agreed.starts_on = following(today.replace(day=1))
    agreed.save()


def close_months(at: datetime, *, before: datetime) -> None:
    """Close, at that moment, the campaigns' months that had ended when `before` was the date."""
    person = User.objects.get(username="operator")
    for campaign in Campaign.objects.all():
        first_open = local_date(before, campaign.time_zone).replace(day=1)
        if campaign.code in _LEFT_OPEN:
            first_open = (first_open - timedelta(days=1)).replace(day=1)
        while (month := months.oldest_open(campaign)) and month < first_open:
            months.close(campaign, month, person=person, typed=months.word(month), at=at)
