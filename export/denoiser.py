"""A denoiser's run becomes a bundle: a step of a stream, or a file of the length that training saw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.edge.step_interpreter import StepInterpreter
from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import SignalSpec
from drsn_keras.model_card import MODEL_NAME, ModelCard, sha256_of
from drsn_keras.training.denoising.config import DenoiseConfig
from drsn_keras.training.denoising.networks import MODELS
from drsn_keras.training.denoising.recipes import AUDIO
from drsn_keras.training.open_run import OpenRun
from drsn_keras.training.run_folder import environment, git_revision

from .bundle_folder import new_bundle
from .card_page import write_card_page
from .denoiser_inputs import PIECES, NoisyPieces, draw_pieces, some_steps
from .gzip_size import gzip_size
from .lowering import StreamTwin, Twin, lower, lower_stream
from .quantize import float_layers, quantize
from .recipe import Recipe
from .stream_card import stream_card

#: Frames of a step where nothing else is said: 32 ms of the network's 4 ms; a microcontroller keeps small maps.
STEP_FRAMES = {"litert": 8, "ethos-u": 8, "tflm": 1}
_SCHEMES = ("float32", "float16", "dynamic", "int8", "int16x8")
_STREAM_SCHEMES = _SCHEMES[:-1]


def streams(config: DenoiseConfig) -> bool:
    """Whether a run's network works on a stream, frame by frame."""
    return MODELS[config.model].framed


def check_denoiser(config: DenoiseConfig, recipe: Recipe, step_frames: int | None) -> None:
    """Refuse what a denoiser's conversion has not.

    Raises
    ------
    UsageError
    """
    stream = streams(config)
    schemes = _STREAM_SCHEMES if stream else _SCHEMES
    if recipe.scheme not in schemes:
        expected = f"one of {', '.join(schemes)} for {config.model}"
        raise UsageError(mismatch("--scheme", expected, recipe.scheme))
    for name in ("prune", "cluster", "keep"):
        if getattr(recipe, name):
            raise UsageError(mismatch(f"--{name}", "a keyword or vibration run", f"a denoiser ({config.model})"))
    if step_frames is not None:
        if not stream:
            able = ", ".join(name for name, one in MODELS.items() if one.framed)
            raise UsageError(mismatch("--step-frames", f"a network of streams ({able})", config.model))
        most = config.spec.shape[0]
        if not 1 <= step_frames <= most:
            raise UsageError(mismatch("--step-frames", f"1 to {most} (training's piece)", step_frames))


def flexible_model(run: OpenRun) -> keras.Model:
    """The run's network over signals of any length.

    As its file has it: a builder's defaults may have changed since the training.
    """
    inputs = keras.Input((None, run.config.spec.hop_length), name=run.model.inputs[0].name)
    model = keras.models.clone_model(run.model, input_tensors=inputs)
    model.set_weights(run.model.get_weights())
    return model


