"""A new bundle takes over in the middle of a stream."""

import json
import shutil
import time

import numpy as np
import pytest
from keyword_stream_file import write_keyword_stream

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.bundle_watch import BundleWatch, contents
from drsn_keras.edge.detector import with_threshold
from drsn_keras.edge.handover import RecentAudio, hand_over
from drsn_keras.edge.listener import KeywordListener
from drsn_keras.model_card import CARD_NAME, MODEL_NAME


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_keyword_stream(tmp_path_factory.mktemp("stream") / "bundle")


def _seen(verdict):
    found = verdict.detection
    return verdict.time_s, *verdict.probabilities.tolist(), found and (found.label, found.score, found.time_s)


def _of_streams(request):
    return load_bundle(request.getfixturevalue("folder")), load_bundle(request.getfixturevalue("folder"))


def _of_windows(request):
    return (load_bundle(request.getfixturevalue("bundle_folder")),) * 2


@pytest.mark.parametrize("bundles", [_of_streams, _of_windows])
def test_the_same_bundle_goes_on_as_if_nothing_had_been(bundles, request, bursts):
    first, second = bundles(request)
    y = bursts(9.0, (0.3, 400), (1.5, 4000), (2.6, 400), (4.2, 4000), (6.0, 400), (7.5, 4000))
    y += 0.001 * np.random.default_rng(1).standard_normal(len(y)).astype(np.float32)
    whole = KeywordListener(first)
    wanted = [_seen(v) for v in whole.push(y)]
    assert sum(one[-1] is not None for one in wanted) >= 3
    chunks = np.split(y, np.cumsum(np.random.default_rng(2).integers(1, 3000, 60)))
    for swapped in (0, 1, 4, 25, 40):
        listener, recent, found = KeywordListener(first), RecentAudio(16000), []
        for i, chunk in enumerate(chunks):
            if i == swapped:
                successor = KeywordListener(second)
                found += hand_over(listener, successor, recent)
                listener = successor
            recent.push(chunk)
            found += listener.push(chunk)
        assert listener.samples_seen == len(y)
        assert [_seen(v) for v in found] == wanted


def test_what_a_word_forbids_is_handed_over(folder, bursts):
    """A bundle that fires more easily does not fire again for the word that has just been heard."""
    bundle, other = load_bundle(folder), load_bundle(folder)
    y = bursts(3.0, (1.0, 400))
    old = KeywordListener(bundle, with_threshold(bundle.card.detector, 0.8))
    recent, at = RecentAudio(16000), 0
    found = []
    while not found:
        recent.push(y[at : at + 640])
        found = [v for v in old.push(y[at : at + 640]) if v.detection]
        at += 640
    new = KeywordListener(other, with_threshold(bundle.card.detector, 0.2))
    assert hand_over(old, new, recent) == []
    assert not [v for v in new.push(y[at:]) if v.detection]
    assert new.detector._armed.all()  # and later it may


def _changed(folder, name):
    """The same model under another name."""
    card = json.loads((folder / CARD_NAME).read_text())
    return json.dumps({**card, "name": name})


def _wait(condition, seconds=10.0):
    until_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until_s, "did not happen"
        time.sleep(0.01)


def test_watch_takes_what_is_whole_and_refuses_what_stays_damaged(folder, tmp_path, capsys):
    running = tmp_path / "bundle"
    shutil.copytree(folder, running)
    loads = []

    def load():
        loads.append(time.monotonic())
        return KeywordListener(load_bundle(running))

    watch = BundleWatch(running, load, contents(running), every_s=0.02, patience_s=0.4)
    try:
        (running / CARD_NAME).touch()
        time.sleep(0.2)
        assert watch.take() is None and not loads  # touched, not changed
        watch.look()
        _wait(lambda: "the bundle is the one that runs" in capsys.readouterr().err)
        (running / CARD_NAME).write_text(_changed(folder, "second"))
        _wait(lambda: (found := watch.take()) is not None and found.bundle.card.name == "second")
        assert watch.take() is None
        assert "new bundle second" in capsys.readouterr().err
        # The model first, the card a little later: in between the card's SHA-256 is that of another file.
        model = (running / MODEL_NAME).read_bytes()
        (running / MODEL_NAME).write_bytes(model[:-1])
        tries = len(loads)
        _wait(lambda: len(loads) > tries)
        (running / MODEL_NAME).write_bytes(model)
        (running / CARD_NAME).write_text(_changed(folder, "third"))
        _wait(lambda: (found := watch.take()) is not None and found.bundle.card.name == "third")
        assert "refused" not in capsys.readouterr().err
        # ... and for good.
        (running / CARD_NAME).write_text("{}")
        said = []
        _wait(lambda: said.extend(capsys.readouterr().err.splitlines()) or said)
        time.sleep(0.2)
        said += capsys.readouterr().err.splitlines()
        assert (
            len(said) == 1 and said[0].startswith("new bundle refused, the old one goes on: ") and CARD_NAME in said[0]
        )
        tries = len(loads)
        time.sleep(0.2)
        assert len(loads) == tries and watch.take() is None
        # Gone, and there again under another name of the folder's files.
        shutil.rmtree(running)
        time.sleep(0.1)
        shutil.copytree(folder, running)
        (running / CARD_NAME).write_text(_changed(folder, "fourth"))
        _wait(lambda: (found := watch.take()) is not None and found.bundle.card.name == "fourth")
    finally:
        watch.close()
    assert not watch._thread.is_alive()


def test_a_model_file_that_is_written_over_does_not_reach_the_one_that_runs(folder, tmp_path, bursts):
    running = tmp_path / "bundle"
    shutil.copytree(folder, running)
    bundle = load_bundle(running)
    y = bursts(1.5, (0.5, 400))
    wanted = [_seen(v) for v in KeywordListener(bundle).push(y)]
    (running / MODEL_NAME).write_bytes(b"")
    assert [_seen(v) for v in KeywordListener(bundle).push(y)] == wanted
