//! `Reading` as it travels: nothing of it is validated yet. [`Reading::validate`] makes a
//! [`clinical::Reading`] of it.
//!
//! Field by field as `avro/reading.avsc` says, which holds units and ranges.
#![allow(missing_docs, reason = "the Avro schema beside it documents every field")]

use serde::{Deserialize, Serialize};

pub use crate::measurement::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub consortium_id: String,
    pub person_id: String,
    /// Milliseconds since the epoch.
    pub observation_time: i64,
    #[serde(default = "japan")]
    pub utc_offset_minutes: i32,
    /// Milliseconds since the epoch.
    pub update_time: i64,
    pub source: Source,
    pub data_input: DataInput,
    #[serde(default)]
    pub origin_of_time: Option<OriginOfTime>,
    #[serde(default)]
    pub status: ReadingStatus,
    pub measurement: Measurement,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub send_time: Option<i64>,
    #[serde(default)]
    pub vendor: Option<String>,
}

/// Offset of Japan's civil time from UTC, minutes.
pub const fn japan() -> i32 {
    540
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Source {
    Device(Device),
    TestLab(TestLab),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    pub manufacturer: String,
    #[serde(default)]
    pub model_number: Option<String>,
    pub serial: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestLab {
    pub test_lab_id: String,
}

/// An enum that the exchange standard gives codes. A code's number is part of digests, and so of
/// stored versions, for ever; the columns of ClickHouse are made of it too.
macro_rules! coded {
    ($name:ident { $($value:ident = $code:literal),+ $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($value = $code),+
        }

        impl $name {
            /// Every value, in the order of the schema.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$value),+];

            /// Every value with its code in the exchange document.
            pub const CODES: [(&'static str, Self); Self::ALL.len()] =
                [$((stringify!($code), Self::$value)),+];

            /// Its code in the exchange document.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$value => stringify!($code)),+
                }
            }
        }
    };
}

coded!(DataInput { Device = 0, Manual = 1, Modified = 2 });
impl DataInput {
    /// Whether a person has written the values, or changed them.
    pub fn is_by_hand(self) -> bool {
        self != Self::Device
    }
}

coded!(OriginOfTime { Device = 0, App = 1 });

/// Its numbers are part of digests, and so of stored versions, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadingStatus {
    #[default]
    Final = 0,
    EnteredInError = 1,
}

impl ReadingStatus {
    /// Every value with its code in the exchange document, an extension: FHIR's words.
    pub const CODES: [(&'static str, Self); 2] =
        [("final", Self::Final), ("entered_in_error", Self::EnteredInError)];
}

impl Reading {
    /// The Kafka key: `consortium_id/person_id`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.consortium_id, self.person_id)
    }
}
