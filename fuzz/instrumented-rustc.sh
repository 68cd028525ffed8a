#!/usr/bin/env bash
# Cargo's RUSTC_WORKSPACE_WRAPPER of `make fuzz`: compiles the platform's own crates so that they tell
# libFuzzer which code an input reaches, with the stable compiler. What is generic in dependencies
# is compiled in our crates, and so tells too.
set -eu
case " $* " in
# A build script is run by itself, without the engine.
*" --crate-name build_script_build "*) exec "$@" ;;
*" --crate-name "*) ;;
*) exec "$@" ;;
esac
exec "$@" \
    -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
