//! What the platform promises, shown over real processes: Apache Kafka, the ClickHouse engine and
//! the services as they are deployed. The tests speak HTTP, Kafka and SQL only.
//!
//! One Kafka and one ClickHouse serve the whole run; each test has topics, tables and services of its
//! own. `cargo test -p tests --test black_box -- NAME` runs the tests whose names hold NAME.

#![allow(missing_docs, reason = "a program; its promises are the tests' names")]

mod http;
mod readings;
mod registered;
mod run;
mod service;
mod sql;
mod stack;
mod topics;
mod wait;

mod way_of_a_reading;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Tests at a time: they wait more than they work.
const AT_A_TIME: usize = 3;

macro_rules! promises {
    ($($module:ident::$name:ident),+ $(,)?) => {
        vec![$(Trial::test(stringify!($name), || {
            $module::$name();
            Ok(())
        })),+]
    };
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    let promises = promises![
        way_of_a_reading::a_reading_sent_over_http_is_on_the_physicians_screen_and_the_look_is_recorded,
    ];
    let conclusion = libtest_mimic::run(&arguments, promises);
    run::end(!conclusion.has_failed());
    conclusion.exit_code()
}
