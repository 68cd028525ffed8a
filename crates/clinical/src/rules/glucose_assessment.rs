//! The computation of events of glucose, and which readings change nothing of them.
//!
//! A sensor says 288 values a day. What a value can change is near it in time: events are computed from
//! shortly before it on, or from the beginning of the event that it may belong to.

use smallvec::SmallVec;

use super::glucose_course::{Course, extend};
use super::glucose_event::{
    Beyond, Event, FingerSticks, Judge, LASTED, Level, REPORTS_FOR, Urgent, is_alone, just_after,
    measured,
};
use super::glucose_open::{BY_WHICH_IT_HAS_LASTED, lasted_since};
use crate::alert::{Alert, RuleName, Severity, Stage, Status};
use crate::crisis::Crisis;
use crate::episode::{Episode, EvidenceReading};
use crate::glucose::{GLUCOSE, SENSOR_FOR, SILENCE, is_of_sensor};
use crate::parameter::Parameter;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Carried, Change, Context, Step, values};
use crate::time::{Span, Timestamp};

/// So many values a sensor says in the two hours that are mostly computed, with room for some more.
const OF_TWO_HOURS: usize = 36;

/// Which readings of an alert's evidence brought it to which stage.
fn steps(event: &Event, alert: &Alert) -> [Option<Step>; 2] {
    let step = |stage, readings| Some(Step { stage, readings });
    let readings = alert.finding("readings").unwrap_or(1.0) as usize;
    let Some(after_silence) = event.after_silence else {
        // Of two finger-sticks one alone that is very far beyond the limit.
        let is_alone = |alone: &Parameter| {
            let from = alert.parameter(alone.short_name());
            let first = alert.evidence.first();
            first.is_some_and(|first| is_alone(EvidenceReading::from(first).reading.sample, from))
        };
        let is_alone =
            matches!(event.finger_sticks, FingerSticks::Two { alone, .. } if is_alone(alone));
        let alone = step(Stage::Unconfirmed, 1).filter(|_| is_alone);
        let confirmed = step(Stage::Confirmed, readings);
        return [alone, confirmed.filter(|_| alert.stage == Stage::Confirmed)];
    };
    let first = step(after_silence, 1);
    if alert.stage == after_silence {
        return [first, None];
    }
    [first.filter(|_| was_after_silence(alert, readings)), step(Stage::Confirmed, readings)]
}

/// Whether the first reading of a confirmed alert's evidence is a sensor's that silence followed, and the
/// others confirmed it: a finger-stick, or a run of a sensor.
fn was_after_silence(alert: &Alert, readings: usize) -> bool {
    let by_finger_stick = alert
        .evidence
        .get(1)
        .is_some_and(|evidence| !is_of_sensor(EvidenceReading::from(evidence).reading.sample));
    readings == 3 || readings == 2 && by_finger_stick
}

/// What a confirmed alert of another rule says that it is long enough: what silence followed is none of
/// what lasts, because nobody knows that it did.
fn long_enough<'a>(event: &Event, other: &'a Carried<'_>) -> Option<&'a [EvidenceReading]> {
    let established = Some(&other.established).filter(|_| other.stage == Stage::Confirmed)?;
    let is_after_silence =
        event.after_silence.is_some() && was_after_silence(other.alert, established.len());
    established.get(usize::from(is_after_silence)..)
}

/// Whether an alert lasted, or lasts, until near a time.
fn reaches(alert: &Alert, time: Timestamp, near: Span) -> bool {
    alert.status != Status::Retracted && (alert.is_open() || alert.last_observed_at + near >= time)
}

/// The same patient as another event's rule sees it.
fn of_event<'a>(event: &Event, context: &Context<'a>) -> Context<'a> {
    Context { rule: RuleName::of(event.name), ..*context }
}

/// From when on events are computed: as far back as the window where no reading is the cause, and as two
/// finger-sticks are known that belong together.
fn computed_from(event: &Event, context: &Context<'_>) -> Timestamp {
    let near = event.near();
    let earliest = context.judged_from(near);
    let Some(cause) = context.cause else { return earliest };
    let mut from = cause.observation_time();
    if let Some(due) = context.due {
        // A run that waits for its next value.
        from = from.min(due - near);
    }
    from = from - near;
    // What another rule reports is an event of this one, which has no alert.
    let other = event.reported_by.map(|other| of_event(other, context));
    let known = || context.known().chain(other.iter().flat_map(Context::known));
    let first_of_those_there = |from: Timestamp| {
        let is_there =
            |alert: &&Alert| reaches(alert, from, near) && alert.first_observed_at - near < from;
        known().filter(is_there).map(|alert| alert.first_observed_at).min()
    };
    while let Some(first) = first_of_those_there(from) {
        from = first - near;
    }
    from.max(earliest)
}

