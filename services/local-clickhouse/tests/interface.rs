//! The HTTP interface as curl and scripts use it.

mod served;

use served::{Served, folder};

#[test]
fn a_query_may_stand_in_the_address_in_the_body_or_in_both() {
    let folder = folder();
    let served = Served::start(folder.path());
    assert_eq!(served.get("/ping").text(), "Ok.\n");
    assert_eq!(served.get("/").text(), "Ok.\n");
    assert_eq!(served.get("/?query=SELECT%201").text(), "1\n");
    assert_eq!(served.query("SELECT 1"), "1");
    assert_eq!(served.post("/?query=SELECT", "2").text(), "2\n");
    let answer = served.post("/?default_format=CSV&query_id=mine", "SELECT 'a', 1");
    assert_eq!(answer.text(), "\"a\",1\n");
    assert_eq!(answer.headers["x-clickhouse-query-id"], "mine");
    assert_eq!(answer.headers["x-clickhouse-format"], "CSV");
    assert_eq!(
        served.post("/?default_format=CSV", "SELECT 1 AS a FORMAT JSONEachRow").text(),
        "{\"a\":1}\n"
    );
    served.stop();
}

#[test]
fn errors_have_the_servers_status_code_and_text() {
    let folder = folder();
    let served = Served::start(folder.path());
    for (address, body, status, code) in [
        ("/", "SELECT * FROM nowhere", 404, 60),
        ("/", "SELECT nothing", 404, 47),
        ("/", "SELECT 1 +", 400, 62),
        ("/", "SELECT 1; SELECT 2", 400, 62),
        ("/", "SELECT throwIf(1)", 500, 395),
        ("/", "INSERT INTO nowhere VALUES (1)", 404, 60),
        ("/?database=nowhere", "SELECT 1", 404, 81),
        ("/?no_such_setting=1", "SELECT 1", 404, 115),
        ("/?max_threads=many", "SELECT 1", 400, 27),
        ("/?session_id=1", "SELECT 1", 501, 48),
        ("/?default_format=Nonsense", "SELECT 1", 404, 73),
    ] {
        let answer = served.post(address, body);
        let text = answer.text();
        assert_eq!((answer.status, answer.code), (status, Some(code)), "{body}: {text}");
        assert!(text.starts_with(&format!("Code: {code}. DB::Exception: ")), "{text}");
        assert!(text.trim_end().ends_with(')') && text.contains("(version "), "{text}");
    }
    let refused = served.get("/?query=CREATE%20TABLE%20t%20(a%20Int8)%20ENGINE%3DMemory");
    assert_eq!((refused.status, refused.code), (403, Some(164)), "{}", refused.text());
    served.stop();
}

#[test]
fn rows_are_binary_safe_wherever_the_statement_stands() {
    let folder = folder();
    let served = Served::start(folder.path());
    served.query("CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a");
    let rows = b"\x02\n\n\x03\n\x00;\x01 ".to_vec();
    let mut inline = b"INSERT INTO t FORMAT RowBinary\n".to_vec();
    inline.extend_from_slice(&rows);
    let first = served.post("/", inline);
    assert_eq!(first.status, 200, "{}", first.text());
    let second = served.post("/?query=INSERT%20INTO%20t%20FORMAT%20RowBinary", rows);
    assert_eq!(second.status, 200, "{}", second.text());
    let summary = second.headers["x-clickhouse-summary"].to_str().expect("text");
    assert!(summary.contains("\"written_rows\":\"3\""), "{summary}");
    assert_eq!(
        served.query("SELECT hex(a), count() FROM t GROUP BY a ORDER BY a"),
        "0A003B\t2\n0A0A\t2\n20\t2"
    );
    served.query("INSERT INTO t SELECT toString(number) FROM numbers(5)");
    served.query("INSERT INTO t VALUES ('x'), ('y')");
    assert_eq!(served.query("SELECT count() FROM t"), "13");
    served.stop();
}

