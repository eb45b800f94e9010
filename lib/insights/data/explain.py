"""What a metric means, and the SQL that each engine would run for it."""

from __future__ import annotations

import ibis

from insights import wording
from insights.data import series
from insights.data.sources import opened
from insights.pack import Metric, Pack

ENGINES = {"duckdb": "DuckDB", "postgres": "Postgres"}


def text(pack: Pack, metric: str) -> str:
    """Return a metric's definition in words and its weekly query in every engine's SQL.

    Raises
    ------
    ParamError
        The pack has no such metric.
    """
    chosen = series.require_metric(pack, metric)
    parts = [
        f"{chosen.title} ({metric})",
        wording.sentence(chosen.definition),
        "",
        *_words(chosen),
        "",
    ]
    with opened(pack) as source:
        query = series.query(source, chosen, grain="week")
        for dialect, name in ENGINES.items():
            sql = str(ibis.to_sql(query, dialect=dialect))
            parts += [f"-- {name}", sql.replace('"memory"."main".', ""), ""]
    return "\n".join(parts).rstrip() + "\n"


def _words(metric: Metric) -> list[str]:
    """Return the definition, a line a part."""
    lines = [f"kind        {metric.kind}, in {metric.unit}; {metric.better} is better"]
    if metric.kind == "duration":
        lines.append(f"measured    from {metric.start} to {metric.end}, open items as censored")
        lines.append(f"target      {metric.target:g} h")
        if metric.hours == "business":
            lines.append("hours       while a desk is open, by the schedules of pack.yaml")
    else:
        lines.append(f"numerator   {metric.numerator or '1 a row'}")
        if metric.denominator:
            lines.append(f"denominator {metric.denominator}")
    is_filed = metric.clock_is == "filed"
    lines.append(
        f"clock       {metric.clock}, the date {'it was filed' if is_filed else 'of the event'}"
    )
    lines.append(f"final       {wording.count(metric.mature_after, 'day')} after a period ends")
    lines.append(f"owner       {metric.owner}")
    lines.append(f"dimensions  {', '.join(metric.dimensions) or 'none'}")
    lines.append(f"guards      {', '.join(metric.guards) or 'none'}")
    lines.append(f"comparable  {metric.comparable}")
    lines += [f"break       {wording.day(b.date)}: {b.why}" for b in metric.breaks]
    return lines
