"""How exports are read: any encoding, packing and header; every fault is one sentence."""

from insights.data.reading.casts import cast
from insights.data.reading.faults import said
from insights.data.reading.headers import Header, alike, header
from insights.data.reading.taking import columns_of, taken
from insights.data.reading.unpacking import plain

__all__ = ["Header", "alike", "cast", "columns_of", "header", "plain", "said", "taken"]
