//! Topics that are not as they have to be, and transactions that nobody ends.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use schemas::OutcomeTally;
use schemas::topics::Topic;
use stream::topics::{TopicSpec, create_topics};

use tests::readings::{blood_pressure, seconds_ago};
use tests::run::run;
use tests::service::{Ports, Service, mimamori, quiet_environment};
use tests::stack::{PARTITIONS, Plan, Stack, partition_of};
use tests::wait::{equal, eventually, try_within, within};

use crate::rejected::output;

const PATIENT: &str = "TST001/P1";
const PATIENCE: Duration = Duration::from_secs(30);
/// The writer brings its tables to their shape before it looks at topics.
const REFUSES_WITHIN: Duration = Duration::from_secs(120);
/// A partition counts as blind after 15 s.
const BLIND: Duration = Duration::from_secs(60);

/// Kafka's answer to a command of the operator's tools, for a prefix.
fn tool(subcommand: &str, prefix: &str) -> Command {
    let mut command = mimamori(subcommand);
    quiet_environment(&mut command);
    command.args(["--bootstrap-servers", &run().kafka(), "--topic-prefix", prefix]);
    command
}

/// What a service says that refuses to start.
fn refusal(command: &mut Command, log: &Path) -> String {
    let output = File::create(log).unwrap();
    command.stdout(output.try_clone().unwrap()).stderr(output);
    let mut child = command.spawn().unwrap();
    let ended = try_within(REFUSES_WITHIN, || child.try_wait().unwrap().ok_or("it runs"));
    if ended.is_err() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let said = std::fs::read_to_string(log).unwrap();
    let status = ended.unwrap_or_else(|runs| panic!("{runs}: {said}"));
    assert!(!status.success(), "{status}: {said}");
    said
}

pub fn topics_that_are_not_fit_are_refused_by_topics_create_and_by_every_service_at_its_start() {
    let prefix = "unfit.";
    let kafka = stream::KafkaArgs::local(run().kafka());
    let wrong = TopicSpec {
        name: format!("{prefix}readings.raw"),
        partitions: 1,
        settings: Vec::new(),
        replication: None,
    };
    run().wait_for(create_topics(&kafka, &[wrong])).unwrap();
    let mut create = tool("topics create", prefix);
    create.args(["--partitions", "3", "--longest-transaction-ms", "900000"]);
    let (_, said) = output(&mut create, false);
    assert!(said.contains("message.timestamp.type is CreateTime"), "{said}");
    assert!(said.contains("has 1 partitions, and 3 are asked for"), "{said}");

    let topics = schemas::Topics::with_prefix(prefix);
    let mut specs = mimamori::topics::all(&topics, 3, None);
    specs.retain(|spec| !spec.name.ends_with("readings.raw"));
    run().wait_for(create_topics(&kafka, &specs)).unwrap();
    for (service, arguments) in [
        ("processor", &["--operations-listen=127.0.0.1:0"][..]),
        ("gateway", &["--operations-listen=127.0.0.1:0", "--listen=127.0.0.1:0"]),
    ] {
        let log = run().folder("unfit").join(format!("{service}.log"));
        let said = refusal(tool(service, prefix).args(arguments), &log);
        assert!(said.contains("topic unfit.readings.raw is not fit"), "{service}: {said}");
        assert!(said.contains("LogAppendTime"), "{service}: {said}");
    }
}

/// Adds partitions to a topic of a stack, up to a number.
fn add_partitions(stack: &Stack, topic: Topic, number: usize) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", &stack.kafka.bootstrap_servers)
        .create()
        .unwrap();
    let name = stack.topics.name(topic);
    let new = [NewPartitions::new(&name, number)];
    let done = run().wait_for(admin.create_partitions(&new, &AdminOptions::new())).unwrap();
    assert!(done.iter().all(Result::is_ok), "{done:?}");
}

