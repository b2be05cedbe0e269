"""A network on the waveform all the way: training, bundle, a stream on the device; and no C."""

import numpy as np
import pytest

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.listener import KeywordListener
from drsn_keras.export.card_page import CARD_PAGE_NAME
from drsn_keras.export.cli import main as export
from drsn_keras.frontend import WAVEFORM
from small_runs import train


@pytest.fixture(scope="module")
def raw_bundle(tones, tmp_path_factory):
    run = tmp_path_factory.mktemp("raw") / "run"
    options = ("--model", "raw-m5", "--front-end", "waveform", "--width", "0.5", "--epochs", "2", "--batch-size", "16")
    train(tones, run, *options, "--noise-kinds", "white")
    assert export(["convert", str(run), "--scheme", "int8", "--json"]) == 0
    return run / "bundles" / "int8"


def test_a_bundle_over_samples_listens(raw_bundle):
    bundle = load_bundle(raw_bundle)
    assert bundle.front_end == WAVEFORM
    page = (raw_bundle / CARD_PAGE_NAME).read_text(encoding="utf-8")
    assert "none: 1 s of samples in [-1, 1] at 16000 Hz" in page
    y = 0.1 * np.random.default_rng(0).standard_normal(20_000).astype("float32")
    verdicts = KeywordListener(bundle).push(y)
    listener = KeywordListener(bundle)
    in_chunks = [verdict for chunk in np.split(y, [7, 1000, 12_345]) for verdict in listener.push(chunk)]
    hop = round(listener.hop_s * 16000)
    assert [v.time_s for v in verdicts] == [hop * i / 16000 for i in range(1, 20_000 // hop + 1)]
    assert verdicts == in_chunks
    # What is smoothed are the answers to the last seconds of samples.
    ends = [hop * (len(verdicts) - i) for i in range(listener.detector.n_smoothing)]
    answers = [bundle.interpreter.run(y[end - 16000 : end, None]) for end in ends]
    np.testing.assert_allclose(verdicts[-1].probabilities, np.mean(answers, axis=0), atol=1e-6)


def test_c_has_no_such_front_end(raw_bundle, tmp_path, capsys):
    assert export(["c", str(raw_bundle), "--out", str(tmp_path / "c")]) == 1
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "front end, kind: expected log_mel, mfcc or root_mel for C, got waveform" in line
    assert not (tmp_path / "c").exists()
