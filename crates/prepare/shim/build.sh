#!/bin/sh
# Builds the system interface. Usage: build.sh [check]
# With `check`: builds into a temporary folder and compares with the committed module; needs the
# compiler that wrote it (rustc 1.95.0), because another one makes another module: that is another
# version of `prepare`, not an error.
set -eu
cd "$(dirname "$0")"
out=.
if [ "${1:-}" = check ]; then out=$(mktemp -d); trap 'rm -rf "$out"' EXIT; fi
rustc --edition 2024 --crate-type cdylib --crate-name shim --target wasm32-unknown-unknown \
  -D warnings -C opt-level=s -C panic=abort -C lto=fat -C strip=symbols -C target-cpu=mvp \
  -C target-feature=+bulk-memory,+sign-ext -C jump-tables=no \
  -C link-arg=--import-memory -C link-arg=--stack-first -C link-arg=-zstack-size=65536 \
  --remap-path-prefix "$PWD=shim" -o "$out/shim.wasm" src/lib.rs
if [ "$out" != . ]; then cmp "$out/shim.wasm" shim.wasm; fi
