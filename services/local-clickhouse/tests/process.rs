//! How the process begins and ends.

mod served;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use served::{LONG, Served, folder};

const TABLE: &str = "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a";

#[test]
fn rows_survive_a_restart_and_a_kill() {
    let folder = folder();
    let served = Served::start(folder.path());
    served.query(TABLE);
    served.query("INSERT INTO t SELECT number FROM numbers(1000)");
    served.stop();
    let mut served = Served::start(folder.path());
    assert_eq!(served.query("SELECT count() FROM t"), "1000");
    served.query("INSERT INTO t VALUES (1), (2)");
    served.signal("KILL");
    served.wait();
    let served = Served::start(folder.path());
    assert_eq!(served.query("SELECT count() FROM t"), "1002");
    served.stop();
}

#[test]
fn a_second_process_on_the_same_folder_says_so_and_ends() {
    let folder = folder();
    let first = Served::start(folder.path());
    let said = Served::try_start(folder.path(), &[]).err().expect("the folder is taken");
    assert!(said.contains("another process serves"), "{said}");
    assert!(said.contains("--data"), "{said}");
    first.stop();
}

#[test]
fn a_missing_engine_is_one_sentence_with_what_to_do() {
    let folder = folder();
    let missing = Path::new("/nowhere/libchdb.so");
    let said = Served::try_start_as(folder.path(), "127.0.0.1:0", missing, &[])
        .err()
        .expect("there is no engine");
    assert!(said.contains("/nowhere/libchdb.so"), "{said}");
    assert!(said.contains("make setup"), "{said}");
}

#[test]
fn a_taken_address_is_named() {
    let folder = folder();
    let first = Served::start(folder.path());
    let address = first.url.trim_start_matches("http://").to_owned();
    let other = served::folder();
    let said =
        Served::try_start_as(other.path(), &address, &served::library(), &[]).err().expect("taken");
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
    first.stop();
}

#[test]
fn an_insert_whose_client_breaks_off_stores_nothing() {
    let folder = folder();
    let served = Served::start(folder.path());
    served.query(TABLE);
    let address = served.url.trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(&address).expect("connects");
    let head = "POST /?query=INSERT+INTO+t+FORMAT+RowBinary HTTP/1.1\r\nhost: x\r\ncontent-length: 80000000\r\n\r\n";
    connection.write_all(head.as_bytes()).expect("sends");
    // More than is taken in ahead, so that the insert has begun; less than one block of rows.
    connection.write_all(&vec![0; 4_000_000]).expect("sends");
    wait_until("the insert runs", || {
        served.query("SELECT count() FROM system.processes WHERE query_kind = 'Insert'") == "1"
    });
    drop(connection);
    wait_until("the insert is gone", || {
        served.query("SELECT count() FROM system.processes WHERE query_kind = 'Insert'") == "0"
    });
    assert_eq!(served.query("SELECT count() FROM t"), "0");
    served.query("INSERT INTO t VALUES (1)");
    served.stop();
}

#[test]
fn a_query_whose_client_breaks_off_gives_its_place_back() {
    let folder = folder();
    let served = Served::start_with(folder.path(), &["--queries", "1"]);
    let address = served.url.trim_start_matches("http://").to_owned();
    for _ in 0..3 {
        let mut connection = TcpStream::connect(&address).expect("connects");
        let request =
            "GET /?query=SELECT+number+FROM+numbers(10000000000) HTTP/1.1\r\nhost: x\r\n\r\n";
        connection.write_all(request.as_bytes()).expect("sends");
        let mut some = [0; 100_000];
        connection.read_exact(&mut some).expect("output comes");
    }
    assert_eq!(served.query("SELECT 1"), "1");
    served.stop();
}

#[test]
fn a_running_query_is_finished_before_the_process_ends() {
    let folder = folder();
    let served = Served::start(folder.path());
    let address = served.url.trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(&address).expect("connects");
    let slow = "GET /?query=SELECT+sum(sleepEachRow(0.1))+FROM+numbers(10)+SETTINGS+max_block_size=1+FORMAT+TSV HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    connection.write_all(slow.as_bytes()).expect("sends");
    wait_until("the query runs", || {
        served.query("SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow(0.1)%' AND query NOT LIKE '%LIKE%'") == "1"
    });
    served.signal("TERM");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("0\n\r\n0\r\n\r\n"), "{answer}");
    served.stop();
}

#[test]
fn a_client_that_stops_reading_cannot_keep_the_process_from_a_clean_end() {
    let folder = folder();
    let served = Served::start_with(folder.path(), &["--drain-deadline-seconds", "4"]);
    let address = served.url.trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(&address).expect("connects");
    let request = "GET /?query=SELECT+number+FROM+numbers(10000000000) HTTP/1.1\r\nhost: x\r\n\r\n";
    connection.write_all(request.as_bytes()).expect("sends");
    let mut some = [0; 1000];
    connection.read_exact(&mut some).expect("output comes");
    let started = Instant::now();
    served.stop();
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn the_process_ends_cleanly_in_the_middle_of_work_every_time() {
    for _ in 0..5 {
        let folder = folder();
        let served = Served::start(folder.path());
        served.query(TABLE);
        let url = served.url.clone();
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                std::thread::spawn(move || {
                    let client = reqwest::blocking::Client::new();
                    let insert = "INSERT INTO t SELECT number FROM numbers(100000)";
                    let mut done = 0_u32;
                    while client
                        .post(&url)
                        .body(insert)
                        .timeout(LONG)
                        .send()
                        .is_ok_and(|answer| answer.status().is_success())
                    {
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        wait_until("some work is done", || served.query("SELECT count() > 500000 FROM t") == "1");
        served.stop();
        let done: u32 = workers.into_iter().map(|worker| worker.join().expect("no panic")).sum();
        let served = Served::start(folder.path());
        let rows: u64 = served.query("SELECT count() FROM t").parse().expect("a number");
        assert!(rows >= u64::from(done) * 100_000, "{rows} rows of {done} inserts");
        served.stop();
    }
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < deadline, "it never happens that {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
