"""Pages: what is printed where, what is left out, what makes a page unfit to publish."""

import re
from html.parser import HTMLParser

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from insights.errors import ContractError
from insights.readout import blocks, fragments, page

SCRIPT = "<script>alert(1)</script>"
BROKEN_OUT = '"><img src=x onerror=alert(1)>'
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 504 216"></svg>'
ALT = "A line that falls in the last week."
HEADLINE = "81.4 % were decided automatically."
PNG = (  # 2 by 3 pixels
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAC56t6BAAAADElEQVR4nGNgoBEAAABIAAFlHtV1AAAAAElFTk"
    "SuQmCC"
)


class Reader(HTMLParser):
    """Collects elements and text, as a browser would see them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.skip = [], "", False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.skip = tag in ("style", "title")

    def handle_endtag(self, tag):
        self.skip = False

    def handle_data(self, data):
        self.text += "" if self.skip else data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def block(kind, html, **data):
    return new_output("display_data", data=blocks.bundle(kind, str(html), "in words", data))


def code(*outputs, source="show()", tags=()):
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def printed(text):
    return new_output("stream", name="stdout", text=text)


def opening(text="Scorecard · TikTok"):
    return code(
        printed("A line for the notebook alone\n"),
        block("style", f"<style>{fragments.css()}</style>"),
        block("opening", fragments.opening(text), kick=text, attribution="© Somebody"),
    )


def first_screen(headline=HEADLINE):
    return code(block("headline", fragments.headline(headline, ["Why."]), headline=headline))


def drawing(alt=ALT, caption="It fell."):
    return block("figure", fragments.figure(SVG, alt, caption), alt=alt)


def notebook(*cells, about="# How did we do?\n\nFor the head of Policy."):
    return new_notebook(cells=[new_markdown_cell(about), opening(), first_screen(), *cells])


def manifest(**fields):
    return {
        "run_id": "20261122T181530Z-1a2b3c",
        "pack": "eu_dsa",
        "readout": "scorecard-tiktok",
        "title": "Scorecard: TikTok",
        "notebook": "1_scorecard",
        "parameters": {"pack": "eu_dsa"},
        "status": "published",
        "headline": HEADLINE,
        "as_of": "2025-12-29",
        "data_through": "2026-01-10",
        "state": "signal",
        "all_refused": False,
        "gates": [],
        "care": [],
        "inputs": [
            {
                "table": "statements",
                "rows": 1234567,
                "through": "2026-01-10",
                "fingerprint": "9f3a",
                "origin": "sample:eu_dsa/daily.parquet",
            }
        ],
        "commit": {"sha": "1a2b3c4", "dirty": True},
        "versions": {"python": "3.11.9"},
        "started_at": "2026-11-22T18:15:30Z",
        "seconds": {"execute": 3.2},
        "figures": 1,
        "error": None,
        "advanced": True,
        "page": "index.html",
        **fields,
    }


def rendered(*cells, **fields):
    return page.render(notebook(*cells), manifest(**fields))


def main_of(html):
    return html[html.index("<main>") : html.index('<div class="folds">')]


def test_the_headline_is_the_only_h1_and_the_title():
    html = rendered(new_markdown_cell("# Another\n\n## Second"))
    assert re.findall(r"<h1>(.*?)</h1>", html) == [HEADLINE]
    assert f"<title>{HEADLINE}</title>" in html


def test_the_kick_and_the_notices_come_first():
    html = page.render(notebook(), manifest(), ["The data have not advanced."])
    header = Reader(html[html.index("<header>") : html.index("</header>")]).text.split("\n")
    assert [line for line in header if line] == [
        "Scorecard · TikTok",
        "The data have not advanced.",
    ]


def test_blocks_and_prose_stand_in_the_order_of_the_notebook():
    html = rendered(
        new_markdown_cell("## First\n\nWhy we look."),
        code(block("prose", fragments.prose(["One."]))),
        new_markdown_cell("## Second"),
        code(block("prose", fragments.prose(["Two."]))),
    )
    words = "Why. First Why we look. One. Second Two."
    assert " ".join(Reader(main_of(html)).text.split()) == f"{HEADLINE} {words}"


def test_the_question_is_told_at_the_end_and_not_at_the_top():
    html = rendered()
    assert "How did we do?" not in main_of(html)
    assert "How did we do?" in html[html.index("About this page") :]


def test_a_section_that_was_told_to_show_nothing_is_dropped():
    html = rendered(
        new_markdown_cell("## Events\n\nWhat was known."),
        code(block("prose", "")),
        new_markdown_cell("## Kept"),
        code(block("prose", ""), block("prose", fragments.prose(["Something."]))),
        new_markdown_cell("## Words alone\n\nA limit in words."),
    )
    assert re.findall(r"<h2>(.*?)</h2>", main_of(html)) == ["Kept", "Words alone"]


def test_what_a_cell_prints_beside_a_block_is_for_the_notebook_alone():
    html = rendered(code(printed("twice\n"), block("prose", fragments.prose(["Once."]))))
    assert "twice" not in main_of(html)
    assert "A line for the notebook alone" not in html


def test_what_a_cell_prints_by_itself_is_shown_as_text():
    html = rendered(code(printed(f"\x1b[31m{SCRIPT}\x1b[0m\n")))
    assert "<pre>&lt;script&gt;alert(1)&lt;/script&gt;</pre>" in main_of(html)


def test_what_a_library_warns_of_is_left_out():
    assert "Future" not in rendered(
        code(new_output("stream", name="stderr", text="FutureWarning"))
    )


def test_a_foreign_table_is_sanitised_named_and_scrolls():
    html = (
        '<style>td{color:red}</style><table style="x" class="dataframe"><thead><tr><th></th>'
        '<th onclick="a()">a</th></tr></thead><tbody><tr><th>0</th><td><img src="https://a.eu/x.png">'
        "<script>alert(1)</script>one</td></tr></tbody></table>"
    )
    output = new_output("execute_result", data={"text/html": html, "text/plain": "in words"})
    shown = main_of(rendered(code(output)))
    assert (
        '<div class="wrap" role="region" tabindex="0" aria-label="Table"><table>'
        '<thead><tr><td></td><th scope="col">a</th></tr></thead>'
        '<tbody><tr><th scope="row">0</th><td>one</td></tr></tbody></table></div>'
    ) in shown
    assert "color:red" not in shown


def test_regions_of_one_name_are_told_apart():
    html = rendered(code(*[block("table", fragments.table(["a"], [["1"]], "Same"))] * 2))
    labels = [a["aria-label"] for _, a in Reader(html).tags if a.get("role") == "region"]
    assert labels[:2] == ["Same", "Same, 2"]
    assert len(labels) == len(set(labels))


def test_a_picture_takes_its_alt_text_from_the_metadata_and_keeps_its_room():
    output = new_output("display_data", data={"image/png": PNG}, metadata={"alt": ALT})
    (img,) = Reader(rendered(code(output))).all("img")
    assert (img["alt"], img["width"], img["height"]) == (ALT, "2", "3")


def test_prose_cannot_run_load_or_lead_astray():
    html = main_of(
        rendered(
            new_markdown_cell(
                "Text <b onclick=x>raw</b> ![words](https://a.eu/x.png)"
                " [bad](javascript:alert(1)) [good](https://a.eu) [plain](http://a.eu)"
                "\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n"
            )
        )
    )
    read = Reader(html)
    assert read.all("a") == [{"href": "https://a.eu"}]
    assert read.all("img") + read.all("b") == []
    assert "<b onclick=x>raw</b>" in read.text
    assert "style=" not in html


def test_the_run_is_on_the_page():
    text = Reader(rendered()).text
    for said in (
        "20261122T181530Z-1a2b3c",
        "22\u00a0November 2026, 18:15 UTC",
        'pack = "eu_dsa"',
        "1,234,567",
        "9f3a",
        "1a2b3c4, with changes",
        "python 3.11.9",
        "execute 3.2\u00a0s",
        "Every check of the data passed.",
        "© Somebody",
    ):
        assert said in text


def test_the_code_is_on_the_page_as_text():
    html = rendered(code(source='readout.show("<b>")'))
    assert "<pre>readout.show(&#34;&lt;b&gt;&#34;)</pre>" in html


def test_the_footer_block_closes_the_page():
    html = rendered(code(block("footer", fragments.footer("© Them", ["Run 1"]))))
    assert "Run 1" in html[html.index("<footer>") :]
    assert "Run 1" not in main_of(html)


def test_a_notebook_without_blocks_still_makes_a_page():
    plain = new_notebook(cells=[new_markdown_cell("# Q"), code(printed("42\n"))])
    html = page.render(plain, manifest(headline=None))
    assert "<h1>Scorecard: TikTok</h1>" in html
    assert page.faults(html, plain) == []


def test_the_page_is_small_beside_its_pictures():
    assert len(rendered().encode()) < 16_000


def test_a_banner_is_set_replaced_and_taken_away():
    html = rendered()
    once = page.with_banner(html, "Old <b>")
    assert "Old &lt;b&gt;" in once
    again = page.with_banner(once, r"The run of today failed \1.")
    assert "Old" not in again
    assert r"The run of today failed \1." in again
    assert page.with_banner(again, "") == html
    assert page.faults(again, notebook()) == []


def test_a_page_without_a_place_for_a_banner_is_refused():
    with pytest.raises(ContractError) as error:
        page.with_banner("<html></html>", "Old")
    assert str(error.value) == (
        "with_banner: the page has no place for a banner. Publish it again."
    )


def everywhere(text):
    """A page with the same text in every place that takes text."""
    cells = [
        new_markdown_cell(f"## {text}\n\n{text}"),
        code(drawing(text, text), source=text),
        code(
            new_output("display_data", data={"image/png": PNG}, metadata={"alt": text}),
            new_output("display_data", data={"text/plain": text}),
            new_output("display_data", data={"text/markdown": text}),
            printed(text),
        ),
    ]
    book = new_notebook(
        cells=[new_markdown_cell(f"# {text}"), opening(text), first_screen(text), *cells]
    )
    gate = {"gate": text, "metric": text, "level": "warn", "message": text}
    table = {"table": text, "rows": 1, "through": None, "fingerprint": text, "origin": text}
    names = ("run_id", "pack", "readout", "title", "notebook", "headline", "error")
    whole = manifest(
        **dict.fromkeys(names, text),
        parameters={text: text},
        gates=[gate],
        inputs=[table],
        commit={"sha": text},
        versions={text: text},
    )
    return book, page.with_banner(page.render(book, whole, [text]), text)


@pytest.mark.parametrize("hostile", [SCRIPT, BROKEN_OUT])
def test_hostile_text_shows_as_text_everywhere_on_a_page(hostile):
    _, plain = everywhere("a plain long text")
    book, html = everywhere(hostile)
    assert [tag for tag, _ in Reader(html).tags] == [tag for tag, _ in Reader(plain).tags]
    assert Reader(html).text.count("alert(1)") >= 20
    assert page.faults(html, book) == []


@pytest.mark.parametrize("hostile", [SCRIPT, BROKEN_OUT])
@pytest.mark.parametrize("status", ["published", "failed"])
def test_hostile_text_shows_as_text_everywhere_in_the_index(hostile, status):
    def listed(text):
        names = ("run_id", "pack", "readout", "title", "headline", "error", "page")
        runs = [manifest(**dict.fromkeys(names, text), status=status)] * 2
        return Reader(page.index(runs))

    assert [tag for tag, _ in listed(hostile).tags] == [tag for tag, _ in listed("plain").tags]
    assert "alert(1)" in listed(hostile).text


def test_a_good_page_has_no_faults():
    cells = [code(drawing(), tags=["figure"]), code(tags=[])]
    cells.append(
        code(block("no_figure", fragments.no_figure("Too few."), why="x"), tags=["figure"])
    )
    assert page.faults(rendered(*cells), notebook(*cells)) == []


def broken(find, put):
    return lambda html: html.replace(find, put, 1)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (broken("</main>", "<script>1</script></main>"), "The page holds a script."),
        (
            broken("</main>", "<h1>Two</h1></main>"),
            "The page has 2 first headings (h1); it must have one.",
        ),
        (
            broken("</main>", f'<img src="https://a.eu/x" alt="{ALT}"></main>'),
            "A <img> loads 'https://a.eu/x' from outside the page.",
        ),
        (
            broken("</main>", '<svg><use href="https://a.eu/x.svg#a"/></svg></main>'),
            "A <use> loads 'https://a.eu/x.svg#a' from outside the page.",
        ),
        (
            broken("</main>", '<p style="color:red">x</p></main>'),
            "A <p> carries a style attribute, which the page's policy blocks.",
        ),
        (
            broken("</main>", '<p onclick="a()">x</p></main>'),
            "A <p> carries the handler onclick.",
        ),
        (
            broken("</main>", '<a href="javascript:a()">x</a></main>'),
            "A link leads to 'javascript:a()'; use a relative, https or mailto one.",
        ),
        (broken("</head>", '<link href="data:,"></head>'), "The page holds a <link> element."),
        (
            broken(f'alt="{ALT}"', 'alt="chart"'),
            "Picture 1 has no description: its alt text is 'chart'.",
        ),
        (
            broken("</main>", "<pre>Traceback (most recent call last):</pre></main>"),
            "The page shows a traceback.",
        ),
        (
            lambda html: re.sub(r"<figure.*?</figure>", "", html, flags=re.DOTALL),
            "The notebook drew 1 picture and the page shows 0 of them.",
        ),
        (
            lambda html: re.sub(r"<meta http-equiv[^>]*>", "", html),
            "The page has no content security policy.",
        ),
        (
            broken("default-src 'none'", "default-src *"),
            "The page's content security policy is not the one for its style sheet.",
        ),
    ],
)
def test_a_fault_is_named(spoil, fault):
    book = notebook(code(drawing(), tags=["figure"]))
    spoilt = spoil(page.render(book, manifest()))
    assert page.faults(spoilt, book) == [fault]


@pytest.mark.parametrize(
    ("css", "fault"),
    [
        ("a{background:url('//a.eu/x')}", "A style loads '//a.eu/x' from outside the page."),
        ("@import 'x.css';", "A style imports another style sheet."),
    ],
)
def test_a_style_sheet_that_loads_is_named(css, fault):
    html = rendered().replace("</style>", f"{css}</style>")
    changed = "The page's content security policy is not the one for its style sheet."
    assert page.faults(html, notebook()) == [fault, changed]


def test_a_failed_cell_and_a_figure_that_was_not_drawn_are_named():
    error = new_output(
        "error", ename="MethodError", evalue="5 weeks but 8 are needed.", traceback=[]
    )
    book = notebook(code(error), code(tags=["figure"]))
    assert page.faults(page.render(book, manifest()), book) == [
        "Cell 4 failed: MethodError: 5 weeks but 8 are needed.",
        "Cell 5 is tagged 'figure' and drew none, nor said why.",
    ]


def test_a_picture_without_a_description_is_named():
    book = notebook(code(new_output("display_data", data={"image/png": PNG}), tags=["figure"]))
    assert page.faults(page.render(book, manifest()), book) == [
        "Picture 1 has no description: its alt text is ''."
    ]


def run(readout, minute, status="published", **fields):
    return manifest(
        readout=readout,
        title=readout.title(),
        run_id=f"r{minute}",
        status=status,
        started_at=f"2026-11-22T18:{minute:02}:00Z",
        headline=f"{readout} at {minute}",
        **fields,
    )


def test_the_index_has_older_runs_in_a_fold():
    read = Reader(page.index([run("a", 1), run("b", 2), run("a", 3)]))
    assert [link["href"] for link in read.all("a")] == [
        "eu_dsa/a/index.html",
        "eu_dsa/a/runs/r1/index.html",
        "eu_dsa/b/index.html",
    ]
    assert "1 earlier run" in read.text
    assert "2 readouts, newest day first; by their last run 2 published." in read.text


def test_the_index_has_the_newest_day_first_and_a_day_s_pages_by_notebook_and_title():
    """Readouts of one command end in any order; on the list like stands beside like."""
    other = run("z", 1) | {"started_at": "2026-11-21T23:59:00Z"}
    whole, us = run("card", 5), run("card-us", 2, notebook="1_scorecard.ipynb")
    made = [other, us, run("next", 1, notebook="4_what_next.ipynb"), whole]
    for one in (whole, us):
        one |= {"notebook": "1_scorecard.ipynb", "title": "Card" + ": US" * (one is us)}
    read = Reader(page.index(made))
    assert [link["href"].split("/")[1] for link in read.all("a")] == [
        "card", "card-us", "next", "z",
    ]  # fmt: skip


def test_a_failed_run_shows_its_error_and_the_last_good_page():
    read = Reader(
        page.index([run("a", 1), run("a", 2, "failed", error="No table.", page=None)])
    )
    assert "Last good page: a at 1" in read.text
    assert "No table." in read.text
    assert read.all("a")[0] == {"href": "eu_dsa/a/index.html"}


def test_a_failed_run_without_a_page_links_nowhere():
    read = Reader(page.index([run("a", 2, "failed", error="No table.", page=None)]))
    assert read.all("a") == []
    assert "No page yet." in read.text


def test_page_exists_decides_whether_the_index_links():
    failed = run("a", 2, "failed", error="No table.", page=None, page_exists=True)
    assert Reader(page.index([failed])).all("a") == [{"href": "eu_dsa/a/index.html"}]
    assert Reader(page.index([run("a", 1, page_exists=False)])).all("a") == []


def test_file_names_are_quoted_in_links():
    (link,) = Reader(page.index([run('a"b c', 1)])).all("a")
    assert link["href"] == "eu_dsa/a%22b%20c/index.html"


def test_an_empty_index_says_how_to_publish_the_first():
    html = page.index([])
    assert (
        "No readout has been published yet. Publish the first with: insights run params/eu_dsa"
        in html
    )
    assert page.faults(html, new_notebook()) == []


def test_five_hundred_runs_are_one_page_that_has_no_faults():
    html = page.index([run(f"r{n % 60}", n % 60) for n in range(500)])
    assert page.faults(html, new_notebook()) == []
    assert len(html) < 250_000
