#!/usr/bin/env python3
"""Generates clients from a node's description and does a whole job with each of them.

usage: check-clients.py EARNEST TOOLS

EARNEST is the built program, TOOLS the folder of packages that check-api.py keeps. The commands are
those of docs/api.md, in the block that begins with ```sh generate; a generator that warns has
failed. docs/examples/python/generated.py and typescript/generated.ts then post a job, follow it until it
is paid, check its result, read a history, and are refused. The network is that of check-api.py: on
loopback, of a bounded number of blocks. Skipped by name where packages cannot be installed. Exit
status 1 if anything fails.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

sys.dont_write_bytecode = True
api = import_module("check-api")
PAGE = api.EXAMPLES.parent / "api.md"
BLOCK = re.compile(r"^```sh generate\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NODE = "http://127.0.0.1:7300"
SECONDS = 60
COMPLAINT = re.compile(r"warning|error|unable|skipping", re.IGNORECASE)


def python(tools):
    """The python of the examples with the generator beside; None if they cannot be had."""
    program = api.python(tools)
    lock, stamp = api.EXAMPLES / "python" / "generated.txt", tools / "python" / "lock-generated"
    if program is None or api.is_installed(lock, stamp):
        return program
    pip = [program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not api.quietly(*pip, "--no-deps", "--requirement", lock):
        return None
    shutil.copy(lock, stamp)
    return program


def run(words, folder):
    """What a command says; exits if it fails."""
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        sys.exit(f"FAIL {words} does not end")
    said = done.stdout + done.stderr
    if done.returncode != 0:
        sys.exit(f"FAIL {words}:\n{said[-4000:]}")
    return said


def generate(command, base, folder):
    """Runs a command of the page against this network; exits if the generator complains."""
    said = run(["bash", "-c", command.replace(NODE, base)], folder)
    if COMPLAINT.search(said):
        sys.exit(f"FAIL {command}:\n{said[-4000:]}")
    print("ok  ", command)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    earnest, tools = (Path(word).resolve() for word in sys.argv[1:])
    tools.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    program = python(tools)
    if program is None:
        print("skipped: python needs the packages of docs/examples/python/generated.txt")
        return
    packages = api.typescript(tools)
    if packages is None:
        print("skipped: typescript needs npm and the packages of its package-lock.json")
    (commands,) = (block.splitlines() for block in BLOCK.findall(PAGE.read_text()))
    with tempfile.TemporaryDirectory() as scratch:
        examples = Path(scratch, "examples")
        shutil.copytree(api.EXAMPLES, examples, ignore=shutil.ignore_patterns("node_modules"))
        os.environ["HOME"] = scratch
        os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        with api.Network(earnest, Path(scratch)) as network:
            generate(commands[0], network.base, examples / "python")
            clients = [("python", [program, "generated.py"], examples / "python")]
            if packages:
                folder = examples / "typescript"
                (folder / "node_modules").symlink_to(packages / "node_modules")
                generate(commands[1], network.base, folder)
                run(["npx", "tsc", "--project", "tsconfig.generated.json"], folder)
                print("ok   the types are strict")
                clients.append(("typescript", ["npx", "tsx", "generated.ts"], folder))
            network.wait_for_jail()
            good = api.examples(clients, network, program)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
