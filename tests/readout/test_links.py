"""Links between readouts: what asks, what answers, and what stands on each copy of a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import operation
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.readout import blocks, cells, fragments, links, page, putting

HOSTILE = '"><script>alert(1)</script>'
ASKED = "2_what_changed/csat/week/queue=Chat"
HOME = "shop/scorecard"


def link(text: str = "What changed", **changed: Any) -> str:
    wanted: dict[str, Any] = {"notebook": "2_what_changed", "metric": "csat", "grain": "week"}
    return str(links.anchor(text=text, **{**wanted, "where": {"queue": "Chat"}, **changed}))


def run(readout: str = "changes", **changed: Any) -> dict[str, Any]:
    return {
        "pack": "shop",
        "readout": readout,
        "notebook": "notebooks/2_what_changed.ipynb",
        "where": {"queue": "Chat"},
        "grain": "week",
        "metrics": ["csat"],
        **changed,
    }


class Anchors(HTMLParser):
    """Collects the attributes of links, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.others: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs))
        else:
            self.others.append(tag)


def test_a_link_is_hidden_and_leads_nowhere_until_its_page_is_there():
    assert link(about="Satisfied") == (
        f'<a class="go" data-go="{ASKED}" hidden>'
        'What changed<span class="vh">: Satisfied</span></a>'
    )
    assert link("Scorecard", notebook="1_scorecard", metric=None, where={}, grain="") == (
        '<a class="go" data-go="1_scorecard//" hidden>Scorecard</a>'
    )


def test_each_copy_of_a_page_gets_an_address_of_its_own():
    there = links.targets([run()])
    assert links.resolve(link(), HOME, there) == (
        f'<a class="go" data-go="{ASKED}" href="../changes/index.html">What changed</a>'
    )
    kept = links.resolve(link(), f"{HOME}/runs/20260101T000000Z-abc", there)
    assert 'href="../../../changes/index.html">' in kept


def test_resolving_again_follows_what_is_there_and_changes_nothing_else():
    body = f'<p>Ask: data-go="{ASKED}" hidden</p>{link()}<a href="#x">x</a><p hidden>y</p>'
    there = links.targets([run()])
    shown = links.resolve(body, HOME, there)
    assert shown != body
    assert links.resolve(shown, HOME, there) == shown
    assert links.resolve(shown, HOME, {}) == body
    moved = links.resolve(shown, HOME, links.targets([run("why")]))
    assert moved == shown.replace("../changes/", "../why/")


@pytest.mark.parametrize(
    "other",
    [
        {"where": {"queue": "Mail"}},
        {"where": {"queue": "Chat", "market": "DE"}},
        {"where": {}},
        {"where": None},
        {"grain": "month"},
        {"metrics": ["aht"]},
        {"metrics": ["csat", "aht"]},
        {"metrics": []},
        {"notebook": "notebooks/3_what_drives.ipynb"},
    ],
)
def test_only_a_page_of_the_same_notebook_metric_rows_and_grain_answers(other: dict[str, Any]):
    there = links.targets([run(**other)])
    assert links.resolve(link(), HOME, there) == link()


def test_a_request_may_leave_metric_and_grain_open():
    scorecards = [
        run("one", notebook="notebooks/1_scorecard.ipynb"),
        run("all", notebook="notebooks/1_scorecard.ipynb", metrics=["csat", "aht"]),
    ]
    back = link("Scorecard", notebook="1_scorecard", metric=None, grain="")
    there = links.targets(scorecards)
    assert 'href="../all/index.html"' in links.resolve(back, "shop/changes", there)
    drivers = links.targets([run("drivers", notebook="notebooks/3_what_drives.ipynb")])
    asked = link("What drives it", notebook="3_what_drives", grain="")
    assert 'href="../drivers/index.html"' in links.resolve(asked, HOME, drivers)


