#!/usr/bin/env python3
"""Holds a node against its own description, /openapi.json, with schemathesis.

usage: check-openapi.py EARNEST TOOLS

EARNEST is the built program, TOOLS a folder that keeps packages from one run to the next. The
network lives on loopback, makes a bounded number of blocks, and ends with this script. Two checks
are left out, since a rule may refuse what is well formed and an amount may also be written as a
plain integer; and one route, since its reply does not end. Skipped where PyPI is away. Exit status
1 if a reply is not as described, or after too long.
"""

import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

sys.dont_write_bytecode = True
api = import_module("check-api")
PACKAGE = "schemathesis==4.32.5"
SECONDS = 120
EXAMPLES = 4
SEED = 7


def program(tools):
    """The built schemathesis of the pinned version; None if it cannot be had."""
    stamp, run = tools / "package", tools / "bin" / "schemathesis"
    if not stamp.exists() or stamp.read_text() != PACKAGE:
        shutil.rmtree(tools, ignore_errors=True)
        if not api.quietly(sys.executable, "-m", "venv", tools):
            return None
        pip = [tools / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        if not api.quietly(*pip, PACKAGE):
            return None
        stamp.write_text(PACKAGE)
    return run


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    earnest, tools = (Path(word).resolve() for word in sys.argv[1:])
    run = program(tools)
    if run is None:
        print(f"skipped: {PACKAGE} cannot be installed from PyPI")
        return
    with tempfile.TemporaryDirectory() as scratch, api.Network(earnest, Path(scratch)) as network:
        words = ["run", network.base + "/openapi.json", "--checks", "all", "-n", str(EXAMPLES)]
        words += ["--exclude-checks", "positive_data_acceptance,negative_data_rejection"]
        words += ["--exclude-path", "/v1/events", "--phases", "coverage,fuzzing"]
        words += ["--seed", str(SEED), "--no-color"]
        try:
            done = subprocess.run([run, *words], cwd=scratch, capture_output=True, text=True,
                                  timeout=SECONDS)
        except subprocess.TimeoutExpired:
            sys.exit(f"FAIL no end after {SECONDS} s")
    if done.returncode:
        print(done.stdout[-6000:])
        sys.exit("FAIL a reply is not as /openapi.json describes it\n" + done.stderr[-2000:])
    print("ok   every reply is as /openapi.json describes it")


if __name__ == "__main__":
    main()
