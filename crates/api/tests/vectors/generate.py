"""Makes signing.json: what eth-account signs for every command.

    pip install eth-account==0.14.0
    python generate.py > signing.json

The types below are written down a second time on purpose: the test compares them, through the
hashes, with those of the crate.
"""

import itertools
import json
import random

from eth_account import Account
from eth_account.messages import encode_typed_data

TAIL = "uint64 nonce,uint64 validUntil"
# What follows if a key acts for an account; nothing if the account signs itself.
BY_KEY = ",address onBehalfOf"
OPENING = "bytes32 root,bytes32 output,uint64 gas,uint64 steps,bytes32 salt"
TYPES = {
    "transfer": "address to,string asset,uint256 amount",
    "bond": "string role,uint256 amount",
    "unbond": "string role,uint256 amount",
    "unjail": "string role",
    "claim_rewards": "string role",
    "post_job": "bytes32 program,bytes32 inputRoot,uint32 chunkCount,uint64 steps,bytes32 seed,"
    "uint64 stepGasMax,uint64 gasBound,string form,uint32 outputKib,string class,uint256 priceMax,uint64 deadlineBlocks,"
    "string auction,uint64 reputationMin,uint64 auditRate,uint8 auditors,uint256 outsideGain,"
    "string gainTiming,bytes32 seedSeal,string visibility",
    "commit_bid": "uint64 job,bytes32 seal",
    "reveal_bid": "uint64 job,uint256 price,bytes32 salt",
    "accept_job": "uint64 job",
    "commit_result": "uint64 job,bytes32 seal",
    "open_seed": "uint64 job,bytes32 preimage",
    "commit_verdict": "uint64 job,bytes32 seal",
    "reveal_result": f"uint64 job,{OPENING},bytes outputProof",
    "reveal_verdict": f"uint64 job,{OPENING}",
    "challenge": "uint64 job",
    "open_node": "uint64 job,uint8 level,uint64 index,bytes32[] children",
    "reject_child": "uint64 job,uint8 child",
    "prove_step": "uint64 job,uint8 level,uint64 index,bytes evidence",
    "request_data": "uint64 job,string item,uint32 chunk",
    "serve_data": "uint64 job,string item,uint32 chunk,bytes data",
    "confirm_receipt": "uint64 job",
    "report_copy": f"uint64 job,uint64 accused,{OPENING}",
    "seal_report": "bytes32 seal",
    "keep_data": "bytes32 root,uint32 kibibytes,uint64 blocks,uint256 priceMax",
    "authorise_key": "address key,string scope,uint64 expires,uint256 spendMax",
    "revoke_key": "address key",
    "delegate": "uint64 operator,string role,uint256 amount",
    "undelegate": "uint64 operator,string role,uint256 amount",
    "cancel_undelegation": "uint64 operator,string role",
    "withdraw_delegation": "uint64 operator,string role",
    "set_commission": "string role,uint64 rate,uint64 ceiling",
    "redelegate": "uint64 source,uint64 target,string role,uint256 amount",
    "propose": "ParamChange[] changes,bytes32 audit",
    "cast_ballot": "uint64 proposal,string choice",
    "cancel_proposal": "uint64 proposal",
    "cancel_unbond": "string role,uint256 amount",
    "insure_job": "uint64 job,uint256 cover,uint256 premiumMax",
    "refine_step": "uint64 job,uint8 level,uint64 index,bytes32[] children,bytes proof",
    "publish_program": "bytes32 program,uint32 bytesTotal,uint32 part,bytes data",
    "retire_program": "bytes32 program",
    "appeal_slash": "uint64 slash,bytes32 report",
    "cast_council_ballot": "uint64 proposal,string choice",
    "pause": "string lane,uint64 blocks",
    "cancel_job": "uint64 job",
    "propose_spend": "address to,string asset,uint256 amount,uint64 epochs,bytes32 report",
    "stop_spend": "uint64 spend,bytes32 report",
    "seal_price": "uint64 epoch,bytes32 seal",
    "open_price": "uint64 epoch,uint64 price,bytes32 salt",
    "rate_job": "uint64 job,string rating",
    "lock_bond": "string role,uint256 amount,uint64 epochs",
    "mint_credits": "uint256 stake,uint256 creditsMin",
    "redeem_credits": "uint256 credits,uint256 stakeMin",
    "claim_grant": "address to,uint256 amount",
    "claim_listed": "uint32 place,address to,uint256 amount,bytes32[] proof",
}

AMOUNT_MAX = 2**63 - 1
U64_MAX = 2**64 - 1
PARTS = 10**9
rng = random.Random(2026)


def hexed(count):
    return "0x" + rng.randbytes(count).hex()


def number(top):
    return rng.choice([0, 1, top, rng.randint(0, top), rng.randint(0, min(top, 1000))])


