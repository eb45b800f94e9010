"""Write the templates' samples anew."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from exports import MAKERS, SAMPLES, write  # noqa: E402

for name, made in MAKERS.items():
    write(SAMPLES / name, made())
