"""What every kind of noise promises, whatever the rate and the length."""

from __future__ import annotations

import json

import numpy as np
import pytest

from drsn_keras.errors import DataError, UsageError
from drsn_keras.noise import GENERATORS, FactoryNoise, RoadsideNoise, make_noise

KINDS = [*GENERATORS, "babble", "room"]
RATES = [4000, 8000, 16000, 44100, 96000]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sample_rate_hz", RATES)
def test_unit_power_and_zero_mean_at_any_length(make_sources, kind, sample_rate_hz):
    source = make_sources(sample_rate_hz)[kind]
    for seed, n_samples in enumerate((2, 3, 16, 17, 1009, sample_rate_hz // 2, sample_rate_hz)):
        y = source(np.random.default_rng(seed), n_samples, sample_rate_hz)
        assert y.shape == (n_samples,)
        assert y.dtype == np.float32
        exact = y.astype(np.float64)
        assert abs(exact.mean()) < 1e-6
        assert np.mean(exact**2) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sample_rate_hz", [10, 100, 1000])
def test_rates_far_below_audio_still_give_a_signal(make_sources, kind, sample_rate_hz):
    y = make_sources(sample_rate_hz)[kind](np.random.default_rng(5), 200, sample_rate_hz)
    assert np.mean(y.astype(np.float64) ** 2) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_one_sample_is_zero(make_sources, kind):
    assert make_sources(16000)[kind](np.random.default_rng(0), 1, 16000).tolist() == [0.0]


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_survive_json_and_replay_bit_for_bit(make_sources, kind):
    for seed in range(5):
        drawn = make_sources(8000)[kind].draw(np.random.default_rng(seed), 6000, 8000)
        read = json.loads(json.dumps(drawn))
        assert read == drawn
        first = make_sources(8000)[kind].render(drawn, 6000, 8000)
        # A new source and the read parameters, after other noise was made: there is no hidden state.
        again = make_sources(8000)[kind]
        again(np.random.default_rng(1000 + seed), 100, 8000)
        np.testing.assert_array_equal(first, again.render(read, 6000, 8000))


@pytest.mark.parametrize("kind", KINDS)
def test_rendering_leaves_the_parameters_and_the_callers_generator_alone(make_sources, kind):
    source, rng = make_sources(8000)[kind], np.random.default_rng(3)
    parameters = source.draw(rng, 4000, 8000)
    before, state = json.dumps(parameters), rng.bit_generator.state
    source.render(parameters, 4000, 8000)
    assert json.dumps(parameters) == before
    assert rng.bit_generator.state == state


@pytest.mark.parametrize("kind", list(GENERATORS))
def test_the_seed_alone_makes_another_realisation(kind):
    source = make_noise(kind)
    parameters = source.draw(np.random.default_rng(0), 16000, 16000)
    y = source.render(parameters, 16000, 16000)
    other = source.render({**parameters, "seed": parameters["seed"] + 1}, 16000, 16000)
    assert abs(np.mean(y.astype(np.float64) * other)) < 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_two_draws_are_unrelated(make_sources, kind):
    source, rng = make_sources(8000)[kind], np.random.default_rng(11)
    first, second = source(rng, 8000, 8000), source(rng, 8000, 8000)
    assert abs(np.mean(first.astype(np.float64) * second)) < 0.5


@pytest.mark.parametrize("kind", ["roadside", "factory"])
def test_parameters_of_a_second_render_for_a_moment_or_for_long(kind):
    source = make_noise(kind)
    for seed in range(20):
        parameters = source.draw(np.random.default_rng(seed), 8000, 8000)
        for n_samples in (2, 80, 40000):
            y = source.render(parameters, n_samples, 8000)
            assert np.mean(y.astype(np.float64) ** 2) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("kind", [RoadsideNoise, FactoryNoise])
def test_a_scene_is_more_than_coloured_noise(kind):
    """Flatness of the spectrum: 0.97 for white noise so measured, far lower where lines and bands stand out."""
    source, flatness = kind(), []
    for seed in range(40):
        y = source(np.random.default_rng(seed), 16000, 16000).astype(np.float64)
        power = np.mean(np.abs(np.fft.rfft(y[:15872].reshape(-1, 512) * np.hanning(512))) ** 2, axis=0)[1:-1]
        flatness.append(np.exp(np.mean(np.log(power))) / np.mean(power))
    assert max(flatness) < 0.8
    assert np.median(flatness) < 0.4


@pytest.mark.parametrize("kind", [RoadsideNoise, FactoryNoise])
def test_every_kind_of_part_is_drawn_sooner_or_later(kind):
    source, rng, seen = kind(), np.random.default_rng(0), set()
    for _ in range(150):
        parts = source.draw(rng, 16000, 16000)["parts"]
        seen |= {part["kind"] for part in parts}
        seen |= {part[key] for part in parts for key in ("vehicle", "pattern", "body") if key in part}
    assert seen >= set(source.renderers)
    extra = {"car", "van", "lorry", "motorcycle", "wail", "yelp", "hi_lo"} if kind is RoadsideNoise else set()
    assert seen >= (extra or {"hammer", "press"})


@pytest.mark.parametrize("kind", list(GENERATORS))
@pytest.mark.parametrize(("n_samples", "rate"), [(0, 16000), (-1, 16000), (10.0, 16000), (True, 16000), (10, 0)])
def test_lengths_and_rates_that_are_none_are_refused(kind, n_samples, rate):
    with pytest.raises(UsageError, match="expected a whole number above 0, got"):
        make_noise(kind).draw(np.random.default_rng(0), n_samples, rate)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError) as error:
        make_noise("purple")
    assert str(error.value) == (
        "noise: expected one of white, pink, brown, laplacian, impulsive, roadside, factory, got 'purple'"
    )


@pytest.mark.parametrize(
    ("kind", "parameters", "line"),
    [
        ("white", {}, "parameters of white noise: expected a value for 'seed', got none"),
        ("pink", {"seed": 1}, "parameters of pink noise: expected a value for 'corner_hz', got none"),
        ("factory", {"seed": 1, "parts": [{"kind": "hum"}]}, "parameters of factory noise: expected a value for "),
        ("roadside", {"seed": 1, "parts": [{"kind": "tram"}]}, "roadside noise, kind of part: expected one of "),
        ("roadside", {"seed": 1, "parts": []}, "roadside noise: expected a signal, got silence"),
    ],
)
def test_damaged_parameters_are_named_in_one_line(kind, parameters, line):
    with pytest.raises(DataError) as error:
        make_noise(kind).render(parameters, 100, 8000)
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)
