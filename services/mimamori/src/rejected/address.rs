//! Names of rejected records: the place of the raw record, `PARTITION/OFFSET`.

use std::fmt;
use std::str::FromStr;

use schemas::Origin;
use stream::record::Position;

/// Where a raw record stands in `readings.raw`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
}

/// A text that is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address is written PARTITION/OFFSET, as `mimamori rejected list` says it: 3/1042")]
pub struct NoAddress;

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        fn number<T: FromStr>(digits: &str) -> Option<T> {
            let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
            only_digits.then(|| digits.parse().ok()).flatten()
        }
        let (partition, offset) = text.split_once('/').ok_or(NoAddress)?;
        Ok(Self {
            partition: number(partition).ok_or(NoAddress)?,
            offset: number(offset).ok_or(NoAddress)?,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.offset)
    }
}

impl From<Origin> for Address {
    fn from(origin: Origin) -> Self {
        Self { partition: origin.partition, offset: origin.offset }
    }
}

impl From<Position> for Address {
    fn from(place: Position) -> Self {
        Self { partition: place.partition, offset: place.offset }
    }
}

impl From<Address> for Position {
    fn from(address: Address) -> Self {
        Self { partition: address.partition, offset: address.offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_partition_slash_offset() {
        let address: Address = "3/1042".parse().unwrap();
        assert_eq!(address, Address { partition: 3, offset: 1042 });
        assert_eq!(address.to_string(), "3/1042");
        for other in ["", "3", "/", "3/", "/1", "-1/2", "+1/2", "3/1042/1", "3/ 1", "9999999999/1"]
        {
            assert_eq!(other.parse::<Address>(), Err(NoAddress), "{other}");
        }
    }
}
