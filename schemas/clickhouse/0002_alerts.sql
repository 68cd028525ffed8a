-- Every event of every alert; the event with the greatest offset is the alert's state.

CREATE TABLE IF NOT EXISTS alerts
(
    patient           String COMMENT 'consortium_id/person_id',
    alert_id          String,
    rule              LowCardinality(String),
    stage             LowCardinality(String),
    severity          LowCardinality(String),
    status            LowCardinality(String),
    transition        LowCardinality(String),
    late              Bool,
    raised_at         DateTime64(3, 'UTC'),
    changed_at        DateTime64(3, 'UTC'),
    first_observed_at DateTime64(3, 'UTC'),
    last_observed_at  DateTime64(3, 'UTC'),
    evidence          String COMMENT 'JSON array of {reading_id, observed_at (ms), values}',
    threshold         String,
    rule_set          LowCardinality(String),
    plan_version      Int32,
    text_ja           String,
    text_en           String,
    cause             String COMMENT 'reading id, empty when time made the change',
    event_partition   Int32 COMMENT 'of the topic alerts',
    event_offset      Int64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(raised_at)
ORDER BY (patient, alert_id, event_partition, event_offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS current_alerts AS
SELECT * FROM alerts ORDER BY event_offset DESC LIMIT 1 BY patient, alert_id;
