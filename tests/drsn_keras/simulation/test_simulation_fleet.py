"""A drawn fleet: what wears passes from zone A to D as its law says, the envelope first, and is repaired."""

from __future__ import annotations

import numpy as np
import pytest

from drsn_keras.errors import UsageError
from drsn_keras.machinery import (
    bearing_lines,
    choose_band,
    count_found,
    envelope_spectrum,
    iso_zone,
    velocity_rms_mm_s,
)
from drsn_keras.simulation import BEARING_STATES
from drsn_keras.simulation.fleet import FOUNDATION, ISO_GROUP, draw_fleet
from drsn_keras.simulation.wear import SOUND, Wear

RATE = 12000


@pytest.fixture(scope="module")
def fleet():
    return draw_fleet(1, 9, steady=True)


def at_wear(machine, wear):
    """Where a machine is as worn as that."""
    age = machine.wear.begins + wear * machine.wear.grows
    return round(age / machine.ages_per_s * RATE)


def velocity(machine, position, seconds=2):
    return velocity_rms_mm_s(machine.samples(position, seconds * RATE), RATE, "m/s^2")


def test_a_machine_is_the_same_in_any_fleet(fleet):
    small = draw_fleet(1, 2, steady=True)
    for one, other in zip(small, fleet, strict=False):
        assert (one.name, one.state, one.wear) == (other.name, other.state, other.wear)
        np.testing.assert_array_equal(one.samples(50_000, 1000), other.samples(50_000, 1000))
    assert not np.array_equal(draw_fleet(2, 1, steady=True)[0].samples(0, 100), fleet[0].samples(0, 100))


def test_a_share_stays_sound_and_the_first_wears_within_the_days(fleet):
    assert [m.state for m in fleet].count("normal") == 3
    assert len({m.name for m in fleet}) == 9
    first = fleet[0]
    assert at_wear(first, 1.0) == pytest.approx(0.9 * 180 * RATE, rel=0.001)
    assert all(m.wear_at(10**9) == 0.0 for m in fleet if m.state == "normal")
    assert draw_fleet(1, 3, healthy=1.0, steady=True)[2].wear == SOUND
    assert {m.state for m in draw_fleet(1, 3, healthy=0.0, steady=True)} == {
        "bearing-outer-race",
        "imbalance",
        "bearing-inner-race",
    }


def test_velocity_follows_the_law_through_all_zones(fleet):
    for machine in fleet:
        if machine.state == "normal":
            assert iso_zone(velocity(machine, 0), ISO_GROUP, FOUNDATION) == "A"
            continue
        zones = []
        for wear in (0.0, 0.3, 0.5, 0.7, 0.85, 1.0):
            position = at_wear(machine, wear)
            seen, one = velocity(machine, position), machine.calibration
            # Over two seconds the machine wears on: the law holds in their middle.
            share = machine.wear.coarse(machine.wear.wear(machine.age(position + RATE)))
            law = one.sound_mm_s * (one.worn_mm_s / one.sound_mm_s) ** share
            # Strong strikes shake the shaft a little as well.
            assert 0.88 * law < seen < 1.2 * law, (machine.name, wear)
            zones.append(iso_zone(seen, ISO_GROUP, FOUNDATION))
        assert zones == sorted(zones)
        assert (zones[0], zones[-1]) == ("A", "D")


def test_a_bearing_shows_in_the_envelope_long_before_the_zone_changes(fleet):
    for machine in fleet:
        if machine.state not in BEARING_STATES:
            continue
        y = machine.samples(at_wear(machine, 0.5), 8 * RATE)
        spectrum = envelope_spectrum(y, RATE, choose_band(y, RATE, min_bandwidth_hz=700.0).edges_hz)
        lines = bearing_lines(*spectrum, machine.drivetrain.bearing, machine.rpm_at(0))
        assert count_found(lines, chance=1e-6)[BEARING_STATES[machine.state]][0] >= 2
        assert iso_zone(velocity(machine, at_wear(machine, 0.5)), ISO_GROUP, FOUNDATION) == "A"


def test_wear_begins_grows_ends_and_is_repaired():
    wear = Wear(begins=1.0, grows=2.0, worn_out=0.5, coarse_from=0.5)
    assert wear.wear(np.array([0.0, 1.0, 2.0, 3.0, 3.4, 3.6, 5.5])).tolist() == pytest.approx([0, 0, 0.5, 1, 1, 0, 0.5])
    assert wear.coarse(np.array([0.0, 0.5, 0.75, 1.0])).tolist() == [0.0, 0.0, 0.5, 1.0]
    assert wear.severity(np.array([0.0, 1.0])).tolist() == pytest.approx([0.0, 3.0])
    assert (np.diff(wear.severity(np.linspace(0, 1, 50))) > 0).all()


@pytest.mark.parametrize(
    ("arguments", "at_fault"),
    [
        ({"seed": -1}, "seed"),
        ({"n_machines": 0}, "machines"),
        ({"days": 0.0}, "days"),
        ({"speed": float("nan")}, "speed"),
        ({"healthy": 1.5}, "healthy"),
    ],
)
def test_impossible_fleets_are_refused_in_a_line(arguments, at_fault):
    with pytest.raises(UsageError, match=at_fault):
        draw_fleet(**{"seed": 0, "n_machines": 1, **arguments})
