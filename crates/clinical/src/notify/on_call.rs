//! Whom a care team wants notified of its alerts: in which order, how, and at which hours.

use std::fmt;

use jiff::civil::{Time, Weekday};
use url::{Host, Url};
use xxhash_rust::xxh3::xxh3_128;

use crate::alert::Severity;
use crate::local_time::LocalTime;
use crate::time::{Span, Timestamp};

/// How somebody is notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// A signed HTTP request to a paging service.
    Webhook,
    /// A mail.
    Email,
}

impl Channel {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Webhook, Self::Email];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Email => "email",
        }
    }

    /// The value of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays([bool; 7]);

impl Weekdays {
    /// Every day.
    pub const ALL: Self = Self([true; 7]);
    const NAMES: [&'static str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// The days of names: `mon` to `sun`. None named is every day.
    ///
    /// # Errors
    /// The name that is no day's.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut days = [false; 7];
        for name in names {
            let place = Self::NAMES.iter().position(|day| *day == name);
            days[place.ok_or_else(|| name.to_owned())?] = true;
        }
        Ok(if days == [false; 7] { Self::ALL } else { Self(days) })
    }

    fn has(self, day: Weekday) -> bool {
        self.0[usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)]
    }
}

/// Hours of some days of the week, by the clock on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DutyHours {
    /// The days on which they begin.
    pub days: Weekdays,
    /// When they begin.
    pub from: Time,
    /// When they end: on the next day where that is no later than their beginning.
    pub until: Time,
}

impl DutyHours {
    fn include(&self, local: &LocalTime, at: Timestamp) -> bool {
        let (day, time) = (local.day_of(at), local.time_of_day(at));
        let begun_today = self.days.has(day.weekday()) && time >= self.from;
        if self.from < self.until {
            return begun_today && time < self.until;
        }
        let yesterday = day.yesterday().unwrap_or(day);
        begun_today || (self.days.has(yesterday.weekday()) && time < self.until)
    }
}

/// Somebody to be notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnCallEntry {
    /// A practitioner's id.
    pub practitioner: String,
    /// How.
    pub channel: Channel,
    /// The URL of the webhook, or the address of the mail.
    pub address: String,
    /// So long after the alert became news.
    pub after: Span,
    /// At which hours of the team's time zone; none named is always.
    pub hours: Vec<DutyHours>,
    /// Whether of reviews too, outside of the patient's quiet hours; otherwise of urgent alerts only.
    pub reviews: bool,
}

/// What one entry of a list stands for, whatever its delay and hours are: the practitioner, the channel
/// and the address, and the how manieth of the list with these. A list may be changed while an alert is
/// open: who was notified is not notified again for that.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(Box<str>);

/// Whom a message goes to, and where: the digest of practitioner, channel and address. Several may share a
/// webhook that passes messages on by practitioner. Addresses stand in no event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecipientId(Box<str>);

/// 128 bits of parts, in hexadecimal; no part runs into the next.
pub(super) fn digest(parts: &[&str]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    format!("{:032x}", xxh3_128(&bytes))
}

macro_rules! ids {
    ($($id:ident),+) => {
        $(impl $id {
            /// The id of its text.
            pub fn of(text: &str) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        })+
    };
}

ids!(StepId, RecipientId);

impl OnCallEntry {
    /// Whom its messages go to, and where.
    pub fn recipient(&self) -> RecipientId {
        RecipientId(digest(&[&self.practitioner, self.channel.as_str(), &self.address]).into())
    }

    /// Whether it is on duty.
    pub fn is_on_duty(&self, local: &LocalTime, at: Timestamp) -> bool {
        self.hours.is_empty() || self.hours.iter().any(|hours| hours.include(local, at))
    }

    /// Whether its practitioner is notified of alerts of a severity.
    pub fn takes(&self, severity: Severity) -> bool {
        match severity {
            Severity::Urgent => true,
            Severity::Review => self.reviews,
            Severity::Technical => false,
        }
    }

    fn is_same_place(&self, other: &Self) -> bool {
        (&self.practitioner, self.channel, &self.address)
            == (&other.practitioner, other.channel, &other.address)
    }

