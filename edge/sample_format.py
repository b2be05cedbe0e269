"""How a sample is written in bytes. Standard library only, so that the command line can list the names."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclasses.dataclass(frozen=True)
class SampleFormat:
    """One encoding: NumPy's type code, bytes a sample, the integer that means 0 and the one that means 1."""

    code: str
    n_bytes: int
    zero: int = 0
    full_scale: float = 1.0

    def decode(self, data: bytes) -> np.ndarray:
        """Whole samples to numbers.

        Parameters
        ----------
        data : bytes
            A multiple of ``n_bytes`` long.

        Returns
        -------
        np.ndarray [shape=(n,), float32]
            Integers come out in [-1, 1); floats as they are.
        """
        import numpy as np

        raw = self._wide(data) if self.n_bytes == 3 else np.frombuffer(data, dtype=self.code)
        if self.full_scale == 1.0:
            with np.errstate(over="ignore"):  # A double beyond float32 becomes infinity, which is refused later.
                return raw.astype(np.float32)
        return ((raw.astype(np.float64) - self.zero) / self.full_scale).astype(np.float32)

    def counts(self, data: bytes) -> np.ndarray:
        """Whole samples as the integers that were sent, from the one that means 0; floats as they are.

        Parameters
        ----------
        data : bytes
            A multiple of ``n_bytes`` long.

        Returns
        -------
        np.ndarray [shape=(n,), float64]
            Without loss.

        Examples
        --------
        >>> FORMATS["s24le"].counts(bytes([1, 0, 0, 255, 255, 255])).tolist()
        [1.0, -1.0]
        """
        import numpy as np

        if self.n_bytes == 3:
            return (self._wide(data) >> 8).astype(np.float64)
        return np.frombuffer(data, self.code).astype(np.float64) - self.zero

    def _wide(self, data: bytes) -> np.ndarray:
        """NumPy has no 24-bit type: put the three bytes at the top of four."""
        import numpy as np

        wide = np.zeros((len(data) // 3, 4), dtype=np.uint8)
        wide[:, 1:] = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0]

    def encode(self, y: np.ndarray) -> bytes:
        """Numbers to samples: rounded, and clipped where an integer cannot hold them.

        Parameters
        ----------
        y : np.ndarray [shape=(n,)]
            What :meth:`decode` gives.

        Examples
        --------
        >>> import numpy as np
        >>> FORMATS["s16le"].encode(np.array([0.5, -1.0, 1.0])).hex(" ", 2)
        '0040 0080 ff7f'
        """
        import numpy as np

        if self.full_scale == 1.0:
            return np.asarray(y).astype(self.code).tobytes()
        # Of four bytes the upper three are kept: their last bit is the one to round to.
        step = 256.0 if self.n_bytes == 3 else 1.0
        limits = np.iinfo(self.code)
        integers = np.rint(np.asarray(y, np.float64) * (self.full_scale / step)) * step + self.zero
        data = np.clip(integers, limits.min, limits.max - (step - 1.0)).astype(self.code)
        if self.n_bytes == 3:
            return np.ascontiguousarray(data.view(np.uint8).reshape(-1, 4)[:, 1:]).tobytes()
        return data.tobytes()


#: Names as ffmpeg and ALSA users know them.
FORMATS = {
    "u8": SampleFormat("u1", 1, 128, 2.0**7),
    "s16le": SampleFormat("<i2", 2, 0, 2.0**15),
    "s24le": SampleFormat("<i4", 3, 0, 2.0**31),
    "s32le": SampleFormat("<i4", 4, 0, 2.0**31),
    "f32le": SampleFormat("<f4", 4),
    "f64le": SampleFormat("<f8", 8),
}
#: Rates outside this are taken for a damaged header or a mistyped option [Hz].
RATES_HZ = (1000, 384000)
