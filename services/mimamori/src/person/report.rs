//! The report of an erasure, for the person's file: what was erased, and what stays where for how long.

use std::fmt;

use clinical::{PatientId, Timestamp};

use super::found::{Found, Newest, Words};

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
    /// What people have written.
    pub(super) words: Words,
    /// Whether nothing was done.
    pub(super) is_dry_run: bool,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { patient, operator, reason, at, before, words, is_dry_run } = self;
        let was = |newest: Newest| match (newest, is_dry_run) {
            (Newest::Entry, false) => "erased",
            (Newest::Entry, true) => "to be erased",
            (Newest::None, _) => "there was none",
            (Newest::Erased, _) => "had been erased before",
        };
        let title = if *is_dry_run { "Would be erased" } else { "Erased" };
        writeln!(f, "{title}: {patient}, {at}, by {operator}. Reason: {reason}")?;
        let with_it = match before.key {
            Newest::Entry => ", and with it all that it has sealed, in every copy",
            Newest::None | Newest::Erased => "",
        };
        writeln!(f, "- Key (registry.keys): {}{with_it}", was(before.key))?;
        writeln!(
            f,
            "- Name, birth date, chart number, telephones (registry.identities): {}",
            was(before.identity)
        )?;
        let opened = if *is_dry_run {
            "which nobody could open any more"
        } else {
            "which nobody can open any more"
        };
        writeln!(f, "- Words to alerts (care.events): {}, {opened}", words.sealed)?;
        writeln!(
            f,
            "For 30 days no key is made for {patient}. Take the person off the clinic's lists, or a later import \
             makes a new one; delete the files that were imported: they hold the name in the clear"
        )?;
        writeln!(f, "What stays, under the pseudonym {patient}:")?;
        writeln!(
            f,
            "- readings, alerts (400 days in Kafka), and who did what about them; in registry.participants: {}",
            if before.is_registered {
                "year and month of birth, sex, prefecture"
            } else {
                "nothing"
            }
        )?;
        let in_force = if words.has_plan { "the plan in force" } else { "no plan" };
        writeln!(
            f,
            "- reasons of care plans, which are not sealed: {} in care.events, for 5 years; in care.plans {in_force}, \
             until another one is set",
            words.reasons
        )?;
        writeln!(
            f,
            "- accesses (audit.events), for 5 years, this erasure among them; sets of patients that lists showed \
             (audit.sets), without limit; who was notified (notifications), for 5 years"
        )?;
        writeln!(f, "- backups of care.events and care.plans, for as long as they are kept")?;
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

    fn said(before: Found, words: Words, is_dry_run: bool) -> String {
        let patient = PatientId::parse("A/1").unwrap();
        let at = Timestamp::from_seconds(1_800_000_000);
        let (operator, reason) = ("hana", "request 17");
        Report { patient: &patient, operator, reason, at, before, words, is_dry_run }.to_string()
    }

    #[test]
    fn a_report_says_what_was_erased_what_stays_and_what_is_still_to_do() {
        let before = Found { key: Newest::Entry, identity: Newest::Entry, is_registered: true };
        let words = Words { sealed: 3, reasons: 2, has_plan: true };
        let report = said(before, words, false);
        for part in [
            "Erased: A/1, 2027-01-15T08:00:00Z, by hana. Reason: request 17",
            "(registry.keys): erased",
            "(registry.identities): erased",
            "(care.events): 3, which nobody",
            "year and month of birth",
            "For 30 days no key is made for A/1. Take the person off the clinic's lists",
            "not sealed: 2 in care.events, for 5 years; in care.plans the plan in force",
            "alerts (400 days in Kafka)",
            "(audit.sets), without limit",
            "(notifications), for 5 years",
            "backups of care.events and care.plans",
            "delete the files that were imported",
            "delete those from before 2027-01-15T08:00:00Z",
        ] {
            assert!(report.contains(part), "{part}: {report}");
        }
        let dry = said(before, words, true);
        assert!(dry.starts_with("Would be erased: A/1") && !dry.contains(": erased"), "{dry}");
        assert!(dry.contains("(registry.keys): to be erased, and with it"), "{dry}");
    }

    #[test]
    fn what_was_not_there_is_not_said_to_be_erased() {
        let before = Found { identity: Newest::Erased, ..Found::default() };
        let report = said(before, Words::default(), false);
        assert!(report.contains("(registry.keys): there was none\n"), "{report}");
        assert!(report.contains("in care.plans no plan"), "{report}");
        assert!(report.contains("(registry.identities): had been erased before"));
        assert!(report.contains("in registry.participants: nothing"));
    }
}
