"""An ordinary program as a job of a network of its own: a lazy provider on it is convicted, then an
honest one is paid for the right output. Used by check-recipes.py and check-programs.py."""

import contextlib
import json
import subprocess
from pathlib import Path

SECONDS = 240
VALIDATORS = ("vera", "vito", "vida")
# A tree over 2^13 fine steps has so many levels, of 16 children each, below the coarse tree's.
LEVELS_WITHIN = 4


class Network:
    """A node and daemons of a development network, started one by one and killed by their pids."""

    def __init__(self, earnest, folder, stack, block_ms, bidding_ms):
        self.earnest, self.folder, self.stack = str(earnest), folder, stack
        self.logs = []
        bidding = bidding_ms // block_ms
        self.words("up", "--data", str(folder), "--blocks", "1", "--block-time", f"{block_ms}ms",
                   "--seed", "5", "--set", f"market.bid_blocks={bidding}", "--port", "0", "--json")
        node = self.start("node", "--data", str(folder / "node"), "--listen", "127.0.0.1:0",
                          stdout=subprocess.PIPE, text=True)
        self.url = node.stdout.readline().strip()

    def start(self, *words, **more):
        log = self.stack.enter_context(open(self.folder / f"log-{words[0]}-{len(self.logs)}", "wb"))
        self.logs.append(Path(log.name))
        child = subprocess.Popen([self.earnest, *words, "--until-input-closes"],
                                 stdin=subprocess.PIPE, stderr=log,
                                 **{"stdout": log, **more})
        self.stack.callback(child.wait)
        self.stack.callback(child.kill)
        return child

    def key(self, name):
        key = next((self.folder / "keys" / name).iterdir())
        return ["--key", str(key), "--password-file", str(self.folder / "keys" / "password.txt")]

    def daemon(self, name, *words):
        return self.start(*words, "--node", self.url, "--data", str(self.folder / name),
                          *self.key(name))

    def words(self, *words, fails=False):
        done = subprocess.run([self.earnest, *words], capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        if (done.returncode != 0) != fails:
            raise RuntimeError(f"{words}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def submit(self, program, given, fails):
        self.words("job", "submit", "--program", str(program), "--max-price", "5", "--audit-rate",
                   "1", "--node", self.url, *self.key("rosa"), *given, fails=fails)

    def tell(self):
        """Prints the last that each process said."""
        for log in self.logs:
            for line in log.read_text(errors="replace").splitlines()[-12:]:
                print(f"  {log.name}: {line}")

    def is_declined(self):
        """Whether the program was too slow here for a bid: that is this machine's, at this moment."""
        words = "declined, its program takes"
        return any(words in log.read_text(errors="replace") for log in self.logs)

    def status(self, job):
        return json.loads(self.words("job", "status", str(job), "--node", self.url, "--json"))


def check(earnest, program, given, expected, scratch, block_ms=200, bidding_ms=3_000):
    """Whether all went as it has to with a program that is `given` these words of `job submit`; says
    what did not. None if it was too slow on this machine for anybody to bid."""
    with contextlib.ExitStack() as stack:
        network = Network(earnest, Path(scratch, "net"), stack, block_ms, bidding_ms)
        for name in VALIDATORS:
            network.daemon(name, "validator", "run")
        cost = ["provider", "run", "--cost-per-mgas", "0.003"]
        loki = network.daemon("loki", *cost, "--fault", "lazy=1")
        network.submit(program, given, fails=True)
        loki.kill()
        lie = network.status(0)
        levels = [dispute["node"]["level"] for dispute in lie["disputes"]]
        coarse, leaves = 1, 16
        while leaves <= lie["terms"]["task"]["steps"]:
            coarse, leaves = coarse + 1, leaves * 16
        if lie["closed"]["reason"] != "wrong_result" or coarse + LEVELS_WITHIN not in levels:
            print(f"the lazy provider was not convicted by a fine step: {lie['closed']}, {levels}")
            network.tell()
            return None if network.is_declined() else False
        network.daemon("ada", *cost)
        try:
            network.submit(program, given, fails=False)
        except RuntimeError as why:
            print(why)
            network.tell()
            return None if network.is_declined() else False
        out = Path(scratch, "output")
        network.words("job", "result", "1", "--output", str(out), "--node", network.url)
        if out.read_bytes() != expected:
            print(f"not the output that was expected: {out.read_bytes()[:2_000]!r}")
            return False
    return True
