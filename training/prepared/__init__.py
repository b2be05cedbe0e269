"""Prepared data: the clips of a keyword task in shards, made once, streamed in training (docs/scale.md)."""
