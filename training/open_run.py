"""Open a finished run: configuration, summary, Keras model, data, bundles."""

from __future__ import annotations

import dataclasses
import functools
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np

from drsn_keras.edge.bundle import Bundle
from drsn_keras.errors import BundleError, UsageError, first_line, mismatch
from drsn_keras.model_card import CARD_NAME, MODEL_NAME, DetectorSpec
from drsn_keras.typed_fields import check_fields

from .config import KeywordConfig
from .corpus import Corpus, open_corpus
from .denoising.config import DenoiseConfig
from .denoising.task import DenoiseTask
from .denoising.tasks import open_task
from .run_folder import CONFIG, MODEL, SUMMARY, read_json, require_trained
from .split_list import require_same_split
from .vibration.config import VibrationConfig
from .vibration.open_corpus import open_vibration_corpus

BUNDLES = "bundles"
Config = KeywordConfig | VibrationConfig | DenoiseConfig
#: Parts of a summary that a denoiser has not.
_NOT_OF_DENOISERS: dict[str, Any] = {
    **{"labels": [], "detector": {}, "clips": {}, "operating_point": []},
    "synthetic_speech": False,
}


@dataclasses.dataclass(frozen=True)
class OpenRun:
    """A finished run folder.

    Parameters
    ----------
    folder : Path
    config : KeywordConfig, VibrationConfig or DenoiseConfig
        With paths replaced where the caller says that data has moved.
    summary : dict
    """

    folder: Path
    config: Config
    summary: dict[str, Any]

    @functools.cached_property
    def model(self) -> keras.Model:
        """The trained Keras model."""
        # Registers the layers that the file names.
        from drsn_keras import layers  # noqa: F401

        path = self.folder / MODEL
        try:
            return keras.models.load_model(path, compile=False)
        except (OSError, ValueError, TypeError, KeyError, RuntimeError, EOFError, BadZipFile, zlib.error) as error:
            raise BundleError(mismatch(path, "a Keras model of this program", first_line(error))) from None

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Class probabilities [shape=(n, classes)] of features [shape=(n, frames, channels)]."""
        return self.model.predict(features, batch_size=512, verbose=0)

    @functools.cached_property
    def denoise_task(self) -> DenoiseTask:
        """The material of a denoiser, opened with the run's configuration."""
        task = open_task(self.config)
        require_same_split(self.folder, task)
        return task

    @functools.cached_property
    def corpus(self) -> Corpus:
        """The data, opened with the run's configuration."""
        vibration = isinstance(self.config, VibrationConfig)
        corpus = open_vibration_corpus(self.config) if vibration else open_corpus(self.config, progress=True)
        if list(corpus.labels) != self.summary["labels"]:
            was, now = ", ".join(self.summary["labels"]), ", ".join(corpus.labels)
            raise BundleError(mismatch(f"{self.folder}, data", f"the labels it was trained on ({was})", now))
        require_same_split(self.folder, corpus)
        return corpus

    def require_match(self, bundle: Bundle) -> None:
        """Refuse a bundle that was made from another run, as far as its card can tell."""
        for name, expected, found in (
            ("labels", tuple(self.summary["labels"]), bundle.card.labels),
            ("front_end", self.config.spec.to_dict(), bundle.front_end.to_dict()),
        ):
            if expected != found:
                raise BundleError(mismatch(f"{bundle.folder}, {name}", f"the run's ({expected})", found))
        trained = bundle.card.training
        for name, expected, found in (
            ("model", self.config.model, bundle.card.model),
            ("seed", self.config.seed, trained.get("seed", self.config.seed)),
            ("best_epoch", self.summary["best_epoch"], trained.get("best_epoch", self.summary["best_epoch"])),
        ):
            if expected != found:
                raise BundleError(mismatch(f"{bundle.folder}, {name}", f"{expected} (of {self.folder})", found))

    def bundles(self) -> list[Path]:
        """Bundle folders of the run, in alphabetical order."""
        folder = self.folder / BUNDLES
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return [path for path in found if (path / CARD_NAME).is_file()]


def open_run(folder: Path, *, overrides: dict[str, Any] | None = None, noise_folders: Sequence[str] = ()) -> OpenRun:
    """Open a run folder.

    Parameters
    ----------
    overrides : ``data`` and ``manifest``, where the recordings have moved
    noise_folders : instead of the run's own
    """
    require_trained(folder)
    values = read_json(folder / CONFIG)
    if isinstance(values, dict):
        values = {**values, **(overrides or {}), **({"noise": list(noise_folders)} if noise_folders else {})}
        kind = _config_class(values)
        if strange := sorted(set(overrides or {}) - {field.name for field in dataclasses.fields(kind)}):
            raise UsageError(mismatch(f"--{strange[0]}", "a run that has one", f"{folder} ({values.get('task')})"))
    config = read_config(values, folder / CONFIG)
    return OpenRun(folder, config, _summary(folder / SUMMARY))


def read_config(values: Any, source: Path) -> Config:
    """The configuration of a run, of the task that it names."""
    return _config_class(values).from_dict(values, source)


def _config_class(values: Any) -> type[Config]:
    task = values.get("task") if isinstance(values, dict) else None
    return VibrationConfig if task == "vibration" else DenoiseConfig if task == "denoise" else KeywordConfig


def _summary(path: Path) -> dict[str, Any]:
    """summary.json, with the parts that others build on checked."""
    values = read_json(path)
    if isinstance(values, dict):
        # What a task has not: keywords no monitor, networks without shrinkage no noise level.
        absent = _NOT_OF_DENOISERS if values.get("task") == "denoise" else {}
        values = {"monitor": {}, "noise_level": {}, **absent, **values}
    kinds = {
        "labels": list, "detector": dict, "validation": dict, "protocol": dict, "clips": dict, "training_noise": list,
        "operating_point": list, "monitor": dict, "noise_level": dict,
        "parameters": int, "macs": int, "best_epoch": int, "synthetic_speech": bool,
    }  # fmt: skip
    for name, kind in kinds.items():
        if not isinstance(values, dict) or not isinstance(values.get(name), kind):
            raise BundleError(mismatch(f"{path}, {name}", f"a {kind.__name__} (JSON)", "something else"))
    DetectorSpec(**check_fields(DetectorSpec, values["detector"], f"{path}, detector"))
    return values


def run_of_bundle(bundle: Path, run: Path | None = None) -> Path:
    """The run that a bundle was made from: the one named, or the one that it lies in (``RUN/bundles/SCHEME``)."""
    if not bundle.is_dir() or not (bundle / MODEL_NAME).is_file():
        what = "a file" if bundle.is_file() else "a folder without it" if bundle.is_dir() else "nothing there"
        raise BundleError(mismatch(bundle, f"a bundle folder with {MODEL_NAME}", what))
    if run is not None:
        return run
    for parent in list(bundle.resolve().parents)[:3]:
        if (parent / CONFIG).is_file():
            return parent
    raise BundleError(mismatch(bundle, "a bundle inside its run folder, or --run RUN", "neither"))
