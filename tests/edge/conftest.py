"""A real int8 bundle, tone bursts and WAV files for the tests of the edge runtime."""

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drsn_keras.model_card import CARD_NAME

_HERE = Path(__file__).parent
ROOT = _HERE.parent.parent
sys.path.insert(0, str(_HERE))  # vibration_bundle_file


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Path:
    """Folder with ``bundle/`` and, beside it, ``root/``, float.tflite, unit_axis.tflite, two_headed.tflite."""
    pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("models")
    done = subprocess.run(
        [sys.executable, _HERE / "tiny_bundle.py", folder / "bundle"],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="session")
def bundle_folder(models) -> Path:
    """The bundle that tells low tones from high ones; not to be written to."""
    return models / "bundle"


@pytest.fixture(scope="session")
def root_folder(models) -> Path:
    """The same over root-mel features."""
    return models / "root"


@pytest.fixture(scope="session")
def vibration_bundle(tmp_path_factory) -> Path:
    """The bundle that tells low-pitched machines from high-pitched ones; not to be written to."""
    from vibration_bundle_file import write_vibration_bundle

    return write_vibration_bundle(tmp_path_factory.mktemp("vibration") / "bundle")


@pytest.fixture
def altered(bundle_folder, tmp_path):
    """Call with a function that changes the card's values in place; gives the folder of a changed copy."""

    def alter(change) -> Path:
        folder = tmp_path / "altered"
        shutil.copytree(bundle_folder, folder)
        card = json.loads((folder / CARD_NAME).read_text())
        change(card)
        (folder / CARD_NAME).write_text(json.dumps(card))
        return folder

    return alter


@pytest.fixture(scope="session")
def bursts():
    """Call with a duration, a rate and (start_s, frequency_hz) pairs: silence with bursts of 0.4 s, float32."""

    def make(duration_s: float, *starts: tuple[float, float], rate_hz: int = 16000) -> np.ndarray:
        t = np.arange(round(duration_s * rate_hz)) / rate_hz
        y = np.zeros(len(t))
        for start_s, frequency_hz in starts:
            inside = (t >= start_s) & (t < start_s + 0.4)
            y[inside] = 0.5 * np.sin(2 * np.pi * frequency_hz * t[inside])
        return y.astype(np.float32)

    return make


@pytest.fixture(scope="session")
def wav_bytes():
    """Call with the bytes of the samples: a WAV file around them, written by hand."""

    def make(
        data: bytes,
        rate_hz: int = 16000,
        channels: int = 1,
        bits: int = 16,
        tag: int = 1,
        before: bytes = b"",
        data_size: int | None = None,
        extensible: bool = False,
    ) -> bytes:
        frame = channels * bits // 8
        fmt = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate_hz, rate_hz * frame, frame, bits)
        if extensible:
            fmt += struct.pack("<HHIH", 22, bits, 0, tag) + bytes.fromhex("000000001000800000aa00389b71")
        size = len(data) if data_size is None else data_size
        body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + before + b"data" + struct.pack("<I", size) + data
        return b"RIFF" + struct.pack("<I", len(body)) + body

    return make


@pytest.fixture(scope="session")
def s16():
    """Float samples to the bytes of 16-bit PCM."""
    return lambda y: np.round(y * 32767).astype("<i2").tobytes()


@pytest.fixture(scope="session")
def drsn_edge():
    """Call ``drsn-edge`` as a process of its own; gives the finished process."""

    def call(*arguments: object, stdin: bytes | None = None, code: str = "") -> subprocess.CompletedProcess:
        program = f"{code}\nimport sys\nfrom drsn_keras.edge.cli import main\nsys.exit(main(sys.argv[1:]))"
        return subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            cwd=ROOT,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=60,
            check=False,
        )

    return call
