"""The condition-monitoring gateway: one process that watches many machines and loses nothing.

Blocks of samples come from sources; a station a machine makes of them records, alarms and advice; the store keeps
them; publisher and page show them. This package's root is imported by ``drsn-edge --help``: it needs no numpy.
"""
