use proptest::prelude::*;

use super::*;
use crate::codec::{Record, datum_reader, parse_own};
use crate::made::{choices, made_body};
use crate::reading::Reading;
use crate::records::AcceptedReading;

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let schema = parse_own(AcceptedReading::SCHEMA).schema;
    choices(60).prop_map(|mut choices| made_body(schema, &mut choices))
}

/// What a way of reading makes of bytes, and how many it leaves; `Debug` tells all numbers apart.
fn shown<T: std::fmt::Debug, E>(read: Result<T, E>, rest: &[u8]) -> Option<String> {
    read.ok().map(|value| format!("{value:?}, {} bytes left", rest.len()))
}

fn both_ways<T: Record + std::fmt::Debug>(bytes: &[u8]) -> (Option<String>, Option<String>) {
    let mut fields = Body::new(bytes);
    let by_fields = (T::READ.unwrap().current)(&mut fields);
    let mut rest = bytes;
    let by_schema = datum_reader(parse_own(T::SCHEMA).schema).read_deser::<T>(&mut rest);
    (shown(by_fields, fields.rest()), shown(by_schema, rest))
}

proptest! {
    #[test]
    fn a_body_read_by_fields_is_the_body_read_by_its_schema(body in bodies()) {
        let (by_fields, by_schema) = both_ways::<AcceptedReading>(&body);
        prop_assert!(by_fields.is_some());
        prop_assert_eq!(by_fields, by_schema);
        let (by_fields, by_schema) = both_ways::<Reading>(&body);
        prop_assert!(by_fields.is_some());
        prop_assert_eq!(by_fields, by_schema);
    }

    #[test]
    fn a_damaged_body_is_refused_by_both_or_read_alike(
        mut body in bodies(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in any::<prop::sample::Index>(),
    ) {
        for (place, byte) in damages {
            let place = place.index(body.len());
            body[place] = byte;
        }
        let length = length.index(body.len() + 1);
        for bytes in [&body[..], &body[..length]] {
            let (by_fields, by_schema) = both_ways::<AcceptedReading>(bytes);
            prop_assert_eq!(by_fields, by_schema);
        }
    }
}

#[test]
fn a_number_longer_than_64_bits_is_refused() {
    assert!(Body::new(&[0xff; 11]).long("n").is_err());
    assert_eq!(
        Body::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).long("n"),
        Ok(i64::MIN)
    );
}
