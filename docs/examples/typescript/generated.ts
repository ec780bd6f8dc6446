// The job of job.ts by a client that is generated: npx tsx generated.ts NODE
//
// The types in earnest_client.ts beside this file are what openapi-typescript makes of /openapi.json
// (docs/api.md); openapi-fetch calls by them. From earnest.ts and terms.ts comes only what no
// description says: hashes, seals, and the terms of the job. Reads EARNEST_SECRET as job.ts does.

import { blake3 } from "@noble/hashes/blake3.js";
import createClient from "openapi-fetch";
import { hashTypedData, toHex, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { identity, typedData } from "./earnest.ts";
import type { components, paths } from "./earnest_client.ts";
import { MARGIN_BLOCKS, PROGRAM, chunksOf, duration, expected, kibibytes, termsOf } from "./terms.ts";

type Schemas = components["schemas"];
type Reply<T> = { data?: T; error?: Schemas["Problem"] };

const VALID_BLOCKS = 100;
const client = createClient<paths>({ baseUrl: process.argv[2] });
const account = privateKeyToAccount(process.env.EARNEST_SECRET as Hex);
const address = account.address.toLowerCase() as Hex;

/** A typed problem, or the refusal of a receipt. */
class Refused extends Error {
  constructor(readonly what: Schemas["Problem"] | Schemas["Refusal"]) {
    super(`${what.detail} [${what.code}]. ${what.hint}`);
  }
}

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** The data of a reply, unless it is a problem. */
async function good<T>(reply: Promise<Reply<T>>): Promise<NonNullable<T>> {
  const { data, error } = await reply;
  if (error) throw new Refused(error);
  return data!;
}

/** Signs a command, submits it and waits for its block; throws `Refused`. */
async function send(command: Schemas["Command"], nonce?: number): Promise<Schemas["Receipt"]> {
  const head = await good(client.GET("/v1/head"));
  const me = await good(client.GET("/v1/accounts/{address}", { params: { path: { address } } }));
  const valid_until = head.height + VALID_BLOCKS;
  const transaction = { nonce: nonce ?? me.next_nonce, valid_until, command };
  const message = typedData(head.network as Hex, transaction);
  const body = { transaction, signature: await account.signTypedData(message) };
  const query = { wait: "included" } as const;
  const receipt = await good(client.POST("/v1/transactions", { params: { query }, body }));
  check(receipt.hash === identity(hashTypedData(message), address), "the node names it otherwise");
  if (receipt.refusal) throw new Refused(receipt.refusal);
  check(typeof receipt.height === "number", "it waits; ask for its receipt");
  return receipt;
}

async function keep(root: string, kib: number, blocks: number) {
  const mebibyte = BigInt((await good(client.GET("/v1/keeps"))).price!); // For a thousand blocks.
  const price = 2n * ((mebibyte * BigInt(kib) * BigInt(blocks)) / 1_024_000n + 1n);
  await send({ keep_data: { root, kibibytes: kib, blocks, price_max: String(price) } });
}

async function put(data: Uint8Array) {
  // The types say `string` for bytes; the serializer passes them on as they are.
  const body = data as unknown as string;
  const headers = { "content-type": "application/octet-stream" };
  const bodySerializer = () => data as BodyInit;
  const stored = await good(client.PUT("/v1/blobs", { body, bodySerializer, headers }));
  check(stored.digest === toHex(blake3(data)), "not these bytes");
}

/** Pays for the bytes, stores them, posts the job, and returns its number and block. */
async function post(chunks: Uint8Array[], preimage: Uint8Array) {
  const params = await good(client.GET("/v1/params"));
  const terms = termsOf(params, PROGRAM, chunks, preimage);
  const quote = await good(client.POST("/v1/quote", { body: { signer: address, terms } }));
  console.log("quote: escrow", quote.total, "of which audit fees", quote.audit_fees);
  const blocks = duration(params, quote.audit_blocks) + MARGIN_BLOCKS;
  const { task, seed_seal } = terms;
  const sizes = chunks.map((chunk) => chunk.length);
  await keep(task.program, kibibytes(PROGRAM.length), blocks);
  await keep(task.input_root, kibibytes(...sizes, 32 * chunks.length), blocks);
  await keep(seed_seal, kibibytes(16), blocks + params.market.retention_blocks);
  await put(PROGRAM);
  const names = chunks.map((chunk) => toHex(blake3(chunk)));
  const stored = await good(client.PUT("/v1/inputs", { body: { chunks: names } }));
  check(stored.root === task.input_root, "the node has another root");
  for (const [at, chunk] of chunks.entries()) {
    if (stored.missing.includes(names[at])) await put(chunk);
  }
  const { hash } = await send({ post_job: terms });
  const path = { hash };
  const content = await good(client.GET("/v1/transactions/{hash}/content", { params: { path } }));
  for (const { event, height } of content.events) {
    if (event.kind === "job_posted") return { job: event.job, height };
  }
  throw new Error("the transaction posted nothing");
}

/** Every event of these kinds after a place, once, until the stream ends. */
async function* events(after: string, kinds: string): AsyncGenerator<Schemas["EventRecord"]> {
  const query = { after, kinds };
  const stream = await good(client.GET("/v1/events", { params: { query }, parseAs: "stream" }));
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as any) as any) {
    const messages = (rest + text).split("\n\n");
    rest = messages.pop()!;
    for (const message of messages) {
      const data = message.split("\n").find((line) => line.startsWith("data: "));
      if (data) yield JSON.parse(data.slice("data: ".length));
    }
  }
}

