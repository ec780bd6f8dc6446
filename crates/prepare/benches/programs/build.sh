#!/usr/bin/env bash
# Fetches the sources of programs that people have, and a C compiler, and builds each for this
# machine and for wasm32-wasip1 into a folder, where the benchmark `programs` looks for them.
# Usage: build.sh [FOLDER]; the folder is target/bench-programs unless given. Needs python3 and cargo.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../../../target/bench-programs}
"$here/../../../../docs/examples/programs/fetch.sh" "$out"
cd "$out"
mkdir -p setjmp

# Lua jumps out of errors and may be stopped by signals, which this target cannot: here an error ends
# the program, and there are no signals.
echo > setjmp/setjmp.h
lua_jumps='-DLUAI_THROW(L,c)=abort() -DLUAI_TRY(L,c,a)={a} -Dluai_jmpbuf=int
  -D_WASI_EMULATED_SIGNAL -Isetjmp'
lua=$(echo sources/lua-src/lua-5.4.7/*.c | tr ' ' '\n' | grep -vE '/(lua|luac|liolib|loslib|loadlib|linit|ldblib|lcorolib|lutf8lib).c$')
bzip2=$(printf 'sources/bzip2-sys/bzip2-1.0.8/%s.c ' blocksort bzlib compress crctable decompress huffman randtable)
quickjs=$(printf 'sources/rquickjs-sys/quickjs/%s.c ' cutils libbf libregexp libunicode quickjs)

# Natively no product and sum are joined, so that all put out the same.
build() { # NAME FLAGS AND SOURCES
  local name=$1
  shift
  [ "$name.wasm" -nt "$here/build.sh" ] && [ "$name.wasm" -nt "$here/${1#"$here/"}" ] && return
  echo "builds $name" >&2
  zig/bin/python -m ziglang cc -O2 -ffp-contract=off -w -o "$name" "$@" -lm
  zig/bin/python -m ziglang cc --target=wasm32-wasi -O2 -s -w -o "$name.wasm" "$@" -lm
}

for kernel in hash sort sieve mandelbrot bodies matrix; do
  build "$kernel" "$here/kernels.c" "-DKERNEL_$kernel"
done
build bzip2 "$here/bzip2.c" -DBZ_NO_STDIO -Isources/bzip2-sys/bzip2-1.0.8 $bzip2
build lua "$here/lua.c" $lua_jumps -Isources/lua-src/lua-5.4.7 $lua
build quickjs "$here/quickjs.c" -D_GNU_SOURCE '-DCONFIG_VERSION=""' \
  -Isources/rquickjs-sys/quickjs $quickjs
build sqlite "$here/sqlite.c" -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL \
  -DSQLITE_DEFAULT_MEMSTATUS=0 -Isources/libsqlite3-sys/sqlite3 sources/libsqlite3-sys/sqlite3/sqlite3.c
