//! The ClickHouse tables, as numbered migrations that are applied once, in order.

/// A step from one shape of the tables to the next.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number, counting from 1.
    pub number: u32,
    /// Its name.
    pub name: &'static str,
    /// Its statements, separated by semicolons at line ends.
    pub sql: &'static str,
}

macro_rules! migration {
    ($number:literal, $name:literal) => {
        Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../clickhouse/", $name, ".sql")),
        }
    };
}

/// Every migration, in order.
pub const MIGRATIONS: [Migration; 3] =
    [migration!(1, "0001_readings"), migration!(2, "0002_alerts"), migration!(3, "0003_outcomes")];

impl Migration {
    /// Its statements one by one, without their semicolons.
    pub fn statements(&self) -> impl Iterator<Item = &'static str> {
        self.sql.split(";\n").map(str::trim).filter(|statement| !statement.is_empty())
    }
}
