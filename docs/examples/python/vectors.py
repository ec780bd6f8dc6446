"""Computes docs/examples/vectors.json anew and prints it: every hash of docs/api.md once."""

import json

from blake3 import blake3
from earnest import bid_seal, hexed, identity, input_root, result_seal, seed_seal, signing_hash
from earnest import typed_data, unhex
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

NETWORK = "0x" + "11" * 32
SECRET = "0x" + "22" * 32
TO = "0x" + "33" * 20
SALT = "0x" + "44" * 32
JOB = 7
TRANSACTION = {
    "nonce": 5,
    "valid_until": 1000,
    "command": {"transfer": {"to": TO, "asset": "stake", "amount": "3000000000"}},
}
OPENING = {"root": "0x" + "55" * 32, "output": "0x" + "66" * 32, "gas": 699360, "steps": 8}
CHUNKS = [b"", b"abc", bytes(range(5))]


def vectors():
    account = Account.from_key(SECRET)
    signer = account.address.lower()
    data = typed_data(NETWORK, TRANSACTION)
    signable = encode_typed_data(full_message=data)
    fields = ",".join(f"{field['type']} {field['name']}" for field in data["types"]["Transfer"])
    signed = signing_hash(NETWORK, TRANSACTION)
    network, me, salt = unhex(NETWORK), unhex(signer), unhex(SALT)
    opening = {**OPENING, "salt": SALT}
    return {
        "network": NETWORK,
        "secret": SECRET,
        "signer": signer,
        "transaction": TRANSACTION,
        "type": f"Transfer({fields})",
        "type_hash": hexed(keccak(text=f"Transfer({fields})")),
        "domain_separator": hexed(signable.header),
        "struct_hash": hexed(signable.body),
        "signing_hash": hexed(signed),
        "signature": hexed(account.unsafe_sign_hash(signed).signature),
        "identity": hexed(identity(signed, signer)),
        "seed": {"preimage": SALT, "seal": hexed(seed_seal(salt))},
        "bid": {
            "job": JOB,
            "price": "1500000",
            "salt": SALT,
            "seal": hexed(bid_seal(network, JOB, me, "1500000", salt)),
        },
        "result": {
            "job": JOB,
            "opening": opening,
            "seal": hexed(result_seal(network, JOB, me, opening)),
        },
        "input": {
            "chunks": [hexed(chunk) for chunk in CHUNKS],
            "hashes": [hexed(blake3(chunk).digest()) for chunk in CHUNKS],
            "root": hexed(input_root(CHUNKS)),
        },
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=2))
