#!/usr/bin/env python3
"""Holds the pages of docs/scenarios to what the program prints.

usage: check-scenarios.py [--write] EARNEST

Each file of scenarios/ has a page of its name, which docs/simulation.md links, of at most 84 lines.
In a page's blocks of ```console a line that begins with `$ ` is a command, with EARNEST as
`earnest`, and what follows is what it prints; --write puts it there. A number of the text beside
those blocks must be one that a command of the page prints, rounded as it is written, or stand in
the scenario or in a command; small whole numbers, below 13, are words. Exit status 1 if anything
differs.
"""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "scenarios"
INDEX = ROOT / "docs" / "simulation.md"
LINES = 84
SECONDS = 120
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w./])(?<![\w]-)\d[\d,_]*(?:\.\d+)?(?![\w/])")
WORDS = 13


def commands(block):
    """Each command of a block, with what the page says that it prints."""
    found = []
    for line in block.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append([line, ""])
        elif found and not found[-1][1] and found[-1][0].endswith("\\\n"):
            found[-1][0] += line
        elif found:
            found[-1][1] += line
        else:
            sys.exit(f"FAIL a block of ```console begins without a command: {line!r}")
    return found


def printed(command, folder):
    """What a command prints."""
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    script = "set -euo pipefail\n" + command.removeprefix("$ ")
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=os.environ | {"PATH": path}, timeout=SECONDS,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    return done.stdout + (f"exit status {done.returncode}\n" if done.returncode else "")


def numbers(text):
    """All numbers of a text, as written, without what only groups digits."""
    return [number.replace(",", "").replace("_", "") for number in NUMBER.findall(text)]


def is_told(number, outputs):
    """True if a number is one of those, rounded to as many digits as it is written with."""
    places = len(number.partition(".")[2])
    half = 0.5 * 10**-places + 1e-12
    return any(abs(abs(float(other)) - float(number)) <= half for other in outputs)


def check(page, folder, write):
    """What is wrong with a page, if anything."""
    text = page.read_text()
    name = page.stem
    scenario = ROOT / "scenarios" / f"{name}.toml"
    if not scenario.exists():
        return [f"there is no scenarios/{name}.toml"]
    broken, told = [], []

    def as_printed(match):
        new = ""
        for command, said in commands(match.group(1)):
            output = printed(command, folder)
            if output != said:
                broken.append(f"{command.strip()} prints otherwise; say --write\n{output}")
            told.extend([command, output])
            new += command + output
        return f"```console\n{new}```"

    new = BLOCK.sub(as_printed, text)
    if write and new != text:
        page.write_text(new)
        broken, text = [], new
    if len(told) < 4:
        broken.append("it shows fewer than two commands")
    known = numbers("\n".join(told)) + numbers(scenario.read_text())
    # Links and names of values are no numbers of the text.
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", BLOCK.sub("", text))
    for number in numbers(prose):
        small = "." not in number and int(number) < WORDS
        if not small and not is_told(number, known):
            broken.append(f"says {number}, which no command of the page prints")
    if len(text.splitlines()) > LINES:
        broken.append(f"has {len(text.splitlines())} lines, allowed are {LINES}")
    if f"scenarios/{name}.md" not in INDEX.read_text():
        broken.append("is not linked in docs/simulation.md")
    return broken


def main():
    words = [word for word in sys.argv[1:] if word != "--write"]
    if len(words) != 1:
        sys.exit(__doc__)
    write, pages = "--write" in sys.argv, sorted(PAGES.glob("*.md"))
    faults = []
    lacking = {path.stem for path in ROOT.glob("scenarios/*.toml")} - {page.stem for page in pages}
    faults += [f"scenarios/{name}.toml has no page" for name in sorted(lacking)]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        Path(folder, "earnest").symlink_to(Path(words[0]).resolve())
        for page, broken in zip(pages, pool.map(lambda page: check(page, folder, write), pages)):
            faults += [f"docs/scenarios/{page.name}: {fault}" for fault in broken]
    for fault in faults:
        print("FAIL", fault)
    if not faults:
        print(f"ok   {len(pages)} scenarios come out as their pages say")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
