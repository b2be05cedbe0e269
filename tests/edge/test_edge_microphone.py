"""The microphone without a sound card: its queue for real, its device by a stand-in for the package sounddevice."""

import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from drsn_keras.edge import microphone as module
from drsn_keras.edge.block_queue import BlockQueue
from drsn_keras.edge.cli import main
from drsn_keras.edge.microphone import Microphone
from drsn_keras.errors import DataError, UsageError

_FINE = SimpleNamespace(input_overflow=False)


def _device(index, name, channels=1, rate_hz=48000.0):
    return {
        "index": index,
        "name": name,
        "max_input_channels": channels,
        "default_samplerate": rate_hz,
        "hostapi": 0,
    }


class FakeSound:
    """As much of sounddevice as opens and lists; ``present`` is what is plugged in."""

    class PortAudioError(Exception):
        pass

    def __init__(self, *present, takes=((1, 16000),)):
        self.present, self.takes = list(present), takes
        self.listed = list(present)
        self.streams = []

    def query_devices(self, kind=None):
        return self.listed[0] if kind else list(self.listed)

    def query_hostapis(self, index):
        return {"name": "ALSA"}

    def check_input_settings(self, device, channels, dtype, samplerate):
        if (channels, samplerate) not in self.takes:
            raise self.PortAudioError("Invalid sample rate")

    def _terminate(self):
        self.listed = []

    def _initialize(self):
        self.listed = list(self.present)

    def InputStream(self, **options):
        if not any(one["index"] == options["device"] for one in self.present):
            raise self.PortAudioError("Device unavailable")
        stream = SimpleNamespace(active=True, options=options, start=lambda: None, abort=lambda: None)
        stream.close = lambda: setattr(stream, "active", False)
        self.streams.append(stream)
        return stream

    def play(self, samples, status=_FINE, delay_s=0.0):
        """PortAudio's thread calls with a block, and writes over it afterwards."""
        at = SimpleNamespace(currentTime=5.0, inputBufferAdcTime=5.0 - delay_s if delay_s else 0.0)
        block = np.array(samples, np.float32)
        self.streams[-1].options["callback"](block, len(block), at, status)
        block[:] = 9.0


@pytest.fixture
def sound(monkeypatch):
    """Call with what FakeSound takes: it stands in for the package."""

    def install(*present, **more):
        fake = FakeSound(*present, **more)
        monkeypatch.setitem(sys.modules, "sounddevice", fake)
        return fake

    return install


def test_queue_keeps_order_copies_and_counts_what_it_cannot_hold():
    blocks = BlockQueue(2)
    reused = np.zeros((4, 2), np.float32)
    for i in range(4):
        reused[:] = i
        blocks.put(reused, float(i))
    assert (blocks.overruns, blocks.lost) == (2, 8)
    first, second = blocks.take(0.1), blocks.take(0.1)
    assert [one.samples.tolist() for one in (first, second)] == [[[0.0, 0.0]] * 4, [[1.0, 1.0]] * 4]
    assert not first.broken and not second.broken and blocks.take(0.0) is None
    reused[:] = [np.nan, -np.inf]
    blocks.put(reused, 9.0, overrun=True)
    third = blocks.take(0.1)
    assert third.broken and third.arrived_s == 9.0 and not third.samples.any() and blocks.overruns == 3


def test_queue_between_two_threads_loses_nothing():
    blocks, sent = BlockQueue(1000), np.random.default_rng(0).standard_normal((500, 80, 1)).astype(np.float32)
    thread = threading.Thread(target=lambda: [blocks.put(one, 0.0) for one in sent])
    thread.start()
    received = [blocks.take(5.0).samples for _ in sent]
    thread.join()
    np.testing.assert_array_equal(received, sent)
    assert blocks.overruns == 0


def test_blocks_times_and_overruns(sound, capsys):
    fake = sound(_device(3, "USB Mic: Audio (hw:1,0)"))
    microphone = Microphone("usb", 16000)
    assert (microphone.name, microphone.sample_rate_hz, microphone.channels) == ("USB Mic: Audio (hw:1,0)", 16000, 1)
    blocks = microphone.blocks()
    began_s = time.time()
    fake.play(np.full((800, 1), 0.25), delay_s=0.55)  # the first sample was heard 0.55 s ago, the last 0.5 s
    np.testing.assert_array_equal(next(blocks), np.full((800, 1), 0.25, np.float32))
    assert microphone.n_read == 800 and began_s - 0.51 < microphone.arrived_s < time.time() - 0.49
    assert microphone.broken is False
    fake.play(np.zeros((800, 1)), status=SimpleNamespace(input_overflow=True))
    assert len(next(blocks)) == 800 and microphone.broken
    assert "1 overruns, 0.0 s of them left out" in capsys.readouterr().err
    for _ in range(250):
        fake.play(np.zeros((800, 1)))
    assert sum(len(next(blocks)) for _ in range(200)) == 160000 and not microphone.broken
    fake.play(np.ones((800, 1)))
    assert next(blocks)[0, 0] == 1.0 and microphone.broken and microphone.n_read == 800 * 203


