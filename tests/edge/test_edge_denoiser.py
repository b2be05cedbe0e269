"""Cleaning as samples come: aligned, whatever the chunks; overlapping pieces that sum to one."""

import json

import numpy as np
import pytest
from denoiser_bundle_file import HOP, PIECE, STEP, averaged, write_piece_bundle, write_stream_bundle

from drsn_keras.edge.bundle import keyword_front_end, load_bundle, window_front_end
from drsn_keras.edge.denoiser import PieceDenoiser, StreamDenoiser, open_denoiser
from drsn_keras.errors import BundleError, DataError, UsageError
from drsn_keras.model_card import CARD_NAME


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """Streams in float and int8, and pieces that give back what they take."""
    folder = tmp_path_factory.mktemp("denoisers")
    return {
        "float": load_bundle(write_stream_bundle(folder / "float")),
        "int8": load_bundle(write_stream_bundle(folder / "int8", int8=True)),
        "pieces": load_bundle(write_piece_bundle(folder / "pieces", np.ones(PIECE))),
    }


def signal(n):
    return np.random.default_rng(n).uniform(-0.5, 0.5, n).astype(np.float32)


def cleaned(denoiser, y, chunk):
    parts = [denoiser.push(y[i : i + chunk]) for i in range(0, len(y), chunk)]
    return np.concatenate([np.zeros(0), *parts, denoiser.flush()])


@pytest.mark.parametrize("n", [1, HOP, STEP - 1, STEP, STEP + 1, 5 * STEP + 7])
def test_a_stream_is_aligned_and_as_long_as_the_signal(bundles, n):
    y = signal(n)
    np.testing.assert_allclose(cleaned(open_denoiser(bundles["float"]), y, 5), averaged(y), atol=1e-6)


@pytest.mark.parametrize("name", ["float", "int8", "pieces"])
def test_the_chunks_do_not_matter(bundles, name):
    y = signal(83)
    denoiser = open_denoiser(bundles[name])
    found = []
    for chunk in (1, 3, STEP, 17, 83):
        denoiser.reset()
        found.append(cleaned(denoiser, y, chunk))
        np.testing.assert_array_equal(found[-1], found[0])
        assert denoiser.samples_seen == len(found[-1]) == 83
    assert np.abs(found[0]).max() > 0.1


