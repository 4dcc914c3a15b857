"""What the demo's parties agreed: clients, suppliers, six campaigns with their terms. Pure tables."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

#: Code → name.
CLIENTS = {"brightwater": "Brightwater Home & Life plc", "nimbus": "Nimbus Cloud"}
SUPPLIERS = {
    "lumen": "Lumen Media",
    "kestrel": "Kestrel Leads Ltd",
    "reseau": "Réseau Prospect SAS",
    "nordlys": "Nordlys Performance ApS",
}
#: Days within which a rejection can be disputed, and suppliers whose disputes silence grants.
DISPUTE_DAYS = 14
GRANTING = frozenset({"reseau"})


@dataclass(frozen=True)
class FieldTerms:
    """A field; `picklist` is the name of one of the client's."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    dedupe: bool = False
    picklist: str = ""
    pattern: str = ""


@dataclass(frozen=True)
class SourceTerms:
    """A source, and its share of the campaign's leads."""

    code: str
    name: str
    kind: str
    supplier: str
    share: int


@dataclass(frozen=True)
class CapTerms:
    """A cap; without a supplier it binds the whole campaign."""

    period: str
    limit: int
    supplier: str = ""


@dataclass(frozen=True)
class CampaignTerms:
    """A campaign with all that was agreed; `deals` is supplier → (price, payout)."""

    code: str
    name: str
    public_name: str
    client: str
    currency: str
    time_zone: str
    phone_region: str
    window_days: int | None
    leads: int
    sources: tuple[SourceTerms, ...]
    fields: tuple[FieldTerms, ...]
    deals: dict[str, tuple[Decimal, Decimal]]
    caps: tuple[CapTerms, ...] = ()
    day_first: bool = True
    withdrawn_options: tuple[str, ...] = ()
    show_suppliers_to_client: bool = False


FIRST = FieldTerms("first_name", "First name", required=True)
LAST = FieldTerms("last_name", "Last name", required=True)
EMAIL = FieldTerms("email", "E-mail", "email", required=True, dedupe=True)
PHONE = FieldTerms("phone", "Phone", "phone", required=True, dedupe=True)
PERSON = (FIRST, LAST, EMAIL, PHONE)
CONSENT = FieldTerms("consent", "Consent", "boolean", required=True)
UK_POSTCODE = FieldTerms(
    "postcode",
    "Postcode",
    "regex",
    required=True,
    pattern=r"[A-Za-z]{1,2}[0-9][A-Za-z0-9]? ?[0-9][A-Za-z]{2}",
)


def _deals(**money: str) -> dict[str, tuple[Decimal, Decimal]]:
    pairs = {supplier: text.split() for supplier, text in money.items()}
    return {supplier: (Decimal(price), Decimal(payout)) for supplier, (price, payout) in pairs.items()}


