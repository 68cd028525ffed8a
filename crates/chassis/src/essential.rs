//! Threads without which a service must not go on.

use std::thread::panicking;

use crate::shutdown::SOFTWARE_EXIT_CODE;

/// Lives in a thread without which the service would go on with what it knew before: it would show alerts
/// of yesterday as those of today. When the thread panics, the process ends, and whoever runs the process
/// starts it anew.
#[derive(Debug)]
pub struct Essential(&'static str);

impl Essential {
    /// In a thread that does what is named.
    #[must_use]
    pub const fn to(doing: &'static str) -> Self {
        Self(doing)
    }
}

impl Drop for Essential {
    fn drop(&mut self) {
        if panicking() {
            tracing::error!(
                exit_code = SOFTWARE_EXIT_CODE,
                "{} panicked; the process ends, and is to be started again",
                self.0
            );
            std::process::exit(SOFTWARE_EXIT_CODE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::{Command, Stdio};
    use std::thread;

    use super::*;

    /// Set in the process that the test starts.
    const CHILD: &str = "MIMAMORI_TEST_ESSENTIAL_PANICS";

    #[test]
    fn a_process_ends_when_a_thread_panics_without_which_it_must_not_go_on() {
        if let Ok(panics) = env::var(CHILD) {
            let ended = thread::spawn(move || {
                let _essential = Essential::to("following topics");
                assert_eq!(panics, "no", "as the test wants it");
            });
            ended.join().expect("the process has ended before");
            return;
        }
        let name =
            "essential::tests::a_process_ends_when_a_thread_panics_without_which_it_must_not_go_on";
        for (panics, code) in [("yes", SOFTWARE_EXIT_CODE), ("no", 0)] {
            let mut child = Command::new(env::current_exe().expect("this test"));
            child.args(["--exact", name]).env(CHILD, panics);
            let status = child.stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert_eq!(status.expect("it runs").code(), Some(code), "panics: {panics}");
        }
    }
}
