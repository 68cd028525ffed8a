//! Whether a topic still keeps all that is asked for: what it does not is said, not passed over.

use std::ops::ControlFlow;

use chassis::now_ms;
use clinical::Timestamp;
use schemas::Topics;
use schemas::topics::Topic;
use stream::KafkaArgs;
use stream::browse::read_to_end;
use stream::follow::Start;
use stream::topics::all_offsets;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Whether something is gone of a partition that was received since a time, given the first offset that is
/// kept and when its record was received: that time is before what the topic has to keep, there were others
/// before the first record, and that is newer.
fn is_cut(
    (first, received_ms): (i64, Option<i64>),
    since_ms: i64,
    has_to_keep_since_ms: i64,
) -> bool {
    first > 0 && since_ms < has_to_keep_since_ms && received_ms.is_none_or(|time| time > since_ms)
}

/// Says so where a topic may not keep all since a time. Blocks the thread.
pub(crate) fn tell_of_what_is_gone(
    kafka: &KafkaArgs,
    (topics, topic): (&Topics, Topic),
    since_ms: i64,
) -> anyhow::Result<()> {
    let Some(days) = topic.least_retention_days() else { return Ok(()) };
    let has_to_keep_since = now_ms().saturating_sub(days.saturating_mul(DAY_MS));
    if since_ms >= has_to_keep_since {
        return Ok(());
    }
    let name = topics.name(topic);
    let mut cut = 0;
    for of in all_offsets(kafka, &name)?.into_iter().filter(|of| of.first > 0) {
        let mut received = None;
        read_to_end(kafka, &name, Some(of.partition), Start::Beginning, |record| {
            received = Some(record.timestamp_ms);
            ControlFlow::Break(())
        })?;
        cut += usize::from(is_cut((of.first, received), since_ms, has_to_keep_since));
    }
    if cut > 0 {
        eprintln!(
            "mimamori: {name} does not keep all since {} any more, in {cut} of its partitions: what is older than they keep is missing here",
            Timestamp::from_millis(since_ms)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_from_before_a_partitions_first_record_may_be_gone_where_others_were_before()
     {
        let is_cut = |first, received| is_cut((first, received), 5 * DAY_MS, 6 * DAY_MS);
        assert!(is_cut(7, Some(9 * DAY_MS)));
        assert!(is_cut(7, None), "all of it is gone");
        assert!(!is_cut(7, Some(5 * DAY_MS)), "it reaches back as far");
        assert!(!is_cut(0, Some(9 * DAY_MS)), "nothing was before it");
        assert!(!super::is_cut((7, Some(9 * DAY_MS)), 6 * DAY_MS, 6 * DAY_MS), "that it keeps");
    }
}
