//! `mimamori rejected list`: what was rejected, and why. No patient, no value.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::IsTerminal;

use chassis::{now_ms, printable};
use clinical::Timestamp;
use schemas::topics::Topic;
use schemas::{Decoder, Reading, RejectedReading};
use serde::Serialize;

use super::Reason;
use super::address::Address;
use super::archive::{Archive, Replays};
use super::moment::{self, written};
use super::record::Found;
use super::since::Since;
use crate::kept::tell_of_what_is_gone;
use crate::source::Source;

/// Arguments of `mimamori rejected list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub(super) source: Source,
    /// Only what was received since: a time (2026-11-22T07:31:00+09:00), or how long ago (90m, 12h,
    /// 7d). readings.rejected keeps 30 days
    #[arg(long, default_value = "30d")]
    since: Since,
    /// Only these reasons
    #[arg(long)]
    reason: Vec<Reason>,
    /// Only this consortium
    #[arg(long)]
    consortium: Option<String>,
    /// Only this vendor
    #[arg(long)]
    vendor: Option<String>,
    /// Only what was not sent again
    #[arg(long)]
    open: bool,
    /// How many records at most, the newest; all are counted
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// A rejected record in a line.
#[derive(Debug, Clone, Serialize)]
struct Line {
    #[serde(serialize_with = "displayed")]
    address: Address,
    #[serde(serialize_with = "moment::serialize")]
    received_at: i64,
    reason: String,
    consortium: Option<String>,
    vendor: Option<String>,
    /// Bytes of the whole value.
    length: i64,
    /// Whether it was sent again.
    replayed: bool,
    detail: String,
}

fn displayed<S: serde::Serializer>(address: &Address, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(address)
}

#[derive(Debug, Serialize)]
struct Count {
    reason: String,
    consortium: Option<String>,
    vendor: Option<String>,
    records: u64,
}

/// What is listed.
struct Listed {
    most: usize,
    /// The newest.
    lines: BTreeMap<(i64, Address), Line>,
    counts: BTreeMap<(String, Option<String>, Option<String>), u64>,
}

pub(super) fn run(args: &ListArgs) -> anyhow::Result<()> {
    let codec = args.source.codec()?;
    let archive = args.source.archive(&codec);
    let since = args.since.moment(Timestamp::from_millis(now_ms())).millis();
    tell_of_what_is_gone(&archive.kafka, (&archive.topics, Topic::ReadingsRejected), since)?;
    let replays = archive.replays(since)?;
    let listed = args.collect(&archive, &codec.decoder(), since, &replays)?;
    print!("{}", if args.json { listed.json() } else { listed.table(width()) });
    Ok(())
}

impl ListArgs {
    fn collect(
        &self,
        archive: &Archive,
        decoder: &Decoder<Reading>,
        since: i64,
        replays: &Replays,
    ) -> anyhow::Result<Listed> {
        let mut listed = Listed::new(self.limit);
        archive.rejections(since, |rejected| {
            let replayed = replays.contains_key(&Address::from(rejected.origin));
            if self.asks_for(&rejected) && !(self.open && replayed) {
                let found = Found::new(rejected, decoder);
                let is = |asked: &Option<String>, found: Option<&str>| {
                    asked.as_deref().is_none_or(|asked| Some(asked) == found)
                };
                if is(&self.consortium, found.consortium().as_deref())
                    && is(&self.vendor, found.vendor())
                {
                    listed.take(&found, replayed);
                }
            }
            Ok(())
        })?;
        Ok(listed)
    }

    fn asks_for(&self, rejected: &RejectedReading) -> bool {
        self.reason.is_empty() || self.reason.iter().any(|reason| reason.0 == rejected.reason)
    }
}

impl Listed {
    fn new(most: usize) -> Self {
        Self { most, lines: BTreeMap::new(), counts: BTreeMap::new() }
    }

    fn take(&mut self, found: &Found, replayed: bool) {
        let rejected = &found.rejected;
        let line = Line {
            address: rejected.origin.into(),
            received_at: rejected.origin.received_at,
            reason: printable(&rejected.reason, usize::MAX),
            consortium: found.consortium(),
            vendor: found.vendor().map(str::to_owned),
            length: rejected.whole_length.unwrap_or(rejected.bytes.len() as i64),
            replayed,
            detail: printable(&rejected.detail, usize::MAX),
        };
        let kind = (line.reason.clone(), line.consortium.clone(), line.vendor.clone());
        *self.counts.entry(kind).or_default() += 1;
        self.lines.insert((line.received_at, line.address), line);
        if self.lines.len() > self.most {
            self.lines.pop_first();
        }
    }

    fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The most frequent first.
    fn counts(&self) -> Vec<Count> {
        let count = |((reason, consortium, vendor), records): (&(_, _, _), &u64)| {
            let (reason, consortium, vendor): (&String, &Option<String>, &Option<String>) =
                (reason, consortium, vendor);
            Count {
                reason: reason.clone(),
                consortium: consortium.clone(),
                vendor: vendor.clone(),
                records: *records,
            }
        };
        let mut counts: Vec<Count> = self
            .counts
            .iter()
            .map(|((r, c, v), n)| count((&(r.clone(), c.clone(), v.clone()), n)))
            .collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.records));
        counts
    }

    fn json(&self) -> String {
        let lines: Vec<&Line> = self.lines.values().rev().collect();
        let all = serde_json::json!({
            "records": lines,
            "counts": self.counts(),
            "total": self.total(),
        });
        format!("{all:#}\n")
    }

    /// For people, in lines of at most so many characters.
    fn table(&self, width: usize) -> String {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let lines = self.lines.values().rev().map(|line| {
            [
                line.address.to_string(),
                written(line.received_at),
                line.reason.clone(),
                or_none(&line.consortium),
                or_none(&line.vendor),
                if line.replayed { "yes" } else { "-" }.to_owned(),
                line.detail.clone(),
            ]
        });
        let head = ["address", "received", "reason", "consortium", "vendor", "replayed", "detail"];
        let mut text = aligned(std::iter::once(head.map(str::to_owned)).chain(lines), width);
        let (shown, total) = (self.lines.len() as u64, self.total());
        if shown < total {
            let _ = writeln!(text, "the newest {shown} of {total}; --limit {total} for all");
        }
        let counts = self.counts().into_iter().map(|count| {
            let (consortium, vendor) = (or_none(&count.consortium), or_none(&count.vendor));
            [count.records.to_string(), count.reason, consortium, vendor]
        });
        let head = ["records", "reason", "consortium", "vendor"].map(str::to_owned);
        let _ = writeln!(text);
        text + &aligned(std::iter::once(head).chain(counts), width)
    }
}

/// Columns of text, two blanks apart; a line that is too long is cut.
fn aligned<const N: usize>(rows: impl Iterator<Item = [String; N]>, width: usize) -> String {
    let rows: Vec<[String; N]> = rows.collect();
    let mut widths = [0; N];
    for row in &rows {
        for (most, cell) in widths.iter_mut().zip(row) {
            *most = (*most).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, most) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:<most$}  ");
        }
        let line = line.trim_end();
        if line.chars().count() > width {
            text.extend(line.chars().take(width.saturating_sub(1)).chain(['…']));
        } else {
            text.push_str(line);
        }
        text.push('\n');
    }
    text
}

/// How long a line may be: as wide as the terminal says it is; anything where there is none.
fn width() -> usize {
    if !std::io::stdout().is_terminal() {
        return usize::MAX;
    }
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.unwrap_or(160).max(60)
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{example, rejected};
    use super::*;

    fn listed(most: usize) -> Listed {
        let codec = schemas::Codec::default();
        let mut reading = example("systolic_implausible");
        reading.vendor = Some("acme".to_owned());
        let bytes = codec.encoder("").unwrap().encode(&reading).unwrap();
        let mut listed = Listed::new(most);
        for offset in [5, 9, 7] {
            let key = reading.key();
            listed.take(&rejected(offset, "implausible", key.as_bytes(), &bytes), offset == 5);
        }
        listed.take(&rejected(6, "undecodable", b"CGM005/SECRET", b"SECRET\x1b"), false);
        listed
    }

    #[test]
    fn the_newest_come_first_and_all_are_counted() {
        let json: serde_json::Value = serde_json::from_str(&listed(2).json()).unwrap();
        assert_eq!(json["records"][0]["address"], "3/9");
        assert_eq!(json["records"][1]["address"], "3/7");
        assert_eq!(json["records"].as_array().unwrap().len(), 2);
        assert_eq!(json["total"], 4);
        assert_eq!(json["counts"][0]["records"], 3);
        assert_eq!(json["counts"][0]["vendor"], "acme");
        assert_eq!(json["counts"][1]["consortium"], "CGM005");
    }

    #[test]
    fn a_list_fits_the_terminal_and_names_no_patient() {
        let reading = example("systolic_implausible");
        for text in [listed(9).table(70), listed(9).json()] {
            assert!(!text.contains("SECRET") && !text.contains(&reading.person_id), "{text}");
            assert!(!text.contains('\u{1b}'));
        }
        let table = listed(9).table(70);
        assert!(table.lines().all(|line| line.chars().count() <= 70), "{table}");
        assert!(table.lines().nth(1).unwrap().starts_with("3/9 "));
        assert!(listed(1).table(200).contains("the newest 1 of 4"));
    }
}
