-- Who wrote a delivered version: what a person types is of the time that the person says, whenever that is
-- registered. Of rows from before nothing is known.

ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS
    data_input LowCardinality(String) COMMENT 'how the value came in; empty for a rejected record' AFTER entered_in_error;

ALTER TABLE deliveries_of_weighing_scale MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'weighing_scale' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(data_input) AS data_input, toString(outcome) AS outcome, warnings
FROM weighing_scale
WHERE vendor != '';

ALTER TABLE deliveries_of_blood_pressure MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'blood_pressure' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(data_input) AS data_input, toString(outcome) AS outcome, warnings
FROM blood_pressure
WHERE vendor != '';

ALTER TABLE deliveries_of_activity MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'activity' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(data_input) AS data_input, toString(outcome) AS outcome, warnings
FROM activity
WHERE vendor != '';

ALTER TABLE deliveries_of_hba1c MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'hba1c' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(data_input) AS data_input, toString(outcome) AS outcome, warnings
FROM hba1c
WHERE vendor != '';

ALTER TABLE deliveries_of_blood_pressure_checkup MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'blood_pressure_checkup' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(data_input) AS data_input, toString(outcome) AS outcome, warnings
FROM blood_pressure_checkup
WHERE vendor != '';

ALTER TABLE deliveries_of_body_temperature MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'body_temperature' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(data_input) AS data_input, toString(outcome) AS outcome, warnings
FROM body_temperature
WHERE vendor != '';

ALTER TABLE deliveries_of_oxygen_saturation MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'oxygen_saturation' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(data_input) AS data_input, toString(outcome) AS outcome, warnings
FROM oxygen_saturation
WHERE vendor != '';

ALTER TABLE deliveries_of_blood_glucose MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'blood_glucose' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(data_input) AS data_input, toString(outcome) AS outcome, warnings
FROM blood_glucose
WHERE vendor != '';

ALTER TABLE deliveries_of_respiratory_rate MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'respiratory_rate' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(data_input) AS data_input, toString(outcome) AS outcome, warnings
FROM respiratory_rate
WHERE vendor != '';

ALTER TABLE deliveries_of_peak_expiratory_flow MODIFY QUERY
SELECT vendor, now64(3, 'UTC') AS stored_at, received_at, origin_partition, origin_offset, patient,
    'peak_expiratory_flow' AS kind, observation_time, source_id, update_time, entered_in_error,
    toString(data_input) AS data_input, toString(outcome) AS outcome, warnings
FROM peak_expiratory_flow
WHERE vendor != '';
