"""Classical rows of every table: what a network has to beat, on the same windows of the same split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, UsageError, mismatch

from .baselines_features import envelope_features, level_features, spectrum_features

BASELINES = ("envelope-forest", "fft-svm", "fft-ridge", "rms-kurtosis")
#: The shortest window: a quarter of the spectrum then holds 8 Fourier bins.
MIN_SAMPLES = 64


class Baseline:
    """A classifier of scikit-learn on features of windows.

    The result depends on the set of training windows and the seed, not on the windows' order.

    Parameters
    ----------
    name : str
    features : callable
        From windows [shape=(n, n_samples)] to numbers [shape=(n, n_features), float32].
    classifier : object
        Of scikit-learn; it is fitted in place.

    Attributes
    ----------
    classes : np.ndarray [shape=(n_classes,)]
        Labels in sorted order; set by :meth:`fit`.
    """

    def __init__(self, name: str, features: Callable[[np.ndarray], np.ndarray], classifier: Any) -> None:
        self.name = name
        self.features = features
        self.classifier = classifier
        self.n_samples: int | None = None

    @property
    def has_probabilities(self) -> bool:
        """Whether :meth:`predict_proba` answers; margins of SVM and ridge are no probabilities."""
        return hasattr(self.classifier, "predict_proba")

    @property
    def classes(self) -> np.ndarray:
        """Labels in sorted order."""
        self._need_fit()
        return self.classifier.classes_ if hasattr(self.classifier, "classes_") else self.classifier[-1].classes_

    def fit(self, x: np.ndarray, y: np.ndarray) -> Baseline:
        """Learn from windows.

        Parameters
        ----------
        x : np.ndarray [shape=(n, n_samples)]
            Windows in their unit, at the baseline's rate.
        y : np.ndarray [shape=(n,)]
            Labels, as text or whole numbers; at least two different ones.

        Returns
        -------
        Baseline
            Itself.

        Raises
        ------
        DataError
            No windows, NaN or infinity, another number of labels, one label only.
        """
        x = self._check(x, None)
        y = np.asarray(y)
        if y.shape != (len(x),):
            raise DataError(mismatch(f"{self.name}, labels", f"shape ({len(x)},)", f"shape {y.shape}"))
        if len(np.unique(y)) < 2:
            raise DataError(mismatch(f"{self.name}, labels", "two or more different ones", f"only {y[0]}"))
        values = self.features(x)
        # The forest draws by place and solvers round by it: sorted rows make the order of windows irrelevant.
        order = np.lexsort((y, *values.T[::-1]))
        self.classifier.fit(values[order], y[order])
        self.n_samples = x.shape[1]
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Label of each window [shape=(n,)].

        Raises
        ------
        DataError
            No windows, NaN or infinity, windows of another length than those learned from.
        UsageError
            Before :meth:`fit`.
        """
        self._need_fit()
        return self.classifier.predict(self.features(self._check(x, self.n_samples)))

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Probability of each of ``classes`` [shape=(n, n_classes), float64]; errors as in :meth:`predict`.

        Raises
        ------
        UsageError
            If the classifier has none, see :attr:`has_probabilities`.
        """
        self._need_fit()
        if not self.has_probabilities:
            raise UsageError(mismatch(f"baseline {self.name}", "a classifier with probabilities", "labels only"))
        return self.classifier.predict_proba(self.features(self._check(x, self.n_samples)))

    def _need_fit(self) -> None:
        if self.n_samples is None:
            raise UsageError(mismatch(f"baseline {self.name}", "fit before this", "no fit"))

    def _check(self, x: np.ndarray, n_samples: int | None) -> np.ndarray:
        x = np.asarray(x)
        what = f"{self.name}, windows"
        if x.ndim != 2 or x.dtype.kind not in "iuf" or not x.size:
            raise DataError(mismatch(what, "numbers of shape (n, n_samples)", f"shape {x.shape}, {x.dtype}"))
        if n_samples is None and x.shape[1] < MIN_SAMPLES:
            raise DataError(mismatch(what, f"at least {MIN_SAMPLES} samples", x.shape[1]))
        if n_samples is not None and x.shape[1] != n_samples:
            raise DataError(mismatch(what, f"{n_samples} samples as in training", x.shape[1]))
        if not np.isfinite(x).all():
            raise DataError(mismatch(what, "finite samples", "NaN or infinity"))
        return x


def baseline(name: str, sample_rate_hz: float, band_hz: tuple[float, float] | None, seed: int) -> Baseline:
    """A row by its name, not yet fitted.

    Parameters
    ----------
    name : str
        ``envelope-forest``: envelope spectrum, levels of bands, RMS, kurtosis, crest factor; random forest.
        ``fft-svm`` and ``fft-ridge``: log spectrum; support vectors (RBF), linear.
        ``rms-kurtosis``: a few thresholds on RMS, kurtosis and crest factor, as an engineer's alarm has them.
    sample_rate_hz : float, > 0
    band_hz : (float, float) or None
        Of the envelope, as :func:`~drsn_keras.training.vibration.band.choose_envelope_band` gives it; only
        ``envelope-forest`` uses it and cannot do without.
    seed : int, >= 0
        Of the forest and the tree.

    Raises
    ------
    UsageError
        An unknown name, a rate not above 0, no band for the forest.

    References
    ----------
    L. Breiman, "Random Forests", Machine Learning 45:5, 2001, doi:10.1023/A:1010933404324.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.standard_normal((40, 256)), np.arange(40) % 2
    >>> row = baseline("rms-kurtosis", 12000, None, 0).fit(x * (1 + y)[:, None], y)
    >>> row.predict(np.stack([x[0], 2 * x[0]])).tolist()
    [0, 1]
    """
    if name not in BASELINES:
        raise UsageError(mismatch("baseline", ", ".join(BASELINES), repr(name)))
    if not (np.isfinite(sample_rate_hz) and sample_rate_hz > 0):
        raise UsageError(mismatch("sample_rate_hz", "a positive number", sample_rate_hz))
    if name == "envelope-forest":
        if band_hz is None:
            raise UsageError(mismatch("baseline envelope-forest", "a band for the envelope (band_hz)", "none"))
        band = (float(band_hz[0]), float(band_hz[1]))
        return Baseline(name, lambda x: envelope_features(x, sample_rate_hz, band), _classifier(name, seed))
    if name == "rms-kurtosis":
        return Baseline(name, level_features, _classifier(name, seed))
    return Baseline(name, lambda x: spectrum_features(x, sample_rate_hz), _classifier(name, seed))


def _classifier(name: str, seed: int) -> Any:
    """Settings are fixed, not searched for: a row that is tuned on its test is no row."""
    if name == "envelope-forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(300, class_weight="balanced", random_state=seed, n_jobs=1)
    if name == "rms-kurtosis":
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier(max_depth=4, class_weight="balanced", random_state=seed)
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return make_pipeline(StandardScaler(), SVC(C=10.0) if name == "fft-svm" else RidgeClassifier(alpha=1.0))
