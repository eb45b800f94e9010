"""What is known to move numbers, day by day: the pack's events, and public holidays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import pandas as pd

from insights.pack import Pack

COLUMNS = ("unique_id", "ds", "name", "kind")


def events(
    pack: Pack, segments: Mapping[str, Mapping[str, str]], first: date, last: date
) -> pd.DataFrame:
    """Return the events of a calendar as ``forecasts.forecast`` takes them.

    Parameters
    ----------
    pack
        Its ``events.yaml``, and in ``pack.yaml`` whose public holidays count.
    segments
        By unique_id, the dimensions that a segment fixes: ``{"market=TR": {"market": "TR"}}``.
    first, last
        Days, both included; what lies outside is left out.

    Returns
    -------
    DataFrame
        ``unique_id`` (None: every segment), ``ds`` a day, ``name``, ``kind``. An event that
        is kept to a dimension's value stands in the segments within that value.
    """
    rows: list[tuple[str | None, date, str, str]] = []
    for event in pack.events.values():
        days = pd.date_range(event.start, event.end or event.start)
        whose: Iterable[str | None] = (
            [name for name, fixed in segments.items() if event.where.items() <= fixed.items()]
            if event.where
            else [None]
        )
        rows += [(name, day, event.title, event.kind) for name in whose for day in days]
    if pack.info.holidays:
        rows += _public(pack, segments, first, last)
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    found = found.assign(ds=pd.to_datetime(found["ds"]))
    return found[found["ds"].between(pd.Timestamp(first), pd.Timestamp(last))].reset_index(
        drop=True
    )


def _public(
    pack: Pack, segments: Mapping[str, Mapping[str, str]], first: date, last: date
) -> list[tuple[str | None, date, str, str]]:
    """Return public holidays of the segments that lie within one country."""
    from holidays import country_holidays, list_supported_countries

    said = pack.info.holidays
    assert said is not None
    known = list_supported_countries()
    years = range(first.year, last.year + 1)
    found: dict[str, list[tuple[date, str]]] = {}
    rows: list[tuple[str | None, date, str, str]] = []
    for name, fixed in segments.items():
        value = fixed.get(said.dimension)
        code = said.countries.get(value, value) if value is not None else None
        if code not in known:
            continue
        if code not in found:
            found[code] = sorted(country_holidays(code, years=years).items())
        rows += [(name, day, title, "holiday") for day, title in found[code]]
    return rows
