//! Who is of which group, whatever names are made up and however often devices are changed.

use jiff::civil::date;
use proptest::prelude::*;

use super::silences::Silence;
use super::*;
use crate::patient::PatientId;
use crate::schedule::{Expected, Schedule};

const KIND: Kind = Kind::BloodPressure;
const DAY: i64 = 24;

/// The numbers in use, but that patients are counted once an hour.
fn limits() -> Limits {
    Limits { every: Span::from_hours(1), ..Limits::default() }
}

/// Hours after midnight in Japan of Monday, 1 June 2026.
fn at(hours: i64) -> Timestamp {
    Timestamp::from_seconds(1_780_239_600) + Span::from_hours(hours)
}

fn vendor(name: &str) -> Group {
    Group::Vendor(name.into())
}

fn model(manufacturer: &str, number: &str) -> Group {
    Group::Model { manufacturer: manufacturer.into(), number: number.into() }
}

fn consortium(name: &str) -> Group {
    Group::Consortium(name.into())
}

fn plan() -> Plan {
    let expected = Expected::new(KIND, 3, 14).unwrap();
    let schedule = Schedule::new("Asia/Tokyo", date(2026, 5, 1), vec![expected]).unwrap();
    Plan::default().with_schedule(schedule)
}

/// Patients of consortia, and what is known of their products.
#[derive(Default)]
struct Ward {
    groups: Groups,
    patients: Vec<(PatientId, Heard)>,
}

impl Ward {
    fn add(&mut self, consortium: &str) -> usize {
        let person = format!("P{}", self.patients.len());
        let patient = PatientId::from_parts(consortium, &person).unwrap();
        self.patients.push((patient, Heard::default()));
        self.patients.len() - 1
    }

    fn hear(&mut self, patient: usize, product: (&str, &str), hours: i64) -> bool {
        self.hear_of(KIND, patient, product, hours)
    }

    fn hear_of(
        &mut self,
        kind: Kind,
        patient: usize,
        (manufacturer, number): (&str, &str),
        hours: i64,
    ) -> bool {
        let product = self.groups.product(manufacturer, Some(number));
        self.patients[patient].1.hear(kind, product, at(hours), &mut self.groups)
    }

    fn count(&self, hours: i64, silences: &Silences) -> Judged {
        let plan = plan();
        let counted = self.patients.iter().map(|(patient, heard)| (patient, &plan, heard));
        let known = Known { others: std::iter::empty(), is_unsure: false, silences };
        report(counted, &self.groups, known, at(hours), &limits())
    }

    fn members(&self, hours: i64, group: &Group) -> u32 {
        let counted = self.count(hours, &Silences::default());
        counted.report.tallies.get(group).map_or(0, |tally| tally.members)
    }

    fn held(&self, patient: usize, silences: &Silences) -> Vec<(Timestamp, Timestamp)> {
        let times = |group: &Group| self.patients[patient].1.times_of(KIND, group, &self.groups);
        let held = silences.held_back(KIND, &limits(), times);
        held.iter().map(|hold| (hold.from, hold.until)).collect()
    }
}

fn silence(group: Group, since: i64, ended: Option<i64>) -> Silence {
    Silence { group, since: at(since), ended: ended.map(at) }
}

#[test]
fn groups_that_nobody_belongs_to_any_more_leave_no_trace() {
    let mut ward = Ward::default();
    let patient = ward.add("HOME01");
    for n in 0..30_000_i64 {
        ward.hear(patient, ("MADEUP", &format!("M{n}")), n / 100);
    }
    // The vendor, and the models that are remembered of one patient.
    assert_eq!(ward.groups.len(), 17);
    assert!(ward.groups.end() <= 20, "{}", ward.groups.end());
    let other = ward.add("HOME01");
    ward.hear(other, ("OMRON", "7600T"), 300);
    assert_eq!(ward.members(301, &model("OMRON", "7600T")), 1);
    let Ward { groups, patients } = &mut ward;
    patients[patient].1.forget(at(300) + REMEMBERED + Span::from_hours(1), groups);
    patients[other].1.forget_all(groups);
    assert!(groups.is_empty() && groups.end() == 0, "{groups:?}");
}

#[test]
fn ten_thousand_made_up_models_hide_neither_a_consortium_nor_a_vendor_nor_another_ones_models() {
    let mut ward = Ward::default();
    for n in 0..10_000 {
        let patient = ward.add("ATTACK");
        ward.hear(patient, ("MADEUP", &format!("M{n}")), 1);
        ward.hear(patient, ("MADEUP", &format!("N{n}")), 2);
    }
    for _ in 0..3 {
        let patient = ward.add("HOME01");
        ward.hear(patient, ("OMRON", "7600T"), 2);
    }
    let counted = ward.count(3, &Silences::default());
    let members = |group: &Group| counted.report.tallies.get(group).map(|tally| tally.members);
    assert_eq!(members(&consortium("HOME01")), Some(3));
    assert_eq!(members(&vendor("OMRON")), Some(3));
    assert_eq!(members(&model("OMRON", "7600T")), Some(3));
    assert_eq!(members(&vendor("MADEUP")), Some(10_000));
    let models = |(group, _): &(&Group, &Tally)| matches!(group, Group::Model { .. });
    assert_eq!(counted.report.tallies.iter().filter(models).count(), 101);
    assert_eq!(counted.left_out, 9_900, "and that is said");
}

