//! Every kind of record has an exchange document among the examples.

use std::collections::BTreeSet;

use clinical::Kind;
use examples::GOOD_DOCUMENTS;

use super::contract::read;

#[test]
fn every_kind_that_exchange_documents_have_stands_in_a_good_one() {
    let parsed = GOOD_DOCUMENTS.iter().map(|(_, text)| read(text).unwrap());
    let kinds: BTreeSet<_> = parsed
        .flat_map(|parsed| parsed.entries)
        .map(|entry| entry.result.unwrap().reading.measurement.kind())
        .collect();
    for kind in Kind::ALL {
        assert!(
            kinds.contains(&kind),
            "no good document has {kind}: add one to schemas/examples/good/ and GOOD_DOCUMENTS"
        );
    }
}
