"""A trained run becomes a bundle: lower, prove, quantise, write the card."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import tf_keras

from drsn_keras.model_card import CARD_NAME, MODEL_NAME, DetectorSpec, ModelCard, sha256_of
from drsn_keras.noise_level_spec import NOISE_MODEL_NAME
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.open_run import OpenRun
from drsn_keras.training.run_folder import environment, git_revision
from drsn_keras.training.vibration.config import VibrationConfig

from .bundle_folder import new_bundle
from .calibration import CALIBRATION_NAME, Calibration
from .card_page import CARD_PAGE_NAME, write_card_page
from .gzip_size import gzip_size
from .keyword_stream import calibration_inputs, check_stream, lower_classifier, open_file, stream_facts
from .lowering import StreamTwin, Twin
from .noise_model import noise_level_rows, write_noise_model
from .quantize import float_layers, quantize
from .recipe import Recipe


@dataclasses.dataclass(frozen=True)
class Converted:
    """A flatbuffer and the facts about it that belong into a card."""

    content: bytes
    twin: Twin | StreamTwin
    facts: dict[str, Any]


def convert(run: OpenRun, recipe: Recipe, calibration: Calibration) -> Converted:
    """Lower a run's model, prove the twin on the calibration clips, quantise it. One for streams becomes a step.

    Raises
    ------
    UsageError
        If a layer cannot be lowered for the target, a layer to keep does not exist, or the recipe is not for streams.
    CheckFailed
        If the twin is not the same function within 1e-5, or an integer graph holds a float tensor.
    """
    check_stream(run.model, run.config.model, recipe)
    twin = lower_classifier(run.model, recipe.target, calibration.features)
    inputs = calibration_inputs(twin, calibration.features, recipe)
    content = quantize(twin, recipe, inputs, _fine_tuned(run, twin, recipe, calibration))
    facts = {**recipe.to_dict(), **float_layers(twin, recipe)}
    return Converted(content, twin, {**facts, "parity": twin.parity, "gzip_bytes": gzip_size(content)})


def _fine_tuned(run: OpenRun, twin: Twin, recipe: Recipe, calibration: Calibration) -> tf_keras.Model | None:
    """What training made of the twin, where the recipe asks for any."""
    if recipe.scheme == "int8-qat":
        from .quantization.aware_training import train_aware

        return train_aware(run, twin, calibration.features, seed=recipe.seed)
    if recipe.prune is not None:
        from .quantization.sparsity import prune

        return prune(run, twin, recipe.prune, seed=recipe.seed)
    if recipe.cluster is not None:
        from .quantization.clustering import cluster

        return cluster(run, twin, recipe.cluster, seed=recipe.seed)
    return None


def convert_run(run: OpenRun, recipe: Recipe, calibration: Calibration, bundle: Path) -> ModelCard:
    """Write a bundle folder: the model, its card for machines and for people, the calibration list.

    The folder appears when everything in it is complete, in the place of an older bundle.

    Raises
    ------
    UsageError, CheckFailed
        As :func:`convert`.
    """
    converted = convert(run, recipe, calibration)
    config, summary = run.config, run.summary
    with new_bundle(bundle) as building:
        path = building / MODEL_NAME
        path.write_bytes(converted.content)
        interpreter = open_file(path, converted.twin)
        facts = {"macs": summary["macs"], **stream_facts(run.model, config.spec, converted.twin, interpreter)}
        card = ModelCard(
            name=f"{config.model} {config.task}, {recipe.name}",
            task=config.task,
            model=config.model,
            scheme=recipe.name,
            target=recipe.target,
            labels=tuple(summary["labels"]),
            front_end=config.front_end,
            input=interpreter.input,
            output=interpreter.output,
            sha256=sha256_of(path),
            size_bytes=len(converted.content),
            detector=DetectorSpec(**summary["detector"]),
            monitor=summary["monitor"],
            noise_level=write_noise_model(run, calibration, recipe.target, building),
            parameters=summary["parameters"],
            **facts,
            synthetic_speech=summary["synthetic_speech"],
            export=converted.facts,
            outside_graph=outside_graph(config, isinstance(converted.twin, StreamTwin)),
            training=training_facts(config, summary, calibration),
            metrics=_measured(summary),
            versions={**environment(), "git_revision": git_revision() or "unknown"},
        )
        card.write(building)
        calibration.write(building / CALIBRATION_NAME)
        write_card_page(building, card)
    return card


def is_bundle(folder: Path) -> bool:
    """Whether a folder holds a bundle, damaged or not, and nothing else: what may be replaced by a new one."""
    names = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    known = {MODEL_NAME, CARD_NAME, CARD_PAGE_NAME, CALIBRATION_NAME, NOISE_MODEL_NAME}
    return {CARD_NAME, MODEL_NAME} <= names <= known


def _measured(summary: dict[str, Any]) -> dict[str, Any]:
    """What training has measured."""
    found = {"validation_keras": summary["validation"]}
    if summary["operating_point"]:
        found["detector_on_validation_streams"] = summary["operating_point"]
    if rows := noise_level_rows(summary):
        found["noise_level_from_thresholds"] = rows
    return found


def outside_graph(config: KeywordConfig | VibrationConfig, stream: bool = False) -> dict[str, str]:
    """What the model needs but the graph does not hold, and the code that does it on the device."""
    if isinstance(config, VibrationConfig):
        inputs = ", ".join(config.spec.channels).replace("_", " ")
        return {
            f"window of {config.spec.n_samples} samples ({inputs})": "drsn_keras.frontend.window_features",
            "abstention (novelty of a window, smallest probability), health index": "drsn_keras.edge.monitor",
        }
    kind = config.spec.kind
    last = {"mfcc": "logarithm, cosine transform", "root_mel": "fourth root"}.get(kind, "logarithm")
    front_end = f"{kind.replace('_', '-')} front end (framing, window, FFT, mel bands, {last})"
    if config.spec.is_waveform:
        front_end = "samples in [-1, 1] (no front end)"
    return {
        front_end: "drsn_keras.frontend.StreamingFrontEnd",
        **({"states from step to step": "drsn_keras.edge.listener"} if stream else {}),
        "detector (smoothing, threshold, hysteresis, refractory time)": "drsn_keras.edge.detector",
    }


def _data(config: KeywordConfig | VibrationConfig) -> str:
    if config.data:
        extra = " and synthetic speech" if isinstance(config, KeywordConfig) and config.synthesize_extra else ""
        return Path(config.data).name + extra
    if isinstance(config, VibrationConfig):
        return f"{config.machines} simulated machines"
    return "synthetic speech: " + ", ".join(config.synthesize)


def training_facts(
    config: KeywordConfig | VibrationConfig, summary: dict[str, Any], calibration: Calibration
) -> dict[str, Any]:
    """What a card says about the training: data, split protocol, noise, seed. Folder names, no paths of a machine."""
    return {
        "data": _data(config),
        "simulated": isinstance(config, VibrationConfig) and not config.data,
        "protocol": summary["protocol"],
        "clips": summary["clips"],
        "noise": summary["training_noise"],
        "epochs": config.epochs,
        "best_epoch": summary["best_epoch"],
        "seed": config.seed,
        "calibration": calibration.describe(),
    }
