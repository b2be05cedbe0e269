"""Vibration: recordings of machines in any layout, one rate and unit, windows, and splits that do not leak."""

from .layouts import open_recordings
from .recording import VibrationRecording

__all__ = ["VibrationRecording", "open_recordings"]
