//! How far products are trusted, kept current from the topic `registry.devices`, which every processor
//! reads whole.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use chassis::{KafkaArgs, Shutdown};
use clinical::reliability::{ProductDigest, Trust, TrustedProducts};
use schemas::registry::DeviceModel;
use schemas::topics::Topic;
use schemas::{Codec, Decoder};
use stream::StreamError;
use stream::follow::FollowHandle;
use stream::record::Incoming;

use crate::followed::{decoded, read_and_follow};
use crate::metrics::LeftOut;

/// How far products are trusted, as the topic says now.
#[derive(Default, Clone)]
pub struct FollowedDevices(Arc<RwLock<Arc<TrustedProducts>>>);

impl FollowedDevices {
    /// All of them. The same pointer as before where nothing has changed.
    pub fn current(&self) -> Arc<TrustedProducts> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the place of what was known.
    pub fn set(&self, products: TrustedProducts) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if products != **known {
            *known = Arc::new(products);
        }
    }

    /// Follows the topic on a thread of its own, and returns when all that was there has been read, or
    /// when stopped.
    pub(crate) fn follow(
        &self,
        (kafka, topic): (&KafkaArgs, &str),
        codec: &Codec,
        left_out: LeftOut,
        stop: &Shutdown,
        waiting: impl Fn(),
    ) -> Result<FollowHandle, StreamError> {
        let devices = self.clone();
        let (decoder, stopping) = (codec.decoder(), stop.clone());
        let mut reader = Reader { decoder, left_out, stop: stopping, products: BTreeMap::new() };
        let take = move |record: &Incoming| reader.read(record, &devices);
        read_and_follow((kafka, topic), stop, waiting, take)
    }
}

struct Reader {
    decoder: Decoder<DeviceModel>,
    left_out: LeftOut,
    stop: Shutdown,
    /// The products that somebody has judged, by the keys of their entries.
    products: BTreeMap<Vec<u8>, (ProductDigest, Trust)>,
}

impl Reader {
    /// An entry that cannot be read takes the former one of its key away: a product of which nothing is
    /// known is not trusted.
    fn read(&mut self, record: &Incoming, devices: &FollowedDevices) {
        let Some(key) = record.key.clone() else { return };
        let entry = match &record.payload {
            None => None,
            Some(bytes) => {
                match decoded(&self.decoder, bytes, Topic::RegistryDevices, &self.stop) {
                    None => return,
                    Some(Ok(entry)) => Some(entry),
                    Some(Err(error)) => {
                        self.left_out.count_device(record, error);
                        None
                    }
                }
            }
        };
        let known = match entry.and_then(|entry| entry.trusted()) {
            Some(product) => self.products.insert(key, product) == Some(product),
            None => self.products.remove(&key).is_none(),
        };
        if !known {
            devices.set(self.products.values().copied().collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::Metrics;

    use super::*;

    fn entry(model: &str, trust: Option<Trust>) -> DeviceModel {
        DeviceModel {
            manufacturer: "KAWASEMI".into(),
            model_number: model.into(),
            name: "watch".into(),
            corrects_clock: false,
            conformity: None,
            accuracy: None,
            trust,
            reliability: None,
        }
    }

    #[test]
    fn a_product_is_trusted_as_its_newest_entry_says_and_not_where_that_cannot_be_read() {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder("registry.devices").unwrap();
        let left_out = LeftOut::register(&Metrics::for_service("processor")).unwrap();
        let (decoder, products) = (codec.decoder(), BTreeMap::new());
        let mut reader = Reader { decoder, left_out, stop: Shutdown::new(), products };
        let devices = FollowedDevices::default();
        let product = ProductDigest::of("KAWASEMI", "W-1").unwrap();
        let mut says = |payload: Option<Vec<u8>>| {
            let record = Incoming {
                topic: "registry.devices".into(),
                partition: 0,
                offset: 0,
                timestamp_ms: 0,
                key: Some("KAWASEMI|W-1".into()),
                payload,
            };
            reader.read(&record, &devices);
            devices.current().trust_of(product)
        };
        let of = |trust| Some(encoder.encode(&entry("W-1", trust)).unwrap());
        assert_eq!(says(of(Some(Trust::High))), Some(Trust::High));
        assert_eq!(says(of(Some(Trust::Low))), Some(Trust::Low));
        assert_eq!(says(of(None)), None);
        assert_eq!(says(of(Some(Trust::Moderate))), Some(Trust::Moderate));
        assert_eq!(says(Some(b"no framing".to_vec())), None);
        assert_eq!(says(of(Some(Trust::Moderate))), Some(Trust::Moderate));
        assert_eq!(says(None), None);
    }
}