def test_a_device_that_goes_is_waited_for_and_found_under_another_number(sound, monkeypatch, capsys):
    monkeypatch.setattr(module, "_TICK_S", 0.01)
    monkeypatch.setattr(module, "_PAUSES_S", (0.02, 0.04))
    fake = sound(_device(0, "HDMI", channels=0), _device(1, "USB Mic: Audio (hw:1,0)"))
    microphone = Microphone("", 16000)
    blocks = microphone.blocks()
    fake.play(np.full((800, 1), 0.5))
    assert next(blocks).max() == 0.5
    fake.present = [_device(0, "Webcam", channels=2)]
    fake.streams[-1].active = False
    waiting = [next(blocks) for _ in range(20)]
    assert all(len(block) == 0 for block in waiting) and microphone.broken is False
    fake.present = [_device(0, "Webcam", channels=2), _device(4, "USB Mic: Audio (hw:2,0)")]
    while len(fake.streams) < 2:
        assert len(next(blocks)) == 0
    assert fake.streams[-1].options["device"] == 4
    fake.play(np.full((800, 1), 0.25))
    found = next(block for block in blocks if len(block))
    assert found.max() == 0.25 and microphone.broken and microphone.n_read == 1600
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "waiting for the microphone" in said[0] and "there again after" in said[1]
    microphone.close()
    assert not fake.streams[-1].active


def test_a_device_that_is_only_silent_to_the_program_is_opened_anew(sound, monkeypatch):
    monkeypatch.setattr(module, "_TICK_S", 0.01)
    monkeypatch.setattr(module, "_SILENT_S", 0.03)
    monkeypatch.setattr(module, "_PAUSES_S", (0.01, 0.01))
    fake = sound(_device(1, "Mic"))
    blocks = Microphone("Mic", 16000).blocks()
    while len(fake.streams) < 2:
        next(blocks)
    assert fake.streams[0].active is False


@pytest.mark.parametrize(
    ("takes", "channels", "found"),
    [
        (((1, 16000), (2, 48000)), None, (16000, 1)),
        (((1, 48000), (2, 16000)), None, (48000, 1)),
        (((2, 48000),), None, (48000, 2)),
        (((2, 16000), (2, 48000)), 2, (16000, 2)),
    ],
)
def test_rate_and_channels_are_what_the_device_takes(sound, takes, channels, found):
    sound(_device(0, "Mic", channels=2), takes=takes)
    microphone = Microphone("", 16000, channels)
    assert (microphone.sample_rate_hz, microphone.channels) == found


def test_devices_are_chosen_by_number_or_part_of_a_name(sound, capsys):
    sound(_device(0, "Built-in"), _device(2, "USB Mic 2"), _device(5, "USB Headset"), _device(7, "HDMI", channels=0))
    assert Microphone("5", 16000).name == "USB Headset"
    assert Microphone("mic", 16000).name == "USB Mic 2"
    assert Microphone("", 16000).name == "Built-in"
    with pytest.raises(UsageError, match="got USB Mic 2; USB Headset"):
        Microphone("usb", 16000)
    with pytest.raises(DataError, match="got none"):
        Microphone("hdmi", 16000)
    with pytest.raises(DataError, match="1 channels at 44100 Hz, 1 channels at 48000 Hz, got Invalid sample rate"):
        Microphone("0", 44100)
    with pytest.raises(SystemExit) as caught:
        main(["listen", "--list-devices"])
    assert caught.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "*   0  Built-in  1 in  48000 Hz  ALSA" and len(lines) == 3
    sound()
    with pytest.raises(DataError, match="plugged in"):
        Microphone("", 16000)


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("raise ModuleNotFoundError('gone', name='sounddevice')", "sounddevice is not installed: pip install"),
        ("raise OSError('PortAudio library not found')", "PortAudio is not installed; on Raspberry Pi OS"),
    ],
)
def test_what_is_missing_is_one_line(tmp_path, bundle_folder, package, line, root):
    (tmp_path / "sounddevice.py").write_text(package)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from drsn_keras.edge.cli import main; main"
    for command in (["listen", "--list-devices"], ["listen", str(bundle_folder), "--mic"]):
        call = [sys.executable, "-c", f"{program}; sys.exit(main({command!r}))"]
        done = subprocess.run(call, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 1 and done.stdout == ""
        assert [one for one in done.stderr.splitlines() if line in one] == done.stderr.splitlines()[-1:]