SOLAR_UK = CampaignTerms(
    "SOLAR-UK",
    "Rooftop Solar UK",
    "Home solar, Great Britain",
    "brightwater",
    "GBP",
    "Europe/London",
    "GB",
    14,
    4200,
    (
        SourceTerms("META-SOLAR-UK", "Solar UK, Meta instant form", "meta", "lumen", 55),
        SourceTerms("FORM-SOLAR-UK", "Solar UK, kestrel-homes web form", "web_form", "kestrel", 45),
    ),
    (
        *PERSON,
        UK_POSTCODE,
        FieldTerms("property_type", "Property type", "picklist", required=True, picklist="Property type"),
        FieldTerms("homeowner", "Homeowner", "boolean", required=True),
        FieldTerms("monthly_bill", "Monthly electricity bill", "number"),
        CONSENT,
    ),
    _deals(lumen="18.00 11.00", kestrel="17.00 10.00"),
    (CapTerms("total", 1650, "kestrel"), CapTerms("month", 5000)),
)
SOLAR_DE = CampaignTerms(
    "SOLAR-DE",
    "Photovoltaik Deutschland",
    "Photovoltaik, Eigenheim",
    "brightwater",
    "EUR",
    "Europe/Berlin",
    "DE",
    7,
    2600,
    (
        SourceTerms("FORM-SOLAR-DE", "Solar DE, Webformular", "web_form", "nordlys", 60),
        SourceTerms("FEED-SOLAR-DE", "Solar DE, Réseau feed", "publisher", "reseau", 40),
    ),
    (
        *PERSON,
        FieldTerms("plz", "PLZ", "regex", required=True, pattern="[0-9]{5}"),
        FieldTerms("gebaeudeart", "Gebäudeart", "picklist", required=True, picklist="Gebäudeart"),
        FieldTerms("dachflaeche", "Dachfläche in m²", "number"),
        CONSENT,
    ),
    _deals(nordlys="42.00 27.50", reseau="39.50 25.00"),
    (CapTerms("week", 900),),
    withdrawn_options=("reject_from",),
)
LIFE_UK = CampaignTerms(
    "LIFE-UK",
    "Life Cover UK",
    "Life cover, Great Britain",
    "brightwater",
    "GBP",
    "Europe/London",
    "GB",
    55,
    4400,
    (
        SourceTerms("FORM-LIFE-UK", "Life UK, comparison form", "web_form", "kestrel", 45),
        SourceTerms("META-LIFE-UK", "Life UK, Meta Lead Ads", "meta", "lumen", 30),
        SourceTerms("FEED-LIFE-UK", "Life UK, Réseau feed", "publisher", "reseau", 25),
    ),
    (
        FIRST,
        LAST,
        FieldTerms("email", "E-mail", "email"),
        PHONE,
        UK_POSTCODE,
        FieldTerms("date_of_birth", "Date of birth", "date", required=True),
        FieldTerms("smoker", "Smoker", "picklist", required=True, picklist="Smoker"),
        FieldTerms("cover_amount", "Cover amount", "number"),
        CONSENT,
    ),
    _deals(kestrel="21.00 13.00", lumen="24.00 15.50", reseau="19.50 12.00"),
    (CapTerms("month", 12000), CapTerms("week", 1200, "kestrel")),
)
AUTO_US = CampaignTerms(
    "AUTO-US",
    "Auto Insurance US",
    "Auto insurance quotes",
    "brightwater",
    "USD",
    "America/New_York",
    "US",
    None,
    2900,
    (
        SourceTerms("FEED-AUTO-US", "Auto US, Nordlys feed", "publisher", "nordlys", 65),
        SourceTerms("META-AUTO-US", "Auto US, Meta Lead Ads", "meta", "lumen", 35),
    ),
    (
        *PERSON,
        FieldTerms("zip", "ZIP code", "regex", required=True, pattern="[0-9]{5}(-[0-9]{4})?"),
        FieldTerms("date_of_birth", "Date of birth", "date", required=True),
        FieldTerms("vehicle_year", "Vehicle year", "number"),
        FieldTerms("insured", "Currently insured", "boolean"),
    ),
    _deals(nordlys="12.50 8.00", lumen="14.00 9.25"),
    day_first=False,
)
FINOPS_EMEA = CampaignTerms(
    "FINOPS-EMEA",
    "FinOps Buyer’s Guide EMEA",
    "Cloud cost guide, EMEA",
    "nimbus",
    "EUR",
    "Europe/Paris",
    "FR",
    30,
    3900,
    (
        SourceTerms("LINKEDIN-FINOPS", "FinOps guide, LinkedIn form", "linkedin", "lumen", 60),
        SourceTerms("FEED-FINOPS", "FinOps guide, Réseau syndication", "publisher", "reseau", 40),
    ),
    (
        FIRST,
        LAST,
        EMAIL,
        FieldTerms("phone", "Phone", "phone"),
        FieldTerms("company", "Company", required=True),
        FieldTerms("company_site", "Company website", "url"),
        FieldTerms("country", "Country", "picklist", required=True, picklist="Country"),
        FieldTerms("company_size", "Company size", "picklist", required=True, picklist="Company size"),
        FieldTerms("job_function", "Job function", "picklist", required=True, picklist="Job function"),
        FieldTerms("industry", "Industry", "picklist", picklist="Industry"),
        CONSENT,
    ),
    _deals(lumen="86.00 52.00", reseau="79.00 47.50"),
    (CapTerms("total", 950, "reseau"), CapTerms("week", 2000)),
    show_suppliers_to_client=True,
)
DX_JP = CampaignTerms(
    "DX-JP",
    "工場自動化ガイド",
    "製造業DX資料",
    "nimbus",
    "JPY",
    "Asia/Tokyo",
    "JP",
    10,
    2000,
    (
        SourceTerms("LINKEDIN-DX-JP", "工場自動化ガイド LinkedIn", "linkedin", "nordlys", 40),
        SourceTerms("FORM-DX-JP", "工場自動化ガイド ウェブフォーム", "web_form", "lumen", 60),
    ),
    (
        FieldTerms("last_name", "姓", required=True),
        FieldTerms("first_name", "名", required=True),
        FieldTerms("email", "メールアドレス", "email", required=True, dedupe=True),
        FieldTerms("phone", "電話番号", "phone", required=True, dedupe=True),
        FieldTerms("company", "会社名", required=True),
        FieldTerms("department", "部署", "picklist", required=True, picklist="部署"),
        FieldTerms("country", "国", "country"),
        FieldTerms("employees", "従業員数", "number"),
    ),
    _deals(nordlys="9800 6100", lumen="9200 5800"),
    (CapTerms("day", 400),),
)
CAMPAIGNS = (SOLAR_UK, SOLAR_DE, LIFE_UK, AUTO_US, FINOPS_EMEA, DX_JP)
