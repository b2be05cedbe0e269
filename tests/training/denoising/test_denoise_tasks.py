"""Clean material of audio, vibration, ECG and spikes: parts that share nothing, and what people get wrong."""

import dataclasses
import json

import numpy as np
import pytest
import soundfile

from drsn_keras.errors import DataError, UsageError
from drsn_keras.training.denoising.config import DenoiseConfig
from drsn_keras.training.denoising.recipes import KINDS, RECIPES, recipe
from drsn_keras.training.denoising.tasks import open_task, prepare
from drsn_keras.training.denoising.tasks.ecg import high_pass

from .denoise_files import ECG_RATE_HZ, RATE_HZ, heart, voice, write_record, write_speech


def _config(kind, **fields):
    return DenoiseConfig(**{**recipe(kind), "kind": kind, "n_samples": 512, "network": {}, "model": "dncnn", **fields})


def _audio(data, **fields):
    fields = {"resample_hz": float(RATE_HZ), "noise_kinds": ("white",), "group_regex": r"/(\w+)-", **fields}
    return open_task(_config("audio", data=str(data), **fields))


@pytest.fixture
def speech(tmp_path):
    return write_speech(tmp_path / "speech")


@pytest.mark.parametrize("kind", KINDS)
def test_a_recipe_is_a_configuration_that_json_gives_back(kind):
    config = DenoiseConfig(kind=kind, **RECIPES[kind], front_end=_config(kind).SPEC().to_dict())
    again = DenoiseConfig.from_dict(json.loads(json.dumps(config.to_dict())), "config.json")
    assert again == config and again.spec == config.spec


def test_speakers_stand_in_one_part(speech):
    task = _audio(speech)
    parts = {}
    for split, _, speaker, name, _ in task.listing():
        assert parts.setdefault(speaker, split) == split and name.count("/") == 1
    assert set(parts.values()) == {"train", "val", "test"} and len(parts) == 6
    assert task.protocol["speaker_disjoint"] == "yes"
    clean = task.material.draw(np.random.default_rng(0), 5)
    assert clean.shape == (5, 512) and np.abs(clean).max() <= 1
    powers = np.mean(np.square(clean), axis=1)
    assert powers.min() > 1e-5, "pauses are passed over"


def test_unknown_speakers_are_said(speech):
    notes = _audio(speech, group_regex=None).notes
    assert any("speakers are unknown" in note for note in notes)


def test_given_parts_and_background_noise_are_used(tmp_path):
    for part in ("train", "valid", "test"):
        (tmp_path / part).mkdir()
        soundfile.write(tmp_path / part / "a.wav", voice(len(part)), RATE_HZ)
    (tmp_path / "_background_noise_").mkdir()
    hiss = 0.1 * np.random.default_rng(0).standard_normal(4 * RATE_HZ)
    soundfile.write(tmp_path / "_background_noise_" / "fan.wav", hiss, RATE_HZ)
    task = _audio(tmp_path, group_regex=None)
    assert [row[:1] + row[3:4] for row in task.listing()] == [
        ("train", "train/a.wav"),
        ("val", "valid/a.wav"),
        ("test", "test/a.wav"),
    ]
    assert task.corruption.names == ["fan", "white"]
    task.read_all()


def test_frames_take_whole_hops(speech):
    task = _audio(speech, model="frame-drsn", network={"hop_length": 100})
    assert task.spec.shape == (5, 100) and task.material.draw(np.random.default_rng(0), 1).shape == (1, 500)
    with pytest.raises(UsageError, match=r"--network hop_length: expected 1 to 512 \(--samples\), got 1000"):
        _audio(speech, model="frame-drsn", network={"hop_length": 1000})


def _silence(folder, speakers):
    for name in speakers:
        for word in ("left", "right"):
            soundfile.write(folder / word / f"{name}-0.wav", np.zeros(400), RATE_HZ)


