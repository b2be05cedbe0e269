"""Synthetic speech for people without recordings. Needs the extra ``synthesis`` (espeak-ng, GPL-3.0) when used."""

from .extra import ExtraSpeech, plan_extra_speech
from .speech import speak, speak_all
from .voices import Voice, split_variants
from .words import NOTICE, SyntheticWords, synthesize_words

__all__ = [
    "NOTICE",
    "ExtraSpeech",
    "SyntheticWords",
    "Voice",
    "plan_extra_speech",
    "speak",
    "speak_all",
    "split_variants",
    "synthesize_words",
]
