//! The ClickHouse tables, as numbered migrations that are applied once, in order.

mod generated;

pub use generated::MIGRATIONS;

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

impl Migration {
    /// Its statements one by one, without their semicolons.
    pub fn statements(&self) -> impl Iterator<Item = &'static str> {
        self.sql.split(";\n").map(str::trim).filter(|statement| !statement.is_empty())
    }
}
