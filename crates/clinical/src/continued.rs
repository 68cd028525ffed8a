//! Which known alert an episode goes on with.

use std::cell::LazyCell;

use crate::alert::{Alert, Status};
use crate::computation::Computation;
use crate::found::Found;
use crate::judged::Judged;

/// Which known alert each episode continues, if any. First choice has the alert that the rule says,
/// unless the reading that gave its id is in another episode; then the one whose id was derived from
/// one of the episode's readings (so that of an episode that falls apart the part with the reading
/// that gave the id keeps it, and no id is given twice), then one that shares a reading, then one that
/// overlaps in time. One that was retracted is raised again only where a new one would have its id. Of
/// several the earliest is chosen: whoever computes the same again chooses the same.
///
/// Which alerts are judged decides twice: an alert that is over and not judged goes on only where a new
/// one would have its id, and an episode that is over and not judged goes on with an open alert at most,
/// which it ends, after all others have chosen; by other numbers with none.
pub(crate) fn continued_alerts(
    computation: &Computation<'_>,
    known: &[Alert],
    is_computed: &[bool],
    (computed, is_judged): (&[Found], &[bool]),
) -> Vec<Option<usize>> {
    let mut places = vec![None; computed.len()];
    let mut taken = vec![false; known.len()];
    place((computation, known, is_computed, computed), is_judged, (&mut places, &mut taken));
    if is_judged.contains(&false) && computation.judged != Judged::OpenByOtherNumbers {
        let is_over: Vec<bool> = is_judged.iter().map(|is_judged| !is_judged).collect();
        for (taken, alert) in taken.iter_mut().zip(known) {
            *taken |= !alert.is_open();
        }
        place((computation, known, is_computed, computed), &is_over, (&mut places, &mut taken));
    }
    places
}

/// Whether an episode is judged: because of itself, or because of an alert that is over and says
/// something of the same time.
pub(crate) fn is_judged(
    found: &Found,
    computation: &Computation<'_>,
    known: &[Alert],
    is_computed: &[bool],
) -> bool {
    let Computation { judged, plan, .. } = *computation;
    let is_of_same_time = |(alert, is_computed): (&Alert, &bool)| {
        *is_computed && !alert.is_open() && found.overlaps(alert) && judged.has_alert(alert, plan)
    };
    judged.has_episode(found, plan) || known.iter().zip(is_computed).any(is_of_same_time)
}

/// What is matched: the computation, the alerts known and which of them are computed, and the episodes.
type Matched<'m> = (&'m Computation<'m>, &'m [Alert], &'m [bool], &'m [Found]);

/// Chooses for some of the episodes among the alerts that are not taken.
fn place(
    (computation, known, is_computed, computed): Matched<'_>,
    which: &[bool],
    (continued, taken): (&mut [Option<usize>], &mut [bool]),
) {
    // `fit` gives the place, in the episode, of the reading by which an alert fits.
    let mut choose = |place: &mut Option<usize>, fit: &dyn Fn(usize) -> Option<usize>| {
        if place.is_none() {
            let fitting = (0..known.len()).filter(|index| !taken[*index]).filter_map(|index| {
                Some((fit(index)?, known[index].first_observed_at, known[index].id, index))
            });
            *place = fitting.min().map(|(.., index)| index);
            if let Some(index) = *place {
                taken[index] = true;
            }
        }
    };
    let is_live = |index: usize| known[index].status != Status::Retracted;
    let is_computed = |index: usize| {
        is_computed[index] && computation.judged.has_alert(&known[index], computation.plan)
    };
    let may_go_on = |index: usize| is_live(index) && is_computed(index);
    // Of most, none is asked for.
    let ids: Vec<LazyCell<_, _>> = computed
        .iter()
        .map(|found| LazyCell::new(|| found.alert_ids(computation.rule, computation.patient)))
        .collect();
    let gave_the_id =
        |of: usize, alert: usize| ids[of].iter().position(|id| *id == known[alert].id);
    for (of, place) in places(continued, which) {
        let continues = computed[of].episode.continues;
        let is_elsewhere = |alert: usize| {
            (0..computed.len()).any(|other| other != of && gave_the_id(other, alert).is_some())
        };
        let goes_on = |alert: usize| continues == Some(known[alert].id) && !is_elsewhere(alert);
        choose(place, &|alert| goes_on(alert).then_some(0));
    }
    for (of, place) in places(continued, which) {
        // An alert from before what is computed goes on only if a new one would have its id.
        let may_be =
            |alert: usize, place: usize| is_live(alert) && (is_computed(alert) || place == 0);
        choose(place, &|alert| gave_the_id(of, alert).filter(|place| may_be(alert, *place)));
    }
    for (of, place) in places(continued, which) {
        let shared = |alert: usize| computed[of].shared_reading(&known[alert]);
        choose(place, &|alert| shared(alert).filter(|_| may_go_on(alert)));
    }
    for (of, place) in places(continued, which) {
        let overlaps = |alert: usize| may_go_on(alert) && computed[of].overlaps(&known[alert]);
        choose(place, &|alert| overlaps(alert).then_some(0));
    }
    for (of, place) in places(continued, which) {
        choose(place, &|alert| gave_the_id(of, alert).filter(|place| *place == 0));
    }
}

/// The places of some of the episodes.
fn places<'p>(
    all: &'p mut [Option<usize>],
    which: &'p [bool],
) -> impl Iterator<Item = (usize, &'p mut Option<usize>)> {
    all.iter_mut().enumerate().filter(|(of, _)| which[*of])
}
