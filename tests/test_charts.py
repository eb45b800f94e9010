"""Tests of the palette and of figures that follow the reader's colour scheme."""

import re
import xml.etree.ElementTree as ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import seaborn as sns

from insights import charts


def drawn():
    figure, ax = charts.figure(7, 3)
    ax.plot([0, 1, 2], [0.2, 0.5, 0.4], color=charts.ACTUAL)
    ax.axhspan(0.3, 0.45, color=charts.BAND, linewidth=0)
    ax.axvspan(1, 1.5, facecolor="none", edgecolor=charts.GREY, hatch="///")
    charts.value_ticks(ax, "share")
    charts.no_ticks(ax, "x")
    charts.right_label(ax, 0.4, "usual range")
    charts.point_label(ax, 2, 0.4, "40 %", charts.SIGNAL, line=([0, 1], [0.2, 0.5]))
    return figure


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    line = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]


def contrast(one, other):
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_categories_are_the_first_seven_of_seaborns_colorblind_palette():
    assert tuple(sns.color_palette("colorblind").as_hex()[:7]) == charts.CATEGORIES


@pytest.mark.parametrize("ink", [charts.INK, charts.SOFT, charts.ACTUAL, charts.SIGNAL])
def test_colours_that_write_text_are_readable_on_both_papers(ink):
    """WCAG 2.2, success criterion 1.4.3: 4.5 to 1."""
    assert contrast(ink, charts.PAPER) >= 4.5
    assert contrast(charts.DARK[ink], charts.DARK[charts.PAPER]) >= 4.5
    assert contrast(ink, charts.BAND) >= 4.5
    assert contrast(charts.DARK[ink], charts.DARK[charts.BAND]) >= 4.5


def test_the_same_figure_gives_the_same_bytes_when_saved_twice_and_when_built_twice():
    figure = drawn()
    assert charts.svg(figure) == charts.svg(figure) == charts.svg(drawn())


def test_every_palette_colour_carries_a_class_with_its_dark_colour():
    text = charts.svg(drawn())
    body = text.replace(re.search(r"<style>@media.*?</style>", text)[0], "")
    for tag in re.findall(r"<[^/!?][^>]*>", body):
        for kind, color in re.findall(r'(fill|stroke)[=:]\s*"?(#[0-9a-f]{6})', tag):
            name = kind[0] + charts.LETTERS[color]
            assert re.search(rf'class="[^"]*\b{name}\b', tag), tag
            assert f".{name}{{{kind}:{charts.DARK[color]}}}" in text


def test_the_picture_is_well_formed_has_no_date_and_loads_nothing():
    text = charts.svg(drawn())
    root = ElementTree.fromstring(text)
    assert root.get("viewBox") == "0 0 504 216"
    assert "<text" not in text  # letters are paths
    assert "dc:date" not in text
    assert not re.findall(r"(?:href|src)=\"(?!#)", text)


def test_a_figure_leaves_no_trace_in_pyplot_or_the_defaults():
    before, font = plt.get_fignums(), plt.rcParams["font.size"]
    charts.svg(drawn())
    assert plt.get_fignums() == before
    assert plt.rcParams["font.size"] == font


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2025-01-06", "2025-12-29", ["Feb\n2025", "May", "Aug", "Nov"]),
        ("2024-11-01", "2025-03-01", ["Nov\n2024", "Dec", "Jan\n2025", "Feb", "Mar"]),
        ("2025-12-01", "2025-12-29", ["1 Dec\n2025", "8 Dec", "15 Dec", "22 Dec", "29 Dec"]),
        ("2025-12-01", "2025-12-02", ["1 Dec\n2025", "2 Dec"]),
    ],
)
def test_dates_are_few_and_name_their_year_once(first, last, labels):
    _, ax = charts.figure()
    charts.date_ticks(ax, pd.Timestamp(first), pd.Timestamp(last))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == labels


@pytest.mark.parametrize(
    ("unit", "limits", "texts"),
    [
        ("share", (0, 1), ["0\u00a0%", "40\u00a0%", "80\u00a0%"]),
        ("share", (0.5, 1.0), ["60\u00a0%", "80\u00a0%", "100\u00a0%"]),
        ("share", (0, 0.008), ["0\u00a0%", "0.3\u00a0%", "0.6\u00a0%"]),
        ("count", (0, 2e7), ["0", "8\u00a0M", "16\u00a0M"]),
        ("count", (0, 4e6), ["0", "1.5\u00a0M", "3.0\u00a0M"]),
        ("days", (0, 100), ["0\u00a0d", "40\u00a0d", "80\u00a0d"]),
        ("count", (0, 30_000), ["0", "10,000", "20,000", "30,000"]),
    ],
)
def test_values_on_the_axis_are_written_by_wording_without_needless_decimals(
    unit, limits, texts
):
    figure, ax = charts.figure()
    ax.set_ylim(*limits)
    charts.value_ticks(ax, unit)
    figure.draw_without_rendering()
    low, high = limits
    ticks = [t for t in ax.get_yticklabels() if low <= t.get_position()[1] <= high]
    assert [t.get_text() for t in ticks] == texts


def test_text_of_a_picture_shown_350_pixels_wide_is_at_least_9_pixels_high():
    figure = drawn()
    figure.draw_without_rendering()
    sizes = [t.get_fontsize() for ax in figure.axes for t in [*ax.texts, *ax.get_yticklabels()]]
    assert min(sizes) * 350 / (72 * 7) >= 9


@pytest.mark.parametrize("at", [0, 7, 14])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_points_value_covers_no_other_point_and_stays_in_the_axes(seed, at):
    y = np.random.default_rng(seed).normal(size=15).cumsum()
    figure, ax = charts.figure()
    ax.plot(y, marker="o")
    ax.set_ylim(y.min() - 2, y.max() + 2)
    others = np.where(np.arange(15) == at, np.nan, y)
    charts.point_label(ax, at, y[at], "106,648", charts.ACTUAL, line=(range(15), others))
    figure.draw_without_rendering()
    box, points = ax.texts[-1].get_window_extent(), np.column_stack([np.arange(15), y])
    assert box.count_contains(ax.transData.transform(points)) == 0
    assert ax.bbox.x0 <= box.x0
    assert box.x1 <= ax.bbox.x1
    assert ax.bbox.y0 <= box.y0
    assert box.y1 <= ax.bbox.y1
