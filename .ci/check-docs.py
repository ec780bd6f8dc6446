#!/usr/bin/env python3
"""Holds pages to what they quote, and runs the commands that they say can be run.

usage: check-docs.py [--write] [EARNEST]

A block of docs/api.md below `<!-- from FILE: NAME -->` is the region between the lines `[NAME]` and
`[/NAME]` of docs/examples/FILE; --write puts it there. The messages of its commands are those of
crates/api/tests/vectors/generate.py, its hashes those of docs/examples/vectors.json. Blocks that
begin with ```sh run are run, page by page and in order, with EARNEST as `earnest`, in a folder with
nothing but the repository's `docs` and `scenarios`, an empty home, and the port 7300 replaced by a
free one. A block that begins with ```sh watch is a command that a person watches: it is started
first, has to tell all of STORY, and is ended with Ctrl-C when the page's other blocks have run.
What is left running is ended. Exit status 1 if anything differs or fails.
"""

import ast
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
API = ROOT / "docs" / "api.md"
EXAMPLES = ROOT / "docs" / "examples"
PAGES = ["README.md", "docs/guests.md", "docs/api.md", "docs/simulation.md", "docs/audit.md",
         "docs/operations.md", "docs/two-machines.md", "docs/delegation.md", "docs/governance.md",
         "docs/leaving.md", "docs/insurance.md", "docs/active-sets.md",
         "docs/credits.md", "docs/grants.md", "docs/access.md"]
# What README.md says that one sees within a minute or two, and what comes last.
STORY = [r"posted by", r"asks", r"audited blind", r"earns", r"DISPUTE", r"re-executes .* is WRONG",
         r"SLASH loki: .* to its customer, .* to who convicted it, .* burnt", r"hush is jailed",
         r"(?s)((ada|grace) earns.*){4}"]
# By then what open jobs hold is less than what honest work has earned.
ENDING = [r"Who gained, who lost", r"loki .*-\d.* jailed", r"(ada|grace) .*\+\d",
          r"not a unit made from nothing"]
