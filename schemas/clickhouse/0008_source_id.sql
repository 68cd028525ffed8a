-- A source is known by manufacturer and serial, or by its test lab: not by the model number, which an
-- app changes with every update. `source` is part of the sorting key and stays as it was written.
-- `source_id` is what it is known by, and of rows from before it is made of `source` as the processor
-- makes it: without the model number, NFKC, without characters that have no width, white space folded.

ALTER TABLE weighing_scale ADD COLUMN IF NOT EXISTS model_number LowCardinality(String)
    DEFAULT replaceAll(replaceAll(extract(source, '^[^|]*\\|([^|]*)\\|[^|]*$'), '%7C', '|'), '%25', '%')
    COMMENT 'as sent; not part of what a source is known by' AFTER source;
ALTER TABLE weighing_scale ADD COLUMN IF NOT EXISTS source_id LowCardinality(String)
    DEFAULT replaceRegexpOne(
        replaceRegexpAll(
            replaceRegexpAll(
                normalizeUTF8NFKC(replaceRegexpAll(source,
                    '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}]', '')),
                '[\\s\\p{Z}]+', ' '),
            '^ | $| ?(\\|) ?', '\\1'),
        '^([^|]*)\\|[^|]*\\|([^|]*)$', '\\1||\\2')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
CREATE OR REPLACE VIEW current_weighing_scale AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM weighing_scale ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE blood_pressure ADD COLUMN IF NOT EXISTS model_number LowCardinality(String)
    DEFAULT replaceAll(replaceAll(extract(source, '^[^|]*\\|([^|]*)\\|[^|]*$'), '%7C', '|'), '%25', '%')
    COMMENT 'as sent; not part of what a source is known by' AFTER source;
ALTER TABLE blood_pressure ADD COLUMN IF NOT EXISTS source_id LowCardinality(String)
    DEFAULT replaceRegexpOne(
        replaceRegexpAll(
            replaceRegexpAll(
                normalizeUTF8NFKC(replaceRegexpAll(source,
                    '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}]', '')),
                '[\\s\\p{Z}]+', ' '),
            '^ | $| ?(\\|) ?', '\\1'),
        '^([^|]*)\\|[^|]*\\|([^|]*)$', '\\1||\\2')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
CREATE OR REPLACE VIEW current_blood_pressure AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM blood_pressure ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE activity ADD COLUMN IF NOT EXISTS model_number LowCardinality(String)
    DEFAULT replaceAll(replaceAll(extract(source, '^[^|]*\\|([^|]*)\\|[^|]*$'), '%7C', '|'), '%25', '%')
    COMMENT 'as sent; not part of what a source is known by' AFTER source;
ALTER TABLE activity ADD COLUMN IF NOT EXISTS source_id LowCardinality(String)
    DEFAULT replaceRegexpOne(
        replaceRegexpAll(
            replaceRegexpAll(
                normalizeUTF8NFKC(replaceRegexpAll(source,
                    '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}]', '')),
                '[\\s\\p{Z}]+', ' '),
            '^ | $| ?(\\|) ?', '\\1'),
        '^([^|]*)\\|[^|]*\\|([^|]*)$', '\\1||\\2')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
CREATE OR REPLACE VIEW current_activity AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM activity ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE hba1c ADD COLUMN IF NOT EXISTS model_number LowCardinality(String)
    DEFAULT replaceAll(replaceAll(extract(source, '^[^|]*\\|([^|]*)\\|[^|]*$'), '%7C', '|'), '%25', '%')
    COMMENT 'as sent; not part of what a source is known by' AFTER source;
ALTER TABLE hba1c ADD COLUMN IF NOT EXISTS source_id LowCardinality(String)
    DEFAULT replaceRegexpOne(
        replaceRegexpAll(
            replaceRegexpAll(
                normalizeUTF8NFKC(replaceRegexpAll(source,
                    '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}]', '')),
                '[\\s\\p{Z}]+', ' '),
            '^ | $| ?(\\|) ?', '\\1'),
        '^([^|]*)\\|[^|]*\\|([^|]*)$', '\\1||\\2')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
CREATE OR REPLACE VIEW current_hba1c AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM hba1c ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE blood_pressure_checkup ADD COLUMN IF NOT EXISTS model_number LowCardinality(String)
    DEFAULT replaceAll(replaceAll(extract(source, '^[^|]*\\|([^|]*)\\|[^|]*$'), '%7C', '|'), '%25', '%')
    COMMENT 'as sent; not part of what a source is known by' AFTER source;
ALTER TABLE blood_pressure_checkup ADD COLUMN IF NOT EXISTS source_id LowCardinality(String)
    DEFAULT replaceRegexpOne(
        replaceRegexpAll(
            replaceRegexpAll(
                normalizeUTF8NFKC(replaceRegexpAll(source,
                    '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}]', '')),
                '[\\s\\p{Z}]+', ' '),
            '^ | $| ?(\\|) ?', '\\1'),
        '^([^|]*)\\|[^|]*\\|([^|]*)$', '\\1||\\2')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
