import contextlib
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.edge.gateway.frame import (
    HEADER_BYTES,
    MOST_BYTES,
    MOST_POSITION,
    MOST_SAMPLES,
    SAMPLE_FORMATS,
    Frame,
    FrameError,
    Kind,
    decode,
)
from drsn_keras.edge.gateway.frame_reader import FrameReader
from drsn_keras.edge.gateway.sender import _payload

_BYTES = {"s16le": 2, "s24le": 3, "s32le": 4, "f32le": 4}
names = st.text("pump-1 ä€😀", min_size=1, max_size=12)
few = settings(max_examples=60, deadline=None)


@st.composite
def frames(draw):
    kind, form = draw(st.sampled_from(Kind)), draw(st.sampled_from(SAMPLE_FORMATS))
    payload = draw(st.binary(min_size=1, max_size=50)) * (_BYTES[form] if kind == Kind.SAMPLES else 1)
    return Frame(
        kind,
        draw(names),
        draw(st.integers(0, 2**32 - 1)),
        draw(st.integers(0, MOST_POSITION - MOST_SAMPLES)),
        draw(st.integers(-(2**63), 2**63 - 1)),
        draw(st.floats(1e-3, 1e7)),
        form,
        payload,
        draw(st.integers(0, 255)),
        draw(st.none() | st.floats(0.5, 1e5, width=32)),
    )


@few
@given(frames())
def test_round_trip(frame):
    assert decode(frame.encode()) == frame


def test_bytes_by_hand():
    fixed = b"DRSV" + bytes([1, 0, 0, 0, 4, 0, 0, 0]) + struct.pack("<IIQqdf", 7, 2, 5, 9, 12000.0, 0.0)
    body = fixed + struct.pack("<I", zlib.crc32(fixed)) + b"pump" + bytes([1, 0, 255, 127])
    frame = decode(body + struct.pack("<I", zlib.crc32(body)))
    assert frame == Frame(Kind.SAMPLES, "pump", 7, 5, 9, 12000.0, "s16le", bytes([1, 0, 255, 127]))
    assert frame.samples().tolist() == [1.0, 32767.0]


@pytest.mark.parametrize("form", [form for form in SAMPLE_FORMATS if form != "f32le"])
def test_a_sender_rounds_and_clips(form):
    most = 1 << (8 * _BYTES[form] - 1)
    given = np.array([1.4, -1.6, 2.5, most - 0.6, 3.0 * most, -3.0 * most, np.inf, -np.inf, np.nan])
    frame = Frame(Kind.SAMPLES, "pump", sample_format=form, payload=_payload(given, form))
    assert frame.samples().tolist() == [1, -2, 2, most - 1, most - 1, -most, most - 1, -most, 0]


@pytest.mark.parametrize(
    ("form", "data", "values"),
    [
        ("s24le", [255, 255, 255, 0, 0, 128, 255, 255, 127], [-1.0, -(2.0**23), 2.0**23 - 1]),
        ("s32le", [0, 0, 0, 128, 1, 0, 0, 0], [-(2.0**31), 1.0]),
        ("f32le", list(np.array([0.5, -3.25], "<f4").tobytes()), [0.5, -3.25]),
    ],
)
def test_samples_of_each_format(form, data, values):
    assert Frame(Kind.SAMPLES, "m", sample_format=form, payload=bytes(data)).samples().tolist() == values


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"machine": ""}, "machine's name: expected 1 to 64 bytes, got 0"),
        ({"machine": "x" * 65}, "got 65"),
        ({"sample_rate_hz": float("nan")}, "sample rate: expected a number above 0, got nan"),
        ({"payload": b""}, "count: expected 1 to 1000000, got 0"),
        ({"payload": bytes(2_000_002)}, "got 1000001"),
        ({"position": MOST_POSITION + 1}, "position: expected at most"),
        ({"position": MOST_POSITION}, "position: expected at most 2.62 at its end"),
        ({"epoch": -1}, "frame:"),
        ({"rpm": float("inf")}, "rpm"),
    ],
)
def test_what_cannot_be_sent(change, says):
    values = {"kind": Kind.SAMPLES, "machine": "m", "sample_format": "s16le", "payload": b"ab", **change}
    with pytest.raises(FrameError, match=says):
        Frame(**values).encode()


@few
@given(st.binary(max_size=300))
def test_random_bytes_are_a_frame_error(data):
    with pytest.raises(FrameError):
        decode(data)


@few
@given(frames(), st.data())
def test_mutated_frames_are_a_frame_error_or_the_frame(frame, data):
    encoded = bytearray(frame.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(encoded) - 1))
        encoded[at] ^= data.draw(st.integers(0, 255))
    with contextlib.suppress(FrameError):
        assert decode(bytes(encoded)) == frame


@few
@given(
    st.lists(st.binary(max_size=80) | frames().map(Frame.encode), max_size=3),
    frames(),
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
)
def test_a_good_frame_after_anything_is_found(before, frame, sizes):
    """In whatever pieces it comes. What a damaged header claims is waited for, so something has to follow."""
    mutated = [piece if i % 2 else piece[:-1] + b"?" for i, piece in enumerate(before)]
    stream = b"".join(mutated) + frame.encode()
    reader, found, at = FrameReader(), [], 0
    while at < len(stream):
        size = sizes[at % len(sizes)]
        found += reader.feed(stream[at : at + size])
        at += size
    if not found or found[-1] != frame:
        found += reader.feed(bytes(400))
    assert frame in found
    assert reader.waiting_bytes < HEADER_BYTES


@few
@given(st.lists(frames(), min_size=1, max_size=3))
def test_frames_in_a_row_are_no_fault(many):
    reader = FrameReader()
    assert reader.feed(b"".join(frame.encode() for frame in many)) == many
    assert (reader.bad, reader.skipped_bytes, reader.waiting_bytes) == (0, 0, 0)


def test_a_frame_too_long_for_its_reader_is_not_waited_for():
    reader = FrameReader(most_bytes=200)
    big = Frame(Kind.SAMPLES, "m", payload=bytes(4000))
    assert reader.feed(big.encode()) == []
    assert reader.waiting_bytes < HEADER_BYTES
    assert (reader.bad, reader.why) == (1, "frame: expected at most 200 bytes, got 4057")
    small = Frame(Kind.HELLO, "m")
    assert reader.feed(small.encode()) == [small]
    assert reader.skipped_bytes == 0


def test_headers_inside_headers_do_not_eat_the_processor():
    """Each claims all that follows; without a bound every byte would be summed once a header."""
    fixed = struct.pack("<4sBBBBB3sIIQqdf", b"DRSV", 1, 0, 3, 0, 1, b"\0\0\0", 0, 250_000, 0, 0, 1.0, 0.0)
    header = fixed + struct.pack("<I", zlib.crc32(fixed))
    reader, summed = FrameReader(), []
    import drsn_keras.edge.gateway.frame_reader as module

    original = module.decode
    module.decode = lambda data: (summed.append(len(data)), original(data))[1]
    try:
        for _ in range(10):
            reader.feed(header * 20_000)
    finally:
        module.decode = original
    assert sum(summed) < 2 * MOST_BYTES + 9 * 10 * 20_000 * HEADER_BYTES
