"""Every page, in light and dark and on a phone: axe finds nothing, nothing overflows, no console complaint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from campaigns.listing import Do, Edit
from campaigns.models import Agreement, Campaign, Destination, Endpoint, Picklist, Source, Supplier
from leads import listing
from leads.models import Delivery, Lead, LeadValues, SavedView
from rejections import affiliatefile, disputes, fixes, lists, monthclosings, months, uploads
from rejections.blocked import Action, Fix, queue
from rejections.corrected import corrected
from rejections.models import Batch, LeadFile, MonthClosing
from rejections.options import Options
from rejections.states import State
from tests import batches, make
from tests.browser.conftest import OpenBrowser
from tests.flows.world import World, lead_file, uploaded, workbook, world
from tests.rejections import corrections
from tests.worker import CHECKOUT

AXE = CHECKOUT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = "wcag2a wcag2aa wcag21a wcag21aa wcag22aa best-practice".split()
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}

_RUN = """async ([tags, rules]) => {
    const found = await axe.run(document, {
        runOnly: rules ? {type: "rule", values: rules} : {type: "tag", values: tags},
        resultTypes: ["violations"],
    });
    return found.violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" ")}`);
}"""


@dataclass
class Look:
    """Looks at one page in every way, and keeps what is wrong with it."""

    page: Page
    wrong: list[str]

    def at(self, address: str, *, act: Callable[[Page], Any] | None = None) -> None:
        """Open the page, do something on it, then look."""
        self.page.set_viewport_size(DESK)
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        self.page.goto("about:blank")  # a page that renews itself would get in the way of the next
        self.page.goto(address)
        self.page.evaluate(AXE.read_text())
        if act:
            act(self.page)
        self._axe(address, "light")
        self.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        self._axe(address, "dark", ["color-contrast"])  # the only rule that sees colours
        self.page.set_viewport_size(PHONE)
        # Bars that stick to the bottom rest where they belong, and cover no link in part.
        self.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        self._axe(address, "dark, 390 px")
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > PHONE["width"]:
            self.wrong.append(f"{address} (390 px): {wide} px wide")

    def _axe(self, address: str, how: str, rules: list[str] | None = None) -> None:
        found = self.page.evaluate(_RUN, [TAGS, rules])
        self.wrong += [f"{address} ({how}): {violation}" for violation in found]


@pytest.fixture
def look(open_browser: OpenBrowser) -> Iterator[Callable[..., Look]]:
    wrong: list[str] = []
    yield lambda person: Look(open_browser(person), wrong)
    assert not wrong, "\n".join(wrong)


def long_names(w: World) -> None:
    """Names as long as people make them, and amounts in several currencies."""
    w.campaign.name = "Rooftop solar and heat pumps for detached houses in the south-west, spring 2026"
    w.campaign.save()
    for currency, price in (("JPY", "1840000"), ("EUR", "98765.43")):
        campaign = make.campaign(client=w.foreign.client, currency=currency)
        for _ in range(2):
            make.lead(campaign, at=w.at, price=price)


def put(batch: Batch, state: State, **columns: Any) -> str:
    """The address of the batch as a worker would leave it in this state."""
    Batch.objects.filter(pk=batch.pk).update(state=state, **columns)
    return f"/imports/{batch.pk}/"


def make_key(page: Page) -> None:
    """Make a key, and stay on the page that tells it once."""
    page.get_by_label("Which program will use it?").fill("CRM")
    page.get_by_role("button", name="Make the key").click()
    page.get_by_text("This is the only time the key is shown.").wait_for()
    page.evaluate(AXE.read_text())


def test_signing_in_and_errors(look: Callable[..., Look]) -> None:
    w = world()
    nobody = look(None)
    nobody.at("/login/")
    nobody.at("/login/", act=lambda page: wrong_password(page))
    nobody.at("/login/?next=/leads/")
    for person in (w.people["operator"], w.people["supplier"]):
        look(person).at("/no-such-page/")
    look(w.people["operator"]).at(f"/imports/{w.by_operator.pk}/stop/")  # 405
    make.client_user(w.campaign.client)
    look(w.people["client"]).at(f"/imports/{w.by_operator.pk}/undo/")  # 403


def wrong_password(page: Page) -> None:
    page.get_by_label("User name").fill("somebody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    page.evaluate(AXE.read_text())


def test_what_is_the_persons_own(look: Callable[..., Look]) -> None:
    w = world()
    for role in ("operator", "client", "supplier"):
        look(w.people[role]).at("/profile/")
        look(w.people[role]).at("/profile/keys/", act=make_key)
    operator = look(w.people["operator"])
    for address in ("/profile/password/", "/told/"):
        operator.at(address)
    operator.at("/campaigns/", act=open_bell)


def open_bell(page: Page) -> None:
    page.get_by_role("link", name="Your batches").click()
    page.get_by_role("dialog").wait_for()


def test_homes(look: Callable[..., Look]) -> None:
    w = world()
    long_names(w)
    put(w.checked, State.APPLYING, step="rows", done=1, started_at=w.at, run_started_at=w.at)
    for role in ("admin", "client", "reader", "supplier"):
        look(w.people[role]).at("/", act=None if role == "supplier" else see_rates)


def test_empty_pages(look: Callable[..., Look]) -> None:
    operator = look(make.operator())
    for address in ("/", "/imports/", "/disputes/", "/campaigns/", "/find/?q=nothing"):
        operator.at(address)
    look(make.client_user(make.client())).at("/")
    supplier = look(make.supplier_user(make.supplier()))
    for address in ("/", "/rejected/", "/disputes/", "/to-fix/"):
        supplier.at(address)


def test_lists_campaigns_and_leads(look: Callable[..., Look]) -> None:
    w = world()
    long_names(w)
    operator = look(w.people["operator"])
    for address in (
        "/imports/",
        "/imports/?state=failed",
        "/reasons/",
        "/campaigns/",
        f"/campaigns/{w.campaign.code}/",
        f"/campaigns/{w.campaign.code}/accept/",
        "/find/",
        *(f"/leads/{lead.pk}/" for lead in w.leads.values()),
    ):
        operator.at(address)
    operator.at("/campaigns/", act=lambda page: page.keyboard.press("?"))
    for role in ("client", "reader", "supplier"):
        look(w.people[role]).at(f"/leads/{w.leads['client_rejected'].pk}/")
    look(w.people["reader"]).at(f"/campaigns/{w.campaign.code}/accept/")


def test_settings_of_a_campaign(look: Callable[..., Look]) -> None:
    w = world()
    long_names(w)
    admin = look(w.people["admin"])
    settings = f"/campaigns/{w.campaign.code}/settings/"
    for part in ("", "returns/", "caps/new/", "fields/new/", "terms/new/", "destination/"):
        admin.at(settings + part)
    supplier = Supplier.objects.earliest("pk")
    admin.at(f"{settings}terms/new/?supplier={supplier.pk}")
    look(w.people["operator"]).at(settings)
    admin.at(f"{settings}caps/new/", act=save_nothing)


def save_nothing(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    page.evaluate(AXE.read_text())


def test_disputes_and_the_suppliers_own_pages(look: Callable[..., Look]) -> None:
    w = world()
    long_names(w)
    supplier = look(w.people["supplier"])
    lead = Lead.objects.get(events__batch_id=w.finished.pk, events__cause="client_rejected")
    supplier.at("/rejected/", act=open_dispute)
    supplier.at(f"/disputes/new/?lead={lead.pk}")
    supplier.at("/to-fix/")
    others = [make.lead(w.campaign, at=w.at, source=lead.source) for _ in range(2)]
    batches.started(batches.checked(w.campaign, others, person=None, at=w.at), at=w.at)
    ids = [other.pk for other in others]
    [sent], [open_one] = (
        disputes.contest(one, person=w.people["supplier"], note="They answered. " * 9, at=w.at)
        for one in ([lead.pk], ids)
    )
    disputes.answer_many([sent], grants=True, answer_text="Yes.", person=w.people["operator"], at=w.at)
    operator = look(w.people["operator"])
    operator.at("/disputes/", act=select_one)
    operator.at(f"/disputes/{sent.pk}/?tab=answered")
    operator.at("/disputes/?tab=silence")
    for address in ("/", "/rejected/", "/disputes/", f"/disputes/{open_one.pk}/", f"/leads/{ids[0]}/"):
        supplier.at(address)
    look(w.people["client"]).at(f"/leads/{ids[0]}/")
    source = corrections.source()
    long = "A value as long as somebody typed it into a form that had no limit for it"
    corrections.receive(source, *({"email": f"{n}@example.org", "country": long} for n in range(2)))
    look(make.supplier_user(source.supplier)).at("/to-fix/")


def test_statements_and_the_closing_of_a_month(look: Callable[..., Look]) -> None:
    w = world()
    long_names(w)
    over = w.at - timedelta(days=75)
    for n in range(3):
        make.lead(w.campaign, "accepted", at=over - timedelta(hours=n), price="18250.25")
    [left] = [make.lead(w.campaign, "accepted", at=w.at, is_final=True)]
    batches.imported(w.campaign, [left], at=w.at)
    month, client = f"{over:%Y-%m}", w.campaign.client_id
    running = f"/statements/clients/{client}/{w.at:%Y-%m}/GBP/"
    operator = look(w.people["operator"])
    operator.at("/statements/")
    operator.at("/statements/?of=suppliers")
    operator.at(running)
    operator.at(f"/statements/clients/{client}/{month}/GBP/", act=ask_to_close)
    operator.at(f"/campaigns/{w.campaign.code}/months/{month}/close/")
    operator.at(f"/campaigns/{w.campaign.code}/months/{w.at:%Y-%m}/close/")
    first = over.date().replace(day=1)
    monthclosings.ask(w.campaign, first, person=w.people["operator"], typed=f"{over:%B}", at=w.at)  # type: ignore[arg-type]
    operator.at("/statements/")
    operator.at(f"/statements/clients/{client}/{month}/GBP/")
    operator.at(f"/campaigns/{w.campaign.code}/months/{month}/close/")
    MonthClosing.objects.update(
        state="refused", title=f"IMP-1 of {w.campaign}", detail="Wait until it has ended."
    )
    operator.at(f"/statements/clients/{client}/{month}/GBP/")
    operator.at(f"/campaigns/{w.campaign.code}/months/{month}/close/")
    months.close(w.campaign, first, person=None, typed=f"{over:%B}", at=w.at)
    operator.at(f"/statements/clients/{client}/{month}/GBP/")
    look(w.people["client"]).at(f"{running}lines/?campaign={w.campaign.pk}&kind=accepted&batch=&unit=18.25")
    supplier = look(w.people["supplier"])
    supplier.at("/statements/")
    supplier.at(f"/statements/suppliers/{w.lumen.pk}/{month}/GBP/")
    look(w.people["competitor"]).at("/statements/")


def ask_to_close(page: Page) -> None:
    page.get_by_role("link", name="Close ").first.click()
    page.get_by_role("dialog").get_by_label("to confirm").fill("no")


def open_dispute(page: Page) -> None:
    page.get_by_role("link", name="Dispute lead").first.click()
    page.get_by_role("dialog").wait_for()


def select_one(page: Page) -> None:
    page.get_by_label("Select all").check()
    page.get_by_role("button", name="Grant 1").wait_for()


def test_list_of_leads_and_what_is_asked_of_those_picked(look: Callable[..., Look]) -> None:
    w = world()
    long_names(w)
    make.lead(w.campaign, at=w.at, name="A name as long as somebody typed it into a form " * 3)
    failure = {"field": "name", "sentence": "Name: “=1” is not on the picklist", "value": "=1", "code": "x"}
    LeadValues.objects.filter(lead=w.leads["rejected"]).update(failures=[failure])
    SavedView.objects.create(person=w.people["operator"], name="To look at", query="status=rejected")
    operator = look(w.people["operator"])
    operator.at("/leads/", act=open_menus)
    operator.at("/leads/?q=nobody&status=pending")
    operator.at("/leads/?columns=id&columns=name&columns=uid&columns=valid&columns=field%3Aemail&sort=lead")
    operator.at("/leads/", act=lambda page: ask_about_all(page, "Reject"))
    operator.at("/leads/", act=lambda page: ask_about_all(page, "Keep rejected"))
    for _ in range(listing.PAGE):
        make.lead(w.campaign, at=w.at, uid="shared")
    make.lead(w.campaign, at=w.at, uid="shared")
    operator.at("/leads/?q=shared", act=pick_every)
    operator.at("/leads/?q=shared", act=lambda page: (pick_every(page), ask(page, "Reject")))
    operator.at(f"/leads/{w.leads['rejected'].pk}/?in=all")
    operator.at(f"/leads/{w.leads['rejected'].pk}/?values=received", act=check_fix)
    for role in ("client", "supplier"):
        look(w.people[role]).at("/leads/")
    look(make.supplier_user(make.supplier())).at("/leads/")


def test_search_and_analytics(look: Callable[..., Look]) -> None:
    w = world()
    long_names(w)
    make.lead(w.campaign, at=w.at, name="Ann Archer")
    operator = look(w.people["operator"])
    operator.at("/campaigns/", act=open_palette)
    operator.at("/find/?q=a")
    operator.at("/analytics/", act=open_menus)
    operator.at(f"/analytics/?campaign={w.campaign.code}")
    operator.at("/analytics/?from=1999-01-01&to=1999-02-01")
    look(w.people["client"]).at("/analytics/")
    look(w.people["supplier"]).at("/find/?q=a")


def see_rates(page: Page) -> None:
    page.get_by_role("img", name="Two lines over").wait_for()
    open_menus(page)


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("a")
    page.get_by_role("link", name="Ann Archer").wait_for()


def open_menus(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")


def pick_every(page: Page) -> None:
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("checkbox", name="that match").check()


def ask_about_all(page: Page, button: str) -> None:
    page.get_by_role("checkbox", name="Select all on this page").check()
    ask(page, button)


def ask(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_role("link", name="Back to the list").wait_for()
    page.evaluate(AXE.read_text())


def check_fix(page: Page) -> None:
    page.get_by_role("textbox", name="Name").fill("Ann")
    page.get_by_role("button", name="Check this fix").click()
    page.get_by_text("Nothing has been changed yet.").wait_for()
    page.evaluate(AXE.read_text())


def test_the_fix_queue(look: Callable[..., Look]) -> None:
    source = corrections.source()
    operator = look(make.operator())
    operator.at("/fix-queue/")
    operator.at("/fix-queue/decisions/")
    rows = [{"email": f"{n}@example.org", "country": "U.S.A." if n else "Narnia"} for n in range(4)]
    leads = corrections.receive(source, *rows, at=timezone.now())
    corrections.receive(corrections.source(source.campaign), {"email": "9@example.org", "country": "U.S.A."})
    (group, *_) = queue()
    done = fixes.start([group], Fix(Action.KEEP), person=make.operator(), via="page", at=timezone.now())
    corrections.work(done[0], timezone.now())
    undoing = fixes.start([queue()[0]], Fix(Action.KEEP), person=None, via="page", at=timezone.now())
    assert undoing
    corrections.receive(source, {"email": "x", "country": "U.S.A."})
    for address in (
        "/fix-queue/",
        "/fix-queue/?q=nothing",
        "/fix-queue/decisions/",
        f"/fix-queue/{leads[0]}/",
        f"/fix-queue/several/?do=keep&g={leads[0]}&g={leads[1]}",
    ):
        operator.at(address)


def test_picklists(look: Callable[..., Look]) -> None:
    source = corrections.source()
    picklist = Picklist.objects.get()
    edits = [Edit(Do.MAP, "BRD", "Germany"), Edit(Do.RETIRE, "Austria")]
    lists.save(picklist, edits, by=None, at=timezone.now())
    rows = [{"email": f"{n}@example.org", "country": "U.S.A." if n else "BRD"} for n in range(4)]
    corrections.receive(source, *rows, at=timezone.now())
    admin, here = look(make.admin()), f"/picklists/{picklist.pk}/"
    changes = (
        "add",
        "map&text=U.S.A.&value=United+States",
        "retire&text=Germany",
        "paste",
        "rename&text=Germany&value=BRD",
        "back&number=1",
    )
    for change in changes:
        admin.at(f"{here}change/?do={change}")
    for address in ("/picklists/", here, f"{here}?q=nothing", f"{here}versions/"):
        admin.at(address)
    admin.at(here, act=open_a_change)
    look(make.operator()).at(f"{here}change/?do=paste")  # 403


def open_a_change(page: Page) -> None:
    page.get_by_role("link", name="Map U.S.A.").click()
    page.get_by_role("button", name="Map it and release 3 leads").wait_for()


def test_steps_of_an_import(look: Callable[..., Look]) -> None:
    w = world()
    long_names(w)
    mapping = uploaded(w)
    uploaded(w)  # the same file again
    damaged = make.lead(w.campaign, at=w.at, uid="447911204418")
    rows = [("4.47911E+11", "Spam"), (str(damaged.pk), "Spam"), ("", "Spam"), ("77", "")]
    review = batches.checked(w.campaign, rows, identifier="uid", person=w.people["client"], at=w.at)
    for role in ("operator", "client"):
        one = look(w.people[role])
        one.at("/imports/new/")
        one.at(f"/imports/new/?campaign={w.campaign.code}")
        one.at(f"/imports/{mapping.pk}/map/")
        one.at(f"/imports/{review.pk}/check/")
    one.at(f"/imports/{review.pk}/check/?accept_older=on&accept_remaining=on&free_cap=on")
    one.at(put(review, State.CHECKING, done=1, run_started_at=w.at))
    look(w.people["reader"]).at("/imports/new/")


def test_close_outs(look: Callable[..., Look]) -> None:
    w = world()
    operator = look(w.people["operator"])
    closing = batches.work(close_out(w.campaign, w), w.at)
    operator.at(f"/imports/{closing.pk}/check/")
    done = batches.work(batches.started(closing, person=w.people["operator"], at=w.at), w.at)
    operator.at(f"/imports/{done.pk}/result/")


def close_out(campaign: Campaign, w: World) -> Batch:
    through = timezone.localdate(w.at)
    options = Options(accept_remaining=True, through=through)
    return uploads.close_out(campaign, options, person=w.people["operator"], via="page", at=w.at)


def test_results_in_every_state(look: Callable[..., Look]) -> None:
    w = world()
    operator = look(w.people["operator"])
    result = f"/imports/{w.finished.pk}/result/"
    operator.at(result, act=open_undo)
    for address in (result, f"{result}?q=nothing", f"/imports/{w.finished.pk}/undo/"):
        operator.at(address)
    look(w.people["client"]).at(result)
    began = {"started_at": w.at, "run_started_at": w.at, "step": "rows", "done": 1, "settled_line": 1}
    operator.at(put(w.checked, State.WAITING))
    for state in (State.APPLYING, State.STOPPED, State.UNDOING):
        operator.at(put(w.checked, state, **began))
    operator.at(put(w.checked, State.FAILED, **began, error="It stopped. Continue, or undo."))
    operator.at(put(w.checked, State.CANCELLED))
    batches.undone(w.by_operator, at=w.at)
    operator.at(f"/imports/{w.by_operator.pk}/result/")


def open_undo(page: Page) -> None:
    page.get_by_role("link", name="Undo", exact=True).click()
    page.get_by_role("dialog").wait_for()


def test_sources_and_corrections(look: Callable[..., Look]) -> None:
    w = world()
    long_names(w)
    operator = look(w.people["operator"])
    source = troubled_source(w)
    address = f"/sources/{source.code}/"
    for page in ("/sources/", address, f"{address}tokens/", f"{address}download/", f"{address}upload/"):
        operator.at(page)
    for name in ("Download leads", "Upload leads"):
        operator.at(address, act=lambda page, name=name: open_dialog(page, name))
    operator.at(f"/downloads/{workbook(w).pk}/")
    operator.at("/affiliate-events/")
    event = (w.leads["pending"].pk, "a-1", "approved", "2.50", "")
    content = make.csv_bytes([event, ("x", *event[1:])], affiliatefile.COLUMNS)
    events = affiliatefile.upload([content], "events.csv", person=w.people["operator"], at=w.at)
    operator.at(f"/affiliate-events/{events.pk}/")
    affiliatefile.start(events, person=w.people["operator"], at=w.at)
    operator.at(f"/affiliate-events/{events.pk}/")
    operator.at("/affiliate-events/")
    operator.at(f"{address}import/")
    file = lead_file(w)
    operator.at(f"/lead-files/{file.pk}/")
    told = {
        "rows": 9,
        "done": 4,
        "line": 5,
        "tally": {
            "received": 3,
            "statuses": {"pending": 2, "rejected": 1},
            "dispositions": {"REJECT_LEAD_INVALID_EMAIL": 1},
        },
        "unreadable": 1,
        "lines": {"4": "cut off"},
    }
    for state in ("waiting", "failed", "finished"):
        LeadFile.objects.filter(pk=file.pk).update(state=state, started_at=w.at, **told)
        operator.at(f"/lead-files/{file.pk}/")
    batch = damaged_correction(source)
    for narrowed in ("", "?only=repairs", "?outcome=conflict&only=changes"):
        operator.at(f"/imports/{batch.pk}/check/{narrowed}")
    began = {"started_at": w.at, "run_started_at": w.at, "step": "rows", "done": 1, "settled_line": 2}
    for state in (State.APPLYING, State.STOPPED, State.FINISHED):
        operator.at(put(batch, state, **began, ended_at=w.at))
    look(w.people["operator"]).at("/")


def open_dialog(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()
    page.get_by_role("dialog").get_by_role("heading", name=name).wait_for()
    page.evaluate(AXE.read_text())


def troubled_source(w: World) -> Source:
    """A source whose door turns most away, and whose campaign's destination is paused."""
    source = corrections.source(w.campaign)
    values = [(f"{n}@example.org", f"+447911123{n:03}", "U.S.A. of North America") for n in range(20)]
    leads = [dict(zip(("email", "phone", "country"), one, strict=True)) for one in values]
    corrections.receive(source, *leads, {"email": "ok@example.org", "country": "Austria"}, at=w.at)
    paused = {"paused_at": w.at, "paused_why": "401 Unauthorized"}
    Destination.objects.create(campaign=w.campaign, url="https://crm.example/leads", **paused)
    return source


def damaged_correction(source: Source) -> Batch:
    """A checked correction with leads to release, some that stay, a repair and a conflict."""
    rows = corrections.downloaded(source)
    for row in rows[:12]:
        row["country"] = "Austria"
    rows[12]["country"] = "Nowhere"
    rows[-1]["phone"] = rows[-1]["phone"].lstrip("'+")
    other = {**rows[13], "country": "Elsewhere"}
    started = corrections.upload(source, corrections.as_file([other]), goes_through=True)
    assert started.state == State.FINISHED
    rows[13]["country"] = "Germany"
    batch = corrections.upload(source, corrections.as_file(rows))
    assert corrected(batch).counts.keys() >= {"released", "still_rejected", "unchanged", "conflict"}
    assert corrected(batch).repairs
    return batch


def test_notices(look: Callable[..., Look]) -> None:
    w = world()
    supplier = w.lumen
    Agreement.objects.filter(supplier=supplier).update(channel="webhook")
    Endpoint.objects.create(supplier=supplier, channel="email", recipients=["notices@lumen.example"])
    endpoint = Endpoint.objects.create(supplier=supplier, channel="webhook", url="https://lumen.example/hook")
    lead = make.lead(w.campaign, at=w.at, source=w.leads["pending"].source)
    batches.imported(w.campaign, [(lead, "Duplicate Lead")], at=w.at)
    notice = Delivery.objects.get(channel="webhook")
    answer = "503 upstream connect error or disconnect/reset before headers, after a while of waiting for it"
    notice.attempts.create(at=w.at, succeeded=False, seconds=1.2, answer=answer)
    Endpoint.objects.filter(pk=endpoint.pk).update(
        failing_since=w.at, paused_at=w.at, paused_why=f"It answered “{answer}”."
    )
    operator, own = look(w.people["operator"]), look(w.people["supplier"])
    for one in (operator, own):
        one.at("/notices/")
        one.at(f"/notices/?notice={notice.pk}")
        one.at(f"/notices/endpoints/{endpoint.pk}/resume/")
    operator.at("/notices/", act=open_resume)
    operator.at("/notices/?show=failed")
    own.at("/notices/", act=new_secret)
    look(w.people["competitor"]).at("/notices/")


def open_resume(page: Page) -> None:
    page.get_by_role("link", name="Resume").click()
    page.get_by_role("dialog").wait_for()


def new_secret(page: Page) -> None:
    page.get_by_role("button", name="Make a new secret").click()
    page.get_by_label("Secret", exact=True).wait_for()
    page.evaluate(AXE.read_text())
