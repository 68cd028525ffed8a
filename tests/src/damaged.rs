//! Damaged parts of the store, and what docs/operations.md asks of operators then.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schemas::topics::Topic;

use crate::service::Service;
use crate::stack::Stack;
use crate::wait::eventually;

/// What the writer reads.
const STORED: [Topic; 6] = [
    Topic::ReadingsAccepted,
    Topic::ReadingsRejected,
    Topic::ReadingsOutcomes,
    Topic::Alerts,
    Topic::AuditEvents,
    Topic::AuditSets,
];

/// A part of a table that does not hold what it should.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DamagedPart {
    pub table: String,
    pub part: String,
}

impl Stack {
    /// What the engine says of its own data, once no merge is at work.
    ///
    /// # Errors
    /// What ClickHouse says instead, or that it merges.
    pub fn damaged_parts(&self) -> Result<BTreeSet<DamagedPart>, String> {
        let merges =
            self.number("SELECT count() FROM system.merges WHERE database = currentDatabase()")?;
        if merges > 0 {
            return Err(format!("{merges} merges are at work"));
        }
        let mut damaged = BTreeSet::new();
        for table in self.tables()? {
            let check = format!("CHECK TABLE {table} SETTINGS check_query_single_value_result = 0");
            for row in self.try_sql(&check)? {
                let is_passed = row["is_passed"].as_u64().ok_or_else(|| row.to_string())?;
                if is_passed == 0 {
                    let part = row["part_path"].as_str().ok_or_else(|| row.to_string())?;
                    damaged.insert(DamagedPart { table: table.clone(), part: part.to_owned() });
                }
            }
        }
        Ok(damaged)
    }

    fn tables(&self) -> Result<Vec<String>, String> {
        let tables = "SELECT name FROM system.tables \
             WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name";
        let rows = self.try_sql(tables)?;
        Ok(rows.iter().filter_map(|row| row["name"].as_str().map(str::to_owned)).collect())
    }

    /// Where the files of a part are.
    pub fn folder_of(&self, part: &DamagedPart) -> PathBuf {
        let DamagedPart { table, part } = part;
        let rows = self.sql(&format!(
            "SELECT path FROM system.parts WHERE active AND database = currentDatabase() \
             AND table = '{table}' AND name = '{part}'"
        ));
        PathBuf::from(rows[0]["path"].as_str().unwrap())
    }

    /// Takes damaged parts out of the tables and lets the writer read everything again that Kafka
    /// has. Nothing happens where no part is damaged. Answers those that were.
    #[track_caller]
    pub fn mend_store(&self) -> BTreeSet<DamagedPart> {
        let mut damaged = self.damaged_now();
        if damaged.is_empty() {
            return damaged;
        }
        assert_eq!(self.terminate(Service::Writer).code(), Some(0));
        loop {
            // Others than before, where a merge has taken one in.
            let still = self.damaged_now();
            if still.is_empty() {
                break;
            }
            for DamagedPart { table, part } in &still {
                let detached = self.try_sql(&format!("ALTER TABLE {table} DETACH PART '{part}'"));
                if let Err(error) = detached {
                    assert!(error.contains("NO_SUCH_DATA_PART"), "{table}, {part}: {error}");
                }
            }
            damaged.extend(still);
        }
        self.rewind_the_writer();
        self.start(&[Service::Writer]);
        damaged
    }

    #[track_caller]
    fn damaged_now(&self) -> BTreeSet<DamagedPart> {
        eventually("the store says which of its parts are damaged", || self.damaged_parts())
    }

    /// As `kafka-consumer-groups.sh --reset-offsets --to-earliest` does for a group without members.
    fn rewind_the_writer(&self) {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.kafka.bootstrap_servers)
            .set("group.id", self.topics.writer_group())
            .create()
            .unwrap();
        let mut beginning = TopicPartitionList::new();
        for topic in STORED.map(|topic| self.topics.name(topic)) {
            let metadata = consumer.fetch_metadata(Some(&topic), Duration::from_secs(10)).unwrap();
            for partition in metadata.topics()[0].partitions() {
                let offset = Offset::Offset(0);
                beginning.add_partition_offset(&topic, partition.id(), offset).unwrap();
            }
        }
        eventually("the writer's group is without members and begins anew", || {
            consumer.commit(&beginning, CommitMode::Sync).map_err(|error| error.to_string())
        });
    }
}