def test_silent_clips_are_left_out_with_a_note(speech):
    before = {row[2] for row in _audio(speech).listing() if row[0] == "train"}
    soundfile.write(speech / "left" / f"{min(before)}-0.wav", np.zeros(4000), RATE_HZ)
    task = _audio(speech)
    assert "1 of 12 recordings are silent, left out" in task.notes and len(task.listing()) == 11


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (
            lambda d: _silence(d, ("ann", "bob", "cat", "dan", "eve", "fay")),
            "part: expected clean recordings, got silence",
        ),
        (lambda d: (d / "left" / "ann-0.wav").write_text("hello"), "ann-0.wav: expected an audio file"),
        (
            lambda d: [p.unlink() for p in d.rglob("*.wav")],
            "speech: expected WAV, FLAC, OGG or MP3 files of speech, got",
        ),
        (lambda d: (d / "train").mkdir(), "speech: expected folders train, val and test, got train"),
    ],
)
def test_bad_speech(speech, spoil, fault):
    spoil(speech)
    with pytest.raises(DataError) as error:
        _audio(speech)
    assert fault in str(error.value)


def test_not_a_number_in_a_float_file(speech):
    y = voice(1)
    y[100] = np.nan
    soundfile.write(speech / "left" / "ann-0.wav", y, RATE_HZ, subtype="FLOAT")
    with pytest.raises(DataError, match=r"ann-0\.wav: expected finite samples, got NaN or infinity in 1 of 4000"):
        _audio(speech)


def test_recordings_of_a_machine_stand_in_one_part(machines):
    config, task = prepare(_config("vibration", data=str(machines), source="npz", noise_kinds=("white",)))
    splits = {}
    for split, _, group, _, _ in task.listing():
        assert splits.setdefault(group, split) == split
    assert len(splits) == 9 and task.spec.unit == "g" and task.spec.sample_rate_hz == 4000
    clean = task.material.draw(np.random.default_rng(0), 40)
    assert 0.2 < np.sqrt(np.mean(np.square(clean))) < 0.5, "what a network learns best from"
    assert abs(clean.mean()) * task.spec.full_scale < 0.1, "gravity (1 g) is no vibration"
    by_machine = open_task(dataclasses.replace(config, group="machine"))
    groups = [{row[3].split("/")[-1] for row in by_machine.listing() if row[0] == s} for s in ("train", "val", "test")]
    assert all(len(g) == 1 for g in groups)
    with pytest.raises(DataError, match=r"bearing: expected a bearing to split by \(--group\), got none"):
        open_task(dataclasses.replace(config, group="bearing"))
    with pytest.raises(DataError, match=r"expected at least 9000 samples \(--samples\), got 8000"):
        open_task(_config("vibration", data=str(machines), source="npz", n_samples=9000))


def test_a_run_whose_material_has_changed_is_refused(machines):
    config, _ = prepare(_config("vibration", data=str(machines), source="npz"))
    with pytest.raises(DataError, match="sample_rate_hz: expected 4000 "):
        open_task(dataclasses.replace(config, resample_hz=2000.0))


def test_one_record_is_divided_by_time_and_its_wander_is_taken_out(tmp_path):
    path = write_record(tmp_path / "100.npz")
    task = open_task(_config("ecg", data=str(path)))
    contents = [(row[0], row[4]) for row in task.listing()]
    assert contents == [("train", "MLII 0-8640"), ("val", "MLII 8640-11520"), ("test", "MLII 11520-14400")]
    y = np.concatenate([one.y for one in task.material.examples("test")]) * task.spec.full_scale
    assert 0.9 < y.max() < 1.1 and abs(y.mean()) < 0.03, "mV, without the offset of 0.3 mV"
    assert any("same hearts" in note for note in task.notes)
    assert [c.noise for c in task.corruption.conditions()][1::5] == ["baseline", "muscle", "white", "hum", "mixed"]


def test_several_records_are_divided_by_record(tmp_path):
    for i in range(4):
        write_record(tmp_path / f"r{i}.npz", 10.0, i)
    rows = open_task(_config("ecg", data=str(tmp_path))).listing()
    assert len({row[2] for row in rows}) == 4 and {row[0] for row in rows} == {"train", "val", "test"}


