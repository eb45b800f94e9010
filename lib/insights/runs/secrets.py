"""Whether what is about to be published holds the value of a secret, in any spelling."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

SHORTEST = 4  # a shorter value stands in any text by chance
CERTAIN = 8  # a shorter one stands by chance in a picture's base64: only whole words count
WORD = rb"[a-z0-9+/]"


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Every spelling of every secret value that a pack names, by the secret's name."""

    spellings: dict[str, frozenset[bytes]]

    @classmethod
    def of_environment(cls, names: Iterable[str]) -> Secrets:
        """Look up the values of some secrets; one that is not set cannot leak."""
        values = {name: os.environ.get(name, "") for name in names}
        return cls({n: spellings(v) for n, v in values.items() if len(v) >= SHORTEST})

    def in_bytes(self, content: bytes) -> list[str]:
        """Return the names of the secrets whose value is in some bytes."""
        found = (
            content.lower()
        )  # %2F and %2f are the same, and a changed case gives as much away
        return [
            n for n, forms in self.spellings.items() if any(_stands(f, found) for f in forms)
        ]

    def in_text(self, text: str | None) -> list[str]:
        """Return the names of the secrets whose value is in a text."""
        return self.in_bytes((text or "").encode())

    def in_folder(self, folder: Path) -> list[str]:
        """Return the names of the secrets whose value is in a folder's files or their names."""
        names: set[str] = set()
        for path in folder.rglob("*"):
            names.update(self.in_text(path.name))
            if path.is_file():
                names.update(self.in_bytes(path.read_bytes()))
        return sorted(names)

    def withhold(self, text: str | None) -> str | None:
        """Return a message, or what replaces it where it holds a secret."""
        if names := self.in_text(text):
            return f"the message is withheld, for it holds the value of secret:{names[0]}"
        return text


def _stands(form: bytes, content: bytes) -> bool:
    if form not in content or len(form) >= CERTAIN:
        return form in content
    alone = rb"(?<!" + WORD + rb")" + re.escape(form) + rb"(?!" + WORD + rb")"
    return re.search(alone, content) is not None


def spellings(value: str) -> frozenset[bytes]:
    """Return the ways a value can stand in JSON, HTML, a URL or base64, in lower case."""
    markup = html.escape(value)
    plain = {
        value,
        repr(value)[1:-1],
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        markup,
        html.escape(value, quote=False),
        markup.replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    }
    for _ in range(2):  # a page's data or a notebook's output is JSON within JSON
        plain |= {json.dumps(form, ensure_ascii=False)[1:-1] for form in plain}
        plain |= {json.dumps(form)[1:-1] for form in plain}
    coded = {part for shift in range(3) for part in _base64(value.encode(), shift)}
    return frozenset(form.encode().lower() for form in plain | coded)


def _base64(value: bytes, shift: int) -> list[str]:
    """Return what stays of a value in base64 when ``shift`` bytes, mod 3, stand before it."""
    first = (0, 2, 3)[shift]  # characters that the bytes before have a part in
    last = (shift + len(value)) * 8 // 6
    if last - first < SHORTEST + 2:
        return []
    padded = b"\0" * shift + value
    return [
        encode(padded).decode()[first:last]
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
    ]
