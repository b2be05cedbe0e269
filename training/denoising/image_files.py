"""Folders of images as grey arrays: one flat folder, or folders train, val and test in it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, first_line, mismatch

from ..datasets.files import sub_folders
from ..datasets.rows import SPLIT_ALIASES
from ..recordings import Recording
from ..splits import FOLDER_FRACTIONS, assign_groups
from ..vibration.layouts.files import files_below

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm", ".webp"})
_EXPECTED = "images (PNG, JPEG, BMP, TIFF)"
#: Images that have more than 8 bits hold this for white.
_WHITE_16 = 65535.0


@dataclasses.dataclass(frozen=True, eq=False)
class GreyImage:
    """One image.

    Parameters
    ----------
    path : Path
    name : str
        Below its folder.
    split : str
    grey : np.ndarray [shape=(height, width), float32 or uint8, 0 to 255]
    """

    path: Path
    name: str
    split: str
    grey: np.ndarray


def read_grey(path: Path) -> np.ndarray:
    """A file as 8-bit grey [shape=(height, width), uint8]; colours by their luma (ITU-R BT.601).

    Raises
    ------
    DataError
        Missing, empty, truncated, no image.
    """
    from PIL import Image, UnidentifiedImageError

    if not path.is_file() or path.stat().st_size == 0:
        raise DataError(mismatch(path, "an image", "a file of 0 bytes" if path.is_file() else "nothing there"))
    try:
        with Image.open(path) as image:
            if image.mode.startswith("I;16") or image.mode == "I":
                wide = np.asarray(image, np.float64) * (255.0 / _WHITE_16)
                return np.clip(np.rint(wide), 0, 255).astype(np.uint8)
            if image.mode == "F":
                _require_grey_range(np.asarray(image), path)
            return np.array(image.convert("L"))
    except UnidentifiedImageError:
        raise DataError(mismatch(path, "an image", "a file of another format, or a damaged one")) from None
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise DataError(mismatch(path, "an image", f"a damaged file ({first_line(error)})")) from None


def _require_grey_range(grey: np.ndarray, path: Path) -> None:
    """Floats do not say what white is: 1.0 for white would be read as black."""
    if not (np.isfinite(grey).all() and grey.min() >= 0 and 1 < grey.max() <= 255):
        raise DataError(mismatch(path, "grey values of 0 to 255", f"floats of {grey.min():g} to {grey.max():g}"))


def read_folder(data: Path, least: int, seed: int, split: str | None = None) -> tuple[list[GreyImage], str]:
    """All images below a folder, and how they were divided.

    Parameters
    ----------
    data : Path
        Flat (BSD400), or with folders train, val (or valid, dev) and test.
    least : int
        Pixels that each side has to have.
    seed : int
        Of the division where there are no such folders: 80/10/10 of the files.
    split : str or None
        The part that all of them belong to.

    Raises
    ------
    DataError
        No folder, no images in it, one that is none or too small.
    """
    if data.is_file():
        raise DataError(mismatch(data, f"a folder of {_EXPECTED}", "a file"))
    paths = files_below(data, lambda p: p.suffix.lower() in SUFFIXES, _EXPECTED)
    given = {f: SPLIT_ALIASES[f.name.lower()] for f in sub_folders(data) if f.name.lower() in SPLIT_ALIASES}
    rule = "all tested on" if split else "folders train, val, test" if given else "by file, 80/10/10"
    names = [path.relative_to(data).as_posix() for path in paths]
    if split is not None:
        splits = [split] * len(paths)
    elif given:
        if missing := {"train", "test"} - set(given.values()):
            raise DataError(mismatch(data, "folders train and test", f"none for {min(missing)}"))
        splits = [next((s for top, s in given.items() if p.is_relative_to(top)), "") for p in paths]
        if "" in splits:
            odd = paths[splits.index("")]
            raise DataError(mismatch(odd, "an image in train, val or test (its folder has them)", "one beside them"))
        if "val" not in splits:  # a tenth of the training images, by their names
            train = [i for i, s in enumerate(splits) if s == "train"]
            for i in train[:: max(2, min(10, len(train)))]:
                splits[i] = "val"
            rule = "folders train and test, a tenth of train for validation"
    else:
        rows = [Recording(path, "image", "", name) for path, name in zip(paths, names, strict=True)]
        splits = [r.split for r in assign_groups(rows, FOLDER_FRACTIONS, seed)]
    images = [GreyImage(p, n, s, read_grey(p)) for p, n, s in zip(paths, names, splits, strict=True)]
    for image in images:
        if min(image.grey.shape) < least:
            size = " x ".join(map(str, image.grey.shape))
            raise DataError(mismatch(image.path, f"at least {least} x {least} pixels (--samples)", size))
    return images, rule
