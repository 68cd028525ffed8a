//! By which local times consortia live, kept current from the topic `registry.consortia`, which every
//! processor reads whole.

use clinical::local_time::{ConsortiumTimes, LocalTime};
use schemas::registry::Consortium;
use stream::record::Incoming;

use crate::followed::{Followed, Reader, Records};
use crate::left_out::What;

/// The local times of consortia as the topic says now.
pub type FollowedConsortia = Followed<ConsortiumTimes>;

impl FollowedConsortia {
    /// Takes in the local time of a consortium; none where nobody names its zone any more.
    pub fn apply(&self, consortium: &str, local: Option<LocalTime>) {
        self.change(|times| times.set(consortium, local));
    }
}

/// Takes in the list of consortia.
pub(crate) struct Consortia(pub(crate) Records<Consortium>);

impl Reader for Consortia {
    type List = ConsortiumTimes;

    /// An entry that cannot be used takes the former one of its consortium away, and that is reported:
    /// Kafka keeps no former one either, so who starts later would judge otherwise.
    fn read(&mut self, record: &Incoming, consortia: &FollowedConsortia) {
        let unusable = |error: &dyn std::fmt::Display| {
            self.0.left_out.count(What::Consortium, record, error);
        };
        let Some(id) = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()) else {
            return unusable(&"its key is no consortium_id");
        };
        let Some(bytes) = &record.payload else { return consortia.apply(id, None) };
        let local = match self.0.decoded(bytes) {
            None => return,
            Some(Ok(entry)) => {
                let local = entry.local_time();
                if local.is_none() {
                    unusable(&"its time_zone is not in the tz database");
                }
                local
            }
            Some(Err(error)) => {
                unusable(&error);
                None
            }
        };
        consortia.apply(id, local);
    }
}

#[cfg(test)]
mod tests {
    use chassis::{Metrics, Shutdown};
    use schemas::Codec;
    use schemas::topics::Topic;

    use super::*;
    use crate::left_out::LeftOut;

    #[test]
    fn a_consortium_lives_where_its_newest_entry_says_and_in_japan_where_that_is_unusable() {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder("registry.consortia").unwrap();
        let metrics = Metrics::for_service("processor");
        let left_out = LeftOut::register(&metrics).unwrap();
        let stop = Shutdown::new();
        let records = Records::of(Topic::RegistryConsortia, &codec, left_out, &stop);
        let mut reader = Consortia(records);
        let consortia = FollowedConsortia::default();
        let mut says = |payload: Option<Vec<u8>>| {
            let record = Incoming {
                topic: "registry.consortia".into(),
                partition: 0,
                offset: 0,
                timestamp_ms: 0,
                key: Some("BER001".into()),
                payload,
            };
            reader.read(&record, &consortia);
            consortia.current().of("BER001").name().to_owned()
        };
        let in_zone = |zone: &str| {
            let (consortium_id, time_zone) = ("BER001".to_owned(), zone.to_owned());
            let entry = Consortium { consortium_id, name: String::new(), time_zone };
            Some(encoder.encode(&entry).unwrap())
        };
        assert_eq!(says(in_zone("Europe/Berlin")), "Europe/Berlin");
        assert_eq!(says(in_zone("America/Los_Angeles")), "America/Los_Angeles");
        assert_eq!(says(in_zone("Europe/Nowhere")), "Asia/Tokyo");
        assert_eq!(says(in_zone("Europe/Berlin")), "Europe/Berlin");
        assert_eq!(says(Some(b"no framing".to_vec())), "Asia/Tokyo");
        assert_eq!(says(in_zone("Europe/Berlin")), "Europe/Berlin");
        assert_eq!(says(None), "Asia/Tokyo");
        let text = String::from_utf8(metrics.text().unwrap()).unwrap();
        assert!(text.contains("left_out_total{topic=\"registry.consortia\"} 2"), "{text}");
    }
}
