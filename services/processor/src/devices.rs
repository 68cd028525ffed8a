//! How far products are trusted, kept current from the topic `registry.devices`, which every processor
//! reads whole.

use std::collections::BTreeMap;

use clinical::reliability::{ProductDigest, Trust, TrustedProducts};
use schemas::registry::DeviceModel;
use stream::record::Incoming;

use crate::followed::{Followed, Reader, Records};
use crate::left_out::What;

/// How far products are trusted, as the topic says now.
pub type FollowedDevices = Followed<TrustedProducts>;

impl FollowedDevices {
    /// Takes the place of what was known.
    pub fn set(&self, products: TrustedProducts) {
        self.change(|known| *known = products);
    }
}

/// Takes in the list of devices.
pub(crate) struct Devices {
    records: Records<DeviceModel>,
    /// The products that somebody has judged, by the keys of their entries.
    products: BTreeMap<Vec<u8>, (ProductDigest, Trust)>,
}

impl Devices {
    pub(crate) fn by(records: Records<DeviceModel>) -> Self {
        Self { records, products: BTreeMap::new() }
    }
}

impl Reader for Devices {
    type List = TrustedProducts;

    /// An entry that cannot be read takes the former one of its key away: a product of which nothing is
    /// known is not trusted.
    fn read(&mut self, record: &Incoming, devices: &FollowedDevices) {
        let Some(key) = record.key.clone() else { return };
        let entry = match &record.payload {
            None => None,
            Some(bytes) => match self.records.decoded(bytes) {
                None => return,
                Some(entry) => entry
                    .map_err(|error| self.records.left_out.count(What::Device, record, error))
                    .ok(),
            },
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
    use chassis::{Metrics, Shutdown};
    use schemas::Codec;
    use schemas::topics::Topic;

    use super::*;
    use crate::left_out::LeftOut;

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
        let stop = Shutdown::new();
        let records = Records::of(Topic::RegistryDevices, &codec, left_out, &stop);
        let mut reader = Devices::by(records);
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
