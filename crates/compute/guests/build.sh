#!/bin/sh
# Builds the guests. Usage: build.sh [check]
# With `check`: builds into a temporary folder and compares with the committed modules; needs the
# tool version that manifest.toml names, because another compiler makes another program.
set -eu
cd "$(dirname "$0")"
out=.
if [ "${1:-}" = check ]; then out=$(mktemp -d); trap 'rm -rf "$out"' EXIT; fi
build() { # name, pages of memory, further flags
  name=$1; bytes=$(($2 * 65536)); shift 2
  mkdir -p "$out/$name"
  clang --target=wasm32 -nostdlib -std=c11 -O3 -Wall -Wextra -Werror \
    -mcpu=mvp -msign-ext -mnontrapping-fptoint -mmutable-globals "$@" \
    -ffreestanding -fno-builtin -ffp-contract=off -fno-math-errno -fvisibility=hidden \
    -Wl,--no-entry -Wl,--stack-first -Wl,-z,stack-size=16384 -Wl,--strip-all \
    -Wl,--initial-memory=$bytes -Wl,--max-memory=$bytes \
    -o "$out/$name/$name.wasm" "$name/$name.c"
  if [ "$out" != . ]; then cmp "$out/$name/$name.wasm" "$name/$name.wasm"; fi
}
build digits 3 -msimd128
build nbody 1
build wordcount 4
