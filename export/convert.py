"""A trained run becomes a bundle: convert to TFLite, quantise, write the card."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.errors import CheckFailed
from drsn_keras.model_card import CARD_NAME, MODEL_NAME, DetectorSpec, ModelCard, sha256_of
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.quiet import native_stderr_aside
from drsn_keras.training.run_folder import environment, git_revision

from .calibration import CALIBRATION_NAME, Calibration
from .card_page import CARD_PAGE_NAME, write_card_page
from .graph import float_tensors

SCHEMES = ("float32", "float16", "dynamic", "int8")


def to_tflite(model: keras.Model, scheme: str, calibration: np.ndarray | None = None) -> bytes:
    """Convert a Keras model whose input has no unknown axis but the batch.

    Parameters
    ----------
    model : keras.Model
    scheme : {"float32", "float16", "dynamic", "int8"}
        ``float16`` stores weights in half precision, ``dynamic`` stores int8 weights and computes in float,
        ``int8`` computes in integers throughout, input and output included.
    calibration : np.ndarray [shape=(n, ...)]
        Inputs that the ranges of ``int8`` are measured on.

    Returns
    -------
    bytes
        A flatbuffer for a batch of one.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme: expected one of {', '.join(SCHEMES)}, got {scheme!r}")
    signature = [tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="input")]
    with tempfile.TemporaryDirectory() as folder:
        archive = keras.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint("serve", lambda x: model(x, training=False), input_signature=signature)
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if scheme != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if scheme == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if scheme == "int8":
            if calibration is None:
                raise ValueError("scheme int8: expected calibration inputs, got none")
            converter.representative_dataset = lambda: ([x[None]] for x in calibration.astype(np.float32))
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = tf.int8
            converter.inference_output_type = tf.int8
        with native_stderr_aside(), warnings.catch_warnings():
            # The statistics come from the calibration inputs; the converter asks for others all the same.
            warnings.filterwarnings("ignore", message="Statistics for quantized inputs were expected")
            return converter.convert()


def convert_run(
    model: keras.Model,
    config: KeywordConfig,
    summary: dict[str, Any],
    scheme: str,
    calibration: Calibration,
    bundle: Path,
) -> ModelCard:
    """Write a bundle folder: the model, its card for machines and for people, the calibration list.

    The folder appears when everything in it is complete; an older bundle there is set aside first, then removed.

    Raises
    ------
    CheckFailed
        If the int8 graph holds a float tensor.
    """
    content = to_tflite(model, scheme, calibration.features)
    if scheme == "int8" and (found := float_tensors(content)):
        raise CheckFailed(f"int8 graph: expected no float tensor, got {len(found)}, the first: {found[0]}")
    bundle.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{bundle.name}.", dir=bundle.parent))
    try:
        path = building / MODEL_NAME
        path.write_bytes(content)
        interpreter = Interpreter(path)
        card = ModelCard(
            name=f"{config.model} keywords, {scheme}",
            task="keywords",
            model=config.model,
            scheme=scheme,
            labels=tuple(summary["labels"]),
            front_end=config.front_end,
            input=interpreter.input,
            output=interpreter.output,
            sha256=sha256_of(path),
            size_bytes=len(content),
            detector=DetectorSpec(**summary["detector"]),
            parameters=summary["parameters"],
            macs=summary["macs"],
            synthetic_speech=summary["synthetic_speech"],
            training=training_facts(config, summary, calibration),
            metrics={
                "validation_keras": summary["validation"],
                "detector_on_validation_streams": summary["operating_point"],
            },
            versions={**environment(), "git_revision": git_revision() or "unknown"},
        )
        card.write(building)
        calibration.write(building / CALIBRATION_NAME)
        write_card_page(building, card)
        building.chmod(0o755)
        older = building.with_name(building.name + ".older")
        if bundle.exists():
            bundle.rename(older)
        building.rename(bundle)
        shutil.rmtree(older, ignore_errors=True)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return card


def is_bundle(folder: Path) -> bool:
    """Whether a folder holds a bundle, damaged or not, and nothing else: what may be replaced by a new one."""
    names = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    return CARD_NAME in names and names <= {MODEL_NAME, CARD_NAME, CARD_PAGE_NAME, CALIBRATION_NAME}


def training_facts(config: KeywordConfig, summary: dict[str, Any], calibration: Calibration) -> dict[str, Any]:
    """What a card says about the training: data, split protocol, noise, seed. Folder names, no paths of a machine."""
    return {
        "data": Path(config.data).name if config.data else "synthetic speech: " + ", ".join(config.synthesize),
        "protocol": summary["protocol"],
        "clips": summary["clips"],
        "noise": summary["training_noise"],
        "epochs": config.epochs,
        "best_epoch": summary["best_epoch"],
        "seed": config.seed,
        "calibration": calibration.describe(),
    }
