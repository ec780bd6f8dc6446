#!/usr/bin/env bash
# Fetches a C compiler and the sources of programs that people have into a folder, where they are
# not there yet. Usage: fetch.sh FOLDER. Needs python3 and cargo.
set -euo pipefail
mkdir -p "$1"
cd "$1"

if ! zig/bin/python -c 'import ziglang' 2>/dev/null; then
  rm -rf zig
  python3 -m venv zig
  zig/bin/pip install --quiet --disable-pip-version-check ziglang==0.17.1
fi
if [ ! -e sources ]; then
  # Crates that carry these sources as they were published; nothing of the crates is built.
  mkdir -p fetch/src
  cat > fetch/Cargo.toml <<'END'
[package]
name = "fetch"
version = "0.0.0"
edition = "2021"
[dependencies]
bzip2-sys = "=0.1.13"
libsqlite3-sys = "=0.30.1"
lua-src = "=547.1.0"
rquickjs-sys = "=0.9.0"
rnnoise-sys = "=0.1.3"
[workspace]
END
  touch fetch/src/lib.rs
  (cd fetch && cargo vendor --quiet ../sources.new >/dev/null)
  mv sources.new sources
fi
