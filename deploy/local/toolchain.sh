#!/usr/bin/env bash
# Says which toolchain rustup shall take where the one that rust-toolchain.toml names is not
# installed under its own name but another one is the same version: so nothing is fetched that is
# there. Says nothing where rust-toolchain.toml alone is right, or where there is no rustup.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[[ -z ${RUSTUP_TOOLCHAIN:-} ]] || exit 0
command -v rustup >/dev/null || exit 0

wanted=$(sed -n 's/^channel = "\(.*\)"$/\1/p' "$root/rust-toolchain.toml")
installed=$(rustup toolchain list | sed 's/ .*//')
if grep -q -e "^$wanted-" -e "^$wanted\$" <<<"$installed"; then
  exit 0
fi
while read -r name; do
  if [[ $(rustup run "$name" rustc --version 2>/dev/null) == "rustc $wanted "* ]]; then
    printf '%s\n' "$name"
    exit 0
  fi
done <<<"$installed"
