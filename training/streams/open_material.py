"""The data that a bundle's streams are composed from: its run's, or what the command line names."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from drsn_keras.command_line import log
from drsn_keras.edge.bundle import Bundle, keyword_front_end, load_bundle
from drsn_keras.errors import BundleError, UsageError, mismatch
from drsn_keras.files import resolved
from drsn_keras.model_card import BACKGROUND_LABELS

from ..config import KeywordConfig
from ..corpus import Corpus, open_corpus
from ..open_run import open_run, run_of_bundle


@dataclasses.dataclass(frozen=True)
class Given:
    """Paths of the command line; None and nothing where the run's own are meant."""

    run: Path | None = None
    data: Path | None = None
    manifest: Path | None = None
    noise: tuple[Path, ...] = ()

    @property
    def moved(self) -> dict[str, str]:
        """``data`` and ``manifest`` where they were named."""
        return {n: str(resolved(p)) for n in ("data", "manifest") if (p := getattr(self, n)) is not None}

    @property
    def noise_folders(self) -> list[str]:
        """Folders of recorded noise."""
        return [str(resolved(folder)) for folder in self.noise]


def open_streams_data(folder: Path, given: Given) -> tuple[Bundle, Corpus]:
    """A bundle, and its corpus, divided as in its training.

    Raises
    ------
    BundleError
        If it is no bundle, or hears no words, or is of another run or other classes.
    UsageError
        If it lies in no run and no data is named.
    SplitError
        If the data is no longer what the run was trained on.
    """
    bundle = load_bundle(folder)
    keyword_front_end(bundle)
    if bundle.card.is_denoiser or all(label in BACKGROUND_LABELS for label in bundle.card.labels):
        raise BundleError(mismatch(f"{folder}, labels", "keywords", ", ".join(bundle.card.labels) or "none"))
    try:
        run_folder = run_of_bundle(folder, given.run)
    except BundleError:
        if given.data is None:
            expected = "a bundle inside its run folder, or --run RUN, or --data DIR with --noise DIR"
            raise UsageError(mismatch(folder, expected, "neither")) from None
        return bundle, _without_run(bundle, given)
    run = open_run(run_folder, overrides=given.moved, noise_folders=given.noise_folders)
    if not isinstance(run.config, KeywordConfig):
        raise BundleError(mismatch(f"{run_folder}, task", "keywords", run.config.task))
    run.require_match(bundle)
    return bundle, run.corpus


def _without_run(bundle: Bundle, given: Given) -> Corpus:
    """The named data, with the card's classes: its own, or the card's words and all others as other speech."""
    labels = bundle.card.labels
    settings: dict[str, Any] = {
        **given.moved,
        "noise": tuple(given.noise_folders),
        "front_end": bundle.front_end.to_dict(),
    }
    corpus = open_corpus(KeywordConfig(**settings), progress=True)
    if corpus.labels != labels:
        words = tuple(label for label in labels if label not in BACKGROUND_LABELS)
        corpus = open_corpus(KeywordConfig(**settings, keywords=words), progress=True)
    if corpus.labels != labels:
        what = f"{given.data}, classes"
        raise BundleError(mismatch(what, f"the bundle's ({', '.join(labels)})", ", ".join(corpus.labels)))
    log(f"note: {bundle.folder} lies in no run: whether training heard the data's test part is not known")
    return corpus