def lower_denoiser(run: OpenRun, target: str, frames: int | None, pieces: NoisyPieces | None) -> Twin | StreamTwin:
    """Lower a run's network for a target, as a step of so many frames or as a whole; proved on pieces."""
    examples = None if pieces is None else pieces.inputs
    if frames is None:
        return lower(run.model, target, examples)
    if examples is not None:
        examples = examples[:, : examples.shape[1] // frames * frames]
    return lower_stream(flexible_model(run), target, frames, examples)


def convert_denoiser(
    run: OpenRun, recipe: Recipe, bundle: Path, step_frames: int | None = None, pieces: int = PIECES
) -> ModelCard:
    """Write a bundle folder: the model and its card for machines and for people.

    Parameters
    ----------
    run : OpenRun
        Of a denoiser.
    recipe : Recipe
    bundle : Path
    step_frames : int, optional
        Of a network of streams; :data:`STEP_FRAMES` by default.
    pieces : int
        Training pieces that ranges and levels are measured on.

    Raises
    ------
    UsageError
        If the recipe is not for denoisers, or a layer cannot be lowered, or not for the scheme and target.
    CheckFailed
        If the twin is not the same function (:func:`~drsn_keras.export.lowering.lower`), or an integer graph holds a
        float tensor.
    """
    check_denoiser(run.config, recipe, step_frames)
    frames = (step_frames or STEP_FRAMES[recipe.target]) if streams(run.config) else None
    drawn = draw_pieces(run.denoise_task, pieces)
    twin = lower_denoiser(run, recipe.target, frames, drawn)
    content = quantize(twin, recipe, _calibration(twin, drawn, recipe))
    config, summary = run.config, run.summary
    with new_bundle(bundle) as building:
        path = building / MODEL_NAME
        path.write_bytes(content)
        interpreter = Interpreter(path) if frames is None else StepInterpreter(path)
        card = ModelCard(
            name=f"{config.model} {config.kind} {config.task}, {recipe.name}",
            task=config.task,
            model=config.model,
            scheme=recipe.name,
            target=recipe.target,
            labels=(),
            front_end=config.front_end,
            input=interpreter.input,
            output=interpreter.output,
            sha256=sha256_of(path),
            size_bytes=len(content),
            parameters=summary["parameters"],
            macs=summary["macs"],
            synthetic_speech=config.kind == AUDIO and not config.data,
            export={
                **recipe.to_dict(),
                **float_layers(twin, recipe),
                "parity": twin.parity,
                "gzip_bytes": gzip_size(content),
            },
            outside_graph=outside_graph(config.spec, frames is not None),
            training=_training_facts(run, drawn),
            metrics=_measured(summary),
            stream={} if frames is None else stream_card(interpreter, frames, config.spec.hop_length),
            versions={**environment(), "git_revision": git_revision() or "unknown"},
        )
        card.write(building)
        write_card_page(building, card)
    return card


def _calibration(twin: Twin | StreamTwin, pieces: NoisyPieces, recipe: Recipe) -> Any:
    """What ranges are measured on; a float graph needs none."""
    x = pieces.inputs
    if isinstance(twin, Twin) or recipe.scheme != "int8":
        return x
    return some_steps(twin, x[:, : x.shape[1] // twin.frames * twin.frames])


def outside_graph(spec: SignalSpec, stream: bool) -> dict[str, str]:
    """What a denoiser needs but its graph does not hold, and the code that does it on the device."""
    if spec.is_image:
        return {}
    where = "drsn_keras.edge.denoiser"
    scale = f", scale (1.0 to the network is {spec.full_scale:g} {spec.unit})" if spec.full_scale != 1.0 else ""
    found = {f"level (gain before, its inverse after){scale}": "drsn_keras.edge.denoise_gain"}
    if stream:
        return {**found, "framing of samples, states from step to step": f"{where}.StreamDenoiser"}
    return {**found, "pieces that overlap by half, faded into each other": f"{where}.PieceDenoiser"}


def _training_facts(run: OpenRun, pieces: NoisyPieces) -> dict[str, Any]:
    """What a card says about the training. Folder names, no paths of a machine."""
    config, summary = run.config, run.summary
    noisy = {"sigma": list(config.sigma)} if config.by_sigma else {"snr_db": list(config.snr_db)}
    level, made = pieces.level(), summary.get("made", "")
    return {
        "kind": config.kind,
        "data": Path(config.data).name if config.data else made,
        "made": made,
        "protocol": summary["protocol"],
        "noise": summary["training_noise"],
        **noisy,
        **({"level": level} if level else {}),
        "loss": config.loss,
        "epochs": config.epochs,
        "best_epoch": summary["best_epoch"],
        "seed": config.seed,
        "calibration": pieces.describe(),
    }


def _measured(summary: dict[str, Any]) -> dict[str, Any]:
    """What training has measured: its main measure, and that of the noisy signals."""
    scores, noisy = summary["validation"], summary.get("validation_noisy", {})
    rows = [
        {"condition": name, "noisy": noisy[name], "keras": scores[f"val_{name}"]}
        for name in noisy
        if f"val_{name}" in scores
    ]
    return {f"validation_{summary.get('measure', 'keras')}": rows} if rows else {"validation_keras": scores}
