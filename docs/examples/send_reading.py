#!/usr/bin/env python3
"""Sends readings to Mimamori over Kafka, as a vendor's own producer would.

    pip install confluent-kafka fastavro
    KAFKA=localhost:9092 TOPIC=readings.raw python3 send_reading.py < readings.json

Standard input holds a JSON array of readings with the fields of schemas/avro/reading.avsc, where
`source` and `measurement` say which branch they are: {"BloodPressure": {"systolic": 128, ...}}.
Times are milliseconds since 1970 (UTC), or text with an offset: "2026-11-22T07:31:00+09:00".
With nothing on standard input, two readings of one occasion are sent as a sample.

Environment:
    KAFKA       brokers, host:port, comma separated (default localhost:9092)
    TOPIC       default readings.raw
    PATIENT     of the sample, consortium_id/person_id (default SAMPLE/P0001)
    SCHEMA      file of the schema (default: the one in this repository)
    KAFKA_PROPERTIES   more of librdkafka's settings, name=value, comma separated (TLS, SASL)

The last line of the output is JSON: how many readings Kafka has acknowledged, how many it has not.
The exit code is 0 only when all of them are acknowledged.
"""

import datetime
import io
import json
import os
import pathlib
import sys

import fastavro
from confluent_kafka import KafkaException, Producer

SCHEMA_FILE = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "avro" / "reading.avsc"
TIMES = ("observation_time", "update_time", "send_time")
UNIONS = ("source", "measurement")


class Encoder:
    """Writes readings in Avro's single-object encoding: C3 01, fingerprint, body."""

    def __init__(self, schema_file):
        written = json.loads(pathlib.Path(schema_file).read_text(encoding="utf-8"))
        self.schema = fastavro.parse_schema(written)
        # CRC-64-AVRO of the canonical form. fastavro gives its bytes in the order in which they
        # are written: the least significant one first.
        canonical = fastavro.schema.to_parsing_canonical_form(written)
        fingerprint = fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")
        self.header = b"\xc3\x01" + bytes.fromhex(fingerprint)

    def encode(self, reading):
        datum = dict(reading)
        for field in TIMES:
            if datum.get(field) is not None:
                datum[field] = milliseconds(datum[field])
        for field in UNIONS:
            (branch, content), = datum[field].items()
            datum[field] = (f"mimamori.{branch}", content)
        body = io.BytesIO()
        fastavro.schemaless_writer(body, self.schema, datum, strict_allow_default=True)
        return self.header + body.getvalue()


def milliseconds(time):
    """Milliseconds since 1970, of a number that says so or of a text with an offset."""
    if isinstance(time, int):
        return time
    instant = datetime.datetime.fromisoformat(time)
    if instant.tzinfo is None:
        raise ValueError("a time needs an offset, such as +09:00")
    return round(instant.timestamp() * 1000)


def key(reading):
    """The patient: it decides the partition, so that a patient's readings keep their order."""
    return f"{reading['consortium_id']}/{reading['person_id']}".encode()


def sample():
    """Two readings of one occasion, five minutes apart."""
    consortium_id, person_id = os.environ.get("PATIENT", "SAMPLE/P0001").split("/")
    now = int(datetime.datetime.now().timestamp()) * 1000
    return [
        {
            "consortium_id": consortium_id,
            "person_id": person_id,
            "observation_time": now - minutes_ago * 60_000,
            "update_time": now,
            "source": {"Device": {"manufacturer": "EXAMPLE", "model_number": "BP-1", "serial": "0001"}},
            "data_input": "device",
            "origin_of_time": "app",
            "measurement": {"BloodPressure": {"systolic": systolic, "diastolic": 82, "pulse_rate": 66}},
            "send_time": now,
        }
        for minutes_ago, systolic in ((6, 131), (1, 127))
    ]


def main():
    readings = sample() if sys.stdin.isatty() else json.loads(sys.stdin.read() or "null") or sample()
    encoder = Encoder(os.environ.get("SCHEMA", SCHEMA_FILE))
    settings = {
        "bootstrap.servers": os.environ.get("KAFKA", "localhost:9092"),
        # Java's default. librdkafka's own would put patients on other partitions.
        "partitioner": "murmur2_random",
        # Acknowledged by every in-sync replica, in order, without duplicates by retries.
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        "delivery.timeout.ms": 30_000,
    }
    more = os.environ.get("KAFKA_PROPERTIES", "")
    settings.update(pair.split("=", 1) for pair in more.split(",") if pair)
    try:
        producer = Producer(settings)
    except KafkaException:
        # The client's own words may repeat a password.
        sys.exit("the Kafka client refuses KAFKA_PROPERTIES: a name or a value is none of librdkafka's")

    acknowledged, refused = [], []

    def report(error, message):
        if error is None:
            acknowledged.append([message.partition(), message.offset()])
        else:
            refused.append(str(error))

    topic = os.environ.get("TOPIC", "readings.raw")
    for reading in readings:
        value = encoder.encode(reading)
        while True:
            try:
                producer.produce(topic, key=key(reading), value=value, on_delivery=report)
                break
            except BufferError:  # the queue is full: let deliveries come in, then go on
                producer.poll(0.1)
        producer.poll(0)
    left = producer.flush(60)

    for reason in sorted(set(refused)):
        print(f"not acknowledged: {reason}", file=sys.stderr)
    print(json.dumps({"acknowledged": len(acknowledged), "not_acknowledged": len(refused) + left}))
    return 0 if len(acknowledged) == len(readings) else 1


if __name__ == "__main__":
    sys.exit(main())
