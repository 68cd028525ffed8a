//! Why a component is not ready, when several parts of the pipeline depend on it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use chassis::{Backoff, Component, Shutdown};

/// The troubles of one component; clones share them. It is ready while there are none.
#[derive(Debug, Clone)]
pub struct Troubles {
    component: Component,
    reasons: Arc<Mutex<BTreeMap<&'static str, String>>>,
}

impl Troubles {
    /// No troubles; the component says 'starting' until the first part is [`Troubles::over`].
    pub fn new(component: Component) -> Self {
        Self { component, reasons: Arc::default() }
    }

    /// A part is in trouble. Returns whether that is new.
    pub fn begin(&self, part: &'static str, reason: &str) -> bool {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        let new = reasons.insert(part, reason.to_owned()).is_none_or(|before| before != reason);
        self.component.not_ready(format!("{part}: {reason}"));
        new
    }

    /// A part works. Returns whether it was in trouble.
    pub fn over(&self, part: &'static str) -> bool {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        let was = reasons.remove(part).is_some();
        match reasons.iter().next() {
            None => self.component.ready(),
            Some((part, reason)) => self.component.not_ready(format!("{part}: {reason}")),
        }
        was
    }

    /// Tries until it succeeds, with longer and longer waits, and tells of each new reason why it does
    /// not. None where the end was requested first.
    ///
    /// # Errors
    /// The first error that may not pass.
    pub async fn until_it_succeeds<T, E: Display>(
        &self,
        part: &'static str,
        shutdown: &Shutdown,
        mut attempt: impl AsyncFnMut() -> Result<Option<T>, E>,
        may_pass: impl Fn(&E) -> bool,
        tell: impl Fn(&E),
    ) -> Result<Option<T>, E> {
        let mut backoff = Backoff::default();
        loop {
            match attempt().await {
                Ok(None) => return Ok(None),
                Ok(done) => {
                    self.over(part);
                    return Ok(done);
                }
                Err(error) if may_pass(&error) => {
                    if self.begin(part, &error.to_string()) {
                        tell(&error);
                    }
                }
                Err(error) => return Err(error),
            }
            if !backoff.wait_unless(shutdown).await {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_ready_when_its_last_trouble_is_over() {
        let health = chassis::Health::new();
        let troubles = Troubles::new(health.component("clickhouse"));
        assert!(!health.is_ready());
        assert!(troubles.begin("alerts", "down"));
        assert!(!troubles.begin("alerts", "down"));
        assert!(troubles.begin("activity", "full"));
        assert!(troubles.over("alerts"));
        assert_eq!(health.readiness().1["components"][0]["reason"], "activity: full");
        assert!(troubles.over("activity"));
        assert!(health.is_ready());
        assert!(!troubles.over("activity"));
    }
}
