"""Tickets as help desks write them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from exports.writing import BEGIN, DAYS, Files, gzipped, iso, stamps, table, zulu


class Cases:
    """Tickets with replies, solves, reopens and transfers, before any system writes them."""

    def __init__(self, seed: int, a_day: float = 4) -> None:
        rng = np.random.default_rng(seed)
        self.created = stamps(rng, a_day)
        n = len(self.created)
        end = BEGIN + timedelta(DAYS)
        self.ids = [1000 + i for i in range(n)]
        self.channel = rng.choice(["email", "web", "chat"], n, p=[0.5, 0.3, 0.2]).tolist()
        self.priority = rng.choice(["low", "normal", "high"], n, p=[0.3, 0.5, 0.2]).tolist()
        self.team = rng.choice(2, n).tolist()
        self.deleted = (rng.random(n) < 0.02).tolist()
        self.merged = (rng.random(n) < 0.03).tolist()
        self.merged[0] = False
        self.reopened = (rng.random(n) < 0.08).tolist()
        self.passed = (rng.random(n) < 0.15).tolist()
        self.rating = rng.choice(
            ["good", "bad", "offered", "unoffered"], n, p=[0.5, 0.15, 0.2, 0.15]
        )
        replied = [
            t + timedelta(hours=float(h))
            for t, h in zip(self.created, rng.lognormal(1.2, 0.8, n), strict=True)
        ]
        solved = [
            t + timedelta(hours=float(h))
            for t, h in zip(replied, rng.lognormal(2.3, 0.9, n), strict=True)
        ]
        self.replied = [t.replace(microsecond=0) if t < end else None for t in replied]
        self.solved = [t.replace(microsecond=0) if t < end else None for t in solved]

    def status(self, i: int) -> str:
        if self.deleted[i]:
            return "deleted"
        return "closed" if self.solved[i] or self.merged[i] else "open"


def zendesk() -> Files:
    """Return Fivetran's tables; a merged ticket is named by the one it was merged into."""
    made = Cases(1)
    tickets, history, comments = [], [], []
    into: dict[int, list[int]] = {}
    for i, merged in enumerate(made.merged):
        if merged:
            into.setdefault(i - 1, []).append(made.ids[i])
    for i, id in enumerate(made.ids):
        created, solved, replied = made.created[i], made.solved[i], made.replied[i]
        tickets.append(
            [
                id,
                iso(created),
                made.status(i),
                made.channel[i],
                made.priority[i],
                "question",
                900 + made.team[i],
                json.dumps(into.get(i, [])),
                "private text",
            ]
        )
        log: list[tuple[str, datetime, Any]] = [
            ("status", created, "new"),
            ("group_id", created, 900 + made.team[i]),
        ]
        if replied:
            comments.append([10_000 + 2 * i, id, 1, iso(replied), "TRUE", "private text"])
            log.append(("status", replied, "open"))
            if made.passed[i]:
                log.append(("group_id", replied, 901 - made.team[i]))
        comments.append([10_001 + 2 * i, id, 2, iso(created), "TRUE", "private text"])
        if solved and not made.merged[i]:
            if made.reopened[i]:
                half = created + (solved - created) / 2
                log += [
                    ("status", half, "solved"),
                    ("status", half + timedelta(minutes=5), "open"),
                ]
            log += [("status", solved, "solved")] * (2 if i % 50 == 0 else 1)  # the same twice
        history += [
            [name, id, iso(when.replace(microsecond=0)), value] for name, when, value in log
        ]
    users = [[1, "agent", "a@example.org"], [2, "end-user", "u@example.org"]]
    groups = [[900, "Payments"], [901, "Accounts"]]
    names = [
        "id",
        "created_at",
        "status",
        "via_channel",
        "priority",
        "type",
        "group_id",
        "merged_ticket_ids",
        "description",
    ]
    return {
        "ticket.csv.gz": gzipped(table(names, tickets)),
        "ticket_field_history.csv.gz": gzipped(
            table(["field_name", "ticket_id", "updated", "value"], history)
        ),
        "ticket_comment.csv.gz": gzipped(
            table(["id", "ticket_id", "user_id", "created", "public", "body"], comments)
        ),
        "user.csv.gz": gzipped(table(["id", "role", "email"], users)),
        "group.csv.gz": gzipped(table(["id", "name"], groups)),
    }


