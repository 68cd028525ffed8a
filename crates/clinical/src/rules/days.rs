//! Local days: rules that are judged once a local day.
//!
//! A day is *complete* when the patient's grace has passed after its end ([`grace`]), between six and
//! seven in the morning, and later where the patient's mornings are ([`Hours`]). Until then its
//! readings may come, and no rule of days looks at it. From then on it is judged, with the days before it;
//! what comes later for one of these days, or changes one of their readings, has them judged again.
//!
//! So a reading in time costs a comparison ([`is_unaffected`]), and each day one pass over the
//! window ([`Days::assess`]).

use jiff::civil::{Date, Time};

use crate::alert::{Alert, Severity, Status, Values};
use crate::copies::COPY_WITHIN;
use crate::episode::Episode;
use crate::fixed::Fixed;
use crate::local_time::LocalTime;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context};
use crate::schedule::{GRACE, grace};
use crate::time::{Span, Timestamp};
use crate::wording::day_number;

use crate::home_pressure::hours::Hours;

/// When a day of a rule begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// At midnight: the days of the calendar.
    Midnight,
    /// When the patient's morning begins: the evening after midnight belongs to the day before.
    Morning(Hours),
}

impl Begin {
    fn time(self) -> Time {
        match self {
            Self::Midnight => Time::midnight(),
            Self::Morning(hours) => hours.begin(),
        }
    }

    /// How long after the end of a calendar day the days are complete: the grace, and what of the day is
    /// later than usual.
    fn complete_after(self, grace: Span) -> Span {
        match self {
            Self::Midnight => grace,
            Self::Morning(hours) => grace + hours.later(),
        }
    }
}

/// What the rules that share these numbers say of them.
pub(super) const FIXED: &[Fixed] = &[Fixed::hours(
    [
        "1日の判定：その日の終わりから（患者ごとに最大1時間後まで）",
        "a day is judged: after its end (up to an hour more, by patient)",
    ],
    GRACE,
    "ours: phones hand over at night",
)];

/// The finding of every rule of days that says of which day, with those before it, the others are.
const LAST_DAY: &str = "last_day";

/// More days than the window has: where a time is none of the calendar, days would never end.
const MOST_DAYS: usize = 64;

/// What a complete day says, with the days before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// The rule holds, by these findings.
    Holds(Values),
    /// What is open is worse than it says, or is so in another way: it says these findings from now on.
    Worsens(Values),
    /// What was open is over.
    Clears,
    /// Neither: too little is known, or it is between the limits.
    Neither,
}

impl Verdict {
    /// The rule holds. An alert that is open already says so anew where `is_news`, given what it says.
    pub(super) fn holds(
        findings: Values,
        open: Option<&Values>,
        is_news: impl Fn(&Values) -> bool,
    ) -> Self {
        match open {
            None => Self::Holds(findings),
            Some(open) if is_news(open) => Self::Worsens(findings),
            Some(_) => Self::Neither,
        }
    }
}

/// What is known of the days of a patient.
#[derive(Debug)]
pub(super) struct Known<D> {
    /// Of each complete day.
    days: Vec<D>,
    /// When the newest reading was observed, which may be of a day to come.
    newest: Option<Timestamp>,
}

impl<D> Known<D> {
    /// The same of which each day says what follows of it.
    pub(super) fn map<E>(self, of_day: impl FnMut(D) -> E) -> Known<E> {
        Known { days: self.days.into_iter().map(of_day).collect(), newest: self.newest }
    }
}

/// The days of a patient that are complete, as far back as all of their readings are remembered.
#[derive(Debug)]
pub(super) struct Days<'a> {
    local: &'a LocalTime,
    begin: Begin,
    grace: Span,
    /// When each begins, the first first, and when the last one ends.
    edges: Vec<Timestamp>,
    first: Date,
}

/// The full computation of a rule of days. While the rest of an upload is waited for, all stays as it
/// was reported.
pub(super) fn assess<'a>(
    context: &Context<'a>,
    begin: Begin,
    judge: impl FnOnce(&Days<'a>) -> Assessment,
) -> Assessment {
    match context.rest_until {
        Some(until) => Assessment { next_assessment: Some(until), ..Assessment::default() },
        None => judge(&Days::of(context, begin)),
    }
}

