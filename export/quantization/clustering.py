"""Weight clustering: every large kernel is reduced to a few values, while a short training makes up for it."""

from __future__ import annotations

import tf_keras

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.training.open_run import OpenRun

from ..lowering import Twin
from .fine_tuning import copy_of, fine_tune_on_run, tfmot
from .sparsity import compressible

_clustering = tfmot.clustering.keras
LEARNING_RATE = 3e-4


def cluster(run: OpenRun, twin: Twin, clusters: int = 32, *, epochs: int = 4, seed: int = 0) -> tf_keras.Model:
    """Let every large kernel hold a few different values only, and fine-tune.

    Values are shared across a kernel's channels. An int8 kernel has a scale a channel, so there the few values are
    integers of each channel's own.

    Parameters
    ----------
    run : OpenRun
        The run that the twin was lowered from: its training clips, its noise, and its Keras model as the teacher.
    twin : Twin
    clusters : int
        Different values in each of the :func:`~drsn_keras.export.quantization.sparsity.compressible` kernels, 2 at
        least.
    epochs : int
        Times that every training clip is seen.
    seed : int
        Of the augmentation.

    Returns
    -------
    tf_keras.Model
        Layers as the twin's, for every scheme of ``to_tflite``.

    Raises
    ------
    UsageError
        If an argument is out of range or no kernel is large enough.

    References
    ----------
    S. Han, H. Mao, W. J. Dally, "Deep Compression", ICLR 2016, arXiv:1510.00149.
    """
    if clusters < 2:
        raise UsageError(mismatch("clusters", "at least 2", clusters))
    model = fine_tune_on_run(
        run, lambda _: _with_clusters(twin.model, clusters), epochs=epochs, learning_rate=LEARNING_RATE, seed=seed
    )
    return copy_of(_clustering.strip_clustering(model))


def _with_clusters(model: tf_keras.Model, clusters: int) -> tf_keras.Model:
    chosen = compressible(model)

    def wrap(layer: tf_keras.layers.Layer) -> tf_keras.layers.Layer:
        if layer.name not in chosen:
            return layer
        # Evenly spaced values end as accurate as those of k-means++, and most weights share the few around zero: the
        # file packs better.
        return _clustering.cluster_weights(layer, clusters, _clustering.CentroidInitialization.LINEAR)

    # A copy: the first values come from the weights of the layer that is wrapped, and wrapping changes it.
    return tf_keras.models.clone_model(copy_of(model), clone_function=wrap)
