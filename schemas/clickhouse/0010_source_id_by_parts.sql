-- Each part of a source is normalised by itself, then escaped: NFKC makes a `|` of the full-width `｜`
-- and a `%` of `％`, which must not become a separator or an escape. And all characters without a width
-- are left out that the processor leaves out. Rows that were written with `source_id` are as they were.

ALTER TABLE weighing_scale MODIFY COLUMN IF EXISTS source_id LowCardinality(String)
    DEFAULT arrayStringConcat(
        arrayMap(
            part -> replaceAll(replaceAll(
                trimBoth(replaceRegexpAll(
                    normalizeUTF8NFKC(replaceRegexpAll(
                        replaceAll(replaceAll(part, '%7C', '|'), '%25', '%'),
                        '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]', '')),
                    '[\\s\\p{Z}]+', ' ')),
                '%', '%25'), '|', '%7C'),
            if(length(splitByChar('|', source)) = 3,
                arrayConcat([splitByChar('|', source)[1], ''], arraySlice(splitByChar('|', source), 3)),
                splitByChar('|', source))),
        '|')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;

ALTER TABLE blood_pressure MODIFY COLUMN IF EXISTS source_id LowCardinality(String)
    DEFAULT arrayStringConcat(
        arrayMap(
            part -> replaceAll(replaceAll(
                trimBoth(replaceRegexpAll(
                    normalizeUTF8NFKC(replaceRegexpAll(
                        replaceAll(replaceAll(part, '%7C', '|'), '%25', '%'),
                        '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]', '')),
                    '[\\s\\p{Z}]+', ' ')),
                '%', '%25'), '|', '%7C'),
            if(length(splitByChar('|', source)) = 3,
                arrayConcat([splitByChar('|', source)[1], ''], arraySlice(splitByChar('|', source), 3)),
                splitByChar('|', source))),
        '|')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;

ALTER TABLE activity MODIFY COLUMN IF EXISTS source_id LowCardinality(String)
    DEFAULT arrayStringConcat(
        arrayMap(
            part -> replaceAll(replaceAll(
                trimBoth(replaceRegexpAll(
                    normalizeUTF8NFKC(replaceRegexpAll(
                        replaceAll(replaceAll(part, '%7C', '|'), '%25', '%'),
                        '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]', '')),
                    '[\\s\\p{Z}]+', ' ')),
                '%', '%25'), '|', '%7C'),
            if(length(splitByChar('|', source)) = 3,
                arrayConcat([splitByChar('|', source)[1], ''], arraySlice(splitByChar('|', source), 3)),
                splitByChar('|', source))),
        '|')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;

ALTER TABLE hba1c MODIFY COLUMN IF EXISTS source_id LowCardinality(String)
    DEFAULT arrayStringConcat(
        arrayMap(
            part -> replaceAll(replaceAll(
                trimBoth(replaceRegexpAll(
                    normalizeUTF8NFKC(replaceRegexpAll(
                        replaceAll(replaceAll(part, '%7C', '|'), '%25', '%'),
                        '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]', '')),
                    '[\\s\\p{Z}]+', ' ')),
                '%', '%25'), '|', '%7C'),
            if(length(splitByChar('|', source)) = 3,
                arrayConcat([splitByChar('|', source)[1], ''], arraySlice(splitByChar('|', source), 3)),
                splitByChar('|', source))),
        '|')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;

ALTER TABLE blood_pressure_checkup MODIFY COLUMN IF EXISTS source_id LowCardinality(String)
    DEFAULT arrayStringConcat(
        arrayMap(
            part -> replaceAll(replaceAll(
                trimBoth(replaceRegexpAll(
                    normalizeUTF8NFKC(replaceRegexpAll(
                        replaceAll(replaceAll(part, '%7C', '|'), '%25', '%'),
                        '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]', '')),
                    '[\\s\\p{Z}]+', ' ')),
                '%', '%25'), '|', '%7C'),
            if(length(splitByChar('|', source)) = 3,
                arrayConcat([splitByChar('|', source)[1], ''], arraySlice(splitByChar('|', source), 3)),
                splitByChar('|', source))),
        '|')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;