def test_what_can_be_answered_is_answered_at_once(bundles):
    stream = open_denoiser(bundles["float"])
    assert isinstance(stream, StreamDenoiser) and stream.delay_samples == STEP
    assert [len(stream.push(np.zeros(1))) for _ in range(2 * STEP)] == 2 * [*[0] * (STEP - 1), STEP]
    pieces = open_denoiser(bundles["pieces"])
    assert isinstance(pieces, PieceDenoiser) and pieces.delay_samples == PIECE
    answered = np.cumsum([len(pieces.push(np.zeros(1))) for _ in range(3 * PIECE)])
    assert answered[PIECE - 2] == 0
    assert answered[PIECE - 1 :: PIECE // 2].tolist() == [5, 10, 15, 20, 25]


def test_a_reset_forgets(bundles):
    denoiser = open_denoiser(bundles["float"])
    first = denoiser.push(np.ones(STEP))
    assert first[0] == 0.5
    assert denoiser.push(np.ones(STEP))[0] == 1.0
    denoiser.push(np.ones(3))
    denoiser.reset()
    np.testing.assert_array_equal(denoiser.push(np.ones(STEP)), first)


@pytest.mark.parametrize("n", [1, 4, 9, 10, 11, 14, 15, 16, 20, 33])
def test_pieces_sum_to_one(bundles, n):
    y = 1.0 + signal(n)
    np.testing.assert_allclose(cleaned(open_denoiser(bundles["pieces"]), y, 6), y, rtol=1e-6)


@pytest.mark.parametrize("length", [10, 9])
def test_pieces_fade_into_each_other(tmp_path, length):
    """By hand: in what two pieces share, sin^2 of the new one and cos^2 of the older one."""
    weights = np.linspace(1.0, 2.0, length)
    denoiser = open_denoiser(load_bundle(write_piece_bundle(tmp_path / "b", weights)))
    hop, shared = length - length // 2, length // 2
    found = cleaned(denoiser, np.ones(length + hop), 7)
    rise = np.sin(np.pi / 2 * (np.arange(shared) + 0.5) / shared) ** 2
    expected = np.concatenate([weights[:hop], (1 - rise) * weights[hop:] + rise * weights[:shared], weights[shared:]])
    np.testing.assert_allclose(found, expected[: length + hop], rtol=1e-6)


def test_the_last_piece_ends_with_the_signal(tmp_path):
    """13 samples of pieces of 10: the second piece begins at 3, not at 5 with silence behind."""
    weights = np.arange(1.0, 11.0)
    denoiser = open_denoiser(load_bundle(write_piece_bundle(tmp_path / "b", weights)))
    found = cleaned(denoiser, np.ones(13), 13)
    np.testing.assert_allclose(found[10:], weights[7:], rtol=1e-6)
    # A shorter signal is followed by silence.
    denoiser.reset()
    np.testing.assert_allclose(cleaned(denoiser, np.ones(4), 4), weights[:4], rtol=1e-6)


def test_the_gain_is_undone_and_finer_quanta_are_used(bundles):
    y = np.full(3 * STEP, 0.001, np.float32)  # an eighth of a quantum
    plain, loud = (cleaned(open_denoiser(bundles["int8"], gain), y, STEP) for gain in (0.0, 40.0))
    assert not plain.any()
    np.testing.assert_allclose(loud[HOP:], 0.001, atol=1 / 128 / 100)
    with pytest.raises(UsageError, match="gain: expected -40 to 40 dB, got 41"):
        open_denoiser(bundles["int8"], 41.0)


def test_clipped_samples_are_counted(bundles):
    y = np.array([0.5, 0.997, -1.0, -1.01, 1.5, 0.99], np.float32)
    denoiser = open_denoiser(bundles["int8"])
    denoiser.push(y)
    assert (denoiser.samples_seen, denoiser.samples_clipped) == (6, 3)  # 0.997 is nearer to 1 than to 127/128
    denoiser.reset()
    assert denoiser.samples_clipped == 0
    denoiser = open_denoiser(bundles["float"])
    denoiser.push(y)
    assert denoiser.samples_clipped == 0


def test_samples_are_in_the_unit_of_the_card(tmp_path):
    """The same integers hold four times as much where 1.0 to the network is 4.0 of the unit."""
    bundle = load_bundle(write_stream_bundle(tmp_path / "b", int8=True))
    scaled = json.loads((tmp_path / "b" / CARD_NAME).read_text())
    scaled["front_end"]["full_scale"] = 4.0
    (tmp_path / "b" / CARD_NAME).write_text(json.dumps(scaled))
    wide = open_denoiser(load_bundle(tmp_path / "b"))
    np.testing.assert_allclose(wide.push(np.full(STEP, 3.0))[HOP:], 3.0)
    assert wide.samples_clipped == 0
    narrow = open_denoiser(bundle)
    narrow.push(np.full(STEP, 3.0))
    assert narrow.samples_clipped == STEP


@pytest.mark.parametrize("name", ["float", "pieces"])
def test_bad_samples_are_one_line(bundles, name):
    denoiser = open_denoiser(bundles[name])
    denoiser.push(np.zeros(7))
    with pytest.raises(DataError, match="sample 9: expected a finite number, got nan"):
        denoiser.push(np.array([0.0, 0.0, np.nan]))
    with pytest.raises(DataError, match=r"expected one axis, got shape \(2, 2\)"):
        denoiser.push(np.zeros((2, 2)))
    assert denoiser.samples_seen == 7


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"stream": {"frames": 2, "states": 1, "state_bytes": 16, "delay_samples": 8}},
            "front_end: expected the model",
        ),
        ({"stream": {"frames": 3, "states": 2, "state_bytes": 16, "delay_samples": 12}}, "stream, states: expected 1"),
        ({"stream": {"frames": 3, "states": 1, "state_bytes": 9, "delay_samples": 12}}, "state_bytes: expected 16"),
        ({"stream": {"frames": 3, "states": 1, "state_bytes": 16, "delay_samples": 5}}, "delay_samples: expected 12"),
        ({"stream": {"frames": 3}}, "stream: expected a field delay_samples, got none"),
        (
            {"stream": {"frames": 0, "states": 1, "state_bytes": 16, "delay_samples": 12}},
            "stream, frames: expected 1 to",
        ),
        ({"labels": ["yes"]}, "labels: expected none of a denoiser, got yes"),
        ({"stream": {}}, "expected one input and one output, got 2 and 2"),
    ],
)
def test_a_card_that_contradicts_the_file(tmp_path, change, fault):
    folder = write_stream_bundle(tmp_path / "b")
    card = json.loads((folder / CARD_NAME).read_text())
    (folder / CARD_NAME).write_text(json.dumps({**card, **change}))
    with pytest.raises(BundleError, match=fault):
        load_bundle(folder)


def test_bundles_for_something_else(bundles, vibration_bundle, tmp_path):
    with pytest.raises(BundleError, match=r"got windows of a vibration signal \(use drsn-edge monitor\)"):
        open_denoiser(load_bundle(vibration_bundle))
    for front_end in (keyword_front_end, window_front_end):
        with pytest.raises(BundleError, match=r"got a signal to clean \(use drsn-edge denoise\)"):
            front_end(bundles["float"])
    image = {"kind": "image", "shape": (5, 2, 1), "sample_rate_hz": None, "unit": "grey"}
    # A file of the shape of an image: what it computes does not matter.
    folder = write_piece_bundle(tmp_path / "image", np.ones(10), shape=(10, 1))
    card = json.loads((folder / CARD_NAME).read_text())
    card["front_end"] = {**card["front_end"], **image, "shape": [10, 1, 1]}
    (folder / CARD_NAME).write_text(json.dumps(card))
    with pytest.raises(BundleError, match="got images to clean"):
        open_denoiser(load_bundle(folder))
