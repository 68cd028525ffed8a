//! The tables that are written.

use std::fmt;

use clinical::Kind;

/// A table of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Readings of a kind; the table has the kind's name.
    Readings(Kind),
    /// Alert events.
    Alerts,
    /// Raw records that were not accepted.
    RejectedReadings,
    /// What became of each range of raw records.
    OutcomeTallies,
    /// Accesses.
    AuditEvents,
}

impl Table {
    /// How many tables there are.
    pub const COUNT: usize = Kind::ALL.len() + 4;

    /// Every table, in the order of [`Table::index`].
    pub fn all() -> impl Iterator<Item = Table> {
        Kind::ALL.into_iter().map(Table::Readings).chain([
            Table::Alerts,
            Table::RejectedReadings,
            Table::OutcomeTallies,
            Table::AuditEvents,
        ])
    }

    /// Its place among all tables, from 0.
    pub const fn index(self) -> usize {
        match self {
            Table::Readings(kind) => kind as usize,
            Table::Alerts => Kind::ALL.len(),
            Table::RejectedReadings => Kind::ALL.len() + 1,
            Table::OutcomeTallies => Kind::ALL.len() + 2,
            Table::AuditEvents => Kind::ALL.len() + 3,
        }
    }

    /// Its name in ClickHouse.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Readings(kind) => kind.as_str(),
            Table::Alerts => "alerts",
            Table::RejectedReadings => "rejected_readings",
            Table::OutcomeTallies => "outcome_tallies",
            Table::AuditEvents => "audit_events",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_own_place() {
        let places: Vec<usize> = Table::all().map(Table::index).collect();
        assert_eq!(places, (0..Table::COUNT).collect::<Vec<_>>());
    }
}
