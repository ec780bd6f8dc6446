#!/usr/bin/env python3
"""Holds the summary of `earnest up --json` against what the first release promises.

usage: check-up.py FRESH [RESUMED]

FRESH is the summary of a network run from nothing, RESUMED that of the same network run again.
Prints one line a promise; exit status 1 if any is broken.
"""

import json
import sys

JOBS_MIN = 12
# Long enough for a job that is taken up again, or forgotten, to be paid or slashed.
RESUMED_BLOCKS_MIN = 60
DISPUTED_STEPS_MIN = 256
PARTS = ("compensation", "reporter", "burnt", "insurance", "peers")
BEHAVIOURS = {"honest", "lazy", "silent"}

broken = 0


def promise(holds, text):
    global broken
    broken += not holds
    print(("ok      " if holds else "BROKEN  ") + text)


def amount(text):
    """Amounts travel as decimal strings: whole counts of base units."""
    if not (isinstance(text, str) and text.isascii() and text.isdigit()):
        raise ValueError(f"not an amount: {text!r}")
    return int(text)


def levels(steps):
    """The smallest k with 16^k >= steps."""
    k = 0
    while 16**k < steps:
        k += 1
    return k


def check_money(summary):
    promise(summary["conservation"] == "holds", f"conservation: {summary['conservation']}")
    issued, burnt = (amount(summary["supply"][key]) for key in ("issued", "burnt"))
    promise(0 < burnt < issued, f"supply: issued {issued}, burnt {burnt}")
    for slash in summary["slashes"]:
        parts = [amount(slash[part]) for part in PARTS]
        whole = amount(slash["amount"])
        promise(sum(parts) == whole, f"{slash['offence']} adds up: {parts} = {whole}")


def check_jobs(jobs):
    accepted, posted = jobs["accepted"], jobs["posted"]
    promise(accepted >= JOBS_MIN, f"{accepted} of {posted} jobs accepted, at least {JOBS_MIN}")
    ends = sum(jobs[key] for key in ("accepted", "rejected", "expired", "open"))
    promise(ends == posted, f"every job is accounted for: {ends} of {posted}")


def check_disputes(disputes, behaviour):
    def convicts(dispute):
        is_lazy = behaviour.get(dispute["accused"]) == "lazy"
        long_enough = dispute["steps"] >= DISPUTED_STEPS_MIN
        short_enough = dispute["moves"] <= 2 * levels(dispute["steps"]) + 5
        lost = dispute["loser"] in ("accused", dispute["accused"])
        return is_lazy and lost and long_enough and short_enough

    found = [dispute for dispute in disputes if convicts(dispute)]
    example = f"{found[0]['steps']} steps in {found[0]['moves']} moves" if found else "none"
    promise(bool(found), f"a dispute convicted the lazy provider: {example}")
    wrong = [
        dispute
        for dispute in disputes
        if behaviour.get(dispute["accused"]) == "honest"
        and dispute["loser"] in ("accused", dispute["accused"])
    ]
    promise(not wrong, "no dispute convicted an honest provider")


def check_lies(lies):
    caught, passed, paid = lies["caught"], lies["passed"], amount(lies["paid"])
    promise(caught > 0, f"of {caught + passed} wrong results {caught} were caught")
    promise((paid > 0) == (passed > 0), f"{passed} passed and were paid {paid}")


def check_honest(when, summary, behaviour):
    """Nobody honest loses anything but by its own choice: nor by being stopped and started."""
    honest = [slash for slash in summary["slashes"] if behaviour.get(slash["account"]) == "honest"]
    promise(not honest, f"{when}: no honest participant was slashed: {honest}")
    jailed = [
        one["name"]
        for one in summary["participants"]
        if one["behaviour"] == "honest" and one.get("jailed")
    ]
    promise(not jailed, f"{when}: no honest participant is jailed: {jailed}")


def check_slashes(slashes, behaviour):
    def slashed(offence, kind):
        return any(
            slash["offence"] == offence and behaviour.get(slash["account"]) == kind
            for slash in slashes
        )

    promise(slashed("wrong_result", "lazy"), "the lazy provider was slashed for a wrong result")
    promise(slashed("abandonment", "silent"), "the silent provider was slashed for abandonment")


def check_participants(summary):
    lost = {}
    for slash in summary["slashes"]:
        key = (slash["account"], slash["role"])
        lost[key] = lost.get(key, 0) + amount(slash["amount"])
    count = {}
    for one in summary["participants"]:
        key = (one["account"], one["role"])
        net = amount(one["paid"]) - lost.get(key, 0)
        name, role, kind = one["name"], one["role"], one["behaviour"]
        count[(role, kind)] = count.get((role, kind), 0) + 1
        if role == "provider" and kind == "honest":
            promise(net > 0, f"{name} worked honestly and gained {net}")
        if role == "provider" and kind in ("lazy", "silent"):
            promise(net < 0, f"{name} was {kind} and lost {-net}")
        if "started" in one and "worth" in one and role == "provider":
            worth, started = amount(one["worth"]), amount(one["started"])
            gained = worth > started
            promise(gained == (kind == "honest"), f"{name}: {started} became {worth}")
    roles = {
        ("provider", "honest"): 2,
        ("provider", "lazy"): 1,
        ("provider", "silent"): 1,
        ("validator", "honest"): 3,
    }
    promise(
        all(count.get(key, 0) >= least for key, least in roles.items()),
        f"everybody took part: {sorted(count.items())}",
    )


def behaviours(summary):
    behaviour = {}
    for one in summary["participants"]:
        if one["behaviour"] not in BEHAVIOURS:
            raise ValueError(f"unknown behaviour: {one['behaviour']!r}")
        behaviour[one["account"]] = one["behaviour"]
    return behaviour


def check_fresh(summary):
    behaviour = behaviours(summary)
    promise(summary["height"] >= 120, f"height {summary['height']}, root {summary['state_root']}")
    check_money(summary)
    check_jobs(summary["jobs"])
    check_disputes(summary["disputes"], behaviour)
    check_lies(summary["lies"])
    check_slashes(summary["slashes"], behaviour)
    check_honest("fresh", summary, behaviour)
    check_participants(summary)


def check_resumed(before, after):
    grown = after["height"] >= before["height"] + RESUMED_BLOCKS_MIN
    promise(grown, f"resumed: height {before['height']} became {after['height']}")
    kept = after["jobs"]["accepted"] >= before["jobs"]["accepted"]
    promise(kept, f"resumed: {after['jobs']['accepted']} jobs accepted, none forgotten")
    promise(after["conservation"] == "holds", f"resumed: conservation {after['conservation']}")
    check_honest("resumed", after, behaviours(after))
    paid = {one["account"]: amount(one["paid"]) for one in before["participants"]}
    for one in after["participants"]:
        if (one["role"], one["behaviour"]) == ("provider", "honest"):
            earned = amount(one["paid"]) - paid.get(one["account"], 0)
            promise(earned > 0, f"resumed: {one['name']} went on working and earned {earned}")


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    paths = sys.argv[1:]
    if len(paths) not in (1, 2):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    summaries = [read(path) for path in paths]
    check_fresh(summaries[0])
    if len(summaries) == 2:
        check_resumed(*summaries)
    print(f"{broken} promises broken" if broken else "every promise holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
