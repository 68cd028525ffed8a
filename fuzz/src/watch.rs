//! Panics as answers, and an eye on inputs that take too long.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::target::Target;

/// After so long an input counts as one that is never answered: the process ends.
const NEVER: Duration = Duration::from_secs(20);

thread_local! {
    /// What the last panic of this thread said, while one is expected.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
    static LISTENING: RefCell<bool> = const { RefCell::new(false) };
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if LISTENING.with_borrow(|listening| *listening) {
                SAID.set(Some(info.to_string()));
            } else {
                usual(info);
            }
        }));
    });
}

/// Tries an input; a panic is a broken promise too.
pub(crate) fn tried(target: &Target, input: &[u8]) -> Result<String, String> {
    listen();
    LISTENING.set(true);
    let answer = catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
    LISTENING.set(false);
    answer.unwrap_or_else(|_| {
        Err(SAID.take().unwrap_or_else(|| "a panic that says nothing".to_owned()))
    })
}

/// Since when which input is tried.
type Trying = Mutex<Option<(Instant, Vec<u8>)>>;

/// Looks at what a thread is trying, and ends the process when it never ends.
pub(crate) struct Watchman {
    trying: Arc<Trying>,
}

impl Watchman {
    pub(crate) fn of(target: &str, found: PathBuf) -> Self {
        let trying = Arc::default();
        let seen: Weak<Trying> = Arc::downgrade(&trying);
        let target = target.to_owned();
        std::thread::spawn(move || {
            while let Some(trying) = seen.upgrade() {
                let trying = trying.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if let Some((since, input)) = trying
                    && since.elapsed() > NEVER
                {
                    let file = found.join(format!("{target}.never"));
                    let _ = std::fs::create_dir_all(&found);
                    let _ = std::fs::write(&file, &input);
                    eprintln!("{target} does not answer; its input is in {}", file.display());
                    std::process::exit(101);
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        Self { trying }
    }

    /// What is tried now.
    pub(crate) fn trying(&self, input: &[u8]) {
        let mut trying = self.trying.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *trying {
            Some((since, bytes)) => {
                *since = Instant::now();
                bytes.clear();
                bytes.extend_from_slice(input);
            }
            none => *none = Some((Instant::now(), input.to_vec())),
        }
    }

    /// Nothing is tried any more.
    pub(crate) fn rests(&self) {
        *self.trying.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
