"""The job of job.py by a client that is generated: python generated.py NODE

The package `earnest_client` beside this file is what openapi-python-client makes of /openapi.json
(docs/api.md). From earnest.py and job.py comes only what no description says: hashes, seals, and
the terms of the job. Reads EARNEST_SECRET as job.py does; exits with 1 if the result is wrong.
"""

import os
import secrets
import struct
import sys
import time
from io import BytesIO

from blake3 import blake3
from earnest import hexed, identity, seed_seal, signing_hash
from earnest_client import Client
from earnest_client.api.accounts import get_accounts_address, get_accounts_address_history
from earnest_client.api.blobs import get_blobs_digest, put_blobs
from earnest_client.api.head import get_head
from earnest_client.api.inputs import put_inputs
from earnest_client.api.jobs import get_jobs_id
from earnest_client.api.keeps import get_keeps
from earnest_client.api.params import get_params
from earnest_client.api.quote import post_quote
from earnest_client.api.transactions import get_transactions_hash_content, post_transactions
from earnest_client.models import EventJobPosted, InputChunks, Outcome, Phase, PostJob
from earnest_client.models import PostTransactionsWait, Problem, QuoteRequest, Refusal
from earnest_client.models import SignedTransaction
from earnest_client.types import File
from eth_account import Account
from job import CHUNK_BYTES, MARGIN_BLOCKS, PROGRAM, duration, kibibytes, terms_of

VALID_BLOCKS = 100
POLL_SECONDS = 0.1
FOLLOW_SECONDS = 90


class Refused(Exception):
    """A typed `Problem`, or the `Refusal` of a receipt."""

    def __init__(self, what):
        super().__init__(f"{what.detail} [{what.code}]. {what.hint}")
        self.what = what


def good(reply):
    """The reply, unless it is a problem."""
    if isinstance(reply, Problem):
        raise Refused(reply)
    return reply


