"""``drsn-edge monitor``: lines, JSON, options, and every kind of bad input."""

import json
import shutil

import numpy as np
import pytest
from vibration_bundle_file import machine, write_vibration_bundle

from drsn_keras.edge.cli import main
from drsn_keras.machinery import iso_zone, velocity_rms_mm_s


@pytest.fixture
def save(tmp_path):
    """Call with a name and samples [g]: an NPZ recording that says all."""

    def write(name: str, y: np.ndarray, **facts):
        path = tmp_path / f"{name}.npz"
        np.savez(path, signal=y, **{"sample_rate_hz": 12000, "unit": "g", "rpm": 1797.0, **facts})
        return str(path)

    return write


@pytest.fixture
def run(vibration_bundle, capsys):
    """Call with options; gives the exit code, lines of stdout and of stderr."""

    def call(*options, bundle=vibration_bundle):
        code = main(["monitor", str(bundle), *map(str, options)])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return call


def test_a_line_a_window_and_a_summary(run, save):
    path = save("fan", machine("fault", 2, 9))
    code, out, err = run("--file", path)
    assert (code, err, len(out)) == (0, [], 46)
    columns = out[0].split("  ")
    assert columns == [path, "0.09 s", "fault", "0.99", "health 1 %"]
    assert out[-1].startswith(f"{path}  summary  fault in 100 % of 45 classified windows, mean probability 0.99; ")
    assert "abstained on 0 of 45 windows, 1 % falsely on validation data; velocity " in out[-1]
    assert out[-1].endswith("; health 1 %") and "zone" not in out[-1] and "bearing" not in out[-1]


def test_json_says_the_same(run, save):
    y = np.concatenate([machine("normal", 2, 9), 30 * machine("normal", 1, 8)])
    path = save("fan", y)
    options = ["--iso-group", 2, "--foundation", "flexible", "--bearing", "6205-2RS"]
    code, out, _ = run("--file", path, "--json", *options)
    *windows, summary = map(json.loads, out)
    assert code == 0 and {w["type"] for w in windows} == {"window"} and {w["source"] for w in windows} == {path}
    fields = {"type", "source", "time_s", "label", "reason", "probability", "novelty", "health_percent"}
    assert all(set(w) == fields for w in windows)
    assert windows[0]["label"] == "normal" and windows[-1]["label"] is None and windows[-1]["reason"] == "novel"
    assert summary["type"] == "summary" and summary["state"] == "normal" and summary["share"] == 1.0
    assert summary["windows"] == len(windows) == summary["classified"] + summary["abstained"]["novel"]
    assert summary["duration_s"] == 3.0 and summary["false_abstention_percent"] == 1.0
    velocity = velocity_rms_mm_s(y, 12000, "g")
    assert summary["velocity_rms_mm_s"] == pytest.approx(velocity, abs=1e-4)
    assert summary["iso"] == {"zone": iso_zone(velocity, 2, "flexible"), "group": 2, "foundation": "flexible"}
    assert summary["bearing"]["rpm"] == 1797.0 and set(summary["bearing"]["found"]) == {"BPFO", "BPFI", "BSF"}
    assert summary["bearing"]["expected_hz"]["BPFO"] == pytest.approx(107.36, abs=0.01)
    assert windows[0]["health_percent"] > 95.0
    assert windows[-1]["health_percent"] is None and summary["health_percent"] is None  # nothing known at the end


def test_summary_only_and_several_files(run, save):
    names = [save(label, machine(label, 1, 9)) for label in ("normal", "fault")]
    code, out, err = run("--file", *names, "--summary-only", "--json")
    assert (code, err) == (0, [])
    assert [json.loads(line)["state"] for line in out] == ["normal", "fault"]


def test_abstains_on_the_whole_when_it_does_on_more_than_half(run, save):
    path = save("loud", np.concatenate([machine("normal", 1, 9), 30 * machine("normal", 2, 8)]))
    _, out, _ = run("--file", path, "--summary-only", "--json")
    summary = json.loads(out[0])
    assert (summary["state"], summary["share"], summary["probability"], summary["reason"]) == (
        None,
        None,
        None,
        "novel",
    )
    assert summary["health_percent"] is None
    _, out, _ = run("--file", path)
    assert "  health 9" in out[0] and out[-2].endswith("  abstain (unlike anything trained on)  -")
    assert f"{path}  summary  abstain (unlike anything trained on); abstained on " in out[-1]
    assert "health" not in out[-1]


def test_faulty_signals_are_flagged(run, save):
    y = machine("normal", 2, 9)
    gap = y.copy()
    gap[:100] = np.nan
    files = {"constant": 0 * y + 1.0, "clipped": np.clip(y, -1.5, 1.5), "nan": gap}
    for reason, signal in files.items():
        code, out, err = run("--file", save(reason, signal), "--json", "--bearing", "6205-2RS")
        *windows, summary = map(json.loads, out)
        flagged = [w for w in windows if w["reason"] == reason]
        assert code == 0 and err == [] and flagged and all(w["label"] is None for w in flagged)
        assert "velocity_rms_mm_s" not in summary and "bearing" not in summary
        assert summary["velocity_reason"] and summary["bearing_reason"]
        assert summary["state"] == ("normal" if reason == "nan" else None)
        _, out, _ = run("--file", save(reason, signal), "--summary-only", "--bearing", "6205-2RS")
        assert "no velocity (" in out[0] and "no bearing evidence (" in out[0]