CREATE OR REPLACE VIEW current_blood_pressure_checkup AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM blood_pressure_checkup ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE blood_glucose ADD COLUMN IF NOT EXISTS model_number LowCardinality(String)
    DEFAULT replaceAll(replaceAll(extract(source, '^[^|]*\\|([^|]*)\\|[^|]*$'), '%7C', '|'), '%25', '%')
    COMMENT 'as sent; not part of what a source is known by' AFTER source;
ALTER TABLE blood_glucose ADD COLUMN IF NOT EXISTS source_id LowCardinality(String)
    DEFAULT replaceRegexpOne(
        replaceRegexpAll(
            replaceRegexpAll(
                normalizeUTF8NFKC(replaceRegexpAll(source,
                    '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}]', '')),
                '[\\s\\p{Z}]+', ' '),
            '^ | $| ?(\\|) ?', '\\1'),
        '^([^|]*)\\|[^|]*\\|([^|]*)$', '\\1||\\2')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
CREATE OR REPLACE VIEW current_blood_glucose AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM blood_glucose ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE body_temperature ADD COLUMN IF NOT EXISTS model_number LowCardinality(String)
    DEFAULT replaceAll(replaceAll(extract(source, '^[^|]*\\|([^|]*)\\|[^|]*$'), '%7C', '|'), '%25', '%')
    COMMENT 'as sent; not part of what a source is known by' AFTER source;
ALTER TABLE body_temperature ADD COLUMN IF NOT EXISTS source_id LowCardinality(String)
    DEFAULT replaceRegexpOne(
        replaceRegexpAll(
            replaceRegexpAll(
                normalizeUTF8NFKC(replaceRegexpAll(source,
                    '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}]', '')),
                '[\\s\\p{Z}]+', ' '),
            '^ | $| ?(\\|) ?', '\\1'),
        '^([^|]*)\\|[^|]*\\|([^|]*)$', '\\1||\\2')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
CREATE OR REPLACE VIEW current_body_temperature AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM body_temperature ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE oxygen_saturation ADD COLUMN IF NOT EXISTS model_number LowCardinality(String)
    DEFAULT replaceAll(replaceAll(extract(source, '^[^|]*\\|([^|]*)\\|[^|]*$'), '%7C', '|'), '%25', '%')
    COMMENT 'as sent; not part of what a source is known by' AFTER source;
ALTER TABLE oxygen_saturation ADD COLUMN IF NOT EXISTS source_id LowCardinality(String)
    DEFAULT replaceRegexpOne(
        replaceRegexpAll(
            replaceRegexpAll(
                normalizeUTF8NFKC(replaceRegexpAll(source,
                    '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}]', '')),
                '[\\s\\p{Z}]+', ' '),
            '^ | $| ?(\\|) ?', '\\1'),
        '^([^|]*)\\|[^|]*\\|([^|]*)$', '\\1||\\2')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
CREATE OR REPLACE VIEW current_oxygen_saturation AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM oxygen_saturation ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE respiratory_rate ADD COLUMN IF NOT EXISTS model_number LowCardinality(String)
    DEFAULT replaceAll(replaceAll(extract(source, '^[^|]*\\|([^|]*)\\|[^|]*$'), '%7C', '|'), '%25', '%')
    COMMENT 'as sent; not part of what a source is known by' AFTER source;
ALTER TABLE respiratory_rate ADD COLUMN IF NOT EXISTS source_id LowCardinality(String)
    DEFAULT replaceRegexpOne(
        replaceRegexpAll(
            replaceRegexpAll(
                normalizeUTF8NFKC(replaceRegexpAll(source,
                    '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}]', '')),
                '[\\s\\p{Z}]+', ' '),
            '^ | $| ?(\\|) ?', '\\1'),
        '^([^|]*)\\|[^|]*\\|([^|]*)$', '\\1||\\2')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
CREATE OR REPLACE VIEW current_respiratory_rate AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM respiratory_rate ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;

ALTER TABLE peak_expiratory_flow ADD COLUMN IF NOT EXISTS model_number LowCardinality(String)
    DEFAULT replaceAll(replaceAll(extract(source, '^[^|]*\\|([^|]*)\\|[^|]*$'), '%7C', '|'), '%25', '%')
    COMMENT 'as sent; not part of what a source is known by' AFTER source;
ALTER TABLE peak_expiratory_flow ADD COLUMN IF NOT EXISTS source_id LowCardinality(String)
    DEFAULT replaceRegexpOne(
        replaceRegexpAll(
            replaceRegexpAll(
                normalizeUTF8NFKC(replaceRegexpAll(source,
                    '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}]', '')),
                '[\\s\\p{Z}]+', ' '),
            '^ | $| ?(\\|) ?', '\\1'),
        '^([^|]*)\\|[^|]*\\|([^|]*)$', '\\1||\\2')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
CREATE OR REPLACE VIEW current_peak_expiratory_flow AS
SELECT * EXCEPT (source_id) REPLACE (source_id AS source)
FROM
(
    SELECT * FROM peak_expiratory_flow ORDER BY version DESC LIMIT 1 BY patient, source_id, observation_time
)
WHERE NOT entered_in_error;
