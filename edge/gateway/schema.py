"""Tables of the gateway's store. Standard library only.

Numbers ``seq`` run over all that is published (records, alarms, events, waveforms), are never used twice, and give the
order. What waits for the broker stands in ``outbox``: a record with a ``seq`` below all of the outbox's has been sent.
"""

from __future__ import annotations

#: Goes up where tables change; a store of an earlier number is moved aside like a damaged one, a later one is refused.
VERSION = 1

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE records (
    seq INTEGER PRIMARY KEY, machine TEXT NOT NULL, epoch INTEGER NOT NULL, idx INTEGER NOT NULL,
    time_s REAL NOT NULL, json TEXT NOT NULL, UNIQUE (machine, epoch, idx)
);
CREATE INDEX records_by_time ON records (machine, time_s);
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, machine TEXT NOT NULL, json TEXT, ref INTEGER,
    tried INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, time_s REAL NOT NULL, machine TEXT NOT NULL, kind TEXT NOT NULL,
    text TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX events_by_machine ON events (machine, id);
CREATE TABLE alarms (
    id INTEGER PRIMARY KEY AUTOINCREMENT, machine TEXT NOT NULL, name TEXT NOT NULL, level TEXT NOT NULL,
    raised_s REAL NOT NULL, cleared_s REAL, acknowledged_s REAL, acknowledged_by TEXT, comment TEXT, label TEXT,
    text TEXT NOT NULL, value REAL, "limit" REAL, waveform_id INTEGER
);
CREATE INDEX alarms_open ON alarms (machine, name, cleared_s);
CREATE TABLE waveforms (
    id INTEGER PRIMARY KEY AUTOINCREMENT, alarm_id INTEGER, machine TEXT NOT NULL, time_s REAL NOT NULL,
    sample_rate_hz REAL NOT NULL, samples BLOB NOT NULL
);
CREATE INDEX alarms_by_waveform ON alarms (waveform_id);
CREATE TABLE stations (
    machine TEXT PRIMARY KEY, memory TEXT NOT NULL, position INTEGER NOT NULL, epoch INTEGER NOT NULL,
    cookie TEXT NOT NULL, picture TEXT NOT NULL, picture_s REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE hours (
    machine TEXT NOT NULL, feature TEXT NOT NULL, hour INTEGER NOT NULL, n INTEGER NOT NULL,
    low REAL NOT NULL, total REAL NOT NULL, high REAL NOT NULL, PRIMARY KEY (machine, feature, hour)
) WITHOUT ROWID;
"""
