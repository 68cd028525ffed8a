//! The stand-in alone, as its tests start it: `cargo run -p local-clickhouse --example serve -- --data FOLDER`.

use clap::Parser;

#[derive(Parser)]
struct Serve {
    #[command(flatten)]
    args: local_clickhouse::LocalClickhouseArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    local_clickhouse::run(Serve::parse().args).await
}
