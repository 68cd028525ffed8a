//! On-call lists and what became of notifying people, between their clinical form and their records.

use clinical::alert::Severity;
use clinical::notify::{
    Channel, DeliveryEvent, DutyHours, Happened, InvalidOnCall, MessageKey, OnCall, OnCallEntry,
    RecipientId, StepId, Target, Undelivered, Weekdays, WhyNobody,
};
use clinical::{PatientId, Span, Timestamp};
use jiff::civil::Time;

use crate::records::NotificationEvent;
use crate::registry::{self, CareTeam};

/// A notification event that says something that none can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a notification whose {0} is not understood; it was written by another version")]
pub struct NotANotification(&'static str);

impl NotANotification {
    /// Of one that went a way that is not known.
    pub const fn channel() -> Self {
        Self("channel")
    }
}

impl CareTeam {
    /// The on-call list, as far as it can be used, and what is wrong with the rest.
    pub fn on_call(&self) -> (OnCall, Vec<InvalidOnCall>) {
        let (mut entries, mut places, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for (place, entry) in self.on_call.iter().enumerate() {
            match entry_of(entry) {
                Ok(entry) => {
                    entries.push(entry);
                    places.push(place + 1);
                }
                Err(why) => faults.push(InvalidOnCall { number: place + 1, why }),
            }
        }
        let (list, others) = OnCall::usable(entries);
        let numbered = |fault: InvalidOnCall| InvalidOnCall {
            number: places.get(fault.number - 1).copied().unwrap_or(fault.number),
            ..fault
        };
        faults.extend(others.into_iter().map(numbered));
        faults.sort_by_key(|fault| fault.number);
        (list, faults)
    }
}

fn entry_of(entry: &registry::OnCallEntry) -> Result<OnCallEntry, &'static str> {
    Ok(OnCallEntry {
        practitioner: entry.practitioner.clone(),
        channel: Channel::parse(&entry.channel)
            .ok_or("has a channel other than webhook or email")?,
        address: entry.address.clone(),
        after: Span::from_seconds(entry.after_seconds.into()),
        hours: entry.hours.iter().map(hours_of).collect::<Result<_, _>>()?,
        reviews: entry.reviews,
    })
}

fn hours_of(hours: &registry::DutyHours) -> Result<DutyHours, &'static str> {
    let time = |text: &str| {
        // Nothing but HH:MM: a time zone or seconds would be left unread.
        let is_fit = text.len() == 5 && text.as_bytes()[2] == b':';
        let time = is_fit.then(|| Time::strptime("%H:%M", text).ok()).flatten();
        time.ok_or("has hours that are not from HH:MM until HH:MM")
    };
    let days = Weekdays::parse(hours.days.iter().map(String::as_str))
        .map_err(|_| "has days other than mon, tue, wed, thu, fri, sat, sun")?;
    Ok(DutyHours { days, from: time(&hours.from)?, until: time(&hours.until)? })
}

/// What an event says beside what decisions need: who is notified, and how.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryDetails<'a> {
    /// Whose the alert is.
    pub patient: &'a PatientId,
    /// By whose entry.
    pub entry: &'a OnCallEntry,
    /// The how manieth attempt; 0 before the first.
    pub attempt: u32,
    /// Of an attempt that failed: what kind of failure.
    pub reason: &'a str,
}

impl NotificationEvent {
    /// The record of an event of a message.
    pub fn of_message(
        (message, target, at): (&MessageKey, &Target, Timestamp),
        happened: &Happened,
        details: DeliveryDetails<'_>,
    ) -> Self {
        let what = match happened {
            Happened::Decided(_) => "decided",
            Happened::Failed { gave_up: false, .. } => "failed",
            Happened::Failed { gave_up: true, .. } => "gave_up",
            Happened::Delivered => "delivered",
        };
        Self {
            patient: details.patient.to_string(),
            alert_id: target.alert.clone(),
            occasion: target.occasion.millis(),
            at: at.millis(),
            what: what.to_owned(),
            message: message.to_string(),
            step: target.step.to_string(),
            severity: target.severity.to_string(),
            practitioner: details.entry.practitioner.clone(),
            channel: details.entry.channel.as_str().to_owned(),
            recipient: details.entry.recipient().to_string(),
            attempt: i32::try_from(details.attempt).unwrap_or(i32::MAX),
            reason: details.reason.to_owned(),
        }
    }

    /// The record of that nobody could be notified.
    pub fn of_undelivered(undelivered: &Undelivered, at: Timestamp) -> Self {
        Self {
            patient: undelivered.patient.to_string(),
            alert_id: undelivered.alert.clone(),
            occasion: undelivered.occasion.millis(),
            at: at.millis(),
            what: "undelivered".to_owned(),
            severity: Severity::Urgent.to_string(),
            reason: undelivered.why.as_str().to_owned(),
            ..Self::default()
        }
    }

