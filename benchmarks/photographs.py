"""Photographs that may be had without a download: those that scikit-image carries (public domain or CC0)."""

from __future__ import annotations

import shutil
from pathlib import Path

#: No drawings, masks or text; none is one of Set12's (the cameraman was replaced by another photograph in 0.18).
NAMES = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "retina.jpg",
    "rocket.jpg",
)


def photographs(folder: Path) -> Path:
    """A folder that holds them."""
    import skimage.data

    source = Path(skimage.data.__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        if not (folder / name).is_file():
            shutil.copy(source / name, folder / name)
    return folder
