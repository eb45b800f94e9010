from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from insights.runs.secrets import Secrets

VALUE = "p&ss/wörd\"+ 'x'"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    monkeypatch.setenv("SHOP_TOKEN", VALUE)
    return Secrets.of_environment(["SHOP_TOKEN", "NOT_SET"])


@pytest.mark.parametrize(
    "text",
    [
        VALUE,
        VALUE.replace("p", "P").replace("x", "X"),
        repr([VALUE]),
        json.dumps({"a": VALUE}),
        json.dumps(VALUE, ensure_ascii=False),
        json.dumps(json.dumps(VALUE)),
        html.escape(VALUE),
        html.escape(VALUE).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        json.dumps(html.escape(VALUE)),
        quote(VALUE, safe=""),
        quote(VALUE, safe="").lower(),
        *(base64.b64encode(b"u" * n + VALUE.encode() + b"host").decode() for n in range(4)),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_spelling(secrets: Secrets, text: str):
    assert secrets.in_text(f"before {text} after") == ["SHOP_TOKEN"]


def test_a_text_without_the_secret_is_clean(secrets: Secrets):
    assert secrets.in_text("secret:SHOP_TOKEN is set, NOT_SET is not") == []
    assert secrets.withhold("division by zero") == "division by zero"


def test_a_message_with_a_secret_is_replaced(secrets: Secrets):
    assert secrets.withhold(f"no connection to db://me:{VALUE}@host") == (
        "the message is withheld, for it holds the value of secret:SHOP_TOKEN"
    )


def test_a_short_secret_counts_as_a_word_and_not_inside_a_picture(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("PIN", "a1b2")
    short = Secrets.of_environment(["PIN"])
    assert short.in_text("the pin is a1b2.") == ["PIN"]
    assert short.in_text("data:image/png;base64,xxa1b2yy") == []


def test_every_file_of_a_folder_is_read(secrets: Secrets, tmp_path: Path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x.bin").write_bytes(b"\x00\xff" + VALUE.encode() + b"\x00")
    assert secrets.in_folder(tmp_path) == ["SHOP_TOKEN"]


def test_the_values_are_not_in_the_repr(secrets: Secrets):
    assert "ss/w" not in repr(secrets)
