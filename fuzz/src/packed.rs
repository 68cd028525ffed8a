//! Inputs of several parts: records with key and value, requests with headers and body.

use crate::bytes;
use crate::random::Random;

/// Several parts as one input: each after its length, two bytes, the lower first.
pub fn pack<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Vec<u8> {
    let mut input = Vec::new();
    for part in parts {
        let part = part.as_ref();
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        input.extend(length.to_le_bytes());
        input.extend_from_slice(&part[..usize::from(length)]);
    }
    input
}

/// The parts of any input; a last one may be shorter than it says.
pub fn unpack(mut input: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = input.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (part, rest) = rest.split_at(length);
        parts.push(part);
        input = rest;
    }
    parts
}

/// Damages some of the parts, or their order. Parts belong together in groups of `group`.
pub fn damage(
    input: &mut Vec<u8>,
    other: &[u8],
    group: usize,
    random: &mut Random,
    mut within: impl FnMut(&mut Vec<u8>, &[u8], &mut Random),
) {
    if random.once_in(40) {
        bytes::damage(input, other, random);
        return;
    }
    let mut parts: Vec<Vec<u8>> = unpack(input).into_iter().map(<[u8]>::to_vec).collect();
    let others = unpack(other);
    for _ in 0..=random.below(3) {
        let groups = parts.len() / group;
        let start = random.below(groups) * group;
        match random.below(8) {
            0 if groups > 1 => drop(parts.drain(start..start + group)),
            1 if groups > 0 => {
                let again = parts[start..start + group].to_vec();
                let at = random.below(groups + 1) * group;
                parts.splice(at..at, again);
            }
            2 if groups > 1 => {
                let to = random.below(groups) * group;
                (0..group).for_each(|part| parts.swap(start + part, to + part));
            }
            3 if others.len() >= group => {
                let from = random.below(others.len() / group) * group;
                let more = others[from..from + group].iter().map(|part| part.to_vec());
                let at = random.below(groups + 1) * group;
                parts.splice(at..at, more);
            }
            _ if !parts.is_empty() => {
                let part = random.below(parts.len());
                let other: &[u8] =
                    if others.is_empty() { b"" } else { others[random.below(others.len())] };
                within(&mut parts[part], other, random);
            }
            _ => {}
        }
    }
    *input = pack(parts);
    input.truncate(bytes::LONGEST);
}
