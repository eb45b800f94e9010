"""The operation's overall figures, which are meant to be near public ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from insights.data.simulate.engine import Frames
from insights.data.simulate.measures import reply_hours
from insights.data.simulate.world import DAY, HOUR, LABELS, Array

SAMPLED = 2_000  # durations kept a week for the medians


@dataclass(slots=True)
class Anchors:
    """Running sums over the weeks of the source tables."""

    top: dict[str, float] = field(default_factory=dict)
    bottom: dict[str, float] = field(default_factory=dict)
    hours: dict[str, list[Array]] = field(default_factory=dict)

    def _rate(self, name: str, top: Array, bottom: Array) -> None:
        self.top[name] = self.top.get(name, 0.0) + float(np.sum(top & bottom))
        self.bottom[name] = self.bottom.get(name, 0.0) + float(np.sum(bottom))

    def add(self, frames: Frames) -> None:
        """Add a week."""
        contacts, surveys = frames["contacts"], frames["surveys"]
        items, appeals = frames["items"], frames["appeals"]
        answered = np.isfinite(surveys["responded"])
        every = np.ones(len(answered), dtype=bool)
        self._rate("response_rate", answered, every)
        self._rate("csat_true", surveys["true_score"] >= 4, every)
        self._rate("csat_raw", surveys["score"] >= 4, answered)
        self._rate("reopen_rate", np.isfinite(contacts["reopened"]), ~contacts["bot"])
        within = contacts["first_reply"] - contacts["created"] <= 60 * contacts["target"]
        self._rate("sla_attainment", within, np.ones(len(within), dtype=bool))
        measure = items["measure"]
        self._rate("automation_share", items["auto"], measure)
        self._rate("proactive_rate", items["source"] == 0, measure)
        self._rate("within_24h", items["decided"] - items["uploaded"] <= DAY, measure)
        self._rate("unseen_share", items["views"] == 0, measure)
        self._rate("human_accuracy", ~items["wrong"], items["human"])
        overturned = appeals["overturned"] > 0
        self._rate("overturn_rate", overturned, np.ones(len(overturned), dtype=bool))
        for number, action in enumerate(LABELS["action"]):
            if action in ("visibility", "account", "live"):
                self._rate(f"overturn_{action}", overturned, appeals["action"] == number)
        self.top["appeal_rate"] = self.top.get("appeal_rate", 0.0) + len(overturned)
        self.bottom["appeal_rate"] = self.bottom.get("appeal_rate", 0.0) + float(measure.sum())
        self.top["reviewed"] = self.top.get("reviewed", 0.0) + len(frames["qa_items"]["id"])
        self.bottom["reviewed"] = self.bottom.get("reviewed", 0.0) + float(items["human"].sum())
        notices = items["source"] > 0
        waits = ((items["decided"] - items["enqueued"]) / HOUR)[notices]
        self.hours.setdefault("notice_hours_p50", []).append(waits[:SAMPLED])
        replies = reply_hours(contacts)[~contacts["bot"]]
        self.hours.setdefault("first_reply_hours_p50", []).append(replies[:SAMPLED])

    def rate(self, name: str) -> float:
        """Return a rate over everything added."""
        return self.top[name] / self.bottom[name] if self.bottom[name] else 0.0

    def record(self) -> dict[str, float]:
        """Return every overall figure."""
        found = {name: self.rate(name) for name in self.top if name != "reviewed"}
        medians = {name: np.median(np.concatenate(rows)) for name, rows in self.hours.items()}
        return found | {name: float(value) for name, value in medians.items()}

    def seen(self) -> dict[str, float]:
        """Return which share of contacts and of people's decisions an analyst hears of."""
        return {
            "all": 1.0,
            "nobody": 0.0,
            "surveyed": self.rate("response_rate"),
            "reviewed": self.rate("reviewed"),
        }