/** The output, once the provider has uploaded it; whose hash is as the result says. */
async function fetchOutput(job: number, until: number): Promise<Uint8Array> {
  const { result } = await good(client.GET("/v1/jobs/{id}", { params: { path: { id: job } } }));
  const digest = result!.claim!.trace.output;
  while ((await good(client.GET("/v1/head"))).height < until) {
    const params = { path: { digest } };
    const reply = await client.GET("/v1/blobs/{digest}", { params, parseAs: "arrayBuffer" });
    if (reply.error?.status === 404) {
      await new Promise((wake) => setTimeout(wake, 200));
      continue;
    }
    const output = new Uint8Array(await good(Promise.resolve(reply)));
    check(toHex(blake3(output)) === digest, "not these bytes");
    return output;
  }
  throw new Error("the output is not there: ask for it with request_data");
}

/** Makes the requester's two moves when they are due; returns the output and the closed job. */
async function follow(job: number, height: number, preimage: Uint8Array) {
  let output: Uint8Array = new Uint8Array();
  const kinds = "job_accepted,result_committed,challenge_window,job_closed";
  for await (const record of events(`${height - 1}-4294967295`, kinds)) {
    const { event } = record; // Its kind says which members it has.
    if (!("job" in event) || event.job !== job) continue;
    console.log("height", record.height, event.kind);
    if (event.kind === "result_committed") {
      await send({ open_seed: { job, preimage: toHex(preimage) } });
    } else if (event.kind === "challenge_window") {
      output = await fetchOutput(job, event.until);
      await send({ confirm_receipt: { job } });
    } else if (event.kind === "job_closed") {
      const { closed } = await good(client.GET("/v1/jobs/{id}", { params: { path: { id: job } } }));
      return { output, closed: closed! };
    }
  }
  throw new Error("the stream ended before the job");
}

/** The kinds of the account's events, newest first, by pages of five. */
async function history(): Promise<string[]> {
  const kinds: string[] = [];
  let cursor: string | undefined;
  do {
    const params = { path: { address }, query: { limit: 5, cursor } };
    const page = await good(client.GET("/v1/accounts/{address}/history", { params }));
    kinds.push(...page.items.map((record) => record.event.kind));
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return kinds;
}

/** The code of a transfer that the node or the rules refuse. */
async function refusal(nonce?: number): Promise<string> {
  const transfer = { to: `0x${"33".repeat(20)}`, asset: "stake", amount: String(10n ** 17n) } as const;
  try {
    await send({ transfer }, nonce);
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    console.log("refused:", refused.message);
    return refused.what.code;
  }
  throw new Error("nobody refused");
}

check((await refusal()) === "transfer/exceeds-free", "another refusal");
check((await refusal(0)) === "transaction/nonce-used", "another problem");
const preimage = crypto.getRandomValues(new Uint8Array(32));
const { job, height } = await post(chunksOf(), preimage);
const { output, closed } = await follow(job, height, preimage);
const kinds = await history();
check(kinds.includes("job_posted") && kinds.includes("data_kept"), `history: ${kinds}`);
console.log("history:", kinds.length, "events, from", kinds.at(-1), "to", kinds[0]);
console.log("job", job, closed.outcome, "paid", closed.paid);
if (closed.outcome === "accepted") {
  if (toHex(output) !== toHex(expected())) {
    console.error("the output is", toHex(output), "not", toHex(expected()));
    process.exit(1);
  }
  console.log("output", toHex(output), "as computed here");
}
process.exit(0);
