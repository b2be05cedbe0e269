"""Write files so that a crash, a kill or a full disk never leaves half of one; see when one was written anew.

Standard library only.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_atomically(path: Path, content: bytes | str) -> None:
    """Replace a file in one step: readers see the old content or the new, never a part."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.filename is None:
            error.filename = str(path)
        raise


def json_text(values: Any, indent: int) -> str:
    """JSON as it is read best; names of files that are no UTF-8 as escapes, which come back as they were."""
    text = json.dumps(values, indent=indent, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(values, indent=indent)
    return text + "\n"


def resolved(path: Path) -> Path:
    """Absolute, links followed; a link that leads to itself stays, and is found missing by who opens it."""
    return Path(os.path.realpath(path))


def file_state(path: Path) -> tuple[int, ...]:
    """What changes when a file is written (a look costs nothing): its time, size and number, or why there is none."""
    try:
        found = path.stat()
    except OSError as error:
        return (error.errno or 0,)
    return found.st_mtime_ns, found.st_size, found.st_ino
