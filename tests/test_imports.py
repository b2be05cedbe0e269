"""The import rules of docs/decisions/001-architecture.md, by parsing every file."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("drsn_keras", "edge", "training", "export")
STDLIB = set(sys.stdlib_module_names)
#: Which of our folders each may import.
ALLOWED = {
    "drsn_keras": {"drsn_keras"},
    "edge": {"drsn_keras", "edge"},
    "training": {"drsn_keras", "edge", "training"},
    "export": {"drsn_keras", "edge", "training", "export"},
}


def _files(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def _module(path):
    """Name under which a file is imported: everything lies below drsn_keras."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts if parts[0] == "drsn_keras" else ("drsn_keras", *parts)
    return list(parts[:-1] if parts[-1] == "__init__" else parts), path.name == "__init__.py"


def _imports(path):
    """Absolute names of all that a file imports, wherever in it, and whether the import is relative."""
    parts, is_package = _module(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level + is_package] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])]), node.level > 0


def _folder_of(name):
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in FOLDERS[1:] else "drsn_keras"


@pytest.mark.parametrize("folder", FOLDERS)
def test_folders_import_only_downwards(folder):
    for path in _files(folder):
        for name, _ in _imports(path):
            if name.split(".")[0] == "drsn_keras":
                assert _folder_of(name) in ALLOWED[folder], f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_relative_inside_a_folder_absolute_across(folder):
    for path in _files(folder):
        for name, relative in _imports(path):
            if name.split(".")[0] != "drsn_keras":
                continue
            assert relative == (_folder_of(name) == folder), f"{path.relative_to(ROOT)} imports {name}"


def _third_party(path):
    return {name.split(".")[0] for name, _ in _imports(path)} - STDLIB - {"drsn_keras"}


#: What one file of edge each may import besides NumPy, when it is used.
EXTRAS = {
    "interpreter.py": {"ai_edge_litert"},
    "sound_devices.py": {"sounddevice"},
    "actions/mqtt.py": {"paho"},
    "wyoming_protocol.py": {"wyoming"},
    "gateway/mqtt_client.py": {"paho"},
    "gateway/sources/serial.py": {"serial"},
    "gateway/toml_table.py": {"tomli"},
    "gateway/web/server.py": {"aiohttp"},
    "gateway/web/metrics.py": {"prometheus_client"},
}


#: What is installed by an extra that not everybody has, and the one file that imports it.
OPTIONAL = {"ray": "training/study/ray_cluster.py", "optuna": "training/search/sampling.py"}


def test_optional_libraries_have_one_file_each():
    importers = {(path, name) for folder in FOLDERS for path in _files(folder) for name in _third_party(path)}
    for library, file in OPTIONAL.items():
        assert {path.relative_to(ROOT).as_posix() for path, name in importers if name == library} == {file}


def test_edge_needs_numpy_and_litert_only():
    for path in _files("edge"):
        extra = EXTRAS.get(path.relative_to(ROOT / "edge").as_posix(), set())
        assert _third_party(path) <= {"numpy", *extra}, path


def test_numpy_only_parts_of_the_library():
    for folder in ("denoising", "frontend", "machinery", "noise", "recording", "simulation"):
        for path in _files(f"drsn_keras/{folder}"):
            extra = {"pyarrow"} if path.name == "parquet_table.py" else set()  # imported when a file is read
            if path.name != "layer.py":
                assert _third_party(path) <= {"numpy", *extra}, path
    for path in (ROOT / "drsn_keras").glob("*.py"):
        assert not _third_party(path), path


def test_numba_is_imported_in_one_file():
    """What stands in where it does not work can then be chosen by importing that file."""
    found = [path.name for folder in FOLDERS for path in _files(folder) if "numba" in _third_party(path)]
    assert found == ["native_kernels.py"]


def test_edge_reaches_no_keras_through_the_library():
    """What edge imports of the library needs NumPy at most: frontend comes without its layer."""
    light = {
        "errors",
        "files",
        "command_line",
        "model_card",
        "monitor_spec",
        "noise_level_spec",
        "noise_thresholds",
        "stream_spec",
        "typed_fields",
        "frontend",
        "machinery",
        "recording",
        "simulation",
    }
    for path in _files("edge"):
        for name, _ in _imports(path):
            if name.startswith("drsn_keras."):
                part = name.split(".")[1]
                assert part in {"edge", *light}, f"{path}: {name}"
                assert name != "drsn_keras.frontend.layer"


@pytest.mark.parametrize("module", ["edge", "drsn_keras.edge.cli", "drsn_keras.training.cli", "drsn_keras.export.cli"])
def test_importing_is_light(module):
    """No TensorFlow, no Keras, not even NumPy before a command does something."""
    program = (
        f"import sys, {module}\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'librosa', 'ai_edge_litert', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_files_stay_small():
    """One concept a file: 400 lines at most (house.md)."""
    for folder in (*FOLDERS, "tests"):
        for path in _files(folder):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
