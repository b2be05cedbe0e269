"""drsn-edge denoise: recordings and streams in, cleaned ones out; bad files a line each; nothing is lost."""

import io
import json

import numpy as np
import pytest
from denoiser_bundle_file import RATE_HZ, STEP, averaged, write_piece_bundle, write_stream_bundle

from drsn_keras.edge.cli import main
from drsn_keras.edge.wav import WavFile
from drsn_keras.edge.wav_writer import WavWriter
from drsn_keras.recording import read_signal_file


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A float bundle that averages two frames of a sound."""
    return str(write_stream_bundle(tmp_path_factory.mktemp("sound") / "bundle"))


@pytest.fixture(scope="module")
def heart(tmp_path_factory):
    """A bundle that gives back pieces of 10 samples in mV at 100 Hz."""
    return str(write_piece_bundle(tmp_path_factory.mktemp("heart") / "bundle", np.ones(10)))


def noise(n=1000, level=0.1):
    return (level * np.random.default_rng(n).uniform(-1, 1, n)).astype(np.float32)


def write_wav(path, y, sample_format="f32le", rate_hz=RATE_HZ):
    with WavWriter(path, rate_hz, sample_format) as wav:
        wav.write(y)
    return str(path)


def read_wav(path):
    wav = WavFile(path)
    return np.concatenate([block[:, 0] for block in wav.blocks()])


def run(capfd, *words):
    code = main(["denoise", *map(str, words)])
    out, err = capfd.readouterr()
    return code, out.splitlines(), err.splitlines()


def test_a_file_is_cleaned(sound, tmp_path, capfd):
    y = noise(5000)
    code, out, err = run(
        capfd, sound, "--file", write_wav(tmp_path / "noisy.wav", y), "--out", tmp_path / "clean.wav", "--json"
    )
    assert code == 0
    found = read_wav(tmp_path / "clean.wav")
    np.testing.assert_allclose(found, averaged(y), atol=1e-6)
    (result,) = map(json.loads, out)
    removed = 10 * np.log10(np.sum(np.square(y, dtype=float)) / np.sum(np.square(found, dtype=float)))
    assert result.pop("real_time_factor") > 0
    gain = result.pop("gain_db")
    assert result == {
        "type": "denoised", "source": str(tmp_path / "noisy.wav"), "output": str(tmp_path / "clean.wav"),
        "samples": 5000, "sample_rate_hz": 16000, "duration_s": 0.3125, "energy_removed_db": round(removed, 2),
        "clipped_share": 0.0,
    }  # fmt: skip
    # The card says -20 dB; 95 % of the windows of 8 samples lie below some -22.5 dB.
    assert 1.0 < gain < 4.0
    assert err == [
        f"{tmp_path / 'noisy.wav'}: gain {gain:+.1f} dB (loud parts at {-20 - gain:.1f} dB of full scale, in training "
        "at -20.0 dB)"
    ]


def test_the_line_for_a_person_and_a_gain_of_ones_own(sound, tmp_path, capfd):
    path = write_wav(tmp_path / "noisy.wav", noise())
    code, out, err = run(capfd, sound, "--file", path, "--out", tmp_path / "c.wav", "--gain", -6)
    assert (code, err) == (0, [])
    assert out[0].startswith(f"{path} -> {tmp_path / 'c.wav'}  0.06 s, real-time factor ")
    assert out[0].endswith("dB of energy removed  gain -6.0 dB  0 % clipped")
    np.testing.assert_allclose(read_wav(tmp_path / "c.wav"), averaged(noise()), atol=1e-6)


def test_clipping_is_reported(tmp_path, capfd):
    bundle = write_stream_bundle(tmp_path / "bundle", int8=True)
    y = np.full(1000, 0.3, np.float32)
    y[:100] = 0.9
    path = write_wav(tmp_path / "noisy.wav", y)
    _, out, _ = run(capfd, bundle, "--file", path, "--out", tmp_path / "c.wav", "--gain", 6, "--json")
    assert json.loads(out[0])["clipped_share"] == 0.1
    # Left to itself the gain keeps the peaks of 99 % of the windows inside, whatever the level of training.
    card = json.loads((bundle / "card.json").read_text())
    card["training"]["level"]["loud_db"] = 10.0
    (bundle / "card.json").write_text(json.dumps(card))
    _, out, err = run(capfd, bundle, "--file", path, "--out", tmp_path / "d.wav", "--json")
    result = json.loads(out[0])
    assert result["clipped_share"] == 0.0 and 0 < result["gain_db"] < 1
    assert "dB, held back (loud parts at" in err[0]


@pytest.mark.parametrize(
    ("sample_format", "n_bytes", "is_integer"),
    [("u8", 2, True), ("s16le", 2, True), ("s24le", 3, True), ("s32le", 3, True), ("f64le", 4, False)],
)
def test_formats_and_rates_are_converted_and_said(sound, tmp_path, capfd, sample_format, n_bytes, is_integer):
    t = np.arange(8000) / 8000
    path = write_wav(tmp_path / "other.wav", 0.3 * np.sin(2 * np.pi * 40 * t), sample_format, rate_hz=8000)
    code, out, err = run(capfd, sound, "--file", path, "--out", tmp_path / "c.wav")
    assert code == 0 and len(out) == 1
    assert err[0] == f"{path}: 8000 Hz converted to 16000 Hz, nothing in it above 4000 Hz"
    wav = WavFile(tmp_path / "c.wav")
    assert (wav.n_samples, wav.sample_rate_hz, wav.channels) == (16000, 16000, 1)
    assert (wav.sample_bytes, wav.is_integer) == (n_bytes, is_integer)
    expected = averaged(0.3 * np.sin(2 * np.pi * 40 * np.arange(16000) / 16000))
    assert np.abs(read_wav(tmp_path / "c.wav") - expected)[1000:-1000].max() < 0.02


def test_channels_are_mixed_and_that_is_said(sound, tmp_path, capfd, wav_bytes):
    y = np.stack([noise(), -noise()], axis=1)
    (tmp_path / "s.wav").write_bytes(wav_bytes(y.astype("<f4").tobytes(), channels=2, bits=32, tag=3))
    code, out, err = run(capfd, sound, "--file", tmp_path / "s.wav", "--out", tmp_path / "c.wav")
    assert code == 0 and "2 channels mixed down to 1" in err[0]
    assert "gain 0 dB (silence)" in err[1] and "  silence  " in out[0]
    assert not read_wav(tmp_path / "c.wav").any()


def test_bad_files_are_a_line_each_and_the_good_one_is_cleaned(sound, tmp_path, capfd, wav_bytes):
    good = write_wav(tmp_path / "good.wav", noise())
    bad = noise(100)
    bad[60] = np.nan
    late = noise(300_000)  # beyond the first block: found before anything is written
    late[-1] = np.inf
    (tmp_path / "cut.wav").write_bytes((tmp_path / "good.wav").read_bytes()[:-100])
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "none.wav").write_bytes(wav_bytes(b""))
    (tmp_path / "text.wav").write_bytes(b"hello, world")
    names = [write_wav(tmp_path / "nan.wav", bad), write_wav(tmp_path / "late.wav", late)]
    names += [str(tmp_path / f"{n}.wav") for n in ("cut", "empty", "none", "text", "absent")]
    code, out, err = run(capfd, sound, "--file", *names, good, "--out", tmp_path / "out")
    assert code == 1
    errors = [line for line in err if line.startswith("drsn-edge: ")]
    assert [line.split(": expected ")[0] for line in errors] == [f"drsn-edge: {name}" for name in names]
    assert "NaN or infinity at 0.004 s" in errors[0]
    assert len(out) == 1 and out[0].startswith(f"{good} -> ")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["good.wav"]


def test_nothing_is_overwritten_unasked(sound, tmp_path, capfd):
    path = write_wav(tmp_path / "a.wav", noise())
    before = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "there.wav").write_bytes(b"precious")
    (tmp_path / "sub").mkdir()
    other = write_wav(tmp_path / "sub" / "a.wav", noise())
    (tmp_path / "link.wav").symlink_to(tmp_path / "a.wav")
    for out, files, fault in (
        (path, [path], "expected another place than the recording's own"),
        (tmp_path, [path], "expected another place than the recording's own"),
        (tmp_path / "link.wav", [path], "expected another place than the recording's own"),
        (tmp_path / "there.wav", [path], "expected a new file (--overwrite replaces it), got one that is there"),
        (tmp_path / "new", [path, other], "expected an output for every input"),
        (tmp_path / "new", [path, path], "expected an output for every input"),
        (tmp_path / "there.wav", [path, other], "expected a folder for several files, got a file"),
        (tmp_path / "clean.flac", [path], "expected a file named .wav, got '.flac'"),
    ):
        for extra in ([], ["--overwrite"])[: 1 if "there.wav" in str(out) else 2]:
            code, lines, err = run(capfd, sound, "--file", *files, "--out", out, *extra)
            assert (code, lines, len(err)) == (2, [], 1) and fault in err[0]
    assert (tmp_path / "a.wav").read_bytes() == before
    assert (tmp_path / "there.wav").read_bytes() == b"precious" and not (tmp_path / "new").exists()
    assert run(capfd, sound, "--file", path, "--out", tmp_path / "there.wav", "--overwrite")[0] == 0
    np.testing.assert_allclose(read_wav(tmp_path / "there.wav"), averaged(noise()), atol=1e-6)


def test_a_stream_in_the_same_format(drsn_edge, sound):
    y = np.round(noise(2 * STEP + 5) * 32768).astype("<i2")
    done = drsn_edge("denoise", sound, "--stdin", "--json", stdin=y.tobytes())
    assert done.returncode == 0, done.stderr
    found = np.frombuffer(done.stdout, "<i2")
    np.testing.assert_array_equal(found, np.rint(averaged(y / 32768) * 32768))
    result = json.loads(done.stderr.splitlines()[-1])
    assert (result["source"], result["output"], result["samples"], result["gain_db"]) == (
        "stdin",
        "stdout",
        len(y),
        0.0,
    )


def stream(monkeypatch, data, *words):
    """Call with bytes on standard input; gives code and bytes on standard output."""
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    monkeypatch.setattr("sys.stdout", out)
    code = main(["denoise", *map(str, words)])
    return code, out.buffer.getvalue()


@pytest.mark.parametrize(("name", "width"), [("u8", 1), ("s24le", 3), ("f32le", 4)])
def test_streams_of_other_formats_rates_and_channels(sound, monkeypatch, capfd, name, width):
    options = ("--stdin", "--format", name, "--rate", 8000, "--channels", 2)
    code, data = stream(monkeypatch, bytes(2 * 800 * width) + b"\0", sound, *options)
    assert (code, len(data)) == (0, 1600 * width)
    err = capfd.readouterr().err
    assert "stdin: 2 channels mixed down to 1, 8000 Hz converted to 16000 Hz" in err
    assert "stdin: 1 bytes at the end make no whole sample: left out" in err


def test_bad_streams(sound, heart, monkeypatch, capfd):
    nan = np.array([0.0, np.nan], "<f4").tobytes()
    for data, words, code, fault in (
        (b"", (sound, "--stdin"), 1, "stdin: expected samples of 2 bytes"),
        (nan, (sound, "--stdin", "--format", "f32le"), 1, "stdin: expected finite samples, got NaN"),
        (nan, (sound, "--stdin", "--unit", "g"), 2, "--unit: expected nothing with a model of sound"),
        (nan, (heart, "--stdin"), 2, "--rate: expected 100 Hz (the model's; such streams are not converted), got None"),
        (nan, (heart, "--stdin", "--rate", 100), 2, "--full-scale: expected what full scale stands for, in mV"),
        (nan, (heart, "--stdin", "--rate", 100, "--unit", "V"), 2, "--unit: expected mV (the model's), got V"),
        (nan, (heart, "--stdin", "--rate", 100, "--format", "f32le"), 1, "sample 1: expected a finite number"),
    ):
        assert stream(monkeypatch, data, *words)[0] == code
        err = capfd.readouterr().err
        assert err.count("\n") == 1 and fault in err


def test_a_stream_in_a_unit(heart, monkeypatch, capfd):
    y = np.arange(-15, 20, dtype="<i2") * 1000
    words = (heart, "--stdin", "--rate", 100, "--full-scale", 5)
    code, data = stream(monkeypatch, y.tobytes(), *words)
    assert code == 0, capfd.readouterr().err
    np.testing.assert_allclose(np.frombuffer(data, "<i2"), y, atol=1)


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_a_signal_in_a_unit(heart, tmp_path, capfd, suffix):
    y = noise(33, 3.0).astype(float)
    np.savez(tmp_path / "ecg.npz", signal=y, sample_rate_hz=100.0, unit="mV")
    out = tmp_path / f"clean{suffix}"
    code, _, err = run(capfd, heart, "--file", tmp_path / "ecg.npz", "--out", out)
    assert code == 0, err
    found = read_signal_file(out, None, None)
    np.testing.assert_allclose(found.signal, y, rtol=1e-5)
    assert found.sample_rate_hz == 100.0
    assert found.unit == ("mV" if suffix == ".npz" else None)
    # What was written is read again.
    options = [] if suffix == ".npz" else ["--unit", "mV"]
    assert run(capfd, heart, "--file", out, *options, "--out", tmp_path / "again.npz")[0] == 0
    assert "# unit: mV" in out.read_text() if suffix == ".csv" else True


def test_options_for_files_that_do_not_say_all(heart, tmp_path, capfd, wav_bytes):
    y = noise(40, 0.5)
    (tmp_path / "a.csv").write_text("lead,other\n" + "\n".join(f"{v},0" for v in y))
    write_wav(tmp_path / "a.wav", y, "s16le", rate_hz=1000)
    bad = np.where(np.arange(40) == 7, np.nan, y)
    np.savez(tmp_path / "nan.npz", signal=bad, sample_rate_hz=100.0, unit="mV")
    np.savez(
        tmp_path / "huge.npz",
        signal=np.where(np.arange(40) == 8, 1e300, y.astype(float)),
        sample_rate_hz=100.0,
        unit="mV",
    )
    np.savez(tmp_path / "volts.npz", signal=y, sample_rate_hz=100.0, unit="V")
    np.savez(tmp_path / "slow.npz", signal=y, sample_rate_hz=50.0, unit="mV")
    given = ("--rate", 100, "--unit", "mV", "--channel", "lead")
    assert run(capfd, heart, "--file", tmp_path / "a.csv", *given, "--out", f"{tmp_path}/o1/")[0] == 0
    np.testing.assert_allclose(np.load(tmp_path / "o1" / "a.npz")["signal"], y, rtol=1e-5)
    # A WAV at ten times the rate, where 1.0 is 2 mV.
    code, _, err = run(
        capfd, heart, "--file", tmp_path / "a.wav", "--unit", "mV", "--full-scale", 2, "--out", f"{tmp_path}/o2/"
    )
    assert code == 0 and "1000 Hz converted to 100 Hz (anti-aliased)" in err[0]
    assert len(np.load(tmp_path / "o2" / "a.npz")["signal"]) == 4
    for name, options, fault in (
        ("a.csv", ("--channel", "lead", "--unit", "mV"), "sample rate: expected --rate HZ"),
        ("a.csv", ("--channel", "lead", "--rate", 100), "unit: expected --unit"),
        ("a.wav", ("--unit", "mV"), "expected --full-scale VALUE"),
        ("nan.npz", (), "expected finite samples, got NaN or infinity at sample 7"),
        ("huge.npz", (), "expected finite samples, got NaN or infinity at sample 8"),
        ("volts.npz", (), "unit: expected mV (the model's), got V"),
        ("slow.npz", (), "expected 100 Hz (the model's) or more, got 50 Hz"),
        ("absent.npz", (), "nothing there"),
    ):
        code, out, err = run(capfd, heart, "--file", tmp_path / name, *options, "--out", tmp_path / "o3.npz")
        assert (code, out, len(err)) == (1, [], 1) and fault in err[0]
        assert not (tmp_path / "o3.npz").exists()


def test_a_signal_without_a_rate(tmp_path, capfd):
    spikes = write_piece_bundle(tmp_path / "b", np.ones(10), sample_rate_hz=None, unit="amplitude")
    (tmp_path / "s.csv").write_text("\n".join(map(str, range(25))))
    words = ("--file", tmp_path / "s.csv", "--unit", "amplitude", "--out", tmp_path / "c.csv")
    code, out, _ = run(capfd, spikes, *words)
    assert code == 0 and "  25 samples  " in out[0]
    lines = (tmp_path / "c.csv").read_text().splitlines()
    assert lines[:2] == ["# unit: amplitude", "signal"]
    np.testing.assert_allclose([float(v) for v in lines[2:]], range(25), rtol=1e-5)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--file", "a.wav"], "--out: expected a file or a folder for what is cleaned, got none"),
        (["--stdin", "--out", "b.wav"], "--out: expected only with --file"),
        (["--stdin", "--overwrite"], "--overwrite: expected only with --file"),
        (["--file", "a.wav", "--out", "b.wav", "--format", "u8"], "--format: expected only with --stdin"),
        (["--file", "a.wav", "--out", "b.wav", "--rate", "8000"], "--rate: expected nothing with a model of sound"),
        (["--file", "a.wav", "--out", "b.wav", "--full-scale", "2"], "--full-scale: expected nothing with a model"),
    ],
)
def test_options_that_do_not_go_together(sound, capfd, words, fault):
    code, out, err = run(capfd, sound, *words)
    assert (code, out, len(err)) == (2, [], 1) and fault in err[0]


@pytest.mark.parametrize("words", [[], ["--file", "a", "--stdin"], ["--file", "a", "--out", "b", "--gain", "99"]])
def test_wrong_words(sound, words, capfd):
    with pytest.raises(SystemExit) as caught:
        main(["denoise", sound, *words])
    assert caught.value.code == 2


def test_other_commands_and_other_bundles(sound, bundle_folder, vibration_bundle, tmp_path, capfd):
    path = write_wav(tmp_path / "a.wav", noise())
    for words in (["listen", sound, "--wav", path], ["monitor", sound, "--file", path]):
        assert main(words) == 1
        err = capfd.readouterr().err
        assert err.count("\n") == 1 and "got a signal to clean (use drsn-edge denoise)" in err
    for bundle, use in ((bundle_folder, "listen"), (vibration_bundle, "monitor")):
        code, _, err = run(capfd, bundle, "--file", path, "--out", tmp_path / "c.wav")
        assert code == 1 and err[0].endswith(f"(use drsn-edge {use})")


def test_bench_and_info(sound, heart, capfd):
    for bundle, hop_s, said in ((sound, STEP / RATE_HZ, "3 frames a step, delay 12 samples"), (heart, 0.05, "pieces")):
        assert main(["bench", bundle, "--seconds", "0.01", "--json"]) == 0
        result = json.loads(capfd.readouterr().out)
        assert result["hop_s"] == pytest.approx(hop_s) and result["real_time_factor"] > 0
        assert main(["bench", bundle, "--seconds", "0.01"]) == 0
        assert main(["info", bundle]) == 0
        out = capfd.readouterr().out
        assert said in out and "labels" not in out and "detector" not in out
