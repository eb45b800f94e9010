"""What a page may do: show pictures that it holds, use its own style sheet, no more.

The list of pages may also run one script that it holds.
"""

from __future__ import annotations

import base64
import hashlib


def of(style: str, script: str = "") -> str:
    """Return the content security policy of a page with this style sheet and this script."""
    runs = f" script-src {_digest(script)};" if script else ""
    return (
        f"default-src 'none'; img-src data:; style-src {_digest(style)};{runs}"
        " base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
