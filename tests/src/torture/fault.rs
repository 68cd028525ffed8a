//! What is done to the platform.

use std::fmt;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::settings::Settings;
use super::storm;
use crate::disk::SmallDisk;
use crate::proxy::Weather;
use crate::service::Service;
use crate::stack::{End, Stack};
use crate::wait::eventually;

/// A process of the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Gateway,
    Processor,
    Writer,
    Dashboard,
    Clickhouse,
    Kafka,
}

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// `kill -9`; started again as a supervisor does.
    Killed(Part),
    /// SIGSTOP for some time, then SIGCONT.
    Stopped(Part),
    /// ClickHouse cannot be reached.
    ClickhouseRefuses,
    /// ClickHouse takes long for everything.
    ClickhouseIsSlow,
    /// ClickHouse takes what it is sent and never answers.
    ClickhouseNeverAnswers,
    /// ClickHouse does what it is asked and its answers are lost.
    ClickhouseAnswersAreLost,
    /// Kafka is ended in order and started again.
    KafkaRestarted,
    /// The disk under ClickHouse or Kafka is full.
    DiskFull(Part),
    /// Processors join, leave and crash in quick turn, up to four at a time.
    RebalanceStorm,
}

use Part::{Clickhouse, Dashboard, Gateway, Kafka, Processor, Writer};

impl Fault {
    /// Every fault.
    pub(super) const ALL: [Fault; 20] = [
        Fault::Killed(Gateway),
        Fault::Killed(Processor),
        Fault::Killed(Writer),
        Fault::Killed(Dashboard),
        Fault::Killed(Clickhouse),
        Fault::Killed(Kafka),
        Fault::Stopped(Gateway),
        Fault::Stopped(Processor),
        Fault::Stopped(Writer),
        Fault::Stopped(Dashboard),
        Fault::Stopped(Clickhouse),
        Fault::Stopped(Kafka),
        Fault::ClickhouseRefuses,
        Fault::ClickhouseIsSlow,
        Fault::ClickhouseNeverAnswers,
        Fault::ClickhouseAnswersAreLost,
        Fault::KafkaRestarted,
        Fault::DiskFull(Clickhouse),
        Fault::DiskFull(Kafka),
        Fault::RebalanceStorm,
    ];

    /// Those of the short run: each service killed, Kafka killed, a processor stopped for longer than
    /// its session, ClickHouse away in the two ways that are hardest to notice, a full disk, a storm.
    pub(super) const IN_SHORT: [Fault; 10] = [
        Fault::Killed(Gateway),
        Fault::Killed(Processor),
        Fault::Killed(Writer),
        Fault::Killed(Dashboard),
        Fault::Killed(Kafka),
        Fault::Stopped(Processor),
        Fault::ClickhouseNeverAnswers,
        Fault::ClickhouseAnswersAreLost,
        Fault::DiskFull(Clickhouse),
        Fault::RebalanceStorm,
    ];

    /// The faults that happen at least once in a run. `TORTURE_FAULT` leaves those whose names hold
    /// it.
    pub(super) fn of_run(settings: &Settings) -> Vec<Fault> {
        let faults: &[Fault] = if settings.long { &Fault::ALL } else { &Fault::IN_SHORT };
        let only = std::env::var("TORTURE_FAULT").unwrap_or_default();
        let faults: Vec<Fault> =
            faults.iter().copied().filter(|fault| fault.to_string().contains(&only)).collect();
        assert!(!faults.is_empty(), "no fault is named {only:?}");
        faults
    }

    /// Whether alerts have nothing to do with it: only the way into the store is concerned.
    pub(super) fn leaves_alerts_alone(self) -> bool {
        match self {
            Fault::Killed(part) | Fault::Stopped(part) | Fault::DiskFull(part) => {
                matches!(part, Writer | Clickhouse)
            }
            Fault::ClickhouseRefuses
            | Fault::ClickhouseIsSlow
            | Fault::ClickhouseNeverAnswers
            | Fault::ClickhouseAnswersAreLost => true,
            Fault::KafkaRestarted | Fault::RebalanceStorm => false,
        }
    }

    /// Whether the writer's inserts have to fail meanwhile.
    pub(super) fn fails_inserts(self) -> bool {
        matches!(
            self,
            Fault::Killed(Clickhouse)
                | Fault::Stopped(Clickhouse)
                | Fault::DiskFull(Clickhouse)
                | Fault::ClickhouseRefuses
                | Fault::ClickhouseNeverAnswers
                | Fault::ClickhouseAnswersAreLost
        )
    }

    /// Whether it lasts so long that the writer has to stop fetching.
    pub(super) fn fills_the_writer(self) -> bool {
        matches!(
            self,
            Fault::Stopped(Clickhouse)
                | Fault::ClickhouseRefuses
                | Fault::ClickhouseNeverAnswers
                | Fault::ClickhouseAnswersAreLost
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Killed(part) => write!(f, "{part} killed"),
            Fault::Stopped(part) => write!(f, "{part} stopped"),
            Fault::ClickhouseRefuses => f.write_str("ClickHouse refuses"),
            Fault::ClickhouseIsSlow => f.write_str("ClickHouse is slow"),
            Fault::ClickhouseNeverAnswers => f.write_str("ClickHouse never answers"),
            Fault::ClickhouseAnswersAreLost => f.write_str("ClickHouse's answers are lost"),
            Fault::KafkaRestarted => f.write_str("Kafka restarted"),
            Fault::DiskFull(part) => write!(f, "disk full under {part}"),
            Fault::RebalanceStorm => f.write_str("rebalance storm"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Gateway => "gateway",
            Processor => "processor",
            Writer => "writer",
            Dashboard => "dashboard",
            Clickhouse => "ClickHouse",
            Kafka => "Kafka",
        })
    }
}