def test_clipping_at_a_higher_rate_is_still_seen(run, save):
    y = np.clip(machine("normal", 2, 9, rate_hz=48000), -1.5, 1.5)
    _, out, err = run("--file", save("fast", y, sample_rate_hz=48000), "--json")
    assert len(err) == 1 and "48000 Hz converted to 12000 Hz (anti-aliased)" in err[0]
    assert {json.loads(line)["reason"] for line in out} == {"clipped"}


def test_conversions_are_said(run, save, tmp_path, wav_bytes, s16):
    y = machine("fault", 2, 9)
    path = save("si", 9.80665 * y, unit="m/s^2")
    code, out, err = run("--file", path, "--summary-only", "--json")
    assert code == 0 and err == [f"{path}: m/s^2 converted to g"]
    si = json.loads(out[0])
    wav = tmp_path / "a.wav"
    wav.write_bytes(wav_bytes(s16(y / 8.0), rate_hz=12000))
    _, out, err = run("--file", wav, "--unit", "g", "--full-scale", 8, "--summary-only", "--json")
    assert err == []
    from_wav = json.loads(out[0])
    assert si["state"] == from_wav["state"] == "fault"
    assert si["velocity_rms_mm_s"] == pytest.approx(from_wav["velocity_rms_mm_s"], rel=1e-3)


def test_mixed_rates_are_each_reconciled(run, save):
    slow = np.interp(np.arange(24000) / 2, np.arange(12000), machine("normal", 1, 9))
    names = [save("a", machine("normal", 1, 9)), save("b", slow, sample_rate_hz=24000)]
    code, out, err = run("--file", *names, "--summary-only", "--json")
    assert code == 0 and err == [f"{names[1]}: 24000 Hz converted to 12000 Hz (anti-aliased)"]
    assert [json.loads(line)["sample_rate_hz"] for line in out] == [12000, 24000]


def test_bad_files_are_a_line_each_and_the_good_one_is_judged(run, save, tmp_path):
    y = machine("normal", 1, 9)
    (tmp_path / "bare.csv").write_text("\n".join(map(str, y[:2000])))
    bad = {
        str(tmp_path / "no.wav"): "expected a recording, got nothing there",
        str(tmp_path / "bare.csv"): "sample rate: expected --rate HZ",
        save("slow", y, sample_rate_hz=8000): "expected 12000 Hz (the model's) or more, got 8000 Hz",
        save("short", y[:1023]): "expected at least 1024 samples at 12000 Hz (a window), got 1023",
        save("velocity", y, unit="mm/s"): "unit: expected g (the model's) or m/s^2, got mm/s",
    }
    good = save("good", y)
    code, out, err = run("--file", *bad, good, "--summary-only")
    assert code == 1 and len(out) == 1 and out[0].startswith(good)
    assert len(err) == len(bad)
    for line, (name, says) in zip(err, bad.items(), strict=True):
        assert line.startswith(f"drsn-edge: {name}") and says in line


def test_speed_is_asked_for(run, save, tmp_path):
    y = machine("normal", 1, 9)
    path = tmp_path / "a.csv"
    path.write_text("\n".join(map(str, y)))
    options = ["--file", path, "--rate", 12000, "--unit", "g", "--bearing", "9,7.94,39.04"]
    code, out, err = run(*options)
    assert (code, out) == (1, []) and err == [
        f"drsn-edge: {path}, rpm: expected --rpm (the shaft's speed: a bearing's lines move with it), got none"
    ]
    assert run(*options, "--rpm", 1797)[0] == 0
    code, out, err = run("--file", save("a", y), "--rpm", 1000)
    assert (code, out, len(err)) == (1, [], 1) and "expected 1797 rpm as the file says, got 1000 rpm" in err[0]


def test_what_the_card_says_is_said_once(run, save, tmp_path):
    leaky = "LEAKY: windows of one recording are in training and test"
    bundle = write_vibration_bundle(tmp_path / "b", healthy=[], protocol=leaky)
    names = [save(name, machine("normal", 1, 9)) for name in "ab"]
    code, out, err = run("--file", *names, "--summary-only", bundle=bundle)
    assert code == 0 and len(out) == 2 and "health" not in out[0]
    assert err == [f"{bundle}: {leaky}", f"{bundle}: no health index (the model knows no healthy state)"]


def test_bundles_of_another_kind_are_refused(run, save, vibration_bundle, bundle_folder, capsys):
    code, out, err = run("--file", save("a", machine("normal", 1)), bundle=bundle_folder)
    assert (code, out, len(err)) == (1, [], 1) and "(use drsn-edge listen)" in err[0]
    assert main(["listen", str(vibration_bundle), "--wav", "a.wav"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "(use drsn-edge monitor)" in err


def test_bench_measures_windows(vibration_bundle, capsys):
    assert main(["bench", str(vibration_bundle), "--seconds", "0.01", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rounds"] >= 10 and found["front_end_ms"]["median"] > 0 and found["real_time_factor"] > 0


def test_a_damaged_bundle_is_one_line(run, vibration_bundle, tmp_path):
    folder = tmp_path / "b"
    shutil.copytree(vibration_bundle, folder)
    card = json.loads((folder / "card.json").read_text())
    card["monitor"]["novelty"]["whitening"].pop()
    (folder / "card.json").write_text(json.dumps(card))
    code, out, err = run("--file", "a.wav", bundle=folder)
    assert (code, out, len(err)) == (1, [], 1) and "monitor, novelty, whitening: expected 19 rows" in err[0]


def test_info_says_what_a_monitor_does(vibration_bundle, capsys):
    assert main(["info", str(vibration_bundle)]) == 0
    out = capsys.readouterr().out
    assert "monitor     in g, healthy: normal, unsure below 0.6, 1 % falsely abstained, made by hand" in out
    assert "detector" not in out
