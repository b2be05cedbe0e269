"""The resolved configuration of a keyword training: what a run folder stores and a resumed run reads back."""

from __future__ import annotations

import dataclasses
from typing import Any

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import FrontEndSpec
from drsn_keras.keyword_model_names import check_keyword_model

from .run_config import RunConfig

#: Generated noises that training mixes in by default ...
TRAINING_NOISES = ("white", "pink", "brown", "laplacian", "roadside", "babble")
#: ... and those kept back, so that a test can show a kind of noise that training never heard.
UNSEEN_NOISES = ("impulsive", "factory")


#: Smallest and largest value; the seed goes into 32-bit generators.
_WHOLE_NUMBERS = {
    "epochs": (1, 1_000_000),
    "batch_size": (1, 65_536),
    "utterances": (10, 1_000_000),
    "synthesize_extra": (0, 100_000),
    "seed": (0, 2**31 - 1),
}


@dataclasses.dataclass(frozen=True)
class KeywordConfig(RunConfig):
    """Everything that decides what a keyword training does.

    Parameters
    ----------
    data, manifest : str or None
        Folder of recordings and manifest CSV; absolute paths. ``data`` is None for synthetic speech.
    noise : tuple of str
        Folders of recorded noise.
    synthesize : tuple of str
        Phrases to be spoken by the synthesiser instead of recordings.
    utterances : int
        Synthetic utterances of each phrase.
    synthesize_extra : int
        Synthetic utterances of each keyword, and of other words, that training hears besides the recordings.
    keywords : tuple of str
        Words to tell apart, other words become ``_unknown_``; empty: all of the data's classes.
    noise_kinds : tuple of str
        Generated noises mixed in at training.
    model : str
        Of :data:`drsn_keras.keyword_model_names.KEYWORD_MODEL_NAMES`.
    width : float
        Scales the network's channels.
    spectral : {None, "clip", "frames"}
        Shrinkage of the spectrum in front of the network: see :func:`drsn_keras.models.keyword_network`.
    front_end : dict
        :meth:`drsn_keras.frontend.FrontEndSpec.to_dict`.
    augment : dict
        Arguments of :class:`drsn_keras.training.augment.AugmentSpec` that differ from the default.
    epochs, batch_size : int
    learning_rate, weight_decay, label_smoothing : float
        Peak of the cosine schedule, AdamW's decay, smoothing of the labels.
    seed : int
    deterministic : bool
        Two runs of one seed give the same weights (slower).
    mixed_precision : bool
        Training computes in 16 bits; the saved model has 32.
    group_regex : str or None
        Finds the speaker in a file's name where the layout does not tell.
    resplit : bool
        Divide the data by speaker anew instead of as its lists or manifest say.
    skip_bad : bool
        Leave unreadable files out, and say so, instead of refusing.
    """

    SPEC = FrontEndSpec

    task: str = "keywords"
    data: str | None = None
    manifest: str | None = None
    noise: tuple[str, ...] = ()
    synthesize: tuple[str, ...] = ()
    utterances: int = 400
    synthesize_extra: int = 0
    keywords: tuple[str, ...] = ()
    noise_kinds: tuple[str, ...] = TRAINING_NOISES
    model: str = "drsn-cw"
    width: float = 1.0
    spectral: str | None = None
    front_end: dict[str, Any] = dataclasses.field(default_factory=lambda: FrontEndSpec().to_dict())
    augment: dict[str, Any] = dataclasses.field(default_factory=dict)
    epochs: int = 100
    batch_size: int = 64
    learning_rate: float = 8e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.1
    seed: int = 0
    deterministic: bool = False
    mixed_precision: bool = False
    group_regex: str | None = None
    resplit: bool = False
    skip_bad: bool = False

    def __post_init__(self) -> None:
        if self.task != "keywords":
            raise UsageError(mismatch("task", "keywords", repr(self.task)))
        check_keyword_model(self.model, self.spec, self.spectral)
        if (self.data is None) == (not self.synthesize):
            raise UsageError("training data: expected --data DIR (with --manifest CSV or not) or --synthesize WORDS")
        for name, (low, high) in _WHOLE_NUMBERS.items():
            if not low <= getattr(self, name) <= high:
                expected = f"at least {low}" if getattr(self, name) < low else f"at most {high}"
                raise UsageError(mismatch(f"--{name.replace('_', '-')}", expected, getattr(self, name)))
        for name, high in (("learning_rate", 10.0), ("width", 64.0)):
            if not 0 < getattr(self, name) <= high:
                expected = "a number above 0" if not getattr(self, name) > high else f"at most {high:g}"
                raise UsageError(mismatch(f"--{name.replace('_', '-')}", expected, getattr(self, name)))
        if self.synthesize:
            for name in ("keywords", "group_regex", "resplit", "skip_bad", "synthesize_extra"):
                if getattr(self, name):
                    option = f"--{name.replace('_', '-')}"
                    raise UsageError(f"{option}: expected only with --data, got it with --synthesize")
