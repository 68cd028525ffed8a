-- One table per record kind. Every version of a reading is a row: nothing is overwritten. A replayed
-- row has the same key and merges away. What stands is the greatest version of each reading, which the
-- standing_* views show, before and after merges alike.
-- Absent numbers are sentinels, not Nullable, which would cost a second column file for each.

CREATE TABLE IF NOT EXISTS weighing_scale
(
    patient            String COMMENT 'consortium_id/person_id',
    source             LowCardinality(String) COMMENT 'manufacturer|model|serial, or lab|test_lab_id',
    observation_time   DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version            UInt64 COMMENT 'update_time in ms << 22 | digest of the content: the greatest stands' CODEC(ZSTD(1)),
    withdrawn          Bool COMMENT 'entered in error: this version says that there is no reading',
    body_weight        Float32 COMMENT 'kg',
    body_fat           Float32 COMMENT '%, 0 where not measured',
    utc_offset_minutes Int16 COMMENT 'offset of the civil time of observation',
    data_input         Enum8('device' = 0, 'manual' = 1, 'modified' = 2),
    origin_of_time     Enum8('' = 0, 'device' = 1, 'app' = 2),
    update_time        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    send_time          DateTime64(3, 'UTC') COMMENT '1970 where not given' CODEC(DoubleDelta, ZSTD(1)),
    vendor             LowCardinality(String) COMMENT 'whose credentials it came in with',
    outcome            Enum8('new' = 0, 'correction' = 1, 'historical' = 2, 'stale' = 3, 'conflict' = 4),
    received_at        DateTime64(3, 'UTC') COMMENT 'appended to readings.raw' CODEC(DoubleDelta, ZSTD(1)),
    origin_partition   Int32 COMMENT 'of readings.raw',
    origin_offset      Int64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observation_time)
