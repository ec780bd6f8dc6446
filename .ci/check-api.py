#!/usr/bin/env python3
"""Runs the clients of docs/examples against a network that it starts: python and typescript.

usage: check-api.py EARNEST TOOLS

EARNEST is the built program, TOOLS a folder that keeps packages from one run to the next. The
network lives on loopback, makes a bounded number of blocks, and ends with this script. A language
whose packages cannot be installed is skipped by name. A job may still go to a provider that lies
on purpose, so each example gets a few. Exit status 1 if an example fails or pays for no result.
"""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"
INSTALL_SECONDS = 240
SECONDS = 60
TRIES = 4
JAIL_SECONDS = 30
BLOCKS = 1500
BLOCK_TIME = "200ms"
FUND = """
import glob, os, sys
from earnest import Node, Signer
from eth_account import Account
key, = glob.glob(sys.argv[2] + "/keys/nora/*.json")
password = open(sys.argv[2] + "/keys/password.txt").read().strip()
rich = Signer(Node(sys.argv[1]), Account.decrypt(open(key).read(), password))
new = Account.create()
rich.send("transfer", {"to": new.address.lower(), "asset": "stake", "amount": "10000000000"})
print("0x" + bytes(new.key).hex())
"""
# The same events over streams that break after some bytes as over one that does not.
RESUME = """
import io, itertools, sys
import earnest

class Breaking(earnest.Node):
    streams = 0
    def open(self, method, path, *rest, **more):
        self.streams += 1
        with super().open(method, path, *rest, **more) as reply:
            head = reply.read1(1500)
            while head.count(b"\\n\\n") < 3:
                head += reply.read1(1500)
        return io.BytesIO(head)

kinds = ["job_posted", "bid_committed", "job_closed"]
whole, broken = earnest.Node(sys.argv[1]), Breaking(sys.argv[1])
some = [list(itertools.islice(node.events("0-0", kinds), 30)) for node in (whole, broken)]
assert some[0] == some[1], some
print(len(some[0]), "events, the same over one stream and over", broken.streams)
"""


def quietly(*words, **more):
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=INSTALL_SECONDS, **more)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def is_installed(lock, stamp):
    return stamp.exists() and filecmp.cmp(lock, stamp, shallow=False)


def python(tools):
    """A python with the packages of the lock; None if they cannot be had."""
    lock, folder = EXAMPLES / "python" / "requirements.txt", tools / "python"
    program, stamp = folder / "bin" / "python", folder / "lock"
    if not is_installed(lock, stamp):
        shutil.rmtree(folder, ignore_errors=True)
        pip = [program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if not quietly(sys.executable, "-m", "venv", folder):
            return None
        if not quietly(*pip, "--no-deps", "--requirement", lock):
            return None
        shutil.copy(lock, stamp)
    return program


def typescript(tools):
    """A copy of the examples with the packages of the lock beside; None if they cannot be had."""
    source, folder = EXAMPLES / "typescript", tools / "examples" / "typescript"
    lock, stamp = source / "package-lock.json", folder / "lock"
    shutil.copytree(EXAMPLES, tools / "examples", dirs_exist_ok=True)
    if not is_installed(lock, stamp):
        npm = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
        if not quietly(*npm, cwd=folder):
            return None
        shutil.copy(lock, stamp)
    return folder


class Network:
    """A network of `earnest up`, for as long as the `with` lasts."""

    def __init__(self, earnest, folder):
        self.data = folder / "network"
        words = ["up", "--fresh", "--data", self.data, "--port", "0", "--blocks", str(BLOCKS)]
        self.log = (folder / "log").open("w+")
        command = [earnest, *words, "--block-time", BLOCK_TIME]
        self.child = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self.child.poll() is None:
            said = re.search(r"http://127\.0\.0\.1:\d+", Path(self.log.name).read_text())
            if said and self.answers(said[0]):
                self.base = said[0]
                return self
            time.sleep(0.1)
        self.__exit__()
        sys.exit("FAIL no network:\n" + Path(self.log.name).read_text()[-2000:])

    def answers(self, base):
        try:
            with urllib.request.urlopen(base + "/v1/head", timeout=2) as reply:
                return json.load(reply)["height"] > 0
        except OSError:
            return False

    def wait_for_jail(self):
        """Until the provider that lies and the one that falls silent get no more jobs."""
        for _ in range(JAIL_SECONDS):
            with urllib.request.urlopen(self.base + "/v1/operators?role=provider") as reply:
                if reply.read().count(b'"jailed"') >= 2:
                    return
            time.sleep(1)

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.log.close()


def result(words, folder, secret):
    env = {**os.environ, "EARNEST_SECRET": secret}
    try:
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True,
                              timeout=SECONDS)
    except subprocess.TimeoutExpired as late:
        return f"nothing after {SECONDS} s: {late.stdout}"
    if done.returncode != 0:
        return f"exit status {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def script(program, text, *words):
    """What a script says that reads the example's client; exits if it fails."""
    done = subprocess.run([program, "-c", text, *words], cwd=EXAMPLES / "python",
                          capture_output=True, text=True, timeout=SECONDS)
    if done.returncode != 0:
        sys.exit("FAIL " + done.stdout + done.stderr)
    return done.stdout.strip()


