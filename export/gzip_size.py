"""What a file weighs in a download: pruned and clustered weights show only there."""

from __future__ import annotations

import gzip


def gzip_size(content: bytes) -> int:
    """Bytes after gzip at its best level, without a time stamp: the same at every run."""
    return len(gzip.compress(content, compresslevel=9, mtime=0))