def zendesk_api() -> Files:
    """Return pages as the API gives them."""
    made = Cases(2)
    tickets, metrics = [], []
    for i, id in enumerate(made.ids):
        created, solved, replied = made.created[i], made.solved[i], made.replied[i]
        minutes = int((replied - created).total_seconds() // 60) if replied else None
        tags = ["vip"] + (["closed_by_merge"] if made.merged[i] else [])
        tickets.append(
            {
                "id": id,
                "created_at": zulu(created),
                "status": made.status(i),
                "type": None,
                "via": {"channel": made.channel[i], "source": {"from": {"name": "private"}}},
                "priority": made.priority[i],
                "tags": tags,
                "description": "private text",
                "satisfaction_rating": {"score": str(made.rating[i])},
            }
        )
        metrics.append(
            {
                "id": 5 * id,
                "ticket_id": id,
                "reopens": int(made.reopened[i]),
                "group_stations": 1 + made.passed[i],
                "solved_at": zulu(solved),
                "reply_time_in_minutes": {
                    "calendar": minutes,
                    "business": minutes and minutes // 3,
                },
            }
        )
    pages = {"tickets": tickets, "ticket_metrics": metrics}
    return {
        f"{name}.json.gz": gzipped(
            "\n".join(
                json.dumps({name: rows[at : at + 100], "count": 1})
                for at in range(0, len(rows), 100)
            ).encode()
        )
        for name, rows in pages.items()
    }


def salesforce() -> Files:
    """Return three objects as Data Loader writes them."""
    made = Cases(3)
    cases, history, mails = [], [], []
    for i, n in enumerate(made.ids):
        id = f"500{n:012d}AAA"
        created, solved, replied = made.created[i], made.solved[i], made.replied[i]
        closed = solved if not made.merged[i] else created + timedelta(hours=1)
        cases.append(
            [
                id,
                n,
                zulu(created),
                zulu(closed) or "",
                "Closed" if closed else "New",
                made.channel[i].title(),
                made.priority[i].title(),
                "Question",
                "false",
                str(made.passed[i]).lower(),
                str(made.deleted[i]).lower(),
                f"500{n - 1:012d}AAA" if made.merged[i] else "",
                "private text",
            ]
        )
        mails.append([f"02s{2 * n:015d}", id, "true", zulu(created)])
        if replied:
            mails.append([f"02s{2 * n + 1:015d}", id, "false", zulu(replied)])
            history.append([id, "Owner", "00G000000000001", "005000000000001", zulu(replied)])
            if made.passed[i]:
                history.append(
                    [id, "Owner", "005000000000001", "005000000000002", zulu(replied)]
                )
        if solved and made.reopened[i]:
            half = (created + (solved - created) / 2).replace(microsecond=0)
            history.append([id, "Status", "Closed", "Working", zulu(half)])
    return {
        "Case.csv.gz": gzipped(
            table(
                [
                    "Id",
                    "CaseNumber",
                    "CreatedDate",
                    "ClosedDate",
                    "Status",
                    "Origin",
                    "Priority",
                    "Type",
                    "IsClosedOnCreate",
                    "IsEscalated",
                    "IsDeleted",
                    "MasterRecordId",
                    "Description",
                ],
                cases,
            )
        ),
        "CaseHistory.csv.gz": gzipped(
            table(["CaseId", "Field", "OldValue", "NewValue", "CreatedDate"], history)
        ),
        "EmailMessage.csv.gz": gzipped(
            table(["Id", "ParentId", "Incoming", "MessageDate"], mails)
        ),
    }


def support_tickets() -> Files:
    """Return one flat table."""
    made = Cases(8, 14)
    rng = np.random.default_rng(8)
    rows = []
    for i, id in enumerate(made.ids):
        if made.replied[i]:
            score = (
                ""
                if rng.random() < 0.6
                else int(rng.choice([1, 2, 3, 4, 5], p=[0.08, 0.08, 0.14, 0.3, 0.4]))
            )
            rows.append(
                [
                    id,
                    "Technical issue",
                    made.priority[i],
                    made.channel[i],
                    iso(made.replied[i]),
                    iso(made.solved[i]),
                    score,
                ]
            )
    names = [
        "Ticket_ID",
        "Ticket_Type",
        "Ticket_Priority",
        "Ticket_Channel",
        "First_Response_Time",
        "Time_to_Resolution",
        "Customer_Satisfaction_Rating",
    ]
    return {"tickets.csv.gz": gzipped(table(names, rows))}