def examples(clients, network, program):
    """Runs every client beside the others until its job is accepted; true if each was."""
    for _ in range(TRIES):
        secrets = [script(program, FUND, network.base, network.data) for _ in clients]
        with ThreadPoolExecutor() as pool:
            ask = lambda client, secret: result([*client[1], network.base], client[2], secret)
            said = list(pool.map(ask, clients, secrets))
        again = []
        for client, text in zip(clients, said):
            if "as computed here" in text:
                print(f"ok   {client[0]}: {text.splitlines()[-1]}")
            elif re.search(r"^job \d+ (rejected|failed|expired) ", text, re.MULTILINE):
                print(f"     {client[0]}, once more: {text.splitlines()[-1]}")
                again.append(client)
            else:
                print(f"FAIL {client[0]}: {text[-4000:]}")
                return False
        clients = again
        if not clients:
            return True
    print("FAIL no job of", *(client[0] for client in clients), "was accepted")
    return False


def large(earnest, network, program, folder):
    """True if a large output is read chunk by chunk as this machine computes it. A program that no
    provider knows may be too new for its first job: each try is a job of its own."""
    module, own, theirs = EXAMPLES / "large.wasm", folder / "own", folder / "theirs"
    subprocess.run([earnest, "run", module, "--out", own], check=True, timeout=SECONDS,
                   capture_output=True)
    (key,) = (network.data / "keys" / "nora").glob("*.json")
    act = ["--node", network.base, "--key", key,
           "--password-file", network.data / "keys" / "password.txt"]
    submit = [earnest, "job", "submit", "--program", module, "--max-price", "5", "--json", *act]
    for _ in range(TRIES):
        done = subprocess.run(submit, capture_output=True, text=True, timeout=SECONDS)
        if done.returncode == 0:
            break
        print("     large, once more:", done.stderr.strip().splitlines()[-2:])
    else:
        print("FAIL no job of large.wasm was accepted:", done.stdout, done.stderr)
        return False
    job = str(json.loads(done.stdout)["id"])
    said = result([program, "large.py", network.base, job, theirs], EXAMPLES / "python", "")
    if not theirs.exists() or not filecmp.cmp(own, theirs, shallow=False):
        print("FAIL large.py:", said)
        return False
    print("ok   python:", said.strip())
    return True


def vectors(program, folder):
    """True if both languages compute the hashes that docs/api.md shows."""
    words = [program, "vectors.py"]
    done = subprocess.run(words, cwd=EXAMPLES / "python", capture_output=True, text=True,
                          timeout=SECONDS)
    good = done.stdout == (EXAMPLES / "vectors.json").read_text()
    print("ok  " if good else "FAIL", "python: the hashes of vectors.json", done.stderr)
    if folder:
        for words in (["tsc"], ["tsx", "vectors.ts"]):
            done = subprocess.run(["npx", *words], cwd=folder, capture_output=True, text=True,
                                  timeout=SECONDS)
            good = good and done.returncode == 0
            mark = "ok  " if done.returncode == 0 else "FAIL"
            print(mark, "typescript:", " ".join(words), done.stdout, done.stderr)
    return good


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    earnest, tools = (Path(word).resolve() for word in sys.argv[1:])
    tools.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    program, folder = python(tools), typescript(tools)
    if program is None:
        print("skipped: python needs the packages of docs/examples/python/requirements.txt")
        return
    if folder is None:
        print("skipped: typescript needs npm and the packages of its package-lock.json")
    with tempfile.TemporaryDirectory() as scratch, Network(earnest, Path(scratch)) as network:
        good = vectors(program, folder)
        network.wait_for_jail()
        clients = [("python", [program, "job.py"], EXAMPLES / "python")]
        if folder:
            clients.append(("typescript", ["npx", "tsx", "job.ts"], folder))
        good = examples(clients, network, program) and good
        good = large(earnest, network, program, Path(scratch)) and good
        print("ok   python:", script(program, RESUME, network.base))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