impl<'a> Days<'a> {
    /// The complete days as of the present of a context.
    fn of(context: &Context<'a>, begin: Begin) -> Self {
        let local = context.plan.local_time();
        let grace = begin.complete_after(grace(context.patient));
        // A reading of the first day may be a copy of one just before it.
        let seen_from = context.lookback_start() + COPY_WITHIN;
        let first = local.day_of(seen_from);
        let begins = |day: Date| local.instant(day, begin.time());
        let first = if begins(first) >= seen_from { first } else { after(first) };
        let (edge, midnight) = (begins(first), local.begin_of(first, 1));
        let steady_until = local.steady_until(local.begin_of(first, 0));
        let mut edges = vec![edge];
        let mut day = first;
        for count in 1..=MOST_DAYS as i64 {
            // As far as the clocks are not moved the calendar need not be asked of each day.
            let later = |first: Timestamp, days| {
                let later = first + Span::from_days(days);
                Some(later).filter(|later| *later < steady_until)
            };
            let ends = later(midnight, count - 1).unwrap_or_else(|| local.begin_of(day, 1));
            if ends + grace > context.now {
                break;
            }
            day = after(day);
            edges.push(later(edge, count).unwrap_or_else(|| begins(day)));
        }
        Self { local, begin, grace, edges, first }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// The patient's local time.
    pub(super) fn local_time(&self) -> &'a LocalTime {
        self.local
    }

    /// When the first of them begins: earlier readings are not asked for.
    pub(super) fn begin(&self) -> Timestamp {
        self.edges[0]
    }

    /// The date of one of them.
    pub(super) fn date(&self, place: usize) -> Date {
        later(self.first, place)
    }

    /// What is known of each day, of the readings from [`Self::begin`] on in observation order: `add`
    /// adds one to what is known of its day. Of the readings of days to come only the time is looked at.
    pub(super) fn collect<D: Default>(
        &self,
        readings: impl Iterator<Item = CurrentReading>,
        mut add: impl FnMut(&mut D, &CurrentReading),
    ) -> Known<D> {
        let mut days: Vec<D> = std::iter::repeat_with(D::default).take(self.len()).collect();
        let mut newest = None;
        let mut place = 0;
        for reading in readings {
            while self.edges.get(place + 1).is_some_and(|end| reading.time >= *end) {
                place += 1;
            }
            if let Some(day) = days.get_mut(place) {
                add(day, &reading);
            }
            newest = Some(reading.time);
        }
        Known { days, newest }
    }

    /// Judges each day with the `span - 1` days before it, as far as there are so many: `judge` is
    /// given these days, the judged one last, its place, and the findings with which the open episode
    /// began, if one is open.
    ///
    /// An episode begins with the day for which the rule holds and ends with the first after it that
    /// clears. One that is open before the first day that can be judged goes on from what its alert
    /// says. The next day is waited for while the rule can see a reading.
    pub(super) fn assess<D>(
        &self,
        context: &Context<'_>,
        (known, span): (&Known<D>, usize),
        parameters: &Values,
        judge: impl Fn(&[D], usize, Option<&Values>) -> Verdict,
    ) -> Assessment {
        let Known { days, newest } = known;
        let first_judged = span - 1;
        let judged_from = self.edges.get(first_judged).copied();
        // Where no day can be judged yet, what is known stays as it is.
        let judged_from = judged_from.unwrap_or(Timestamp::LATEST);
        let carried = carried(context, judged_from);
        let is_covered = |alert: &&Alert| {
            alert.first_observed_at >= judged_from
                || carried.is_some_and(|carried| carried.id == alert.id)
        };
        let mut assessment = Assessment {
            covered: context.known().filter(is_covered).map(|alert| alert.id).collect(),
            ..Assessment::default()
        };
        let episode = |began, findings| Episode {
            parameters: parameters.clone(),
            ..Episode::of_findings(Severity::Review, began, findings)
        };
        let mut open = carried.map(|alert| Episode {
            continues: Some(alert.id),
            ..episode(alert.first_observed_at, alert.findings.clone())
        });
        // What the alert says of a day was found with days that cannot be judged any more.
        let said_of = carried.and_then(|alert| alert.finding(LAST_DAY));
        let is_said = |place| said_of.is_some_and(|day| day_number(self.date(place)) <= day);
        for place in (first_judged..self.len()).skip_while(|place| is_said(*place)) {
            let seen = &days[place - first_judged..=place];
            match judge(seen, place, open.as_ref().map(|open| &open.findings)) {
                Verdict::Holds(findings) if open.is_none() => {
                    open = Some(episode(self.edges[place], findings));
                }
                Verdict::Worsens(findings) => {
                    open.iter_mut().for_each(|open| open.findings.clone_from(&findings));
                }
                Verdict::Clears => {
                    if let Some(mut over) = open.take() {
                        over.ended = Some(self.edges[place]);
                        assessment.episodes.push(over);
                    }
                }
                Verdict::Holds(_) | Verdict::Neither => {}
            }
        }
        assessment.episodes.extend(open);
        // The next day sees the readings of `span` days, itself the last.
        let next_sees =
            self.local.instant(earlier(self.date(self.len()), first_judged), self.begin.time());
        if newest.is_some_and(|newest| newest >= next_sees) {
            assessment.assess_again_at(self.complete_at(self.len()));
        }
        assessment
    }

