"""Hold a bundle against the Keras model it was made from, on real clips: accuracy and agreement."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.errors import CheckFailed, mismatch
from drsn_keras.frontend import FrontEndSpec, WindowSpec, features_of
from drsn_keras.training.conditions import CLEAN, RECORDED, Condition, noisy_clips, sources_of
from drsn_keras.training.features import BatchFeatures
from drsn_keras.training.open_run import OpenRun

from .keyword_stream import lower_classifier, open_file
from .tflite import to_tflite

#: A bundle may lose this many points of accuracy ...
MAX_LOSS_POINTS = 0.5
#: ... and must give the Keras model's answer on this share of the clips [%].
MIN_AGREEMENT = 97.0
#: Largest difference between the probabilities of Keras and of the float32 file.
MAX_FLOAT_DIFFERENCE = 1e-4
#: Largest difference between the device's features and those of training (logarithms or fourth roots of power).
MAX_FEATURE_DIFFERENCE = 1e-3
_PARITY_CLIPS = 64
#: Besides clean: the level at which most devices will work. Loss and agreement are judged over these two.
SNR_DB = 10.0
#: Measured for the card besides.
CARD_SNRS_DB = (20.0, 10.0, 5.0, 0.0, -5.0)
_SEED = 50_001


@dataclasses.dataclass(frozen=True)
class Verification:
    """What was compared: ``rows`` over all clips, clean and in noise.

    ``loss`` is Keras accuracy minus bundle accuracy in points, ``agreement`` the share of equal answers in percent,
    both over the clips clean and at 10 dB; ``float_difference`` the largest difference of a probability between Keras
    and the float32 file of the lowered twin.
    """

    rows: tuple[dict[str, Any], ...]
    scheme: str
    loss: float
    agreement: float
    float_difference: float

    @property
    def faults(self) -> list[str]:
        """What is out of bounds, a line each; empty for a bundle that passes."""
        found = []
        if self.loss > MAX_LOSS_POINTS:
            found.append(f"accuracy loss: expected at most {MAX_LOSS_POINTS} points, got {self.loss:.2f}")
        if self.agreement < MIN_AGREEMENT:
            found.append(f"agreement with Keras: expected at least {MIN_AGREEMENT:g} %, got {self.agreement:.2f} %")
        if self.float_difference > MAX_FLOAT_DIFFERENCE:
            difference = f"{self.float_difference:.2g}"
            found.append(f"float32 file against Keras: expected at most {MAX_FLOAT_DIFFERENCE:g}, got {difference}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """For JSON and for the card."""
        return {**dataclasses.asdict(self), "passed": not self.faults}


def verify_bundle(bundle: Path, run: OpenRun) -> Verification:
    """Compare Keras, the float32 file and the bundle on the run's test clips.

    Every test clip is heard clean and in noise (recorded where the run has recordings, else the kinds it was trained
    with), at each of ``CARD_SNRS_DB``. Loss and agreement are over clean and 10 dB together. A model of streams hears
    every clip from its beginning, step by step.
    """
    opened = load_bundle(bundle)
    run.require_match(opened)
    corpus, spec, scheme = run.corpus, run.config.spec, opened.card.scheme
    clips = corpus.clips("test")
    features = BatchFeatures(spec)
    names = [RECORDED] if corpus.recorded("test") else list(run.config.noise_kinds)
    sources = [source for name in names for source in sources_of(corpus, name, "test")]
    noise = RECORDED if names == [RECORDED] else "generated"

    def waves() -> Iterator[tuple[Condition, np.ndarray]]:
        yield Condition(CLEAN, float("inf"), True), clips.x.astype(np.float32) / 32768.0
        if sources:
            for snr_db, y in noisy_clips(clips, sources, CARD_SNRS_DB, _SEED):
                yield Condition(noise, snr_db, True), y

    rows, judged = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "float32.tflite")
        # Lowered for the bundle's target: the same graph before quantisation.
        twin = lower_classifier(run.model, opened.card.target)
        path.write_bytes(to_tflite(twin.model, "float32"))
        float_file = open_file(path, twin)
        for condition, y in waves():
            x = features(y)
            _check_front_end(y[:_PARITY_CLIPS], x[:_PARITY_CLIPS], opened.front_end)
            p = {
                "keras": run.predict(x),
                "float32": float_file.run_batch(x),
                scheme: opened.interpreter.run_batch(x),
            }
            rows.append(_row(condition, clips.y, p, scheme))
            if condition.clean or condition.snr_db == SNR_DB:
                judged.append({name: values.argmax(axis=-1) for name, values in p.items()})
    truth = np.concatenate([clips.y] * len(judged))
    keras_answers = np.concatenate([a["keras"] for a in judged])
    bundle_answers = np.concatenate([a[scheme] for a in judged])
    return Verification(
        rows=tuple(rows),
        scheme=scheme,
        # From counts: a loss of exactly the limit is within it.
        loss=100.0 * (int(np.sum(keras_answers == truth)) - int(np.sum(bundle_answers == truth))) / len(truth),
        agreement=float(100.0 * np.mean(keras_answers == bundle_answers)),
        float_difference=max(row["float_difference"] for row in rows),
    )


def _check_front_end(y: np.ndarray, features: np.ndarray, spec: FrontEndSpec | WindowSpec) -> None:
    """The device computes features in NumPy: they must be those that the models were given here."""
    difference = float(np.max(np.abs(features_of(y, spec) - features)))
    if difference > MAX_FEATURE_DIFFERENCE:
        raise CheckFailed(mismatch("front end, NumPy against Keras", f"at most {MAX_FEATURE_DIFFERENCE:g}", difference))


def _row(condition: Condition, truth: np.ndarray, p: dict[str, np.ndarray], scheme: str) -> dict[str, Any]:
    answers = {name: values.argmax(axis=-1) for name, values in p.items()}
    return {
        "noise": condition.noise,
        "snr_db": f"{condition.snr_db:g}",
        "n": len(truth),
        **{name: round(float(100.0 * np.mean(a == truth)), 2) for name, a in answers.items()},
        "agreement": round(float(100.0 * np.mean(answers["keras"] == answers[scheme])), 2),
        "float_difference": float(np.max(np.abs(p["keras"] - p["float32"]))),
    }
