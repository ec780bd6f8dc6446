"""Writes three seconds of a made-up voice in noise: mono, 16 bits, 48 kHz, on standard output."""

import array
import math
import random
import sys

RATE = 48_000
random.seed(3)
samples = array.array("h")
phase = 0.0
for at in range(3 * RATE):
    time = at / RATE
    phase += 2 * math.pi * (140 + 25 * math.sin(5 * time)) / RATE
    speaks = max(0.0, math.sin(2 * math.pi * 1.3 * time)) ** 0.5
    voice = sum(math.sin(k * phase) / k for k in range(1, 24)) * speaks
    samples.append(round(4_500 * voice + random.gauss(0, 900)))
if sys.byteorder == "big":
    samples.byteswap()
sys.stdout.buffer.write(samples.tobytes())
