"""What a value in a pack may be: dates, codes, safe addresses, row expressions."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
)

from insights.errors import did_you_mean
from insights.pack.faults import found

NAME = "[a-z][a-z0-9_]*"
STUDY_COLUMNS = (
    "outcome",
    "weight",
    "cluster",
)  # of a study's rows, beside drivers and controls
ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "shift_jis", "gb18030")
SENTENCE_WORDS = {"subject", "period", "value"}

Unit = Literal["count", "share", "seconds", "minutes", "hours", "days", "score"]
Grain = Literal["day", "week", "month", "quarter", "year"]
Weekday = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]  # fmt: skip


def _iso_date(value: object) -> object:
    """Accept a YAML date or an ISO string, and nothing that merely looks like a number."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:  # 2025-13-01 stays text, and text is not a date
            return value
    return value


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        hint = (
            did_you_mean(name, available_timezones()) or "; use a name such as 'Europe/Dublin'"
        )
        raise ValueError(f"'{name}' is not a time zone{hint}") from None
    return name


PERSON = re.compile(r"\b\w*_(?:key|id)\b", re.IGNORECASE)
CREDENTIAL = re.compile(
    r"//[^/@:?#]*:(?!secret:|\d+[/?])[^?#]*@"  # user:password@
    r"|(?:^password|[?&;\s][\w.]*(?:password|passwd|pwd|token|key|secret|signature|sig))"
    r"=(?!secret:)[^&;\s]",
    re.IGNORECASE,
)


def _no_password(url: str) -> str:
    """Refuse a credential that is written out; ``secret:NAME`` is the only way to one."""
    if CREDENTIAL.search(url):
        raise ValueError(
            "a credential is written out; put it in the environment and say 'secret:NAME'"
        )
    return url


def _sentence(text: str) -> str:
    words = set(re.findall(r"\{([^}]*)\}", text))
    if unknown := sorted(words - SENTENCE_WORDS):
        raise ValueError(
            f"unknown word {{{unknown[0]}}}; "
            "a sentence may hold {subject}, {period} and {value}"
        )
    if "value" not in words:
        raise ValueError("a sentence must hold {value}")
    return text


def _encoding(name: str) -> str:
    try:
        "".encode(name)
    except (LookupError, UnicodeError):
        hint = did_you_mean(name, ENCODINGS) or "; use a name such as 'cp1252'"
        raise ValueError(f"'{name}' is not an encoding{hint}") from None
    return name


def _names(value: object) -> object:
    """Take one name as a list of one; a list names at least one."""
    names = [value] if isinstance(value, str) else value
    if isinstance(names, list | tuple) and not names:
        raise ValueError("name at least one column")
    return tuple(names) if isinstance(names, list) else names


def _code(value: object) -> object:
    """Take a number or a text as it stands: 99 is not '99' before a column says which."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{found(value)} is no code; give a number or a text")
    return value


def no_person(text: str) -> str:
    """Refuse a row expression over a column that stands for one person or one case."""
    if there := PERSON.search(text):
        raise ValueError(
            f"'{there[0]}' stands for one person or case; leave it out, "
            "or derive what it is to say as a column in source.yaml"
        )
    return text


def _driver(name: str) -> str:
    """Refuse a driver's name that cannot be a column of the study's rows."""
    if not re.fullmatch(NAME, name):
        raise ValueError("a name may hold lower-case letters, digits and _, a letter first")
    if name in STUDY_COLUMNS:
        raise ValueError(f"'{name}' is a column that every study may have; choose another name")
    return no_person(name)


def _yes_no(value: object) -> object:
    """Read YAML 1.1's booleans as the words they were written as."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


Comparable = Annotated[Literal["yes", "partly", "no"], BeforeValidator(_yes_no)]
Address = Annotated[str, AfterValidator(_no_password)]
Code = Annotated[float | str, PlainValidator(_code)]
Date = Annotated[date, BeforeValidator(_iso_date)]
Row = Annotated[str, AfterValidator(no_person)]  # an SQL row expression, or a column
Sentence = Annotated[str, AfterValidator(_sentence)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Name = Annotated[str, Field(pattern=rf"^{NAME}$")]
DriverName = Annotated[str, AfterValidator(_driver)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Number = Annotated[
    float, Field(allow_inf_nan=False)
]  # an int will do; a text or a boolean will not


class Model(BaseModel):
    """Frozen and strict: an unknown key is an error and nothing is converted in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)