    /// When a day is complete.
    fn complete_at(&self, place: usize) -> Timestamp {
        self.local.begin_of(self.date(place), 1) + self.grace
    }
}

/// The fast path of a rule of days: whether a changed reading is of a day that is not complete yet, so
/// that it changes nothing that was judged. While the rest of an upload is waited for, it is enough that
/// the rule knows until when. The rule reads copies ([`crate::rule::Rule::reads_copies`]), so that it is
/// asked of each reading.
pub(super) fn is_unaffected(change: &Change, context: &Context<'_>, begin: Begin) -> bool {
    if let Some(until) = context.rest_until {
        return context.due == Some(until);
    }
    let Some(due) = context.due.filter(|due| *due > context.now) else { return false };
    // The day that is waited for ended its grace before.
    let ends = due - begin.complete_after(grace(context.patient));
    // A reading may be a copy of one of the day before.
    let time = change.reading.time - COPY_WITHIN;
    let begins = || {
        let local = context.plan.local_time();
        local.instant(local.day_of(ends - Span::from_millis(1)), begin.time())
    };
    // Where the last reading is withdrawn, there may be no day to wait for.
    let is_needed = || {
        let mut later = context.readings_and_copies(change.kind, change.reading.time);
        change.is_in_order || later.next().is_some()
    };
    (time >= ends || time >= begins()) && is_needed()
}

/// Whether a rule of days waits for what was sent together with a late reading: one that came so late
/// may be of a day that was judged, and what came with it may say otherwise of that day.
pub(super) fn waits_for_the_rest(delay: Span) -> bool {
    delay >= GRACE
}

/// The alert that is open before the first day that can be judged.
fn carried<'a>(context: &Context<'a>, judged_from: Timestamp) -> Option<&'a Alert> {
    let lasts = |alert: &&Alert| {
        alert.first_observed_at < judged_from
            && (alert.is_open()
                || alert.status == Status::Resolved && alert.last_observed_at >= judged_from)
    };
    context.known().filter(lasts).max_by_key(|alert| (alert.is_open(), alert.first_observed_at))
}

fn after(day: Date) -> Date {
    day.tomorrow().unwrap_or(Date::MAX)
}

fn later(day: Date, days: usize) -> Date {
    day.saturating_add(jiff::Span::new().days(days as i64))
}

fn earlier(day: Date, days: usize) -> Date {
    day.saturating_sub(jiff::Span::new().days(days as i64))
}

/// Where a day has hundreds of readings, as of a sensor, an assessment looks at no more than it must.
impl<'a> Days<'a> {
    /// Those that are to be judged, each with the `span - 1` days before it. Where nothing but time made
    /// a day complete, it and those after it: what was before is judged already, for every change of it
    /// has it judged anew. Else all days.
    pub(super) fn to_judge(&self, context: &Context<'_>, span: usize) -> Self {
        let due = context.due.filter(|due| context.cause.is_none() && *due <= context.now);
        let completed = (0..self.len()).rev().find(|place| Some(self.complete_at(*place)) <= due);
        let place = completed.filter(|place| Some(self.complete_at(*place)) == due);
        let gone = place.map_or(0, |place| (place + 1).saturating_sub(span));
        Self { edges: self.edges[gone..].to_vec(), first: self.date(gone), ..*self }
    }

