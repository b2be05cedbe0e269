"""What the checks of the edge wheel share: building and installing it, a bundle to listen with, words to hear."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from drsn_keras.command_line import log

ROOT = Path(__file__).resolve().parent.parent
#: Where a bundle may lie, the first that is there.
BUNDLES = ("build/bench/study-keywords/runs/drsn-0/bundles/int8", "runs/demo/bundles/int8")


def options(description: str, name: str) -> argparse.ArgumentParser:
    """The options that both checks have; figures go to ``build/bench/NAME.json``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bundle", type=Path, help=f"(default: the first of {', '.join(BUNDLES)})")
    parser.add_argument("--out", type=Path, default=Path(f"build/bench/{name}.json"))
    return parser


def find_bundle(given: Path | None) -> Path:
    """The bundle to listen with, or one line."""
    for path in [given] if given else [ROOT / name for name in BUNDLES]:
        if (path / "card.json").is_file():
            return path.resolve()
    sys.exit(f"{given or 'no bundle'}: expected a bundle of words (--bundle, or make demo, which makes one)")


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout, alone in a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


def pip(*arguments: object) -> None:
    """Run pip; what it says is shown where it fails."""
    command = [sys.executable, "-m", "pip", *map(str, arguments), "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"pip {arguments[0]}: {done.stderr.strip().splitlines()[-1]}")


def install(wheel: Path, target: Path, *more: object) -> int:
    """Install the wheel with its extra ``edge`` into a folder; returns the bytes that its files hold."""
    shutil.rmtree(target, ignore_errors=True)
    pip("install", "--target", target, "--constraint", ROOT / "constraints.txt", *more, f"{wheel}[edge]")
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def words(bundle: Path, folder: Path) -> Path:
    """The bundle's words, synthetic, in traffic, the same at every call: a WAV file."""
    labels = json.loads((bundle / "card.json").read_text(encoding="utf-8"))["labels"]
    spoken = ",".join(label for label in labels if not label.startswith("_"))
    path = folder / f"words-{hashlib.sha256(spoken.encode()).hexdigest()[:8]}.wav"
    if not path.is_file():
        log(f"speaking {spoken} into {path}")
        folder.mkdir(parents=True, exist_ok=True)
        speak = [sys.executable, "-m", "drsn_keras.training.cli", "speak", spoken]
        made = ["--noise", "roadside", "--snr", "10", "--seed", "1", "--out", str(path)]
        subprocess.run([*speak, *made], check=True, stdout=subprocess.DEVNULL)
    return path


def unpacked_mb(wheel: Path) -> float:
    """What a wheel's files hold [10^6 bytes]."""
    with zipfile.ZipFile(wheel) as file:
        return sum(entry.file_size for entry in file.infolist()) / 1e6


def conclude(figures: dict[str, Any], limits: dict[str, float], out: Path) -> None:
    """Write and print the figures; leave with one line where a limit is broken."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for name, value in figures.items():
        print(f"{name:<34} {value}")
    log(f"written to {out}")
    missed = [f"{name} {figures[name]} (limit: {limit:g})" for name, limit in limits.items() if figures[name] > limit]
    if missed:
        sys.exit("missed: " + ", ".join(missed))
    log("every limit kept")
