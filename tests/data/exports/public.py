"""Complaints, requests, statements and calls as public bodies write them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np

from exports.writing import BEGIN, DAYS, Files, gzipped, iso, stamps, table, zipped


def complaints() -> list[dict[str, Any]]:
    """Return consumer complaints by their newest names."""
    rng = np.random.default_rng(4)
    made = []
    for i, when in enumerate(stamps(rng, 6)):
        young = when > BEGIN + timedelta(DAYS - 10)
        closed = [
            "Closed with explanation",
            "Closed with monetary relief",
            "Closed with non-monetary relief",
        ]
        response = "In progress" if young else str(rng.choice(closed, p=[0.7, 0.1, 0.2]))
        made.append(
            {
                "Date received": f"{when:%Y-%m-%d}",
                "Product": str(rng.choice(["Mortgage", "Credit card", "Debt collection"])),
                "Issue": "Billing",
                "Consumer complaint narrative": "private text",
                "Company": str(rng.choice(["Bank A", "Bank B"])),
                "State": "CA",
                "ZIP code": "770XX",
                "Submitted via": str(rng.choice(["Web", "Phone"], p=[0.8, 0.2])),
                "Date sent to company": f"{when + timedelta(int(rng.integers(0, 5))):%Y-%m-%d}",
                "Company response to consumer": response,
                "Timely response?": "Yes" if rng.random() < 0.97 else "No",
                "Complaint ID": 7_000_000 + i,
            }
        )
    return made


def cfpb() -> Files:
    """Return the file that the bureau gives today: without consent and dispute."""
    rows = complaints()
    return {
        "complaints.csv.gz": gzipped(table(list(rows[0]), [list(row.values()) for row in rows]))
    }


def nyc311(*, new_names: bool = False) -> Files:
    """Return requests by the portal's old names, or by those of its API."""
    rng = np.random.default_rng(5)
    rows = []
    for i, when in enumerate(stamps(rng, 8)):
        after = timedelta(minutes=0 if rng.random() < 0.06 else int(rng.lognormal(5.5, 1.2)))
        closed = when + after if when + after < BEGIN + timedelta(DAYS) else None
        place = str(rng.choice(["BROOKLYN", "QUEENS", "BRONX"]))
        kind = str(rng.choice(["Noise", "Dead Animal"]))
        said = (
            [
                iso(when).replace(" ", "T") + ".000",
                iso(closed).replace(" ", "T") + ".000" * bool(closed),
            ]
            if new_names
            else [
                f"{when:%m/%d/%Y %I:%M:%S %p}",
                f"{closed:%m/%d/%Y %I:%M:%S %p}" if closed else "",
            ]
        )
        rows.append(
            [
                60_000_000 + i,
                *said,
                "NYPD",
                kind,
                "Closed" if closed else "In Progress",
                place,
                "1 Private Street",
                "ONLINE",
            ]
        )
    names = [
        "Unique Key",
        "Created Date",
        "Closed Date",
        "Agency",
        "Complaint Type",
        "Status",
        "Borough",
        "Incident Address",
        "Open Data Channel Type",
    ]
    if new_names:
        names = [
            "unique_key",
            "created_date",
            "closed_date",
            "agency",
            "complaint_type",
            "status",
            "borough",
            "incident_address",
            "open_data_channel_type",
        ]
    return {"requests.csv.gz": gzipped(table(names, rows))}


COLUMNS = """
uuid decision_visibility decision_visibility_other end_date_visibility_restriction
decision_monetary decision_monetary_other end_date_monetary_restriction decision_provision
end_date_service_restriction decision_account end_date_account_restriction account_type
decision_ground decision_ground_reference_url illegal_content_legal_ground
illegal_content_explanation incompatible_content_ground incompatible_content_explanation
incompatible_content_illegal category category_addition category_specification
category_specification_other content_type content_type_other content_language content_date
content_id_ean territorial_scope application_date decision_facts source_type
source_identity automated_detection automated_decision platform_name platform_uid
created_at
"""
FULL = COLUMNS.split()
LEFT_OUT = {
    "illegal_content_explanation",
    "incompatible_content_explanation",
    "territorial_scope",
    "decision_facts",
}


