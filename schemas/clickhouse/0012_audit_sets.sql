-- Whose data an access to several patients was: the set is stored once, and accesses name it.

ALTER TABLE audit_events
    ADD COLUMN IF NOT EXISTS session String COMMENT 'empty where there is none' AFTER detail,
    ADD COLUMN IF NOT EXISTS patient_set String COMMENT 'of audit_sets; empty where one patient or none is concerned' AFTER session;

CREATE TABLE IF NOT EXISTS audit_sets
(
    patient_set String COMMENT 'SHA-256 of all ids, sorted and joined by line feeds, in hexadecimal digits',
    part        Int32 COMMENT 'from 0',
    parts       Int32,
    patients    String COMMENT 'ids of this part, sorted, each but the last followed by a line feed' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
ORDER BY (patient_set, part)
SETTINGS non_replicated_deduplication_window = 10000;
