"""Steps of a station for tests: machines, blocks, and what two steps must have in common."""

import json

import numpy as np

from drsn_keras.edge.gateway.config import AlarmConfig, MachineConfig
from drsn_keras.edge.gateway.records import Block
from drsn_keras.machinery import KNOWN_BEARINGS

RATE_HZ = 4000.0
START_S = 1_700_000_000.0


def machine(**changes):
    """Records of a second at 4 kHz; learns from 20 of them."""
    values = {
        "name": "PUMP",
        "source": {"kind": "tcp"},
        "sample_rate_hz": RATE_HZ,
        "unit": "g",
        "rpm": 1500.0,
        "bearing": KNOWN_BEARINGS["6205-2RS"],
        "record_s": 1.0,
        "waveform_s": 1.0,
        "iso_group": 2,
        "foundation": "rigid",
        "alarms": AlarmConfig(learn_records=20),
    }
    return MachineConfig(**{**values, **changes})


def vibration(records, seed=0, velocity_mm_s=1.0, noise_g=0.02, n=int(RATE_HZ)):
    """A shaft's line at 50 Hz of an RMS velocity, in noise: np.ndarray [shape=(records * n,)], g."""
    t = np.arange(records * n) / RATE_HZ
    line_g = velocity_mm_s * 1e-3 * np.sqrt(2.0) * 2.0 * np.pi * 50.0 / 9.80665
    noise = np.random.default_rng(seed).standard_normal(len(t))
    return line_g * np.sin(2.0 * np.pi * 50.0 * t) + noise_g * noise


def push(station, samples, position=0, epoch=0, sizes=None, name="PUMP", **fields):
    """All steps of samples given in blocks of the sizes (again and again); one block by default."""
    steps, at, turn = [], 0, 0
    while at < len(samples):
        size = len(samples) if sizes is None else sizes[turn % len(sizes)]
        time_s = START_S + (position + at) / RATE_HZ
        block = Block(
            name, time_s, samples[at : at + size], position + at, epoch, f"to {position + at + size}", **fields
        )
        steps += station.push(block)
        at, turn = at + size, turn + 1
    return steps


def everything(step):
    """A step as text and bytes, but for the cookie (which is the blocks')."""
    waveform = None if step.waveform is None else step.waveform.tobytes()
    parts = [step.record.to_json(), [e.to_json() for e in step.events], [c.to_json() for c in step.changes]]
    return json.dumps([*parts, step.picture, step.memory, step.position, step.epoch], allow_nan=False), waveform
