//! Tables of many patients: whose turn it is, and until when.

use chassis::ClickHouseArgs;
use tokio::net::TcpListener;

use super::*;
use crate::queries::Store;

const TRENDS: &str = "/api/v1/trends";

#[tokio::test]
async fn no_table_waits_for_summaries_and_of_many_tables_the_last_are_asked_to_come_back() {
    let api = api();
    let Dashboard { turns, tables, .. } = &*api.dashboard;
    let summaries = (turns.take().await.unwrap(), turns.take().await.unwrap());
    let (_, problem) = api.get("dr.sato", TRENDS).await;
    assert_eq!(problem["type"], "urn:mimamori:problem:store-unavailable", "it was asked at once");
    drop(summaries);
    let _held = (tables.take().await.unwrap(), tables.take().await.unwrap());
    let (status, problem) = api.get("dr.sato", TRENDS).await;
    assert_eq!((status.as_u16(), turns.free()), (503, 2));
    assert_eq!(problem["type"], "urn:mimamori:problem:summaries-busy");
}

#[tokio::test]
async fn who_hangs_up_frees_no_turn_while_the_store_is_still_asked() {
    let (mut dashboard, audit) = testing::dashboard();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let store = ClickHouseArgs::local(&url, "mimamori");
    let shared = Arc::get_mut(&mut dashboard).unwrap();
    shared.store = Store::new(&store, shared.metrics.clone());
    let api = Arc::new(Api::of(dashboard, audit));
    let client = tokio::spawn({
        let api = Arc::clone(&api);
        async move { api.get("dr.sato", TRENDS).await }
    });
    let _asked = silent.accept().await.unwrap();
    assert_eq!(api.dashboard.tables.free(), 1);
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    assert_eq!(api.dashboard.tables.free(), 1, "the store still works on it");
}
