"""What every template promises: a strict content policy holds, icons exist, files are ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from leads.templatetags.chips import STATUSES
from rejections.templatetags.batches import OUTCOMES, STATES

FOLDER = settings.BASE_DIR / "templates"
TEMPLATES = sorted(FOLDER.rglob("*.html"))
ICONS = set((settings.BASE_DIR / "static" / "icons.txt").read_text().split())


def name(path: Path) -> str:
    return str(path.relative_to(FOLDER))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_can_be_parsed(path: Path) -> None:
    get_template(name(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_needs_nothing_inline_and_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|\shx-on|javascript:", text, re.IGNORECASE)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"""(src|href)=["']https?:""", text)
    assert "|safe" not in text
    assert "autoescape off" not in text


def test_every_icon_that_a_template_or_chip_names_is_in_the_sprite() -> None:
    named = {chip.icon for family in (STATUSES, STATES, OUTCOMES) for chip in family.values()}
    for path in TEMPLATES:
        text = path.read_text()
        named |= set(re.findall(r'{% icon "([a-z0-9-]+)"', text))
        named |= set(re.findall(r'\bicon="([a-z0-9-]+)"', text))
        named |= set(re.findall(r'{% menu_link "[^"]+" "([a-z0-9-]+)"', text))
    assert named - ICONS == set()
