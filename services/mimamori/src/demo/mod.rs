//! `mimamori demo`.

use std::process::ExitCode;

/// Arguments of `mimamori demo`.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoArgs {}

pub(crate) async fn run(_args: DemoArgs) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
