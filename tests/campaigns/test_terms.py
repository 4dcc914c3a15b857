"""What an admin may agree: terms that cannot work are refused with a sentence."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from campaigns.models import Field
from tests import make

pytestmark = pytest.mark.django_db


def field(pattern: str) -> Field:
    return Field(campaign=make.campaign(), name="ref", label="Ref", kind=Field.Kind.REGEX, pattern=pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(", ""])
def test_a_pattern_that_could_take_for_ever_or_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError) as refused:
        field(pattern).clean()
    assert "pattern" in refused.value.message_dict


def test_a_plain_pattern_is_admitted() -> None:
    field("[A-Z]{2}[0-9]{6}").clean()
