"""What schemathesis cannot make up by itself: signatures and paid room. Read by check-openapi.py.

Where it posts a transaction or puts bytes, a good one of the same kind is sent instead, made of what
it had made up: so that the links from there lead to what is there. The account's secret, the node
and the file of what was answered stand in EARNEST_SECRET, EARNEST_NODE and EARNEST_ANSWERS.
"""

import json
import os
import threading
from collections import Counter

import schemathesis
from blake3 import blake3
from earnest import Node, Problem, Signer, hexed, input_root, signing_hash

KEEP_BLOCKS = 1000
CHUNKS = 2
node = Node(os.environ["EARNEST_NODE"])
signer = Signer(node, os.environ["EARNEST_SECRET"])
answers = Counter()
lock = threading.Lock()


def keep(name, kibibytes):
    """Room for what is put next; it was paid for already if the same was made up before."""
    price = int(node.get("/v1/keeps")["price"])
    body = {"root": name, "kibibytes": kibibytes, "blocks": KEEP_BLOCKS, "price_max": str(price)}
    try:
        signer.send("keep_data", body)
    except Problem as problem:
        print("not kept:", problem)


def transaction(made_up):
    """A signed transfer of one base unit to an address that depends on what was made up."""
    body = {"to": hexed(blake3(made_up).digest()[:20]), "asset": "stake", "amount": "1"}
    transfer = {
        "nonce": node.get(f"/v1/accounts/{signer.address}")["next_nonce"],
        "valid_until": node.get("/v1/head")["height"] + 100,
        "command": {"transfer": body},
    }
    signature = signer.account.unsafe_sign_hash(signing_hash(signer.network, transfer)).signature
    return {"transaction": transfer, "signature": hexed(signature)}


@schemathesis.hook
def before_call(context, case, kwargs):
    route = f"{case.method.upper()} {case.path}"
    made_up = repr(case.body).encode()
    if route == "POST /v1/transactions":
        case.media_type = "application/json"
        case.body = transaction(made_up)
        case.query["wait"] = "included"
    elif route == "PUT /v1/blobs":
        case.body = made_up
        keep(hexed(blake3(made_up).digest()), 4)
    elif route == "PUT /v1/inputs":
        chunks = [made_up + bytes([at]) for at in range(CHUNKS)]
        case.body = {"chunks": [hexed(blake3(chunk).digest()) for chunk in chunks]}
        keep(hexed(input_root(chunks)), 4 * (CHUNKS + 1))


@schemathesis.hook
def after_call(context, case, response):
    with lock:
        answers[f"{case.method.upper()} {case.path} {response.status_code}"] += 1
        with open(os.environ["EARNEST_ANSWERS"], "w") as file:
            json.dump(answers, file)
