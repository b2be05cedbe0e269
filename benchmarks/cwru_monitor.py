"""From recordings to a verdict by the commands that a user has: train, convert, verify, generate C, monitor."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from drsn_keras.command_line import log

#: The load that is tested on; the next one validates, the others are trained on.
HELD_OUT, SUFFIX = "3 hp", "_load3.npz"
EPOCHS = 40
BEARING = "6205-2RS"


def monitor_figures(data: Path, run: Path) -> dict[str, Any]:
    """Figures of one run: accuracy of float and int8, and how many recordings of the held-out load are named right."""
    folder = data / "vibration" / "cwru_12k_de"
    if not (run / "summary.json").is_file():
        options = ["--split", "leave-one-load-out", "--held-out", HELD_OUT, "--input", "spectrum,envelope_spectrum"]
        options += ["--hop", "2048", "--epochs", str(EPOCHS), "--out", str(run), "--overwrite"]
        _call("train", "vibration", "--data", str(folder), "--task", "cwru", *options)
    flat: dict[str, Any] = {}
    for name, target in (("int8", "litert"), ("int8-tflm", "tflm")):
        bundle = run / "bundles" / name
        _call("export", "convert", str(run), "--target", target)
        verified = json.loads(_call("export", "verify", str(bundle), "--json"))
        short = name.replace("-", "_")
        flat[f"monitor_{short}_loss"] = round(verified["loss"], 3)
        flat[f"monitor_{short}_clean"] = verified["rows"][0][name]
        flat["monitor_keras_clean"] = verified["rows"][0]["keras"]
    with tempfile.TemporaryDirectory() as out:
        _call("export", "c", str(run / "bundles" / "int8-tflm"), "--out", str(Path(out, "firmware")))
    files = sorted(folder.glob(f"*{SUFFIX}"))
    options = ["--summary-only", "--json", "--bearing", BEARING]
    lines = _call("edge", "monitor", str(run / "bundles" / "int8"), "--file", *map(str, files), *options)
    right = 0
    for path, line in zip(files, lines.splitlines(), strict=True):
        found = json.loads(line)
        # 108_IR007_load3, 133_OR007at6_load3
        state = path.stem.split("_")[1].replace("at", "@")
        right += found["state"] == state
        log(f"{path.name}: {found['state']} ({100 * found['share']:.0f} % of windows)")
    flat["monitor_recordings"], flat["monitor_recordings_right"] = len(files), right
    return flat


def _call(command: str, *arguments: str) -> str:
    """Output of ``drsn-train``, ``drsn-export`` or ``drsn-edge``; an error of theirs ends the benchmark."""
    module = {"train": "training", "export": "export", "edge": "edge"}[command]
    done = subprocess.run(
        [sys.executable, "-m", f"drsn_keras.{module}.cli", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"drsn-{command} {arguments[0]}: {(done.stderr.strip() or done.stdout).splitlines()[-1]}")
    return done.stdout