def dsa_statements(*, light: bool = False, a_day: float = 5) -> Files:
    """Return a zip of zipped CSV parts, in the order of columns that the database exports."""
    rng = np.random.default_rng(6)
    parts: dict[str, list[list[str]]] = {}
    names = [name for name in FULL if not (light and name in LEFT_OUT)]
    for i, when in enumerate(stamps(rng, a_day)):
        auto = rng.random() < 0.8
        removed = rng.random() < 0.6
        decided = when - timedelta(int(rng.integers(0, 4)))
        kind = "REMOVED" if removed else "AGE_RESTRICTED"
        said = {
            "uuid": f"{i:08x}-0000-4000-8000-000000000000",
            "decision_visibility": json.dumps([f"DECISION_VISIBILITY_CONTENT_{kind}"]),
            "decision_account": "DECISION_ACCOUNT_TERMINATED" if rng.random() < 0.3 else "",
            "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
            "incompatible_content_explanation": "private text, with a comma",
            "category": "STATEMENT_CATEGORY_"
            + str(rng.choice(["SCAMS_AND_FRAUD", "VIOLENCE"])),
            "content_type": '["CONTENT_TYPE_VIDEO"]',
            "territorial_scope": '["DE","FR"]',
            "application_date": f"{decided:%Y-%m-%d}",
            "decision_facts": "private text",
            "source_type": "SOURCE_VOLUNTARY" if rng.random() < 0.9 else "SOURCE_ARTICLE_16",
            "automated_detection": "Yes" if auto else "No",
            "automated_decision": "AUTOMATED_DECISION_"
            + ("FULLY" if auto else "NOT_AUTOMATED"),
            "platform_name": str(rng.choice(["One", "Two"])),
            "created_at": iso(when),
        }
        row = [said.get(name, "") for name in names]
        parts.setdefault(f"{when:%Y-%m}", []).append(row)
    held = {
        f"sor-{month}-{at:05d}.csv.zip": zipped(
            {f"sor-{month}-{at:05d}.csv": table(names, rows[at : at + 100])}
        )
        for month, rows in parts.items()
        for at in range(0, len(rows), 100)
    }
    return {"sor.zip": zipped(held)}


def callcenter(*, clock: bool = True) -> Files:
    """Return a daily report with durations as clock times, or as h:mm:ss with per cent."""
    rng = np.random.default_rng(7)

    def lasts(seconds: float) -> str:
        when = BEGIN + timedelta(seconds=int(seconds))
        return f"{when:%I:%M:%S %p}" if clock else f"{when.hour}:{when:%M:%S}"

    rows = []
    for day in range(DAYS):
        incoming = int(rng.poisson(200))
        answered = int(rng.binomial(incoming, 0.92))
        level = float(rng.uniform(0.7, 0.9))
        when = BEGIN + timedelta(day)
        rows.append(
            [
                f"{when.month}/{when.day}/{when.year}",
                when.strftime("%A"),
                f"{incoming:,}",
                answered,
                incoming - answered,
                lasts(rng.uniform(10, 30)),
                lasts(rng.uniform(120, 180)),
                lasts(rng.uniform(60, 400)),
                f"{level:.2f}" if clock else f"{100 * level:.2f}%",
            ]
        )
    names = [
        "Date",
        "Column1",
        "Incoming Calls",
        "Answered Calls",
        "Abandoned Calls",
        "Answer Speed (AVG)",
        "Talk Duration (AVG)",
        "Waiting Time (AVG)",
        "Service Level (20 Seconds)",
    ]
    return {"days.csv": table(names, rows)}