/// Whether the newest crisis that a carried alert tells of is seen no more: the episode that it goes on with
/// is over, and has none, or an earlier one only. While it lasts, the crisis may have left memory.
fn has_lost_its_crisis(carried: &Carried<'_>, episodes: &[Episode]) -> bool {
    let Some(known) = Crisis::known_of(carried.alert) else { return false };
    let goes_on = |episode: &&Episode| episode.continues == Some(carried.alert.id);
    let episode = episodes.iter().find(goes_on);
    let is_lost = |episode: &Episode| {
        episode.crisis.is_none_or(|crisis| crisis.began + crisis.apart <= known)
    };
    episode.is_some_and(|episode| episode.ended.is_some() && is_lost(episode))
}

/// The full computation of a rule's events.
pub(super) fn assess(event: &'static Event, context: &Context<'_>) -> Assessment {
    if let Some(until) = context.rest_until {
        // Until then all stays as it was reported.
        return Assessment { next_assessment: Some(until), ..Assessment::default() };
    }
    let from = computed_from(event, context);
    let began = (from, context.now);
    let judge = Judge::of(event, context.plan);
    let beginning = context.beginning(from, |alert| steps(event, alert));
    // What is switched off reports nothing.
    let reported_by = event.reported_by.filter(|other| !context.plan.switches_off(other.name));
    let open_of_other = reported_by.and_then(|other| {
        of_event(other, context).beginning(from, |alert| steps(other, alert)).open
    });
    let of_other = reported_by.zip(open_of_other.as_ref());
    let of_other = of_other.and_then(|(event, open)| long_enough(event, open));
    let new_course_of_other = || {
        let judge = reported_by.map(|other| Judge::of(other, context.plan));
        judge.map(|judge| Course::new(judge, began, open_of_other.as_ref()))
    };
    // With an end everything counts anew.
    let ended = context.known().filter(|alert| alert.status == Status::Resolved);
    let ended = ended.map(|alert| alert.last_observed_at).filter(|ended| *ended < from).max();
    let readings = context.readings_and_copies(GLUCOSE, from - event.near());
    let mut readings: SmallVec<[CurrentReading; OF_TWO_HOURS]> =
        readings.filter(|reading| ended.is_none_or(|ended| reading.time > ended)).collect();
    // Of the same second what is beyond comes first, so that no end hides it.
    let judge_of_other = reported_by.map(|other| Judge::of(other, context.plan));
    readings.sort_by_key(|reading| {
        (reading.time, judge.level(reading), judge_of_other.map(|judge| judge.level(reading)))
    });
    let found = |carried: Option<&Carried<'_>>| {
        let mut course = Course::new(judge, began, carried).reported_by(of_other);
        let mut course_of_other = new_course_of_other();
        for reading in &readings {
            let is_reported = course_of_other.as_mut().is_some_and(|course| {
                course.take(reading, false);
                course.is_confirmed()
            });
            course.take(reading, is_reported);
        }
        course.finish(context.now)
    };
    let carried = beginning.open.as_ref();
    let (mut episodes, mut next_assessment) = found(carried);
    // What came before a crisis that is seen no more is looked at as if that had not been reported.
    if let Some(carried) = carried.filter(|carried| has_lost_its_crisis(carried, &episodes)) {
        let alert = Crisis::left_out_of(carried.alert);
        (episodes, next_assessment) = found(Some(&Carried { alert: &alert, ..carried.clone() }));
    }
    for episode in &mut episodes {
        say_what_was_judged(&judge, episode);
    }
    Assessment { episodes, next_assessment, covered: beginning.covered }
}

/// The readings before one in order so shortly that no run that begins after one is long enough. Of
/// the same second another source's reading may come before the run that begins then.
fn shortly_before<'a>(
    context: &Context<'a>,
    reading: CurrentReading,
    long_enough: Span,
) -> impl Iterator<Item = CurrentReading> + use<'a> {
    let begin = reading.time - long_enough;
    context.readings_and_copies(GLUCOSE, begin).filter(move |other| {
        !other.is_of(&reading) && (other.source == reading.source || other.time > begin)
    })
}

/// Whether another reading is one of the same sensor: a reader of sensors may measure by finger-stick too.
fn is_of_its_sensor(other: &CurrentReading, reading: &CurrentReading) -> bool {
    other.source == reading.source && is_of_sensor(other.sample)
}

