"""Small lowered networks and their files, made once for all tests of the export."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

from catalogue_files import MicroFiles, make_files
from drsn_keras.models import catalogue


@dataclasses.dataclass(frozen=True)
class SmallNetwork:
    """A keyword network with weights that no network starts with; lowered and converted when first asked for."""

    kind: str
    target: str
    inputs = np.random.default_rng(1).standard_normal((24, 20, 8)).astype("float32")

    def fresh(self, seed: int = 0):
        """Another Keras model of the same shape."""
        from drsn_keras.models import keyword_network
        from random_weights import randomise

        return randomise(keyword_network((20, 8), 3, self.kind, units=((8, 1), (8, 2))), seed)

    @functools.cached_property
    def model(self):
        return self.fresh()

    @functools.cached_property
    def twin(self):
        from drsn_keras.export.lowering import lower

        return lower(self.model, self.target)

    @functools.cached_property
    def int8(self) -> bytes:
        return self.convert("int8")

    @functools.cached_property
    def float32(self) -> bytes:
        return self.convert("float32")

    def convert(self, scheme: str) -> bytes:
        from drsn_keras.export.tflite import to_tflite

        return to_tflite(self.twin.model, scheme, self.inputs)


@pytest.fixture(scope="session")
def cw_litert() -> SmallNetwork:
    """One threshold a channel, in XNNPACK's form."""
    return SmallNetwork("drsn-cw", "litert")


@pytest.fixture(scope="session")
def cs_tflm() -> SmallNetwork:
    """One threshold for all channels, in TFLite-Micro's form."""
    return SmallNetwork("drsn-cs", "tflm")


@pytest.fixture(scope="session")
def micro_files(tmp_path_factory) -> MicroFiles:
    """Networks of the catalogue for ``tflm``; the projection shortcut is one more convolution: one kind has it."""
    names = [name for name in catalogue() if "projection" not in name or name.endswith("drsn-cw")]
    return make_files(tmp_path_factory.mktemp("micro"), names, "tflm")
