//! The master lists: the same whenever they are written, and the patients of two physicians apart.

use std::collections::BTreeSet;

use clap::Parser;
use clinical::identity::{Identity, WrittenContact, WrittenIdentity};
use jiff::civil::date;
use schemas::{Codec, Topics};
use simulator::civil::Day;
use simulator::identities::identities;
use simulator::population::{Patient, population};
use simulator::registry::{RegistryArgs, care_plans, encode_care_plans, master_lists};
use simulator::scenario;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    registry: RegistryArgs,
}

fn args(arguments: &[&str]) -> RegistryArgs {
    Command::parse_from(["simulator"].iter().chain(arguments)).registry
}

#[test]
fn written_twice_the_records_are_equal() {
    let people = population(42, 50, 4);
    let args = args(&["--also-register", "CGM005/S001,CGM005/S002"]);
    let write = || {
        let lists = master_lists(&people, &args, Some("a-token"));
        lists.encode(&Codec::default(), &Topics::with_prefix("test.")).expect("no registry to ask")
    };
    assert_eq!(write(), write());
}

#[test]
fn every_patient_has_a_made_up_identity_that_can_be_one_and_fits_the_registry() {
    let people = population(42, 400, 4);
    let args = args(&["--also-register", "CGM005/S001,CGM005/S002"]);
    let listed = identities(&people, &args);
    assert_eq!(listed, identities(&people, &args), "the same each time");
    let participants = master_lists(&people, &args, None).participants;
    assert_eq!(listed.len(), participants.len());
    let mut charts = BTreeSet::new();
    for (row, participant) in listed.iter().zip(&participants) {
        assert_eq!(row.patient, format!("{}/{}", participant.consortium_id, participant.person_id));
        let contact = WrittenContact {
            name: row.emergency_name.clone(),
            relationship: Some(row.emergency_relationship.clone()),
            telephone: row.emergency_telephone.clone(),
        };
        let written = WrittenIdentity {
            name: row.name.clone(),
            kana: Some(row.kana.clone()),
            birth_date: row.birth_date.clone(),
            chart_number: Some(row.chart_number.clone()),
            telephone: Some(row.telephone.clone()),
            emergency_contact: Some(contact),
        };
        let identity = Identity::parse(&written, date(2026, 11, 30)).unwrap();
        let born = identity.birth_date().map(|date| (date.year().into(), date.month().into()));
        assert_eq!(born, participant.birth_year.zip(participant.birth_month));
        assert!(charts.insert(row.chart_number.clone()), "one chart for each");
    }
}

#[test]
fn each_patient_has_one_physician_and_the_extra_ones_go_to_the_first() {
    let people = population(42, 50, 4);
    let args = args(&["--also-register", "CGM005/S001", "--physician", "dr.a=A"]);
    let lists = master_lists(&people, &args, None);
    let of = |physician: &str| -> BTreeSet<&str> {
        let teams = lists.care_teams.iter();
        teams
            .filter(|team| team.practitioners == [physician])
            .map(|team| team.patient.as_str())
            .collect()
    };
    let (first, second) = (of("dr.a"), of("dr.tanaka"));
    assert_eq!(first.len() + second.len(), 51);
    assert_eq!(second.len(), 10);
    assert!(first.is_disjoint(&second) && first.contains("CGM005/S001"));
    assert_eq!(lists.participants.len(), 51);
    assert!(lists.consortia.iter().any(|consortium| consortium.consortium_id == "CGM005"));
    assert!(lists.vendors.is_empty(), "no token, no vendor");
}

#[test]
fn the_token_itself_is_nowhere() {
    let lists = master_lists(&[], &args(&[]), Some("a-secret-token"));
    assert!(!format!("{lists:?}").contains("a-secret-token"));
    assert_eq!(lists.vendors[0].token_hashes[0].len(), 64);
    assert!(lists.vendors[0].every_consortium);
}

#[test]
fn who_is_in_a_scenario_has_its_care_plan_and_nobody_else_has_one() {
    let day = Day(20_458);
    let mut people = population(42, 20, 4);
    for (index, scenario) in scenario::all().iter().enumerate() {
        people[index] = Patient::in_scenario(42, index as u32, 4, scenario, day);
    }
    let plans = care_plans(&people, &args(&[]), day.start());
    assert_eq!(plans.len(), scenario::all().len());
    for (plan, scenario) in plans.iter().zip(scenario::all()) {
        let followed = plan.validate().expect("rules can use it");
        let mut care_plan = scenario.care_plan(day);
        care_plan.set_at = followed.set_at;
        assert_eq!(followed, care_plan);
        assert_eq!(plan.reason, scenario.about);
    }
    let records = encode_care_plans(&plans, &Codec::default(), &Topics::with_prefix("test."));
    let records = records.expect("no registry to ask");
    assert!(records.iter().all(|record| record.topic == "test.care.plans"));
    assert_eq!(records[0].key, people[0].id.to_string());
}
