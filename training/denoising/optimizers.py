"""Optimisers and schedules of the learning rate by name."""

from __future__ import annotations

import keras

from ..epochs import cosine_with_warmup
from .config import DenoiseConfig

#: Of the cosine schedule.
_WARMUP_EPOCHS = 2
#: The step schedule goes down to a tenth here (the 30th of 50 epochs in the DnCNN paper's Adam).
_STEP_AT = 0.6
#: The exponential schedule ends at this share (1e-1 to 1e-4 in the DnCNN paper's SGD).
_LAST_SHARE = 1e-3
#: Epochs from one restart to the next.
_RESTART_EPOCHS = 10


def schedule_for(
    config: DenoiseConfig, steps_per_epoch: int
) -> keras.optimizers.schedules.LearningRateSchedule | float:
    """Learning rate by step.

    ``cosine``: linear warm-up of two epochs, then down to zero; ``step``: a tenth after 60 % of the epochs;
    ``exponential``: down to a thousandth; ``restarts``: cosines of 10 epochs; ``constant``.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, arXiv:1608.03983.
    """
    rate, steps = config.learning_rate, config.epochs * steps_per_epoch
    schedules = keras.optimizers.schedules
    if config.schedule == "cosine":
        return cosine_with_warmup(rate, config.epochs, steps_per_epoch, _WARMUP_EPOCHS)
    if config.schedule == "step":
        return schedules.PiecewiseConstantDecay(
            [max(1, round(_STEP_AT * config.epochs) * steps_per_epoch)], [rate, rate / 10]
        )
    if config.schedule == "exponential":
        return schedules.ExponentialDecay(rate, steps, _LAST_SHARE)
    if config.schedule == "restarts":
        return schedules.CosineDecayRestarts(rate, _RESTART_EPOCHS * steps_per_epoch, t_mul=1.0)
    return rate


def make_optimizer(config: DenoiseConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The optimiser; biases and normalisation do not decay."""
    common = {
        "learning_rate": schedule_for(config, steps_per_epoch),
        "weight_decay": config.weight_decay or None,
        "global_clipnorm": config.clip_norm or None,
    }
    if config.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(momentum=config.momentum, **common)
    elif config.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(**{**common, "weight_decay": config.weight_decay})
    else:
        optimizer = keras.optimizers.Adam(**common)
    if config.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
