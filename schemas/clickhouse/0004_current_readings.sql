-- The terms of FHIR: a version is entered in error, and the greatest version is the current one.

DROP VIEW IF EXISTS standing_weighing_scale;
ALTER TABLE weighing_scale RENAME COLUMN IF EXISTS withdrawn TO entered_in_error;
CREATE VIEW IF NOT EXISTS current_weighing_scale AS
SELECT *
FROM
(
    SELECT * FROM weighing_scale ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT entered_in_error;

DROP VIEW IF EXISTS standing_blood_pressure;
ALTER TABLE blood_pressure RENAME COLUMN IF EXISTS withdrawn TO entered_in_error;
CREATE VIEW IF NOT EXISTS current_blood_pressure AS
SELECT *
FROM
(
    SELECT * FROM blood_pressure ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT entered_in_error;

DROP VIEW IF EXISTS standing_activity;
ALTER TABLE activity RENAME COLUMN IF EXISTS withdrawn TO entered_in_error;
CREATE VIEW IF NOT EXISTS current_activity AS
SELECT *
FROM
(
    SELECT * FROM activity ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT entered_in_error;

DROP VIEW IF EXISTS standing_hba1c;
ALTER TABLE hba1c RENAME COLUMN IF EXISTS withdrawn TO entered_in_error;
CREATE VIEW IF NOT EXISTS current_hba1c AS
SELECT *
FROM
(
    SELECT * FROM hba1c ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT entered_in_error;

DROP VIEW IF EXISTS standing_blood_pressure_checkup;
ALTER TABLE blood_pressure_checkup RENAME COLUMN IF EXISTS withdrawn TO entered_in_error;
CREATE VIEW IF NOT EXISTS current_blood_pressure_checkup AS
SELECT *
FROM
(
    SELECT * FROM blood_pressure_checkup ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT entered_in_error;

DROP VIEW IF EXISTS standing_blood_glucose;
ALTER TABLE blood_glucose RENAME COLUMN IF EXISTS withdrawn TO entered_in_error;
CREATE VIEW IF NOT EXISTS current_blood_glucose AS
SELECT *
FROM
(
    SELECT * FROM blood_glucose ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT entered_in_error;

DROP VIEW IF EXISTS standing_body_temperature;
ALTER TABLE body_temperature RENAME COLUMN IF EXISTS withdrawn TO entered_in_error;
CREATE VIEW IF NOT EXISTS current_body_temperature AS
SELECT *
FROM
(
    SELECT * FROM body_temperature ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT entered_in_error;

DROP VIEW IF EXISTS standing_oxygen_saturation;
ALTER TABLE oxygen_saturation RENAME COLUMN IF EXISTS withdrawn TO entered_in_error;
CREATE VIEW IF NOT EXISTS current_oxygen_saturation AS
SELECT *
FROM
(
    SELECT * FROM oxygen_saturation ORDER BY version DESC LIMIT 1 BY patient, source, observation_time
)
WHERE NOT entered_in_error;
