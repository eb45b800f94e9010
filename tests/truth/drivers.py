"""Does importance name what satisfaction hangs on, in order, signs right, and no more?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from insights.data.simulate.outcomes import LATENT

from . import scoring
from .scoring import FOUND, HELD, MISSED, NOT_HELD, NOT_JUDGED, Row
from .world import World

ENOUGH_TAU, SUPPORTED = 0.7, 0.1  # domain.md 6.4; q below it is supported
MOST = {"linear": 20_000, "ordinal": 10_000}  # rows; ids are a scramble, so the first are any
TRUE = {  # latent satisfaction for one more, by the simulator; quality is seen by nobody
    "first_reply": LATENT[1], "resolution": LATENT[2], "granted": LATENT[3],
    "reopened": LATENT[5], "transferred": LATENT[6],
}  # fmt: skip
NULL = ("agent_shift", "device", "app_version", "macro_count", "odd_id")
CAUSES = """
    c.topic,
    log2(1 + date_diff('second', c.created_at, c.first_reply_at) / 3600) as first_reply,
    log2(1 + date_diff('second', c.created_at, c.first_resolved_at) / 86400) as resolution,
    (c.outcome = 'granted')::int as granted, (c.reopened_at is not null)::int as reopened,
    (c.transfers > 0)::int as transferred, c.agent_shift, c.device, c.app_version,
    c.macro_count, c.contact_id % 2 as odd_id"""
ANSWERS = f"""
    select s.score, {CAUSES} from {{surveys}} s join {{contacts}} c using (contact_id)
    where s.score is not null and s.sent_at::date not in ({{reversed}}) order by s.contact_id"""
EVERYBODY = f"""
    select t.true_score as score, {CAUSES}
    from {{truth/csat}} t join {{contacts}} c using (contact_id)
    where not c.is_bot and c.first_resolved_at is not null"""
AGENTS = """
    select handle_s / 60 as handle_minutes, topic, site,
    case when agent_tenure_weeks < 4 then 'under 4 weeks'
         when agent_tenure_weeks < 10 then '4 to 9 weeks'
         when agent_tenure_weeks < 20 then '10 to 19 weeks' else 'longer' end as tenure
    from {contacts} where not is_bot and handle_s is not null
    and created_at >= '%s' and created_at < '%s' order by contact_id"""


def score(here: World) -> list[Row]:
    """Return rows on satisfaction with each model, and on the cohort of E11."""
    importance = scoring.method("drivers", "importance")
    if importance is None:
        asked = ("satisfaction: order, signs, no null driver", "E11: tenure, not site")
        return [scoring.missing("-", "drivers", one) for one in asked]
    rows = []
    for model in ("linear", "ordinal"):
        rows += satisfaction(here, importance, model)
    return [*rows, *cohort(here, importance)]


def satisfaction(here: World, importance: Callable[..., Any], model: str) -> list[Row]:
    """Return rows on what goes with the score that was given, topic held constant."""
    answers, drivers = answered(here).head(MOST[model]), [*TRUE, *NULL]
    table = importance(
        answers, outcome="score", drivers=drivers, model=model, controls=["topic"]
    ).table
    asked = f"csat score, {model}, {len(answers):,} answers"
    spread = {name: abs(TRUE[name]) * within(answers, name) for name in TRUE}
    found = table.loc[list(TRUE), "share"].sort_values(ascending=False)
    tau = stats.kendalltau(found, [spread[name] for name in found.index]).statistic
    signs = [np.sign(table.loc[name, "effect"]) == np.sign(TRUE[name]) for name in TRUE]
    quiet = [name for name in NULL if not table.loc[name, "q_value"] < SUPPORTED]
    loud = [name for name in TRUE if table.loc[name, "q_value"] < SUPPORTED]
    top = table["share"].nlargest(len(TRUE)).index
    rows = [
        Row(
            "-", "drivers", f"{asked}: order of {len(TRUE)} drivers as coefficient x sd",
            FOUND if tau >= ENOUGH_TAU else MISSED, found=f"tau {tau:.2f}",
            note=f"at least {ENOUGH_TAU}; {', '.join(found.index)}",
        ),
        Row(
            "-", "drivers", f"{asked}: supported with the right sign",
            FOUND if all(signs) and len(loud) == len(TRUE) else MISSED,
            found=f"{sum(signs)} of {len(signs)} signs", interval="",
            note=f"{len(loud)} of {len(TRUE)} at q < {SUPPORTED}",
        ),
        Row(
            "-", "drivers", f"{asked}: {', '.join(NULL)}",
            HELD if len(quiet) == len(NULL) and set(top) == set(TRUE) else NOT_HELD,
            found="quiet" if len(quiet) == len(NULL) else "not quiet",
            alarms=f"{len(NULL) - len(quiet)} of {len(NULL)} at q < {SUPPORTED}",
            note=f"{len(set(top) & set(NULL))} of them in the first {len(TRUE)}",
        ),
    ]  # fmt: skip
    return rows + ([effects(here, table, asked)] if model == "linear" else [])


def answered(here: World) -> pd.DataFrame:
    """Return one row an answer, without the days on which the scale was reversed."""
    measure = here.measure("E14", "csat_raw")
    days = pd.date_range(measure["start"], measure["end"], inclusive="left")
    named = ", ".join(f"date '{day.date()}'" for day in days)
    return here.sql(ANSWERS.replace("{reversed}", named))


def within(rows: pd.DataFrame, column: str) -> float:
    """Return the standard deviation of a column with topic held constant."""
    centred = rows[column] - rows.groupby("topic")[column].transform("mean")
    return float(centred.std())


def effects(here: World, table: pd.DataFrame, asked: str) -> Row:
    """Return whether intervals hold the effects on the true score of everybody."""
    everybody = here.sql(EVERYBODY)
    columns = pd.get_dummies(everybody[[*TRUE, "topic"]], columns=["topic"]).astype(float)
    slopes = np.linalg.lstsq(columns, everybody["score"].astype(float), rcond=None)[0]
    true = pd.Series(slopes, index=columns.columns)[list(TRUE)]
    rows = table.loc[list(TRUE)]
    held = true.between(rows["effect_lower"], rows["effect_upper"])
    off = (rows["effect"] / true - 1).abs()
    said = ", ".join(f"{n} {true[n]:.2f} -> {rows['effect'][n]:.2f}" for n in true.index)
    return Row(
        "-", "drivers", f"{asked}: effects as on the true score of everybody",
        HELD if held.all() else NOT_HELD, error=f"at most {100 * off.max():.0f} % off",
        interval=f"{int(held.sum())} of {len(held)}", note=f"{said}; those who answer differ",
    )  # fmt: skip


def cohort(here: World, importance: Callable[..., Any]) -> list[Row]:
    """E11: new agents at one site are slower because they are new, not because of the site."""
    measure = here.measure("E11", "handle_minutes", site=["site_d"])
    asked = "handle time by tenure and site, topic held constant"
    if not here.seen(measure):
        return [scoring.below("E11", "drivers", asked, measure["smallest_scale"])]
    rows = here.sql(AGENTS % (measure["start"], measure["end"])).head(MOST["linear"])
    alone, both = (
        importance(rows, outcome="handle_minutes", drivers=names, controls=["topic"])
        for names in (["site"], ["site", "tenure"])
    )
    tempting = alone.table.loc["site", "q_value"] < SUPPORTED
    site, tenure = (both.table.loc[name] for name in ("site", "tenure"))
    right = tenure["q_value"] < SUPPORTED and tenure["share"] > site["share"]
    verdict = FOUND if right and not site["q_value"] < SUPPORTED else MISSED
    return [
        Row(
            "E11", "drivers", f"{asked}: tenure, not site",
            verdict if tempting else NOT_JUDGED, found=f"tenure {tenure['share']:.0%} of it",
            alarms=f"site q = {site['q_value']:.2g}",
            note=f"alone, site q = {alone.table.loc['site', 'q_value']:.2g}; "
            f"with tenure {site['effect']:+.2f} min",
        )
    ]  # fmt: skip
