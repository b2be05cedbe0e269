"""The same layers and weights on TensorFlow, on JAX and on PyTorch give the same numbers."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

PROGRAM = """
import sys
import numpy as np
import keras
from keras import ops
from drsn_keras import layers
from drsn_keras.frontend import LOG_MEL_40, ROOT_MEL_40
from drsn_keras.frontend.layer import FrontEnd
from drsn_keras.models import KINDS, dncnn, dran, keyword_network, residual_network, thresholds

assert keras.backend.backend() == sys.argv[2]
rng = np.random.default_rng(5)
out = {}

def fill(weights):
    for w in weights:
        w.assign(np.abs(rng.standard_normal(w.shape)) if "variance" in w.path else 0.3 * rng.standard_normal(w.shape))

signal = rng.standard_normal((3, 2048, 1)).astype("float32")
image = rng.standard_normal((2, 16, 12, 3)).astype("float32")
frames = rng.standard_normal((3, 98, 40)).astype("float32")
for kind in KINDS:
    for name, model, x in [
        ("paper", residual_network((2048, 1), 8, kind), signal),
        ("image", residual_network((16, 12, 3), 4, kind, rank=2, units_per_stage=1), image),
        ("words", keyword_network((98, 40), 12, kind), frames),
    ]:
        fill(model.weights)
        out[f"{name}/{kind}"] = ops.convert_to_numpy(model(x, training=False))
        out[f"{name}/{kind}/training"] = ops.convert_to_numpy(model(x, training=True))
model = keyword_network((98, 40), 12)
fill(model.weights)
for block, (tau, alpha) in thresholds(model, frames).items():
    out[f"tau/{block}"], out[f"alpha/{block}"] = tau, alpha
for name, model in [
    ("dncnn", dncnn((32, 1), depth=4, width=4, rank=1)),
    ("dran", dran((9, 8, 3), width=4, blocks=2, depth=1, form="mixed")),
]:
    fill(model.weights)
    x = rng.standard_normal((3, *model.input_shape[1:])).astype("float32")
    out[name] = ops.convert_to_numpy(model(x, training=False))
    out[f"{name}/training"] = ops.convert_to_numpy(model(x, training=True))
y = rng.standard_normal((2, 16000)).astype("float32") * 0.1
out["features"] = ops.convert_to_numpy(FrontEnd(LOG_MEL_40)(y))
out["features/root"] = ops.convert_to_numpy(FrontEnd(ROOT_MEL_40)(y))

# A gradient step through the shrinkage: the loss after ten of them.
unit = keras.Sequential([keras.Input((32, 4)), layers.ResidualUnit(6, strides=2)])
fill(unit.weights)
unit.compile(keras.optimizers.SGD(0.05), "mse")
x, target = rng.standard_normal((8, 32, 4)).astype("float32"), rng.standard_normal((8, 16, 6)).astype("float32")
out["losses"] = np.array([float(unit.train_on_batch(x, target)) for _ in range(10)])
np.savez(sys.argv[1], **out)
"""


def _run(backend, path):
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), backend],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(np.load(path))


@pytest.fixture(scope="module")
def tensorflow(tmp_path_factory):
    return _run("tensorflow", tmp_path_factory.mktemp("backends") / "tensorflow.npz")


@pytest.fixture(scope="module", params=["jax", "torch"])
def other(request, tmp_path_factory):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return _run(request.param, tmp_path_factory.mktemp("backends") / f"{request.param}.npz")


def test_backends_agree_within_1e5(other, tensorflow):
    assert set(tensorflow) == set(other)
    assert len(tensorflow) == 43
    for name in set(tensorflow) - {"losses", "features", "features/root"}:
        np.testing.assert_allclose(other[name], tensorflow[name], atol=1e-5, rtol=1e-4, err_msg=name)


def test_front_end_agrees_within_1e4(other, tensorflow):
    for name in ("features", "features/root"):
        np.testing.assert_allclose(other[name], tensorflow[name], atol=1e-4, err_msg=name)


def test_training_steps_agree(other, tensorflow):
    losses = tensorflow["losses"]
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(other["losses"], losses, rtol=1e-4)