def test_of_two_pages_that_answer_the_first_by_name_does_in_any_order():
    runs = [run("changes-year"), run("changes")]
    assert links.targets(runs) == links.targets(runs[::-1])
    assert links.targets(runs)[ASKED] == "shop/changes/index.html"


def test_hostile_text_is_text_and_the_order_of_dimensions_does_not_matter():
    where = {HOSTILE: HOSTILE, "a": "url(x)"}
    made = link(HOSTILE, where=where, metric=HOSTILE, about=HOSTILE)
    there = links.targets([run(where=dict([*where.items()][::-1]), metrics=[HOSTILE])])
    shown = Anchors(links.resolve(made, HOME, there))
    assert [anchor["href"] for anchor in shown.found] == ["../changes/index.html"]
    assert shown.others == ["span"]
    assert "url(" not in made


def test_a_folder_name_is_quoted():
    there = links.targets([run('a"b c')])
    assert 'href="../a%22b%20c/index.html"' in links.resolve(link(), HOME, there)


words = st.text('a/=%&"<é', max_size=3)
parts = st.tuples(words, words, words, st.dictionaries(words, words, max_size=2))


@given(parts, parts)
@settings(max_examples=50, deadline=None)
def test_two_requests_are_one_only_if_they_ask_for_the_same(one: Any, other: Any):
    keys = [links.key(n, metric=m, grain=g, where=w) for n, m, g, w in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)
    assert re.fullmatch(r"[\w.~%/=-]*", keys[0], re.ASCII)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every block that a scorecard's cells display, by kind."""
    bundles: dict[str, Any] = {}

    def display(bundle: dict[str, Any], **_: object) -> None:
        bundles[bundle[blocks.MIME]["block"]] = bundle

    pack = operation.make(tmp_path_factory.mktemp("ops"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(putting, "display", display)
        card = cells.scorecard(cells.opening(str(pack), where={"queue": "Billing"}))
        cells.headline(card)
        cells.show(card)
    return bundles


def test_a_scorecard_asks_for_the_change_of_every_row_and_of_its_headline(
    shown: dict[str, Any],
):
    def asked(kind: str) -> list[tuple[str | None, bool]]:
        found = Anchors(shown[kind]["text/html"]).found
        return [(anchor["data-go"], "hidden" in anchor) for anchor in found]

    wanted = [
        (f"2_what_changed/{name}/week/queue=Billing", True)
        for name in ("contacts", "solved_share", "reopened_share")
    ]
    assert sorted(asked("table")) == sorted(wanted)
    assert asked("headline") == wanted[:1]
    assert 'What changed<span class="vh">: Reopened</span>' in shown["table"]["text/html"]
    assert "Why: what changed in “Contacts”</a>" in shown["headline"]["text/html"]


def test_an_opening_tells_what_its_page_answers_to(shown: dict[str, Any]):
    told = shown["opening"][blocks.MIME]
    assert told["where"] == {"queue": "Billing"}
    assert told["grain"] == "week"
    assert told["metrics"] == ["contacts", "solved_share", "reopened_share"]


def test_a_resolved_page_has_no_faults_and_a_hidden_link_takes_no_room(shown: dict[str, Any]):
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    outputs = [
        new_output("display_data", data=shown[kind])
        for kind in ("style", "opening", "headline", "table")
    ]
    notebook = new_notebook(cells=[new_code_cell("show()", outputs=outputs)])
    html = page.render(notebook, {"title": "Scorecard", "gates": []})
    there = links.targets([run(where={"queue": "Billing"}, metrics=["contacts"])])
    resolved = links.resolve(html, HOME, there)
    assert page.faults(html, notebook) == page.faults(resolved, notebook) == []
    leading = [anchor for anchor in Anchors(resolved).found if "href" in anchor]
    assert [anchor["href"] for anchor in leading] == ["../changes/index.html"] * 2
    css = fragments.css()
    assert css.index(".go{display:block") < css.index(".go[hidden]{display:none}")
