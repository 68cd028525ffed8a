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

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::reading::{DataInput, OriginOfTime};
    use crate::records::StoredOutcome;

    fn enum8(values: impl IntoIterator<Item = (impl Serialize, i8)>) -> String {
        let code = |(value, number)| {
            let name = serde_json::to_value(value).unwrap();
            format!("'{}' = {number}", name.as_str().unwrap())
        };
        format!("Enum8({})", Vec::from_iter(values.into_iter().map(code)).join(", "))
    }

    #[test]
    fn the_columns_of_every_kind_have_the_numbers_of_our_enums() {
        let clocks = OriginOfTime::ALL.map(|clock| (Some(clock), clock as i8 + 1));
        let expected = [
            ("data_input", enum8(DataInput::ALL.map(|input| (input, input as i8)))),
            ("origin_of_time", enum8(clocks).replace("Enum8(", "Enum8('' = 0, ")),
            ("outcome", enum8(StoredOutcome::ALL.map(|outcome| (outcome, outcome as i8)))),
        ];
        for (column, type_of_column) in expected {
            let columns = MIGRATIONS.iter().flat_map(|migration| migration.sql.lines());
            let columns = columns.filter_map(|line| line.trim().strip_prefix(column));
            let columns = columns.map(str::trim_start).filter(|rest| rest.starts_with("Enum8("));
            let mut tables = 0;
            for found in columns {
                assert_eq!(found.trim_end_matches(','), type_of_column, "{column}");
                tables += 1;
            }
            assert_eq!(tables, clinical::Kind::ALL.len(), "{column}");
        }
    }
}
