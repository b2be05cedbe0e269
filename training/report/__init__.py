"""The page that a person reads after an evaluation, and what is measured for it beside accuracy."""

from .measure import ThresholdRow, threshold_rows, write_thresholds
from .page import write_report
from .sounds import SoundExample, pick_sounds

__all__ = ["SoundExample", "ThresholdRow", "pick_sounds", "threshold_rows", "write_report", "write_thresholds"]
