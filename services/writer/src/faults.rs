//! What a failed insert means: [`classify`].

use clickhouse::error::Error;
use store::exception_code;

/// Why an insert, or a query, failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// ClickHouse could not be reached, or the connection broke.
    #[error("ClickHouse cannot be reached; check CLICKHOUSE_URL and that it runs")]
    Unreachable,
    /// No answer in time.
    #[error("ClickHouse did not answer in time")]
    TimedOut,
    /// ClickHouse answered with an exception.
    #[error("ClickHouse exception {code}{}", in_words(*.code))]
    Exception {
        /// Its code, as in `system.errors`.
        code: i32,
    },
    /// Something that is not ClickHouse answered, such as a proxy.
    #[error("no ClickHouse answered: {0}; check CLICKHOUSE_URL and what is between")]
    Answer(String),
    /// The table is not as it is written.
    #[error("table {table} is not as this version writes it: {difference}; migrate it")]
    OtherShape {
        /// The table.
        table: String,
        /// The first difference.
        difference: String,
    },
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::TimedOut => Self::TimedOut,
            Error::BadResponse(text) => match exception_code(&text) {
                Some(code) => Self::Exception { code },
                // Only the status line of whatever answered: a body could hold anything.
                None => Self::Answer(text.chars().take_while(|c| *c != '\n').take(40).collect()),
            },
            _ => Self::Unreachable,
        }
    }
}

/// What to do about a failed insert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It passes: try again.
    Passing,
    /// Neither time nor another batch helps, a person does: try again all the same, and say that
    /// the service is not ready. Exceptions that are not known here count as this, so that nothing
    /// is ever given up by mistake.
    Store,
    /// Some of the rows can never be inserted: find them; they are dead letters.
    Rows,
}

impl Fault {
    /// Its name, for a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Fault::Passing => "passing",
            Fault::Store => "store",
            Fault::Rows => "rows",
        }
    }
}

/// What a failed insert means.
pub fn classify(error: &StoreError) -> Fault {
    match error {
        StoreError::Unreachable | StoreError::TimedOut | StoreError::Answer(_) => Fault::Passing,
        StoreError::OtherShape { .. } => Fault::Store,
        StoreError::Exception { code } => match code {
            // Timeouts, sockets, connections: 3, 95, 96, 159, 160, 198, 203, 209, 210, 279, 364, 425.
            3 | 95 | 96 | 159 | 160 | 198 | 203 | 209 | 210 | 279 | 364 | 425
            // Too much at once: threads, queries, memory, quotas, connections, parts, mutations.
            | 173 | 201 | 202 | 241 | 252 | 439 | 574 | 692 | 745 | 749 | 762 | 777 | 778
            // Space and disks, local and remote.
            | 74 | 75 | 76 | 243 | 499 | 500
            // Replicas and Keeper; a table is read-only while its Keeper is away.
            | 225 | 242 | 244 | 254 | 255 | 265 | 285 | 286 | 289 | 308 | 319 | 529 | 999
            // Ended, cancelled or locked by something else that goes on with the same parts.
            | 235 | 236 | 373 | 384 | 394 | 473 | 517 | 677 | 734 | 735 | 738 => Fault::Passing,
            // Bytes that do not parse; values of another type or out of range; a constraint.
            6 | 26 | 27 | 32 | 33 | 38 | 41 | 53 | 69 | 70 | 72 | 117 | 128 | 131 | 321 | 349
            | 407 | 441 | 467 | 469 | 691 => Fault::Rows,
            _ => Fault::Store,
        },
    }
}

fn in_words(code: i32) -> &'static str {
    match code {
        16 => ": no such column; the table is of another version",
        60 => ": the table does not exist; was it dropped?",
        81 => ": the database does not exist; was it dropped?",
        164 => ": it only reads now",
        192..=194 | 516 => ": user or password is not accepted; check MIMAMORI_CLICKHOUSE_USER",
        202 => ": too many queries at once",
        241 => ": out of memory",
        242 => ": the table is read-only now",
        243 => ": no space left on its disk",
        252 => ": too many parts, merging falls behind",
        497 => ": this user may not insert; grant it",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_taken_and_the_text_with_the_row_is_not() {
        let text = "Code: 469. DB::Exception: Constraint `c` for table t is violated at row 1. \
                    Column values: body_weight = 61.5 (VIOLATED_CONSTRAINT)";
        let error = StoreError::from(Error::BadResponse(text.to_owned()));
        assert_eq!(error, StoreError::Exception { code: 469 });
        assert_eq!(error.to_string(), "ClickHouse exception 469");
        assert_eq!(StoreError::from(Error::TimedOut), StoreError::TimedOut);
    }

    #[test]
    fn what_passes_is_tried_again() {
        for code in [159, 202, 209, 210, 241, 242, 243, 252] {
            assert_eq!(classify(&StoreError::Exception { code }), Fault::Passing, "{code}");
        }
        assert_eq!(classify(&StoreError::Unreachable), Fault::Passing);
        assert_eq!(classify(&StoreError::TimedOut), Fault::Passing);
        let proxy = StoreError::from(Error::BadResponse("503 Service Unavailable".to_owned()));
        assert_eq!(classify(&proxy), Fault::Passing);
    }

    #[test]
    fn what_lies_in_a_row_is_looked_for_among_the_rows() {
        for code in [27, 53, 117, 131, 469, 691] {
            assert_eq!(classify(&StoreError::Exception { code }), Fault::Rows, "{code}");
        }
    }

    #[test]
    fn a_missing_table_a_refused_password_and_unknown_exceptions_are_never_the_rows_fault() {
        for code in [16, 60, 81, 164, 497, 516, 0, -1, 123_456] {
            assert_eq!(classify(&StoreError::Exception { code }), Fault::Store, "{code}");
        }
    }
}
