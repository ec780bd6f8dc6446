#!/usr/bin/env python3
"""Writes what each program of docs/programs.md is given, in a folder of its own.

usage: files.py FOLDER
"""

import array
import math
import random
import shutil
import sqlite3
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
GUESTS = HERE.parents[2] / "crates" / "compute" / "guests"
PLAY = GUESTS / "wordcount" / "hamlet.txt"
DIGITS = GUESTS / "digits" / "digits.bin"
GIVEN = {
    "bzip2": [PLAY],
    "sqlite": [HERE / "digits.sql"],
    "qjs": [HERE / "words.js", PLAY],
    "lua": [HERE / "words.lua", PLAY],
    "digits": [DIGITS],
    "denoise": [],
    "spheres": [],
}
RATE = 48_000


def noise():
    """Three seconds of a made-up voice in noise: mono, 16 bits."""
    source = random.Random(3)
    samples, phase = array.array("h"), 0.0
    for at in range(3 * RATE):
        time = at / RATE
        phase += 2 * math.pi * (140 + 25 * math.sin(5 * time)) / RATE
        speaks = max(0.0, math.sin(2 * math.pi * 1.3 * time)) ** 0.5
        voice = sum(math.sin(k * phase) / k for k in range(1, 24)) * speaks
        samples.append(round(4_500 * voice + source.gauss(0, 900)))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def table(path):
    """Handwritten digits as two tables: a label each, and the pixels that have ink."""
    path.unlink(missing_ok=True)
    records, base = DIGITS.read_bytes(), sqlite3.connect(path)
    base.execute("create table digit(id integer primary key, label integer)")
    base.execute("create table pixel(id integer, row integer, col integer, ink integer)")
    for id, at in enumerate(range(0, len(records), 65)):
        label, *pixels = records[at:at + 65]
        base.execute("insert into digit values(?, ?)", (id, label))
        rows = [(id, place // 8, place % 8, ink) for place, ink in enumerate(pixels) if ink]
        base.executemany("insert into pixel values(?, ?, ?, ?)", rows)
    base.commit()
    base.close()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    for name, files in GIVEN.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in files:
            shutil.copy(path, folder / name)
    table(folder / "sqlite" / "digits.db")
    (folder / "denoise" / "noise.pcm").write_bytes(noise())


if __name__ == "__main__":
    main()