PORT = "7300"
SECONDS = 240
QUOTE = re.compile(r"(<!-- from (\S+): (\S+) -->\n```\w+\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WATCH = re.compile(r"^```sh watch\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The repository's program, built already, in the words of README.md.
CARGO = """#!/bin/sh
test "$1 $2 $3" = "run --release --" || exit 2
shift 3
test "$1" != up || set -- "$@" --port "$EARNEST_PORT"
exec earnest "$@"
"""


def region(file, name):
    text = (EXAMPLES / file).read_text()
    found = re.search(rf"^ *\S+ \[{name}\]\n(.*?)^ *\S+ \[/{name}\]$", text, re.MULTILINE | re.DOTALL)
    if not found:
        sys.exit(f"FAIL docs/examples/{file} has no region [{name}]")
    return textwrap.dedent(found.group(1)).strip("\n") + "\n"


def quotes(text, write):
    """The page with each quoted region as it is in its file; complains if it was another."""
    broken = []

    def as_it_is(match):
        head, file, name, quoted, end = match.groups()
        wanted = region(file, name)
        if quoted != wanted:
            broken.append(f"docs/api.md quotes [{name}] of {file} otherwise; say --write")
        return head + wanted + end

    new = QUOTE.sub(as_it_is, text)
    if write:
        API.write_text(new)
        return []
    return broken


def messages():
    """The message of every command, as an independent wallet signs it."""
    names = ("TAIL", "OPENING", "TYPES")
    tree = ast.parse((ROOT / "crates/api/tests/vectors/generate.py").read_text())
    wanted = [
        node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id in names
    ]
    found = {}
    exec(compile(ast.Module(wanted, []), "generate.py", "exec"), found)
    for name, fields in found["TYPES"].items():
        yield "".join(word.capitalize() for word in name.split("_")), fields


def contents(text):
    broken = []
    listed = dict(re.findall(r"^([A-Z]\w+)\((.*)\)$", text, re.MULTILINE))
    wanted = dict(messages())
    for name in sorted(listed.keys() | wanted.keys()):
        if listed.get(name) != wanted.get(name):
            broken.append(f"docs/api.md: the message is {name}({wanted.get(name)})")
    vectors = (EXAMPLES / "vectors.json").read_text()
    # A byte a pattern of its own, such as 0x11…, is an input, not a hash.
    known, said = (set(re.findall(r"0x[0-9a-f]{64,}", part)) for part in (vectors, text))
    for digest in sorted(said - known):
        broken.append(f"docs/api.md has {digest}, which no vector has")
    hashes = {digest for digest in known if digest[2:4] * 32 != digest[2:66]}
    for digest in sorted(hashes - said):
        broken.append(f"docs/api.md lacks {digest} of vectors.json")
    return broken


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def reader(home, earnest, port):
    """The folder and the environment of somebody who has the repository and an empty home."""
    folder, work = Path(home, "bin"), Path(home, "work")
    folder.mkdir()
    work.mkdir()
    (folder / "earnest").symlink_to(earnest)
    (folder / "cargo").write_text(CARGO)
    (folder / "cargo").chmod(0o755)
    for part in ("docs", "scenarios", "README.md"):
        (work / part).symlink_to(ROOT / part)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    env = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    env |= {"PATH": path, "HOME": home, "EARNEST_NODE": f"http://127.0.0.1:{port}"}
    return work, env | {"EARNEST_PORT": port}


class Shell:
    """A script in a group of its own, which is ended with the `with`."""

    def __init__(self, script, work, env):
        self.log = Path(work.parent, f"log{time.monotonic_ns()}")
        with self.log.open("w") as out:
            self.child = subprocess.Popen(
                ["bash", "-c", "set -euo pipefail\n" + script], cwd=work, env=env,
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.child.pid)
        self.child.wait()

    def said(self):
        """All of it, each sentence in one line."""
        return re.sub(r"\n {8}", " ", self.log.read_text())

    def ends(self):
        """What is wrong with how it ends, if anything."""
        try:
            status = self.child.wait(SECONDS)
        except subprocess.TimeoutExpired:
            status = f"nothing after {SECONDS} s"
        return [] if status == 0 else [f"ends with {status}:\n{self.log.read_text()[-4000:]}"]

    def tells(self, words):
        """What it does not tell in time, if anything."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self.child.poll() is None:
            if all(re.search(word, self.said()) for word in words):
                return []
            time.sleep(0.2)
        missing = [word for word in words if not re.search(word, self.said())]
        return [f"does not tell {missing}:\n{self.log.read_text()[-4000:]}"] if missing else []


def run(page, earnest):
    """Runs a page's commands; what is wrong, if anything."""
    text = (ROOT / page).read_text()
    blocks, watched = RUN.findall(text), WATCH.findall(text)
    if not blocks and not watched:
        return [f"{page} has no commands to run"]
    port = free_port()
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as stack:
        work, env = reader(home, earnest, port)
        shells = [stack.enter_context(Shell(block, work, env)) for block in watched]
        broken = [fault for shell in shells for fault in shell.tells(STORY)]
        script = "\n".join(blocks).replace(PORT, port)
        with Shell(script, work, env) as shell:
            broken += shell.ends()
        for shell in shells:
            os.killpg(shell.child.pid, signal.SIGINT)
            broken += shell.ends() + shell.tells(ENDING)
    if not broken:
        print(f"ok   {page}: {len(blocks) + len(watched)} blocks of commands")
    return [f"{page}: {fault}" for fault in broken]


def end(group):
    """Ends what a shell of ours left running: the group has its number."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        for _ in range(50):
            try:
                os.killpg(group, how)
            except ProcessLookupError:
                return
            time.sleep(0.1)


def main():
    words = sys.argv[1:]
    write = "--write" in words
    words = [word for word in words if word != "--write"]
    text = API.read_text()
    broken = quotes(text, write)
    broken += contents(API.read_text())
    if not broken:
        print("ok   docs/api.md quotes the examples as they are")
    if words and not shutil.which("curl"):
        print("skipped: the pages' commands need curl")
        words = []
    for page in PAGES if words else []:
        broken += run(page, Path(words[0]).resolve())
    for fault in broken:
        print("FAIL", fault)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
