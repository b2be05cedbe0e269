"""Ways to shrink a spectrum x >= 0 by thresholds tau >= 0."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def _smoothed(x: jax.Array, tau: jax.Array) -> jax.Array:
    """A gain that follows 3 x 3 means: single peaks of noise do not come through."""
    _, frames, bands = x.shape
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1)), mode="edge")
    smooth = sum(padded[:, i : i + frames, j : j + bands] for i in range(3) for j in range(3)) / 9
    return x * jax.nn.relu(1 - tau / (smooth + 1e-3))


SHRINKERS = {
    "soft": lambda x, tau: jax.nn.relu(x - tau),
    "garrote": lambda x, tau: jax.nn.relu(x - tau * tau / (x + 1e-6)),
    "firm": lambda x, tau: jnp.minimum(jnp.clip(2 * (x - tau), 0, None), x),
    "leaky": lambda x, tau: jnp.where(x > tau, x - tau, 0.1 * (x - tau)),
    "floor": lambda x, tau: jnp.maximum(x - tau, 0.1 * x),
    "smoothed": _smoothed,
}
