import numpy as np
import pytest

from drsn_keras.edge.stream_clock import StreamClock

_BEGAN_S = 1.7e9
_BLOCK_S = 0.1


def _blocks(hours, off_ppm, seed=0):
    """Stream time of each block's end, the true time of it, and that at which it came: 2 ms late, some by 60 ms."""
    rng = np.random.default_rng(seed)
    stream_s = _BLOCK_S * np.arange(1, round(hours * 3600 / _BLOCK_S) + 1)
    true_s = _BEGAN_S + stream_s / (1.0 + 1e-6 * off_ppm)
    return stream_s, true_s, true_s + 0.002 + rng.gamma(0.5, 0.01, len(stream_s)).clip(0, 0.06)


@pytest.mark.parametrize("off_ppm", [-100.0, 0.0, 100.0])
def test_two_hours_of_a_wrong_crystal_show_no_drift(off_ppm):
    stream_s, true_s, arrived_s = _blocks(2.0, off_ppm)
    clock = StreamClock()
    found_s = []
    for s, a in zip(stream_s.tolist(), np.maximum.accumulate(arrived_s).tolist(), strict=True):
        clock.observe(s, a)
        found_s.append(clock.at(s - 0.03))
    error_s = np.array(found_s) - (true_s - 0.03)
    settled = stream_s > 30
    assert np.abs(stream_s[-1] - (true_s[-1] - _BEGAN_S)) > 0.7 or off_ppm == 0.0  # what counting samples would show
    assert error_s[settled].min() > -0.001 and error_s[settled].max() < 0.008
    assert abs(error_s[settled][:6000].mean() - error_s[-6000:].mean()) < 0.0005
    assert (np.diff(found_s) >= 0).all()
    assert (np.array(found_s) <= np.maximum.accumulate(arrived_s)).all()


def test_what_came_before_the_program_read_it_is_not_dated_later():
    clock = StreamClock()
    clock.observe(2.0, 1000.0)  # a full pipe ...
    first_s = clock.at(1.0)
    clock.observe(4.0, 1000.1)  # ... and another: the stream is older than it seemed
    assert 999.0 <= first_s <= clock.at(3.0) <= clock.at(4.0) <= 1000.1


def test_holes_are_jumped_over_and_said_ones_at_once():
    clock = StreamClock()
    for i in range(1, 300):
        late_s = 60.0 if i > 100 else 0.0
        clock.observe(i * 0.1, 1000.0 + i * 0.1 + late_s)
        if i == 100:
            assert clock.at(10.0) == pytest.approx(1010.0)
    assert clock.at(29.9) == pytest.approx(1089.9)
    clock.observe(30.0, 2000.0, broken=True)
    assert clock.at(29.95) == pytest.approx(1999.95)


def test_a_wall_clock_that_is_set_is_followed():
    clock = StreamClock()
    for i in range(1, 20):
        clock.observe(i * 0.1, 1000.0 + i * 0.1)
    clock.at(1.9)
    clock.observe(2.0, 500.0)
    assert clock.at(2.0) == pytest.approx(500.0)
    clock.observe(2.1, 499.95)  # a little back: held, not followed
    assert clock.at(2.1) == pytest.approx(500.0)
