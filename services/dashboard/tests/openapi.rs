//! The committed document is what the handlers say: the pages' types are made from it.

use std::path::Path;

#[test]
fn the_committed_document_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let generated = dashboard::api::openapi_json();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &generated).expect("openapi.json can be written");
    }
    let committed = std::fs::read_to_string(&path).expect("openapi.json is committed");
    assert!(
        committed == generated,
        "openapi.json is not what the handlers say; run UPDATE_OPENAPI=1 cargo test -p dashboard \
         --test openapi, look at the difference and commit it"
    );
}