#[test]
fn made_up_vendors_take_the_room_of_no_consortium_and_of_no_larger_vendor() {
    let mut ward = Ward::default();
    for n in 0..2_000 {
        let patient = ward.add("ATTACK");
        ward.hear(patient, (&format!("MADEUP{n}"), &format!("M{n}")), 2);
    }
    for n in 0..40 {
        let patient = ward.add(&format!("HOME{}", n / 2));
        ward.hear(patient, ("OMRON", "7600T"), 2);
    }
    let counted = ward.count(3, &Silences::default());
    let members = |group: &Group| counted.report.tallies.get(group).map(|tally| tally.members);
    assert!((0..20).all(|n| members(&consortium(&format!("HOME{n}"))) == Some(2)));
    assert_eq!(members(&vendor("OMRON")), Some(40));
    assert_eq!(members(&model("OMRON", "7600T")), Some(40));
    assert_eq!(counted.report.tallies.len(), 21 + 300 + 500);
    // A silence that was judged does not end for want of room.
    let silences: Silences = [silence(vendor("MADEUP999"), 1, None)].into_iter().collect();
    let counted = ward.count(3, &silences);
    assert!(counted.report.tallies.contains_key(&vendor("MADEUP999")));
}

#[test]
fn a_product_that_makes_room_for_itself_by_another_kind_stays_what_it_is() {
    let (forty_one, product) = (41 * DAY, ("OMRON", "7600T"));
    let mut ward = Ward::default();
    let patient = ward.add("HOME01");
    ward.hear_of(Kind::WeighingScale, patient, product, 0);
    ward.hear(patient, product, forty_one + 1);
    assert_eq!(ward.members(forty_one + 2, &vendor("OMRON")), 1);
    // As the oldest of as many as are remembered.
    for n in 0..15 {
        ward.hear(patient, ("MADEUP", &format!("M{n}")), forty_one + 2 + n);
    }
    ward.hear_of(Kind::BodyTemperature, patient, product, forty_one + 20);
    ward.hear(patient, ("TERUMO", "X"), forty_one + 21);
    assert_eq!(ward.members(forty_one + 22, &vendor("TERUMO")), 1);
    assert_eq!(ward.members(forty_one + 22, &vendor("OMRON")), 0);
}

#[test]
fn products_that_are_made_up_for_one_kind_do_not_hide_another_kind() {
    let (mut groups, mut heard) = (Groups::default(), Heard::default());
    let thermometer = groups.product("TERUMO", None);
    heard.hear(Kind::BodyTemperature, thermometer, at(0), &mut groups);
    for n in 0..100 {
        let product = groups.product("MADEUP", Some(&format!("M{n}")));
        heard.hear(KIND, product, at(1 + n), &mut groups);
    }
    assert!(!heard.times_of(Kind::BodyTemperature, &vendor("TERUMO"), &groups).is_empty());
}

#[test]
fn who_has_changed_the_vendor_is_neither_expected_of_the_former_one_nor_held_back_by_it() {
    let mut ward = Ward::default();
    let patient = ward.add("HOME01");
    for day in 0..30 {
        let product = if day < 16 { ("A", "X") } else { ("B", "Y") };
        let is_news = ward.hear(patient, product, day * DAY);
        assert_eq!(is_news, day == 0 || day == 16);
    }
    let hours = 29 * DAY + 1;
    assert_eq!([vendor("A"), vendor("B")].map(|group| ward.members(hours, &group)), [0, 1]);
    // The silence of the vendor of before, that of the present one, and one while it was still the former.
    let [former, present, before] = [
        silence(vendor("A"), 28 * DAY, None),
        silence(vendor("B"), 28 * DAY, None),
        silence(model("A", "X"), 10 * DAY, None),
    ]
    .map(|silence| -> Silences { [silence].into_iter().collect() });
    assert_eq!(ward.held(patient, &former), []);
    assert_eq!(ward.held(patient, &present), [(at(28 * DAY), Timestamp::LATEST)]);
    assert_eq!(ward.held(patient, &before), [(at(10 * DAY), at(16 * DAY))]);
}

#[test]
fn who_goes_back_to_the_former_product_is_of_its_group_again() {
    let mut ward = Ward::default();
    let patient = ward.add("HOME01");
    for (hours, vendor) in [(0, "A"), (24, "B"), (48, "A"), (72, "A")] {
        ward.hear(patient, (vendor, ""), hours);
    }
    assert_eq!([vendor("A"), vendor("B")].map(|group| ward.members(73, &group)), [1, 0]);
    let silences: Silences = [silence(vendor("A"), 75, None)].into_iter().collect();
    assert_eq!(ward.held(patient, &silences), [(at(75), Timestamp::LATEST)]);
}

