import json
import os
import select
import signal
import struct
import subprocess
import sys

import numpy as np
import pytest

from drsn_keras.edge.cli import main


@pytest.fixture
def clip(tmp_path, wav_bytes, s16, bursts):
    """A WAV file with a low and a high burst."""
    path = tmp_path / "clip.wav"
    path.write_bytes(wav_bytes(s16(bursts(4.0, (1.0, 400), (2.6, 4000)))))
    return path


def test_listen_prints_a_line_for_each_word(bundle_folder, clip, capsys):
    assert main(["listen", str(bundle_folder), "--wav", str(clip)]) == 0
    out, err = capsys.readouterr()
    lines = [line.split("  ") for line in out.splitlines()]
    assert [(line[0], line[2]) for line in lines] == [(str(clip), "low"), (str(clip), "high")]
    assert all(line[1].endswith(" s") and 0.6 <= float(line[3]) <= 1 for line in lines)
    assert err == f"{bundle_folder}: trained on synthetic speech\n"


def test_listen_json_and_all(bundle_folder, clip, capsys):
    assert main(["listen", str(bundle_folder), "--wav", str(clip), "--json", "--all"]) == 0
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    detections = [r for r in results if r["type"] == "detection"]
    verdicts = [r for r in results if r["type"] == "verdict"]
    assert [d["label"] for d in detections] == ["low", "high"]
    assert set(detections[0]) == {"type", "source", "time_s", "label", "score", "start_s"}
    assert set(verdicts[0]) == {"type", "source", "time_s", "label", "score"}
    np.testing.assert_allclose(np.diff([v["time_s"] for v in verdicts]), 0.1, atol=1e-6)
    assert {v["label"] for v in verdicts} == {"low", "high", "_silence_"}


def test_listen_all_says_the_kind_of_line(bundle_folder, clip, capsys):
    main(["listen", str(bundle_folder), "--wav", str(clip), "--all"])
    kinds = [line.split("  ")[-1] for line in capsys.readouterr().out.splitlines()]
    assert kinds.count("detection") == 2 and set(kinds) == {"verdict", "detection"}


def test_threshold_option(bundle_folder, clip, capsys):
    assert main(["listen", str(bundle_folder), "--wav", str(clip), "--json", "--threshold", "0.05"]) == 0
    early = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert main(["listen", str(bundle_folder), "--wav", str(clip), "--json", "--threshold", "0.9"]) == 0
    late = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert early[0]["label"] == late[0]["label"] == "low"
    assert early[0]["time_s"] < late[0]["time_s"] and late[0]["score"] >= 0.9


def test_no_detection_is_said_and_is_no_failure(bundle_folder, tmp_path, wav_bytes, capsys):
    path = tmp_path / "quiet.wav"
    path.write_bytes(wav_bytes(bytes(32000)))
    assert main(["listen", str(bundle_folder), "--wav", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == "" and f"{path}: no detection in 1.00 s" in err


@pytest.mark.parametrize(("rate_hz", "channels"), [(8000, 1), (44100, 1), (16000, 2), (48000, 2)])
def test_other_rates_and_channels_are_converted_and_said(
    bundle_folder, tmp_path, wav_bytes, s16, bursts, capsys, rate_hz, channels
):
    y = np.repeat(bursts(2.0, (0.8, 400), rate_hz=rate_hz)[:, None], channels, axis=1)
    path = tmp_path / "other.wav"
    path.write_bytes(wav_bytes(s16(y), rate_hz=rate_hz, channels=channels))
    assert main(["listen", str(bundle_folder), "--wav", str(path), "--json"]) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line)["label"] for line in out.splitlines()] == ["low"]
    assert (f"{rate_hz} Hz converted to 16000 Hz" in err) == (rate_hz != 16000)
    assert ("2 channels mixed down to 1" in err) == (channels == 2)


