//! The clinical rules over a small population: a clinic can bear their alerts, and nothing that was
//! planted is missed. `make burden` says it of more patients for longer.

use clinical::alert::Severity;
use simulator::burden::{BurdenArgs, run};
use simulator::scenario;

#[test]
fn a_clinic_can_bear_the_alerts_and_every_planted_event_is_flagged() {
    let args = BurdenArgs { seed: 7, patients: 220, days: 40, planted_every: 10 };
    let burden = run(&args);
    assert_eq!(burden.faults(), Vec::<String>::new(), "{burden}");
    assert_eq!(burden.events.len(), 2 * scenario::all().len());
    assert_eq!(burden.stable.patients, 198);
    // A population in which nothing happens would show nothing.
    assert!(burden.stable.per_100_a_day(Severity::Review) > 0.3, "{burden}");
    for saved in burden.saved.values() {
        let became = saved.unconfirmed + saved.crossings + saved.further + saved.alerts;
        assert_eq!(saved.beyond, became, "{saved:?}");
    }
    let total = |count: fn(&simulator::burden::Saved) -> u64| -> u64 {
        burden.saved.values().map(count).sum()
    };
    assert!(total(|one| one.unconfirmed) > 0 && total(|one| one.further) > total(|one| one.alerts));
}

#[test]
fn the_same_seed_gives_the_same_burden() {
    let args = BurdenArgs { seed: 7, patients: 12, days: 40, planted_every: 4 };
    assert_eq!(run(&args), run(&args));
}
