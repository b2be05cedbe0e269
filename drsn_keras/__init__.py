"""Deep Residual Shrinkage Networks for audio and vibration signals.

Importing this package costs nothing but the standard library: Keras is loaded by
:mod:`drsn_keras.layers` and :mod:`drsn_keras.models`, NumPy by :mod:`drsn_keras.frontend`
and :mod:`drsn_keras.noise`, so that a device without TensorFlow can use the latter two.
"""

__version__ = "0.1.0"
