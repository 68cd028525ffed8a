//! Damage to bytes: bits, cuts, repetitions, and the lengths and numbers that binary forms hold.

use crate::random::Random;

/// No input grows beyond this.
pub const LONGEST: usize = 64 * 1024;

/// Damages bytes in one to four places. `other` is another input, for splicing.
pub fn damage(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(4) {
        once(bytes, other, random);
    }
    bytes.truncate(LONGEST);
}

fn once(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let length = bytes.len();
    let at = random.below(length);
    match random.below(14) {
        0 | 1 if length > 0 => bytes[at] ^= 1 << random.below(8),
        2 if length > 0 => bytes[at] = *random.pick(&[0, 1, 2, 0x7f, 0x80, 0xfe, 0xff]),
        3 if length > 0 => bytes[at] = random.bits() as u8,
        4 => bytes.truncate(random.below(length + 1)),
        5 => {
            bytes.drain(random.range(length));
        }
        6 => {
            let new = random.bytes(8);
            insert(bytes, random, &new);
        }
        7 => {
            let again = bytes[random.range(length)].to_vec();
            let times = if random.once_in(8) { 200 } else { 1 + random.below(3) };
            insert(bytes, random, &again.repeat(times));
        }
        8 if !other.is_empty() => {
            bytes.truncate(at);
            bytes.extend_from_slice(&other[random.below(other.len())..]);
        }
        9 if !other.is_empty() => {
            let part = other[random.range(other.len())].to_vec();
            insert(bytes, random, &part);
        }
        10 | 11 => {
            let number = varint(random.awkward());
            overwrite_or_insert(bytes, random, &number);
        }
        12 => {
            let number = random.awkward();
            let width = *random.pick(&[2, 4, 8]);
            let number = if random.once_in(2) {
                number.to_le_bytes()[..width].to_vec()
            } else {
                number.to_be_bytes()[8 - width..].to_vec()
            };
            overwrite_or_insert(bytes, random, &number);
        }
        _ => {
            let double = *random.pick(&[
                f64::NAN,
                f64::INFINITY,
                -0.0,
                f64::MIN_POSITIVE / 2.0,
                f64::MAX,
                -1e300,
            ]);
            overwrite_or_insert(bytes, random, &double.to_le_bytes());
        }
    }
}

fn insert(bytes: &mut Vec<u8>, random: &mut Random, new: &[u8]) {
    let at = random.below(bytes.len() + 1);
    bytes.splice(at..at, new.iter().copied());
}

fn overwrite_or_insert(bytes: &mut Vec<u8>, random: &mut Random, new: &[u8]) {
    let at = random.below(bytes.len() + 1);
    let end = if random.once_in(3) { at } else { bytes.len().min(at + new.len()) };
    bytes.splice(at..end, new.iter().copied());
}

/// A number in Avro's form: seven bits a byte, the lowest first, the sign in the lowest bit.
pub fn varint(number: i64) -> Vec<u8> {
    let mut rest = (number << 1 ^ number >> 63) as u64;
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}
