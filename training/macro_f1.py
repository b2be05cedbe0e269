"""Macro-F1: a rare state counts as much as a common one."""

from __future__ import annotations

import numpy as np


def macro_f1(counts: np.ndarray) -> float:
    """Mean over the classes of F1 [%]: the harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN).

    Classes that neither the truth nor an answer names are left out, as scikit-learn's ``f1_score`` does.

    Parameters
    ----------
    counts : np.ndarray [shape=(classes, classes)], at least one of them above 0
        Rows are the truth, columns the answers.

    Examples
    --------
    F1 of the classes: 2*2 / (3 + 2) = 0.8, 2*1 / (1 + 2) = 0.667; the third occurs nowhere.

    >>> round(macro_f1(np.array([[2, 1, 0], [0, 1, 0], [0, 0, 0]])), 2)
    73.33
    """
    right = np.diagonal(counts).astype(np.float64)
    named = counts.sum(axis=0) + counts.sum(axis=1)
    found = named > 0
    return float(100.0 * np.mean(2.0 * right[found] / named[found]))