    fn fault(&self) -> Option<&'static str> {
        if self.practitioner.is_empty() {
            return Some("names no practitioner");
        }
        if self.after < Span::ZERO || self.after > OnCall::LONGEST_DELAY {
            return Some("has a delay below 0 or above 86400 seconds");
        }
        let is_clean = !self.address.chars().any(|c| c.is_whitespace() || c.is_control());
        let is_fit = match self.channel {
            Channel::Webhook => is_url(&self.address),
            Channel::Email => {
                let parts: Vec<_> = self.address.split('@').collect();
                parts.len() == 2 && parts.iter().all(|part| !part.is_empty())
            }
        };
        match (self.channel, is_clean && is_fit) {
            (_, true) => None,
            (Channel::Webhook, _) => {
                Some("needs an address that begins with https://, or with http:// on this machine")
            }
            (Channel::Email, _) => Some("needs the address of a mail"),
        }
    }
}

/// Without TLS a message goes to the machine itself only. What is not written as a URL is to be written
/// (`https:pager`, `https:///pager`) is refused rather than guessed.
fn is_url(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let is_written_so = |scheme: &str| {
        let rest = address.strip_prefix(scheme).unwrap_or_default();
        !rest.is_empty() && !rest.starts_with(['/', '\\'])
    };
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => is_written_so("https://"),
        ("http", Some(host)) => is_written_so("http://") && is_this_machine(&host),
        _ => false,
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// An entry by which nobody can be notified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} of the on-call list {why}")]
pub struct InvalidOnCall {
    /// Which, from 1.
    pub number: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

/// A team's on-call list, in the order of its delays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnCall(Vec<(StepId, OnCallEntry)>);

impl OnCall {
    /// No entry waits longer. Ours: a day, after which another day's list begins.
    pub const LONGEST_DELAY: Span = Span::from_hours(24);
    /// No list is longer. Ours.
    pub const MOST: usize = 20;

    /// The list of what can be used of entries, in the order of their delays, and what is wrong with the
    /// others: one bad entry costs itself, never the list.
    pub fn usable(entries: Vec<OnCallEntry>) -> (Self, Vec<InvalidOnCall>) {
        let (mut list, mut faults) = (Vec::<(StepId, OnCallEntry)>::new(), Vec::new());
        let mut entries: Vec<_> = entries.into_iter().enumerate().collect();
        entries.sort_by_key(|(_, entry)| entry.after);
        for (place, entry) in entries {
            let earlier = || list.iter().map(|(_, earlier)| earlier);
            let is_double =
                earlier().any(|other| other.is_same_place(&entry) && other.after == entry.after);
            let fault = match entry.fault() {
                Some(fault) => Some(fault),
                None if list.len() == Self::MOST => Some("is one too many: a list has 20 at most"),
                None if is_double => Some("is there twice"),
                None => None,
            };
            if let Some(why) = fault {
                faults.push(InvalidOnCall { number: place + 1, why });
                continue;
            }
            let nth = earlier().filter(|other| other.is_same_place(&entry)).count().to_string();
            let channel = entry.channel.as_str();
            let step = digest(&[&entry.practitioner, channel, &entry.address, &nth]);
            list.push((StepId(step.into()), entry));
        }
        faults.sort_by_key(|fault| fault.number);
        (Self(list), faults)
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries and what each stands for, in their order.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &(StepId, OnCallEntry)> {
        self.0.iter()
    }

    /// The entry of a step.
    pub fn get(&self, step: &StepId) -> Option<&OnCallEntry> {
        self.0.iter().find(|(id, _)| id == step).map(|(_, entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn entry(address: &str, after: i64) -> OnCallEntry {
        let channel = if address.contains('@') { Channel::Email } else { Channel::Webhook };
        let (practitioner, address) = ("dr.sato".to_owned(), address.to_owned());
        let after = Span::from_seconds(after);
        OnCallEntry { practitioner, channel, address, after, hours: Vec::new(), reviews: false }
    }

    #[test]
    fn one_bad_entry_costs_itself_and_says_what_is_wrong() {
        let nameless = OnCallEntry { practitioner: String::new(), ..entry("a@b", 0) };
        let entries = vec![
            entry("https://pager.example/x", 0),
            entry("http://pager.example/x", 0),
            entry("http://127.0.0.1:9/x", 60),
            nameless,
            entry("sato@clinic.example", 30),
            entry("sato@clinic.example", 600),
            entry("sato@clinic.example", 600),
            entry("a@b\r\nBcc: c@d", 600),
            entry("sato@clinic.example", 86_401),
        ];
        let (list, faults) = OnCall::usable(entries);
        assert_eq!(list.entries().count(), 4);
        let numbers: Vec<_> = faults.iter().map(|fault| fault.number).collect();
        assert_eq!(numbers, [2, 4, 7, 8, 9]);
        assert!(faults[2].to_string().contains("entry 7 of the on-call list is there twice"));
    }

    #[test]
    fn entries_out_of_order_are_put_in_the_order_of_their_delays() {
        let entries = vec![entry("a@b", 600), entry("c@d", 60), entry("none", 0), entry("e@f", 60)];
        let (list, faults) = OnCall::usable(entries);
        let addresses: Vec<_> = list.entries().map(|(_, entry)| &*entry.address).collect();
        assert_eq!(addresses, ["c@d", "e@f", "a@b"]);
        assert_eq!(faults.iter().map(|fault| fault.number).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn without_tls_a_webhook_is_on_this_machine_whatever_its_address_looks_like() {
        let is_fit = |address| is_url(address);
        for address in ["http://localhost:80/x", "http://127.0.0.1:9/", "http://[::1]/x"] {
            assert!(is_fit(address), "{address}");
        }
        assert!(is_fit("https://pager.example:8443/x?y=1") && is_fit("http://[::1]:80/"));
        for address in [
            "http://localhost:80@evil.example/x",
            "http://localhost@evil.example",
            "http://evil.example\\@localhost/",
            "http://localhost.evil.example/",
            "http://localhost%2eevil.example/",
            "http://[::2]/",
            "http://pager.example/",
            "https://",
            "https:///",
            "ftp://localhost/",
            "localhost/x",
        ] {
            assert!(!is_fit(address), "{address}");
        }
    }

    #[test]
    fn a_step_stays_itself_when_delay_and_hours_change_and_not_when_the_address_does() {
        let step = |entries: Vec<OnCallEntry>| {
            OnCall::usable(entries).0.entries().map(|(step, _)| step.clone()).collect::<Vec<_>>()
        };
        let before = step(vec![entry("a@b", 0), entry("a@b", 60)]);
        assert_ne!(before[0], before[1]);
        assert_eq!(step(vec![entry("a@b", 30), entry("a@b", 90)]), before);
        assert!(!before.contains(&step(vec![entry("a@c", 0)])[0]));
    }

    #[test]
    fn duty_hours_are_those_of_the_days_on_which_they_begin_by_the_clock_on_the_wall() {
        let tokyo = LocalTime::of("Asia/Tokyo").unwrap();
        let nights = DutyHours {
            days: Weekdays::parse(["fri", "sat"]).unwrap(),
            from: time(17, 0, 0, 0),
            until: time(9, 0, 0, 0),
        };
        let on = |day, hour, minute| {
            nights.include(&tokyo, tokyo.instant(date(2026, 11, day), time(hour, minute, 0, 0)))
        };
        // 2026-11-27 is a Friday.
        assert!(!on(27, 16, 59) && on(27, 17, 0) && on(28, 8, 59) && !on(28, 9, 0));
        assert!(on(28, 17, 0) && on(29, 8, 59) && !on(29, 17, 0) && !on(27, 8, 0));
        let day = DutyHours { from: time(0, 0, 0, 0), until: time(0, 0, 0, 0), ..nights };
        let whole = |day_of, hour| {
            day.include(&tokyo, tokyo.instant(date(2026, 11, day_of), time(hour, 0, 0, 0)))
        };
        assert!(whole(27, 0) && whole(28, 23) && !whole(29, 0) && !whole(26, 23));
        assert_eq!(Weekdays::parse(["Monday"]), Err("Monday".to_owned()));
        assert_eq!(Weekdays::parse([]), Ok(Weekdays::ALL));
    }
}
