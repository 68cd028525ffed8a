//! Deciding, writing down, sending, writing down what became of it: as long as this instance may.

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use chassis::{Heartbeat, Shutdown, now_ms};
use clinical::Timestamp;
use clinical::notify::{Decision, Happened, Limits, MessageKey, Step, decide};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::active::Active;
use crate::following::View;
use crate::log::{Entry, Log, OwnLog};
use crate::message::Message;
use crate::metrics::NotifierMetrics;
use crate::sending::Channels;
use crate::wake::{Sent, Wake};

/// No wait is longer, so that the instance notices when it is not to send any more.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// What comes together is decided together.
const TOGETHER: Duration = Duration::from_millis(50);
/// At the end, so long is waited for what was begun: otherwise it comes again.
const DRAIN: Duration = Duration::from_secs(12);

/// What a session needs.
pub(crate) struct Notifying {
    pub(crate) view: View,
    pub(crate) log: Log,
    pub(crate) channels: Channels,
    pub(crate) limits: Limits,
    pub(crate) dashboard: String,
    pub(crate) active: Active,
    pub(crate) metrics: NotifierMetrics,
    pub(crate) runtime: Handle,
    pub(crate) wake: Sender<Wake>,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) shutdown: Shutdown,
}

struct Session<'a> {
    notifying: &'a Notifying,
    number: u64,
    log: OwnLog<'a>,
    in_flight: HashSet<MessageKey>,
    attempts: JoinSet<()>,
}

impl Notifying {
    /// Sends as long as this instance is the one that does. `begun` is called when it knows what was sent.
    ///
    /// # Errors
    /// When Kafka does not take what is written down, because it is away or another instance has taken
    /// over.
    pub(crate) fn session(
        &self,
        number: u64,
        wakes: &Receiver<Wake>,
        begun: impl FnOnce(),
    ) -> anyhow::Result<()> {
        let log = self.log.take_over()?;
        begun();
        let (in_flight, attempts) = (HashSet::new(), JoinSet::new());
        let mut session = Session { notifying: self, number, log, in_flight, attempts };
        self.metrics.active.set(1);
        let done = session.turns(wakes);
        self.metrics.active.set(0);
        self.metrics.unattended.set(0);
        self.metrics.undelivered.set(0);
        self.metrics.overdue.set(0);
        done
    }

    /// Whether this instance is the one that sends, and knows all that decisions depend on.
    pub(crate) fn may_begin(&self) -> bool {
        self.active.is_active() && self.view.is_complete()
    }

    fn now() -> Timestamp {
        Timestamp::from_millis(now_ms())
    }
}

