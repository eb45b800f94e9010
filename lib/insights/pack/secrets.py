"""How does a credential get in: a name in the pack, its value from the environment."""

from __future__ import annotations

import os
import re

from insights.errors import ParamError
from insights.pack.models import Pack

SECRET = re.compile(r"secret:([A-Za-z_][A-Za-z0-9_]*)")


def resolve_secrets(text: str) -> str:
    """Replace every ``secret:NAME`` by the environment's value for NAME.

    Raises
    ------
    ParamError
        NAME is not set. The message holds the name and never a value.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            raise ParamError(f"secret '{name}' is not set; put it in the environment as {name}")
        return os.environ[name]

    return SECRET.sub(value, text)


def secret_names(pack: Pack) -> list[str]:
    """Return the names of the secrets that a pack's connection and tables need, sorted."""
    texts = [pack.source.connection]
    for table in pack.source.tables.values():
        texts += [text for text in (table.path, table.sql) if text]
    return sorted({name for text in texts for name in SECRET.findall(text)})