def test_high_pass_keeps_beats_and_not_their_baseline():
    y = heart(20.0, offset_mv=0.0)
    t = np.arange(len(y)) / ECG_RATE_HZ
    drifting = y + 0.5 * np.sin(2 * np.pi * 0.1 * t)
    inside = slice(ECG_RATE_HZ, -ECG_RATE_HZ)
    difference = high_pass(drifting, ECG_RATE_HZ)[inside] - high_pass(y, ECG_RATE_HZ)[inside]
    assert np.abs(difference).max() < 0.05, "a tenth of the drift, near the ends"


def _csv(path, columns, header):
    path.write_text("\n".join([header, *(",".join(f"{v:.5f}" for v in row) for row in zip(*columns, strict=True))]))
    return path


def test_ecg_from_a_table(tmp_path):
    y = heart(40.0)
    t = np.arange(len(y)) / ECG_RATE_HZ
    task = open_task(_config("ecg", data=str(_csv(tmp_path / "a.csv", (t, y, -y), "time_s,I,II")), channel="II"))
    assert task.spec.sample_rate_hz == 360 and task.protocol["leads"] == ["a: II"]
    assert np.concatenate([one.y for one in task.material.examples("val")]).min() * task.spec.full_scale < -0.8
    path = _csv(tmp_path / "b.csv", (y,), "I")
    with pytest.raises(DataError, match=r"b\.csv, sample rate: expected a rate in the file, or --rate HZ, got none"):
        open_task(_config("ecg", data=str(path)))
    assert open_task(_config("ecg", data=str(path), rate_hz=360.0)).spec.sample_rate_hz == 360


@pytest.mark.parametrize(
    ("arrays", "fields", "fault"),
    [
        (
            {"signal": heart(9.0), "fs": 360},
            {"rate_hz": 250.0},
            "sample rate: expected 360 Hz as the file says, got 250",
        ),
        (
            {"signal": np.r_[heart(9.0), np.nan], "fs": 360},
            {},
            "a.npz, 0: expected finite samples, got NaN or infinity in 1",
        ),
        ({"signal": np.zeros(4000), "fs": 360}, {}, "a.npz, 0: expected a signal that changes, got 4000 equal samples"),
        ({"signal": heart(9.0), "fs": 360}, {"channel": "V5"}, "a.npz, --channel: expected one of 0, got V5"),
        ({"x": np.arange(4000), "fs": 360}, {}, "a.npz, x: expected its gain [steps / mV], got none"),
        (
            {"y": np.arange(4000), "fs": 360},
            {},
            "a.npz: expected an array signal [mV], or x with gain and baseline, got y",
        ),
        ({"signal": heart(4.0), "fs": 360}, {}, "expected at least 512 samples (--samples), got 288"),
        ({"signal": heart(9.0), "fs": 0}, {}, "sample rate: expected a rate above 0, got 0 Hz"),
    ],
)
def test_bad_records(tmp_path, arrays, fields, fault):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError) as error:
        open_task(_config("ecg", data=str(tmp_path / "a.npz"), **fields))
    assert fault in str(error.value)


def test_ecg_needs_data(tmp_path):
    with pytest.raises(UsageError, match="--data with --task ecg: expected a record"):
        open_task(_config("ecg"))
    with pytest.raises(DataError, match="expected records of ECG"):
        open_task(_config("ecg", data=str(tmp_path)))


def test_spikes_are_the_slides():
    task = open_task(_config("spikes", n_samples=100))
    clean = np.stack([one.y for one in task.material.examples("test")])
    assert clean.shape == (1000, 100) and clean.max() == 10
    assert np.sqrt(np.mean(np.square(clean), axis=1)).mean() == pytest.approx(2.78, abs=0.02)
    assert [(c.noise, c.level) for c in task.corruption.conditions()] == [("gaussian", 3.0)]


def test_real_recordings(shared_data):
    """The official test clips with the manifest's speakers; record 100."""
    task = _audio(
        shared_data / "audio" / "tflm_micro_speech",
        group_regex=None,
        resample_hz=16000.0,
    )
    assert len(task.listing()) >= 3
    ecg = open_task(_config("ecg", data=str(shared_data / "ecg" / "mitdb_100.npz"), channel="MLII", n_samples=2048))
    assert ecg.spec.sample_rate_hz == 360 and 0.25 <= ecg.spec.full_scale <= 2.0
