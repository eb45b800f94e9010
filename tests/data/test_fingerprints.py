"""SQL over the pack's own tables is known by its text and by what they hold."""

from __future__ import annotations

import pytest

from insights.data import sources


def fingerprint(desk, table: str) -> str:
    source = desk.open()
    (found,) = sources.fingerprints(source, [table])
    source.backend.disconnect()
    return found["fingerprint"]


def test_sql_over_the_pack_s_files_is_known_by_its_text_and_every_byte_of_theirs(desk):
    """The middle score changes: count, least and largest of the table do not."""
    desk.table("low", content="day,score\n2025-03-01,1\n2025-03-01,2\n2025-03-01,5\n")
    desk.table("days", content="day\n2025-03-01\n")
    desk.table("mean", sql="select l.* from LOW l join days using (day) where l.score > 0")
    desk.table("more", sql="with m as (select * from mean) select count(*) as n from m")
    desk.table("rest", sql="select * from days")
    desk.metric(table="mean")
    before = {name: fingerprint(desk, name) for name in desk.tables}
    assert before == {name: fingerprint(desk, name) for name in desk.tables}
    assert len(set(before.values())) == 5
    path = desk.folder / "low.csv"
    path.write_text(path.read_text().replace(",2", ",3"))
    after = {name: fingerprint(desk, name) for name in desk.tables}
    assert [name for name in after if after[name] != before[name]] == ["low", "mean", "more"]


@pytest.mark.parametrize(
    "sql",
    [
        "select n + (random() > 2)::int as n from days",
        "select n, age(timestamp '2025-03-01') as old from days",
        "select n from days, read_text('{note}')",
        "select n from days, information_schema.schemata limit 1",
        "select * from (values (1)) as v(n)",
    ],
)
def test_sql_that_reads_anything_else_is_known_by_what_it_gives(desk, sql, monkeypatch):
    note = desk.file("note.txt", "hello")
    desk.table("days", content="n\n1\n").table("other", sql=sql.format(note=note))
    desk.metric(table="other", clock="n")
    asked = []
    summary = sources._summary
    monkeypatch.setattr(sources, "_summary", lambda rows: asked.append(1) or summary(rows))
    fingerprint(desk, "other")
    assert asked == [1]
