"""Hold a denoiser's bundle against its Keras model on noisy test pieces: the task's main measure."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.denoise_gain import TrainedLevel, input_limits, piece_gain_db
from drsn_keras.edge.denoiser import StreamDenoiser
from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.edge.step_interpreter import StepInterpreter
from drsn_keras.frontend import SignalSpec, as_model_input
from drsn_keras.training.denoising.config import DenoiseConfig
from drsn_keras.training.denoising.corruption import Condition
from drsn_keras.training.denoising.measures import Measure, mean_of, measures_of
from drsn_keras.training.denoising.predictor import Predictor
from drsn_keras.training.denoising.task import DenoiseTask
from drsn_keras.training.open_run import OpenRun

from .denoiser import lower_denoiser
from .tflite import to_tflite

#: What a bundle may lose: decibels of a measure in dB, percent of an error.
MAX_LOSS_DB, MAX_LOSS_PERCENT = 0.5, 3.0
#: Largest difference of a sample between Keras and the float32 file, relative to samples above 1.
MAX_FLOAT_DIFFERENCE = 1e-4
#: Test pieces at each level.
_EXAMPLES = 40
#: Ratios that are looked at as far as training mixed them in [dB].
_SNRS_DB = (10.0, 5.0, 0.0)
#: More than this around a patch is not needed: degradations cut a side to a multiple of 2, 3 or 4.
_MARGIN = 12
_SEED = 50_002

#: Estimates of pieces in units of full scale.
Clean = Callable[[list[np.ndarray]], list[np.ndarray]]


@dataclasses.dataclass(frozen=True)
class DenoiserVerification:
    """What was compared: ``rows`` by level of the noise.

    ``loss`` is by how much the bundle's mean measure over all levels is worse than that of Keras, in dB or, of an
    error, in percent; ``float_difference`` the largest difference between Keras and the float32 file.
    """

    rows: tuple[dict[str, Any], ...]
    scheme: str
    measure: str
    unit: str
    loss: float
    float_difference: float

    @property
    def faults(self) -> list[str]:
        """What is out of bounds, a line each; empty for a bundle that passes."""
        found = []
        most = MAX_LOSS_DB if self.unit == "dB" else MAX_LOSS_PERCENT
        if not self.loss <= most:
            found.append(f"loss of {self.measure}: expected at most {most:g} {self.unit}, got {self.loss:.2f}")
        if not self.float_difference <= MAX_FLOAT_DIFFERENCE:
            difference = f"{self.float_difference:.2g}"
            found.append(f"float32 file against Keras: expected at most {MAX_FLOAT_DIFFERENCE:g}, got {difference}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**dataclasses.asdict(self), "passed": not self.faults}


def verify_denoiser(bundle: Path, run: OpenRun) -> DenoiserVerification:
    """Compare Keras, the float32 file and the bundle on the run's test pieces, at a few levels of training's noises.

    A streaming bundle is judged as ``drsn-edge denoise`` runs it on files: each piece amplified to training's level.
    """
    opened = load_bundle(bundle)
    run.require_match(opened)
    card, task = opened.card, run.denoise_task
    measure, spec = measures_of(task)[0], task.spec
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "float32.tflite")
        frames = card.stream["frames"] if card.stream else None
        # Lowered for the bundle's target: the same graph before quantisation.
        path.write_bytes(to_tflite(lower_denoiser(run, card.target, frames, None).model, "float32"))
        float_file = (StepInterpreter if card.stream else Interpreter)(path)
        files: dict[str, Clean] = {
            "keras": Predictor(run.model, spec),
            "float32": _cleaner(float_file, spec),
            # A float32 bundle stands beside the file that is made here.
            card.scheme if card.scheme != "float32" else "bundle": _cleaner(
                opened.interpreter, spec, TrainedLevel.of(card.training)
            ),
        }
        for conditions, noisy, clean in pairs_of(task, run.config):
            rows.append(_row(conditions, noisy, clean, files, measure, spec.full_scale))
    scheme = list(files)[-1]
    keras, ours = (float(np.mean([row[name] for row in rows])) for name in ("keras", scheme))
    in_db = measure.higher
    return DenoiserVerification(
        rows=tuple({**row, **{n: round(row[n], 4) for n in ("noisy", *files)}} for row in rows),
        scheme=scheme,
        measure=measure.title,
        unit="dB" if in_db else "%",
        loss=keras - ours if in_db else 100.0 * (ours / keras - 1.0),
        float_difference=max(row["float_difference"] for row in rows),
    )


def pairs_of(
    task: DenoiseTask, config: DenoiseConfig
) -> Iterator[tuple[list[Condition], list[np.ndarray], list[np.ndarray]]]:
    """(Conditions of one level, noisy, clean) of test pieces of training's shape; they take the conditions in turn."""
    corruption, levels = task.corruption, None
    if not config.by_sigma:
        low, high = config.snr_db
        levels = [db for db in _SNRS_DB if low <= db <= high] or sorted({low, high}, reverse=True)
    found = [c for c in corruption.conditions(levels=levels) if not c.clean]
    by_level: dict[tuple[str, float], list[Condition]] = {}
    for condition in [c for c in found if c.seen] or found:
        by_level.setdefault((condition.measure, condition.level), []).append(condition)
    examples = task.material.examples("test", _EXAMPLES)
    shape = task.spec.natural_shape
    for conditions in by_level.values():
        noisy, clean = [], []
        for row, one in enumerate(examples):
            rng = np.random.default_rng([_SEED, row])
            pair = corruption.apply(_middle(one.y, shape), conditions[row % len(conditions)], rng, "test")
            if all(n >= m for n, m in zip(pair[0].shape, shape, strict=True)):
                cut = tuple(slice(0, n) for n in shape)
                noisy.append(np.asarray(pair[0][cut], np.float32))
                clean.append(np.asarray(pair[1][cut], np.float32))
        if noisy:
            yield conditions, noisy, clean


