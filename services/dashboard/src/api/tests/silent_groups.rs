use clinical::silence::{Group, Report, Silence, Tally};

use super::*;

fn report(vendor: &str, silent: u32) -> Report {
    let at = |seconds: i64| Timestamp::from_seconds(1_795_000_000 + seconds);
    let group = Group::Vendor(vendor.into());
    let tally = Tally { members: 40, expected: 40, heard: 40 - silent, silent, own: silent };
    Report {
        counted_at: at(7200),
        valid_until: at(14_400),
        tallies: [(group.clone(), tally)].into(),
        silences: [Silence { group, since: at(0), ended: None }].into_iter().collect(),
    }
}

#[tokio::test]
async fn everybody_who_is_signed_in_sees_which_groups_are_silent_and_how_many_patients() {
    let api = api();
    assert_eq!(api.get("ops", SILENT_GROUPS).await.1, json!({ "groups": [] }));
    api.dashboard.silences.apply(0, Some(report("A", 38)));
    api.dashboard.silences.apply(1, Some(report("B", 40)));
    for user in ["ops", "dr.sato"] {
        let (status, answer) = api.get(user, SILENT_GROUPS).await;
        assert_eq!(status, 200);
        let group = |name: &str, patients| {
            json!({
                "group": "vendor", "name": name, "model": null, "patients": patients, "members": 40,
                "since": "2026-11-18T11:06:40Z", "counted_at": "2026-11-18T13:06:40Z",
            })
        };
        assert_eq!(answer["groups"], json!([group("B", 40), group("A", 38)]));
    }
    // Of a partition that has counted nothing any more nothing is known.
    api.dashboard.silences.apply(1, None);
    assert_eq!(api.get("ops", SILENT_GROUPS).await.1["groups"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn as_long_as_the_reports_are_read_nobody_is_informed_that_no_group_is_silent() {
    let (dashboard, audit) = testing::empty_dashboard();
    dashboard.registry.apply(practitioner("ops", Some(schemas::registry::Role::Operator)));
    dashboard.registry.caught_up();
    dashboard.ended.caught_up();
    let api = Api::of(dashboard, audit);
    assert_eq!(api.get("ops", SILENT_GROUPS).await.0, 503);
}
