"""The demo's picklists with their list mappers, and the clients' phrases. Pure tables.

Values stand between ` | `; `A | B = C` is the list mapper: A and B stand for C.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class List:
    """A picklist of one client: its values, and incoming text → value."""

    client: str
    name: str
    values: tuple[str, ...]
    entries: dict[str, str]


def _list(client: str, name: str, values: str, *entries: str) -> List:
    mapped = (entry.split(" = ") for entry in entries)
    return List(
        client,
        name,
        tuple(values.split(" | ")),
        {text: value for texts, value in mapped for text in texts.split(" | ")},
    )


PICKLISTS = (
    _list(
        "brightwater",
        "Property type",
        "Detached | Semi-detached | Terraced | Bungalow | Flat",
        "Semi = Semi-detached",
        "Apartment | Maisonette = Flat",
        "End of terrace = Terraced",
        "Detached house = Detached",
    ),
    _list(
        "brightwater",
        "Gebäudeart",
        "Einfamilienhaus | Doppelhaushälfte | Reihenhaus | Mehrfamilienhaus",
        "EFH | Haus = Einfamilienhaus",
        "DHH | Doppelhaus = Doppelhaushälfte",
    ),
    _list(
        "brightwater",
        "Smoker",
        "Yes | No | Ex-smoker",
        "Never | Non-smoker = No",
        "Stopped = Ex-smoker",
        "Vape = Yes",
    ),
    _list(
        "nimbus",
        "Country",
        "United States | United Kingdom | Germany | France | Spain | Italy | Poland | Czechia | Türkiye | Greece"
        " | Ukraine | Egypt | India | South Korea | China | Sweden | Netherlands | Portugal",
        "US | USA = United States",
        "UK | Great Britain = United Kingdom",
        "Deutschland = Germany",
        "España = Spain",
        "Polska = Poland",
        "Czech Republic = Czechia",
        "Turkey = Türkiye",
        "Ελλάδα = Greece",
        "Україна = Ukraine",
        "مصر = Egypt",
        "भारत = India",
        "대한민국 = South Korea",
        "中国 = China",
        "Sverige = Sweden",
        "Nederland = Netherlands",
    ),
    _list(
        "nimbus",
        "Company size",
        "1-50 | 51-200 | 201-1000 | 1001-5000 | 5001-10000 | 10001+",
        "1-10 | 11-50 = 1-50",
        "201-500 | 501-1000 = 201-1000",
        "10,001+ = 10001+",
    ),
    _list(
        "nimbus",
        "Job function",
        "Finance | Engineering | Information Technology | Operations | Procurement | Revenue Operations",
        "IT | Informatik = Information Technology",
        "Purchasing = Procurement",
        "RevOps = Revenue Operations",
    ),
    _list(
        "nimbus",
        "Industry",
        "Energy | Financial Services | Information Technology | Manufacturing | Retail | Telecommunications",
        "Banking = Financial Services",
        "Software = Information Technology",
        "Telco = Telecommunications",
    ),
    _list(
        "nimbus",
        "部署",
        "情報システム | 経営企画 | 製造 | 品質管理 | 購買 | 研究開発",
        "情報システム部 = 情報システム",
        "製造部 = 製造",
        "経企 = 経営企画",
        "R&D = 研究開発",
    ),
)

#: Client → phrase → the disposition it means; "" waits to be mapped.
PHRASES = {
    "brightwater": {
        "Duplicate Lead": "CLIENT_DUPLICATE",
        "Failed Validation: Not UK Based": "CLIENT_OUT_OF_AREA",
        "Outside service area": "CLIENT_OUT_OF_AREA",
        "Wrong number": "CLIENT_INVALID_PHONE",
        "Number disconnected": "CLIENT_DISCONNECTED",
        "Bounced e-mail": "CLIENT_INVALID_EMAIL",
        "Says they never enquired": "CLIENT_NEVER_ENQUIRED",
        "Over 75": "CLIENT_OUT_OF_AGE",
        "Test lead": "CLIENT_TEST",
        "No answer after 6 calls": "CLIENT_NO_CONTACT",
        "Nummer nicht vergeben": "CLIENT_DISCONNECTED",
        "Dublette": "CLIENT_DUPLICATE",
        "Tenant, not the homeowner": "",
        "Roof not suitable": "",
        "Kein Interesse mehr": "",
    },
    "nimbus": {
        "Duplicate": "CLIENT_DUPLICATE",
        "Already a customer": "CLIENT_DUPLICATE",
        "Not the right contact": "CLIENT_WRONG_PERSON",
        "Student": "CLIENT_WRONG_PERSON",
        "Hard bounce": "CLIENT_INVALID_EMAIL",
        "重複": "CLIENT_DUPLICATE",
        "電話番号違い": "CLIENT_INVALID_PHONE",
        "本人確認不可": "CLIENT_WRONG_PERSON",
        "連絡が取れない": "CLIENT_NO_CONTACT",
        "Competitor": "",
        "Déjà client": "",
    },
}
