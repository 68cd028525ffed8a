//! What the command lines of both binaries promise about secrets, for every command that there is.

#![allow(missing_docs, reason = "a test")]

use std::collections::BTreeSet;
use std::fmt::Debug;

use clap::{Arg, Command, Parser};

const HIDDEN: &str = "hunter2";
/// Arguments that hold a secret, with a value that does.
const SECRETS: [(&str, &str); 8] = [
    ("clickhouse_password", HIDDEN),
    ("device_token", HIDDEN),
    ("kafka_properties", "security.protocol=SASL_SSL,sasl.password=hunter2"),
    ("schema_registry_url", "http://me:hunter2@registry:8081"),
    ("session_key", HIDDEN),
    ("smtp_password", HIDDEN),
    ("webhook_secret", HIDDEN),
    ("oidc_client_secret", HIDDEN),
];
/// Arguments whose name sounds like a secret's and whose value is none.
const HARMLESS: [&str; 3] = ["key", "key_of_reading", "master_key_file"];
/// Values of a form of their own, and of what is given in place of something else.
const OF_A_FORM: [(&str, &str); 10] = [
    ("address", "0/17"),
    ("addresses", "0/17"),
    ("bootstrap_servers", "kafka:9092"),
    ("clickhouse_url", "http://clickhouse:8123"),
    ("consortium", "CGM005"),
    ("dashboard_url", "https://mimamori.example"),
    ("file", "file"),
    ("partition", "0"),
    ("patient", "CGM005/S001"),
    ("producer_id", "17"),
];
/// The value of whatever else must be given: a name, a path, a text.
const ANY: &str = "any";

fn value_of(values: &[(&str, &'static str)], argument: &Arg) -> Option<&'static str> {
    let found = values.iter().find(|(name, _)| *name == argument.get_id().as_str());
    found.map(|(_, value)| *value)
}

/// Every command that does something, with the words that choose it.
fn leaves(command: &Command, words: &[String]) -> Vec<(Vec<String>, Command)> {
    let words = [words, &[command.get_name().to_owned()]].concat();
    let mut below = command.get_subcommands().filter(|it| it.get_name() != "help").peekable();
    if below.peek().is_none() {
        return vec![(words, command.clone())];
    }
    below.flat_map(|command| leaves(command, &words)).collect()
}

/// The command's line with all of its secrets and all that it asks for.
fn line(words: &[String], command: &Command) -> Vec<String> {
    let given = command.get_arguments().filter_map(|argument| {
        let value = value_of(&SECRETS, argument)
            .or_else(|| value_of(&OF_A_FORM, argument))
            .or_else(|| argument.is_required_set().then_some(ANY))?;
        Some(match argument.get_long() {
            Some(long) => format!("--{long}={value}"),
            None => value.to_owned(),
        })
    });
    words.iter().cloned().chain(given).collect()
}

fn hold<C: Parser + Debug>() {
    let mut seen = BTreeSet::new();
    for (words, command) in leaves(&C::command(), &[]) {
        let line = line(&words, &command);
        let parsed = C::try_parse_from(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        let shown = format!("{parsed:?} {parsed:#?}");
        assert!(!shown.contains(HIDDEN), "{words:?} shows a secret: {shown}");
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str();
            let sounds_secret = ["password", "token", "key", "secret", "properties"]
                .iter()
                .any(|word| name.contains(word));
            let is_secret = value_of(&SECRETS, argument).is_some();
            assert!(
                is_secret || !sounds_secret || HARMLESS.contains(&name),
                "{words:?}: is {name} a secret? Say so here"
            );
            if is_secret {
                seen.insert(name.to_owned());
                let hides = argument.is_hide_env_values_set();
                assert!(hides, "{words:?} --help shows the value of {name}'s variable");
                let has_none = argument.get_default_values().is_empty();
                assert!(has_none, "{words:?}: {name} has a default that everybody knows");
            }
        }
    }
    assert!(!seen.is_empty());
}

#[test]
fn no_command_of_mimamori_shows_a_secret() {
    hold::<mimamori::CommandLine>();
}

#[test]
fn no_command_of_mimamori_dev_shows_a_secret() {
    hold::<mimamori_dev::CommandLine>();
}
