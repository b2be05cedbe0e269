"""Fixtures for all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))  # layer_contract, random_weights, small_runs

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings beside the checkout (or at DRSN_DATA); tests that need them are skipped without."""
    folder = Path(os.environ.get("DRSN_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip(f"no recordings at {folder} (set DRSN_DATA)")
    return folder


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Int8 files for comparing engines, beside the recordings; tests that need them are skipped without."""
    folder = Path(os.environ.get("DRSN_DATA", ROOT.parent / "shared" / "data")).parent / "models"
    if not (folder / "kws.tflite").is_file():
        pytest.skip(f"no models at {folder}")
    return folder


@pytest.fixture(scope="session")
def tones(tmp_path_factory) -> Path:
    """Recordings of two 'words' and silence."""
    from small_runs import write_tones

    return write_tones(tmp_path_factory.mktemp("tones"))


@pytest.fixture(scope="session")
def tones_run(tones, tmp_path_factory) -> Path:
    """A finished deterministic training on :func:`tones`."""
    from small_runs import OPTIONS, train

    run = tmp_path_factory.mktemp("runs") / "tones"
    train(tones, run, *OPTIONS)
    return run


@pytest.fixture(scope="session")
def stream_words_run(tones, tmp_path_factory) -> Path:
    """A run of a keyword network for streams whose weights tell the words of :func:`tones`; not to be written to."""
    from keyword_stream_run import write_run

    return write_run(tmp_path_factory.mktemp("runs") / "stream_words", tones)
