"""What DnCNN-3 mends with one set of weights: Gaussian noise, lost resolution, JPEG compression.

References
----------
K. Zhang, W. Zuo, Y. Chen, D. Meng, L. Zhang, IEEE Trans. Image Processing 26(7):3142-3155, 2017.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import SignalSpec

from .corruption import Condition, Corruption
from .sigma_noise import GAUSSIAN, SigmaNoise

SUPER_RESOLUTION, JPEG = "super-resolution", "jpeg"
SCALES = (2, 3, 4)
#: Least and largest quality that training compresses with, and those of a test.
QUALITIES, TEST_QUALITIES = (5, 99), (10, 20, 30, 40)


def lower_resolution(image: np.ndarray, scale: int) -> np.ndarray:
    """Bicubic down (anti-aliased) and up again.

    Parameters
    ----------
    image : np.ndarray [shape=(height, width)], any range
    scale : int, >= 2
        Of both sides; a side that is no multiple is brought down to the next larger number of pixels.

    Returns
    -------
    np.ndarray [shape of image, float32]

    Examples
    --------
    >>> flat = np.full((12, 9), 80.0)
    >>> bool(np.allclose(lower_resolution(flat, 3), flat))
    True
    """
    from PIL import Image

    height, width = image.shape
    small = (-(-width // scale), -(-height // scale))
    down = Image.fromarray(np.asarray(image, np.float32)).resize(small, Image.Resampling.BICUBIC)
    return np.asarray(down.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def compress(image: np.ndarray, quality: int) -> np.ndarray:
    """JPEG compression and back, in 8 bits.

    Parameters
    ----------
    image : np.ndarray [shape=(height, width)], 0 to 255
    quality : int, 1 to 100

    Returns
    -------
    np.ndarray [shape of image, float32, whole numbers]
    """
    from PIL import Image

    out = io.BytesIO()
    grey = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    Image.fromarray(grey).save(out, format="JPEG", quality=int(quality))
    with Image.open(io.BytesIO(out.getvalue())) as read:
        return np.asarray(read, np.float32)


class ImageDegradations(Corruption):
    """Each training patch is spoiled in one of the ways, drawn evenly; blind to which and how much.

    Parameters
    ----------
    spec : SignalSpec
    kinds : sequence of {"noise", "super-resolution", "jpeg"}
    sigma : (float, float)
        Of the noise, in grey levels.
    levels : sequence of float
        Standard deviations of a test.
    """

    def __init__(self, spec: SignalSpec, kinds: Sequence[str], sigma: tuple[float, float], levels: Sequence[float]):
        self._kinds = [GAUSSIAN if kind == "noise" else kind for kind in kinds]
        self._full_scale = spec.full_scale
        self._noise = SigmaNoise(spec, sigma, levels)

    @property
    def names(self) -> list[str]:
        """In the order given."""
        return list(self._kinds)

    def spoil(self, clean: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """One way for each patch."""
        noisy, target = self._noise.spoil(clean, rng)
        kinds = rng.integers(len(self._kinds), size=len(clean))
        scales = rng.choice(SCALES, len(clean))
        qualities = rng.integers(QUALITIES[0], QUALITIES[1], len(clean), endpoint=True)
        for row, kind in enumerate(kinds):
            name = self._kinds[int(kind)]
            if name != GAUSSIAN:
                noisy[row] = self._spoiled(clean[row], name, int((scales if name != JPEG else qualities)[row]))
        return noisy, target

    def conditions(self, noises: Sequence[str] | None = None, levels: Sequence[float] | None = None) -> list[Condition]:
        """All ways at their levels; those given replace the noise's."""
        known = (GAUSSIAN, SUPER_RESOLUTION, JPEG)
        names = list(noises) if noises is not None else self._kinds
        found = []
        for name in names:
            if name not in known:
                raise UsageError(mismatch("--noises", f"some of {', '.join(known)}", name))
            if name == GAUSSIAN:
                found += self._noise.conditions(None, levels)
            elif name == JPEG:
                found += [Condition(JPEG, float(q), "quality", JPEG in self._kinds) for q in TEST_QUALITIES]
            else:
                found += [Condition(name, float(s), "scale", name in self._kinds) for s in SCALES]
        return found

    def apply(
        self, y: np.ndarray, condition: Condition, rng: np.random.Generator, split: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """A side is cut to a multiple of the scale, as in the published tables."""
        if condition.measure == "sigma":
            return self._noise.apply(y, condition, rng, split)
        clean = np.asarray(y, np.float32)
        if condition.measure == "scale":
            height, width = (n - n % int(condition.level) for n in clean.shape)
            clean = clean[:height, :width]
        return self._spoiled(clean, condition.noise, int(condition.level)), clean

    def validation(self) -> dict[str, list[Condition]]:
        """One score a way of spoiling."""
        found = {}
        for name in self._kinds:
            if name == GAUSSIAN:
                found.update(self._noise.validation())
            else:
                found[name.replace("-", "_")] = self.conditions([name])
        return found

    def _spoiled(self, image: np.ndarray, name: str, level: int) -> np.ndarray:
        grey = np.asarray(image, np.float32) * np.float32(self._full_scale)
        spoiled = compress(grey, level) if name == JPEG else lower_resolution(grey, level)
        return spoiled / np.float32(self._full_scale)
