import numpy as np
import pytest
from gateway_parts import raised, step

from drsn_keras.edge.gateway.queries import Waveform
from drsn_keras.edge.gateway.records import Event
from drsn_keras.edge.gateway.sparkplug import SparkplugWire
from drsn_keras.edge.gateway.store import Store

#: Of the specification's sparkplug_b.proto: name -> (number, protocol buffers' type).
METRIC = {
    "name": (1, "STRING"),
    "timestamp": (3, "UINT64"),
    "datatype": (4, "UINT32"),
    "is_historical": (5, "BOOL"),
    "long_value": (11, "UINT64"),
    "double_value": (13, "DOUBLE"),
    "boolean_value": (14, "BOOL"),
    "string_value": (15, "STRING"),
    "bytes_value": (16, "BYTES"),
}


@pytest.fixture(scope="module")
def read():
    """Call with a payload: by Google's own reader, not ours."""
    descriptors = pytest.importorskip("google.protobuf.descriptor_pb2")
    from google.protobuf import descriptor_pool, message_factory

    file = descriptors.FileDescriptorProto(name="sparkplug.proto", package="sparkplug", syntax="proto2")
    kinds = descriptors.FieldDescriptorProto
    payload, metric = file.message_type.add(name="Payload"), file.message_type.add(name="Metric")
    for name, (number, kind) in METRIC.items():
        metric.field.add(name=name, number=number, type=getattr(kinds, f"TYPE_{kind}"), label=kinds.LABEL_OPTIONAL)
    for name, number in (("timestamp", 1), ("seq", 3)):
        payload.field.add(name=name, number=number, type=kinds.TYPE_UINT64, label=kinds.LABEL_OPTIONAL)
    metrics = {"type": kinds.TYPE_MESSAGE, "type_name": ".sparkplug.Metric", "label": kinds.LABEL_REPEATED}
    payload.field.add(name="metrics", number=2, **metrics)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName("sparkplug.Payload"))
    return made.FromString


def _values(payload) -> dict:
    found = {}
    for metric in payload.metrics:
        (kind,) = [name for name in METRIC if name.endswith("_value") and metric.HasField(name)]
        found[metric.name] = getattr(metric, kind)
    return found


def test_births_then_data(tmp_path, read):
    store = Store(tmp_path / "gateway.db")
    store.commit(step(3, time_s=4e9, changes=(raised(),), events=(Event(1.0, "", "start", "begun"),)))
    store.mark(tried=[2])
    rows = store.to_send(10)
    wire = SparkplugWire("plant/north", "g1", store.id)
    will, (birth,) = wire.will(), wire.greeting()
    assert (will.topic, birth.topic) == ("spBv1.0/plant-north/NDEATH/g1", "spBv1.0/plant-north/NBIRTH/g1")
    assert _values(read(will.payload)) == {"bdSeq": 0}
    assert _values(read(birth.payload)) == {"bdSeq": 0, "Node Control/Rebirth": False, "store": store.id}
    assert read(birth.payload).seq == 0
    device, data = wire.messages(rows[0], None)
    assert [message.topic.split("/")[2:] for message in (device, data)] == [
        ["DBIRTH", "g1", "pump"],
        ["DDATA", "g1", "pump"],
    ]
    told = read(data.payload)
    assert (told.seq, told.metrics[0].timestamp, told.metrics[0].is_historical) == (2, 4_000_000_000_000, False)
    values = _values(told)
    assert values["features/velocity_rms_mm_s"] == 5.0
    assert (values["index"], values["health_percent"], values["duplicate"]) == (3, 90.0, False)
    assert values["state/normal/distance"] == 0.5
    alarm = wire.messages(rows[1], None)
    assert _values(read(alarm[-1].payload))["alarm/iso"] == "warning"
    assert _values(read(alarm[-1].payload))["duplicate"] is True
    assert read(alarm[-1].payload).metrics[0].is_historical  # of before this connection
    assert [message.topic.split("/")[2] for message in wire.messages(rows[2], None)] == ["NDATA"]
    assert len(wire.messages(rows[0], None)) == 1  # born already
    wave = Waveform(1, "pump", 5.0, 2048.0, np.arange(3, dtype="<f4"))
    row = rows[0]._replace(kind="waveform")
    assert np.frombuffer(_values(read(wire.messages(row, wave)[-1].payload))["waveform"], "<f4").tolist() == [0, 1, 2]
    assert wire.messages(row, None) == []
    store.close()


def test_a_host_may_ask_to_be_told_all_anew():
    wire = SparkplugWire("plant", "g1", "x")
    wire.will()
    wire.greeting()
    assert wire.commands() == ["spBv1.0/plant/NCMD/g1"]
    assert wire.is_rebirth(b"\x12\x18\x0a\x14Node Control/Rebirth p\x01")
    assert not wire.is_rebirth(b"")
    assert wire.greeting()[0].topic.startswith("spBv1.0/plant/NBIRTH")
