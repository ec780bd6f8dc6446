#!/usr/bin/env python3
"""Builds the program of docs/guests.md in each language by the page's own commands, and runs it.

usage: check-recipes.py EARNEST TOOLS

EARNEST is the built program, TOOLS a folder that keeps compilers from one run to the next. A
language whose compiler is absent and cannot be installed is skipped by name. Exit status 1 if a
build or a run fails, an output is not the sum that Python computes, or the page lost a recipe.
"""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import ordinary_job

PAGE = Path(__file__).resolve().parent.parent / "docs" / "guests.md"
ZIG = "ziglang==0.15.2"
ASSEMBLYSCRIPT = "assemblyscript@0.28.20"
DEBIAN_RUST = ["rustc", "libstd-rust-dev-wasm32", "lld"]
INSTALL_SECONDS = 240
SECONDS = 240


def recipes(text):
    """Each source of the page with the command behind it: (file name, source, command)."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for (language, source), (shell, command) in zip(blocks, blocks[1:]):
        name = re.match(r"// (mean\.\w+|lines\.c):", source)
        if name and shell == "sh":
            yield name.group(1), source, command


def shim(folder, name, text):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def quietly(*words, **more):
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=INSTALL_SECONDS, **more)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def zig(tools):
    """The folder of a `zig`, from Python's registry; None if it cannot be had."""
    if shutil.which("zig"):
        return tools
    python = tools / "zig" / "bin" / "python"
    if quietly(str(python), "-m", "ziglang", "version") is None:
        shutil.rmtree(tools / "zig", ignore_errors=True)
        if quietly(sys.executable, "-m", "venv", str(tools / "zig")) is None:
            return None
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ZIG]
        if quietly(*pip) is None:
            return None
    shim(tools / "bin-zig", "zig", f'exec "{python}" -m ziglang "$@"\n')
    return tools / "bin-zig"


def c(tools):
    """A clang that builds for wasm32; else the one inside zig, whose linker always puts the stack
    first and does not know the flag that asks for it."""
    if "wasm32" in (quietly("clang", "--print-targets") or "") and shutil.which("wasm-ld"):
        return tools
    found = zig(tools)
    if found is None:
        return None
    command = "zig" if found == tools else f'"{found}/zig"'
    shim(tools / "bin-clang", "clang", f"""for word; do
  shift
  case $word in
    -Wl,--stack-first) ;;
    --target=wasm32) set -- "$@" --target=wasm32-freestanding ;;
    *) set -- "$@" "$word" ;;
  esac
done
exec {command} cc "$@"
""")
    return tools / "bin-clang"


def debian_rust(tools):
    """The folder of Debian's `rustc` with its target and its linker, unpacked there and not
    installed; None if apt does not have them."""
    folder = tools / "rust-debian"
    files, whole = folder / "files", folder / "whole"
    if not whole.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        plan = quietly("apt-get", "install", "--simulate", "--no-install-recommends", *DEBIAN_RUST)
        names = re.findall(r"^Inst (\S+)", plan or "", re.MULTILINE)
        names = [name for name in names if re.match(r"rustc|libstd-rust-(\d|dev-wasm32)|libllvm|lld", name)]
        if not names or quietly("apt-get", "download", *names, cwd=folder) is None:
            return None
        for package in folder.glob("*.deb"):
            if quietly("dpkg-deb", "--extract", str(package), str(files)) is None:
                return None
            package.unlink()
        whole.touch()
    libraries = [str(path.parent) for path in files.rglob("lib*.so*") if "rustlib" not in path.parts]
    linkers = [str(path.parent) for path in files.rglob("wasm-ld")]
    shim(tools / "bin-rust", "rustc", f"""export LD_LIBRARY_PATH="{os.pathsep.join(sorted(set(libraries)))}"
export PATH="{os.pathsep.join([*linkers, str(files / "usr/bin")])}:$PATH"
exec "{files}/usr/bin/rustc" "$@"
""")
    return tools / "bin-rust"


def rust(tools):
    root = (quietly("rustc", "--print", "sysroot") or "").strip()
    has_target = Path(root, "lib/rustlib/wasm32-unknown-unknown").is_dir()
    return tools if has_target else debian_rust(tools)


