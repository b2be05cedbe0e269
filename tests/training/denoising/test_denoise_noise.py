"""How clean signals are spoiled: what an ECG suffers, ratios, levels, standard deviations."""

import json

import numpy as np
import pytest

from drsn_keras.errors import UsageError
from drsn_keras.frontend import SignalSpec
from drsn_keras.noise import RecordedNoise, WhiteNoise, make_noise, measure_snr_db
from drsn_keras.training.denoising.corruption import Condition
from drsn_keras.training.denoising.ecg_noise import ECG_NOISES
from drsn_keras.training.denoising.sigma_noise import SigmaNoise
from drsn_keras.training.denoising.snr_noise import SnrNoise

RATE_HZ = 360
SPEC = SignalSpec(shape=(720, 1), sample_rate_hz=RATE_HZ, unit="mV")


def _share(y, low_hz, high_hz):
    """Share of the power in a band."""
    power = np.square(np.abs(np.fft.rfft(y)))
    hz = np.fft.rfftfreq(len(y), 1 / RATE_HZ)
    return power[(hz >= low_hz) & (hz <= high_hz)].sum() / power.sum()


@pytest.mark.parametrize(("name", "low_hz", "high_hz"), [("baseline", 0, 1.0), ("muscle", 15, 155), ("hum", 45, 180)])
def test_ecg_noise_lies_in_its_band(name, low_hz, high_hz):
    for seed in range(4):
        assert _share(ECG_NOISES[name]()(np.random.default_rng(seed), 7200, RATE_HZ), low_hz, high_hz) > 0.97


def test_hum_is_a_line_of_the_mains():
    y = ECG_NOISES["hum"]()(np.random.default_rng(3), 7200, RATE_HZ)
    peak_hz = np.fft.rfftfreq(7200, 1 / RATE_HZ)[np.abs(np.fft.rfft(y)).argmax()]
    assert min(abs(peak_hz - 50), abs(peak_hz - 60)) <= 0.25


def test_mixed_ecg_noise_is_the_sum_of_its_parts_and_can_be_replayed():
    mixed = ECG_NOISES["mixed"]()
    parameters = json.loads(json.dumps(mixed.draw(np.random.default_rng(0), 720, RATE_HZ)))
    assert sum(parameters["shares"]) == pytest.approx(1.0)
    only_hum = {**parameters, "shares": [0.0, 0.0, 1.0, 0.0]}
    hum = ECG_NOISES["hum"]().render(parameters["parts"][2], 720, RATE_HZ)
    np.testing.assert_allclose(mixed.render(only_hum, 720, RATE_HZ), hum, atol=1e-5)


def _corruption(spec=SPEC, **options):
    recorded = {"train": {"hall": RecordedNoise("hall", [np.sin(np.arange(3000.0))], RATE_HZ)}}
    recorded["test"] = {"hall": RecordedNoise("hall", [np.cos(np.arange(3000.0) / 3)], RATE_HZ)}
    return SnrNoise(
        spec,
        recorded=lambda split: recorded.get(split, {}) if options.get("with_recordings") else {},
        generated={"white": lambda _: WhiteNoise(), "pink": lambda _: make_noise("pink")},
        trained=options.get("trained", ("white",)),
        tested=("white", "pink"),
        snr_db=(0.0, 10.0),
        levels=(5.0, -5.0),
        level_dbfs=options.get("level_dbfs"),
    )


def _clean(rows=6):
    t = np.arange(720) / RATE_HZ
    return np.stack([np.sin(2 * np.pi * (3 + i) * t) for i in range(rows)])


def test_training_pairs_have_the_ratios_asked_for():
    noisy, clean = _corruption().spoil(_clean(), np.random.default_rng(0))
    np.testing.assert_allclose(clean, _clean(), atol=1e-6)
    found = [measure_snr_db(s, y) for s, y in zip(clean, noisy, strict=True)]
    assert all(-1e-3 <= snr <= 10.001 for snr in found) and max(found) - min(found) > 1


