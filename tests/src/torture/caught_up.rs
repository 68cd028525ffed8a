//! When the platform has caught up after a fault.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clinical::{Kind, Span};

use super::senders::Senders;
use super::watching::Watching;
use crate::readings::now;
use crate::stack::Stack;

/// The lag that the platform has without any fault: what was sent longer ago than this is answered
/// and stored.
const USUAL: Duration = Duration::from_millis(1500);
/// A fault from which the platform has not recovered by then has broken it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until nothing is behind: every sender has its acknowledgements, every raw record an outcome,
/// and every accepted reading is in the store. Returns how long that took.
///
/// # Panics
/// When it takes too long, with what is behind.
pub(super) fn wait(stack: &Stack, senders: &Senders<'_>, watching: &Watching) -> Duration {
    let begun = Instant::now();
    loop {
        let looked = begun.elapsed();
        match look(stack, senders, watching) {
            Ok(()) => return looked,
            Err(behind) => assert!(looked < PATIENCE, "not recovered in {PATIENCE:?}: {behind}"),
        }
    }
}

/// Whether all that is there now is answered and stored within the usual time.
fn look(stack: &Stack, senders: &Senders<'_>, watching: &Watching) -> Result<(), String> {
    let looked = Instant::now();
    let patience = Span::from_millis(USUAL.as_millis() as i64);
    if senders.oldest_waiting().is_some_and(|due| due + patience < now()) {
        std::thread::sleep(Duration::from_millis(100));
        return Err("readings are not acknowledged".to_owned());
    }
    let (raw, accepted) = {
        let seen = watching.seen();
        (seen.raw.clone(), seen.accepted.clone())
    };
    let answered = || match is_past(&watching.seen().answered, &raw) {
        Some(partition) => Err(format!("outcomes of partition {partition}")),
        None => Ok(()),
    };
    let stored = || match is_past(&stored(stack)?, &accepted) {
        Some((kind, partition)) => Err(format!("the store, {kind} of partition {partition}")),
        None => Ok(()),
    };
    let mut state = answered().and_then(|()| stored());
    while state.is_err() && looked.elapsed() < USUAL {
        std::thread::sleep(Duration::from_millis(100));
        state = answered().and_then(|()| stored());
    }
    state
}

/// The first place at which what was reached is before what is due.
fn is_past<K: Ord + Clone>(reached: &BTreeMap<K, i64>, due: &BTreeMap<K, i64>) -> Option<K> {
    let behind = |(place, due): &(&K, &i64)| reached.get(place).is_none_or(|at| at < due);
    due.iter().find(behind).map(|(place, _)| place.clone())
}

/// Offset of the raw record of the newest reading in the store, by kind and partition.
fn stored(stack: &Stack) -> Result<BTreeMap<(String, i32), i64>, String> {
    let of_kind = Kind::ALL.map(|kind| {
        format!(
            "SELECT '{kind}' AS kind, origin_partition AS p, toInt32(max(origin_offset)) AS o \
             FROM {kind} GROUP BY p"
        )
    });
    let rows = stack.try_sql(&of_kind.join(" UNION ALL "))?;
    let number = |value: &serde_json::Value| value.as_i64().unwrap_or(-1);
    let place = |row: &serde_json::Value| {
        (row["kind"].as_str().unwrap_or_default().to_owned(), number(&row["p"]) as i32)
    };
    Ok(rows.iter().map(|row| (place(row), number(&row["o"]))).collect())
}
