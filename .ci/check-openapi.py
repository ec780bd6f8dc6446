#!/usr/bin/env python3
"""Holds a node against its own description, /openapi.json, with schemathesis.

usage: check-openapi.py EARNEST TOOLS

EARNEST is the built program, TOOLS a folder that keeps packages from one run to the next. The
network lives on loopback, makes a bounded number of blocks, and ends with this script. Every
example must fit its schema. Then each operation is called alone, and the links of the description
are followed from call to call, with transactions that are signed and bytes that are paid for
(openapi_hooks.py). Two checks are left
out, since a rule may refuse what is well formed and an amount may also be written as a plain
integer; and one route, since its reply does not end. Skipped where PyPI is away. Exit status 1 if a
reply is not as described, or after too long.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from importlib import import_module
from pathlib import Path

sys.dont_write_bytecode = True
api = import_module("check-api")
PACKAGE = "schemathesis==4.32.5"
SECONDS = 240
EXAMPLES = 4
CHAINS = 12
SEED = 7
# It begins chains with a call that changes something only where nothing else can begin one, or seldom:
# so bytes get a run of their own, and transactions one besides the run of everything.
GROUPS = [["--include-path-regex", "^/v1/(blobs|inputs|outputs)"],
          ["--include-path-regex", "^/v1/transactions"],
          ["--exclude-path-regex", "^/v1/(blobs|inputs|outputs|events)"]]
HOOKS = Path(__file__).resolve().parent
# Each of these must have been answered well at the end of a link from a call that changes something.
CHAINED = ["/v1/blobs/{digest}", "/v1/inputs/{root}", "/v1/transactions/{hash}"]


def program(tools):
    """The built schemathesis of the pinned version and what signs; None if it cannot be had."""
    stamp, run = tools / "package", tools / "bin" / "schemathesis"
    lock = api.EXAMPLES / "python" / "requirements.txt"
    wanted = PACKAGE + "\n" + lock.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(tools, ignore_errors=True)
        if not api.quietly(sys.executable, "-m", "venv", tools):
            return None
        pip = [tools / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        if not api.quietly(*pip, "--requirement", lock, PACKAGE):
            return None
        stamp.write_text(wanted)
    return run


def hold(run, network, folder, words, **env):
    """Runs schemathesis against the network; exits if it finds anything."""
    words = ["run", network.base + "/openapi.json", "--checks", "all", *words]
    words += ["--exclude-checks", "positive_data_acceptance,negative_data_rejection"]
    words += ["--seed", str(SEED), "--no-color"]
    try:
        done = subprocess.run([run, *words], cwd=folder, env={**os.environ, **env},
                              capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        sys.exit(f"FAIL no end after {SECONDS} s")
    if done.returncode:
        print(done.stdout[-6000:])
        sys.exit("FAIL a reply is not as /openapi.json describes it\n" + done.stderr[-2000:])


def examples(python, network):
    """Holds every example to its schema; exits if one does not fit."""
    page, vectors = api.EXAMPLES.parent / "api.md", api.EXAMPLES / "vectors.json"
    words = [python, HOOKS / "openapi_examples.py", network.base + "/openapi.json", page, vectors]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    print(done.stdout.strip())


def follow(run, network, folder):
    """Follows the links, from calls that change something too; exits if they lead nowhere."""
    python = run.parent / "python"
    answers = folder / "answers.json"
    env = {"SCHEMATHESIS_HOOKS": "openapi_hooks", "EARNEST_NODE": network.base,
           "PYTHONPATH": os.pathsep.join(map(str, (HOOKS, api.EXAMPLES / "python"))),
           "EARNEST_SECRET": api.script(python, api.FUND, network.base, network.data),
           "EARNEST_ANSWERS": str(answers)}
    answered = Counter()
    for group in GROUPS:
        words = ["--phases", "stateful", "--mode", "positive", "-n", str(CHAINS), *group]
        hold(run, network, folder, words, **env)
        answered.update(json.loads(answers.read_text()))
    for path in CHAINED:
        if not answered.get(f"GET {path} 200"):
            sys.exit(f"FAIL no link led to {path}: {answered}")
    chained = sum(answered[f"GET {path} 200"] for path in CHAINED)
    print(f"ok   {sum(answered.values())} calls along links, {chained} to what a call had made")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    earnest, tools = (Path(word).resolve() for word in sys.argv[1:])
    run = program(tools)
    if run is None:
        print(f"skipped: {PACKAGE} cannot be installed from PyPI")
        return
    with tempfile.TemporaryDirectory() as scratch, api.Network(earnest, Path(scratch)) as network:
        folder = Path(scratch)
        examples(run.parent / "python", network)
        words = ["--exclude-path", "/v1/events", "--phases", "coverage,fuzzing", "-n", str(EXAMPLES)]
        hold(run, network, folder, words)
        print("ok   every reply is as /openapi.json describes it")
        follow(run, network, folder)



if __name__ == "__main__":
    main()