def test_levels_are_drawn_and_nothing_is_clipped():
    noisy, clean = _corruption(level_dbfs=(-35.0, -3.0)).spoil(_clean(40), np.random.default_rng(0))
    levels = 20 * np.log10(np.sqrt(np.mean(np.square(clean), axis=1)))
    assert levels.min() < -25 and levels.max() <= -3 + 1e-3 and np.abs(noisy).max() <= 1.0
    ratios = [measure_snr_db(s, y) for s, y in zip(clean, noisy, strict=True)]
    assert min(ratios) >= -1e-3 and max(ratios) <= 10.001, "also where both were made quieter"


def test_a_test_has_the_same_noise_at_every_level():
    corruption, y = _corruption(level_dbfs=(-30.0, -20.0)), _clean(1)[0]
    errors = []
    for condition in [c for c in corruption.conditions() if c.noise == "pink"]:
        noisy, clean = corruption.apply(y, condition, np.random.default_rng(7), "test")
        assert measure_snr_db(clean, noisy) == pytest.approx(condition.level, abs=1e-3)
        errors.append(noisy - clean)
    np.testing.assert_allclose(errors[0] * 10**0.5, errors[1], atol=1e-5)


def test_conditions_say_what_training_heard():
    found = {(c.noise, c.level): c.seen for c in _corruption(with_recordings=True).conditions()}
    assert found[("none", float("inf"))]
    assert found[("recorded", 5.0)] and found[("white", -5.0)] and not found[("pink", 5.0)]
    assert [c.level for c in _corruption().conditions(["white"], [3.0])] == [float("inf"), 3.0]
    with pytest.raises(UsageError, match="--noises: expected some of pink, white, got hiss"):
        _corruption().conditions(["hiss"])


def test_a_test_cuts_from_its_own_part_of_a_recording():
    corruption = _corruption(with_recordings=True)
    noisy, clean = corruption.apply(
        _clean(1)[0], Condition("recorded", 0.0, "snr_db"), np.random.default_rng(0), "test"
    )
    bins = np.abs(np.fft.rfft(noisy - clean))
    assert abs(bins.argmax() * 2 * np.pi / 720 - 1 / 3) < 0.01, "the test part's cosine, not the training part's"


def test_clean_is_clean_and_unknown_kinds_are_refused():
    corruption = _corruption()
    noisy, clean = corruption.apply(_clean(1)[0], corruption.conditions()[0], np.random.default_rng(0), "test")
    np.testing.assert_array_equal(noisy, clean)
    with pytest.raises(UsageError, match="--noise-kinds: expected none, or some of white, pink, got babble"):
        _corruption(trained=("babble",))


def test_without_any_noise_there_is_nothing_to_train_on():
    with pytest.raises(UsageError, match="noise: expected --noise DIR or --noise-kinds NAMES, got neither"):
        _corruption(trained=()).spoil(_clean(), np.random.default_rng(0))


def test_validation_takes_kinds_in_turn():
    found = _corruption(trained=("white", "pink")).validation()
    assert list(found) == ["10db", "5db", "0db"]
    assert [c.noise for c in found["0db"]] == ["white", "pink"]


def test_standard_deviations():
    spec = SignalSpec(shape=(20_000, 1), sample_rate_hz=None, full_scale=4.0)
    blind = SigmaNoise(spec, (1.0, 3.0), (2.0, 5.0))
    noisy, clean = blind.spoil(np.zeros((50, 20_000)), np.random.default_rng(0))
    found = 4.0 * (noisy - clean).std(axis=1)
    assert 0.95 < found.min() < 1.3 and 2.7 < found.max() < 3.05
    assert [(c.level, c.seen) for c in blind.conditions()] == [(2.0, True), (5.0, False)]
    noisy, clean = blind.apply(np.zeros(20_000), blind.conditions()[1], np.random.default_rng(0), "test")
    assert 4.0 * (noisy - clean).std() == pytest.approx(5.0, rel=0.02)
    assert list(blind.validation()) == ["sigma_2"]