def digest():
    return rng.choice([hexed(32), hexed(32), hexed(32), "0x" + "00" * 32])


def amount():
    return str(number(AMOUNT_MAX))


def role():
    return rng.choice(["provider", "validator", "replica"])


def asset():
    return rng.choice(["stake", "payment"])


OUTPUTS = itertools.count()


def data_item():
    item = rng.choice(["program", {"input": number(2**32 - 1)}, "output"])
    # Every other output in chunks; drawn from nothing, so that what follows stays as it is.
    if item == "output" and (count := next(OUTPUTS)) % 2:
        return {"output_chunk": 85 * count}
    return item


def opening():
    return {
        "root": digest(),
        "output": digest(),
        "gas": number(U64_MAX),
        "steps": number(U64_MAX),
        "salt": digest(),
    }


def blob():
    return hexed(rng.choice([0, 1, 31, 32, 33, 100]))


def task():
    return {
        "program": digest(),
        "input_root": digest(),
        "chunk_count": number(2**32 - 1),
        "steps": number(U64_MAX),
        "seed": digest(),
        "step_gas_max": number(U64_MAX),
        "gas_bound": number(U64_MAX),
        "form": rng.choice(["stepwise", {"paged": number(2**32 - 1)}]),
    }


def post_job():
    return {
        "task": task(),
        "class": "cpu",
        "price_max": amount(),
        "deadline_blocks": number(U64_MAX),
        "auction": rng.choice(["second_price", "first_price"]),
        "reputation_min": number(PARTS),
        "audit_rate": number(PARTS),
        "auditors": number(255),
        "outside_gain": amount(),
        "gain_timing": rng.choice(["final", "delivery"]),
        "seed_seal": digest(),
        "visibility": rng.choice(["public", "sealed"]),
    }


def job(**more):
    return {"job": number(2**53), **more}


def digests():
    return [digest() for _ in range(rng.choice([0, 1, 16]))]


def changes():
    paths = ["verification.margin", "market.bids_max", "", "no.such.path"]
    count = rng.choice([0, 1, 16])
    return [{"path": rng.choice(paths), "value": number(U64_MAX)} for _ in range(count)]


def node():
    return {"level": number(255), "index": number(U64_MAX)}


MAKERS = {
    "transfer": lambda: {"to": hexed(20), "asset": asset(), "amount": amount()},
    "bond": lambda: {"role": role(), "amount": amount()},
    "unbond": lambda: {"role": role(), "amount": amount()},
    "unjail": lambda: {"role": role()},
    "claim_rewards": lambda: {"role": role()},
    "post_job": post_job,
    "commit_bid": lambda: job(seal=digest()),
    "reveal_bid": lambda: job(price=amount(), salt=digest()),
    "accept_job": job,
    "commit_result": lambda: job(seal=digest()),
    "open_seed": lambda: job(preimage=digest()),
    "commit_verdict": lambda: job(seal=digest()),
    "reveal_result": lambda: job(opening=opening(), output_proof=blob()),
    "reveal_verdict": lambda: job(opening=opening()),
    "challenge": job,
    "open_node": lambda: job(node=node(), children=digests()),
    "reject_child": lambda: job(child=number(255)),
    "prove_step": lambda: job(node=node(), evidence=blob()),
    "request_data": lambda: job(item=data_item()),
    "serve_data": lambda: job(item=data_item(), bytes=blob()),
    "confirm_receipt": job,
    "report_copy": lambda: job(accused=number(U64_MAX), opening=opening()),
    "seal_report": lambda: {"seal": digest()},
    "keep_data": lambda: {
        "root": digest(),
        "kibibytes": number(2**32 - 1),
        "blocks": number(U64_MAX),
        "price_max": amount(),
    },
    "authorise_key": lambda: {
        "key": hexed(20),
        "scope": rng.choice(["provide", "audit", "request"]),
        "expires": number(U64_MAX),
        "spend_max": amount(),
    },
    "revoke_key": lambda: {"key": hexed(20)},
    "delegate": lambda: {"operator": number(U64_MAX), "role": role(), "amount": amount()},
    "undelegate": lambda: {"operator": number(U64_MAX), "role": role(), "amount": amount()},
    "cancel_undelegation": lambda: {"operator": number(U64_MAX), "role": role()},
    "withdraw_delegation": lambda: {"operator": number(U64_MAX), "role": role()},
    "set_commission": lambda: {
        "role": role(),
        "rate": number(PARTS),
        "ceiling": number(PARTS),
    },
    "redelegate": lambda: {
        "source": number(U64_MAX),
        "target": number(U64_MAX),
        "role": role(),
        "amount": amount(),
    },
    "propose": lambda: {"changes": changes(), "audit": digest()},
    "cast_ballot": lambda: {
        "proposal": number(U64_MAX),
        "choice": rng.choice(["yes", "no", "abstain", "veto"]),
    },
    "cancel_proposal": lambda: {"proposal": number(U64_MAX)},
    "cancel_unbond": lambda: {"role": role(), "amount": amount()},
    "insure_job": lambda: {"job": number(U64_MAX), "cover": amount(), "premium_max": amount()},
    "refine_step": lambda: job(node=node(), children=digests(), proof=blob()),
    "publish_program": lambda: {
        "program": digest(),
        "bytes_total": number(2**32 - 1),
        "part": number(2**32 - 1),
        "bytes": blob(),
    },
    "retire_program": lambda: {"program": digest()},
    "appeal_slash": lambda: {"slash": number(U64_MAX), "report": digest()},
    "cast_council_ballot": lambda: {
        "proposal": number(U64_MAX),
        "choice": rng.choice(["yes", "no", "veto"]),
    },
    "pause": lambda: {
        "lane": rng.choice(["jobs", "delegations"]),
        "blocks": number(U64_MAX),
    },
    "cancel_job": job,
    "propose_spend": lambda: {
        "to": hexed(20),
        "asset": rng.choice(["stake", "payment"]),
        "amount": amount(),
        "epochs": number(U64_MAX),
        "report": digest(),
    },
    "stop_spend": lambda: {"spend": number(U64_MAX), "report": digest()},
    "seal_price": lambda: {"epoch": number(U64_MAX), "seal": digest()},
    "open_price": lambda: {
        "epoch": number(U64_MAX),
        "price": number(PARTS * 10**6),
        "salt": digest(),
    },
    "rate_job": lambda: job(rating=rng.choice(["good", "bad"])),
    "lock_bond": lambda: {"role": role(), "amount": amount(), "epochs": number(U64_MAX)},
    "mint_credits": lambda: {"stake": amount(), "credits_min": amount()},
    "redeem_credits": lambda: {"credits": amount(), "stake_min": amount()},
    "claim_grant": lambda: {"to": hexed(20), "amount": amount()},
    "claim_listed": lambda: {
        "place": number(2**32 - 1), "to": hexed(20), "amount": amount(), "proof": digests(),
    },
}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def flatten(command):
    """The fields of a command under the names that a wallet shows."""
    flat = {}
    for name, value in command.items():
        if name in ("opening", "node", "task"):
            flat.update(flatten(value))
        elif name == "item":
            ((kind, chunk),) = [(value, 0)] if isinstance(value, str) else value.items()
            flat["item"], flat["chunk"] = kind, chunk
        elif name == "form":
            flat["form"] = value if isinstance(value, str) else "paged"
            flat["outputKib"] = 0 if isinstance(value, str) else value["paged"]
        else:
            flat["data" if name == "bytes" else camel(name)] = value
    return flat


