"""What a page may do: show pictures that it holds, use its own style sheet, no more."""

from __future__ import annotations

import base64
import hashlib


def of(style: str) -> str:
    """Return the content security policy of a page whose one style sheet this is."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}';"
        " base-uri 'none'; form-action 'none'"
    )
