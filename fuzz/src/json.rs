//! Damage to the structure of JSON: members taken away, moved, renamed, repeated, of another type.

use serde_json::{Map, Value};

use crate::random::Random;
use crate::{bytes, text};

/// Damages JSON text, one document or several. What is no JSON is damaged as text.
pub fn damage(input: &mut Vec<u8>, other: &[u8], words: &[&str], random: &mut Random) {
    let mut documents = parse(input);
    if documents.is_empty() || random.once_in(8) {
        text::damage(input, other, words, random);
        return;
    }
    for _ in 0..=random.below(3) {
        let document = random.below(documents.len());
        value(&mut documents[document], words, random);
    }
    if random.once_in(8) {
        documents.extend(parse(other).into_iter().take(2));
    }
    let between = *random.pick(&["\n", "", " "]);
    let written: Vec<String> = documents.iter().map(Value::to_string).collect();
    *input = written.join(between).into_bytes();
    if random.once_in(4) {
        repeat_a_member(input, random);
    }
    if random.once_in(6) {
        text::damage(input, other, words, random);
    }
    input.truncate(bytes::LONGEST);
}

fn parse(text: &[u8]) -> Vec<Value> {
    serde_json::Deserializer::from_slice(text).into_iter().map_while(Result::ok).take(8).collect()
}

/// How many members the objects of a value have, those inside included.
pub fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Object(inside) => inside.len() + inside.values().map(members).sum::<usize>(),
        _ => 0,
    }
}

/// How many names of members a JSON text writes; more than [`members`] where one is repeated.
pub fn names(text: &[u8]) -> usize {
    let (mut names, mut at, mut quoted) = (0, 0, false);
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => {
                let mut behind = text[at + 1..].iter().filter(|byte| !byte.is_ascii_whitespace());
                names += usize::from(quoted && behind.next() == Some(&b':'));
                quoted = !quoted;
            }
            _ => {}
        }
        at += 1;
    }
    names
}

/// Damages one place of a value.
pub fn value(value: &mut Value, words: &[&str], random: &mut Random) {
    let places = count(value);
    let mut left = random.below(places);
    at(value, &mut left, &mut |place| change(place, words, random));
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Visits the place with a number in depth-first order; true when it was there.
fn at(value: &mut Value, left: &mut usize, visit: &mut impl FnMut(&mut Value)) -> bool {
    if *left == 0 {
        visit(value);
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| at(item, left, visit)),
        Value::Object(members) => members.values_mut().any(|item| at(item, left, visit)),
        _ => false,
    }
}

fn change(place: &mut Value, words: &[&str], random: &mut Random) {
    match (random.below(10), &mut *place) {
        (0, _) => *place = leaf(words, random),
        (1, _) => *place = Value::Array(vec![place.take(); 1 + random.below(3)]),
        (2, _) => {
            let mut members = Map::new();
            members.insert(word(words, random), place.take());
            *place = Value::Object(members);
        }
        (3, _) if random.once_in(10) => {
            for _ in 0..random.below(40) {
                *place = Value::Array(vec![place.take()]);
            }
        }
        (_, Value::Array(items)) => match random.below(3) {
            0 => drop(items.drain(random.range(items.len()))),
            1 => items.reverse(),
            _ => {
                let more = items.get(random.below(items.len())).cloned();
                items.extend(more);
            }
        },
        (_, Value::Object(members)) => {
            let name = members.keys().nth(random.below(members.len())).cloned();
            match (random.below(4), name) {
                (0, Some(name)) => drop(members.remove(&name)),
                (1, Some(name)) => {
                    let moved = members.remove(&name).unwrap_or_default();
                    members.insert(word(words, random), moved);
                }
                (2, Some(name)) => {
                    let copy = members[&name].clone();
                    members.insert(word(words, random), copy);
                }
                _ => drop(members.insert(word(words, random), leaf(words, random))),
            }
        }
        (_, Value::String(written)) => {
            let mut bytes = std::mem::take(written).into_bytes();
            text::damage(&mut bytes, b"", words, random);
            *written = String::from_utf8_lossy(&bytes).into_owned();
        }
        (_, Value::Number(number)) => {
            let mut digits = number.to_string().into_bytes();
            text::digits(&mut digits, random);
            let damaged = serde_json::from_slice(&digits);
            *place = damaged.unwrap_or_else(|_| leaf(words, random));
        }
        _ => *place = leaf(words, random),
    }
}

fn word(words: &[&str], random: &mut Random) -> String {
    match words.len() {
        0 => "a".to_owned(),
        length => words[random.below(length)].to_owned(),
    }
}

fn leaf(words: &[&str], random: &mut Random) -> Value {
    match random.below(8) {
        0 => Value::Null,
        1 => Value::Bool(random.once_in(2)),
        2 => Value::from(random.awkward()),
        3 => Value::from(f64::from_bits(random.bits())),
        4 => Value::from(random.below(300)),
        5 => Value::from(random.awkward().to_string()),
        6 => Value::from("x".repeat(random.below(1000))),
        _ => Value::from(word(words, random)),
    }
}

/// Writes a member of an object a second time: what a tree cannot hold and a text can.
fn repeat_a_member(input: &mut Vec<u8>, random: &mut Random) {
    let Some(start) = input.iter().position(|byte| *byte == b'{') else { return };
    let from = start + random.below(input.len() - start);
    let open = input[from..].iter().position(|byte| *byte == b'{').map_or(start, |at| from + at);
    let end = input[open..].iter().position(|byte| matches!(byte, b',' | b'}'));
    let Some(end) = end.map(|at| open + at) else { return };
    let mut member = input[open + 1..end].to_vec();
    member.push(b',');
    input.splice(open + 1..open + 1, member);
}
