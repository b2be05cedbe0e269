"""What benchmarks of the keyword network share: trainings (one a kind and seed), options, figures on paper."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drsn_keras.command_line import log
from drsn_keras.errors import DrsnError

if TYPE_CHECKING:
    from drsn_keras.training.config import KeywordConfig
    from drsn_keras.training.denoising.config import DenoiseConfig
    from drsn_keras.training.open_run import OpenRun
    from drsn_keras.training.study.results import Scores

NOISE_FOLDERS = ("gsc_background", "chen_noises", "esc10")
EPOCHS = 85


def options(description: str, name: str) -> argparse.ArgumentParser:
    """The options that every benchmark has; figures go to ``build/bench/NAME.json``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DRSN_DATA", "../shared/data")))
    parser.add_argument("--runs", type=Path, default=Path("build/bench/runs"))
    parser.add_argument("--out", type=Path, default=Path(f"build/bench/{name}.json"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    return parser


def require_data(data: Path) -> None:
    """Leave with one line where the recordings are not."""
    if not (data / "MANIFEST.csv").is_file():
        raise SystemExit(f"{data}: expected the recordings' folder with MANIFEST.csv (--data or DRSN_DATA)")


def key(snr_db: float) -> str:
    """An SNR in the name of a figure: ``0db``, ``m5db``."""
    return f"{'m' if snr_db < 0 else ''}{abs(snr_db):g}db"


def table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Markdown."""
    lines = [titles, *rows]
    lines = ["| " + " | ".join(map(str, cells)) + " |" for cells in lines]
    return "\n".join([lines[0], "|---" * len(titles) + "|", *lines[1:]])


def show(figures: Mapping[str, Any], text: str, out: Path) -> None:
    """Write the figures as JSON; print them, and a table."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for name, value in figures.items():
        print(f"{name:<34} {value}")
    print("\n" + text)
    log(f"written to {out}")


def conclude(missed: Sequence[str], kept: Sequence[str]) -> None:
    """Leave with one line where a bar was missed."""
    if missed:
        sys.exit("missed: " + ", ".join(missed))
    log("reached and kept: " + ", ".join(kept))


def start(main: Callable[[], None]) -> None:
    """Call a benchmark; what is the input's fault ends in one line."""
    try:
        main()
    except DrsnError as error:
        sys.exit(str(error))


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


def studied(name: str, data: Path, folder: Path, workers: int) -> tuple[Scores, Path]:
    """The scores of NAME.toml beside this file, on the recordings of a folder, and the page that shows them.

    What has been trained and measured before stays in the study's folder.
    """
    from drsn_keras.training.study.crew import Place
    from drsn_keras.training.study.page import write_page
    from drsn_keras.training.study.results import Scores
    from drsn_keras.training.study.run import run_study
    from drsn_keras.training.study.study_file import read_study

    here = configuration(data, "drsn-cw", 0, EPOCHS)
    moved = {"data": here.data, "manifest": here.manifest, "noise": list(here.noise)}
    study = read_study(Path(__file__).with_name(f"{name}.toml"), moved)
    scores = Scores(study, run_study(study, folder, Place(workers)))
    return scores, write_page(scores, folder, name)[0]


def train(config: KeywordConfig, folder: Path) -> tuple[OpenRun, float]:
    """Train anew; returns the run and the seconds that training took."""
    from drsn_keras.training.corpus import open_corpus
    from drsn_keras.training.fit import train

    return train_anew(config, folder, lambda: train(config, open_corpus(config), folder))


def trained(config: KeywordConfig, folder: Path) -> OpenRun:
    """The run in a folder if it is finished and of this configuration, else a new training."""
    return finished(config, folder) or train(config, folder)[0]


def finished(config: KeywordConfig | DenoiseConfig, folder: Path) -> OpenRun | None:
    """The run in a folder, if it is finished and of this configuration."""
    from drsn_keras.training.open_run import open_run

    try:
        run = open_run(folder)
    except DrsnError:
        return None
    if run.config != config:
        return None
    log(f"{folder}: trained before, with the same configuration")
    return run


def train_anew(
    config: KeywordConfig | DenoiseConfig, folder: Path, train: Callable[[], object]
) -> tuple[OpenRun, float]:
    """Clear a folder and train in it; returns the run and the seconds that training took."""
    from drsn_keras.training.open_run import open_run
    from drsn_keras.training.run_folder import clear_run, locked

    with locked(folder):
        clear_run(folder)
        log(f"training {config.model}, seed {config.seed}")
        began = time.monotonic()
        train()
        seconds = time.monotonic() - began
    return open_run(folder), seconds
