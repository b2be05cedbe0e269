"""The runtime with nothing installed but numpy and ai-edge-litert, and with less."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from denoiser_bundle_file import write_stream_bundle

ROOT = Path(__file__).parent.parent.parent

_BLOCK = """
import sys

ALLOWED = {{{allowed}}}

class Block:
    @staticmethod
    def find_spec(name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ALLOWED and not top.startswith("__editable__"):
            raise ModuleNotFoundError(f"No module named {{top!r}} (blocked)", name=name)
        return None

sys.meta_path.insert(0, Block)
"""


def _block_all_but(*allowed: str) -> str:
    return _BLOCK.format(allowed=", ".join(repr(name) for name in allowed))


DEVICE = _block_all_but("numpy", "ai_edge_litert", "drsn_keras", "edge")
NO_LITERT = _block_all_but("numpy", "drsn_keras", "edge")
NOTHING = _block_all_but("drsn_keras", "edge")


def _python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def clip(tmp_path, wav_bytes, s16, bursts):
    path = tmp_path / "clip.wav"
    path.write_bytes(wav_bytes(s16(bursts(2.0, (0.8, 400), rate_hz=8000)), rate_hz=8000))
    return path


def test_the_block_blocks():
    assert "blocked" in _python(DEVICE + "import tensorflow").stderr
    assert "blocked" in _python(NO_LITERT + "import ai_edge_litert").stderr


def test_listen_and_bench_need_numpy_and_litert_only(drsn_edge, bundle_folder, clip):
    done = drsn_edge("listen", bundle_folder, "--wav", clip, code=DEVICE)
    assert done.returncode == 0, done.stderr
    assert b"  low  " in done.stdout
    assert drsn_edge("bench", bundle_folder, "--seconds", "0.01", code=DEVICE).returncode == 0


def test_monitor_needs_numpy_and_litert_only(drsn_edge, vibration_bundle, tmp_path):
    path = tmp_path / "noise.csv"
    path.write_text("\n".join(map(str, np.random.default_rng(0).standard_normal(4096))))
    options = ("--rate", 12000, "--unit", "g", "--bearing", "6203", "--rpm", 900)
    done = drsn_edge("monitor", vibration_bundle, "--file", path, *options, code=DEVICE)
    assert done.returncode == 0, done.stderr
    assert b"  abstain (unlike anything trained on)  " in done.stdout


def test_denoise_needs_numpy_and_litert_only(drsn_edge, tmp_path, clip):
    bundle = write_stream_bundle(tmp_path / "bundle")
    done = drsn_edge("denoise", bundle, "--file", clip, "--out", tmp_path / "clean.wav", code=DEVICE)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "clean.wav").stat().st_size == 44 + 2 * 32000


def test_import_edge_from_the_root_of_the_repository():
    done = _python(DEVICE + "import edge, sys; assert 'numpy' not in sys.modules; print(sorted(edge.__all__)[0])")
    assert (done.returncode, done.stdout) == (0, "Bundle\n"), done.stderr
    done = _python(
        DEVICE + "import edge\nfor name in edge.__all__: getattr(edge, name)\n"
        "import drsn_keras.edge\nfor name in drsn_keras.edge.__all__: getattr(drsn_keras.edge, name)"
    )
    assert done.returncode == 0, done.stderr


def test_without_litert_everything_but_the_model_works(drsn_edge, bundle_folder, clip):
    code = "from drsn_keras.edge import *\nprint(WavFile(sys.argv[-1]).n_samples)"
    done = subprocess.run(
        [sys.executable, "-c", NO_LITERT + code, str(clip)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "16000\n"), done.stderr
    done = drsn_edge("listen", bundle_folder, "--wav", clip, code=NO_LITERT)
    assert done.returncode == 1
    assert done.stderr == (b"drsn-edge: the LiteRT interpreter is not installed: pip install ai-edge-litert\n")


def test_info_and_help_need_the_standard_library_only(drsn_edge, bundle_folder):
    assert drsn_edge("info", bundle_folder, code=NOTHING).returncode == 0
    for command in ([], ["listen"], ["monitor"], ["denoise"], ["bench"], ["info"], ["wyoming"], ["captures"]):
        done = drsn_edge(*command, "--help", code=NOTHING)
        assert done.returncode == 0
        assert b"example" in done.stdout and b"drsn-edge" in done.stdout


def test_wyoming_without_its_extra_is_one_line(drsn_edge, bundle_folder):
    done = drsn_edge("wyoming", bundle_folder, code=DEVICE)
    assert done.returncode == 1
    assert done.stderr == b'drsn-edge: the Wyoming protocol is not installed: pip install "drsn-keras[home]"\n'


def test_captures_need_numpy_and_litert_only(drsn_edge, bundle_folder, clip, tmp_path):
    heard = tmp_path / "heard"
    assert drsn_edge("listen", bundle_folder, "--wav", clip, "--capture", heard, code=DEVICE).returncode == 0
    done = drsn_edge("captures", heard, code=NOTHING)
    assert (done.returncode, done.stdout.split()[1:3]) == (0, [b"trigger", b"low"]), done.stderr


def test_help_answers_at_once(drsn_edge):
    def measure() -> float:
        start = time.perf_counter()
        drsn_edge("listen", "--help")
        return time.perf_counter() - start

    assert min(measure() for _ in range(5)) < 0.5


def test_unknown_name_is_an_attribute_error():
    import drsn_keras.edge

    with pytest.raises(AttributeError, match="nonsense"):
        _ = drsn_keras.edge.nonsense
    assert "KeywordListener" in dir(drsn_keras.edge)
