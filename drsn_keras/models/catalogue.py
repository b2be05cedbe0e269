"""Every network of the project at an example size: what must build, lower, quantise and run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras

from .bc_resnet import bc_resnet
from .dncnn import dncnn
from .dran import dran
from .drsn import residual_network
from .ds_cnn import ds_cnn
from .keywords import SPECTRAL, keyword_network
from .kinds import KINDS
from .matchboxnet import matchboxnet
from .prior_guided import prior_guided
from .raw_m5 import raw_m5
from .streaming_keywords import streaming_keyword_network
from .tc_resnet import tc_resnet8
from .vibration import vibration_network


def catalogue() -> dict[str, Callable[[], keras.Model]]:
    """Builders by name, such as ``keywords/drsn-cw``; a new network of the library enters here.

    The sizes are small: what holds for these weights' shapes holds for larger ones.

    Examples
    --------
    >>> catalogue()["keywords/drsn-cw"]().output_shape
    (None, 5)
    """
    networks: dict[str, Callable[[], keras.Model]] = {}
    for kind in KINDS:
        keywords = partial(keyword_network, (49, 16), 5, kind, units=((16, 1), (24, 2)))
        networks[f"keywords/{kind}"] = keywords
        networks[f"keywords-projection/{kind}"] = partial(keywords, shortcut="projection", dropout=0.1)
        if kind == "drsn-cw":
            networks.update({f"keywords-spectral/{mode}": partial(keywords, spectral=mode) for mode in SPECTRAL})
        signal = partial(residual_network, (128, 1), 4, kind, filters=(4, 8), units_per_stage=2)
        networks[f"paper/{kind}"] = signal
        networks[f"paper-projection/{kind}"] = partial(signal, shortcut="projection", filters=(6, 9), units_per_stage=1)
        image = partial(residual_network, (20, 16, 3), 4, kind, rank=2, filters=(4, 8), units_per_stage=2)
        networks[f"image/{kind}"] = image
        networks[f"vibration/wide-{kind}"] = partial(vibration_network, (256, 1), 4, f"wide-{kind}", width=0.25)
        networks[f"vibration-spectra/wide-{kind}"] = partial(
            vibration_network, (128, 2), 4, f"wide-{kind}", width=0.25, spectral=True
        )
    # As a whole clip; a step of it is another graph (lower_stream).
    streaming = {"width": 0.3, "stride": 2, "stem_kernel": 4, "dilations": (2,), "window_frames": 24}
    networks["keywords-streaming/drsn-cw"] = partial(streaming_keyword_network, (50, 16), 5, **streaming)
    networks["vibration/wdcnn"] = partial(vibration_network, (1024, 1), 4, "wdcnn", width=0.25)
    networks["keyword-peers/ds-cnn"] = partial(ds_cnn, (25, 10), 5, width=0.125, blocks=2)
    networks["keyword-peers/tc-resnet8"] = partial(tc_resnet8, (25, 10), 5, width=0.5)
    networks["keyword-peers/bc-resnet"] = partial(bc_resnet, (12, 40), 5, 0.5, stages=((1.0, 2, 1, 1), (1.5, 1, 2, 2)))
    networks["keyword-peers/matchboxnet"] = partial(matchboxnet, (25, 10), 5, width=0.125, repeat=2)
    networks["keyword-peers/raw-m5"] = partial(raw_m5, (1000, 1), 5, width=0.25, pool=2)
    networks["denoise/dncnn"] = partial(dncnn, (64, 1), depth=5, width=8, rank=1)
    networks["denoise/dran"] = partial(dran, (48, 1), width=8, blocks=2, depth=1, rank=1)
    # Without its prior, which has no integer form.
    networks["denoise/prior-guided"] = partial(prior_guided, (49, 1), filters=(4, 8), prior=False, residual=False)
    return networks