/// Where faults happen.
pub(super) struct Ground<'a> {
    pub(super) stack: &'a Stack,
    pub(super) kafka_disk: Option<&'a SmallDisk>,
    pub(super) clickhouse_disk: Option<&'a SmallDisk>,
    pub(super) settings: Settings,
}

impl Ground<'_> {
    /// Whether the system this runs on lets a fault happen.
    pub(super) fn can_suffer(&self, fault: Fault) -> bool {
        match fault {
            Fault::DiskFull(part) => self.disk(part).is_some(),
            _ => true,
        }
    }

    fn disk(&self, part: Part) -> Option<&SmallDisk> {
        if part == Kafka { self.kafka_disk } else { self.clickhouse_disk }
    }

    /// Lets a fault happen and ends it. Returns when it was ended: from then on the platform recovers.
    pub(super) fn suffer(&self, fault: Fault, chance: &mut ChaCha8Rng) -> Instant {
        match fault {
            Fault::Killed(part) => self.kill(part, chance),
            Fault::Stopped(part) => {
                let processor = any_processor(chance);
                self.signal(part, processor, Signal::SIGSTOP);
                std::thread::sleep(self.settings.stop());
                self.signal(part, processor, Signal::SIGCONT);
                Instant::now()
            }
            Fault::ClickhouseRefuses => self.weather(Weather::Refusing),
            Fault::ClickhouseIsSlow => self.weather(Weather::Slow(Duration::from_millis(700))),
            Fault::ClickhouseNeverAnswers => self.weather(Weather::Silent),
            Fault::ClickhouseAnswersAreLost => self.weather(Weather::Swallowing),
            Fault::KafkaRestarted => {
                self.stack.end_kafka(End::InOrder);
                let ended = Instant::now();
                self.stack.start_kafka();
                ended
            }
            Fault::DiskFull(part) => self.fill_disk(part),
            Fault::RebalanceStorm => storm::rage(self.stack, self.settings.storm(), chance),
        }
    }

    fn weather(&self, weather: Weather) -> Instant {
        self.stack.proxy().set(weather);
        std::thread::sleep(self.settings.away());
        self.stack.proxy().set(Weather::Fair);
        Instant::now()
    }

    fn kill(&self, part: Part, chance: &mut ChaCha8Rng) -> Instant {
        // As long as a supervisor takes to notice.
        let down = Duration::from_millis(chance.random_range(100..2_000));
        match part {
            Kafka => {
                self.stack.end_kafka(End::Killed);
                std::thread::sleep(down);
                let ended = Instant::now();
                self.stack.start_kafka();
                ended
            }
            Clickhouse => {
                let failed = failed_inserts(self.stack);
                self.stack.end_clickhouse(End::Killed);
                std::thread::sleep(down);
                // Who is back before the next insert has harmed nobody.
                eventually("the writer misses ClickHouse", || {
                    match failed_inserts(self.stack) > failed {
                        true => Ok(()),
                        false => Err("no insert has failed".to_owned()),
                    }
                });
                let ended = Instant::now();
                self.stack.start_clickhouse();
                ended
            }
            _ => {
                let service = service_of(part, any_processor(chance));
                self.stack.kill(service);
                std::thread::sleep(down);
                let ended = Instant::now();
                self.stack.start(&[service]);
                ended
            }
        }
    }

    fn signal(&self, part: Part, processor: Service, signal: Signal) {
        match part {
            Kafka => self.stack.signal_kafka(signal),
            Clickhouse => self.stack.signal_clickhouse(signal),
            _ => self.stack.signal(service_of(part, processor), signal),
        }
    }

    /// Fills a disk, and does what an operator would: makes room, and starts again what has ended
    /// over it.
    fn fill_disk(&self, part: Part) -> Instant {
        let disk = self.disk(part).expect("a disk was mounted");
        disk.fill();
        let until = Instant::now() + self.settings.away();
        let has_ended = || match part {
            Kafka => self.stack.kafka_has_ended(),
            _ => self.stack.clickhouse_has_ended(),
        };
        while Instant::now() < until && !has_ended() {
            std::thread::sleep(Duration::from_millis(100));
        }
        disk.make_room();
        let ended = Instant::now();
        if has_ended() {
            match part {
                Kafka => {
                    self.stack.end_kafka(End::Killed);
                    self.stack.start_kafka();
                }
                _ => {
                    self.stack.end_clickhouse(End::Killed);
                    self.stack.start_clickhouse();
                }
            }
        }
        ended
    }

    /// Reads again from Kafka what the store has lost over a full disk, as an operator would. When
    /// that was done; none where the store has lost nothing.
    pub(super) fn mend(&self, fault: Fault) -> Option<Instant> {
        if fault != Fault::DiskFull(Clickhouse) {
            return None;
        }
        let damaged = self.stack.mend_store();
        if damaged.is_empty() {
            return None;
        }
        println!("       damaged, taken out and read again from Kafka: {damaged:?}");
        Some(Instant::now())
    }
}

fn any_processor(chance: &mut ChaCha8Rng) -> Service {
    Service::PROCESSORS[chance.random_range(0..2)]
}

fn service_of(part: Part, processor: Service) -> Service {
    match part {
        Gateway => Service::Gateway,
        Writer => Service::Writer,
        Dashboard => Service::Dashboard,
        _ => processor,
    }
}

/// How many inserts of the writer have failed.
pub(super) fn failed_inserts(stack: &Stack) -> f64 {
    let of = |fault: &str| {
        let series = format!("mimamori_writer_retries_total{{fault=\"{fault}\"}}");
        stack.metric(Service::Writer, &series).unwrap_or(0.0)
    };
    of("passing") + of("store")
}
