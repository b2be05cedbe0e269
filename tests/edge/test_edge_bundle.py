import pytest

from drsn_keras.edge import load_bundle
from drsn_keras.errors import BundleError
from drsn_keras.frontend import LOG_MEL_40, ROOT_MEL_40
from drsn_keras.model_card import MODEL_NAME


def test_parts_of_a_sound_bundle(bundle_folder):
    bundle = load_bundle(bundle_folder)
    assert bundle.card.labels == ("low", "high", "_silence_")
    assert bundle.front_end == LOG_MEL_40
    assert bundle.interpreter.input == bundle.card.input
    assert bundle.interpreter.output == bundle.card.output


def test_a_root_mel_bundle(root_folder):
    bundle = load_bundle(root_folder)
    assert bundle.front_end == ROOT_MEL_40
    # From 0 to the root of a loud tone, not over the 20 nepers of a logarithm.
    assert 8 < bundle.card.input.scale * 255 < 14
    assert bundle.card.input.zero_point == -128


def _set(*keys_and_value):
    *keys, value = keys_and_value

    def change(card):
        for key in keys[:-1]:
            card = card[key]
        card[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_set("input", "shape", [1, 98, 41]), r"input shape: expected \(1, 98, 40\) \(the model file\)"),
        (_set("input", "dtype", "float32"), "input dtype: expected int8"),
        (_set("input", "scale", 0.5), "input scale"),
        (_set("input", "zero_point", 3), "input zero_point"),
        (_set("output", "scale", 0.0), "output scale"),
        (_set("output", "zero_point", 0), "output zero_point: expected -128"),
        (_set("front_end", "n_mels", 39), r"front_end: expected the model's input"),
        (_set("front_end", "n_mels", 0), "n_mels"),
        (_set("front_end", "hop_length", 320), "front_end: expected"),
        (_set("front_end", {}), "front end"),
        (_set("front_end", 3), "card.json"),
        (_set("labels", ["low", "high"]), "labels"),
        (_set("sha256", "0" * 64), "SHA-256"),
    ],
)
def test_card_that_contradicts_the_model_is_refused(altered, change, says):
    with pytest.raises(BundleError, match=says) as caught:
        load_bundle(altered(change))
    assert "\n" not in str(caught.value)


def test_scale_that_went_through_float32_text_is_accepted(altered):
    def seven_digits(card):
        card["input"]["scale"] = float(f"{card['input']['scale']:.8g}")

    load_bundle(altered(seven_digits))


def test_absent_folder_and_absent_model(bundle_folder, altered, tmp_path):
    with pytest.raises(BundleError, match="expected a bundle folder, got nothing there"):
        load_bundle(tmp_path / "absent")
    with pytest.raises(BundleError, match="expected a bundle folder, got a file"):
        load_bundle(bundle_folder / MODEL_NAME)
    folder = altered(lambda card: None)
    (folder / MODEL_NAME).unlink()
    with pytest.raises(BundleError, match=r"model\.tflite"):
        load_bundle(folder)
