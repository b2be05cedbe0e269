"""What stands around a generated model: build files, examples, boards. The templates compile as they are."""

from __future__ import annotations

import re

from .project import firmware_folder

_BUILD_FILES = ("CMakeLists.txt", "Makefile")
_PROGRAMS = {
    None: ("main.c",),
    "front_end": ("main.c",),
    "window": ("main.c", "monitor.c"),
    "denoiser": ("main.c", "denoise.c"),
    "listener": (
        "main.c",
        "listen.c",
        "arduino/drsn_listen/drsn_listen.ino",
        "zephyr/CMakeLists.txt",
        "zephyr/prj.conf",
        "zephyr/src/main.c",
    ),
}
_RECORDINGS = ("wav.c", "wav.h")
_OF_RECORDINGS = frozenset({"listen.c", "monitor.c", "denoise.c"})


def skeleton(prefix: str = "model", signal: str | None = None) -> dict[str, str]:
    """Files of a project other than the generated sources and the engine.

    The project's folder is to hold PREFIX.c and PREFIX.h, PREFIX_listener, PREFIX_window or PREFIX_denoiser, and in
    ``engine`` all that they need.

    Parameters
    ----------
    prefix : str
        Of the model's C names.
    signal : {None, "listener", "window", "front_end", "denoiser"}
        What the model has on its signal side.

    Returns
    -------
    dict of str to str
        Names relative to the project's folder, and contents.
    """
    folder = firmware_folder()
    programs = _PROGRAMS[signal]
    examples = [*programs, "print.h", *(_RECORDINGS if _OF_RECORDINGS & set(programs) else ())]
    files = {name: folder / "examples" / name for name in _BUILD_FILES}
    files |= {f"examples/{name}": folder / "examples" / name for name in examples}
    boards = folder / "boards"
    files |= {f"boards/{path.relative_to(boards).as_posix()}": path for path in boards.rglob("*.*") if path.is_file()}
    texts = {name: path.read_text(encoding="utf-8") for name, path in sorted(files.items())}
    return {name: text if name.startswith("boards/") else with_prefix(text, prefix) for name, text in texts.items()}


def with_prefix(text: str, prefix: str) -> str:
    """A template with the model's C names under another prefix.

    >>> with_prefix('#include "model.h" /* the model */ MODEL_LABELS model_invoke', "door")
    '#include "door.h" /* the model */ DOOR_LABELS door_invoke'
    """
    text = re.sub(r"\bMODEL_", f"{prefix.upper()}_", text)
    return re.sub(r"\bmodel(?=_|\*?\.[ch]\b)", prefix, text)