def test_bad_files_are_a_line_each_and_the_good_one_is_heard(bundle_folder, clip, tmp_path, wav_bytes, capsys):
    nan = np.zeros(16000, "<f4")
    nan[8000] = np.nan
    contents = {
        "empty.wav": b"",
        "text.wav": b"hello, world\n",
        "cut.wav": clip.read_bytes()[:-1000],
        "nan.wav": wav_bytes(nan.tobytes(), tag=3, bits=32),
        "song.flac": b"fLaC" + bytes(100),
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    names = [str(tmp_path / name) for name in ("absent.wav", *contents)]
    assert main(["listen", str(bundle_folder), "--wav", *names, str(tmp_path), str(clip)]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    errors = [line for line in err.splitlines() if line.startswith("drsn-edge: ")]
    assert len(errors) == 7 and len(err.splitlines()) == 8  # ... and one on synthetic speech.
    for name, line in zip([*names, str(tmp_path)], errors, strict=True):
        assert line.startswith(f"drsn-edge: {name}: expected ") and ", got " in line
    assert "NaN or infinity at 0.500 s" in err


def test_bad_bundles_are_one_line(bundle_folder, altered, clip, tmp_path, capsys):
    model = altered(lambda card: card["input"].update(zero_point=5))
    for folder in (tmp_path / "absent", clip, tmp_path, model):
        for command in (["listen", str(folder), "--wav", str(clip)], ["bench", str(folder)]):
            assert main(command) == 1
            out, err = capsys.readouterr()
            assert out == "" and err.startswith("drsn-edge: ") and err.count("\n") == 1
    assert main(["info", str(tmp_path / "absent")]) == 1


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--wav"],
        ["--wav", "a.wav", "--stdin"],
        ["--stdin", "--rate", "0"],
        ["--stdin", "--rate", "-16000"],
        ["--stdin", "--channels", "0"],
        ["--stdin", "--format", "mp3"],
        ["--wav", "a.wav", "--threshold", "0"],
        ["--wav", "a.wav", "--threshold", "1.01"],
        ["--wav", "a.wav", "--threshold", "nan"],
        ["--wav", "a.wav", "--threads", "0"],
    ],
)
def test_wrong_options_are_usage_errors(options, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["listen", "bundle", *options])
    assert caught.value.code == 2
    assert "drsn-edge listen: error:" in capsys.readouterr().err


def test_stream_options_do_not_go_with_files(capsys):
    assert main(["listen", "bundle", "--wav", "a.wav", "--rate", "8000"]) == 2
    assert "--rate: expected only with --stdin" in capsys.readouterr().err
    for wrong in (["bench", "b", "--seconds", "0"], ["bench", "b", "--seconds", "inf"], [], ["nonsense"]):
        with pytest.raises(SystemExit) as caught:
            main(wrong)
        assert caught.value.code == 2


@pytest.mark.parametrize(
    ("sample_format", "dtype"), [("s16le", "<i2"), ("s32le", "<i4"), ("f32le", "<f4"), ("u8", "u1")]
)
def test_stdin_formats(drsn_edge, bundle_folder, bursts, sample_format, dtype):
    y = bursts(2.0, (0.8, 400), rate_hz=8000).astype(np.float64)
    if dtype == "u1":
        y = np.round(y * 127 + 128)
    elif dtype != "<f4":
        y = np.round(y * (2 ** (8 * np.dtype(dtype).itemsize - 1) - 1))
    data = y.astype(dtype).tobytes()
    options = ["--stdin", "--rate", 8000, "--format", sample_format, "--json"]
    done = drsn_edge("listen", bundle_folder, *options, stdin=data + (b"" if dtype == "u1" else b"\0"))
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(r["source"], r["label"]) for r in results] == [("stdin", "low")]
    assert (b"1 bytes at the end make no whole sample: left out" in done.stderr) == (dtype != "u1")


def test_stdin_without_samples_fails(drsn_edge, bundle_folder):
    done = drsn_edge("listen", bundle_folder, "--stdin")
    assert done.returncode == 1 and done.stdout == b""
    assert b"drsn-edge: stdin: expected samples of 2 bytes, got 0 bytes and the end" in done.stderr


