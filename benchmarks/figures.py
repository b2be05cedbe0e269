"""The style of all figures that benchmarks draw."""

from __future__ import annotations


def pyplot():
    """``matplotlib.pyplot`` for files alone, in the style of our figures."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    return plt
