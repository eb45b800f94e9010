"""What two executed notebooks have in common: everything but ids, moments and durations."""

from __future__ import annotations

import json
import re
from typing import Any

MOMENTS = {"start_time", "end_time", "duration", "input_path", "output_path"}
OWN_OF_RUN = re.compile(r"/tmp/[^\s'\"]*|ipykernel_\d+|0x[0-9a-f]{6,}")


def comparable(text: str) -> dict[str, Any]:
    """Return an executed notebook's JSON without what differs from run to run."""
    found: dict[str, Any] = json.loads(text)
    _forget(found["metadata"]["papermill"])
    for number, cell in enumerate(found["cells"]):
        cell["id"] = number
        _forget(cell["metadata"].get("papermill", {}))
        times = cell["metadata"].get("execution", {})
        cell["metadata"]["execution"] = sorted(times)
        if "outputs" in cell:
            cell["outputs"] = _joined([_said(output) for output in cell["outputs"]])
    return found


def _forget(metadata: dict[str, Any]) -> None:
    for key in MOMENTS:
        metadata.pop(key, None)


def _said(output: dict[str, Any]) -> dict[str, Any]:
    return json.loads(OWN_OF_RUN.sub("...", json.dumps(output)))


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return outputs with what a stream printed in several goes as one."""
    joined: list[dict[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            output["text"] = "".join(output["text"])
            if joined and joined[-1].get("name") == output["name"]:
                joined[-1]["text"] += output["text"]
                continue
        joined.append(output)
    return joined
