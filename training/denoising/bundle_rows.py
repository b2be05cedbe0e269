"""Bundles as rows: examples cleaned as the device cleans files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from drsn_keras.edge.bundle import Bundle, denoiser_signal, load_bundle
from drsn_keras.edge.denoise_gain import TrainedLevel, input_limits, piece_gain_db
from drsn_keras.edge.denoiser import open_denoiser

from .rows import Candidate

if TYPE_CHECKING:
    from ..open_run import OpenRun


def open_bundles(run: OpenRun, folders: Sequence[Path]) -> list[Bundle]:
    """Open bundles that were made from a run.

    Raises
    ------
    BundleError
        A bundle of another run, or of images, which no device cleans.
    """
    opened = [load_bundle(folder) for folder in folders]
    for bundle in opened:
        run.require_match(bundle)
        denoiser_signal(bundle)
    return opened


def bundle_candidates(bundles: Sequence[Bundle]) -> list[Candidate]:
    """Rows of open bundles, named by their schemes, or by their folders where two have the same.

    None of them is called like the row of the Keras model.
    """
    names = [bundle.card.scheme for bundle in bundles]
    if len(set(names)) < len(names):
        names = [bundle.folder.name for bundle in bundles]
    names = [f"bundle {name}" if name == "keras" else name for name in names]
    return [_candidate(bundle, name) for bundle, name in zip(bundles, names, strict=True)]


def _candidate(bundle: Bundle, name: str) -> Candidate:
    return Candidate(bundle.card.model, name, lambda noisy, _: [as_file(bundle, y) for y in noisy])


def as_file(bundle: Bundle, y: np.ndarray) -> np.ndarray:
    """Clean a signal as ``drsn-edge denoise`` cleans a file: amplified to training's level, by steps or pieces.

    Parameters
    ----------
    bundle : Bundle
    y : np.ndarray [shape=(n,)]
        In units of full scale.

    Returns
    -------
    np.ndarray [shape=(n,), float32]
        The same units.
    """
    trained, limits = TrainedLevel.of(bundle.card.training), input_limits(bundle.interpreter.input)
    denoiser = open_denoiser(bundle, piece_gain_db(y, trained, limits))
    scale = np.float32(denoiser.spec.full_scale)
    return np.concatenate([denoiser.push(y * scale), denoiser.flush()]) / scale
