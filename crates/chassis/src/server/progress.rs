//! What a connection waits for, and since when: so that a peer which owes something does not keep
//! the connection for ever.

use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// How long a peer may take for what it owes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    /// From the first byte of a request's head, or the beginning of the connection, to the head's
    /// last byte.
    pub(super) head: Duration,
    /// From an answer to the first byte of the next request.
    pub(super) idle: Duration,
    /// Between bytes of a body that is waited for.
    pub(super) body: Duration,
    /// Between bytes of an answer that the peer takes.
    pub(super) answer: Duration,
}

impl Deadlines {
    /// While the service is in use.
    pub(super) const SERVING: Self = Self {
        head: Duration::from_secs(10),
        // Longer than the 60 s for which proxies keep a connection, so that theirs ends first.
        idle: Duration::from_secs(75),
        body: Duration::from_secs(30),
        answer: Duration::from_secs(30),
    };
    /// When the service is to end: who is sending may finish, who stands still may not.
    pub(super) const STOPPING: Self = Self {
        head: Duration::from_millis(500),
        idle: Duration::ZERO,
        body: Duration::from_millis(800),
        answer: Duration::from_millis(800),
    };
}

/// What the peer owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owed {
    /// The rest of a request's head.
    Head,
    /// A request, where it likes.
    Request,
    /// The rest of a body.
    Body,
    /// To take the rest of an answer.
    Answer,
}

impl Owed {
    /// The name in metrics and logs.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Request => "idle",
            Self::Body => "body",
            Self::Answer => "answer",
        }
    }

    fn within(self, deadlines: &Deadlines) -> Duration {
        match self {
            Self::Head => deadlines.head,
            Self::Request => deadlines.idle,
            Self::Body => deadlines.body,
            Self::Answer => deadlines.answer,
        }
    }
}

/// Why a connection has nothing in work: who comes first here gives way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WithoutWork {
    /// It has brought no request yet.
    NeverAsked,
    /// It had an answer, and has brought no other request yet.
    Idle,
    /// Its answer is made, and the rest of its request is only thrown away: a sender whom nobody
    /// knows can make that take long.
    Draining,
}

/// How far a connection is.
#[derive(Debug)]
pub(super) struct Progress {
    state: Mutex<State>,
    gives_way: Notify,
}

#[derive(Debug)]
struct State {
    /// Whether a request's head is read and its answer not made wholly.
    in_hand: bool,
    /// Whether the connection has brought a whole head.
    has_asked: bool,
    /// Since when a head is being read; none between an answer and the next head.
    head_since: Option<Instant>,
    /// Whether bytes of a body are waited for.
    wants_body: bool,
    /// Since when the rest of a request is thrown away whose answer is made.
    draining_since: Option<Instant>,
    /// Whether the peer takes no more of the answer.
    is_blocked: bool,
    /// Whether an answer was given although its request was not read to the end.
    left_unread: bool,
    /// When a byte last came or went, or the waiting began.
    moved: Instant,
}

