//! Alerts do not wait for the store.

use tests::readings::{blood_pressure, document, seconds_ago, sensor_low};
use tests::registered::{SATO, TOKEN};
use tests::service::Service;
use tests::stack::{End, Plan};
use tests::wait::eventually;

const PATIENT: &str = "TST001/P1";

pub fn an_urgent_alert_is_on_the_live_page_without_clickhouse_and_the_store_catches_up() {
    let stack = Plan::named("live").own_clickhouse().patients(&[PATIENT]).start(&Service::ALL);
    let sato = stack.sign_in(SATO);
    let events = sato.alert_stream();
    assert_eq!(events.next("snapshot")["alerts"].as_array().unwrap().len(), 0);
    stack.end_clickhouse(End::InOrder);

    let first = blood_pressure(PATIENT, seconds_ago(180), 192, 114);
    let second = blood_pressure(PATIENT, seconds_ago(60), 188, 111);
    stack.post(Some(TOKEN), document(&[first])).expect(202);
    stack.post(Some(TOKEN), document(&[second])).expect(202);
    let alert = events.next("alert");
    assert_eq!(alert["patient"], PATIENT);
    assert_eq!(alert["rule"], "bp.severe_high");
    assert_eq!((&alert["severity"], &alert["stage"]), (&"urgent".into(), &"confirmed".into()));
    assert_eq!((&alert["status"], &alert["transition"]), (&"open".into(), &"raised".into()));
    assert_eq!(alert["evidence"].as_array().unwrap().len(), 2);
    let open = sato.get("alerts").expect(200);
    assert_eq!(open["alerts"][0]["id"], alert["id"]);
    let patients = sato.get("patients").expect(200);
    assert_eq!(patients["store"], "unavailable");
    assert_eq!(patients["patients"][0]["severity"], "urgent");
    assert_eq!(sato.get(&format!("patients/{PATIENT}/readings")).status, 503);

    stack.start_clickhouse();
    eventually("the store has caught up", || {
        let readings = sato.readings(PATIENT)?.len();
        let alerts = stack.try_sql("SELECT alert_id, severity FROM current_alerts")?;
        match (readings, &alerts[..]) {
            (2, [stored]) if stored["alert_id"] == alert["id"] => Ok(()),
            _ => Err(format!("{readings} readings, alerts {alerts:?}")),
        }
    });
    stack.assert_balanced();
}

pub fn a_sensor_that_says_lo_is_an_urgent_alert_and_the_api_says_below_40() {
    let stack = Plan::named("sensor_low").patients(&[PATIENT]).start(&Service::ALL);
    let sato = stack.sign_in(SATO);
    let events = sato.alert_stream();
    assert_eq!(events.next("snapshot")["alerts"].as_array().unwrap().len(), 0);

    // As a vendor's producer writes it, as an exchange document does, and as the sensor's own number.
    stack.produce(&sensor_low(PATIENT, seconds_ago(17 * 60)));
    let by_http = document(&[sensor_low(PATIENT, seconds_ago(9 * 60))]);
    let said = by_http.replace(r#""<40""#, r#""LO""#);
    assert_ne!(said, by_http);
    stack.post(Some(TOKEN), said).expect(202);
    let by_http = document(&[sensor_low(PATIENT, seconds_ago(60))]);
    let flagged = by_http.replace(r#""<40""#, "39");
    assert_ne!(flagged, by_http);
    stack.post(Some(TOKEN), flagged).expect(202);

    let alert = events.next("alert");
    assert_eq!(
        (&alert["rule"], &alert["severity"]),
        (&"glucose.very_low".into(), &"urgent".into())
    );
    for language in ["ja", "en"] {
        let text = alert["text"][language].as_str().unwrap();
        assert!(text.contains("< 40"), "{text}");
    }
    let evidence = alert["evidence"].as_array().unwrap();
    assert!(!evidence.is_empty());
    for reading in evidence {
        assert_eq!(reading["beyond"]["glucose_value"], "< 40", "{reading}");
    }
    stack.assert_balanced();
    let readings = eventually("the readings are in the store", || {
        let readings = sato.readings(PATIENT)?;
        if readings.len() == 3 { Ok(readings) } else { Err(format!("{} readings", readings.len())) }
    });
    for reading in &readings {
        assert_eq!(reading["beyond"]["glucose_value"], "< 40", "{reading}");
        assert_eq!(reading["values"]["glucose_comparator"], "below", "{reading}");
    }
    assert_eq!(readings[2]["values"]["glucose_value_sent"], 39);
}
