"""The card that travels with a model file: what it is, what it hears, how it was measured. Standard library only."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from .errors import BundleError, mismatch
from .files import write_atomically
from .noise_thresholds import check_steps
from .stream_spec import StreamSpec
from .typed_fields import check_fields

FORMAT = "drsn-keras model card"
VERSION = 1
CARD_NAME = "card.json"
MODEL_NAME = "model.tflite"
#: Whose kernels a graph may be written for.
TARGETS = ("litert", "tflm", "ethos-u")
#: Longest time constant of a detector.
_LONGEST_S = 60.0
#: Labels that are never a detection.
BACKGROUND_LABELS = ("_silence_", "_unknown_")
#: Kinds of front end whose model gives back what it takes, cleaned ...
_DENOISED = ("signal", "image")
#: ... and those whose model may hear a stream step by step; images and windows of a machine are no streams.
_STREAMED = ("signal", "log_mel", "mfcc", "root_mel")


@dataclasses.dataclass(frozen=True)
class TensorSpec:
    """One end of the graph. real = scale * (integer - zero_point); scale is 0 where the tensor is float."""

    shape: tuple[int, ...]
    dtype: str
    scale: float = 0.0
    zero_point: int = 0


@dataclasses.dataclass(frozen=True)
class DetectorSpec:
    """Constants that turn a stream of class probabilities into detections.

    Parameters
    ----------
    threshold : float
        A word fires when its smoothed probability reaches this (0..1).
    release : float
        ... and may fire again only after it has fallen below this (hysteresis), 0 < release <= threshold.
    hop_s : float
        Seconds between model evaluations.
    smoothing_s : float
        Length of the moving average over probabilities.
    refractory_s : float
        No detection at all for this long after one.
    """

    threshold: float = 0.6
    release: float = 0.3
    hop_s: float = 0.1
    smoothing_s: float = 0.3
    refractory_s: float = 0.8

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise BundleError(mismatch("detector, threshold", "above 0 and at most 1", self.threshold))
        if not 0 < self.release <= self.threshold:
            raise BundleError(
                mismatch("detector, release", f"above 0, at most threshold ({self.threshold})", self.release)
            )
        for name in ("hop_s", "smoothing_s", "refractory_s"):
            low = 0.001 if name == "hop_s" else 0.0
            if not low <= getattr(self, name) <= _LONGEST_S:
                raise BundleError(mismatch(f"detector, {name}", f"{low:g} to {_LONGEST_S:g} s", getattr(self, name)))


@dataclasses.dataclass(frozen=True)
class ModelCard:
    """Everything a device or a person needs to know about one model file.

    ``target`` is whose kernels the graph was written for, ``export`` how it was lowered and quantised,
    ``outside_graph`` what the model needs besides the graph (a front end's FFT) and the device code that does it.
    ``front_end`` holds :meth:`drsn_keras.frontend.FrontEndSpec.to_dict` or that of ``WindowSpec`` or ``SignalSpec``;
    ``monitor`` holds :meth:`drsn_keras.monitor_spec.MonitorSpec.to_dict`, and nothing for other than vibration models;
    ``stream`` holds :meth:`drsn_keras.stream_spec.StreamSpec.to_dict` where the file computes a stream step by step.
    ``noise_thresholds`` are pairs of a noise level [dB] and a threshold instead of the detector's, up to that level
    (:func:`drsn_keras.noise_thresholds.threshold_at`), where the card has a ``noise_level``.
    ``training``, ``metrics`` and ``versions`` are free-form for people and later stages.
    """

    name: str
    task: str
    model: str
    scheme: str
    labels: tuple[str, ...]
    front_end: dict[str, Any]
    input: TensorSpec
    output: TensorSpec
    sha256: str
    size_bytes: int
    detector: DetectorSpec = DetectorSpec()
    parameters: int = 0
    macs: int = 0
    synthetic_speech: bool = False
    target: str = "litert"
    export: dict[str, Any] = dataclasses.field(default_factory=dict)
    outside_graph: dict[str, str] = dataclasses.field(default_factory=dict)
    training: dict[str, Any] = dataclasses.field(default_factory=dict)
    metrics: dict[str, Any] = dataclasses.field(default_factory=dict)
    monitor: dict[str, Any] = dataclasses.field(default_factory=dict)
    noise_level: dict[str, Any] = dataclasses.field(default_factory=dict)
    noise_thresholds: tuple[tuple[float, ...], ...] = ()
    stream: dict[str, Any] = dataclasses.field(default_factory=dict)
    versions: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def is_denoiser(self) -> bool:
        """Whether the model gives back what it takes, cleaned; else it tells classes apart."""
        return self.front_end.get("kind") in _DENOISED

    def to_dict(self) -> dict[str, Any]:
        """Plain values, with the format's name and version first."""
        return {"format": FORMAT, "version": VERSION, **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, values: Any, source: object = CARD_NAME) -> ModelCard:
        """Check and read a card; ``source`` is the name that errors give it."""
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise BundleError(mismatch(source, f'a JSON object with "format": "{FORMAT}"', "something else"))
        if values.get("version") != VERSION:
            raise BundleError(mismatch(source, f"version {VERSION}", values.get("version")))
        fields = {k: v for k, v in values.items() if k not in {"format", "version"}}
        fields = check_fields(cls, fields, source)
        for name, part in (("input", TensorSpec), ("output", TensorSpec), ("detector", DetectorSpec)):
            if name in fields:
                try:
                    fields[name] = part(**check_fields(part, fields[name], f"{source}, {name}"))
                except BundleError as error:
                    text = str(error)
                    raise BundleError(text if text.startswith(str(source)) else f"{source}: {text}") from None
        card = cls(**fields)
        if card.noise_thresholds:
            if not card.noise_level:
                raise BundleError(mismatch(f"{source}, noise_thresholds", "nothing without noise_level", "something"))
            check_steps(card.noise_thresholds, card.detector.release, f"{source}, noise_thresholds")
        if card.target not in TARGETS:
            raise BundleError(mismatch(f"{source}, target", f"one of {', '.join(TARGETS)}", repr(card.target)))
        if len(set(card.labels)) < len(card.labels):
            raise BundleError(mismatch(f"{source}, labels", "each once", ", ".join(card.labels)))
        if card.is_denoiser:
            if card.labels:
                raise BundleError(mismatch(f"{source}, labels", "none of a denoiser", ", ".join(card.labels)))
            # But for axes of one, which lowering adds where it needs them.
            taken, given = ([n for n in end.shape if n != 1] for end in (card.input, card.output))
            if given != taken:
                raise BundleError(mismatch(f"{source}, output shape", f"{taken} (the input's)", given))
        elif card.output.shape and card.output.shape[-1] != len(card.labels):
            raise BundleError(
                mismatch(source, f"{card.output.shape[-1]} labels (the model's outputs)", len(card.labels))
            )
        if card.stream:
            if card.front_end.get("kind") not in _STREAMED:
                raise BundleError(mismatch(f"{source}, stream", "nothing but of a signal or of words", "something"))
            if card.noise_level:
                raise BundleError(mismatch(f"{source}, noise_level", "nothing of a stream", "something"))
            StreamSpec.from_dict(card.stream, f"{source}, stream")
        return card

    def write(self, folder: Path) -> Path:
        """Write ``card.json`` into a bundle folder."""
        path = folder / CARD_NAME
        write_atomically(path, json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n")
        return path


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_bundle(folder: Path) -> tuple[ModelCard, Path]:
    """Open a bundle: read the card, check that the model file is the one it was written for.

    Returns
    -------
    (ModelCard, Path)
        The card and the path of the model file.

    Raises
    ------
    BundleError
        Naming the file, what was expected and what was found.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BundleError(mismatch(folder, "a bundle folder", "a file" if folder.exists() else "nothing there"))
    card_path, model_path = folder / CARD_NAME, folder / MODEL_NAME
    for path in (card_path, model_path):
        if not path.is_file():
            raise BundleError(mismatch(path, "a file of the bundle", "nothing there"))
    try:
        values = json.loads(card_path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError(mismatch(card_path, "JSON", error)) from None
    card = ModelCard.from_dict(values, card_path)
    found = sha256_of(model_path)
    if found != card.sha256:
        raise BundleError(mismatch(model_path, f"SHA-256 {card.sha256[:16]}... (its card)", f"{found[:16]}..."))
    return card, model_path
