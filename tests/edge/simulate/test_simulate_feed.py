"""What a gateway gets from simulated machines: every sample once, equal to the machine's, through whatever happens."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from drsn_keras.edge.simulate.counts import to_counts
from drsn_keras.edge.simulate.fleet_feed import feed_fleet
from drsn_keras.errors import DataError
from drsn_keras.simulation import draw_fleet
from listening_gateway import RATE, ListeningGateway


@pytest.fixture(scope="module")
def fleet():
    return draw_fleet(0, 2)


def feeding(fleet, port, pace, seconds, stop, into):
    def run():
        into.extend(feed_fleet(fleet, ("127.0.0.1", port), pace, seconds, stop, "a simulation", 0.4))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_samples_arrive_as_the_machine_makes_them(fleet):
    gateway = ListeningGateway([machine.name for machine in fleet])
    try:
        sent = feed_fleet(fleet, ("127.0.0.1", gateway.port), 0.0, 3.3, threading.Event(), "a simulation", 0.4)
        for one, machine in zip(sent, fleet, strict=True):
            counts, first = gateway.counts(machine.name)
            assert first == 0
            assert len(counts) == one.samples == round(3.3 * RATE)
            # The rest of the last record is given, but never stored.
            assert one.stored == 3 * RATE
            np.testing.assert_array_equal(counts, to_counts(machine.samples(0, len(counts))))
            assert gateway.blocks[machine.name][0].rpm == pytest.approx(machine.rpm_at(0), abs=0.1)
    finally:
        gateway.close()


def test_a_gateway_that_goes_and_comes_gets_every_sample(fleet):
    names = [machine.name for machine in fleet]
    first, stop, sent = ListeningGateway(names), threading.Event(), []
    thread = feeding(fleet, first.port, 8.0, 16.0, stop, sent)
    try:
        while not all(first.stored[name] and first.stored[name].position > 2 * RATE for name in names):
            time.sleep(0.01)
        first.close()
        time.sleep(0.2)
        second = ListeningGateway(names, first.port, after=first.stored)
        try:
            thread.join(20.0)
            assert not thread.is_alive()
            for machine in fleet:
                before, _ = first.counts(machine.name)
                after, begins = second.counts(machine.name)
                # What was not stored comes again, with the same samples; nothing is missing between.
                assert begins <= len(before)
                whole = to_counts(machine.samples(0, 16 * RATE))
                np.testing.assert_array_equal(before, whole[: len(before)])
                np.testing.assert_array_equal(after, whole[begins:])
        finally:
            second.close()
    finally:
        stop.set()
        thread.join(5.0)


def test_the_same_simulation_goes_on_where_the_gateway_stands(fleet):
    gateway = ListeningGateway([fleet[0].name])
    try:
        for _ in range(2):  # a second's signal in no time, then as much quiet: the clock goes on by as much
            feed_fleet(fleet[:1], ("127.0.0.1", gateway.port), 0.0, 1.0, threading.Event(), "a simulation", 0.7)
        counts, first = gateway.counts(fleet[0].name)
        assert first == 0
        np.testing.assert_array_equal(counts, to_counts(fleet[0].samples(0, 2 * RATE)))
        times = [block.time_s for block in gateway.blocks[fleet[0].name]]
        assert times == sorted(times)
        assert times[-1] < time.time() + 2.0
        # Another simulation is another stream.
        feed_fleet(fleet[:1], ("127.0.0.1", gateway.port), 0.0, 0.5, threading.Event(), "another", 0.4)
        assert gateway.blocks[fleet[0].name][-1].epoch == 1
    finally:
        gateway.close()


def test_real_time_is_real_time(fleet):
    gateway, stop, sent = ListeningGateway([fleet[0].name]), threading.Event(), []
    thread = feeding(fleet[:1], gateway.port, 1.0, None, stop, sent)
    try:
        time.sleep(1.7)
    finally:
        stop.set()
        thread.join(5.0)
        gateway.close()
    # Whole blocks of half a second that were due, and no more.
    assert 0.5 * RATE <= sent[0].samples <= 1.8 * RATE


def test_a_machine_that_the_gateway_does_not_know_ends_in_a_line(fleet):
    gateway = ListeningGateway(["another"])
    try:
        with pytest.raises(DataError, match=fleet[0].name) as caught:
            feed_fleet(fleet[:1], ("127.0.0.1", gateway.port), 1.0, None, threading.Event(), "a simulation", 0.4)
        assert "\n" not in str(caught.value)
    finally:
        gateway.close()
