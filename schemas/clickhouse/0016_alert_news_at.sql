-- Since when an alert is news, and how urgent it was then, as its events say it.

ALTER TABLE alerts ADD COLUMN IF NOT EXISTS
    news_at DateTime64(3, 'UTC') COMMENT 'when it was last raised or became worse; 1970 in events from before alerts said so' AFTER raised_at;

ALTER TABLE alerts ADD COLUMN IF NOT EXISTS
    news_severity LowCardinality(String) COMMENT 'how urgent it was then; empty in events from before alerts said so' AFTER news_at;

CREATE OR REPLACE VIEW current_alerts AS
SELECT * FROM alerts ORDER BY event_offset DESC LIMIT 1 BY patient, alert_id;