#[test]
fn a_form_carries_query_and_parameters() {
    let folder = folder();
    let served = Served::start(folder.path());
    let form = "--B\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT {a:String}, {b:UInt8}\r\n--B\r\nContent-Disposition: form-data; name=\"param_a\"\r\n\r\nit's \\tmine\r\n--B--\r\n";
    let answer = reqwest::blocking::Client::new()
        .post(format!("{}/?param_b=7", served.url))
        .header("content-type", "multipart/form-data; boundary=B")
        .body(form)
        .send()
        .expect("answers");
    assert_eq!(answer.text().expect("text"), "it\\'s \\tmine\t7\n");
    let answer = served.get("/?query=SELECT%20%7Ba:Array(UInt8)%7D&param_a=%5B1,2%5D");
    assert_eq!(answer.text(), "[1,2]\n");
    served.stop();
}

#[test]
fn settings_and_database_of_a_request_end_with_it() {
    let folder = folder();
    let served = Served::start_with(folder.path(), &["--queries", "1"]);
    served.query("CREATE DATABASE other");
    let seen = "SELECT getSetting('max_threads') = 1, currentDatabase()";
    assert_eq!(served.post("/?max_threads=1&database=other", seen).text(), "1\tother\n");
    assert_eq!(served.query("SET max_threads = 1"), "");
    assert_eq!(served.query("USE other"), "");
    served.query("CREATE TEMPORARY TABLE mine (a UInt8)");
    assert_eq!(served.query("SELECT currentDatabase()"), "default");
    assert_eq!(
        served.query("SELECT value FROM system.settings WHERE name = 'max_threads' AND changed"),
        ""
    );
    assert_eq!(served.query("EXISTS TEMPORARY TABLE mine"), "0");
    served.stop();
}

#[test]
fn large_answers_are_whole_in_every_format() {
    let folder = folder();
    let served = Served::start(folder.path());
    let many = "SELECT number AS n, toString(number) AS s FROM numbers(300000)";
    let lines = |format: &str| served.query(&format!("{many} FORMAT {format}")).lines().count();
    assert_eq!(lines("TSV"), 300_000);
    assert_eq!(lines("CSVWithNames"), 300_001);
    assert_eq!(lines("JSONEachRow"), 300_000);
    let json: serde_json::Value =
        serde_json::from_str(&served.query(&format!("{many} FORMAT JSONCompact"))).expect("JSON");
    assert_eq!(json["rows"], 300_000);
    let header = b"\x02\x01n\x01s\x06UInt64\x06String".len();
    let plain = served.post("/?default_format=RowBinary", many).body.len();
    let named = served.post("/?default_format=RowBinaryWithNamesAndTypes", many).body.len();
    assert_eq!(named, plain + header);
    assert_eq!(served.post("/?default_format=RowBinary", "SELECT 1 WHERE 0").body.len(), 0);
    served.stop();
}

#[test]
fn an_error_behind_output_is_in_the_frame_that_clients_look_for() {
    let folder = folder();
    let served = Served::start(folder.path());
    let answer = served
        .post("/?max_block_size=1000", "SELECT throwIf(number = 200000) FROM numbers(1000000)");
    let tag = answer.headers["x-clickhouse-exception-tag"].to_str().expect("text");
    let text = answer.text();
    assert_eq!(answer.status, 200);
    assert!(text.contains(&format!("\r\n__exception__\r\n{tag}\r\nCode: 395.")), "{tag}");
    assert!(text.ends_with(&format!(" {tag}\r\n__exception__\r\n")), "{tag}");
    served.stop();
}

#[test]
fn more_requests_than_places_wait_for_their_turn() {
    let folder = folder();
    let served = Served::start_with(folder.path(), &["--queries", "2"]);
    std::thread::scope(|scope| {
        for number in 0..12 {
            let served = &served;
            scope.spawn(move || {
                let sum =
                    served.query(&format!("SELECT sum(number) + {number} FROM numbers(1000000)"));
                assert_eq!(sum, (499_999_500_000_u64 + number).to_string());
            });
        }
    });
    served.stop();
}
