#!/usr/bin/env python3
"""What a step of everybody costs with the full rules, beside other tools, in one run on one machine.

    cargo build --release -p earnest-sim --no-default-features --example cost
    crates/sim/benches/beside.py target/release/examples/cost --python VENV/bin/python \
        --mesa BASELINES/mesa_ref.py [--plain BASELINES/rust/target/release/plain-soa]

Mesa (`agents.do`) and plain Rust play a toy of five numbers an agent and no ledger; `cost` plays
auctions, work, audits and slashes of the full rules. Tools take turns, so that a busy machine is
equally busy for all; the best of all rounds counts. One table comes out, in agent-steps a second of
processor time; exit 1 if the full rules do fewer than a million, or fewer than Mesa.
"""
import argparse
import json
import subprocess

STEPS, ROUNDS = 200, 3


def line(words):
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cost")
    parser.add_argument("--python", default="python3", help="a Python that has Mesa")
    parser.add_argument("--mesa", help="mesa_ref.py of the baselines")
    parser.add_argument("--plain", help="plain-soa of the baselines")
    parser.add_argument("--sizes", default="1000,10000")
    args = parser.parse_args()
    fails = 0
    print(f"{'n':>7} {'tool':22} {'agent-steps/s':>14} {'peak MB':>8}  over the rules' own cost")
    for n in args.sizes.split(","):
        toy = ["--n", n, "--steps", str(STEPS), "--seed", "1"]
        tools = {"earnest full rules": [args.cost, n, "400", "3"]}
        if args.mesa:
            tools["Mesa do"] = [args.python, args.mesa, "--variant", "do", *toy]
        if args.plain:
            tools["plain Rust ledger"] = [args.plain, "--variant", "ledger", *toy]
        best = {}
        for _ in range(ROUNDS):
            for name, words in tools.items():
                told = line(words)
                speed = told["agent_steps_per_cpu_s"]
                over = told.get("over_rules")
                kept = best.setdefault(name, [0, told["rss_peak_mb"], over])
                kept[0] = max(kept[0], speed)
                kept[2] = over if over is None else min(over, kept[2])
        for name, (speed, peak, over) in best.items():
            share = "" if over is None else f"{over:+.0%}"
            print(f"{n:>7} {name:22} {speed:14,.0f} {peak:8.1f}  {share}")
        own = best["earnest full rules"][0]
        fails += own < max(1_000_000, best.get("Mesa do", [0])[0])
    raise SystemExit(1 if fails else 0)


if __name__ == "__main__":
    main()