pub fn every_service_refuses_a_topic_of_another_number_of_partitions_at_its_start() {
    let stack = Plan::named("uneven").start(&[]);
    // Of patients' records, and of the master lists.
    let of_patients = [Service::Processor, Service::Writer, Service::Dashboard, Service::Notifier];
    let of_lists = [Service::Gateway, Service::Dashboard, Service::Notifier];
    let uneven: [(Topic, usize, &[Service], &str); 2] = [
        (Topic::RegistryConsortia, 2, &of_lists, "has 2 partitions and has to have 1"),
        (Topic::Alerts, PARTITIONS as usize + 1, &of_patients, "they have to be as many"),
    ];
    for (topic, number, services, says) in uneven {
        add_partitions(&stack, topic, number);
        let name = stack.topics.name(topic);
        for service in services {
            let log = stack.folder.join(format!("{}-{topic:?}.log", service.name()));
            let said = refusal(&mut stack.command(*service, Ports::of(*service)), &log);
            let is_named = said.contains(&name) && said.contains(" is not fit: ");
            assert!(is_named && said.contains(says), "{service:?}: {said}");
        }
    }
}

pub fn the_brokers_longest_transaction_is_checked_by_topics_create() {
    let mut create = tool("topics create", "longest.");
    create.args(["--partitions", "1", "--longest-transaction-ms", "60000"]);
    let (_, said) = output(&mut create, false);
    assert!(said.contains("transaction.max.timeout.ms is 900000"), "{said}");
    let mut create = tool("topics create", "longest.");
    create.args(["--partitions", "1", "--longest-transaction-ms", "900000"]);
    let (said, _) = output(&mut create, true);
    assert!(said.contains("topics exist"), "{said}");
}

/// A vendor's transaction with one reading in it, which the vendor does not end.
fn open_transaction(stack: &Stack) -> BaseProducer {
    let producer = stack.transactional_producer(&format!("{}vendor", stack.topics.prefix()));
    let topic = stack.topics.name(Topic::ReadingsRaw);
    let payload = stack.encoded(&blood_pressure(PATIENT, seconds_ago(900), 121, 79));
    let record = BaseRecord::<str, _>::to(&topic).partition(partition_of(PATIENT)).key(PATIENT);
    producer.send(record.payload(&payload)).map_err(|(error, _)| error).unwrap();
    producer.flush(PATIENCE).unwrap();
    producer
}

fn counted(stack: &Stack) -> i64 {
    let tallies: Vec<OutcomeTally> = stack.read(Topic::ReadingsOutcomes);
    tallies.iter().map(|tally| tally.new).sum()
}

pub fn a_vendors_open_transaction_is_counted_named_and_ended_by_an_operator() {
    const { assert!(PARTITIONS > 1, "the others go on") };
    let stack = Plan::named("hanging").start(&[Service::Processor]);
    let vendor = open_transaction(&stack);
    for minute in 1..=5 {
        stack.produce(&blood_pressure(PATIENT, seconds_ago(600 - minute * 60), 128, 80));
    }
    let partition = partition_of(PATIENT);
    let readyz = format!("http://127.0.0.1:{}/readyz", stack.ports(Service::Processor).operations);
    within(BLIND, "the processor says what hangs", || {
        let answer = stack.http.get(&readyz).send().map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let said = answer.text().unwrap_or_default();
        let place = format!("readings.raw partition {partition} can be read");
        let is_named = said.contains("hanging_transaction")
            && said.contains(&place)
            && said.contains("a transaction of producer ");
        if status == 503 && is_named { Ok(()) } else { Err(format!("{status}: {said}")) }
    });
    let lag = format!("mimamori_processor_lag_records{{partition=\"{partition}\"}}");
    assert!(stack.metric(Service::Processor, &lag).unwrap() >= 6.0, "to the end of the log");
    assert_eq!(counted(&stack), 0);

    let (said, _) = output(&mut stack.tool("transactions list"), true);
    let id = format!("{}vendor (Ongoing", stack.topics.prefix());
    let line = said.lines().find(|line| line.contains(&id)).unwrap_or_else(|| panic!("{said}"));
    let producer = line.split("producer ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    let mut abort = mimamori("transactions abort");
    quiet_environment(&mut abort);
    abort.args(["--bootstrap-servers", &stack.kafka.bootstrap_servers, "--producer-id", producer]);
    abort.args(["--topic", &stack.topics.name(Topic::ReadingsRaw)]);
    let (said, _) = output(abort.args(["--partition", &partition.to_string()]), true);
    assert!(said.contains("its coordinator ended it"), "{said}");
    eventually("what lay behind it is processed, and what was in it is not", || {
        equal(counted(&stack), 5)
    });
    stack.wait_until_ready(Service::Processor);
    assert!(vendor.commit_transaction(PATIENCE).is_err(), "it was fenced");
}
