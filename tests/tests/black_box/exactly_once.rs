//! Exactly once, seen from outside: whoever sleeps, wakes, comes, goes or dies.

use std::time::Duration;

use clinical::Kind;
use nix::sys::signal::Signal;
use schemas::topics::Topic;
use stream::group::{GroupArgs, GroupConsumer, GroupEvent};
use tests::load::under_load;
use tests::service::Service;
use tests::stack::{PARTITIONS, Plan, Stack};
use tests::verdict::assert_true;
use tests::wait::eventually;

const READY: &str = "mimamori_processor_partitions_count{state=\"ready\"}";

/// Waits until these processors have all partitions, each of them at least one where there are
/// enough.
fn share_the_partitions(stack: &Stack, processors: &[Service]) {
    eventually(&format!("{processors:?} share the partitions"), || {
        let of = |processor: &Service| stack.metric(*processor, READY);
        let shares: Vec<f64> = processors.iter().map(of).collect::<Result<_, _>>()?;
        let idle = shares.iter().filter(|share| **share == 0.0).count();
        let allowed = processors.len().saturating_sub(PARTITIONS as usize);
        match shares.iter().sum::<f64>() == f64::from(PARTITIONS) && idle <= allowed {
            true => Ok(()),
            false => Err(format!("{shares:?}")),
        }
    });
}

/// Stops a processor in the middle of a transaction.
fn stop_in_a_transaction(stack: &Stack, processor: Service) {
    eventually("it is stopped in a transaction", || {
        stack.signal(processor, Signal::SIGSTOP);
        // Not one of another processor, which goes on.
        if !stack.left_open(Topic::ReadingsAccepted).is_empty() {
            return Ok(());
        }
        stack.signal(processor, Signal::SIGCONT);
        Err("between two transactions".to_owned())
    });
}

pub fn a_processor_that_wakes_after_its_session_is_fenced_and_writes_nothing() {
    let stack = Plan::named("zombie").start(&[
        Service::Gateway,
        Service::Processor,
        Service::SecondProcessor,
        Service::Writer,
    ]);
    let sent = under_load(&stack, 21, |load| {
        share_the_partitions(&stack, &[Service::Processor, Service::SecondProcessor]);
        load.goes_on_for(200);
        // The other one takes over, which takes the session timeout, and ends the transaction that
        // the sleeping one left open.
        stop_in_a_transaction(&stack, Service::Processor);
        share_the_partitions(&stack, &[Service::SecondProcessor]);
        stack.signal(Service::Processor, Signal::SIGCONT);
        share_the_partitions(&stack, &[Service::Processor, Service::SecondProcessor]);
        load.goes_on_for(200);

        // Another process under its name takes over; the sleeping one's transaction is ended at once.
        stop_in_a_transaction(&stack, Service::Processor);
        let zombie = stack.give_up(Service::Processor);
        stack.start(&[Service::Processor]);
        share_the_partitions(&stack, &[Service::Processor, Service::SecondProcessor]);
        load.goes_on_for(200);
        let sessions = "mimamori_processor_aborted_total";
        zombie.signal(Signal::SIGCONT);
        eventually("it learns that its transaction is aborted", || {
            match stack.metric_at(zombie.ports(), sessions)? {
                ended if ended >= 1.0 => Ok(()),
                ended => Err(format!("{ended} sessions have ended")),
            }
        });
        // It lives on under the other one's name, until somebody ends it.
        load.goes_on_for(100);
        zombie.kill();
        load.goes_on_for(100);
    });
    assert_true(&stack, &sent);
}

pub fn two_to_four_processors_join_leave_and_crash_under_load_and_report_everything_once() {
    use Service::{FourthProcessor, Processor, SecondProcessor, ThirdProcessor};
    let stack = Plan::named("rebalance").start(&[Service::Gateway, Processor, Service::Writer]);
    let sent = under_load(&stack, 13, |load| {
        load.goes_on_for(200);
        stack.start(&[SecondProcessor]);
        share_the_partitions(&stack, &[Processor, SecondProcessor]);
        load.goes_on_for(200);
        stack.start(&[ThirdProcessor, FourthProcessor]);
        share_the_partitions(
            &stack,
            &[Processor, SecondProcessor, ThirdProcessor, FourthProcessor],
        );
        load.goes_on_for(200);
        assert_eq!(stack.terminate(SecondProcessor).code(), Some(0));
        stack.kill(ThirdProcessor);
        load.goes_on_for(150);
        stack.start(&[ThirdProcessor]);
        load.goes_on_for(150);
        stack.kill(Processor);
        share_the_partitions(&stack, &[ThirdProcessor, FourthProcessor]);
        load.goes_on_for(150);
        stack.start(&[SecondProcessor]);
        stack.kill(FourthProcessor);
        load.goes_on_for(100);
    });
    assert_true(&stack, &sent);
}

pub fn a_writer_killed_at_any_moment_stores_every_record_once_however_batches_are_cut() {
    let stack = Plan::named("cuts").start(&[Service::Gateway, Service::Processor, Service::Writer]);
    let sent = under_load(&stack, 22, |load| {
        // Rows and age at which batches are cut; readings until the next kill.
        let cuts = [("1", "1", 40), ("7", "1000", 90), ("100000", "3", 30), ("3", "20", 70)];
        let more = [("50", "1500", 130), ("2", "1", 20), ("1000", "200", 110), ("5", "700", 60)];
        for (rows, age, readings) in cuts.into_iter().chain(more) {
            stack.kill(Service::Writer);
            let arguments = ["--batch-rows", rows, "--batch-age-milliseconds", age];
            stack.start_with(Service::Writer, &arguments);
            load.goes_on_for(readings);
        }
        stack.wait_until_ready(Service::Writer);
    });
    assert_true(&stack, &sent);
    // Not only as read with FINAL: after the merges every row is there once.
    let mut tables: Vec<String> = Kind::ALL.iter().map(Kind::to_string).collect();
    let others = ["alerts", "rejected_readings", "outcome_tallies", "audit_events", "audit_sets"];
    tables.extend(others.map(str::to_owned));
    for table in tables {
        let due = stack.number(&format!("SELECT count() FROM {table} FINAL")).unwrap();
        stack.sql(&format!("OPTIMIZE TABLE {table} FINAL"));
        let rows = stack.number(&format!("SELECT count() FROM {table}")).unwrap();
        assert_eq!(rows, due, "rows of {table}");
    }
}

pub fn a_member_that_another_one_has_thrown_out_joins_again() {
    let stack = Plan::named("thrown_out").start(&[]);
    let args = GroupArgs {
        group: format!("{}a-group", stack.topics.prefix()),
        topics: vec![stack.topics.name(Topic::ReadingsRaw)],
        instance: Some("the-same".to_owned()),
    };
    let member = || GroupConsumer::new(&stack.kafka, args.clone()).unwrap();
    let wait_for = |what: &str, member: &mut GroupConsumer, fits: fn(&GroupEvent) -> bool| {
        eventually(what, || match member.poll(Duration::from_millis(50)) {
            Ok(Some(event)) if fits(&event) => Ok(()),
            other => Err(format!("{other:?}")),
        });
    };
    let assigned = |event: &GroupEvent| matches!(event, GroupEvent::Assigned(_));
    let revoked = |event: &GroupEvent| matches!(event, GroupEvent::Revoked(_));
    let mut first = member();
    wait_for("the first one is a member", &mut first, assigned);
    let mut second = member();
    wait_for("the second one takes its place", &mut second, assigned);
    wait_for("the first one is thrown out", &mut first, revoked);
    drop(second);
    wait_for("the first one is a member again", &mut first, assigned);
}
