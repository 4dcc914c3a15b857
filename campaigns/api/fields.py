"""Fields and forms of requests: what is not as the schema says is refused, never guessed or left aside."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from campaigns.lists import storable
from rejections.refusals import Refused

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")
_WHOLE = re.compile(r"-?\d{1,20}")


class Json(BaseParser):
    """JSON of at most API_MAX_BYTES; texts that no database holds are mended on the way in."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        content = stream.read(settings.API_MAX_BYTES + 1)
        if len(content) > settings.API_MAX_BYTES:
            raise Refused(
                "too_large",
                "The request is too large",
                f"At most {settings.API_MAX_BYTES // 1_000_000} MB are read. Nothing was changed; send it in parts.",
            )
        try:
            text = content.decode()
            found = json.loads(text, parse_constant=_refuse)
        except RecursionError:
            raise ParseError("JSON parse error: nested too deeply.") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error: {error}") from None
        return _mended(found) if "\\u" in text or "\0" in text else found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _mended(found: Any) -> Any:
    if isinstance(found, str):
        return storable(found)
    if isinstance(found, list):
        return [_mended(one) for one in found]
    if isinstance(found, dict):
        return {storable(name): _mended(one) for name, one in found.items()}
    return found


class Form(serializers.Serializer):
    """What is sent. A name it does not know is an error: a mistyped option must not be left aside."""

    def to_internal_value(self, data: Any) -> Any:
        if unknown := [name for name in data if name not in self.fields] if hasattr(data, "keys") else []:
            raise serializers.ValidationError({storable(unknown[0])[:100]: ["There is no such name."]})
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A text, as it is; a number or a boolean is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **options})
        self.validators = [one for one in self.validators if "Prohibit" not in type(one).__name__]

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return storable(data)


class Pattern(serializers.RegexField):
    """A text of one pattern from end to end."""

    def __init__(self, pattern: str, **options: Any) -> None:
        super().__init__(pattern, **{"trim_whitespace": False, **options})
        self.whole = re.compile(pattern.replace("$", r"\Z"))

    def to_internal_value(self, data: Any) -> str:
        if not (isinstance(data, str) and self.whole.match(data)):
            self.fail("invalid")
        return data


class Flag(serializers.BooleanField):
    """True or false, and no word for it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Whole(serializers.IntegerField):
    """A whole number; as text where all is text, which is in addresses."""

    def to_internal_value(self, data: Any) -> int:
        written = isinstance(data, str) and bool(_WHOLE.fullmatch(data)) and self.context.get("written")
        number = isinstance(data, int) and not isinstance(data, bool)
        if not (written or number or (isinstance(data, float) and data.is_integer())):
            self.fail("invalid")
        return int(data)


class Day(serializers.DateField):
    """A date like 2026-11-14."""

    def to_internal_value(self, data: Any) -> Any:
        if not (isinstance(data, str) and _DATE.fullmatch(data)):
            self.fail("invalid", format="2026-11-14")
        return super().to_internal_value(data)


class Moment(serializers.DateTimeField):
    """An instant with its zone, like 2026-11-14T09:30:00Z; or a date: its first instant in UTC."""

    def to_internal_value(self, data: Any) -> datetime:
        if isinstance(data, str) and _DATE.fullmatch(data):
            data += "T00:00:00Z"
        if not (isinstance(data, str) and _MOMENT.fullmatch(data)):
            self.fail("invalid", format="2026-11-14T09:30:00Z")
        try:
            return datetime.fromisoformat(data.upper().replace("Z", "+00:00")).astimezone(UTC)
        except OverflowError:  # within a day of the ends of time
            return datetime.fromisoformat(data.upper()[:19] + "+00:00")
        except ValueError:
            self.fail("invalid", format="2026-11-14T09:30:00Z")


def read(form: type[serializers.Serializer], data: Any, **options: Any) -> dict[str, Any]:
    """What was sent, checked; raises the framework's ValidationError, which names each field."""
    checked = form(data=data, **options)
    checked.is_valid(raise_exception=True)
    found: dict[str, Any] = checked.validated_data
    return found
