#!/usr/bin/env python3
"""Builds the programs of docs/programs.md from their own sources, runs each, and does jobs of them.

usage: check-programs.py EARNEST TOOLS [--only NAME]... [--jobs NAME]... [--all-jobs] [--markdown]

EARNEST is the built program; TOOLS a folder that keeps compiler, sources and programs from one run
to the next. Each program's output has to be the native one, byte for byte; its largest step has to
fit into evidence and into the referee's time. The programs of --jobs (bzip2 and denoise, unless given)
are posted to a network, where a lazy provider has to be convicted by one step and an honest one to
be paid; the others are named as not posted. --markdown prints the table of the page.
Skipped by name if compiler or sources cannot be fetched, or nobody bids for a job since its program
is too slow on this machine. Exit status 1 if anything is otherwise.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ordinary_job

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "docs" / "examples" / "programs"
SECONDS = 540
EVIDENCE_BYTES_MAX = 1 << 20
REFEREE_MICROS_MAX = 100_000
# The words that a program is given, and the file that it reads as standard input.
PROGRAMS = {
    "bzip2": (["-9", "-c", "hamlet.txt"], None),
    "sqlite": (["digits.db", "digits.sql"], None),
    "qjs": (["words.js", "hamlet.txt"], None),
    "lua": (["words.lua", "hamlet.txt"], None),
    "digits": (["digits.bin"], None),
    "denoise": ([], "noise.pcm"),
    "spheres": (["360", "240"], None),
}
JOBS = ("bzip2", "denoise")
# An interpreter or a database is too large for what a referee reads in a shorter block.
BLOCK_MS = 1_000
# A provider compiles a program, and tries it, before its first bid for it.
BIDDING_MS = 30_000


def given(name, files):
    """The words of `earnest run` and `earnest job submit` for a program, without the program."""
    words, stdin = PROGRAMS[name]
    own = files / name
    return ["--dir", str(own), *(["--stdin", str(own / stdin)] if stdin else []), "--", *words]


def native(tools, name, files):
    words, stdin = PROGRAMS[name]
    own = files / name
    with open(own / stdin if stdin else "/dev/null", "rb") as stdin:
        done = subprocess.run([tools / f"{name}.native", *words], cwd=own, stdin=stdin,
                              capture_output=True, timeout=SECONDS, check=True)
    return done.stdout


def run(earnest, tools, name, files, expected):
    """Runs a program as its author would; what the run told, or None."""
    out = files / f"{name}.out"
    command = [earnest, "run", tools / f"{name}.wasm", "--json", "--evidence", "--out", out]
    done = subprocess.run([*command, *given(name, files)], capture_output=True, text=True,
                          timeout=SECONDS, check=False)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        return None
    if out.read_bytes() != expected:
        print(f"{name}: not the native program's output")
        return None
    told = json.loads(done.stdout)
    steps = told["evidence"]
    largest, slowest = steps["largest"], steps["slowest"]
    if EVIDENCE_BYTES_MAX < largest["bytes"] or not largest["is_heard"] or steps["steps_too_large"]:
        print(f"{name}: a step that no evidence shows: {steps}")
        return None
    if REFEREE_MICROS_MAX < slowest["referee_micros"]:
        print(f"{name}: the referee takes more than {REFEREE_MICROS_MAX} us: {steps}")
        return None
    return told


COLUMNS = ["", "pausable KiB", "output bytes", "ticks", "coarse steps", "memory KiB", "run ms",
           "pages", "evidence bytes", "referee ms", "loading ms"]


def row(earnest, tools, name, told):
    prepared = subprocess.run([earnest, "prepare", tools / f"{name}.wasm", "--json"],
                              capture_output=True, check=True, timeout=SECONDS)
    kib = -(-json.loads(prepared.stdout)["pausable_bytes"] // 1024)
    steps = told["evidence"]
    largest, slowest = steps["largest"], steps["slowest"]
    cells = [name, f"{kib:,}", f"{told['output_bytes']:,}", f"{told['ticks']:,}", told["slices"],
             f"{told['memory_bytes'] // 1024:,}", told["run_millis"], largest["pages"],
             f"{largest['bytes']:,}", f"{slowest['referee_micros'] / 1000:.1f}",
             steps["load_millis"]]
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("earnest", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--only", action="append", choices=PROGRAMS)
    parser.add_argument("--jobs", action="append", choices=PROGRAMS)
    parser.add_argument("--all-jobs", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    return parser.parse_args()


def main():
    args = arguments()
    earnest, tools = args.earnest.resolve(), args.tools.resolve()
    names = args.only or list(PROGRAMS)
    posted = names if args.all_jobs else args.jobs or [name for name in JOBS if name in names]
    built = subprocess.run([SOURCES / "build.sh", tools, *names], capture_output=True, text=True,
                           check=False)
    if not (tools / "sources").exists() or not (tools / "zig" / "bin" / "python").exists():
        print(f"skipped: compiler or sources cannot be fetched\n{built.stderr}")
        return
    if built.returncode != 0:
        sys.exit(f"FAIL: a program is not built\n{built.stdout}{built.stderr}")
    broken, rows = [], []
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch, "files")
        subprocess.run([sys.executable, SOURCES / "files.py", files], check=True)
        for name in names:
            begun = time.monotonic()
            expected = native(tools, name, files)
            told = run(earnest, tools, name, files, expected)
            if told is None:
                broken.append(name)
                continue
            rows.append(row(earnest, tools, name, told))
            print(f"ok   {name}: the native output, {told['ticks']:,} ticks; "
                  f"{time.monotonic() - begun:.0f} s", flush=True)
            if name not in posted:
                print(f"     {name} is not posted here: --jobs {name}")
                continue
            begun, network = time.monotonic(), Path(scratch, f"network-{name}")
            network.mkdir()
            went = ordinary_job.check(earnest, tools / f"{name}.wasm", given(name, files), expected,
                                      network, BLOCK_MS, BIDDING_MS)
            if went is None:
                print(f"skipped: {name}, as a job: too slow on this machine now, so nobody bids",
                      flush=True)
            elif went:
                print(f"ok   {name}, as a job: a liar is convicted by one step, an honest provider "
                      f"paid; {time.monotonic() - begun:.0f} s", flush=True)
            else:
                broken.append(f"{name} as a job")
    if args.markdown:
        head = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
        print("\n".join([*head, *rows]))
    sys.exit(f"FAIL: {', '.join(broken)}" if broken else 0)


if __name__ == "__main__":
    main()
