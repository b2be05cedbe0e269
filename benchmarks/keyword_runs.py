"""The keyword trainings that benchmarks share: one configuration, trained once for each kind and seed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from drsn_keras.command_line import log

if TYPE_CHECKING:
    from drsn_keras.training.config import KeywordConfig
    from drsn_keras.training.open_run import OpenRun

NOISE_FOLDERS = ("gsc_background", "chen_noises", "esc10")
EPOCHS = 85


def require_data(data: Path) -> None:
    """Leave with one line where the recordings are not."""
    if not (data / "MANIFEST.csv").is_file():
        raise SystemExit(f"{data}: expected the recordings' folder with MANIFEST.csv (--data or DRSN_DATA)")


def configuration(data: Path, kind: str, seed: int, epochs: int) -> KeywordConfig:
    """Real speech in recorded and generated noise, split by speaker as the manifest says."""
    from drsn_keras.training.config import KeywordConfig

    audio = (data / "audio").resolve()
    return KeywordConfig(
        data=str(audio / "gsc_v2_test"),
        manifest=str((data / "MANIFEST.csv").resolve()),
        noise=tuple(str(audio / name) for name in NOISE_FOLDERS),
        model=kind,
        seed=seed,
        epochs=epochs,
    )


def train(config: KeywordConfig, folder: Path) -> tuple[OpenRun, float]:
    """Train anew; returns the run and the seconds that training took."""
    from drsn_keras.training.corpus import open_corpus
    from drsn_keras.training.fit import train_keywords
    from drsn_keras.training.open_run import open_run
    from drsn_keras.training.run_folder import clear_run, locked

    with locked(folder):
        clear_run(folder)
        log(f"training {config.model}, seed {config.seed}")
        began = time.monotonic()
        train_keywords(config, open_corpus(config), folder)
        seconds = time.monotonic() - began
    return open_run(folder), seconds


def trained(config: KeywordConfig, folder: Path) -> OpenRun:
    """The run in a folder if it is finished and of this configuration, else a new training."""
    from drsn_keras.errors import DrsnError
    from drsn_keras.training.open_run import open_run

    try:
        run = open_run(folder)
        if run.config == config:
            log(f"{folder}: trained before, with the same configuration")
            return run
    except DrsnError:
        pass
    return train(config, folder)[0]