def _start(bundle_folder, *options):
    command = [sys.executable, "-m", "drsn_keras.edge", "listen", str(bundle_folder), *map(str, options)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


@pytest.mark.skipif(os.name != "posix", reason="select on pipes and SIGINT")
def test_stream_is_heard_while_it_goes_on_and_interrupt_is_130(bundle_folder, bursts, s16):
    with _start(bundle_folder, "--stdin") as process:
        try:
            process.stdin.write(s16(bursts(1.5, (0.5, 400))))
            assert select.select([process.stdout], [], [], 30)[0], "no line while the stream is open"
            assert b"  low  " in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 130
            assert process.stderr.read().splitlines()[1:] == [b"drsn-edge: interrupted"]
        finally:
            process.kill()


@pytest.mark.skipif(os.name != "posix", reason="pipes that break")
def test_reader_that_goes_away_ends_the_run_quietly(bundle_folder, s16):
    with _start(bundle_folder, "--stdin", "--all") as process:
        try:
            process.stdin.write(bytes(32000))
            assert select.select([process.stdout], [], [], 30)[0]
            process.stdout.close()
            process.stdin.write(bytes(32000))
            assert process.wait(timeout=30) == 0
            assert b"Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_bench(bundle_folder, capsys):
    assert main(["bench", str(bundle_folder), "--seconds", "0.05", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    for part in ("front_end_ms", "model_ms"):
        assert 0 < result[part]["median"] <= result[part]["p90"]
    medians_ms = result["front_end_ms"]["median"] + result["model_ms"]["median"]
    assert result["real_time_factor"] == pytest.approx(medians_ms / 100, rel=0.5)
    assert result["rounds"] >= 10 and result["threads"] == 1
    assert result["model_bytes"] == (bundle_folder / "model.tflite").stat().st_size
    assert result["peak_rss_bytes"] > 2**20
    assert main(["bench", str(bundle_folder), "--seconds", "0.01"]) == 0
    table = capsys.readouterr().out
    for title in ("front end", "model", "real-time factor", "model file", "peak memory"):
        assert title in table


def test_info(bundle_folder, capsys):
    assert main(["info", str(bundle_folder)]) == 0
    text = capsys.readouterr().out
    for part in ("low, high, _silence_", "int8", "threshold 0.6", "metrics", "trained on synthetic speech"):
        assert part in text
    assert main(["info", str(bundle_folder), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["labels"] == ["low", "high", "_silence_"] and values["synthetic_speech"] is True


def test_info_and_listen_with_a_root_mel_bundle(root_folder, clip, capsys):
    assert main(["info", str(root_folder)]) == 0
    assert "front end   kind root_mel, sample_rate_hz 16000" in capsys.readouterr().out
    assert main(["listen", str(root_folder), "--wav", str(clip)]) == 0
    assert [line.split("  ")[2] for line in capsys.readouterr().out.splitlines()] == ["low", "high"]


def test_name_that_is_no_text_does_not_end_the_run(drsn_edge, bundle_folder, clip, tmp_path):
    odd = os.fsencode(tmp_path) + b"/caf\xe9.wav"
    try:
        os.link(clip, odd)
    except OSError:
        pytest.skip("this file system refuses such names")
    done = drsn_edge("listen", bundle_folder, "--wav", os.fsdecode(odd))
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2
    assert b"caf\\udce9.wav" in done.stdout


def test_progress_needs_a_terminal_and_patience(monkeypatch, capsys):
    from drsn_keras.edge import progress as module

    quiet = module.Progress("job", 10.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    early = module.Progress("job", 10.0)
    monkeypatch.setattr(module, "_PATIENCE_S", -1.0)
    shown = module.Progress("job", 10.0)
    for progress in (quiet, early, shown):
        progress.show(5.0)
        progress.clear()
    assert capsys.readouterr().err == f"\rjob [{'#' * 15}{' ' * 15}]  50%\r\x1b[K"


def test_unreadable_file_is_one_line(drsn_edge, bundle_folder, clip, tmp_path, capsys):
    locked = tmp_path / "locked.wav"
    locked.write_bytes(struct.pack("<4s", b"RIFF"))
    locked.chmod(0)
    if os.access(locked, os.R_OK):
        pytest.skip("this user may read everything")
    assert main(["listen", str(bundle_folder), "--wav", str(locked), str(clip)]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2 and f"drsn-edge: {locked}: Permission denied" in err
