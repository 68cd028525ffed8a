ALTER TABLE blood_glucose
    ADD COLUMN IF NOT EXISTS glucose_value_sent Float32 COMMENT 'number as sent, where it is not glucose_value; 0 where it is' AFTER glucose_value,
    ADD COLUMN IF NOT EXISTS glucose_unit Enum8('' = -1, 'mg_dL' = 0, 'mmol_L' = 1) DEFAULT '' COMMENT 'unit as sent, empty where none was said: mg/dL' AFTER meal_timing,
    ADD COLUMN IF NOT EXISTS glucose_comparator Enum8('' = -1, 'below' = 0, 'above' = 1) DEFAULT '' COMMENT 'below or above what the device can say: glucose_value is the limit' AFTER glucose_unit;

CREATE OR REPLACE VIEW current_blood_glucose AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM blood_glucose ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;
