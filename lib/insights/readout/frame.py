"""What every page shares: its head, its policy, its style sheet and its landmarks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from insights.readout import fragments, policy

NOTHING = Markup("")


def document(
    *,
    title: str,
    kick: str,
    body: Markup,
    freshness: str = "",
    due: Markup = NOTHING,
    notices: Sequence[str] = (),
    folds: Sequence[Mapping[str, Any]] = (),
    foot: str = "",
    script: str = "",
    run: str = "",
) -> str:
    """Return a whole page: its head, its policy and its landmarks around a body.

    Only the list of pages has a ``script``; the policy lets that one run and no other. A
    readout's page says of which ``run`` it is.
    """
    palette = fragments.colours(
        ":root .insights", "@media screen and (prefers-color-scheme:dark)"
    )
    style = palette + fragments.style("fragments") + fragments.style("page")
    whole = fragments.render(
        "page",
        policy=Markup(policy.of(style, script)),
        style=Markup(style),
        script=Markup(script),
        run=run,
        title=title,
        kick=kick,
        freshness=freshness,
        due=due,
        notices=notices,
        body=body,
        folds=folds,
        foot=foot,
    )
    return _distinct_regions(str(whole)) + "\n"


def _distinct_regions(page: str) -> str:
    """Add a number to regions that share a name, so that each can be told from the rest."""
    seen: dict[str, int] = {}

    def name(found: re.Match[str]) -> str:
        seen[found[2]] = seen.get(found[2], 0) + 1
        again = f", {seen[found[2]]}" if seen[found[2]] > 1 else ""
        return f'{found[1]}{found[2]}{again}"'

    return re.sub(r'(role="region" tabindex="0" aria-label=")([^"]*)"', name, page)
