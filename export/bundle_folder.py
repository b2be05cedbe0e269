"""A bundle's folder: built aside, and in its place when it is whole."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def new_bundle(bundle: Path) -> Iterator[Path]:
    """A folder to write into, which becomes ``bundle`` when the block ends without an error.

    An older bundle there is set aside first, then removed.
    """
    bundle.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{bundle.name}.", dir=bundle.parent))
    try:
        yield building
        building.chmod(0o755)
        older = building.with_name(building.name + ".older")
        if bundle.exists():
            bundle.rename(older)
        building.rename(bundle)
        shutil.rmtree(older, ignore_errors=True)
    finally:
        shutil.rmtree(building, ignore_errors=True)
