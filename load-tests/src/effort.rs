//! How much processor time a process has used: unlike the time on the clock, it does not grow when
//! something else runs on the machine.

use std::time::Duration;

/// User and system time of a process; none when it is gone.
pub fn of_process(id: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    Duration::from_millis(ticks(&stat).unwrap_or(0) * 1000 / TICKS_A_SECOND)
}

/// Time that all processors together have worked for anybody.
pub fn of_machine() -> Duration {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    Duration::from_millis(busy_ticks(&stat).unwrap_or(0) * 1000 / TICKS_A_SECOND)
}

/// As every Linux that Rust runs on counts.
const TICKS_A_SECOND: u64 = 100;

fn ticks(stat: &str) -> Option<u64> {
    // The command's name is in brackets and may hold anything.
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Everything but idling and waiting for disks; a guest's time is in the user's already.
fn busy_ticks(stat: &str) -> Option<u64> {
    let all = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields = all.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>().ok()?;
    let [user, nice, system, _idle, _waiting, interrupts, soft_interrupts, ..] = fields[..] else {
        return None;
    };
    Some(user + nice + system + interrupts + soft_interrupts)
}

/// Microseconds for each of so many things.
pub fn microseconds_each(effort: Duration, things: u64) -> f64 {
    effort.as_secs_f64() * 1e6 / things.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_the_14th_and_15th_field() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 9 0 0 0 120 30 0 0 20 0 1 0 5";
        assert_eq!(ticks(stat), Some(150));
        assert_eq!(ticks("7 (a"), None);
    }

    #[test]
    fn a_machine_works_when_it_neither_idles_nor_waits() {
        let stat = "cpu  100 20 30 4000 500 6 7 8 9 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n";
        assert_eq!(busy_ticks(stat), Some(163));
        assert_eq!(busy_ticks("intr 5"), None);
    }
}