    /// What is known of each day, of all of its readings at once. `of_day` is given these, in
    /// observation order, and when the day begins and ends.
    pub(super) fn collect_whole<D>(
        &self,
        readings: impl Iterator<Item = CurrentReading>,
        mut of_day: impl FnMut(&[CurrentReading], (Timestamp, Timestamp)) -> D,
    ) -> Known<D> {
        let mut readings = readings.peekable();
        let (mut days, mut newest) = (Vec::with_capacity(self.len()), None);
        let mut of_one: Vec<CurrentReading> = Vec::new();
        for edges in self.edges.windows(2) {
            of_one.clear();
            of_one.extend(std::iter::from_fn(|| readings.next_if(|one| one.time < edges[1])));
            newest = of_one.last().map(|reading| reading.time).or(newest);
            days.push(of_day(&of_one, (edges[0], edges[1])));
        }
        Known { days, newest: readings.last().map(|reading| reading.time).or(newest) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;
    use crate::alert::RuleName;
    use crate::patient::PatientId;
    use crate::plan::Plan;
    use crate::remembered::Delay;
    use crate::sample::Sample;
    use crate::schedule::Schedule;
    use crate::slow::SlowReadings;
    use crate::source::Source;
    use crate::timeline::Timeline;
    use crate::window::Window;

    /// The complete days of a patient in Berlin, as `look` sees them.
    fn days<T>(now: Timestamp, begin: Begin, look: impl Fn(&Days<'_>, Span) -> T) -> T {
        let patient = PatientId::parse("HOME01/P1").unwrap();
        let schedule = Schedule::new("Europe/Berlin", date(2026, 1, 1), vec![]).unwrap();
        let plan = Plan::default().with_schedule(schedule);
        let timeline = Timeline::default();
        let context = Context {
            patient: &patient,
            plan: &plan,
            now,
            cause: None,
            due: None,
            rest_until: None,
            rule: RuleName::of("rule"),
            named: |_| None,
            timeline: &timeline,
            slow: &SlowReadings::default(),
            alerts: &[],
            alerts_until: Timestamp::EARLIEST,
            window: Window::default(),
        };
        look(&Days::of(&context, begin), grace(&patient))
    }

    fn berlin() -> LocalTime {
        LocalTime::of("Europe/Berlin").unwrap()
    }

    #[test]
    fn a_day_is_complete_when_the_patients_grace_has_passed_after_its_midnight() {
        let midnight = berlin().begin_of(date(2026, 6, 2), 0);
        let grace = days(midnight, Begin::Midnight, |_, grace| grace);
        assert!((Span::from_hours(6)..Span::from_hours(7)).contains(&grace));
        for begin in [Begin::Midnight, Begin::Morning(Hours::default())] {
            let last = |now| days(now, begin, |days, _| days.date(days.len() - 1));
            assert_eq!(last(midnight + grace), date(2026, 6, 1));
            assert_eq!(last(midnight + grace - Span::from_millis(1)), date(2026, 5, 31));
        }
    }

    /// The clocks go back on 25 October and the day has 25 hours.
    #[test]
    fn readings_are_of_their_local_day_also_where_the_clocks_are_moved() {
        let local = berlin();
        let change = date(2026, 10, 25);
        let now = local.begin_of(change, 3);
        let reading = |time| CurrentReading {
            time,
            source: Source::device("MAKER", "1").unwrap().digest(),
            sample: Sample::default(),
            delay: Delay::default(),
        };
        let minute = Span::from_minutes(1);
        for (begin, edge) in [
            (Begin::Midnight, time(0, 0, 0, 0)),
            (Begin::Morning(Hours::default()), time(4, 0, 0, 0)),
        ] {
            let begins = local.instant(change, edge);
            let ends = local.instant(change.tomorrow().unwrap(), edge);
            let times = [begins - minute, begins, ends - minute, ends];
            let counts = days(now, begin, |days, _| {
                let known =
                    days.collect(times.map(reading).into_iter(), |count: &mut u32, _| *count += 1);
                let of_change = (0..days.len()).find(|place| days.date(*place) == change).unwrap();
                known.days[of_change - 1..=of_change + 1].to_vec()
            });
            assert_eq!(counts, [1, 2, 1], "{begin:?}");
        }
        let length = local.begin_of(change, 1) - local.begin_of(change, 0);
        assert_eq!(length, Span::from_hours(25));
    }
}
