"""The wheel: no generic names, light by default, usable by a device that has numpy and LiteRT only."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _offline(done):
    """Without a network nothing can be installed: skip, but never where continuous integration runs."""
    reason = done.stderr.strip().splitlines()[-1]
    unreachable = ("NewConnectionError", "Could not find a version", "No matching distribution", "Temporary failure")
    if os.environ.get("CI") or not any(word in done.stderr for word in unreachable):
        pytest.fail(reason)
    pytest.skip(f"pip reaches no registry: {reason}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        _offline(done)
    return next(folder.glob("*.whl"))


def test_only_one_top_level_name(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    assert top == {"drsn_keras", f"drsn_keras-{wheel.name.split('-')[1]}.dist-info"}
    assert not [
        name for name in names if "/tests/" in name or name.rsplit("/", 1)[-1].startswith(("test_", "conftest"))
    ]


def test_every_source_file_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in [("drsn_keras", ""), ("training", "training/"), ("export", "export/"), ("edge", "edge/")]:
        for path in (ROOT / folder).rglob("*"):
            firmware = path.is_file() and "firmware" in path.relative_to(ROOT).parts[:2] and folder == "edge"
            if path.suffix in {".py", ".html"} or firmware:
                assert f"drsn_keras/{inside}{path.relative_to(ROOT / folder).as_posix()}" in names


def test_metadata(wheel):
    with zipfile.ZipFile(wheel) as file:
        name = next(n for n in file.namelist() if n.endswith("METADATA"))
        lines = file.read(name).decode().splitlines()
    required = [line for line in lines if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert required == ["Requires-Dist: numpy>=1.26"], "the base needs numpy only"
    assert "License-Expression: Apache-2.0" in lines


def test_listen_where_only_numpy_and_litert_are_installed(wheel, tones_run, tones, tmp_path):
    """A fresh environment with the wheel and its edge extra: no TensorFlow, no Keras, and the same detections."""
    from drsn_keras.export.cli import main as export

    bundle = tmp_path / "bundle"
    assert export(["convert", str(tones_run), "--out", str(bundle), "--calibration-clips", "60"]) == 0
    environment = tmp_path / "env"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", f"{wheel}[edge]"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        _offline(done)
    frozen = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    )
    packages = {line.split("==")[0].lower() for line in frozen.stdout.split()}
    assert not packages & {"tensorflow", "keras", "librosa", "scipy", "soundfile"}, packages

    clip = tones / "low" / "00000005_nohash_0.wav"
    command = [environment / "bin" / "drsn-edge", "listen", bundle, "--wav", clip]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    device = subprocess.run(command, capture_output=True, text=True, check=True, env=clean, cwd=tmp_path)
    assert "low" in device.stdout
    here = subprocess.run(
        [sys.executable, "-m", "drsn_keras.edge.cli", *map(str, command[1:])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert device.stdout == here.stdout
