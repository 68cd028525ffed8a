//! The readings of a patient as the rules take them in: for previews.

use clinical::preview::{ReceivedReading, needed_from};
use clinical::{Kind, PatientId, Timestamp};

use super::current::{self, CurrentRow};
use super::readings::{CONDITION, bound, of_kinds};
use super::{MOST_READINGS, Store, StoreError, at_most};

impl Store {
    /// The current readings of a patient that a preview from a time on needs, observed before another,
    /// with their receipts.
    ///
    /// # Errors
    /// When ClickHouse does not answer in time, or has more readings than an answer is made of.
    pub async fn received_readings(
        &self,
        patient: &PatientId,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<ReceivedReading>, StoreError> {
        let mut query = self
            .client
            .query(&sql())
            .param("patient", patient.as_str())
            .param("to", bound(to))
            .param("limit", MOST_READINGS + 1);
        for kind in Kind::ALL {
            query = query.param(&from_of(kind), bound(needed_from(kind, from)));
        }
        let rows: Vec<CurrentRow> = self.ask("received_readings", query.fetch_all()).await?;
        at_most(MOST_READINGS, rows)?.into_iter().map(CurrentRow::into_received).collect()
    }
}

/// The name of the parameter that says from when on a kind is asked for.
fn from_of(kind: Kind) -> String {
    format!("from_{kind}")
}

fn sql() -> String {
    let each = of_kinds(Kind::ALL, |kind| {
        let condition = CONDITION.replace("{from:", &format!("{{{}:", from_of(kind)));
        current::readings(kind, &condition)
    });
    format!("SELECT * FROM ({each}) LIMIT {{limit:UInt64}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_asked_for_as_far_back_as_its_rules_look() {
        let sql = sql();
        assert!(!sql.contains("{from:"));
        for kind in Kind::ALL {
            let asked = format!("observation_time >= toDateTime({{from_{kind}:UInt32}}, 'UTC')");
            assert!(sql.contains(&asked), "{kind}: {sql}");
        }
    }
}
