#!/usr/bin/env bash
# Compares every generated file with what schemas/kinds declares.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo run --quiet --locked -p generator -- --check .
