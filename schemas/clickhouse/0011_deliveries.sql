-- What a vendor may ask about what it has sent: one row for each version of a reading that came in with
-- its credentials, and for each of its rejected records, in the order in which they were stored. A row
-- that is written twice is there twice; both say the same. Readings without a vendor are in no row.

ALTER TABLE rejected_readings ADD COLUMN IF NOT EXISTS
    vendor LowCardinality(String) COMMENT 'whose credentials it came in with, empty where it could not be read' AFTER patient;

CREATE TABLE IF NOT EXISTS deliveries
(
    vendor           LowCardinality(String),
    stored_at        DateTime64(3, 'UTC') COMMENT 'by the clock of ClickHouse' CODEC(DoubleDelta, ZSTD(1)),
    received_at      DateTime64(3, 'UTC') COMMENT 'appended to readings.raw' CODEC(DoubleDelta, ZSTD(1)),
    origin_partition Int32 COMMENT 'of readings.raw',
    origin_offset    Int64 CODEC(DoubleDelta, ZSTD(1)),
    patient          String COMMENT 'consortium_id/person_id, empty where it could not be read',
    kind             LowCardinality(String) COMMENT 'empty for a rejected record',
    observation_time DateTime('UTC') COMMENT '1970 for a rejected record' CODEC(DoubleDelta, ZSTD(1)),
    source_id        LowCardinality(String) COMMENT 'empty for a rejected record',
    update_time      DateTime64(3, 'UTC') COMMENT '1970 for a rejected record' CODEC(DoubleDelta, ZSTD(1)),
    entered_in_error Bool,
    outcome          LowCardinality(String),
    reason           LowCardinality(String) COMMENT 'of a rejected record',
    detail           String COMMENT 'of a rejected record'
)
ENGINE = MergeTree
PARTITION BY toDate(stored_at)
ORDER BY (vendor, stored_at, origin_partition, origin_offset)
TTL toDateTime(stored_at) + INTERVAL 31 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_rejected_readings TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'rejected' AS outcome, reason, detail
FROM rejected_readings
WHERE vendor != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_weighing_scale TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'weighing_scale' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome
FROM weighing_scale
WHERE vendor != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_blood_pressure TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'blood_pressure' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome
FROM blood_pressure
WHERE vendor != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_activity TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'activity' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome
FROM activity
WHERE vendor != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_hba1c TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'hba1c' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome
FROM hba1c
WHERE vendor != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_blood_pressure_checkup TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'blood_pressure_checkup' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome
FROM blood_pressure_checkup
WHERE vendor != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_blood_glucose TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'blood_glucose' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome
FROM blood_glucose
WHERE vendor != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_body_temperature TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'body_temperature' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome
FROM body_temperature
WHERE vendor != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_oxygen_saturation TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'oxygen_saturation' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome
FROM oxygen_saturation
WHERE vendor != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_respiratory_rate TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'respiratory_rate' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome
FROM respiratory_rate
WHERE vendor != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS deliveries_of_peak_expiratory_flow TO deliveries AS
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'peak_expiratory_flow' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome
FROM peak_expiratory_flow
WHERE vendor != '';
