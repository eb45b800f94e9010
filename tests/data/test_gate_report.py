"""`insights check PACK --data`: every gate's verdict, by table and metric; its exit code."""

from __future__ import annotations

import sys

import pytest

from insights import cli
from insights.data import quality

SHARE = {"kind": "ratio", "unit": "share", "denominator": "1"}


def planted(desk):
    """Two tables: in one a doubled key and codes, in the other text for numbers."""
    desk.table(
        content="id,day,score\n1,2025-03-01,5\n1,2025-03-02,99\n2,2025-03-03,4\n",
        key=["id"],
        valid={"score": [1, 5]},
    )
    desk.table("costs", 'day,cost\n2025-03-01,"1,000"\n2025-03-02,7\n', aggregated=True)
    desk.metric().metric("good", **SHARE, numerator="score >= 4")
    return desk.metric("cost", table="costs", numerator="cost")


def test_the_report_names_gates_metrics_rows_and_days(desk):
    found = quality.inspect(planted(desk).open())
    assert [(one.metric, one.refused) for one in found] == [
        ("tickets", False), ("good", False), ("cost", True)
    ]  # fmt: skip
    assert [line.replace("\xa0", " ") for line in quality.lines(found)] == [
        "tickets: 2 metrics",
        "  fail    duplicate keys (every metric): 1 key stands more than once (1 row too "
        "many), dated 1 March to 2 March 2025: such as '9'.",
        "  fail    codes among answers (good): 1 value of score is outside 1 to 5 (99), dated "
        "2 March 2025.",
        "  passed  unreadable dates, mixed number formats, exact duplicates, negative counts, "
        "personal data, missing days, nearly empty days, backfill, level days, "
        "numerator above denominator",
        "costs: 1 metric",
        "  refused mixed number formats (cost): Cost: 1 value such as '9,999' beside 1 bare "
        "figure, dated 1 March 2025. Say cast: {cost: number} in source.yaml.",
        "  passed  unreadable dates",
        "3 metrics: 0 passed every gate, 2 with something to mind, 1 refused (cost).",
    ]


@pytest.mark.parametrize(("refused", "code"), [(True, 1), (False, 0)])
def test_the_command_ends_with_one_where_a_metric_is_refused(
    desk, monkeypatch, capsys, refused, code
):
    planted(desk)
    if not refused:
        del desk.metrics["cost"]
    monkeypatch.setattr(sys, "argv", ["insights", "check", str(desk.write()), "--data"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert ended.value.code == code
    assert "fail    duplicate keys" in said.out and said.err == ""
    assert said.out.splitlines()[0].endswith(f"clean, {2 + refused} metrics, 0 readouts.")


def test_days_without_data_are_in_the_report(desk):
    days = [f"2025-{month:02}-{day:02}" for month in (1, 2, 3) for day in range(1, 29)]
    kept = [day for day in days if not "2025-02-10" <= day <= "2025-02-14"]
    rows = "".join(f"{day},{i}{n}\n" for n, day in enumerate(kept) for i in range(12))
    desk.table(content=f"day,id\n{rows}").metric()
    (one,) = quality.inspect(desk.open())
    missing = next(f for f in one.findings if f.gate == "missing days")
    assert {f"{day:%m-%d}" for day in missing.days} >= {f"02-{day}" for day in range(10, 15)}
    assert not one.refused
