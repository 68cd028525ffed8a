//! The report of an erasure, for the person's file: what was erased, and what stays where for how long.

use std::fmt;

use clinical::{PatientId, Timestamp};

use super::found::{Found, Newest};

/// What is said of an erasure.
pub(super) struct Report<'a> {
    /// Whose.
    pub(super) patient: &'a PatientId,
    /// By whom.
    pub(super) operator: &'a str,
    /// Why.
    pub(super) reason: &'a str,
    /// When.
    pub(super) at: Timestamp,
    /// What was there before.
    pub(super) before: Found,
    /// Whether nothing was done.
    pub(super) is_dry_run: bool,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { patient, operator, reason, at, before, is_dry_run } = self;
        let was = |newest: Newest, entry: &'static str| match newest {
            Newest::Entry => entry,
            Newest::None => "there was none; none is made any more",
            Newest::Erased => "had been erased before",
        };
        let title = if *is_dry_run { "Would be erased" } else { "Erased" };
        writeln!(f, "{title}: {patient}, {at}, by {operator}. Reason: {reason}")?;
        writeln!(
            f,
            "- Key (registry.keys): {}",
            was(before.key, "erased, and with it all that it has sealed, in every copy")
        )?;
        writeln!(
            f,
            "- Name, birth date, chart number, telephones (registry.identities): {}",
            was(before.identity, "erased")
        )?;
        writeln!(
            f,
            "- Words to alerts (care.events): {}, which nobody can open any more",
            before.sealed_words
        )?;
        writeln!(f, "What stays, under the pseudonym {patient}:")?;
        writeln!(
            f,
            "- readings, alerts, care plans, and who did what about them; in registry.participants: {}",
            if before.is_registered {
                "year and month of birth, sex, prefecture"
            } else {
                "nothing"
            }
        )?;
        writeln!(
            f,
            "- reasons of care plans, which are not sealed: {}, for 5 years",
            before.open_reasons
        )?;
        writeln!(f, "- accesses (audit.events), for 5 years, this erasure among them")?;
        writeln!(f, "What goes by and by:")?;
        writeln!(f, "- the wrapped key on the brokers' disks: within about a day")?;
        writeln!(
            f,
            "- copies of registry.keys in backups: delete those from before {at}, within 30 days; after \
             restoring one, run this command again"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(before: Found, is_dry_run: bool) -> String {
        let patient = PatientId::parse("A/1").unwrap();
        let at = Timestamp::from_seconds(1_800_000_000);
        let (operator, reason) = ("hana", "request 17");
        Report { patient: &patient, operator, reason, at, before, is_dry_run }.to_string()
    }

    #[test]
    fn a_report_says_what_was_erased_what_stays_and_what_is_still_to_do() {
        let before = Found {
            key: Newest::Entry,
            identity: Newest::Entry,
            is_registered: true,
            sealed_words: 3,
            open_reasons: 2,
        };
        let report = said(before, false);
        for part in [
            "Erased: A/1, 2027-01-15T08:00:00Z, by hana. Reason: request 17",
            "(registry.keys): erased",
            "(registry.identities): erased",
            "(care.events): 3, which nobody",
            "year and month of birth",
            "not sealed: 2, for 5 years",
            "delete those from before 2027-01-15T08:00:00Z",
        ] {
            assert!(report.contains(part), "{part}: {report}");
        }
        assert!(said(before, true).starts_with("Would be erased: A/1"));
    }

    #[test]
    fn what_was_not_there_is_not_said_to_be_erased() {
        let before = Found { identity: Newest::Erased, ..Found::default() };
        let report = said(before, false);
        assert!(report.contains("(registry.keys): there was none; none is made any more"));
        assert!(report.contains("(registry.identities): had been erased before"));
        assert!(report.contains("in registry.participants: nothing"));
    }
}
