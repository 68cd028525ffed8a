-- What of a reading was not taken as it was sent: a sender over Kafka has no answer that says so. Of rows
-- from before nothing is known. The views take the column along.

ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER outcome;

ALTER TABLE weighing_scale ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER vendor;

CREATE OR REPLACE VIEW current_weighing_scale AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM weighing_scale ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE deliveries_of_weighing_scale MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'weighing_scale' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome, warnings
FROM weighing_scale
WHERE vendor != '';

ALTER TABLE blood_pressure ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER vendor;

CREATE OR REPLACE VIEW current_blood_pressure AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM blood_pressure ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE deliveries_of_blood_pressure MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'blood_pressure' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome, warnings
FROM blood_pressure
WHERE vendor != '';

ALTER TABLE activity ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER vendor;

CREATE OR REPLACE VIEW current_activity AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM activity ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE deliveries_of_activity MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'activity' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome, warnings
FROM activity
WHERE vendor != '';

ALTER TABLE hba1c ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER vendor;

CREATE OR REPLACE VIEW current_hba1c AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM hba1c ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE deliveries_of_hba1c MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'hba1c' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome, warnings
FROM hba1c
WHERE vendor != '';

ALTER TABLE blood_pressure_checkup ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER vendor;

CREATE OR REPLACE VIEW current_blood_pressure_checkup AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM blood_pressure_checkup ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE deliveries_of_blood_pressure_checkup MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'blood_pressure_checkup' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome, warnings
FROM blood_pressure_checkup
WHERE vendor != '';

ALTER TABLE body_temperature ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER vendor;

CREATE OR REPLACE VIEW current_body_temperature AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM body_temperature ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE deliveries_of_body_temperature MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'body_temperature' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome, warnings
FROM body_temperature
WHERE vendor != '';

ALTER TABLE oxygen_saturation ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER vendor;

CREATE OR REPLACE VIEW current_oxygen_saturation AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM oxygen_saturation ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE deliveries_of_oxygen_saturation MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'oxygen_saturation' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome, warnings
FROM oxygen_saturation
WHERE vendor != '';

ALTER TABLE blood_glucose ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER vendor;

CREATE OR REPLACE VIEW current_blood_glucose AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM blood_glucose ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE deliveries_of_blood_glucose MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'blood_glucose' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome, warnings
FROM blood_glucose
WHERE vendor != '';

ALTER TABLE respiratory_rate ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER vendor;

CREATE OR REPLACE VIEW current_respiratory_rate AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM respiratory_rate ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE deliveries_of_respiratory_rate MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'respiratory_rate' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome, warnings
FROM respiratory_rate
WHERE vendor != '';

ALTER TABLE peak_expiratory_flow ADD COLUMN IF NOT EXISTS
    warnings LowCardinality(String) COMMENT 'what was not taken as it was sent, field:rule' AFTER vendor;

CREATE OR REPLACE VIEW current_peak_expiratory_flow AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM peak_expiratory_flow ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE deliveries_of_peak_expiratory_flow MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'peak_expiratory_flow' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(outcome) AS outcome, warnings
FROM peak_expiratory_flow
WHERE vendor != '';
