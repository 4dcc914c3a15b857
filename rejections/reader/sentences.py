"""Every file the reader refuses: the stable code, a title, and a sentence that says what to do next."""

from __future__ import annotations

from rejections.refusals import Refused

_UNCHANGED = "Nothing was changed."
_SAVE_AS = "Open it in your spreadsheet program, save it as XLSX or CSV, and upload that file."

_SENTENCES = {
    "empty_file": (
        "The file is empty",
        f"There is nothing in it to read. {_UNCHANGED} Export it again and upload that file.",
    ),
    "header_only": (
        "The file has a header and no rows",
        f"{_UNCHANGED} Check that the rows are in this file, and upload it again.",
    ),
    "not_a_table": (
        "This is {what}",
        f"It was recognised by its content, whatever its name says, and it holds no table that can be read. "
        f"{_UNCHANGED} {{advice}}",
    ),
    "old_excel": (
        "This is {what}",
        f"Only XLSX and CSV can be read. {_UNCHANGED} {_SAVE_AS}",
    ),
    "encrypted": (
        "The file is protected with a password",
        f"It cannot be read without it. {_UNCHANGED} Take the password off, save the file, and upload it again.",
    ),
    "corrupt": (
        "The file is damaged",
        f"{{what}} {_UNCHANGED} Export or save it again, as XLSX or CSV, and upload that file.",
    ),
    "too_large": (
        "The file is too large",
        f"It has {{size}}; the limit for {{kind}} is {{limit}}. {_UNCHANGED} Split it into smaller files.",
    ),
    "too_many_rows": (
        "The file has too many rows",
        f"More than {{limit}} rows cannot be read at once. {_UNCHANGED} Split it into smaller files.",
    ),
    "too_many_columns": (
        "The file has too many columns",
        f"Its header has {{count}} columns; at most {{limit}} can be read. {_UNCHANGED} "
        "Remove the columns that are not needed, or choose another header row or delimiter.",
    ),
    "too_many_cells": (
        "The sheet is too large",
        f"Sheet “{{sheet}}” reaches from {{first}} to {{last}}: {{count}} cells, the limit is {{limit}}. "
        f"{_UNCHANGED} Copy only the rows and columns you need to a new sheet, or save it as CSV.",
    ),
    "bomb": (
        "The file unpacks to far more than a table needs",
        f"{{what}} It was not unpacked. {_UNCHANGED} {_SAVE_AS}",
    ),
    "xml_entities": (
        "The file holds declarations that no spreadsheet program writes",
        f"Its part {{part}} declares a DOCTYPE or entities, so it was not read. {_UNCHANGED} {_SAVE_AS}",
    ),
    "no_sheet": (
        "The workbook has no sheet with cells in it",
        f"{_UNCHANGED} Check that the table is in this file, and upload it again.",
    ),
    "no_such_sheet": (
        "The workbook has no sheet “{name}”",
        f"Its sheets are: {{sheets}}. {_UNCHANGED} Choose one of these.",
    ),
    "no_such_header_row": (
        "Row {row} cannot be the header",
        f"No row of the table begins there. {_UNCHANGED} Choose the row with the column names, "
        "or 0 if the file has none.",
    ),
    "header_unreadable": (
        "The header row cannot be read",
        f"Line {{line}}: {{problem}} {_UNCHANGED} Choose another header row, or mend the file.",
    ),
    "unknown_encoding": (
        "“{name}” is not an encoding that can be read here",
        f"{_UNCHANGED} Use one of: {{known}}.",
    ),
    "unknown_delimiter": (
        "“{name}” cannot be a delimiter",
        f"{_UNCHANGED} Use comma, semicolon, tab, pipe or another single character.",
    ),
    "unknown_quote": (
        "“{name}” cannot be a quote",
        f"{_UNCHANGED} Use \" or ' or none.",
    ),
    "too_heavy": (
        "The file is too heavy to read",
        f"Reading it took more {{what}} than one file is given. {_UNCHANGED} "
        "Split it into smaller files, or save it as CSV.",
    ),
    "file_missing": (
        "The uploaded file is no longer there",
        f"{_UNCHANGED} Upload it again.",
    ),
    "unreadable_file": (
        "The file could not be read",
        f"Reading it broke off; most likely the file is damaged. {_UNCHANGED} "
        "Open it in your spreadsheet program, save it as CSV, and upload that file.",
    ),
}


def refusal(code: str, **facts: object) -> Refused:
    """The refusal with this code, its sentences filled in with `facts`; whole numbers get separators."""
    title, detail = _SENTENCES[code]
    shown = {name: f"{fact:,}" if isinstance(fact, int) else fact for name, fact in facts.items()}
    return Refused(code, title.format(**shown), detail.format(**shown))
