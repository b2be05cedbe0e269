"""Images: drawn textures, folders, patches, and what spoils them."""

import numpy as np
import pytest
from PIL import Image

from drsn_keras.denoising import psnr
from drsn_keras.errors import DataError, SplitError, UsageError
from drsn_keras.frontend import SignalSpec
from drsn_keras.training.denoising.config import DenoiseConfig
from drsn_keras.training.denoising.degradations import ImageDegradations, compress, lower_resolution
from drsn_keras.training.denoising.image_files import read_folder, read_grey
from drsn_keras.training.denoising.tasks import open_task
from drsn_keras.training.denoising.textures import draw_texture

SPEC = SignalSpec(kind="image", shape=(24, 24, 1), sample_rate_hz=None, full_scale=255.0, unit="grey")


def _grey(seed=0, side=48):
    return np.rint(draw_texture(np.random.default_rng(seed), side, side)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Ten images, one of them in colour."""
    data = tmp_path / "photos"
    data.mkdir()
    for i in range(9):
        Image.fromarray(_grey(i)).save(data / f"{i}.png")
    Image.fromarray(np.stack([_grey(9)] * 3, axis=-1)).save(data / "colour.bmp")
    return data


def _open(data=None, **fields):
    return open_task(DenoiseConfig(kind="images", data=data and str(data), n_samples=24, model="dncnn", **fields))


def test_textures_are_of_the_seed_and_differ():
    images = [_grey(seed) for seed in range(20)]
    np.testing.assert_array_equal(images[3], _grey(3))
    assert all(image.dtype == np.uint8 and image.std() > 0 for image in images)
    assert len({image.tobytes() for image in images}) == 20
    assert np.mean([image.std() for image in images]) > 20, "grey levels are used"


def test_low_resolution_keeps_what_is_coarse_and_loses_what_is_fine():
    y, x = np.mgrid[:48, :48]
    coarse, fine = 100 + 50 * np.sin(2 * np.pi * x / 48), 100 + 50.0 * ((x + y) % 2)
    assert psnr(coarse, lower_resolution(coarse, 2), 255) > 35
    inside = lower_resolution(fine, 2)[8:-8, 8:-8]
    assert inside.std() < 2 and abs(inside.mean() - 125) < 1, "a checkerboard becomes its mean"


def test_jpeg_loses_more_at_a_lower_quality_and_gives_whole_numbers():
    image = _grey(5)
    good, bad = (psnr(image, compress(image, q), 255) for q in (90, 10))
    assert good > bad + 3
    np.testing.assert_array_equal(compress(image, 10), np.rint(compress(image, 10)))


def test_three_ways_of_spoiling_in_one_batch():
    clean = np.stack([_grey(i, 24) for i in range(30)]) / 255.0
    spoils = ImageDegradations(SPEC, ("noise", "super-resolution", "jpeg"), (10.0, 10.0), (15.0,))
    noisy, target = spoils.spoil(clean, np.random.default_rng(0))
    np.testing.assert_allclose(target, clean, atol=1e-6)
    steps = noisy * 255
    whole = np.all(np.abs(steps - np.rint(steps)) < 1e-3, axis=(1, 2))
    assert 4 <= whole.sum() <= 16, "about a third is JPEG"
    conditions = spoils.conditions()
    assert [(c.noise, c.level) for c in conditions] == [
        ("gaussian", 15.0),
        *[("super-resolution", s) for s in (2.0, 3.0, 4.0)],
        *[("jpeg", q) for q in (10.0, 20.0, 30.0, 40.0)],
    ]
    spoiled, kept = spoils.apply(_grey(1, 50) / 255, conditions[3], np.random.default_rng(0), "test")
    assert spoiled.shape == kept.shape == (48, 48), "cut to a multiple of 4"
    assert set(spoils.validation()) == {"sigma_10", "super_resolution", "jpeg"}


def test_patches_are_turned_and_in_range():
    task = _open(sigma=(25.0, 25.0))
    clean = task.material.draw(np.random.default_rng(0), 16)
    assert clean.shape == (16, 24, 24) and clean.min() >= 0 and clean.max() <= 1
    assert task.material.made and [c.level for c in task.corruption.conditions()] == [25.0]
    np.testing.assert_array_equal(clean, task.material.draw(np.random.default_rng(0), 16))


def test_a_folder_is_divided_by_file(folder):
    task = _open(folder)
    rows = task.listing()
    assert sorted(row[3] for row in rows) == sorted(p.name for p in folder.iterdir())
    assert {row[0] for row in rows} == {"train", "val", "test"} and len({row[2] for row in rows}) == 10
    (one, *_), data = task.material.examples("test"), {p.name: p for p in folder.iterdir()}
    np.testing.assert_allclose(one.y * 255, read_grey(data[one.name]), atol=1e-3)


def test_folders_of_parts_and_a_test_folder_of_its_own(folder, tmp_path):
    for part in ("train", "test"):
        (folder / part).mkdir()
    for i, path in enumerate(sorted(p for p in folder.iterdir() if p.is_file())):
        path.rename(folder / ("test" if i < 3 else "train") / path.name)
    images, rule = read_folder(folder, 24, 0)
    counts = {s: sum(i.split == s for i in images) for s in ("train", "val", "test")}
    assert counts == {"train": 6, "val": 1, "test": 3} and "a tenth" in rule
    other = tmp_path / "set"
    other.mkdir()
    Image.fromarray(_grey(77)).save(other / "one.png")
    task = _open(folder, test_data=str(other))
    assert [row[3] for row in task.listing() if row[0] == "test"] == ["one.png"]
    assert sum(row[0] == "train" for row in task.listing()) == 9, "what is not tested on is trained on"
    with pytest.raises(SplitError, match="expected an image of one part, got one of --data and --test-data"):
        _open(folder, test_data=str(folder))


def test_sixteen_bits_and_truncated_files(folder):
    Image.fromarray((_grey(3).astype(np.uint16)) * 257).save(folder / "deep.png")
    np.testing.assert_array_equal(read_grey(folder / "deep.png"), _grey(3))
    Image.fromarray(_grey(3).astype(np.float32) / 255).save(folder / "float.tif")
    with pytest.raises(DataError, match=r"float\.tif: expected grey values of 0 to 255, got floats of 0"):
        read_grey(folder / "float.tif")
    (folder / "float.tif").unlink()
    (folder / "half.png").write_bytes((folder / "1.png").read_bytes()[:200])
    with pytest.raises(DataError, match=r"half\.png: expected an image, got a damaged file"):
        _open(folder)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda d: (d / "0.png").write_text("no image"), "0.png: expected an image, got a file of another format"),
        (lambda d: (d / "0.png").write_bytes(b""), "0.png: expected an image, got a file of 0 bytes"),
        (lambda d: Image.fromarray(_grey(1, 20)).save(d / "0.png"), "0.png: expected at least 24 x 24 pixels"),
        (lambda d: [p.unlink() for p in d.iterdir()], "photos: expected images (PNG, JPEG, BMP, TIFF), got none"),
        (lambda d: [p.unlink() for p in list(d.iterdir())[2:]], "split: expected at least 3 groups"),
        (lambda d: (d / "train").mkdir(), "photos: expected folders train and test, got none for test"),
    ],
)
def test_bad_folders(folder, spoil, fault):
    spoil(folder)
    with pytest.raises(DataError) as error:
        _open(folder)
    assert fault in str(error.value)


def test_bad_paths(tmp_path):
    with pytest.raises(DataError, match="nothing there"):
        _open(tmp_path / "no")
    (tmp_path / "file.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"file\.png: expected a folder of images"):
        _open(tmp_path / "file.png")
    with pytest.raises(UsageError, match=r"--textures without --data: expected 1 \(all patches are drawn\), got 0.5"):
        _open(textures=0.5)
