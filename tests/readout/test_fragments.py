"""Fragments: every text is escaped, every table can be read without seeing it."""

import base64
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from insights.errors import ContractError
from insights.readout import fragments, links

SCRIPT = "<script>alert(1)</script>"
BROKEN_OUT = '"><img src=x onerror=alert(1)>'
SVG = (
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 504 216"></svg>'
)
ALT = "A line that falls in the last week."


class Reader(HTMLParser):
    """Collects elements and text, as a browser would see them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(str(html))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def row(**fields):
    return {
        "title": "Filing delay",
        "value": "47.8 d",
        "signal": {"state": "watch", "text": "above usual"},
        **fields,
    }


def everything(text):
    """Every fragment, with the same text in every place that takes text."""
    frame = pd.DataFrame({text: [text], "b": [text]})
    signal = {"state": "usual", "text": text}
    link = {"href": "#a", "text": text}
    go = links.anchor(notebook=text, where={text: text}, metric=text, text=text, about=text)
    names = [name for name, kind in fragments.ROW.items() if kind in ("", ...)]
    return {
        "opening": fragments.opening(text, text, [text]),
        "headline": fragments.headline(
            text,
            [text],
            [{"value": text, "label": text, "detail": text, "hit": True}],
            [{"text": text, "owner": text, "by": text, "link": link}],
            [text],
            "signal",
            [go],
        ),
        "scorecard": fragments.scorecard(
            text, [dict.fromkeys(names, text) | {"signal": signal, "link": go}], text
        ),
        "spark": fragments.scorecard(text, [row(spark=text)]),
        "figure": fragments.figure(SVG, text, text, frame, text),
        "no_figure": fragments.no_figure(text),
        "prose": fragments.prose([text]),
        "table": fragments.table([text], [[text]], text, text, [True]),
        "actions": fragments.actions(
            [dict.fromkeys(("action", "owner", "by", "trigger", "size"), text)], text
        ),
        "definitions": fragments.definitions(
            [dict.fromkeys(fragments.DEFINITION, text) | {"breaks": [text]}],
            text,
        ),
        "checks": fragments.checks(
            [{"gate": text, "metric": text, "level": "fail", "message": text}]
        ),
        "footer": fragments.footer(text, [text]),
    }


@pytest.mark.parametrize("hostile", [SCRIPT, BROKEN_OUT])
@pytest.mark.parametrize("name", sorted(everything("plain")))
def test_hostile_text_shows_as_text(name, hostile):
    plain, read = Reader(everything("plain")[name]), Reader(everything(hostile)[name])
    assert [tag for tag, _ in read.tags] == [tag for tag, _ in plain.tags]
    assert [list(attrs) for _, attrs in read.tags] == [list(attrs) for _, attrs in plain.tags]
    assert hostile in read.text


def test_no_fragment_carries_a_style_attribute_or_a_handler():
    for html in everything("plain").values():
        assert not [
            a for _, attrs in Reader(html).tags for a in attrs if a.startswith(("on", "style"))
        ]


def test_the_first_screen_leaves_out_what_it_is_not_given():
    html = fragments.headline("Nothing moved.", [], [], [], [], "none")
    assert (
        re.sub(r"\s+", "", html)
        == '<divclass="insightstopis-none"><h1>Nothingmoved.</h1></div>'
    )


def test_a_step_says_who_and_by_when():
    html = fragments.headline(
        "H.", do=[{"text": "Open it.", "owner": "Policy", "by": "Friday"}]
    )
    assert "Open it. Policy, by Friday" in Reader(html).text


def test_the_scorecard_shows_goal_gap_owner_and_range_in_cells_that_name_themselves():
    html = fragments.scorecard(
        "Measures",
        [
            row(
                usual="9.9 d to 42.4 d",
                goal="3 d",
                gap="44.8 d over",
                owner="Policy",
                peers="0.9 d",
            )
        ],
    )
    read = Reader(html)
    for text in ("9.9 d to 42.4 d", "3 d", "44.8 d over", "Policy", "0.9 d", "above usual"):
        assert text in read.text
    labels = [cell["data-label"] for cell in read.all("td") if "data-label" in cell]
    assert labels == ["Usual range", "Goal", "Peers"]


def test_a_scorecard_keeps_its_table_roles_when_it_becomes_cards():
    read = Reader(fragments.scorecard("Measures", [row(usual="1 to 2"), row(hit=True)]))
    assert read.all("table") == [{"role": "table"}]
    assert {head["role"] for head in read.all("th")} == {"columnheader", "rowheader"}
    assert {head["scope"] for head in read.all("th")} == {"col", "row"}
    assert {cell["role"] for cell in read.all("td")} == {"cell"}
    assert read.all("tr")[2]["class"] == "hit"


def test_a_column_that_no_row_fills_is_left_out():
    assert len(Reader(fragments.scorecard("M", [row()])).all("th")) == 3 + 1
    mixed = Reader(fragments.scorecard("M", [row(), row(goal="3 d")]))
    assert "no goal" in mixed.text


def test_a_table_of_words_names_its_cells_and_a_table_of_numbers_does_not():
    words = Reader(fragments.table(["What", "Where"], [["Gap", "May"]], "Gaps"))
    assert words.all("td") == [{"role": "cell", "data-label": "Where"}]
    numbers = Reader(fragments.table(["What", "n"], [["Gap", "1"]], "Gaps", "", [False, True]))
    assert numbers.all("td") == [{"class": "num"}]


def test_a_sparkline_goes_in_as_a_picture():
    spark = fragments.sparkline(
        [1, 2], 0, 3, usable=[True] * 2, hollow=[False] * 2, hit=False, label="two weeks"
    )
    assert len(Reader(fragments.scorecard("M", [row(spark=spark)])).all("svg")) == 1


def test_a_figure_keeps_its_room_and_holds_its_picture():
    read = Reader(
        fragments.figure(SVG, ALT, "It fell.", pd.DataFrame({"Week": ["1"], "Share": ["2"]}))
    )
    (img,) = read.all("img")
    assert (img["alt"], img["width"], img["height"]) == (ALT, "504", "216")
    kind, data = img["src"].split(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode().startswith("<svg ")
    assert [cell.get("class") for cell in read.all("td")] == ["num"]


def test_a_drawing_that_knows_the_dark_is_left_as_it_is():
    own = SVG.replace("></svg>", "><style>@media(prefers-color-scheme:dark){}</style></svg>")
    classes = [
        Reader(fragments.figure(s, ALT, "F.")).all("img")[0]["class"] for s in (own, SVG)
    ]
    assert classes == ["drawn", "drawn plain"]


def test_a_figure_without_a_table_has_no_fold():
    assert Reader(fragments.figure(SVG, ALT, "It fell.", None)).all("details") == []


def test_nothing_to_say_is_an_empty_fragment():
    assert [fragments.prose([]), fragments.actions([]), fragments.definitions([])] == [
        "",
        "",
        "",
    ]


def test_no_findings_say_that_every_check_passed():
    assert Reader(fragments.checks([])).text.strip() == "Every check of the data passed."


def test_the_notebook_style_stays_below_its_class_and_loads_nothing():
    css = fragments.css()
    assert not re.search(r"url\(|@import|</", css)
    flat = re.sub(r"@(?:media|container)[^{]*\{", "", css)
    selectors = [s for s in re.findall(r"(?:^|\})\s*([^{}@]+)\{", flat)]
    assert len(selectors) > 60
    assert [s for s in selectors if ".insights" not in s] == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fragments.scorecard("M", [row(signal={"state": "wach", "text": "x"})]),
            "scorecard row 'Filing delay': unknown signal state 'wach'; did you mean 'watch'?"
            " Use one of headline, immature, missing, refused, short, unusable, usual, watch.",
        ),
        (
            lambda: fragments.scorecard("M", [row(gaol="3 d")]),
            "scorecard row: unknown field 'gaol'; did you mean 'goal'? Use title, value,"
            " signal, detail, change, usual, goal, gap, peers, peers_note, owner, note, spark,"
            " hit, anchor, link.",
        ),
        (
            lambda: fragments.headline("H.", facts=[{"value": "1"}]),
            "fact: lacks 'label'. Give it.",
        ),
        (
            lambda: fragments.headline(
                "H.", do=[{"text": "Go.", "link": {"href": "javascript:alert(1)", "text": "x"}}]
            ),
            "step: 'javascript:alert(1)' is no link for a page. Use a relative or https one.",
        ),
        (
            lambda: fragments.table(["a", "b"], [["1"]], "Two"),
            "table 'Two': 2 columns but a row of 1. Give every column one cell and one flag.",
        ),
        (
            lambda: fragments.figure("<svg></svg>", ALT, "It fell."),
            "figure 'It fell.': the picture is no SVG with a viewBox. Give one.",
        ),
    ],
)
def test_what_a_fragment_cannot_show_is_refused(call, message):
    with pytest.raises(ContractError) as error:
        call()
    assert str(error.value) == message