ALTER TABLE blood_glucose MODIFY COLUMN IF EXISTS source_id LowCardinality(String)
    DEFAULT arrayStringConcat(
        arrayMap(
            part -> replaceAll(replaceAll(
                trimBoth(replaceRegexpAll(
                    normalizeUTF8NFKC(replaceRegexpAll(
                        replaceAll(replaceAll(part, '%7C', '|'), '%25', '%'),
                        '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]', '')),
                    '[\\s\\p{Z}]+', ' ')),
                '%', '%25'), '|', '%7C'),
            if(length(splitByChar('|', source)) = 3,
                arrayConcat([splitByChar('|', source)[1], ''], arraySlice(splitByChar('|', source), 3)),
                splitByChar('|', source))),
        '|')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;

ALTER TABLE body_temperature MODIFY COLUMN IF EXISTS source_id LowCardinality(String)
    DEFAULT arrayStringConcat(
        arrayMap(
            part -> replaceAll(replaceAll(
                trimBoth(replaceRegexpAll(
                    normalizeUTF8NFKC(replaceRegexpAll(
                        replaceAll(replaceAll(part, '%7C', '|'), '%25', '%'),
                        '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]', '')),
                    '[\\s\\p{Z}]+', ' ')),
                '%', '%25'), '|', '%7C'),
            if(length(splitByChar('|', source)) = 3,
                arrayConcat([splitByChar('|', source)[1], ''], arraySlice(splitByChar('|', source), 3)),
                splitByChar('|', source))),
        '|')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;

ALTER TABLE oxygen_saturation MODIFY COLUMN IF EXISTS source_id LowCardinality(String)
    DEFAULT arrayStringConcat(
        arrayMap(
            part -> replaceAll(replaceAll(
                trimBoth(replaceRegexpAll(
                    normalizeUTF8NFKC(replaceRegexpAll(
                        replaceAll(replaceAll(part, '%7C', '|'), '%25', '%'),
                        '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]', '')),
                    '[\\s\\p{Z}]+', ' ')),
                '%', '%25'), '|', '%7C'),
            if(length(splitByChar('|', source)) = 3,
                arrayConcat([splitByChar('|', source)[1], ''], arraySlice(splitByChar('|', source), 3)),
                splitByChar('|', source))),
        '|')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;

ALTER TABLE respiratory_rate MODIFY COLUMN IF EXISTS source_id LowCardinality(String)
    DEFAULT arrayStringConcat(
        arrayMap(
            part -> replaceAll(replaceAll(
                trimBoth(replaceRegexpAll(
                    normalizeUTF8NFKC(replaceRegexpAll(
                        replaceAll(replaceAll(part, '%7C', '|'), '%25', '%'),
                        '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]', '')),
                    '[\\s\\p{Z}]+', ' ')),
                '%', '%25'), '|', '%7C'),
            if(length(splitByChar('|', source)) = 3,
                arrayConcat([splitByChar('|', source)[1], ''], arraySlice(splitByChar('|', source), 3)),
                splitByChar('|', source))),
        '|')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;

ALTER TABLE peak_expiratory_flow MODIFY COLUMN IF EXISTS source_id LowCardinality(String)
    DEFAULT arrayStringConcat(
        arrayMap(
            part -> replaceAll(replaceAll(
                trimBoth(replaceRegexpAll(
                    normalizeUTF8NFKC(replaceRegexpAll(
                        replaceAll(replaceAll(part, '%7C', '|'), '%25', '%'),
                        '[\\x{00AD}\\x{034F}\\x{061C}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]', '')),
                    '[\\s\\p{Z}]+', ' ')),
                '%', '%25'), '|', '%7C'),
            if(length(splitByChar('|', source)) = 3,
                arrayConcat([splitByChar('|', source)[1], ''], arraySlice(splitByChar('|', source), 3)),
                splitByChar('|', source))),
        '|')
    COMMENT 'manufacturer||serial, or lab|test_lab_id, normalised' AFTER source;
