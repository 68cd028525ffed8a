//! Reports of silent groups between their record and their clinical form.

use clinical::Timestamp;
use clinical::silence::{Group, Report, Silence, Tally};

use crate::records::{GroupSilence, GroupTally, SilenceReport};

const VENDOR: &str = "vendor";
const MODEL: &str = "model";
const CONSORTIUM: &str = "consortium";

/// A report that names a group of a kind which this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a group is a vendor, a model with its number, or a consortium")]
pub struct UnknownGroup;

fn group(kind: &str, name: &str, model: Option<&str>) -> Result<Group, UnknownGroup> {
    match (kind, model) {
        (VENDOR, _) => Ok(Group::Vendor(name.into())),
        (CONSORTIUM, _) => Ok(Group::Consortium(name.into())),
        (MODEL, Some(number)) => {
            Ok(Group::Model { manufacturer: name.into(), number: number.into() })
        }
        _ => Err(UnknownGroup),
    }
}

/// Kind and name of a group, and its model number where it is one, as records and metrics have them.
pub fn names_of(group: &Group) -> (&'static str, &str, Option<&str>) {
    match group {
        Group::Vendor(name) => (VENDOR, name, None),
        Group::Consortium(name) => (CONSORTIUM, name, None),
        Group::Model { manufacturer, number } => (MODEL, manufacturer, Some(number)),
    }
}

fn owned(group: &Group) -> (String, String, Option<String>) {
    let (kind, name, model) = names_of(group);
    (kind.to_owned(), name.to_owned(), model.map(str::to_owned))
}

impl SilenceReport {
    /// The record of what a partition has counted and judged.
    pub fn of(partition: i32, report: &Report) -> Self {
        let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        let tally = |(group, tally): (&Group, &Tally)| {
            let (kind, name, model) = owned(group);
            GroupTally {
                kind,
                name,
                model,
                members: number(tally.members),
                expected: number(tally.expected),
                heard: number(tally.heard),
                silent: number(tally.silent),
                own: number(tally.own),
            }
        };
        let silence = |silence: &Silence| {
            let (kind, name, model) = owned(&silence.group);
            let ended = silence.ended.map(Timestamp::millis);
            GroupSilence { kind, name, model, since: silence.since.millis(), ended }
        };
        Self {
            partition,
            counted_at: report.counted_at.millis(),
            valid_until: report.valid_until.millis(),
            tallies: report.tallies.iter().map(tally).collect(),
            silences: report.silences.iter().map(silence).collect(),
        }
    }

    /// What the partition has counted and judged.
    ///
    /// # Errors
    /// When a group is of a kind that is not known.
    pub fn report(&self) -> Result<Report, UnknownGroup> {
        let number = |count: i32| u32::try_from(count).unwrap_or(0);
        let tally = |one: &GroupTally| {
            let tally = Tally {
                members: number(one.members),
                expected: number(one.expected),
                heard: number(one.heard),
                silent: number(one.silent),
                own: number(one.own),
            };
            Ok((group(&one.kind, &one.name, one.model.as_deref())?, tally))
        };
        let silence = |one: &GroupSilence| {
            Ok(Silence {
                group: group(&one.kind, &one.name, one.model.as_deref())?,
                since: Timestamp::from_millis(one.since),
                ended: one.ended.map(Timestamp::from_millis),
            })
        };
        Ok(Report {
            counted_at: Timestamp::from_millis(self.counted_at),
            valid_until: Timestamp::from_millis(self.valid_until),
            tallies: self.tallies.iter().map(tally).collect::<Result<_, _>>()?,
            silences: self.silences.iter().map(silence).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codec;

    #[test]
    fn a_report_comes_back_from_its_record() {
        let groups = [
            Group::Vendor("オムロン".into()),
            Group::Consortium("CGM005".into()),
            Group::Model { manufacturer: "DEXCOM".into(), number: "G7".into() },
        ];
        let at = Timestamp::from_millis;
        let tally = Tally { members: 5, expected: 4, heard: 1, silent: 4, own: 3 };
        let report = Report {
            counted_at: at(3_600_000),
            valid_until: at(7_200_000),
            tallies: groups.iter().map(|group| (group.clone(), tally)).collect(),
            silences: [(groups[0].clone(), None), (groups[2].clone(), Some(at(9)))]
                .into_iter()
                .map(|(group, ended)| Silence { group, since: at(5), ended })
                .collect(),
        };
        let codec = Codec::new(None).unwrap();
        let record = SilenceReport::of(7, &report);
        let bytes = codec.encoder("silences").unwrap().encode(&record).unwrap();
        let read: SilenceReport = codec.decoder().decode(&bytes).unwrap();
        assert_eq!((read.partition, read.report()), (7, Ok(report)));
        let mut unknown = record.clone();
        unknown.silences[0].kind = "ward".to_owned();
        assert_eq!(unknown.report(), Err(UnknownGroup));
        let mut without_number = record;
        without_number.silences[1].model = None;
        assert_eq!(without_number.report(), Err(UnknownGroup));
    }
}
