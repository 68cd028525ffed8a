//! Damage to text: its words, its digits, its encoding.

use crate::bytes;
use crate::random::Random;

/// What is not UTF-8, or is and is awkward all the same.
const AWKWARD: [&[u8]; 13] = [
    b"\xff",
    b"\xc0\x80",
    b"\xe2\x82",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    "\u{feff}".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{0301}".as_bytes(),
    "患者".as_bytes(),
    "👩‍⚕️".as_bytes(),
    b"\0",
    b"\r\n",
    b"\x1b[31m",
];

/// Damages text in one to three places. `words` are words that the text's form knows.
pub fn damage(text: &mut Vec<u8>, other: &[u8], words: &[&str], random: &mut Random) {
    for _ in 0..=random.below(3) {
        match random.below(5) {
            0 if !words.is_empty() => {
                let word = random.pick(words).as_bytes().to_vec();
                let range = random.range(text.len());
                text.splice(range, word);
            }
            1 => {
                let range = random.range(text.len());
                let awkward = random.pick(&AWKWARD).to_vec();
                text.splice(range, awkward);
            }
            2 => digits(text, random),
            _ => bytes::damage(text, other, random),
        }
    }
    text.truncate(bytes::LONGEST);
}

/// Puts another number in the place of digits.
pub fn digits(text: &mut Vec<u8>, random: &mut Random) {
    let is_start =
        |at: &usize| text[*at].is_ascii_digit() && (*at == 0 || !text[at - 1].is_ascii_digit());
    let starts: Vec<usize> = (0..text.len()).filter(is_start).collect();
    let Some(start) = starts.get(random.below(starts.len())).copied() else { return };
    let end = text[start..].iter().position(|byte| !byte.is_ascii_digit());
    let end = end.map_or(text.len(), |length| start + length);
    let number = match random.below(5) {
        0 => random.awkward().to_string(),
        1 => "9".repeat(1 + random.below(400)),
        2 => format!("{}.{}e{}", random.below(10), random.below(1000), random.awkward() % 400),
        // As long as it was: dates stay dates.
        3 => (start..end).map(|_| char::from(b'0' + random.below(10) as u8)).collect(),
        _ => {
            let at = start + random.below(end - start);
            text[at] = b'0' + random.below(10) as u8;
            return;
        }
    };
    text.splice(start..end, number.into_bytes());
}
