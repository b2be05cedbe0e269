"""What training makes small: losses of an estimate beside the clean signal, in units of full scale."""

from __future__ import annotations

from collections.abc import Callable

from keras import ops

#: Errors below this share of the signal's power count alike [-80 dB]: the logarithm has a floor.
_FLOOR = 1e-8
#: Power below which a signal counts as silent.
_SILENCE = 1e-12

Loss = Callable[..., object]


def mse(clean, estimate):
    """Mean squared error of each example [shape=(batch,)]."""
    return ops.mean(ops.square(_flat(clean - estimate)), axis=-1)


def half_sse(clean, estimate):
    """Half the squared error's sum over each example: the published loss of DnCNN."""
    return 0.5 * ops.sum(ops.square(_flat(clean - estimate)), axis=-1)


def l1(clean, estimate):
    """Mean magnitude of the error of each example."""
    return ops.mean(ops.abs(_flat(clean - estimate)), axis=-1)


def huber(clean, estimate):
    """Mean of ``e**2 / 2`` for errors up to 1 and ``|e| - 1/2`` beyond (in units of full scale)."""
    error = ops.abs(_flat(clean - estimate))
    return ops.mean(ops.where(error <= 1.0, 0.5 * ops.square(error), error - 0.5), axis=-1)


def negative_snr(clean, estimate):
    """Minus the ratio of the clean signal's power to the error's [dB]; the estimate's scale counts.

    >>> clean = ops.ones((1, 4, 1))
    >>> round(float(negative_snr(clean, 0.9 * clean)[0]), 3)
    -20.0
    """
    s, y = _flat(clean), _flat(estimate)
    power = ops.sum(ops.square(s), axis=-1)
    return _decibels(ops.sum(ops.square(s - y), axis=-1), power)


def negative_si_sdr(clean, estimate):
    """Minus the scale-invariant signal-to-distortion ratio [dB]; the estimate's scale does not count, its mean does.

    References
    ----------
    J. Le Roux, S. Wisdom, H. Erdogan, J. R. Hershey, "SDR - half-baked or well done?", ICASSP 2019,
    doi:10.1109/ICASSP.2019.8683855.

    >>> clean = ops.reshape(ops.array([1.0, -1.0, 1.0, -1.0]), (1, 4, 1))
    >>> noise = ops.reshape(ops.array([0.1, 0.1, -0.1, -0.1]), (1, 4, 1))
    >>> round(float(negative_si_sdr(clean, 5.0 * (clean + noise))[0]), 3)
    -20.0
    """
    s, y = _flat(clean), _flat(estimate)
    power = ops.sum(ops.square(s), axis=-1, keepdims=True)
    target = s * ops.sum(s * y, axis=-1, keepdims=True) / (power + _SILENCE)
    kept = ops.sum(ops.square(target), axis=-1)
    return _decibels(ops.sum(ops.square(y - target), axis=-1), kept)


LOSSES: dict[str, Loss] = {
    "mse": mse,
    "half-sse": half_sse,
    "l1": l1,
    "huber": huber,
    "snr": negative_snr,
    "si-sdr": negative_si_sdr,
}


def _decibels(error, power):
    """10 log10(error / power), no lower than the floor."""
    ratio = (error + _SILENCE) / (power + _SILENCE) + _FLOOR
    return (10.0 / 2.302585092994046) * ops.log(ratio)


def _flat(x):
    return ops.reshape(x, (ops.shape(x)[0], -1))