def _middle(y: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The middle of an image that is larger than a patch; a signal has its length."""
    if y.ndim == 1:
        return y
    parts = []
    for n, wanted in zip(y.shape, shape, strict=True):
        kept = min(n, wanted + _MARGIN)
        parts.append(slice((n - kept) // 2, (n - kept) // 2 + kept))
    return y[tuple(parts)]


def _cleaner(
    interpreter: Interpreter | StepInterpreter, spec: SignalSpec, trained: TrainedLevel | None = None
) -> Clean:
    """A model file as a function of pieces: of streams by the device's own code, each piece a file at its own gain."""
    if isinstance(interpreter, Interpreter):
        return lambda noisy: [interpreter.run(as_model_input(y, spec)).reshape(y.shape) for y in noisy]
    limits, shares = input_limits(interpreter.input), dataclasses.replace(spec, full_scale=1.0)

    def clean(noisy: list[np.ndarray]) -> list[np.ndarray]:
        found = []
        for y in noisy:
            denoiser = StreamDenoiser(interpreter, shares, piece_gain_db(y, trained, limits))
            found.append(np.concatenate([denoiser.push(y), denoiser.flush()]))
        return found

    return clean


def _row(
    conditions: list[Condition],
    noisy: list[np.ndarray],
    clean: list[np.ndarray],
    files: dict[str, Clean],
    measure: Measure,
    full_scale: float,
) -> dict[str, Any]:
    estimates = {name: clean_by(noisy) for name, clean_by in files.items()}
    scores = {"noisy": mean_of(measure, clean, noisy, full_scale)}
    scores |= {name: mean_of(measure, clean, found, full_scale) for name, found in estimates.items()}
    gain = scores[list(files)[-1]] - scores["noisy"]
    difference = max(
        float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(a))))
        for a, b in zip(estimates["keras"], estimates["float32"], strict=True)
    )
    return {
        "level": conditions[0].level_text,
        "noise": ", ".join(dict.fromkeys(c.noise for c in conditions)),
        "n": len(noisy),
        "measure": measure.title,
        **scores,
        "gain": round(gain if measure.higher else -gain, 4),
        "float_difference": difference,
    }