def typed(kind, value):
    if kind.startswith("uint"):
        return int(value)
    if kind == "bytes32[]":
        return [bytes.fromhex(item[2:]) for item in value]
    if kind.endswith("[]"):
        return value
    if kind.startswith("bytes"):
        return bytes.fromhex(value[2:])
    return value


def vector(kind, account=None):
    network, secret = hexed(32), hexed(32)
    command = MAKERS[kind]()
    nonce, valid_until = number(U64_MAX), number(U64_MAX)
    tail = TAIL + (BY_KEY if account else "")
    fields = [field.split(" ") for field in f"{TYPES[kind]},{tail}".split(",")]
    flat = {**flatten(command), "nonce": nonce, "validUntil": valid_until}
    if account:
        flat["onBehalfOf"] = account
    assert sorted(flat) == sorted(name for _, name in fields), (kind, flat)
    name = camel(kind)[0].upper() + camel(kind)[1:]
    types = {name: [{"name": field, "type": of} for of, field in fields]}
    if kind == "propose":
        change = {"path": "string", "value": "uint64"}
        types["ParamChange"] = [{"name": field, "type": of} for field, of in change.items()]
    message = {field: typed(of, flat[field]) for of, field in fields}
    domain = {"name": "Earnest", "version": "1", "salt": bytes.fromhex(network[2:])}
    signable = encode_typed_data(domain, types, message)
    signed = Account.sign_message(signable, private_key=secret)
    return {
        "network": network,
        "secret": secret,
        "address": Account.from_key(secret).address.lower(),
        "transaction": {
            "nonce": nonce,
            "valid_until": valid_until,
            "command": {kind: command},
            "on_behalf_of": account,
        },
        "hash": "0x" + bytes(signed.message_hash).hex(),
        "signature": "0x" + bytes(signed.signature).hex(),
    }


def main():
    vectors = [vector(kind) for kind in TYPES for _ in range(8)]
    vectors += [vector(kind, account=hexed(20)) for kind in TYPES for _ in range(2)]
    lines = ",\n".join(json.dumps(one) for one in vectors)
    print(f'{{"made_by": "eth-account 0.14.0", "vectors": [\n{lines}\n]}}')


main()
