"""Is a window like anything that was trained on? Distances of its features to what they were in training.

References
----------
J. Schafer, K. Strimmer, "A shrinkage approach to large-scale covariance matrix estimation", Statistical Applications
in Genetics and Molecular Biology 4(1):32, 2005 (target D: the diagonal), after O. Ledoit, M. Wolf, Journal of
Multivariate Analysis 88:365, 2004; K. Lee et al., "A simple unified framework for detecting out-of-distribution
samples", NeurIPS 2018 (one pooled covariance, the nearest class).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..errors import BundleError, DataError, UsageError, mismatch
from .checks import check_positive
from .novelty_features import LEAST_SAMPLES, N_FEATURES, novelty_features

__all__ = ["LEAST_SAMPLES", "N_FEATURES", "NoveltyModel", "novelty_features"]

#: Deviations below 1 % are the same machine, however steady it was in training [nepers].
_LEAST_DEVIATION = 0.01
_LEAST_SHRINKAGE = 1e-6
_DIGITS = 6
_MOST_COMPONENTS = 10_000


@dataclasses.dataclass(frozen=True, eq=False)
class NoveltyModel:
    """Where the features of training lie: a few centres, one common spread, and how far off is too far.

    Parameters
    ----------
    centroids : np.ndarray [shape=(n_components, d)]
    whitening : np.ndarray [shape=(d, d)]
        Differences times this have unit covariance.
    threshold : float or None, > 0
        Distances above are novel.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = NoveltyModel.fit(rng.standard_normal((500, 3)), np.zeros(500, int))
    >>> model = model.with_threshold(model.distance(rng.standard_normal((500, 3))))
    >>> model.is_novel(np.array([[0.0, 0.0, 0.0], [9.0, 0.0, 0.0]])).tolist()
    [False, True]
    """

    centroids: np.ndarray
    whitening: np.ndarray
    threshold: float | None = None

    @classmethod
    def fit(cls, features: np.ndarray, component: np.ndarray) -> NoveltyModel:
        """Centres of the components and their pooled covariance, shrunk towards its diagonal.

        Parameters
        ----------
        features : np.ndarray [shape=(n, d)], finite
        component : np.ndarray [shape=(n,), int]
            Which group a row belongs to, such as its class and operating point; any whole numbers.

        Raises
        ------
        DataError
            If shapes do not fit, a feature is not finite, or there are not at least two more rows than components.
        """
        x, component = np.asarray(features, np.float64), np.asarray(component)
        if x.ndim != 2 or component.shape != x.shape[:1]:
            shapes = f"{x.shape} and {component.shape}"
            raise DataError(mismatch("features and components", "shapes (n, d) and (n,)", shapes))
        if not np.isfinite(x).all():
            raise DataError(mismatch("features", "finite numbers", "NaN or infinity"))
        names, index = np.unique(component, return_inverse=True)
        freedom = len(x) - len(names)
        if freedom < 2:
            raise DataError(mismatch("features", f"at least {len(names) + 2} rows for {len(names)} components", len(x)))
        centroids = np.stack([x[index == i].mean(axis=0) for i in range(len(names))])
        covariance = _shrunk_covariance(x - centroids[index], freedom)
        return cls(centroids, np.linalg.inv(np.linalg.cholesky(covariance)).T)

    def distance(self, features: np.ndarray) -> np.ndarray:
        """Mahalanobis distance to the nearest centre, by sqrt(d): [shape=(n, d)] to [shape=(n,), float64].

        About 1 for what is normal. One row may come without its first axis.
        """
        x = np.atleast_2d(np.asarray(features, np.float64)) @ self.whitening
        centres = self.centroids @ self.whitening
        # One centre at a time: n x centres x d would not fit for a large training set.
        squares = [np.sum(np.square(x - centre), axis=-1) for centre in centres]
        return np.sqrt(np.min(squares, axis=0) / x.shape[-1])

    def with_threshold(self, distances: np.ndarray, rate: float = 0.01) -> NoveltyModel:
        """The same, calling novel what is further off than all but a share ``rate`` of ``distances``.

        Parameters
        ----------
        distances : np.ndarray [shape=(n,)]
            Of validation data, which :meth:`fit` has not seen.
        rate : float, 0 < rate < 1

        Raises
        ------
        DataError, UsageError
            On no distances, or a rate out of range.
        """
        distances = np.asarray(distances, np.float64)
        if not 0.0 < rate < 1.0:
            raise UsageError(mismatch("rate", "above 0 and below 1", rate))
        if distances.size == 0 or not np.isfinite(distances).all():
            raise DataError(mismatch("distances", "finite numbers, one or more", f"shape {distances.shape}"))
        threshold = float(np.quantile(distances, 1.0 - rate, method="higher"))
        return dataclasses.replace(self, threshold=max(threshold, float(np.finfo(np.float32).tiny)))

    def is_novel(self, features: np.ndarray) -> np.ndarray:
        """Whether each row [shape=(n, d)] lies beyond the threshold: [shape=(n,), bool]."""
        if self.threshold is None:
            raise UsageError(mismatch("novelty", "a threshold (with_threshold)", "none"))
        return self.distance(features) > self.threshold

    def to_dict(self) -> dict[str, Any]:
        """Plain lists for a model card, rounded to 6 significant digits; needs a threshold."""
        if self.threshold is None:
            raise UsageError(mismatch("novelty", "a threshold (with_threshold)", "none"))
        rows = {"centroids": _rounded(self.centroids), "whitening": _rounded(self.whitening)}
        return {**rows, "threshold": float(f"{self.threshold:.{_DIGITS}g}")}

    @classmethod
    def from_dict(cls, values: Any, source: object = "novelty") -> NoveltyModel:
        """Read it back; ``source`` is the name that errors give it.

        Raises
        ------
        BundleError
            Where a part is missing, of another size, not finite, or the threshold not above 0.
        """
        names = {"centroids", "whitening", "threshold"}
        if not isinstance(values, dict) or set(values) != names:
            got = ", ".join(sorted(map(str, values))) if isinstance(values, dict) else type(values).__name__
            raise BundleError(mismatch(source, ", ".join(sorted(names)), got or "nothing"))
        centroids, whitening = (_matrix(values[name], f"{source}, {name}") for name in ("centroids", "whitening"))
        d = centroids.shape[1]
        if whitening.shape != (d, d):
            raise BundleError(mismatch(f"{source}, whitening", f"{d} rows of {d} numbers", f"shape {whitening.shape}"))
        if len(centroids) > _MOST_COMPONENTS:
            raise BundleError(mismatch(f"{source}, centroids", f"at most {_MOST_COMPONENTS}", len(centroids)))
        try:
            threshold = check_positive(f"{source}, threshold", values["threshold"])
        except UsageError as error:
            raise BundleError(str(error)) from None
        return cls(centroids, whitening, threshold)


def _shrunk_covariance(centred: np.ndarray, freedom: int) -> np.ndarray:
    """Covariance [shape=(d, d)] whose off-diagonal part is shrunk by as much as it is uncertain."""
    n, d = centred.shape
    covariance = centred.T @ centred / freedom
    squares = np.square(centred)
    # The variance of each entry of the covariance, estimated from the products that it averages.
    uncertain = np.maximum(squares.T @ squares / n - np.square(centred.T @ centred / n), 0.0) / freedom
    off = ~np.eye(d, dtype=bool)
    total = np.sum(np.square(covariance[off]))
    share = min(1.0, float(np.sum(uncertain[off]) / total)) if total > 0 else 1.0
    diagonal = np.maximum(np.diag(covariance), _LEAST_DEVIATION**2)
    # A little always: features that say the same would make the matrix singular.
    share = max(share, _LEAST_SHRINKAGE)
    return np.where(off, (1.0 - share) * covariance, np.diag(diagonal))


def _rounded(rows: np.ndarray) -> list[list[float]]:
    return [[float(f"{value:.{_DIGITS}g}") for value in row] for row in rows.tolist()]


def _matrix(rows: Any, source: str) -> np.ndarray:
    try:
        matrix = np.array(rows, np.float64)
    except (TypeError, ValueError, OverflowError):
        matrix = np.zeros(0)
    if matrix.ndim != 2 or not matrix.size or not np.isfinite(matrix).all():
        raise BundleError(mismatch(source, "rows of finite numbers, equally long", "something else"))
    return matrix
