"""Who takes part: the bundles, the conversions that one gets without this project, the untrained twins."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.edge.bundle import Bundle
from drsn_keras.errors import BundleError
from drsn_keras.models import KINDS
from drsn_keras.training.open_run import BUNDLES, OpenRun

from ..recipe import Recipe
from ..tflite import PLAIN_SCHEMES
from .latency import ready
from .naive import naive_conversions
from .rivals import untrained_rivals


@dataclasses.dataclass(frozen=True, eq=False)
class Contestant:
    """One flatbuffer.

    Parameters
    ----------
    name, scheme : str
    target : str or None
        Whose kernels it was lowered for; None where it was not lowered.
    content : bytes
    run : OpenRun or None
        Whose test clips its accuracy is measured on; None where it has none to speak of.
    """

    name: str
    scheme: str
    target: str | None
    content: bytes
    run: OpenRun | None = None


def from_bundles(bundles: Sequence[Bundle], runs: Sequence[OpenRun | None]) -> list[Contestant]:
    """The bundles and the runs that they were made from; one inside a run is named ``RUN/BUNDLE`` if that is enough."""
    folders = {_name(bundle.folder): bundle.folder for bundle in bundles}
    seen: Counter[str] = Counter()
    found = []
    for bundle, run in zip(bundles, runs, strict=True):
        name = _name(bundle.folder)
        if folders[name].resolve() != bundle.folder.resolve():
            name = str(bundle.folder)
        seen[name] += 1
        card = bundle.card
        found.append(
            Contestant(
                name if seen[name] == 1 else f"{name} ({seen[name]})",
                card.scheme,
                # Cards of bundles that were made before there was a lowering say nothing of it.
                card.target if card.export else None,
                bundle.interpreter.model_path.read_bytes(),
                run,
            )
        )
    return found


def naive_forms(run: OpenRun, calibration: np.ndarray) -> list[Contestant]:
    """A run's weights, converted without lowering; what LiteRT refuses to run is left out, with a line on stderr."""
    found = []
    for name, content in naive_conversions(run.model, calibration).items():
        form, _, scheme = name.rpartition("-")
        try:
            ready(f"naive {form} {scheme}", content)
        except BundleError as error:
            log(f"left out: {error}")
            continue
        found.append(Contestant(f"naive {form}", scheme, None, content, run))
    return found


def untrained_twins(
    bundle: Bundle, run: OpenRun, runs: Sequence[OpenRun | None], calibration: np.ndarray
) -> list[Contestant]:
    """The other kinds of a run's network, lowered as its bundle was; kinds that ``runs`` has trained are left out."""
    if run.config.spec.is_waveform:
        return []  # no unit of theirs hears samples
    trained = {one.config.model for one in runs if one is not None and _size(one) == _size(run)}
    scheme = bundle.card.export.get("scheme", bundle.card.scheme)
    recipe = Recipe(scheme=scheme if scheme in PLAIN_SCHEMES else "int8", target=bundle.card.target)
    rivals = untrained_rivals(
        run.config,
        len(bundle.card.labels),
        calibration,
        kinds=[kind for kind in KINDS if kind not in trained],
        recipe=recipe,
    )
    return [Contestant(f"untrained {kind}", recipe.scheme, recipe.target, content) for kind, content in rivals.items()]


def _size(run: OpenRun) -> tuple[object, ...]:
    """What makes two networks of different kinds twins."""
    return run.config.width, run.config.front_end, len(run.summary["labels"])


def _name(folder: Path) -> str:
    resolved = folder.resolve()
    return f"{resolved.parent.parent.name}/{resolved.name}" if resolved.parent.name == BUNDLES else str(folder)
