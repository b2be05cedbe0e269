"""Grey images: patches of a folder's, of drawn textures, or both; whole images for the test."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import SplitError, UsageError, mismatch
from drsn_keras.frontend import SignalSpec

from ...recordings import SPLITS
from ..config import DenoiseConfig
from ..degradations import ImageDegradations
from ..image_files import GreyImage, read_folder
from ..material import Example, Material
from ..recipes import IMAGES, LEVELS
from ..sigma_noise import SigmaNoise
from ..task import DenoiseTask
from ..textures import draw_texture

WHITE = 255.0
#: Drawn images of the validation and test part; those of training are the configuration's.
_DRAWN = {"val": 8, "test": 12}
#: Validation looks at the middle of each image: it runs after every epoch.
_VALIDATION_SIDE = 128
#: Of a larger test image the middle is taken.
_LARGEST_SIDE = 1024


def open_task(config: DenoiseConfig) -> DenoiseTask:
    """Open images; see :func:`drsn_keras.training.denoising.tasks.open_task`."""
    side = config.n_samples
    spec = SignalSpec(
        kind="image",
        shape=(side, side, 1),
        sample_rate_hz=None,
        full_scale=config.scale or WHITE,
        unit="grey",
    )
    images: list[GreyImage] = []
    protocol: dict[str, Any] = {"layout": "drawn textures", "data": "none", "split_rule": "other draws in each part"}
    if config.data is not None:
        images, rule = read_folder(Path(config.data), side, config.seed)
        protocol = {"layout": "folder of images", "data": Path(config.data).name, "split_rule": rule}
    elif config.textures not in {0.0, 1.0}:
        raise UsageError(mismatch("--textures without --data", "1 (all patches are drawn)", config.textures))
    if config.test_data is not None:
        tested, _ = read_folder(Path(config.test_data), side, config.seed, "test")
        # With a test folder of its own, the images that would be tested on are trained on.
        images = [GreyImage(i.path, i.name, "train" if i.split == "test" else i.split, i.grey) for i in images]
        known = {i.path.resolve() for i in images}
        for image in tested:
            if image.path.resolve() in known:
                raise SplitError(mismatch(image.path, "an image of one part", "one of --data and --test-data"))
        images += tested
        protocol["test_data"] = Path(config.test_data).name
    material = ImageMaterial(spec, images, protocol, config)
    sigma, levels = config.sigma, LEVELS[IMAGES]
    if sigma[0] == sigma[1]:
        levels = (sigma[0],)
    if config.degradations == ("noise",):
        corruption = SigmaNoise(spec, sigma, levels)
    else:
        corruption = ImageDegradations(spec, config.degradations, sigma, levels)
    return DenoiseTask(IMAGES, material, corruption, peak=WHITE)


class ImageMaterial(Material):
    """Images in memory, and textures that are drawn when they are first asked for.

    Parameters
    ----------
    spec : SignalSpec
    images : list of GreyImage
        Those of a part that has none are drawn.
    protocol : dict
    config : DenoiseConfig
        ``textures``, ``drawn``, ``seed``.
    """

    validation_examples = 12

    def __init__(self, spec: SignalSpec, images: list[GreyImage], protocol: dict[str, Any], config: DenoiseConfig):
        self._parts = {split: [i for i in images if i.split == split] for split in SPLITS}
        self._drawn = {"train": config.drawn, **_DRAWN}
        self._seed, self._textures = config.seed, config.textures if self._parts["train"] else 1.0
        real = {split: len(part) for split, part in self._parts.items()}
        used = {split: self._drawn[split] if self._uses(split) else 0 for split in SPLITS}
        made = "" if any(real.values()) else "drawn textures: photographs differ from them"
        super().__init__(spec, {**protocol, "images": real, "drawn_textures": used}, (), made)
        self._texture = functools.lru_cache(maxsize=None)(self._draw_texture)

    def _uses(self, split: str) -> bool:
        return self._textures > 0 if split == "train" else not self._parts[split]

    def _draw_texture(self, split: str, number: int) -> np.ndarray:
        rng = np.random.default_rng([self._seed, 7, SPLITS.index(split), number])
        side = max(180, self.spec.shape[0])
        return np.rint(draw_texture(rng, side, side)).astype(np.uint8)

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Random patches, each turned and mirrored in one of eight ways."""
        side = self.spec.shape[0]
        patches = np.empty((count, side, side))
        for row in range(count):
            image = self._training_image(rng)
            top, left = (int(rng.integers(n - side + 1)) for n in image.shape)
            patch = np.rot90(image[top : top + side, left : left + side], int(rng.integers(4)))
            patches[row] = patch[:, ::-1] if rng.random() < 0.5 else patch
        return patches / self.spec.full_scale

    def _training_image(self, rng: np.random.Generator) -> np.ndarray:
        if rng.random() < self._textures:
            return self._texture("train", int(rng.integers(self._drawn["train"])))
        part = self._parts["train"]
        # A larger image has more patches to show.
        sizes = self._sizes
        return part[int(np.searchsorted(sizes, rng.random() * sizes[-1], side="right"))].grey

    @functools.cached_property
    def _sizes(self) -> np.ndarray:
        return np.cumsum([image.grey.size for image in self._parts["train"]])

    def _examples(self, split: str, count: int) -> list[Example]:
        largest = _VALIDATION_SIDE if split == "val" else _LARGEST_SIDE
        part = self._parts[split]
        if part:
            chosen = [part[i] for i in np.unique(np.linspace(0, len(part) - 1, count).round().astype(int))]
            named = [(image.name, image.grey) for image in chosen]
        else:
            numbers = range(min(count, self._drawn[split]))
            named = [(f"texture {i + 1}", self._texture(split, i)) for i in numbers]
        scale = np.float32(self.spec.full_scale)
        return [Example(name, name, _middle(grey, largest).astype(np.float32) / scale) for name, grey in named]

    def listing(self) -> list[tuple[str, ...]]:
        """A row an image, and one for the textures of each part."""
        rows = [
            (split, "image", image.name, image.name, f"{image.path.stat().st_size} bytes")
            for split, part in self._parts.items()
            for image in part
        ]
        drawn = [split for split in SPLITS if self._uses(split)]
        return rows + [(s, "texture", f"drawn {s}", "textures", f"{self._drawn[s]}, seed {self._seed}") for s in drawn]

    @property
    def size(self) -> int:
        """Patches that fit side by side into the training images."""
        side = self.spec.shape[0]
        real = sum((i.grey.shape[0] // side) * (i.grey.shape[1] // side) for i in self._parts["train"])
        return max(1, real if self._textures < 1 else self._drawn["train"] * (180 // side) ** 2)


def _middle(grey: np.ndarray, largest: int) -> np.ndarray:
    top, left = (max(0, (n - largest) // 2) for n in grey.shape)
    return grey[top : top + largest, left : left + largest]
