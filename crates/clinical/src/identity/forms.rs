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
    ("﨑嵜", '崎'),
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
    ("瀧", '滝'),
    ("舘", '館'),
    ("栁", '柳'),
    ("曾", '曽'),
    ("條", '条'),
    ("淸", '清'),
    ("豐", '豊'),
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

/// The words of a reading: large kana, without marks.
pub(super) fn words(reading: &str) -> Vec<String> {
    let words = reading.split([' ', '・', '゠']);
    let compared = words.map(|word| word.chars().filter(|each| *each != 'ー').map(large).collect());
    compared.filter(|word: &String| !word.is_empty()).collect()
}

/// Words of a reading as they are compared: a vowel that only goes on is left out, as the mark of it is.
/// オオノ, オーノ and オノ are the same, as are ユウコ, ユーコ and ユコ.
pub(super) fn reading(words: &[String]) -> String {
    let mut vowel = None;
    let mut compared = String::new();
    for kana in words.iter().flat_map(|word| word.chars()) {
        let goes_on = match kana {
            'ア' | 'エ' => vowel == Some(kana),
            'イ' => matches!(vowel, Some('イ' | 'エ')),
            'ウ' => matches!(vowel, Some('ウ' | 'オ')),
            'オ' => vowel == Some('オ'),
            _ => false,
        };
        if !goes_on {
            vowel = vowel_of(kana);
            compared.push(kana);
        }
    }
    compared
}

/// Large kana by the vowel that they end with.
const ROWS: [(char, &str); 5] = [
    ('ア', "アカサタナハマヤラワガザダバパヷ"),
    ('イ', "イキシチニヒミリヰギジビピヸ"),
    ('ウ', "ウクスツヌフムユルグズブプヴ"),
    ('エ', "エケセテネヘメレヱゲゼデベペヹ"),
    ('オ', "オコソトノホモヨロヲゴゾドボポヺ"),
];

fn vowel_of(kana: char) -> Option<char> {
    ROWS.iter().find(|(_, row)| row.contains(kana)).map(|(vowel, _)| *vowel)
}

/// The large kana, and of two that are spoken alike the common one.
fn large(character: char) -> char {
    match character {
        'ヅ' => 'ズ',
        'ヂ' => 'ジ',
        _ => SMALL
            .iter()
            .find(|(small, _)| *small == character)
            .map_or(character, |(_, large)| *large),
    }
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

/// A telephone number, or a part of one, with `-` between groups of digits; none where something else is
/// written. Behind the code of a country there is no zero of the trunk: nobody can dial it there.
pub(super) fn number(text: &str) -> Option<String> {
    let text = normalised(text);
    let is_international = text.starts_with('+');
    let text = if is_international { text.replace("(0)", " ") } else { text.into_owned() };
    let mut number = String::new();
    for character in text.chars() {
        match character {
            '0'..='9' => number.push(character),
            '+' if number.is_empty() => number.push('+'),
            ' ' | '(' | ')' | '.' | '/' => dash(&mut number),
            _ if is_dash(character) => dash(&mut number),
            _ => return None,
        }
    }
    number.truncate(number.trim_end_matches('-').len());
    Some(match number.strip_prefix(JAPAN) {
        Some(rest) => format!("{JAPAN}-{}", rest.trim_start_matches(['-', '0'])),
        None => number,
    })
}

/// The code of Japan.
const JAPAN: &str = "+81";

/// What lists and keyboards write between groups of digits, the mark of long vowels among it.
fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー')
}

fn dash(number: &mut String) {
    if !number.is_empty() && !number.ends_with(['-', '+']) {
        number.push('-');
    }
}

/// The digits of a [`number`], Japan's own without the country's code.
pub(super) fn digits(number: &str) -> String {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    match number.strip_prefix(JAPAN) {
        Some(rest) => format!("0{}", digits(rest)),
        None => digits(number),
    }
}

/// Whether a spreadsheet has shortened a number, such as `1.23457E+11`: its last digits are lost.
pub(super) fn is_shortened(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts =
        text.split_once(['E', 'e']).and_then(|(first, by)| Some((first, by.strip_prefix('+')?)));
    let Some((first, by)) = parts else { return false };
    let (whole, fraction) = first.split_once('.').unwrap_or((first, "0"));
    [whole, fraction, by].into_iter().all(is_number)
}

/// A chart number as it is compared: in which width, case and with how many zeros before it is all the same.
pub(super) fn chart_number(text: &str) -> String {
    let compared: String =
        name(text).chars().map(|each| if is_dash(each) { '-' } else { each }).collect();
    compared.trim_start_matches('0').to_owned()
}
