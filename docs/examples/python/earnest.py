"""A small client of an Earnest node: HTTP, typed data, seals, events. docs/api.md explains it.

Here: one class for a node, one for an account, and the hashes that a participant computes.
Never here: decisions about jobs (`job.py`).
"""

import json
import time
import urllib.error
import urllib.request

from blake3 import blake3
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

TIMEOUT_SECONDS = 30
VALID_BLOCKS = 100

# [messages]
# Name and fields of the message of each command that this client sends, in the order of docs/api.md.
MESSAGES = {
    "transfer": ("Transfer", "address to,string asset,uint256 amount"),
    "post_job": (
        "PostJob",
        "bytes32 program,bytes32 inputRoot,uint32 chunkCount,uint64 steps,bytes32 seed,"
        "uint64 stepGasMax,uint64 gasBound,string form,uint32 outputKib,string class,"
        "uint256 priceMax,uint64 deadlineBlocks,"
        "string auction,uint64 reputationMin,uint64 auditRate,uint8 auditors,uint256 outsideGain,"
        "string gainTiming,bytes32 seedSeal,string visibility",
    ),
    "open_seed": ("OpenSeed", "uint64 job,bytes32 preimage"),
    "confirm_receipt": ("ConfirmReceipt", "uint64 job"),
    "keep_data": ("KeepData", "bytes32 root,uint32 kibibytes,uint64 blocks,uint256 priceMax"),
}
# [/messages]


class Problem(Exception):
    """What a node answers when it says no (RFC 9457): `body` has `code`, `detail`, `hint`."""

    def __init__(self, body):
        super().__init__(f"{body['detail']} [{body['code']}]. {body['hint']}")
        self.body = body


# [typed-data]
def typed_data(network, transaction):
    """The argument of eth_signTypedData_v4 for a transaction in its JSON form."""
    ((name, body),) = transaction["command"].items()
    message_name, fields = MESSAGES[name]
    fields += ",uint64 nonce,uint64 validUntil"
    types = [dict(zip(("type", "name"), field.split())) for field in fields.split(",")]
    rest = {field: value for field, value in body.items() if field != "task"}
    # A group of fields is taken apart where it stands; the form "stepwise" carries no number.
    task = {**body["task"], "output_kib": 0} if "task" in body else {}
    flat = {**task, **rest}
    values = [*flat.values(), transaction["nonce"], transaction["valid_until"]]
    message = {}
    for field, value in zip(types, values, strict=True):
        message[field["name"]] = int(value) if field["type"].startswith("uint") else value
    domain = [("name", "string"), ("version", "string"), ("salt", "bytes32")]
    return {
        "types": {
            "EIP712Domain": [{"name": field, "type": kind} for field, kind in domain],
            message_name: types,
        },
        "primaryType": message_name,
        "domain": {"name": "Earnest", "version": "1", "salt": network},
        "message": message,
    }


def signing_hash(network, transaction):
    """The EIP-712 hash: what the signature signs."""
    signable = encode_typed_data(full_message=typed_data(network, transaction))
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def identity(hash_signed, signer):
    """The name of a transaction, at /v1/transactions/{name}."""
    return derived("earnest 2026 transaction", hash_signed, unhex(signer))
# [/typed-data]


# [seals]
def derived(context, *parts):
    """BLAKE3 in its mode for key derivation; the parts have fixed widths and stand side by side."""
    return blake3(b"".join(parts), derive_key_context=context).digest()


def u32(number):
    return number.to_bytes(4, "little")


def u64(number):
    return int(number).to_bytes(8, "little")


def seed_seal(preimage):
    return derived("earnest 2026 seed preimage", preimage)


def bid_seal(network, job, bidder, price, salt):
    parts = [network, u64(job), bidder, u64(price), salt]
    return derived("earnest 2026 bid", *parts)


def result_seal(network, job, worker, opening):
    """Of a provider's result, and of an auditor's verdict; `opening` as its JSON form."""
    root, output, salt = (unhex(opening[field]) for field in ("root", "output", "salt"))
    parts = [root, output, u64(opening["gas"]), u64(opening["steps"]), salt]
    return derived("earnest 2026 result", network, u64(job), worker, *parts)


def input_root(chunks):
    """The root over an input: pairs of hashes, an odd last one carried up, then their number."""
    level = [blake3(chunk).digest() for chunk in chunks]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        node = "earnest compute 2026-11 input node v1"
        level = [derived(node, *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return derived("earnest compute 2026-11 input root v1", u32(len(chunks)), *level)
# [/seals]


def unhex(text):
    return bytes.fromhex(text.removeprefix("0x"))


def hexed(data):
    return "0x" + data.hex()


class Node:
    """One node, such as http://127.0.0.1:7300."""

    def __init__(self, base):
        self.base = base.rstrip("/")

    def open(self, method, path, body=None, kind="application/json", headers=()):
        headers = {"content-type": kind, **dict(headers)}
        request = urllib.request.Request(self.base + path, body, headers, method=method)
        try:
            return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
        except urllib.error.HTTPError as error:
            with error:
                raise Problem(json.load(error)) from None

    def get(self, path):
        with self.open("GET", path) as reply:
            return json.load(reply)

    def send(self, method, path, value):
        with self.open(method, path, json.dumps(value).encode()) as reply:
            return json.load(reply)

    def put_blob(self, data):
        with self.open("PUT", "/v1/blobs", data, "application/octet-stream") as reply:
            return json.load(reply)

    def blob(self, digest):
        with self.open("GET", f"/v1/blobs/{digest}") as reply:
            return reply.read()

    # [events]
    def events(self, after, kinds):
        """Every event of these kinds after the place `after` (`height-index`), once, for ever.

        A stream may end or break at any time: it is opened again after the last `id` that came,
        with an event or, in a heartbeat, without one.
        """
        while True:
            path = f"/v1/events?after={after}&kinds={','.join(kinds)}"
            try:
                with self.open("GET", path) as stream:
                    place, data = after, None
                    for line in stream:
                        field, _, value = line.decode().rstrip("\n").partition(": ")
                        if field == "id":
                            place = value
                        elif field == "data":
                            data = value
                        elif not field and not value:
                            if data:
                                yield json.loads(data)
                            after, data = place, None
            except OSError:
                time.sleep(1)
    # [/events]


class Signer:
    """One account that sends commands to one node."""

    def __init__(self, node, secret):
        self.node = node
        self.account = Account.from_key(secret)
        self.address = self.account.address.lower()
        self.network = node.get("/v1/head")["network"]

    # [send]
    def send(self, name, body):
        """Signs a command, submits it and waits for its block; raises `Problem` if refused."""
        command = {name: body}
        trial = {"signer": self.address, "command": command}
        refusal = self.node.send("POST", "/v1/simulate/transaction", trial)["refusal"]
        if refusal:
            raise Problem(refusal)
        transaction = {
            "nonce": self.node.get(f"/v1/accounts/{self.address}")["next_nonce"],
            "valid_until": self.node.get("/v1/head")["height"] + VALID_BLOCKS,
            "command": command,
        }
        hash_signed = signing_hash(self.network, transaction)
        signature = self.account.unsafe_sign_hash(hash_signed).signature
        signed = {"transaction": transaction, "signature": hexed(signature)}
        receipt = self.node.send("POST", "/v1/transactions?wait=included", signed)
        assert receipt["hash"] == hexed(identity(hash_signed, self.address))
        if receipt["refusal"]:
            raise Problem(receipt["refusal"])
        if receipt["height"] is None:
            raise TimeoutError(f"{name} waits; ask for /v1/transactions/{receipt['hash']}")
        return receipt
    # [/send]