/// Whether what is beyond the limit was confirmed so shortly before a reading that no crisis begins with it.
fn is_held_before(judge: &Judge, reading: &CurrentReading, context: &Context<'_>) -> bool {
    let event = judge.event;
    if !is_of_sensor(reading.sample) {
        let mut others = context.readings_and_copies(GLUCOSE, reading.time - REPORTS_FOR);
        return others.any(|other| {
            other.time < reading.time
                && !is_of_sensor(other.sample)
                && judge.level(&other) == Level::Beyond
        });
    }
    // The first and the last value of the sensor's run before it.
    let mut run: Option<(Timestamp, Timestamp)> = None;
    for other in context.readings_and_copies(GLUCOSE, reading.time - event.longest_run()) {
        let level = judge.level(&other);
        let is_back = level == Level::Back && !is_of_sensor(other.sample);
        if is_back {
            run = None;
        } else if is_of_its_sensor(&other, reading) && !other.is_of(reading) {
            let first = run.filter(|(_, last)| other.time - *last <= SILENCE);
            let first = first.map_or(other.time, |(first, _)| first);
            run = (level == Level::Beyond).then_some((first, other.time));
        }
    }
    run.is_some_and(|(first, last)| {
        last - first >= event.sensor_for && reading.time - last <= SILENCE
    })
}

/// Whether a reading beyond the limit, in order, leaves the run of its sensor too short for an event that
/// has to last longer than those of the consensus.
fn leaves_run_short(judge: &Judge, reading: &CurrentReading, context: &Context<'_>) -> bool {
    let event = judge.event;
    let of_sensor = context.readings_and_copies(GLUCOSE, reading.time - event.longest_run());
    let of_sensor =
        of_sensor.filter(|other| is_of_its_sensor(other, reading) && !other.is_of(reading));
    let mut run = Vec::new();
    for other in of_sensor {
        if judge.level(&other) == Level::Beyond {
            extend(&mut run, &other);
        } else {
            run.retain_mut(|run| run.outlasts(other.time, event.sensor_for));
        }
    }
    let goes_on = run.first().filter(|run| !run.is_broken_at(reading.time));
    goes_on.is_none_or(|run| reading.time - run.first.time < event.sensor_for)
}

/// Whether a reading beyond the limit goes on with the stretch of values that the alert says has lasted.
fn is_of_what_lasted(
    judge: &Judge,
    open: &Alert,
    reading: &CurrentReading,
    context: &Context<'_>,
) -> bool {
    let named = open.finding(BY_WHICH_IT_HAS_LASTED.value).and(open.evidence.last());
    let began = Crisis::known_of(open).or_else(|| lasted_since(open));
    let began = began.unwrap_or(open.first_observed_at);
    let by_time_alone = || judge.event.is_urgent_after(began).unwrap_or(began);
    let lasted_at =
        named.map_or_else(by_time_alone, |evidence| evidence.reading.observation_time());
    if reading.time <= lasted_at {
        // Of the same second it may be the one to be named.
        return false;
    }
    let mut last = reading.time;
    for other in context.newest_first(GLUCOSE, lasted_at - REPORTS_FOR) {
        if other.time > last || judge.level(&other) != Level::Beyond {
            continue;
        }
        if last - other.time > REPORTS_FOR {
            return false;
        }
        last = other.time;
        if last <= lasted_at {
            return true;
        }
    }
    false
}

