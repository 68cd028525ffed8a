-- What was not accepted, what became of every range of raw records, and who looked at what.

CREATE TABLE IF NOT EXISTS rejected_readings
(
    origin_partition Int32 COMMENT 'of readings.raw',
    origin_offset    Int64,
    received_at      DateTime64(3, 'UTC'),
    reason           LowCardinality(String),
    detail           String,
    patient          String COMMENT 'empty where it could not be read',
    record_key       String COMMENT 'the bytes as they came',
    bytes            String COMMENT 'the bytes as they came' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (origin_partition, origin_offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS outcome_tallies
(
    origin_partition Int32 COMMENT 'of readings.raw',
    from_offset      Int64,
    next_offset      Int64,
    written_at       DateTime64(3, 'UTC'),
    new              Int64,
    correction       Int64,
    historical       Int64,
    duplicate        Int64,
    stale            Int64,
    conflict         Int64,
    rejected         Int64,
    rerouted         Int64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(written_at)
ORDER BY (origin_partition, from_offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS audit_events
(
    at              DateTime64(3, 'UTC'),
    service         LowCardinality(String),
    actor           LowCardinality(String),
    role            LowCardinality(String),
    action          LowCardinality(String),
    patient         String COMMENT 'empty where none is concerned',
    consortium      LowCardinality(String) COMMENT 'empty where none is concerned',
    allowed         Bool,
    detail          String,
    event_partition Int32 COMMENT 'of the topic audit.events',
    event_offset    Int64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, event_partition, event_offset)
SETTINGS non_replicated_deduplication_window = 10000;
