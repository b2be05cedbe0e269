"""Losses by hand, optimisers by name, networks and their arguments."""

import keras
import numpy as np
import pytest

from drsn_keras.denoising import si_sdr
from drsn_keras.errors import UsageError
from drsn_keras.frontend import SignalSpec
from drsn_keras.training.denoising.config import DenoiseConfig
from drsn_keras.training.denoising.losses import LOSSES
from drsn_keras.training.denoising.networks import build_denoiser, check_model, with_known_shape
from drsn_keras.training.denoising.optimizers import make_optimizer, schedule_for
from drsn_keras.training.denoising.predictor import Predictor

CLEAN = np.array([[1.0, -2.0, 3.0, 0.0], [2.0, 2.0, -2.0, -2.0]], np.float32)[..., None]
ESTIMATE = np.array([[1.5, -2.0, 1.0, 0.0], [2.2, 2.2, -2.2, -2.2]], np.float32)[..., None]


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("mse", [(0.25 + 4) / 4, 0.04]),
        ("half-sse", [4.25 / 2, 0.08]),
        ("l1", [2.5 / 4, 0.2]),
        ("huber", [(0.125 + 1.5) / 4, 0.02]),
        ("snr", [10 * np.log10(4.25 / 14), -20.0]),
        ("si-sdr", [-si_sdr(CLEAN[0], ESTIMATE[0]), -80.0]),
    ],
)
def test_losses_by_hand(name, by_hand):
    np.testing.assert_allclose(LOSSES[name](CLEAN, ESTIMATE), by_hand, rtol=1e-4)


@pytest.mark.parametrize("name", ["snr", "si-sdr"])
def test_ratios_have_a_floor_and_bear_silence(name):
    exact = LOSSES[name](CLEAN, CLEAN)
    np.testing.assert_allclose(exact, [-80.0, -80.0], atol=0.01)
    assert np.isfinite(LOSSES[name](np.zeros_like(CLEAN), ESTIMATE)).all()
    assert np.isfinite(LOSSES[name](CLEAN, np.zeros_like(CLEAN))).all()


def _config(**fields):
    spec = SignalSpec(shape=(32, 1), sample_rate_hz=None)
    fields = {"network": {"depth": 3, "width": 4}, "front_end": spec.to_dict(), **fields}
    return DenoiseConfig(kind="spikes", model="dncnn", n_samples=32, **fields)


@pytest.mark.parametrize(
    ("schedule", "at", "rate"),
    [
        ("constant", 500, 0.1),
        ("step", 599, 0.1),
        ("step", 601, 0.01),
        ("exponential", 1000, 1e-4),
        ("restarts", 199, 0.0),
        ("restarts", 201, 0.1),
        ("cosine", 20, 0.05),
        ("cosine", 1000, 0.0),
    ],
)
def test_schedules(schedule, at, rate):
    found = schedule_for(_config(schedule=schedule, learning_rate=0.1, epochs=50), 20)
    assert float(found(at) if callable(found) else found) == pytest.approx(rate, abs=2e-4)


@pytest.mark.parametrize(("name", "kind"), [("adam", keras.optimizers.Adam), ("sgd", keras.optimizers.SGD)])
def test_optimizers(name, kind):
    found = make_optimizer(_config(optimizer=name, momentum=0.8, weight_decay=1e-4, clip_norm=2.0), 10)
    assert isinstance(found, kind) and found.weight_decay == 1e-4 and found.global_clipnorm == 2.0
    assert name != "sgd" or found.momentum == 0.8


def test_a_network_gets_its_arguments_or_says_what_it_has():
    model = build_denoiser(_config())
    assert model.input_shape == model.output_shape == (None, 32, 1)
    with pytest.raises(UsageError, match=r"--network of dncnn: expected depth, width, .*, got filters"):
        check_model(_config(network={"filters": 3}))
    with pytest.raises(UsageError, match="--network of dncnn: depth: expected at least 2, got 1"):
        build_denoiser(_config(network={"depth": 1}))
    with pytest.raises(UsageError, match="--model with --task images: expected dncnn, "):
        check_model(DenoiseConfig(kind="images", model="frame-drsn"))


def test_a_predictor_takes_images_of_any_size():
    spec = SignalSpec(kind="image", shape=(8, 8, 1), sample_rate_hz=None)
    config = DenoiseConfig(
        kind="images", model="dncnn", network={"depth": 2, "width": 2}, n_samples=8, front_end=spec.to_dict()
    )
    model = build_denoiser(config, flexible=True)
    assert model.input_shape == (None, None, None, 1)
    images = [np.random.default_rng(i).random(shape, np.float32) for i, shape in enumerate([(9, 12), (20, 8), (9, 12)])]
    found = Predictor(model, spec)(images)
    assert [y.shape for y in found] == [(9, 12), (20, 8), (9, 12)]
    np.testing.assert_allclose(found[2], model(images[2][None, ..., None])[0, ..., 0], atol=1e-6)
    fixed = with_known_shape(model, spec)
    assert fixed.input_shape == (None, 8, 8, 1)
    part = images[1][:8, :8]
    np.testing.assert_allclose(fixed(part[None, ..., None]), model(part[None, ..., None]), atol=1e-6)
