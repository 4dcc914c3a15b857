"""Workbooks put together part by part, so that a test can write what no spreadsheet program would."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

#: Cell styles by number: 0 general, 1 date, 2 date and time, 3 duration, 4 percent.
STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/>'
    '<xf numFmtId="22"/><xf numFmtId="46"/><xf numFmtId="9"/></cellXfs></styleSheet>'
)


def sheet(rows: str) -> str:
    """A worksheet's XML with these `<row>` elements."""
    return f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def rows(*table: Sequence[str | float], first: int = 1) -> str:
    """`<row>` elements with these values, from row `first` on."""
    return "".join(_row(number, values) for number, values in enumerate(table, start=first))


def _row(number: int, values: Sequence[str | float]) -> str:
    cells = "".join(
        f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'
        if isinstance(value, str)
        else f'<c r="{chr(65 + place)}{number}"><v>{value!r}</v></c>'
        for place, value in enumerate(values)
        if value != ""
    )
    return f'<row r="{number}">{cells}</row>'


def workbook(
    path: Path,
    sheets: Mapping[str, str],
    *,
    hidden: Sequence[str] = (),
    properties: str = "",
    content_type: str = XLSX,
    more: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Write a workbook with these sheets (name → rows) and whatever further parts; returns its path."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"{_state(name in hidden)}/>'
        for number, name in enumerate(sheets, start=1)
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" '
        f'ContentType="{content_type}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{properties}'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
        f'<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="t" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": STYLES,
    }
    for number, content in enumerate(sheets.values(), start=1):
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet(content)
    return archive(path, parts | dict(more or {}))


def archive(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    """Write a ZIP archive with these parts; returns its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def strings(*items: str) -> str:
    """The shared strings part with these `<si>` contents."""
    inside = "".join(f"<si>{item}</si>" for item in items)
    return f'<sst xmlns="{_MAIN}" count="{len(items)}" uniqueCount="{len(items)}">{inside}</sst>'


def _state(hidden: bool) -> str:
    return ' state="hidden"' if hidden else ""