impl Progress {
    pub(super) fn new(now: Instant) -> Self {
        let state = State {
            in_hand: false,
            has_asked: false,
            head_since: Some(now),
            wants_body: false,
            draining_since: None,
            is_blocked: false,
            left_unread: false,
            moved: now,
        };
        Self { state: Mutex::new(state), gives_way: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A head is read.
    pub(super) fn asked(&self) {
        let mut state = self.state();
        state.in_hand = true;
        state.has_asked = true;
        state.head_since = None;
    }

    /// The answer is made; what is left of it waits to be taken.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.in_hand = false;
        state.wants_body = false;
        state.moved = Instant::now();
    }

    /// Whether bytes of a body are waited for from now on.
    pub(super) fn wants_body(&self, wants: bool) {
        let mut state = self.state();
        if state.wants_body != wants {
            state.wants_body = wants;
            state.moved = Instant::now();
        }
    }

    /// Whether the rest of a request is thrown away from now on.
    pub(super) fn drains(&self, drains: bool) {
        self.state().draining_since = drains.then(Instant::now);
    }

    /// An answer is given although its request is not read to the end.
    pub(super) fn leaves_unread(&self) {
        self.state().left_unread = true;
    }

    /// Whether an answer was given although its request was not read to the end.
    pub(super) fn has_left_unread(&self) -> bool {
        self.state().left_unread
    }

    fn received(&self) {
        let mut state = self.state();
        state.moved = Instant::now();
        if !state.in_hand && state.head_since.is_none() {
            state.head_since = Some(state.moved);
        }
    }

    fn sent(&self, blocked: bool) {
        let mut state = self.state();
        if !blocked || !state.is_blocked {
            state.moved = Instant::now();
        }
        state.is_blocked = blocked;
    }

    /// What the peer owes and since when; none where the connection waits for the service.
    pub(super) fn owed(&self) -> Option<(Owed, Instant)> {
        let state = self.state();
        if state.is_blocked {
            Some((Owed::Answer, state.moved))
        } else if state.in_hand {
            state.wants_body.then_some((Owed::Body, state.moved))
        } else {
            Some(match state.head_since {
                Some(since) => (Owed::Head, since),
                None => (Owed::Request, state.moved),
            })
        }
    }

    /// What the peer owes for too long.
    pub(super) fn overdue(&self, deadlines: &Deadlines, now: Instant) -> Option<Owed> {
        let (owed, since) = self.owed()?;
        (now.saturating_duration_since(since) >= owed.within(deadlines)).then_some(owed)
    }

    /// Why nothing is in work here, and since when. None while something is.
    pub(super) fn without_work(&self) -> Option<(WithoutWork, Instant)> {
        let (has_asked, draining_since) = {
            let state = self.state();
            (state.has_asked, state.draining_since)
        };
        if let Some(since) = draining_since {
            return Some((WithoutWork::Draining, since));
        }
        let why = if has_asked { WithoutWork::Idle } else { WithoutWork::NeverAsked };
        match self.owed() {
            Some((Owed::Head | Owed::Request, since)) => Some((why, since)),
            _ => None,
        }
    }

    /// Ends the connection for the sake of another one.
    pub(super) fn give_way(&self) {
        self.gives_way.notify_one();
    }

    /// Waits until the connection has to end for the sake of another one.
    pub(super) async fn has_to_give_way(&self) {
        self.gives_way.notified().await;
    }
}

/// A connection whose bytes are seen to come and go.
#[derive(Debug)]
pub(super) struct Watched<'a> {
    pub(super) stream: TcpStream,
    pub(super) progress: &'a Progress,
}

impl Watched<'_> {
    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.progress.sent(written.is_pending());
        written
    }
}

impl AsyncRead for Watched<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.progress.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn overdue(progress: &Progress, after: Duration) -> Option<Owed> {
        progress.overdue(&Deadlines::SERVING, Instant::now() + after)
    }

    #[test]
    fn a_head_has_to_end_in_time_however_often_a_byte_of_it_comes() {
        let progress = Progress::new(Instant::now());
        progress.received();
        assert_eq!(overdue(&progress, 9 * SECOND), None);
        progress.received();
        assert_eq!(overdue(&progress, 11 * SECOND), Some(Owed::Head));
        progress.asked();
        assert_eq!(overdue(&progress, 3600 * SECOND), None, "the service is at work");
        progress.answered();
        assert_eq!(overdue(&progress, 70 * SECOND), None, "the next request may wait");
        assert_eq!(overdue(&progress, 76 * SECOND), Some(Owed::Request));
        progress.received();
        assert_eq!(overdue(&progress, 11 * SECOND), Some(Owed::Head));
    }

    #[test]
    fn a_body_and_an_answer_have_to_move_and_may_take_long() {
        let progress = Progress::new(Instant::now());
        progress.asked();
        progress.wants_body(true);
        assert_eq!(overdue(&progress, 31 * SECOND), Some(Owed::Body));
        progress.wants_body(false);
        assert_eq!(overdue(&progress, 31 * SECOND), None);
        progress.sent(true);
        assert_eq!(overdue(&progress, 29 * SECOND), None);
        assert_eq!(overdue(&progress, 31 * SECOND), Some(Owed::Answer));
        progress.answered();
        assert_eq!(overdue(&progress, 31 * SECOND), Some(Owed::Answer), "made, but not taken");
        progress.sent(false);
        assert_eq!(overdue(&progress, 31 * SECOND), None);
    }

    #[test]
    fn who_is_at_work_gives_way_to_nobody() {
        let progress = Progress::new(Instant::now());
        assert!(matches!(progress.without_work(), Some((WithoutWork::NeverAsked, _))));
        progress.asked();
        assert_eq!(progress.without_work(), None);
        progress.wants_body(true);
        assert_eq!(progress.without_work(), None);
        progress.drains(true);
        assert!(matches!(progress.without_work(), Some((WithoutWork::Draining, _))));
        progress.drains(false);
        assert_eq!(progress.without_work(), None, "the answer is to be written");
        progress.answered();
        assert!(matches!(progress.without_work(), Some((WithoutWork::Idle, _))));
    }
}
