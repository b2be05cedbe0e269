"""What drsn-export c and tflm write where: no file is lost, no project is half written, no name hides a header."""

import json
import os

import numpy as np
import pytest
from graph_file import Graph

from drsn_keras.errors import BundleError, UsageError
from drsn_keras.export.c_headers import HEADERS
from drsn_keras.export.cli import main as export
from drsn_keras.export.firmware import project, toolchain
from drsn_keras.export.firmware.c_source import Names, _quoted
from drsn_keras.export.firmware.project import MANIFEST_NAME, write_project
from drsn_keras.export.firmware.report import check_folder

FILES = {"model.c": "int one;\n", "engine/a.c": "int two;\n"}


@pytest.fixture
def model(tmp_path):
    """A file of one operator."""
    graph = Graph(np.random.default_rng(0))
    graph.maps.append(graph.map((1, 4), 0.1, 0, 1.0))
    y = graph.operator("ABS", "AbsOptions", {}, [0], graph.map((1, 4), 0.1, 0, 1.0))
    path = tmp_path / "v1.0.tflite"
    path.write_bytes(graph.content(y))
    return path


def names_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def own_folder_as_file(folder):
    (folder / "model.c").mkdir()


def own_file_as_folder(folder):
    (folder / "engine").write_text("mine")


def own_link(folder):
    (folder / "model.c").symlink_to("/nowhere/model.c")


def own_list(folder):
    (folder / MANIFEST_NAME).write_text('{"files": {"model.c": "mine"}}')


@pytest.mark.parametrize("own", [own_folder_as_file, own_file_as_folder, own_link, own_list])
def test_what_is_in_the_way_is_found_before_anything_is_written(own, tmp_path):
    own(tmp_path)
    before = names_in(tmp_path)
    with pytest.raises(UsageError):
        write_project(tmp_path, FILES)
    assert names_in(tmp_path) == before


@pytest.mark.parametrize("own", [own_folder_as_file, own_file_as_folder])
def test_a_folder_is_never_replaced(own, tmp_path):
    own(tmp_path)
    before = names_in(tmp_path)
    with pytest.raises(UsageError):
        write_project(tmp_path, FILES, overwrite=True)
    assert names_in(tmp_path) == before


def test_a_full_disk_leaves_the_older_project_whole(tmp_path, monkeypatch):
    folder = tmp_path / "fw"
    write_project(folder, FILES)
    before = {name: (folder / name).read_bytes() for name in names_in(folder) if (folder / name).is_file()}
    written = []

    def full(self, content):
        written.append(self)
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        return len(content)

    monkeypatch.setattr(project.Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space") as caught:
        write_project(folder, dict.fromkeys(FILES, "/* newer */\n"))
    monkeypatch.undo()
    assert caught.value.filename, "the error names a place"
    assert {name: (folder / name).read_bytes() for name in names_in(folder) if (folder / name).is_file()} == before


def test_an_empty_folder_stays_the_same_folder(tmp_path, monkeypatch):
    """It may be the current one, a mount point, or one in a folder that nobody may write to."""
    number = tmp_path.stat().st_ino
    monkeypatch.chdir(tmp_path)
    write_project(project.Path(), FILES)
    assert tmp_path.stat().st_ino == number
    assert names_in(tmp_path) == ["engine", "engine/a.c", MANIFEST_NAME, "model.c"]


def test_a_file_on_the_way(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="a folder to lie in"):
        write_project(tmp_path / "file" / "fw", FILES)


def test_a_report_of_somebody_else_is_kept(tmp_path):
    check_folder(tmp_path, overwrite=False)
    (tmp_path / "report.json").write_text(json.dumps({"cores": {}, "layers": []}))
    check_folder(tmp_path, overwrite=False)
    (tmp_path / "report.json").write_text("my sales")
    with pytest.raises(UsageError, match=r"report\.json"):
        check_folder(tmp_path, overwrite=False)
    check_folder(tmp_path, overwrite=True)


@pytest.mark.parametrize("command", ["c", "tflm"])
def test_names_of_headers_are_refused(command, model, tmp_path, capsys):
    """A string.h in the project would be taken for <string.h>."""
    assert {"string", "stdint", "features"} <= HEADERS
    for name in ("string", "stdint", *(("print", "wav") if command == "c" else ())):
        assert export([command, str(model), "--name", name, "--out", str(tmp_path / "fw")]) == 2
        assert capsys.readouterr().err.startswith("drsn-export: --name: expected")
    assert not (tmp_path / "fw").exists()


def test_a_folder_of_its_own_name(model, capsys):
    """A dot in a folder's name begins no ending."""
    assert export(["c", str(model)]) == 0
    assert (model.parent / "v1.0-c" / "model.c").exists()


def test_file_names_that_are_no_text(model, tmp_path, capsys):
    odd = model.rename(os.fsdecode(os.fsencode(tmp_path) + b"/m\xff*\\.tflite"))
    assert export(["c", str(odd), "--out", str(tmp_path / "fw"), "--json"]) == 0
    assert "m?*/" not in (tmp_path / "fw" / "model.c").read_text(), "the end of the comment"


def test_pipes_are_not_read_for_ever(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    assert export(["c", str(tmp_path / "pipe"), "--out", str(tmp_path / "fw")]) == 2
    assert "got something else" in capsys.readouterr().err


def test_labels_that_c_cannot_hold():
    assert _quoted("a\ud800b") == '"a\\077b"'
    with pytest.raises(BundleError, match="labels"):
        Names("model", "", "", ("x" * 5000,))


def test_scales_that_64_bits_cannot_hold(model, tmp_path, capsys):
    graph = Graph(np.random.default_rng(0))
    graph.maps.append(graph.map((1, 4), 1e9, 0, 1.0))
    y = graph.operator("RELU", "", {}, [0], graph.map((1, 4), 1e9, 0, 1.0))
    model.write_bytes(graph.content(y))
    assert export(["c", str(model), "--out", str(tmp_path / "fw")]) == 1
    assert "input: expected a scale of at most 8,388,608" in capsys.readouterr().err


@pytest.mark.skipif(bool(toolchain.find(toolchain.CORES["m4"])), reason="no toolchain")
@pytest.mark.parametrize("name", ["$\\frac{$", "a$b$c", "tab\tand\\"])
def test_names_that_are_half_a_formula(name, model, tmp_path, capsys):
    """The picture shows the folder's and the layers' names, whatever is in them."""
    folder = tmp_path / name
    folder.mkdir()
    moved = model.rename(folder / "net.tflite")
    options = ["--out", str(tmp_path / "fw"), "--report", "--cores", "m4"]
    assert export(["c", str(moved), *options]) == 0
    assert (tmp_path / "fw" / "report.png").stat().st_size > 1000