impl Session<'_> {
    fn turns(&mut self, wakes: &Receiver<Wake>) -> anyhow::Result<()> {
        while self.notifying.active.is_active() && !self.notifying.shutdown.is_requested() {
            self.notifying.heartbeat.beat();
            let look_at = self.turn()?;
            self.wait(wakes, look_at)?;
        }
        // What was begun comes to its end, so that nobody has to send it again.
        let until = Instant::now() + DRAIN;
        while !self.in_flight.is_empty() && Instant::now() < until {
            self.wait(wakes, None)?;
        }
        Ok(())
    }

    /// Does what is to be done now; when to look again.
    fn turn(&mut self) -> anyhow::Result<Option<Timestamp>> {
        let Notifying { view, limits, dashboard, .. } = self.notifying;
        let now = Notifying::now();
        let mut to_send = Vec::new();
        let decision = {
            let watched = view.look();
            let decision = decide(watched.subjects(), &self.log.deliveries, limits, now);
            let new = decision.new.iter().map(|message| (&message.key, 1, &message.steps));
            let again = decision.again.iter().map(|(key, (attempt, steps))| (key, *attempt, steps));
            for (key, attempt, steps) in new.chain(again) {
                if self.in_flight.contains(key) {
                    continue;
                }
                if let Some(message) = Message::of(key, steps, &watched, dashboard) {
                    to_send.push((message, attempt, steps.clone()));
                }
            }
            decision
        };
        self.write_down(&decision, now)?;
        for (message, attempt, steps) in to_send {
            self.send(message, attempt, steps);
        }
        let counts = decision.counts;
        self.notifying.metrics.unattended.set(counts.unattended as i64);
        self.notifying.metrics.undelivered.set(counts.undelivered as i64);
        self.notifying.metrics.overdue.set(counts.overdue as i64);
        Ok(decision.look_at)
    }

    /// Before anything is sent: what was decided, and of which alerts nobody can be notified.
    fn write_down(&mut self, decision: &Decision, now: Timestamp) -> anyhow::Result<()> {
        let entries: Vec<_> = decision
            .new
            .iter()
            .map(|message| Entry {
                key: &message.key,
                steps: &message.steps,
                at: now,
                attempt: 0,
                happened: Happened::Decided(message.recipient.clone()),
                reason: "",
            })
            .collect();
        for undelivered in &decision.undelivered {
            tracing::warn!(
                alert = undelivered.alert,
                why = undelivered.why.as_str(),
                "nobody could be notified of an urgent alert"
            );
        }
        self.log.write(&entries, &decision.undelivered, now)
    }

    fn send(&mut self, message: Message, attempt: u32, steps: Vec<Step>) {
        let Notifying { channels, wake, runtime, .. } = self.notifying;
        let (channels, wake, session) = (channels.clone(), wake.clone(), self.number);
        self.in_flight.insert(message.key.clone());
        let sending = async move {
            let Some(entry) = steps.first().map(|step| step.entry.clone()) else { return };
            let began = Instant::now();
            let result = channels.send(&entry, &message).await;
            let (key, took) = (message.key, began.elapsed());
            let _ = wake.send(Wake::Sent(Sent { session, key, attempt, steps, result, took }));
        };
        self.attempts.spawn_on(sending, runtime);
        while self.attempts.try_join_next().is_some() {}
    }

    /// Waits until there may be something to do, and writes down what has ended meanwhile.
    fn wait(&mut self, wakes: &Receiver<Wake>, look_at: Option<Timestamp>) -> anyhow::Result<()> {
        let until = look_at.map_or(LONGEST_WAIT, |at| {
            let left = at.millis().saturating_sub(now_ms()).max(0);
            Duration::from_millis(left.unsigned_abs()).min(LONGEST_WAIT)
        });
        let mut ended = Vec::new();
        match wakes.recv_timeout(until) {
            Ok(wake) => {
                std::thread::sleep(TOGETHER);
                let all = std::iter::once(wake).chain(wakes.try_iter());
                ended.extend(all.filter_map(|wake| match wake {
                    Wake::Sent(sent) if sent.session == self.number => Some(sent),
                    _ => None,
                }));
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        self.note(&ended)
    }

    fn note(&mut self, ended: &[Sent]) -> anyhow::Result<()> {
        let now = Notifying::now();
        let entries: Vec<_> = ended.iter().map(|sent| self.entry(sent, now)).collect();
        self.log.write(&entries, &[], now)?;
        for sent in ended {
            self.in_flight.remove(&sent.key);
        }
        Ok(())
    }

    fn entry<'s>(&self, sent: &'s Sent, now: Timestamp) -> Entry<'s> {
        let Notifying { metrics, limits, .. } = self.notifying;
        let gave_up = sent.result.is_err_and(|failure| failure.gives_up(sent.attempt, limits));
        let result = match sent.result {
            Ok(()) => "delivered",
            Err(_) if gave_up => "gave_up",
            Err(_) => "failed",
        };
        let channel = sent.steps.first().map_or("", |step| step.entry.channel.as_str());
        metrics.messages.with_label_values(&[channel, result]).inc();
        let (attempt, key) = (sent.attempt, &sent.key);
        let (happened, reason) = match sent.result {
            Ok(()) => {
                metrics.delivery_seconds.observe(sent.took.as_secs_f64());
                (Happened::Delivered, "")
            }
            Err(failure) => {
                let why = failure.as_str();
                tracing::warn!(message = %key, channel, attempt, why, gave_up, "a message was not taken");
                (Happened::Failed { attempt, gave_up }, why)
            }
        };
        Entry { key, steps: &sent.steps, at: now, attempt, happened, reason }
    }
}