class Signer:
    """One account that sends commands through the generated client."""

    def __init__(self, client, secret):
        self.client = client
        self.account = Account.from_key(secret)
        self.address = self.account.address.lower()

    def send(self, name, body, nonce=None):
        """Signs a command, submits it and waits for its block; raises `Refused`."""
        head = good(get_head.sync(client=self.client))
        me = good(get_accounts_address.sync(self.address, client=self.client))
        transaction = {
            "nonce": me.next_nonce if nonce is None else nonce,
            "valid_until": head.height + VALID_BLOCKS,
            "command": {name: body},
        }
        hash_signed = signing_hash(head.network, transaction)
        signature = self.account.unsafe_sign_hash(hash_signed).signature
        plain = {"transaction": transaction, "signature": hexed(signature)}
        signed = SignedTransaction.from_dict(plain)
        assert signed.to_dict() == plain, "the models lose nothing"
        wait = PostTransactionsWait.INCLUDED
        receipt = good(post_transactions.sync(client=self.client, body=signed, wait=wait))
        assert receipt.hash_ == hexed(identity(hash_signed, self.address))
        if isinstance(receipt.refusal, Refusal):
            raise Refused(receipt.refusal)
        assert receipt.height is not None, f"{name} waits; ask for its receipt"
        return receipt

    def keep(self, name, kib, blocks):
        mebibyte = good(get_keeps.sync(client=self.client)).price  # For a thousand blocks.
        price = 2 * (int(mebibyte) * kib * blocks // (1024 * 1000) + 1)
        body = {"root": name, "kibibytes": kib, "blocks": blocks, "price_max": str(price)}
        self.send("keep_data", body)


def put(client, data):
    """Uploads the bytes of a blob."""
    stored = good(put_blobs.sync(client=client, body=File(payload=BytesIO(data))))
    assert stored.digest == hexed(blake3(data).digest())


def post(signer, program, chunks, preimage):
    """Pays for the bytes, stores them, posts the job, and returns its number."""
    client = signer.client
    params = good(get_params.sync(client=client)).to_dict()
    terms = terms_of(params, program, chunks, preimage)
    asked = QuoteRequest(signer=signer.address, terms=PostJob.from_dict(terms))
    quote = good(post_quote.sync(client=client, body=asked))
    print("quote: escrow", quote.total, "of which audit fees", quote.audit_fees)
    blocks = duration(params, quote.audit_blocks) + MARGIN_BLOCKS
    task, sizes = terms["task"], [len(chunk) for chunk in chunks]
    signer.keep(task["program"], kibibytes(len(program)), blocks)
    signer.keep(task["input_root"], kibibytes(*sizes, 32 * len(chunks)), blocks)
    signer.keep(terms["seed_seal"], kibibytes(16), blocks + params["market"]["retention_blocks"])
    put(client, program)
    names = [hexed(blake3(chunk).digest()) for chunk in chunks]
    stored = good(put_inputs.sync(client=client, body=InputChunks(chunks=names)))
    assert stored.root == task["input_root"]
    for name, chunk in zip(names, chunks):
        if name in stored.missing:
            put(client, chunk)
    receipt = signer.send("post_job", terms)
    content = good(get_transactions_hash_content.sync(receipt.hash_, client=client))
    events = [record.event for record in content.events]
    return next(event.job for event in events if isinstance(event, EventJobPosted))


def fetch(client, job):
    """The output, once the provider has uploaded it; whose hash is as the result says."""
    digest = job.result.claim.trace.output
    output = get_blobs_digest.sync(digest, client=client)
    if isinstance(output, Problem) and output.status == 404:
        return None
    output = good(output).payload.read()
    assert hexed(blake3(output).digest()) == digest, "not these bytes"
    return output


def follow(signer, number, preimage):
    """Makes the requester's two moves when they are due; returns the closed job and the output."""
    seen, output = None, None
    until = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < until:
        job = good(get_jobs_id.sync(number, client=signer.client))
        if job.phase != seen:
            seen = job.phase
            print("job", number, "is", seen)
            if seen == Phase.COMMITTED:
                signer.send("open_seed", {"job": number, "preimage": hexed(preimage)})
        if seen == Phase.CLOSED:
            return job, output
        if seen == Phase.CHALLENGEABLE and output is None:
            output = fetch(signer.client, job)
            if output is not None:
                signer.send("confirm_receipt", {"job": number})
        time.sleep(POLL_SECONDS)
    sys.exit(f"job {number} is {seen} after {FOLLOW_SECONDS} s")


def history(signer):
    """The account's events, newest first, by pages of five."""
    events, more = [], {}
    while True:
        page = good(
            get_accounts_address_history.sync(signer.address, client=signer.client, limit=5, **more)
        )
        events += page.items
        if not page.next_cursor:
            return events
        more = {"cursor": page.next_cursor}


def refusals(signer):
    """The codes of a command that the rules refuse, and of a nonce that is used."""
    said = []
    body = {"to": "0x" + "33" * 20, "asset": "stake", "amount": str(10**17)}
    for nonce in (None, 0):
        try:
            signer.send("transfer", body, nonce)
        except Refused as refused:
            said.append(refused.what)
            print(type(refused.what).__name__, refused)
    return said


def main():
    client = Client(base_url=sys.argv[1], timeout=30)
    signer = Signer(client, os.environ["EARNEST_SECRET"])
    first, used = refusals(signer)
    assert isinstance(first, Refusal) or first.status == 422, first
    assert isinstance(used, Problem) and used.status == 409, used
    data = bytes((7 * at * at + 3) % 251 for at in range(28_000))
    chunks = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
    preimage = secrets.token_bytes(32)
    number = post(signer, PROGRAM.read_bytes(), chunks, preimage)
    job, output = follow(signer, number, preimage)
    kinds = [record.event.kind for record in history(signer)]
    assert "job_posted" in kinds and "data_kept" in kinds, kinds
    print("history:", len(kinds), "events, from", kinds[-1], "to", kinds[0])
    print("job", number, job.closed.outcome, "paid", job.closed.paid)
    if job.closed.outcome == Outcome.ACCEPTED:
        expected = struct.pack("<QQ", len(data), sum(data))
        if output != expected:
            sys.exit(f"the output is {output and output.hex()}, not {expected.hex()}")
        print("output", output.hex(), "as computed here")


if __name__ == "__main__":
    main()