#[test]
fn silences_that_overlap_hold_back_as_one_and_no_more_than_64_are_remembered() {
    let mut ward = Ward::default();
    let patient = ward.add("HOME01");
    ward.hear(patient, ("A", "X"), 0);
    let overlapping: Silences =
        [silence(vendor("A"), 1, Some(5)), silence(model("A", "X"), 3, Some(30))]
            .into_iter()
            .collect();
    assert_eq!(ward.held(patient, &overlapping), [(at(1), at(54))]);
    let many: Silences =
        (0..100).map(|day| silence(vendor("A"), day * 48, Some(day * 48 + 1))).collect();
    let held = ward.held(patient, &many);
    assert_eq!((held.len(), held[0].0), (64, at(36 * 48)), "the oldest are raised");
}

/// Counts of vendors of which nobody is heard any more.
fn silent(groups: impl IntoIterator<Item = Group>, hours: i64) -> Totals {
    let tally = Tally { members: 10, expected: 10, heard: 0, silent: 10, own: 0 };
    let tallies = groups.into_iter().map(|group| (group, tally)).collect();
    let counted_at = at(hours);
    let valid_until = counted_at + limits().valid_for();
    let report = Report { counted_at, valid_until, tallies, ..Report::default() };
    Totals::at(at(hours), [&report])
}

#[test]
fn of_too_many_silences_the_ended_are_forgotten_first_and_models_before_vendors() {
    let mut silences: Silences =
        (0..400).map(|n| silence(model("OLD", &n.to_string()), n, Some(n + 1))).collect();
    let made_up = || (0..600).map(|n| model("MADEUP", &n.to_string()));
    silences.judge(&silent(made_up(), 500), at(500), &limits());
    assert_eq!((silences.iter().count(), silences.open().count()), (500, 500));
    // A vendor and a consortium that fall silent now have precedence, and they are reported.
    let now = made_up().chain([vendor("A"), consortium("HOME01")]);
    let changed = silences.judge(&silent(now, 501), at(501), &limits());
    let open: Vec<&Group> = silences.open().map(|silence| &silence.group).collect();
    assert!(open.contains(&&vendor("A")) && open.contains(&&consortium("HOME01")));
    assert_eq!(open.len(), 500);
    assert!(changed.contains(&vendor("A")));
    assert_eq!(changed.iter().filter(|group| matches!(group, Group::Model { .. })).count(), 2);
    // Hour by hour the same ones stay.
    let now = made_up().chain([vendor("A"), consortium("HOME01")]);
    assert!(silences.judge(&silent(now, 502), at(502), &limits()).is_empty());
}

#[test]
fn while_a_report_cannot_be_read_no_silence_begins_or_ends() {
    let mut silences = Silences::default();
    let unsure = |totals: Totals| totals.without_one(true);
    let [a, none] = [|hours| silent([vendor("A")], hours), |hours| silent([], hours)];
    assert!(silences.judge(&unsure(a(0)), at(0), &limits()).is_empty() && silences.is_empty());
    silences.judge(&a(1), at(1), &limits());
    assert_eq!(silences.open().count(), 1);
    assert!(silences.judge(&unsure(none(2)), at(2), &limits()).is_empty());
    assert_eq!(silences.open().count(), 1);
    silences.judge(&none(3), at(3), &limits());
    assert_eq!(silences.open().count(), 0);
}

proptest! {
    #[test]
    fn what_is_counted_and_held_is_of_who_is_heard_and_not_of_what_names_came(
        heard in prop::collection::vec((0..4_usize, 0..5_usize, 0..60_i64), 0..60),
        garbage in prop::collection::vec((0..4_usize, 0..40_usize), 0..60),
    ) {
        let products = [("A", "1"), ("A", "2"), ("B", "1"), ("ａ", "1"), ("C", "")];
        let mut heard = heard;
        heard.sort_by_key(|(.., hours)| *hours);
        let of = |garbage: &[(usize, usize)]| {
            let mut ward = Ward::default();
            (0..4).for_each(|_| {
                ward.add("HOME01");
            });
            for (patient, number) in garbage {
                let (product, long_ago) = (("OLD", &*number.to_string()), -60 * DAY);
                ward.hear(*patient, product, long_ago);
            }
            for (patient, product, hours) in &heard {
                ward.hear(*patient, products[*product], *hours);
            }
            let Ward { groups, patients } = &mut ward;
            patients.iter_mut().for_each(|(_, heard)| heard.forget(at(61), groups));
            ward
        };
        let [plain, other] = [of(&[]), of(&garbage)];
        let silences: Silences =
            [silence(vendor("A"), 20, Some(30)), silence(vendor("B"), 40, None)].into_iter().collect();
        prop_assert_eq!(plain.count(61, &silences).report, other.count(61, &silences).report);
        for patient in 0..4 {
            prop_assert_eq!(plain.held(patient, &silences), other.held(patient, &silences));
        }
        // Of what nobody is of any more nothing is known.
        let vendors = other.groups.iter().filter_map(|(_, group)| match group {
            Group::Vendor(name) => Some(&**name),
            _ => None,
        });
        prop_assert!(!vendors.into_iter().any(|name| name == "OLD"));
    }
}
