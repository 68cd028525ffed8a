//! The tables that are written.

use std::fmt;

use clinical::Kind;

/// The tables besides those of readings, each once.
macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident = $name:literal),+ $(,)?) => {
        /// A table of the store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Table {
            /// Readings of a kind; the table has the kind's name.
            Readings(Kind),
            $($(#[$doc])* $table,)+
        }

        impl Table {
            const OTHERS: &[Table] = &[$(Table::$table),+];

            /// Its name in ClickHouse.
            pub const fn name(self) -> &'static str {
                match self {
                    Table::Readings(kind) => kind.as_str(),
                    $(Table::$table => $name,)+
                }
            }
        }
    };
}

tables! {
    /// Alert events.
    Alerts = "alerts",
    /// Raw records that were not accepted.
    RejectedReadings = "rejected_readings",
    /// What became of each range of raw records.
    OutcomeTallies = "outcome_tallies",
    /// Accesses.
    AuditEvents = "audit_events",
    /// The sets of patients that accesses refer to.
    AuditSets = "audit_sets",
}

impl Table {
    /// How many tables there are.
    pub const COUNT: usize = Kind::ALL.len() + Self::OTHERS.len();

    /// Every table, in the order of [`Table::index`].
    pub fn all() -> impl Iterator<Item = Table> {
        Kind::ALL.into_iter().map(Table::Readings).chain(Self::OTHERS.iter().copied())
    }

    /// Its place among all tables, from 0.
    pub fn index(self) -> usize {
        let others = || Self::OTHERS.iter().take_while(|other| **other != self).count();
        match self {
            Table::Readings(kind) => kind as usize,
            _ => Kind::ALL.len() + others(),
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
