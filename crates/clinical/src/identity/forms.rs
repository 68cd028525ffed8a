//! Forms of names and numbers: which are the same to whoever looks for them.

use crate::source::normalised;

/// The first and last hiragana that have a katakana beside them, and how far that is.
const HIRAGANA: std::ops::RangeInclusive<char> = 'ぁ'..='ゖ';
const TO_KATAKANA: u32 = 'ァ' as u32 - 'ぁ' as u32;

/// Small kana and the large ones that older lists write in their place.
const SMALL: [(char, char); 12] = [
    ('ァ', 'ア'),
    ('ィ', 'イ'),
    ('ゥ', 'ウ'),
    ('ェ', 'エ'),
    ('ォ', 'オ'),
    ('ッ', 'ツ'),
    ('ャ', 'ヤ'),
    ('ュ', 'ユ'),
    ('ョ', 'ヨ'),
    ('ヮ', 'ワ'),
    ('ヵ', 'カ'),
    ('ヶ', 'ケ'),
];

/// Forms of characters that family names are written with, and the one that is typed: whoever types 高橋 means
/// 髙橋 too. The common ones (old forms of the list of characters for names); Unicode folds none of them.
const VARIANTS: &[(&str, char)] = &[
    ("髙", '高'),
    ("﨑", '崎'),
    ("邊邉", '辺'),
    ("齋齊斎", '斉'),
    ("濵濱", '浜'),
    ("澤", '沢'),
    ("廣", '広'),
    ("櫻", '桜'),
    ("國", '国'),
    ("嶋嶌", '島'),
    ("眞", '真'),
    ("瀨", '瀬'),
    ("𠮷", '吉'),
    ("德", '徳'),
    ("黑", '黒'),
    ("惠", '恵'),
    ("圓", '円'),
    ("龍", '竜'),
    ("榮", '栄'),
    ("澁", '渋'),
    ("冨", '富'),
    ("壽", '寿'),
    ("靜", '静'),
    ("關", '関'),
    ("渕", '淵'),
];

/// A text with hiragana as katakana.
pub(super) fn katakana(text: &str) -> String {
    let katakana = |character: char| {
        let is_hiragana = HIRAGANA.contains(&character);
        let other = is_hiragana.then(|| char::from_u32(character as u32 + TO_KATAKANA)).flatten();
        other.unwrap_or(match character {
            'ゝ' => 'ヽ',
            'ゞ' => 'ヾ',
            _ => character,
        })
    };
    text.chars().map(katakana).collect()
}

/// Whether a text is a reading: full-width katakana, the marks among them, and space.
pub(super) fn is_kana(text: &str) -> bool {
    let is_kana = |character: char| matches!(character, 'ァ'..='ヺ' | 'ヽ' | 'ヾ');
    let is_mark = |character: char| matches!(character, 'ー' | '・' | '゠' | ' ');
    text.chars().any(is_kana) && text.chars().all(|each| is_kana(each) || is_mark(each))
}

/// The words of a reading as they are compared: large kana without marks.
pub(super) fn words(reading: &str) -> Vec<String> {
    let words = reading.split([' ', '・', '゠']);
    let compared = words.map(|word| word.chars().filter(|each| *each != 'ー').map(large).collect());
    compared.filter(|word: &String| !word.is_empty()).collect()
}

fn large(character: char) -> char {
    SMALL.iter().find(|(small, _)| *small == character).map_or(character, |(_, large)| *large)
}

/// A name as it is compared: without space, case, width and the forms of characters.
pub(super) fn name(text: &str) -> String {
    let text = katakana(&normalised(text));
    let compared = text.chars().flat_map(char::to_lowercase).filter(|each| !each.is_whitespace());
    compared.map(usual).collect()
}

fn usual(character: char) -> char {
    let variant = VARIANTS.iter().find(|(others, _)| others.contains(character));
    variant.map_or(character, |(_, usual)| *usual)
}

/// The digits of a telephone number, Japan's own without the country's code.
pub(super) fn digits(text: &str) -> String {
    let is_international = text.starts_with('+');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("81") {
        // Some lists keep the zero behind the code.
        Some(rest) if is_international => format!("0{}", rest.trim_start_matches('0')),
        _ => digits,
    }
}

/// A chart number as it is compared: in which width, case and with how many zeros before it is all the same.
pub(super) fn chart_number(text: &str) -> String {
    let compared = name(text);
    compared.trim_start_matches('0').to_owned()
}