    /// What the record says, as far as decisions need it.
    ///
    /// # Errors
    /// When it says what no event can say.
    pub fn event(&self) -> Result<DeliveryEvent, NotANotification> {
        let occasion = Timestamp::from_millis(self.occasion);
        let failed = |gave_up| {
            let attempt = u32::try_from(self.attempt).ok().filter(|attempt| *attempt > 0);
            let attempt = attempt.ok_or(NotANotification("attempt"))?;
            Ok(Happened::Failed { attempt, gave_up })
        };
        let happened = match &*self.what {
            "undelivered" => {
                let why = WhyNobody::parse(&self.reason).ok_or(NotANotification("reason"))?;
                return Ok(DeliveryEvent::Undelivered {
                    alert: self.alert_id.clone(),
                    occasion,
                    why,
                });
            }
            "decided" => Happened::Decided(RecipientId::of(&self.recipient)),
            "failed" => failed(false)?,
            "gave_up" => failed(true)?,
            "delivered" => Happened::Delivered,
            _ => return Err(NotANotification("kind")),
        };
        let step = StepId::of(&self.step);
        let severity = Severity::parse(&self.severity).ok_or(NotANotification("severity"))?;
        Ok(DeliveryEvent::Message {
            message: MessageKey::parse(&self.message),
            target: Target { alert: self.alert_id.clone(), occasion, step, severity },
            at: Timestamp::from_millis(self.at),
            happened,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codec;

    fn team(on_call: &str) -> CareTeam {
        let text =
            format!(r#"{{"patient":"A/1","practitioners":["dr.sato"],"on_call":{on_call}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn each_fault_of_an_on_call_list_names_its_entry_and_costs_no_other() {
        let (list, faults) = team(
            r#"[
            {"practitioner":"a","channel":"pigeon","address":"a@b","after_seconds":0},
            {"practitioner":"a","channel":"email","address":"a@b","after_seconds":60,
             "hours":[{"days":["mon"],"from":"09:00","until":"17:30"}]},
            {"practitioner":"a","channel":"email","address":"nobody","after_seconds":60},
            {"practitioner":"a","channel":"email","address":"c@d","after_seconds":60,
             "hours":[{"from":"9:00","until":"17:00"}]},
            {"practitioner":"a","channel":"email","address":"c@d","after_seconds":60,
             "hours":[{"days":["Monday"],"from":"09:00","until":"17:00"}]},
            {"practitioner":"a","channel":"email","address":"c@d","after_seconds":30}
        ]"#,
        )
        .on_call();
        assert_eq!(list.entries().count(), 2);
        let numbers: Vec<_> = faults.iter().map(|fault| fault.number).collect();
        assert_eq!(numbers, [1, 3, 4, 5]);
    }

    #[test]
    fn a_team_of_before_on_call_lists_has_none_and_an_earlier_reader_reads_a_team_with_one() {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder::<CareTeam>("registry.care_teams").unwrap();
        let entry = r#"[{"practitioner":"a","channel":"email","address":"a@b","after_seconds":0}]"#;
        let bytes = encoder.encode(&team(entry)).unwrap();
        let read = codec.decoder::<CareTeam>().decode(&bytes).unwrap();
        assert_eq!(read, team(entry));
        let earlier = crate::published::REGISTRY_CARE_TEAM[0];
        let written = crate::codec::written_with::<CareTeam>(&bytes, earlier).unwrap();
        let read = codec.decoder::<CareTeam>().decode(&written).unwrap();
        assert_eq!(read, team("[]"));
    }

    #[test]
    fn every_event_travels_unchanged_and_one_of_a_newer_version_is_not_guessed() {
        let codec = Codec::new(None).unwrap();
        let encoder = codec.encoder::<NotificationEvent>("notifications").unwrap();
        let (list, _) =
            team(r#"[{"practitioner":"a","channel":"email","address":"a@b","after_seconds":0}]"#)
                .on_call();
        let (step, entry) = list.entries().next().unwrap();
        let (patient, at) = (PatientId::parse("A/1").unwrap(), Timestamp::from_millis(7));
        let severity = Severity::Urgent;
        let target = Target { alert: "a1".repeat(16), occasion: at, step: step.clone(), severity };
        let message = MessageKey::of([&target]);
        let all = [
            Happened::Decided(entry.recipient()),
            Happened::Failed { attempt: 1, gave_up: false },
            Happened::Failed { attempt: 5, gave_up: true },
            Happened::Delivered,
        ];
        for happened in all {
            let attempt = match happened {
                Happened::Failed { attempt, .. } => attempt,
                _ => 0,
            };
            let details = DeliveryDetails { patient: &patient, entry, attempt, reason: "refused" };
            let record = NotificationEvent::of_message((&message, &target, at), &happened, details);
            let read = codec.decoder().decode(&encoder.encode(&record).unwrap()).unwrap();
            assert_eq!(record, read);
            let (message, target) = (message.clone(), target.clone());
            assert_eq!(read.event(), Ok(DeliveryEvent::Message { message, target, at, happened }));
            let newer = NotificationEvent { what: "read".to_owned(), ..read };
            assert_eq!(newer.event(), Err(NotANotification("kind")));
        }
        let alert = target.alert.clone();
        for why in WhyNobody::ALL {
            let undelivered =
                Undelivered { alert: alert.clone(), patient: patient.clone(), occasion: at, why };
            let event = NotificationEvent::of_undelivered(&undelivered, at).event();
            assert_eq!(
                event,
                Ok(DeliveryEvent::Undelivered { alert: alert.clone(), occasion: at, why })
            );
        }
    }
}
