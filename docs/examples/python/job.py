"""A job from posting to payment: python job.py NODE

Reads the secret of a funded account (0x and 64 hex digits) from the variable EARNEST_SECRET.
Prints one line a step; exits with 1 if the output is not the one that this machine computes.
"""

import os
import secrets
import struct
import sys
import time
from pathlib import Path

from blake3 import blake3
from earnest import Node, Problem, Signer, hexed, input_root, seed_seal
from eth_account import Account

PROGRAM = Path(__file__).resolve().parent.parent / "mean.wasm"
CHUNK_BYTES = 4096
GAS_BOUND = 1_000_000  # `earnest run` says 652,477.
STEP_GAS_MAX = 200_000  # The same says 93,257.
DEADLINE_BLOCKS = 20
MARGIN_BLOCKS = 60


def show_a_problem(node):
    # [problem]
    try:
        node.get("/v1/jobs?colour=red")
    except Problem as problem:
        print("problem", problem.body["status"], problem.body["code"])
        print("       ", problem.body["detail"])
    # [/problem]


def transfer(signer):
    # [transfer]
    to = Account.create().address.lower()
    signer.send("transfer", {"to": to, "asset": "stake", "amount": "1000000000"})
    free = signer.node.get(f"/v1/accounts/{to}")["free"]
    # [/transfer]
    print("transferred 1 token to", to, "which has", free, "base units")


# [keep]
def kibibytes(*sizes):
    """Room that files of so many bytes take: each counts in whole blocks of 4 KiB."""
    return sum(-(-max(size, 1) // 4096) * 4 for size in sizes)


def keep(signer, name, kib, blocks):
    """Pays for `kib` kibibytes under `name` for `blocks` from now."""
    mebibyte = signer.node.get("/v1/keeps")["price"]  # For a thousand blocks.
    price = int(mebibyte) * kib * blocks // (1024 * 1000) + 1
    body = {"root": name, "kibibytes": kib, "blocks": blocks, "price_max": str(2 * price)}
    signer.send("keep_data", body)
# [/keep]


# [terms]
def terms_of(params, program, chunks, preimage):
    tariff = int(params["market"]["tariff_per_mgas"]) * GAS_BOUND // 1_000_000
    return {
        "task": {
            "program": hexed(blake3(program).digest()),
            "input_root": hexed(input_root(chunks)),
            "chunk_count": len(chunks),
            "steps": len(chunks),
            "seed": hexed(bytes(32)),
            "step_gas_max": STEP_GAS_MAX,
            "gas_bound": GAS_BOUND,
            "form": "stepwise",
        },
        "class": "cpu",
        "price_max": str(2 * tariff),
        "deadline_blocks": DEADLINE_BLOCKS,
        "auction": "first_price",
        "reputation_min": 0,
        "audit_rate": 1_000_000_000,
        "auditors": 2,
        "outside_gain": "0",
        "gain_timing": "delivery",
        "seed_seal": hexed(seed_seal(preimage)),
        "visibility": "public",
    }
# [/terms]


def duration(params, audit_blocks):
    """Blocks that a job may last without a dispute; a few more than that."""
    market, verification = params["market"], params["verification"]
    stages = [market[f"{stage}_blocks"] for stage in ("bid", "bid_reveal", "accept", "grace")]
    rooms = ("seed_delay", "seed", "reveal", "challenge")
    stages += [verification[f"{room}_blocks"] for room in rooms]
    return sum(stages) + DEADLINE_BLOCKS + 2 * audit_blocks


# [post]
def post(signer, program, chunks, preimage):
    """Pays for the bytes, stores them, posts the job, and returns its number and block."""
    node, params = signer.node, signer.node.get("/v1/params")
    terms = terms_of(params, program, chunks, preimage)
    quote = node.send("POST", "/v1/quote", {"signer": signer.address, "terms": terms})
    print("quote: escrow", quote["total"], "of which audit fees", quote["audit_fees"])
    blocks = duration(params, quote["audit_blocks"]) + MARGIN_BLOCKS
    task, sizes = terms["task"], [len(chunk) for chunk in chunks]
    keep(signer, task["program"], kibibytes(len(program)), blocks)
    keep(signer, task["input_root"], kibibytes(*sizes, 32 * len(chunks)), blocks)
    keep(signer, terms["seed_seal"], kibibytes(16), blocks + params["market"]["retention_blocks"])
    node.put_blob(program)
    names = [hexed(blake3(chunk).digest()) for chunk in chunks]
    stored = node.send("PUT", "/v1/inputs", {"chunks": names})
    assert stored["root"] == task["input_root"]
    for name, chunk in zip(names, chunks):
        if name in stored["missing"]:
            node.put_blob(chunk)
    height = signer.send("post_job", terms)["height"]
    for event in node.events(f"{height - 1}-4294967295", ["job_posted"]):
        job = event["event"]["job"]
        if node.get(f"/v1/jobs/{job}")["terms"]["seed_seal"] == terms["seed_seal"]:
            return job, height
# [/post]


def fetch(node, digest, until):
    """The bytes of an output; its provider uploads them when the result is revealed."""
    while node.get("/v1/head")["height"] < until:
        try:
            output = node.blob(digest)
        except Problem as problem:
            if problem.body["status"] != 404:
                raise
            time.sleep(0.2)
            continue
        assert hexed(blake3(output).digest()) == digest, "not these bytes"
        return output
    raise TimeoutError("the output is not there: ask for it with request_data")


# [follow]
def follow(signer, job, height, preimage):
    """Makes the requester's two moves when they are due; returns the output and how it ended."""
    node, output = signer.node, None
    kinds = ["job_accepted", "result_committed", "challenge_window", "job_closed"]
    for record in node.events(f"{height - 1}-4294967295", kinds):
        event = record["event"]
        if event["job"] != job:
            continue
        print("height", record["height"], event["kind"])
        match event["kind"]:
            case "result_committed":
                signer.send("open_seed", {"job": job, "preimage": hexed(preimage)})
            case "challenge_window":
                claim = node.get(f"/v1/jobs/{job}")["result"]["claim"]["trace"]
                output = fetch(node, claim["output"], event["until"])
                signer.send("confirm_receipt", {"job": job})
            case "job_closed":
                return output, event
# [/follow]


def main():
    if len(sys.argv) != 2 or "EARNEST_SECRET" not in os.environ:
        sys.exit("say: EARNEST_SECRET=0x... python job.py NODE (docs/api.md tells whose secret)")
    node = Node(sys.argv[1])
    signer = Signer(node, os.environ["EARNEST_SECRET"])
    print("account", signer.address, "has", node.get(f"/v1/accounts/{signer.address}")["free"])
    show_a_problem(node)
    transfer(signer)
    data = bytes((7 * at * at + 3) % 251 for at in range(28_000))
    chunks = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
    preimage = secrets.token_bytes(32)
    job, height = post(signer, PROGRAM.read_bytes(), chunks, preimage)
    print("job", job, "posted at height", height)
    output, end = follow(signer, job, height, preimage)
    print("job", job, end["outcome"], "paid", end["paid"], "refunded", end["refunded"])
    expected = struct.pack("<QQ", len(data), sum(data))
    if end["outcome"] == "accepted" and output != expected:
        sys.exit(f"the output is {output.hex()}, not {expected.hex()}")
    if end["outcome"] == "accepted":
        print("output", output.hex(), "as computed here")


if __name__ == "__main__":
    main()
