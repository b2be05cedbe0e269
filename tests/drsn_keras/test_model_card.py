"""Cards that were damaged on the way: one line naming file and field, never a traceback."""

import json

import pytest

from drsn_keras.errors import BundleError
from drsn_keras.model_card import DetectorSpec, ModelCard, TensorSpec, read_bundle, sha256_of

#: Stands for a number of more digits than Python converts.
HUGE = "huge"


def _card(model):
    return ModelCard(
        name="n", task="keywords", model="drsn-cw", scheme="int8", labels=("yes", "no"), front_end={"a": 1},
        input=TensorSpec((1, 98, 40), "int8", 0.1, 3), output=TensorSpec((1, 2), "int8", 1 / 256, -128),
        sha256=sha256_of(model), size_bytes=5,
    )  # fmt: skip


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"hello")
    _card(tmp_path / "model.tflite").write(tmp_path)
    return tmp_path


def test_round_trip(bundle):
    card, path = read_bundle(bundle)
    assert card == _card(path)
    assert card.detector == DetectorSpec()
    assert [p.name for p in sorted(bundle.iterdir())] == ["card.json", "model.tflite"]


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("sha256", None, "sha256: expected text, got None"),
        ("labels", 5, "labels: expected a list, got 5"),
        ("labels", ["yes"], "expected 2 labels (the model's outputs), got 1"),
        ("labels", ["yes", 1], "labels: expected text, got 1"),
        ("training", [], "training: expected an object, got []"),
        ("macs", 1e9, "macs: expected a whole number, got 1000000000.0"),
        ("macs", HUGE, "card.json: expected JSON"),
        ("synthetic_speech", 0, "synthetic_speech: expected true or false, got 0"),
        ("input", {"shape": [1], "dtype": "int8", "scale": None}, "input, scale: expected a finite number, got None"),
        ("input", {"shape": [float("inf")], "dtype": "int8"}, "input, shape: expected a whole number, got inf"),
        ("input", 3, "input: expected an object, got 3"),
        ("detector", {"threshold": "high"}, "detector, threshold: expected a finite number, got 'high'"),
        ("detector", {"hop_s": 1e308}, "detector, hop_s: expected a finite number, got 1e+308"),
        ("detector", {"hop_s": 1e9}, "detector, hop_s: expected 0.001 to 60 s, got 1000000000.0"),
        ("detector", {"threshold": 0.5, "release": 0.6}, "detector, release: expected above 0, at most threshold"),
        ("detector", {"smoothing_s": float("nan")}, "detector, smoothing_s: expected a finite number, got nan"),
        ("stream", {"frames": 8}, "stream: expected nothing but of a signal or of words, got something"),
        ("front_end", {"kind": "signal"}, "labels: expected none of a denoiser, got yes, no"),
        ("surprise", 1, "also surprise"),
        ("version", 2, "expected version 1, got 2"),
        ("format", "x", "expected a JSON object with"),
    ],
)
def test_wrong_field_is_named(bundle, field, value, fault):
    values = json.loads((bundle / "card.json").read_text())
    text = json.dumps({**values, field: value}).replace(f'"{HUGE}"', "1" + "0" * 5000)
    (bundle / "card.json").write_text(text)
    with pytest.raises(BundleError) as caught:
        read_bundle(bundle)
    assert fault in str(caught.value)
    assert str(bundle / "card.json") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\udcff", "null"])
def test_what_is_no_json_object(bundle, text):
    (bundle / "card.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BundleError, match=r"card\.json: expected"):
        read_bundle(bundle)


def test_missing_field_is_named(bundle):
    values = json.loads((bundle / "card.json").read_text())
    del values["scheme"]
    (bundle / "card.json").write_text(json.dumps(values))
    with pytest.raises(BundleError, match="expected a field scheme, got none"):
        read_bundle(bundle)


def test_flipped_byte_and_missing_parts(bundle):
    (bundle / "model.tflite").write_bytes(b"hellp")
    with pytest.raises(BundleError, match=r"model\.tflite: expected SHA-256 .* \(its card\)"):
        read_bundle(bundle)
    (bundle / "model.tflite").unlink()
    with pytest.raises(BundleError, match=r"model\.tflite: expected a file of the bundle, got nothing there"):
        read_bundle(bundle)
