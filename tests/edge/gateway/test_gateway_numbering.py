import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.edge.gateway.records import Position
from drsn_keras.edge.gateway.sources.numbering import Numbering, TooManyStarts


def _place(pieces):
    return [(piece.first, piece.last, piece.position, piece.epoch) for piece in pieces]


def test_a_stream_from_its_middle_begins_at_0():
    numbering = Numbering(100.0, None, resends=True)
    assert numbering.wanted() is None
    assert _place(numbering.take(7, 5000, 50, 10.0)) == [(0, 1, 0, 0), (1, 50, 1, 0)]
    assert _place(numbering.take(7, 5050, 50, 10.5)) == [(0, 50, 50, 0)]
    assert numbering.wanted() == (7, 5100)
    assert numbering.of_sensor(60, 0) == (7, 5060)


def test_sent_again_is_passed_over_and_cut():
    numbering = Numbering(100.0, None, resends=True)
    numbering.take(1, 0, 100, 0.5)
    assert numbering.take(1, 0, 100, 0.5) == []
    assert _place(numbering.take(1, 60, 100, 1.1)) == [(40, 100, 100, 0)]


def test_a_hole_stays_in_the_position():
    numbering = Numbering(100.0, None, resends=True)
    numbering.take(1, 0, 100, 0.5)
    assert _place(numbering.take(1, 130, 10, 1.8)) == [(0, 10, 130, 0)]
    too_far = numbering.take(1, 10**9, 10, 2.0)  # longer than a day: another stream
    assert _place(too_far) == [(0, 1, 0, 1), (1, 10, 1, 1)]


def test_a_new_epoch_of_the_sensor_is_one_of_the_gateway():
    numbering = Numbering(100.0, None, resends=True)
    numbering.take(1, 0, 100, 0.5)
    assert _place(numbering.take(9, 0, 10, 2.0)) == [(0, 1, 0, 1), (1, 10, 1, 1)]
    assert numbering.of_sensor(100, 0) == (1, 100)
    assert numbering.end_of(9, 10) == (1, 10)
    assert numbering.end_of(1, 100) == (0, 100)


@pytest.mark.parametrize(("time_s", "begins_anew"), [(1.0, False), (1.3, False), (61.0, True)])
def test_counting_again_from_0_without_an_epoch_is_seen_by_the_clock(time_s, begins_anew):
    numbering = Numbering(100.0, None, resends=True)
    numbering.take(0, 0, 1000, 1.0)
    pieces = numbering.take(0, 0, 500, time_s)
    assert bool(pieces) == begins_anew
    assert {piece.epoch for piece in pieces} <= {1}


def test_without_clock_and_resending_far_back_is_a_start():
    numbering = Numbering(100.0, None, resends=False)
    numbering.take(0, 0, 1000, None)
    assert numbering.take(0, 900, 50, None) == []  # datagrams out of order
    assert _place(numbering.take(0, 0, 5, None)) == [(0, 1, 0, 1), (1, 5, 1, 1)]


def test_a_sensor_that_begins_anew_all_the_time_is_not_believed():
    numbering = Numbering(100.0, None, resends=True)
    with pytest.raises(TooManyStarts):
        for epoch in range(20):
            numbering.take(epoch, 0, 10, None)
    assert len(numbering.take(9, 10, 10, None)) == 1  # the stream that it was goes on


def test_a_cookie_of_another_source_is_a_new_epoch():
    for cookie in ("", "{}", "[]", '{"file": "a.wav", "g": 3}', '{"g": 2, "gp": 5, "e": 0, "p": 5, "t": null}'):
        numbering = Numbering(100.0, Position(500, 3, cookie), resends=True)
        assert numbering.wanted() is None
        assert _place(numbering.take(0, 0, 2, None)) == [(0, 1, 0, 4), (1, 2, 1, 4)]


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(1, 30), min_size=1, max_size=20),
    st.integers(0, 400),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_killed_anywhere_it_goes_on_there(start, sizes, committed, has_clock, random):
    """Frames from `start` on; a commit at any position; all that was not committed is sent again, cut as you like."""
    rate_hz, total = 10.0, sum(sizes)
    committed = min(committed, total)

    def send(numbering, begin, sizes):
        at, found = begin, []
        for n in sizes:
            time_s = 100.0 + at / rate_hz if has_clock else None
            for piece in numbering.take(5, start + at, n, time_s):
                found.append((piece.position, piece.position + piece.last - piece.first, piece.cookie))
                assert at + piece.first == piece.position
            at += n
        return found

    placed = send(Numbering(rate_hz, None, True), 0, sizes)
    # The cookie that a station commits is that of the last block that is over.
    over = [cookie for _, end, cookie in placed if end <= committed]
    if not over:
        return
    numbering = Numbering(rate_hz, Position(committed, 0, over[-1]), True)
    assert numbering.wanted() == (5, start + committed)
    back = random.randint(0, committed)
    again = send(numbering, back, [7] * (-(-(total - back) // 7) + 2))
    assert again[0][0] == committed
    assert all(later[0] == earlier[1] for earlier, later in itertools.pairwise(again))
    assert numbering.wanted()[1] >= start + total