def assemblyscript(tools):
    if shutil.which("asc"):
        return tools
    folder = tools / "assemblyscript"
    bin_folder = folder / "node_modules" / ".bin"
    if not (bin_folder / "asc").exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", ASSEMBLYSCRIPT]
        if quietly(*install, cwd=folder) is None:
            return None
    return bin_folder


LANGUAGES = {
    "mean.c": ("C", c, "a clang with the wasm32 target, or `pip install ziglang`"),
    "mean.rs": ("Rust", rust, "`rustup target add wasm32-unknown-unknown`, or Debian's packages"),
    "mean.zig": ("Zig", zig, f"`pip install {ZIG}`"),
    "mean.ts": ("AssemblyScript", assemblyscript, f"`npm install {ASSEMBLYSCRIPT}`"),
}


def build_and_run(earnest, scratch, bin_folder, name, source, command, data):
    (scratch / name).write_text(source)
    (scratch / "data.bin").write_bytes(data)
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "ZIG_GLOBAL_CACHE_DIR": str(scratch / "cache")}
    run = f"set -e\n{command}\n'{earnest}' run mean.wasm --input data.bin --out mean.state\n"
    done = subprocess.run(["sh", "-c", run], cwd=scratch, env=env, capture_output=True, text=True,
                          timeout=SECONDS)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        return None
    return (scratch / "mean.state").read_bytes()


def ordinary(earnest, tools, found):
    """The ordinary program of the page, which numbers its own lines, here and as a job of a network;
    whether that went well."""
    if "lines.c" not in found:
        print("FAIL C, ordinary: docs/guests.md has no lines.c with commands behind it")
        return False
    folder = zig(tools)
    if folder is None:
        print(f"skipped: C, ordinary, needs `pip install {ZIG}`")
        return True
    source, command = found["lines.c"]
    shim(tools / "bin-earnest", "earnest", f'exec "{earnest}" "$@"\n')
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "lines.c").write_text(source)
        path = os.pathsep.join([str(tools / "bin-earnest"), str(folder), os.environ["PATH"]])
        env = {**os.environ, "PATH": path, "ZIG_GLOBAL_CACHE_DIR": str(tools / "zig-cache")}
        done = subprocess.run(["sh", "-ec", command], cwd=scratch, env=env, capture_output=True,
                              text=True, timeout=2 * SECONDS)
        lines = source.splitlines(keepends=True)
        expected = "".join(f"{number:4} {line}" for number, line in enumerate(lines, 1))
        if done.returncode != 0 or done.stdout != expected:
            print(done.stdout + done.stderr)
            print("FAIL C, ordinary: not the lines that were expected")
            return False
        print("ok   C, ordinary: the program numbers its own lines")
        program = Path(scratch, "lines.wasm")
        with tempfile.TemporaryDirectory() as network:
            given = ["--dir", scratch, "--", "lines.c"]
            if not ordinary_job.check(earnest, program, given, expected.encode(), network):
                print("FAIL C, ordinary, as a job")
                return False
    print("ok   C, ordinary, as a job: a liar is convicted, an honest provider paid for the lines")
    return True


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    earnest, tools = (Path(word).resolve() for word in sys.argv[1:])
    tools.mkdir(parents=True, exist_ok=True)
    data = bytes((7 * at * at + 3) % 251 for at in range(150_000))
    expected = struct.pack("<QQ", len(data), sum(data))
    found = {name: (source, command) for name, source, command in recipes(PAGE.read_text())}
    broken = sorted(set(LANGUAGES) - set(found))
    for name, (language, tool, missing) in LANGUAGES.items():
        if name in broken:
            print(f"FAIL {language}: docs/guests.md has no {name} with a command behind it")
            continue
        bin_folder = tool(tools)
        if bin_folder is None:
            print(f"skipped: {language} needs {missing}")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            output = build_and_run(earnest, Path(scratch), bin_folder, name, *found[name], data)
        if output == expected:
            print(f"ok   {language}: the output is the one that Python computes")
        else:
            print(f"FAIL {language}: {output and output.hex()}, expected {expected.hex()}")
            broken.append(name)
    if not ordinary(earnest, tools, found):
        broken.append("lines.c")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
