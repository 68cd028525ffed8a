-- Aggregates of hours, of which long charts are made, and what keeps them right.
--
-- Whatever writes a version of a reading marks the hour in which it was observed, and the next one where
-- it is so near that a copy may be there. The writer computes marked hours anew, whole, of the readings
-- that are current, and writes them as new versions: a version is the time, by the clock of ClickHouse,
-- after which the readings were read. Of two computations that overlap, the greater one may have seen
-- less, but what came between them is marked and computed again. Nothing is ever added to an aggregate.
--
-- A mark is never dropped as a repetition: an insert that is tried again marks again.
--
-- A year of a patient's hours is some thousand rows, so granules are small and partitions are years.

CREATE TABLE IF NOT EXISTS touched_hours
(
    touched_at DateTime64(3, 'UTC') COMMENT 'when the insert began, by the clock of ClickHouse' CODEC(DoubleDelta, ZSTD(1)),
    kind       LowCardinality(String),
    patient    String COMMENT 'consortium_id/person_id',
    hour       DateTime('UTC') COMMENT 'its beginning' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(touched_at)
ORDER BY (touched_at, kind, patient, hour)
TTL toDateTime(touched_at) + INTERVAL 31 DAY
SETTINGS non_replicated_deduplication_window = 0, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS hourly_aggregates
(
    patient     String COMMENT 'consortium_id/person_id',
    kind        LowCardinality(String),
    hour        DateTime('UTC') COMMENT 'its beginning' CODEC(DoubleDelta, ZSTD(1)),
    computed_at DateTime64(3, 'UTC') COMMENT 'the greatest is current: its readings were read after this time' CODEC(DoubleDelta, ZSTD(1)),
    field       Array(LowCardinality(String)) COMMENT 'one for each series; none where the hour has no values any more',
    method      Array(LowCardinality(String)) COMMENT 'how it was measured, empty where that is not told apart',
    value_count Array(UInt32) COMMENT 'values, with those beyond what the device can say',
    mean_count  Array(UInt32) COMMENT 'values that are in the sum',
    sum         Array(Float64),
    lowest      Array(Float64) COMMENT 'of a value beyond what the device can say its limit',
    highest     Array(Float64),
    band_seconds Array(UInt32) COMMENT 'seconds that sensor glucose was in each band, the lowest first; none of other kinds'
)
ENGINE = ReplacingMergeTree(computed_at)
PARTITION BY toYear(hour)
ORDER BY (kind, patient, hour)
SETTINGS index_granularity = 1024;

CREATE TABLE IF NOT EXISTS aggregation_progress
(
    name       LowCardinality(String) COMMENT 'hours: what was computed last, first: when the first marking ended, marked KIND MONTH: a part of it',
    touched_at DateTime64(3, 'UTC') COMMENT 'of hours the mark that was computed last: once it is past first, what was stored before is in the aggregates',
    kind       String,
    patient    String,
    hour       DateTime('UTC')
)
ENGINE = ReplacingMergeTree(touched_at)
ORDER BY name;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_hours_of_weighing_scale TO touched_hours AS
SELECT DISTINCT now64(3, 'UTC') AS touched_at, 'weighing_scale' AS kind, patient,
    arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) AS hour
FROM weighing_scale
WHERE toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_hours_of_blood_pressure TO touched_hours AS
SELECT DISTINCT now64(3, 'UTC') AS touched_at, 'blood_pressure' AS kind, patient,
    arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) AS hour
FROM blood_pressure
WHERE toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_hours_of_hba1c TO touched_hours AS
SELECT DISTINCT now64(3, 'UTC') AS touched_at, 'hba1c' AS kind, patient,
    arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) AS hour
FROM hba1c
WHERE toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_hours_of_blood_pressure_checkup TO touched_hours AS
SELECT DISTINCT now64(3, 'UTC') AS touched_at, 'blood_pressure_checkup' AS kind, patient,
    arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) AS hour
FROM blood_pressure_checkup
WHERE toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_hours_of_blood_glucose TO touched_hours AS
SELECT DISTINCT now64(3, 'UTC') AS touched_at, 'blood_glucose' AS kind, patient,
    arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) AS hour
FROM blood_glucose
WHERE toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_hours_of_body_temperature TO touched_hours AS
SELECT DISTINCT now64(3, 'UTC') AS touched_at, 'body_temperature' AS kind, patient,
    arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) AS hour
FROM body_temperature
WHERE toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_hours_of_oxygen_saturation TO touched_hours AS
SELECT DISTINCT now64(3, 'UTC') AS touched_at, 'oxygen_saturation' AS kind, patient,
    arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) AS hour
FROM oxygen_saturation
WHERE toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_hours_of_respiratory_rate TO touched_hours AS
SELECT DISTINCT now64(3, 'UTC') AS touched_at, 'respiratory_rate' AS kind, patient,
    arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) AS hour
FROM respiratory_rate
WHERE toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175;

CREATE MATERIALIZED VIEW IF NOT EXISTS touched_hours_of_peak_expiratory_flow TO touched_hours AS
SELECT DISTINCT now64(3, 'UTC') AS touched_at, 'peak_expiratory_flow' AS kind, patient,
    arrayJoin([toStartOfHour(observation_time - 120), toStartOfHour(observation_time + 120)]) AS hour
FROM peak_expiratory_flow
WHERE toUnixTimestamp(observation_time) BETWEEN 120 AND 4294967175;
