import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drsn_keras.edge.ring import FeatureRing
from drsn_keras.errors import DataError


@given(st.integers(1, 9), st.lists(st.integers(0, 25), max_size=12))
def test_window_is_the_last_frames_whatever_the_chunks(size, chunks):
    frames = np.arange(2.0 * sum(chunks)).reshape(-1, 2)
    ring = FeatureRing(size, 2, fill=np.array([-1.0, -2.0]))
    done = 0
    for chunk in chunks:
        ring.push(frames[done : done + chunk])
        done += chunk
        expected = np.concatenate([np.tile([-1.0, -2.0], (size, 1)), frames[:done]])[-size:]
        np.testing.assert_array_equal(ring.window(), expected)


def test_window_is_a_copy_and_reset_brings_the_fill_back():
    ring = FeatureRing(2, 1, fill=np.array([5.0]))
    ring.push(np.array([[1.0]]))
    ring.window()[:] = 99
    assert ring.window().tolist() == [[5.0], [1.0]]
    ring.reset()
    assert ring.window().tolist() == [[5.0], [5.0]]


@pytest.mark.parametrize("shape", [(3,), (1, 3), (1, 1, 2)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(DataError, match=r"expected shape \(any, 2\)"):
        FeatureRing(4, 2).push(np.zeros(shape))
