"""The residual building unit and its shrinkage variants RSBU-CS and RSBU-CW."""

from __future__ import annotations

import keras

from .defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from .padded_shortcut import PaddedShortcut
from .rank import SIGNAL, check_input, check_rank, conv
from .shrinkage import MODES, Shrinkage
from .squeeze_excitation import SqueezeExcitation

ATTENTIONS = (None, "channel_shared", "channel_wise", "squeeze_excitation")
SHORTCUTS = (None, "padded", "projection")
PADDINGS = ("same", "causal")


@keras.saving.register_keras_serializable(package="drsn_keras")
class ResidualUnit(keras.layers.Layer):
    """Pre-activation unit: BN, ReLU, conv, BN, ReLU, conv, then attention, then the shortcut is added.

    With ``attention="channel_shared"`` it is the paper's RSBU-CS, with ``"channel_wise"`` the RSBU-CW, with
    ``"squeeze_excitation"`` the SENet twin, with None the ResNet twin; without shortcut and attention the ConvNet's.
    No activation follows the sum.

    Parameters
    ----------
    filters : int
    kernel_size : int
    strides : int
        Of the first convolution (and of the shortcut).
    attention : {None, "channel_shared", "channel_wise", "squeeze_excitation"}
    shortcut : {"padded", "projection", None}
        ``padded`` is the paper's: subsampling and zero channels; ``projection`` a strided 1x1 convolution wherever the
        shape changes; None leaves the shortcut out.
    hidden : int, optional
        Width of the attention's hidden layer; ``filters`` by default, as in the paper.
    rank : {1, 2}
        Signals or images.
    padding : {"same", "causal"}
        ``causal``, for signals of stride 1: no output depends on a later input, so that a stream can be computed as it
        comes. The attention is then a shrinkage with a ``window``, or none.
    dilation : int
        Of the first convolution.
    window : int, optional
        Positions of the shrinkage's running mean; see :class:`Shrinkage`.
    momentum : float
        Of every batch normalisation.
    kernel_regularizer : keras regularizer, optional

    Input / output
    --------------
    (batch, n, channels) -> (batch, ceil(n / strides), filters); images alike

    References
    ----------
    M. Zhao et al., IEEE Trans. Ind. Informatics 16(7):4681-4690, 2020, fig. 3; K. He et al., "Identity mappings in deep
    residual networks", ECCV 2016.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        attention: str | None = "channel_wise",
        shortcut: str | None = "padded",
        hidden: int | None = None,
        rank: int = 1,
        momentum: float = BATCH_NORM_MOMENTUM,
        kernel_regularizer=None,
        padding: str = "same",
        dilation: int = 1,
        window: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if attention not in ATTENTIONS:
            raise ValueError(f"{self.name}: expected attention {ATTENTIONS}, got {attention!r}")
        if shortcut not in SHORTCUTS:
            raise ValueError(f"{self.name}: expected shortcut {SHORTCUTS}, got {shortcut!r}")
        sizes = {"filters": filters, "kernel_size": kernel_size, "strides": strides, "dilation": dilation}
        for name, value in sizes.items():
            if value < 1:
                raise ValueError(f"{self.name}: expected {name} >= 1, got {value!r}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.attention = attention
        self.shortcut = shortcut
        self.hidden = hidden
        self.rank = check_rank(rank, self.name)
        self.padding = padding
        self.dilation = dilation
        self.window = window
        self._check_padding()
        self.momentum = momentum
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def _check_padding(self) -> None:
        if self.padding not in PADDINGS:
            raise ValueError(f"{self.name}: expected padding {' or '.join(PADDINGS)}, got {self.padding!r}")
        shrinks = self.attention in MODES
        if self.window is not None and not shrinks:
            raise ValueError(f"{self.name}: expected window with attention {MODES}, got {self.attention!r}")
        if self.padding == "causal":
            if self.rank != SIGNAL or self.strides != 1:
                got = f"rank {self.rank}, strides {self.strides}"
                raise ValueError(f"{self.name}: expected rank 1 and strides 1 with causal padding, got {got}")
            if self.attention is not None and self.window is None:
                got = f"{self.attention!r} over the whole signal"
                raise ValueError(f"{self.name}: expected a shrinkage with a window with causal padding, got {got}")

    def _conv(self, name: str, kernel_size: int, strides: int, dilation: int = 1) -> keras.layers.Layer:
        return conv(
            self.rank,
            self.filters,
            kernel_size,
            strides=strides,
            padding=self.padding,
            dilation_rate=dilation,
            kernel_initializer="he_normal",
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )

    def _norm(self, name: str) -> keras.layers.Layer:
        return keras.layers.BatchNormalization(
            momentum=self.momentum, epsilon=BATCH_NORM_EPSILON, dtype=self.dtype_policy, name=name
        )

    def build(self, input_shape) -> None:
        check_input(input_shape, self.rank, self.name)
        self.norm_1, self.norm_2 = self._norm("norm_1"), self._norm("norm_2")
        self.relu_1 = keras.layers.ReLU(dtype=self.dtype_policy, name="relu_1")
        self.relu_2 = keras.layers.ReLU(dtype=self.dtype_policy, name="relu_2")
        self.conv_1 = self._conv("conv_1", self.kernel_size, self.strides, self.dilation)
        self.conv_2 = self._conv("conv_2", self.kernel_size, 1)
        self.norm_1.build(input_shape)
        self.conv_1.build(input_shape)
        output_shape = self.compute_output_shape(input_shape)
        self.norm_2.build(output_shape)
        self.conv_2.build(output_shape)
        gate = {
            "hidden": self.hidden,
            "momentum": self.momentum,
            "kernel_regularizer": self.kernel_regularizer,
            "dtype": self.dtype_policy,
        }
        self.attend = None
        if self.attention == "squeeze_excitation":
            self.attend = SqueezeExcitation(name="squeeze_excitation", **gate)
        elif self.attention is not None:
            self.attend = Shrinkage(mode=self.attention, window=self.window, name="shrinkage", **gate)
        if self.attend is not None:
            self.attend.build(output_shape)
        self.bypass = None
        if self.shortcut is not None and (self.strides > 1 or input_shape[-1] != self.filters):
            if self.shortcut == "padded":
                self.bypass = PaddedShortcut(
                    self.filters, self.strides, dtype=self.dtype_policy, name="padded_shortcut"
                )
            else:
                self.bypass = self._conv("projection", 1, self.strides)
            self.bypass.build(input_shape)
        super().build(input_shape)

    def call(self, x, training=None):
        y = self.conv_1(self.relu_1(self.norm_1(x, training=training)))
        y = self.conv_2(self.relu_2(self.norm_2(y, training=training)))
        if self.attend is not None:
            y = self.attend(y, training=training)
        if self.shortcut is None:
            return y
        return y + (x if self.bypass is None else self.bypass(x))

    def compute_output_shape(self, input_shape):
        spatial = (n if n is None else -(-n // self.strides) for n in input_shape[1:-1])
        return (input_shape[0], *spatial, self.filters)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "attention": self.attention,
            "shortcut": self.shortcut,
            "hidden": self.hidden,
            "rank": self.rank,
            "momentum": self.momentum,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "padding": self.padding,
            "dilation": self.dilation,
            "window": self.window,
        }
