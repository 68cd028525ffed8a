//! Where and of what the figures are.

use std::process::Command;

use anyhow::Context;

/// Processor, cores, memory, the checkout's commit and the day, in one line.
pub fn describe() -> String {
    let model = line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown CPU".to_owned());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = line_of("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes >> 20);
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    format!("{model}, {cores} cores, {memory} GB; commit {}; {today}", commit())
}

/// A memory figure of a process (`VmRSS`, `VmHWM` …), bytes.
///
/// # Errors
/// When the process is gone.
pub fn memory_of(process: u32, figure: &str) -> anyhow::Result<u64> {
    let file = format!("/proc/{process}/status");
    let kilobytes = line_of(&file, figure)
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .with_context(|| format!("{file} names no {figure}"))?;
    Ok(kilobytes * 1024)
}

fn line_of(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn commit() -> String {
    let described = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    match described {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}
