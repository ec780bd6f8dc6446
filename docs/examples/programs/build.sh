#!/usr/bin/env bash
# Builds programs that people have, from sources that nobody changed, for wasm32-wasip1 and, to
# compare, for this machine.
# Usage: build.sh FOLDER [NAME...]; the names are bzip2 lua qjs sqlite digits denoise spheres, all
# unless given. Needs python3 and cargo, which fetch a C compiler and the sources into the folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
"$here/fetch.sh" "$1"
cd "$1"
shift

# Natively with the same C library, and no product and sum are joined: all put out the same then.
# A stack of 1 MiB, where the linker would set 16 aside, is memory that no referee has to.
build() { # NAME FLAGS AND SOURCES
  local name=$1
  shift
  [ "$name.wasm" -nt "$here/build.sh" ] && [ "$name.wasm" -nt "$here/$name.c" ] && return
  echo "builds $name" >&2
  zig/bin/python -m ziglang cc --target="$(uname -m)-linux-musl" -O2 -ffp-contract=off -s -w \
    -o "$name.native" "$@" -lm
  zig/bin/python -m ziglang cc --target=wasm32-wasi -O2 -s -w -Wl,-z,stack-size=1048576 \
    -o "$name.wasm.new" "${wasi[@]}" "$@" -lm
  mv "$name.wasm.new" "$name.wasm"
}

emulated=(-D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS
  -lwasi-emulated-signal -lwasi-emulated-process-clocks)
for name in ${@:-bzip2 lua qjs sqlite digits denoise spheres}; do
  wasi=()
  case $name in
    bzip2) # Its own main. There are no owners of files.
      from=sources/bzip2-sys/bzip2-1.0.8
      wasi=("${emulated[@]}" '-Dfchown(f,u,g)=0')
      build bzip2 $from/{bzip2,blocksort,bzlib,compress,crctable,decompress,huffman,randtable}.c
      ;;
    qjs) # Its own main, with the standard library.
      from=sources/rquickjs-sys/quickjs
      wasi=("${emulated[@]}")
      build qjs -D_GNU_SOURCE \
        $from/{cutils,libbf,libregexp,libunicode,quickjs,quickjs-libc,qjs,gen/repl,gen/standalone}.c
      ;;
    lua) # It jumps out of errors, which this target cannot: here an error ends the program.
      from=sources/lua-src/lua-5.4.7
      mkdir -p setjmp && touch setjmp/setjmp.h
      wasi=("${emulated[@]}" '-DLUAI_THROW(L,c)=abort()' '-DLUAI_TRY(L,c,a)={a}'
        -Dluai_jmpbuf=int -DL_tmpnam=20 -Isetjmp)
      build lua -I$from "$here/lua.c" $from/*.c
      ;;
    sqlite)
      from=sources/libsqlite3-sys/sqlite3
      build sqlite -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL \
        -DSQLITE_DEFAULT_MEMSTATUS=0 -I$from "$here/sqlite.c" $from/sqlite3.c
      ;;
    denoise)
      from=sources/rnnoise-sys/rnnoise
      build denoise -I$from/include -I$from/src "$here/denoise.c" $from/src/*.c
      ;;
    digits | spheres) build $name "$here/$name.c" ;;
    *) echo "no program $name" >&2; exit 2 ;;
  esac
done
