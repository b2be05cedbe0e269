"""Where samples come from: one file a kind. What is common to those that carry frames is in framed.py and numbering.py.

A source has ``open()`` (ports are bound; a DataError says why not), ``run(emit, stop)`` (a thread's body),
``committed(position, epoch)`` (all before it is on the disk: acknowledge it), ``check()`` (a line for ``--check``).
"""

from .open_source import open_source

__all__ = ["open_source"]
