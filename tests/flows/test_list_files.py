"""Values and list mapper entries as files in the admin: preview, import, export, by the rules of lists."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.models import ListMapperEntry, Picklist, PicklistValue, PicklistVersion
from rejections import lists
from tests import make
from tests.rejections import corrections as given

pytestmark = pytest.mark.django_db


@pytest.fixture
def countries() -> Picklist:
    given.source()
    return Picklist.objects.select_related("client").get()


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(make.admin(first_name="Ada", last_name="Admin"))
    return client


def look(browser: Client, kind: str, content: str) -> Any:
    """The preview of a file."""
    file = SimpleUploadedFile("lists.csv", content.encode())
    answer = browser.post(reverse(f"admin:campaigns_{kind}_import"), {"import_file": file, "format": "0"})
    assert answer.status_code == 200
    return answer.context


def bring(browser: Client, kind: str, content: str) -> Any:
    """The preview, confirmed."""
    form = look(browser, kind, content)["confirm_form"]
    return browser.post(reverse(f"admin:campaigns_{kind}_process_import"), form.initial, follow=True)


def rows(picklist: Picklist, *lines: str, header: str = "client,picklist,value") -> str:
    return "\n".join([header, *(f"{picklist.client.code},{picklist.name},{line}" for line in lines)])


def test_values_are_previewed_and_come_in_as_one_version(browser: Client, countries: Picklist) -> None:
    content = rows(countries, "Chad", "Austria", "'=1+1")
    preview = look(browser, "picklistvalue", content)["result"]
    assert (preview.totals["new"], preview.totals["skip"]) == (2, 1)
    assert not PicklistVersion.objects.exists()
    assert PicklistValue.objects.count() == 3
    answer = bring(browser, "picklistvalue", content)
    assert set(PicklistValue.objects.values_list("value", flat=True)) >= {"Chad", "=1+1"}
    version = PicklistVersion.objects.get()
    assert (version.by and version.by.full_name, len(version.changes)) == ("Ada Admin", 2)
    assert "offers to judge the leads again" in answer.content.decode()


def test_entries_keep_the_rules_of_lists_row_by_row(browser: Client, countries: Picklist) -> None:
    header = "client,picklist,text,value"
    found = look(
        browser,
        "listmapperentry",
        rows(countries, "BRD,Germany", "GERMANY,Austria", "brd,Austria", "DDR,BRD", header=header),
    )["result"]
    assert [row.number for row in found.invalid_rows] == [2, 3, 4]
    text = str([row.error for row in found.invalid_rows])
    for sentence in ("is itself a value", "is mapped to “Germany” already", "which is not in use"):
        assert sentence in text
    bring(browser, "listmapperentry", rows(countries, "BRD,Germany", header=header))
    bring(browser, "listmapperentry", rows(countries, "BRD,Austria", header=header))
    assert ListMapperEntry.objects.get().value.value == "Austria"
    assert PicklistVersion.objects.count() == 2


@pytest.mark.parametrize("content", ["client,value\nx,y", "client,picklist,value\nnobody,Nothing,Chad"])
def test_a_file_that_names_no_list_changes_nothing(
    browser: Client, countries: Picklist, content: str
) -> None:
    found = look(browser, "picklistvalue", content)["result"]
    assert found.has_errors() or found.has_validation_errors()
    assert not PicklistVersion.objects.exists()


def test_an_export_is_safe_to_open_and_comes_back_unchanged(browser: Client, countries: Picklist) -> None:
    lists.add_value(countries, "=HYPERLINK(1)", by=None, at=given.LATER)
    answer = browser.post(
        reverse("admin:campaigns_picklistvalue_export"),
        {
            "format": "0",
            "resource": "",
            "valueresource_client": "on",
            "valueresource_picklist": "on",
            "valueresource_value": "on",
        },
    )
    content = answer.content.decode()
    assert "'=HYPERLINK(1)" in content
    assert look(browser, "picklistvalue", content)["result"].totals["skip"] == 4


def test_operators_look_and_do_not_import(countries: Picklist) -> None:
    operator = Client()
    operator.force_login(make.operator())
    assert operator.get(reverse("admin:campaigns_picklistvalue_import")).status_code == 403
