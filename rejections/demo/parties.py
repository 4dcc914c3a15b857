"""Writes what the demo's parties agreed into the database, and its people with their log-ins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission

from campaigns.lists import fold, fold_phrase
from campaigns.models import (
    Agreement,
    Campaign,
    Cap,
    Client,
    Disposition,
    Field,
    ListMapperEntry,
    Phrase,
    Picklist,
    PicklistValue,
    Source,
    Supplier,
    User,
)
from rejections.demo.agreed import (
    CAMPAIGNS,
    CLIENTS,
    DISPUTE_DAYS,
    GRANTING,
    SUPPLIERS,
    CampaignTerms,
)
from rejections.demo.lists import PHRASES, PICKLISTS

PASSWORD = "demo"  # noqa: S105 - it is printed for everybody; the command keeps out of production


@dataclass(frozen=True)
class Login:
    """A person of the demo; without client and supplier, staff."""

    username: str
    first_name: str
    last_name: str
    what: str
    client: str = ""
    supplier: str = ""
    may_reject: bool = False
    is_admin: bool = False

    @property
    def email(self) -> str:
        """An address that reaches nobody."""
        return f"{self.username}@{self.client or self.supplier or 'leadrej'}.example"


LOGINS = (
    Login("admin", "Mateus", "Lima", "admin", is_admin=True),
    Login("operator", "Inês", "Carvalho", "operator"),
    Login("client", "Maeve", "Byrne", "client user, may reject leads", "brightwater", may_reject=True),
    Login("client-reader", "Oliver", "Whitcombe", "client user without that permission", "brightwater"),
    Login(
        "client-2",
        "美咲",
        "佐藤",
        "client user of the other client, may reject leads",
        "nimbus",
        may_reject=True,
    ),
    Login("supplier", "Tobias", "Oduya", "supplier user", supplier="kestrel"),
    Login("supplier-2", "Camille", "Roussel", "supplier user", supplier="reseau"),
)


def settle_terms(now: datetime) -> None:
    """Write clients, suppliers, lists, phrases, campaigns and people. Agreements began a year before `now`."""
    clients = {code: Client.objects.create(code=code, name=name) for code, name in CLIENTS.items()}
    suppliers = {code: Supplier.objects.create(code=code, name=name) for code, name in SUPPLIERS.items()}
    picklists = _write_lists(clients)
    for terms in CAMPAIGNS:
        _write_campaign(terms, clients[terms.client], suppliers, picklists, now)
    _write_phrases(clients)
    _write_people(clients, suppliers)


def _write_lists(clients: dict[str, Client]) -> dict[str, Picklist]:
    made = {}
    for one in PICKLISTS:
        picklist = made[one.name] = Picklist.objects.create(client=clients[one.client], name=one.name)
        values = PicklistValue.objects.bulk_create(
            PicklistValue(picklist=picklist, value=value, folded=fold(value)) for value in one.values
        )
        by_text = {value.value: value for value in values}
        ListMapperEntry.objects.bulk_create(
            ListMapperEntry(picklist=picklist, text=text, folded=fold(text), value=by_text[value])
            for text, value in one.entries.items()
        )
    return made


def _write_campaign(
    terms: CampaignTerms,
    client: Client,
    suppliers: dict[str, Supplier],
    picklists: dict[str, Picklist],
    now: datetime,
) -> None:
    campaign = Campaign.objects.create(
        code=terms.code,
        name=terms.name,
        public_name=terms.public_name,
        client=client,
        currency=terms.currency,
        time_zone=terms.time_zone,
        phone_region=terms.phone_region,
        day_first=terms.day_first,
        return_window_days=terms.window_days,
        show_suppliers_to_client=terms.show_suppliers_to_client,
        withdrawn_options=list(terms.withdrawn_options),
    )
    Field.objects.bulk_create(
        Field(
            campaign=campaign,
            name=field.name,
            label=field.label,
            kind=field.kind,
            required=field.required,
            dedupe=field.dedupe,
            dedupe_ready=field.dedupe,
            picklist=picklists.get(field.picklist),
            pattern=field.pattern,
            position=position,
        )
        for position, field in enumerate(terms.fields)
    )
    Source.objects.bulk_create(
        Source(
            code=source.code,
            name=source.name,
            kind=source.kind,
            campaign=campaign,
            supplier=suppliers[source.supplier],
        )
        for source in terms.sources
    )
    Agreement.objects.bulk_create(
        Agreement(
            campaign=campaign,
            supplier=suppliers[supplier],
            starts_on=(now - timedelta(days=365)).date(),
            price=price,
            payout=payout,
            dispute_days=DISPUTE_DAYS,
            silence_grants=supplier in GRANTING,
        )
        for supplier, (price, payout) in terms.deals.items()
    )
    Cap.objects.bulk_create(
        Cap(campaign=campaign, supplier=suppliers.get(cap.supplier), period=cap.period, limit=cap.limit)
        for cap in terms.caps
    )


def _write_phrases(clients: dict[str, Client]) -> None:
    dispositions = Disposition.objects.in_bulk(field_name="code")
    Phrase.objects.bulk_create(
        Phrase(
            client=clients[client], text=text, folded=fold_phrase(text), disposition=dispositions.get(code)
        )
        for client, phrases in PHRASES.items()
        for text, code in phrases.items()
    )


def _write_people(clients: dict[str, Client], suppliers: dict[str, Supplier]) -> None:
    permission = Permission.objects.get(content_type__app_label="rejections", codename="reject_as_client")
    password = make_password(PASSWORD)
    for login in LOGINS:
        user = User(
            username=login.username,
            email=login.email,
            first_name=login.first_name,
            last_name=login.last_name,
            client=clients.get(login.client),
            supplier=suppliers.get(login.supplier),
            is_staff=not (login.client or login.supplier),
            is_superuser=login.is_admin,
            password=password,
        )
        user.save()
        if login.may_reject:
            user.user_permissions.add(permission)
