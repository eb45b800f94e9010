"""Which answers a study of the pack has, and what stood beside each of them."""

from insights.data.studies.answers import StudyRows
from insights.data.studies.asking import of_study, require_study, rows

__all__ = ["StudyRows", "of_study", "require_study", "rows"]