ORDER BY (patient, source, observation_time, version)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS standing_weighing_scale AS
SELECT *
FROM
(
    SELECT * FROM weighing_scale ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT withdrawn;

CREATE TABLE IF NOT EXISTS blood_pressure
(
    patient            String COMMENT 'consortium_id/person_id',
    source             LowCardinality(String) COMMENT 'manufacturer|model|serial, or lab|test_lab_id',
    observation_time   DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version            UInt64 COMMENT 'update_time in ms << 22 | digest of the content: the greatest stands' CODEC(ZSTD(1)),
    withdrawn          Bool COMMENT 'entered in error: this version says that there is no reading',
    systolic           UInt16 COMMENT 'mmHg',
    diastolic          UInt16 COMMENT 'mmHg',
    pulse_rate         UInt16 COMMENT '/min, 0 where not measured',
    irregular_pulse    Int8 COMMENT '1 flagged, 0 not, -1 not measured',
    measurement_position LowCardinality(String) COMMENT 'in the words of the sender',
    utc_offset_minutes Int16 COMMENT 'offset of the civil time of observation',
    data_input         Enum8('device' = 0, 'manual' = 1, 'modified' = 2),
    origin_of_time     Enum8('' = 0, 'device' = 1, 'app' = 2),
    update_time        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    send_time          DateTime64(3, 'UTC') COMMENT '1970 where not given' CODEC(DoubleDelta, ZSTD(1)),
    vendor             LowCardinality(String) COMMENT 'whose credentials it came in with',
    outcome            Enum8('new' = 0, 'correction' = 1, 'historical' = 2, 'stale' = 3, 'conflict' = 4),
    received_at        DateTime64(3, 'UTC') COMMENT 'appended to readings.raw' CODEC(DoubleDelta, ZSTD(1)),
    origin_partition   Int32 COMMENT 'of readings.raw',
    origin_offset      Int64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observation_time)
ORDER BY (patient, source, observation_time, version)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS standing_blood_pressure AS
SELECT *
FROM
(
    SELECT * FROM blood_pressure ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT withdrawn;

CREATE TABLE IF NOT EXISTS activity
(
    patient            String COMMENT 'consortium_id/person_id',
    source             LowCardinality(String) COMMENT 'manufacturer|model|serial, or lab|test_lab_id',
    observation_time   DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version            UInt64 COMMENT 'update_time in ms << 22 | digest of the content: the greatest stands' CODEC(ZSTD(1)),
    withdrawn          Bool COMMENT 'entered in error: this version says that there is no reading',
    step               UInt32 COMMENT 'steps',
    walk_time          Int16 COMMENT 'min, -1 where not measured',
    moderate_intensity_activity Int16 COMMENT 'min, -1 where not measured',
    calories           Float32 COMMENT 'kcal, -1 where not measured',
    total_calories     Float32 COMMENT 'kcal, -1 where not measured',
    distance           Float32 COMMENT 'km, -1 where not measured',
    exercise           Float32 COMMENT 'Ex, -1 where not measured',
    physical_activity  Float32 COMMENT 'METs.h, -1 where not measured',
    total_active_duration Int16 COMMENT 'min, -1 where not measured',
    measurement_position_code LowCardinality(String) COMMENT 'where worn',
    utc_offset_minutes Int16 COMMENT 'offset of the civil time of observation',
    data_input         Enum8('device' = 0, 'manual' = 1, 'modified' = 2),
    origin_of_time     Enum8('' = 0, 'device' = 1, 'app' = 2),
    update_time        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    send_time          DateTime64(3, 'UTC') COMMENT '1970 where not given' CODEC(DoubleDelta, ZSTD(1)),
    vendor             LowCardinality(String) COMMENT 'whose credentials it came in with',
    outcome            Enum8('new' = 0, 'correction' = 1, 'historical' = 2, 'stale' = 3, 'conflict' = 4),
    received_at        DateTime64(3, 'UTC') COMMENT 'appended to readings.raw' CODEC(DoubleDelta, ZSTD(1)),
    origin_partition   Int32 COMMENT 'of readings.raw',
    origin_offset      Int64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observation_time)
ORDER BY (patient, source, observation_time, version)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS standing_activity AS
SELECT *
FROM
(
    SELECT * FROM activity ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT withdrawn;

CREATE TABLE IF NOT EXISTS hba1c
(
    patient            String COMMENT 'consortium_id/person_id',
    source             LowCardinality(String) COMMENT 'manufacturer|model|serial, or lab|test_lab_id',
    observation_time   DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version            UInt64 COMMENT 'update_time in ms << 22 | digest of the content: the greatest stands' CODEC(ZSTD(1)),
    withdrawn          Bool COMMENT 'entered in error: this version says that there is no reading',
    hba1c_value        Float32 COMMENT 'NGSP %',
    measurement_method_code LowCardinality(String) COMMENT 'assay',
    value_criteria_code LowCardinality(String) COMMENT '0 is normal',
    utc_offset_minutes Int16 COMMENT 'offset of the civil time of observation',
    data_input         Enum8('device' = 0, 'manual' = 1, 'modified' = 2),
    origin_of_time     Enum8('' = 0, 'device' = 1, 'app' = 2),
    update_time        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    send_time          DateTime64(3, 'UTC') COMMENT '1970 where not given' CODEC(DoubleDelta, ZSTD(1)),
    vendor             LowCardinality(String) COMMENT 'whose credentials it came in with',
    outcome            Enum8('new' = 0, 'correction' = 1, 'historical' = 2, 'stale' = 3, 'conflict' = 4),
    received_at        DateTime64(3, 'UTC') COMMENT 'appended to readings.raw' CODEC(DoubleDelta, ZSTD(1)),
    origin_partition   Int32 COMMENT 'of readings.raw',
    origin_offset      Int64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observation_time)
ORDER BY (patient, source, observation_time, version)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS standing_hba1c AS
SELECT *
FROM
(
    SELECT * FROM hba1c ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT withdrawn;

CREATE TABLE IF NOT EXISTS blood_pressure_checkup
(
    patient            String COMMENT 'consortium_id/person_id',
    source             LowCardinality(String) COMMENT 'manufacturer|model|serial, or lab|test_lab_id',
    observation_time   DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version            UInt64 COMMENT 'update_time in ms << 22 | digest of the content: the greatest stands' CODEC(ZSTD(1)),
    withdrawn          Bool COMMENT 'entered in error: this version says that there is no reading',
    systolic           UInt16 COMMENT 'mmHg',
    diastolic          UInt16 COMMENT 'mmHg',
    pulse_rate         UInt16 COMMENT '/min, 0 where not measured',
    measurement_position LowCardinality(String) COMMENT 'in the words of the sender',
    utc_offset_minutes Int16 COMMENT 'offset of the civil time of observation',
    data_input         Enum8('device' = 0, 'manual' = 1, 'modified' = 2),
    origin_of_time     Enum8('' = 0, 'device' = 1, 'app' = 2),
    update_time        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    send_time          DateTime64(3, 'UTC') COMMENT '1970 where not given' CODEC(DoubleDelta, ZSTD(1)),
    vendor             LowCardinality(String) COMMENT 'whose credentials it came in with',
    outcome            Enum8('new' = 0, 'correction' = 1, 'historical' = 2, 'stale' = 3, 'conflict' = 4),
    received_at        DateTime64(3, 'UTC') COMMENT 'appended to readings.raw' CODEC(DoubleDelta, ZSTD(1)),
    origin_partition   Int32 COMMENT 'of readings.raw',
    origin_offset      Int64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observation_time)
ORDER BY (patient, source, observation_time, version)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS standing_blood_pressure_checkup AS
SELECT *
FROM
(
    SELECT * FROM blood_pressure_checkup ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT withdrawn;

CREATE TABLE IF NOT EXISTS blood_glucose
(
    patient            String COMMENT 'consortium_id/person_id',
    source             LowCardinality(String) COMMENT 'manufacturer|model|serial, or lab|test_lab_id',
    observation_time   DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version            UInt64 COMMENT 'update_time in ms << 22 | digest of the content: the greatest stands' CODEC(ZSTD(1)),
    withdrawn          Bool COMMENT 'entered in error: this version says that there is no reading',
    glucose_value      Float32 COMMENT 'mg/dL',
    glucose_method     Enum8('finger_stick' = 0, 'continuous_sensor' = 1, 'laboratory' = 2) COMMENT 'how measured',
    meal_timing        Enum8('' = -1, 'fasting' = 0, 'before_meal' = 1, 'after_meal' = 2, 'bedtime' = 3, 'unknown' = 9) COMMENT 'relative to meals',
    utc_offset_minutes Int16 COMMENT 'offset of the civil time of observation',
    data_input         Enum8('device' = 0, 'manual' = 1, 'modified' = 2),
    origin_of_time     Enum8('' = 0, 'device' = 1, 'app' = 2),
    update_time        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    send_time          DateTime64(3, 'UTC') COMMENT '1970 where not given' CODEC(DoubleDelta, ZSTD(1)),
    vendor             LowCardinality(String) COMMENT 'whose credentials it came in with',
    outcome            Enum8('new' = 0, 'correction' = 1, 'historical' = 2, 'stale' = 3, 'conflict' = 4),
    received_at        DateTime64(3, 'UTC') COMMENT 'appended to readings.raw' CODEC(DoubleDelta, ZSTD(1)),
    origin_partition   Int32 COMMENT 'of readings.raw',
    origin_offset      Int64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observation_time)
ORDER BY (patient, source, observation_time, version)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS standing_blood_glucose AS
SELECT *
FROM
(
    SELECT * FROM blood_glucose ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT withdrawn;

CREATE TABLE IF NOT EXISTS body_temperature
(
    patient            String COMMENT 'consortium_id/person_id',
    source             LowCardinality(String) COMMENT 'manufacturer|model|serial, or lab|test_lab_id',
    observation_time   DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version            UInt64 COMMENT 'update_time in ms << 22 | digest of the content: the greatest stands' CODEC(ZSTD(1)),
    withdrawn          Bool COMMENT 'entered in error: this version says that there is no reading',
    temperature        Float32 COMMENT 'degrees Celsius',
    utc_offset_minutes Int16 COMMENT 'offset of the civil time of observation',
    data_input         Enum8('device' = 0, 'manual' = 1, 'modified' = 2),
    origin_of_time     Enum8('' = 0, 'device' = 1, 'app' = 2),
    update_time        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    send_time          DateTime64(3, 'UTC') COMMENT '1970 where not given' CODEC(DoubleDelta, ZSTD(1)),
    vendor             LowCardinality(String) COMMENT 'whose credentials it came in with',
    outcome            Enum8('new' = 0, 'correction' = 1, 'historical' = 2, 'stale' = 3, 'conflict' = 4),
    received_at        DateTime64(3, 'UTC') COMMENT 'appended to readings.raw' CODEC(DoubleDelta, ZSTD(1)),
    origin_partition   Int32 COMMENT 'of readings.raw',
    origin_offset      Int64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observation_time)
ORDER BY (patient, source, observation_time, version)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS standing_body_temperature AS
SELECT *
FROM
(
    SELECT * FROM body_temperature ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT withdrawn;

CREATE TABLE IF NOT EXISTS oxygen_saturation
(
    patient            String COMMENT 'consortium_id/person_id',
    source             LowCardinality(String) COMMENT 'manufacturer|model|serial, or lab|test_lab_id',
    observation_time   DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    version            UInt64 COMMENT 'update_time in ms << 22 | digest of the content: the greatest stands' CODEC(ZSTD(1)),
    withdrawn          Bool COMMENT 'entered in error: this version says that there is no reading',
    spo2               Float32 COMMENT '%',
    pulse_rate         UInt16 COMMENT '/min, 0 where not measured',
    utc_offset_minutes Int16 COMMENT 'offset of the civil time of observation',
    data_input         Enum8('device' = 0, 'manual' = 1, 'modified' = 2),
    origin_of_time     Enum8('' = 0, 'device' = 1, 'app' = 2),
    update_time        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    send_time          DateTime64(3, 'UTC') COMMENT '1970 where not given' CODEC(DoubleDelta, ZSTD(1)),
    vendor             LowCardinality(String) COMMENT 'whose credentials it came in with',
    outcome            Enum8('new' = 0, 'correction' = 1, 'historical' = 2, 'stale' = 3, 'conflict' = 4),
    received_at        DateTime64(3, 'UTC') COMMENT 'appended to readings.raw' CODEC(DoubleDelta, ZSTD(1)),
    origin_partition   Int32 COMMENT 'of readings.raw',
    origin_offset      Int64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observation_time)
ORDER BY (patient, source, observation_time, version)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS standing_oxygen_saturation AS
SELECT *
FROM
(
    SELECT * FROM oxygen_saturation ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT withdrawn;
