"""The three console commands: fast help, the reference page, exit codes."""

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: The version that docs/cli.md is written with: argparse words its help a little differently in each.
REFERENCE_PYTHON = (3, 11)
COMMANDS = ("drsn-train", "drsn-export", "drsn-edge")


def _script(command):
    path = Path(sys.executable).with_name(command)
    if not path.is_file():
        pytest.skip(f"{command} is not installed beside this Python")
    return str(path)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_answers_within_half_a_second(command):
    script = _script(command)
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        done = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
        best = min(best, time.perf_counter() - began)
    assert "example" in done.stdout
    assert best < 0.5


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_words_exit_with_2(command):
    done = subprocess.run([_script(command), "dance"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "invalid choice: 'dance'" in done.stderr


@pytest.mark.skipif(sys.version_info[:2] != REFERENCE_PYTHON, reason="docs/cli.md is written with Python 3.11")
def test_reference_page_is_current(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    spec = importlib.util.spec_from_file_location("cli_reference", ROOT / "scripts" / "cli_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.reference(), "run `make docs`"


def test_an_error_is_one_line_whatever_the_name(tmp_path):
    command = [_script("drsn-export"), "c", str(tmp_path / "no\nbundle")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "no\\nbundle: expected a bundle folder" in done.stderr