/// The fast path: whether a changed reading leaves what [`assess`] finds as it is. Looks at the reading
/// first: most are far from every limit.
pub(super) fn is_unaffected(event: &'static Event, change: &Change, context: &Context<'_>) -> bool {
    let reading = &change.reading;
    if let Some(until) = context.rest_until {
        return context.due == Some(until);
    }
    // A run that is too short for an event now, and was so before.
    let is_short = |judge: &Judge| {
        if event.sensor_for > SENSOR_FOR {
            return leaves_run_short(judge, reading, context);
        }
        shortly_before(context, *reading, event.sensor_for)
            .any(|other| is_of_its_sensor(&other, reading) && judge.level(&other) != Level::Beyond)
    };
    let is_waiting_to_be_urgent = |open: &Alert| {
        event
            .is_urgent_after(open.first_observed_at)
            .is_some_and(|after| context.due == Some(just_after(after)) && reading.time <= after)
    };
    if let Some(due) = context.due
        && !context.open().is_some_and(is_waiting_to_be_urgent)
    {
        // A run that waits: it is not long enough yet, and breaks no earlier than was said.
        let judge = Judge::of(event, context.plan);
        return event.after_silence.is_some()
            && change.is_in_order
            && is_of_sensor(reading.sample)
            && reading.time < due
            && judge.level(reading) == Level::Beyond
            && context.open().is_none()
            && is_short(&judge);
    }
    if change.is_in_order && event.is_never(reading.sample) && context.open().is_none() {
        // Most readings are so, and the plan is far in memory.
        return true;
    }
    let judge = Judge::of(event, context.plan);
    let level = judge.level(reading);
    if change.is_in_order {
        let Some(open) = context.open() else {
            // What another rule tells of is an event of this one without an alert, and may begin to last anew.
            let goes_on = || {
                let other = event.reported_by.map(|other| of_event(other, context));
                other.is_some_and(|other| other.open().is_some())
            };
            let starts_nothing = || {
                event.after_silence.is_none()
                    && is_of_sensor(reading.sample)
                    && is_short(&judge)
                    && !goes_on()
            };
            return level != Level::Beyond || starts_nothing();
        };
        // Where time alone has said so, a reading of before that may say something else.
        let has_lasted = || open.finding(LASTED).is_some() && reading.time > open.changed_at;
        let is_urgent = open.severity == Severity::Urgent;
        let is_reported = open.stage == Stage::Confirmed
            && match event.urgent {
                Urgent::Never => true,
                Urgent::AtOnce => is_urgent && !open.late,
                Urgent::After(_) => {
                    is_waiting_to_be_urgent(open) || has_lasted() && is_urgent && !open.late
                }
            };
        return match level {
            // Not back for long enough yet.
            Level::Back => {
                is_of_sensor(reading.sample)
                    && is_reported
                    && shortly_before(context, *reading, SENSOR_FOR)
                        .any(|other| judge.level(&other) != Level::Back)
            }
            Level::Between => is_reported,
            Level::Beyond => {
                // Neither it nor a value of its run is the furthest.
                let evidence = open.evidence.iter().map(EvidenceReading::from);
                let known = event.beyond.furthest(evidence.map(|evidence| evidence.reading));
                let run = context.readings_and_copies(GLUCOSE, reading.time - event.longest_run());
                let of_run = event.beyond.furthest(run);
                let is_furthest = |known: CurrentReading| {
                    of_run.is_none_or(|of_run| {
                        !event.beyond.is_further(measured(&of_run), measured(&known))
                    })
                };
                is_reported
                    && known.is_some_and(is_furthest)
                    && match event.urgent {
                        Urgent::AtOnce => is_held_before(&judge, reading, context),
                        Urgent::After(_) if open.finding(LASTED).is_some() => {
                            is_of_what_lasted(&judge, open, reading, context)
                        }
                        Urgent::After(_) | Urgent::Never => true,
                    }
            }
        };
    }
    let near = event.near();
    let was_there = |alert: &Alert| alert.first_observed_at - near <= reading.time;
    let is_there = |alert: &Alert| reaches(alert, reading.time, near) && was_there(alert);
    // What another rule reports, or reported until this reading, may be an event without an alert.
    let is_reported = || {
        event.reported_by.is_some_and(|other| {
            of_event(other, context).lasting_at(reading.time - near).any(was_there)
        })
    };
    let mut others = context
        .readings_and_copies(GLUCOSE, reading.time - near)
        .take_while(|other| other.time <= reading.time + near);
    !context.lasting_at(reading.time - near).any(is_there)
        && !is_reported()
        && !others.any(|other| {
            judge.level(&other) == Level::Beyond
                && (other.time - reading.time).abs() <= event.near_of(other.sample)
        })
}

/// Adds what was judged, and against what.
fn say_what_was_judged(judge: &Judge, episode: &mut Episode) {
    let event = judge.event;
    let evidence = episode.evidence().into_iter().map(|evidence| evidence.reading);
    let furthest = event.beyond.furthest(evidence);
    let [name_of_furthest, side_of_furthest, name_of_sensor] = match event.beyond {
        Beyond::Below => ["lowest", "lowest_comparator", "lowest_sensor"],
        Beyond::Above => ["highest", "highest_comparator", "highest_sensor"],
    };
    if let [.., judged] = &episode.established[..] {
        let first = episode.established.iter().rev().nth(1);
        let minutes = first.filter(|_| is_of_sensor(judged.reading.sample)).map_or(0.0, |first| {
            (judged.reading.time - first.reading.time).millis() as f64 / 60_000.0
        });
        let judged_at = measured(&judged.reading);
        episode.findings.extend(values([
            ("readings", episode.established.len() as f64),
            ("sensor", f64::from(is_of_sensor(judged.reading.sample))),
            ("minutes", minutes.floor()),
            (
                name_of_sensor,
                f64::from(furthest.is_none_or(|furthest| is_of_sensor(furthest.sample))),
            ),
        ]));
        // Beyond what the device can say, the number is its limit.
        for (name, side, measured) in [
            ("glucose_value", "glucose_comparator", judged_at),
            (
                name_of_furthest,
                side_of_furthest,
                furthest.map_or(judged_at, |furthest| measured(&furthest)),
            ),
        ] {
            episode.findings.insert(name.into(), measured.number());
            if let Some(code) = measured.side() {
                episode.findings.insert(side.into(), f64::from(code as u8));
            }
        }
    }
    episode.parameters = judge.parameters();
}
