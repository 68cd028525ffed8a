-- Alerts carry numbers instead of sentences: what the rule judged, and against what. The sentences are
-- made from the rule's wording where they are shown; threshold, text_ja and text_en hold those of
-- events from before, and are empty since.

ALTER TABLE alerts
    ADD COLUMN IF NOT EXISTS findings String DEFAULT '{}' COMMENT 'JSON object: what the rule judged' AFTER evidence,
    ADD COLUMN IF NOT EXISTS parameters String DEFAULT '{}' COMMENT 'JSON object: what it was judged against' AFTER findings,
    ADD COLUMN IF NOT EXISTS wording_version Int32 DEFAULT 0 COMMENT 'of the rule; 0 where the row holds the sentences' AFTER parameters;

CREATE OR REPLACE VIEW current_alerts AS
SELECT * FROM alerts ORDER BY event_offset DESC LIMIT 1 BY patient, alert_id;
