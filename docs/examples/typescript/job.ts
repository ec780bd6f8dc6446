// A job from posting to payment: npx tsx job.ts NODE
//
// Reads the secret of a funded account (0x and 64 hex digits) from the variable EARNEST_SECRET.
// Prints one line a step; exits with 1 if the output is not the one that this machine computes.

import { blake3 } from "@noble/hashes/blake3.js";
import { toHex, type Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { Node, Problem, Signer } from "./earnest.ts";
import { MARGIN_BLOCKS, PROGRAM, chunksOf, duration, expected, kibibytes, termsOf } from "./terms.ts";

async function showAProblem(node: Node) {
  // [problem]
  try {
    await node.get("/v1/jobs?colour=red");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    console.log("problem", problem.body.status, problem.body.code);
    console.log("       ", problem.body.detail);
  }
  // [/problem]
}

async function transfer(signer: Signer) {
  // [transfer]
  const to = privateKeyToAddress(generatePrivateKey()).toLowerCase();
  await signer.send("transfer", { to, asset: "stake", amount: "1000000000" });
  const { free } = await signer.node.get(`/v1/accounts/${to}`);
  // [/transfer]
  console.log("transferred 1 token to", to, "which has", free, "base units");
}

// [keep]
/** Pays for `kib` kibibytes under `root` for `blocks` from now. */
async function keep(signer: Signer, root: Hex, kib: number, blocks: number) {
  const mebibyte = BigInt((await signer.node.get("/v1/keeps")).price); // For a thousand blocks.
  const price = (mebibyte * BigInt(kib) * BigInt(blocks)) / 1_024_000n + 1n;
  await signer.send("keep_data", { root, kibibytes: kib, blocks, price_max: String(2n * price) });
}
// [/keep]

// [post]
/** Pays for the bytes, stores them, posts the job, and returns its number and block. */
async function post(signer: Signer, program: Uint8Array, chunks: Uint8Array[], preimage: Uint8Array) {
  const node = signer.node;
  const params = await node.get("/v1/params");
  const terms = termsOf(params, program, chunks, preimage);
  const quote = await node.send("POST", "/v1/quote", { signer: signer.address, terms });
  console.log("quote: escrow", quote.total, "of which audit fees", quote.audit_fees);
  const blocks = duration(params, quote.audit_blocks) + MARGIN_BLOCKS;
  const { task, seed_seal } = terms;
  const sizes = chunks.map((chunk) => chunk.length);
  await keep(signer, task.program, kibibytes(program.length), blocks);
  await keep(signer, task.input_root, kibibytes(...sizes, 32 * chunks.length), blocks);
  await keep(signer, seed_seal, kibibytes(16), blocks + params.market.retention_blocks);
  await node.putBlob(program);
  const names = chunks.map((chunk) => toHex(blake3(chunk)));
  const stored = await node.send("PUT", "/v1/inputs", { chunks: names });
  if (stored.root !== task.input_root) throw new Error("the node has another root");
  for (const [at, chunk] of chunks.entries()) {
    if (stored.missing.includes(names[at])) await node.putBlob(chunk);
  }
  const { height } = await signer.send("post_job", terms);
  for await (const { event } of node.events(`${height - 1}-4294967295`, ["job_posted"])) {
    const posted = await node.get(`/v1/jobs/${event.job}`);
    if (posted.terms.seed_seal === seed_seal) return { job: event.job as number, height };
  }
  throw new Error("unreachable: events come for ever");
}
// [/post]

/** The bytes of an output; its provider uploads them when the result is revealed. */
async function fetchOutput(node: Node, digest: Hex, until: number): Promise<Uint8Array> {
  while ((await node.get("/v1/head")).height < until) {
    try {
      const output = await node.blob(digest);
      if (toHex(blake3(output)) !== digest) throw new Error("not these bytes");
      return output;
    } catch (problem) {
      if (!(problem instanceof Problem && problem.body.status === 404)) throw problem;
      await new Promise((wake) => setTimeout(wake, 200));
    }
  }
  throw new Error("the output is not there: ask for it with request_data");
}

// [follow]
/** Makes the requester's two moves when they are due; returns the output and how it ended. */
async function follow(signer: Signer, job: number, height: number, preimage: Uint8Array) {
  const node = signer.node;
  let output: Uint8Array = new Uint8Array();
  const kinds = ["job_accepted", "result_committed", "challenge_window", "job_closed"];
  for await (const record of node.events(`${height - 1}-4294967295`, kinds)) {
    const event = record.event;
    if (event.job !== job) continue;
    console.log("height", record.height, event.kind);
    if (event.kind === "result_committed") {
      await signer.send("open_seed", { job, preimage: toHex(preimage) });
    } else if (event.kind === "challenge_window") {
      const claim = (await node.get(`/v1/jobs/${job}`)).result.claim.trace;
      output = await fetchOutput(node, claim.output, event.until);
      await signer.send("confirm_receipt", { job });
    } else if (event.kind === "job_closed") {
      return { output, end: event };
    }
  }
  throw new Error("unreachable: events come for ever");
}
// [/follow]

const node = new Node(process.argv[2]);
const signer = await Signer.open(node, process.env.EARNEST_SECRET as Hex);
const { free } = await node.get(`/v1/accounts/${signer.address}`);
console.log("account", signer.address, "has", free);
await showAProblem(node);
await transfer(signer);
const chunks = chunksOf();
const preimage = crypto.getRandomValues(new Uint8Array(32));
const { job, height } = await post(signer, PROGRAM, chunks, preimage);
console.log("job", job, "posted at height", height);
const { output, end } = await follow(signer, job, height, preimage);
console.log("job", job, end.outcome, "paid", end.paid, "refunded", end.refunded);
if (end.outcome === "accepted") {
  if (toHex(output) !== toHex(expected())) {
    console.error("the output is", toHex(output), "not", toHex(expected()));
    process.exit(1);
  }
  console.log("output", toHex(output), "as computed here");
}
process.exit(0);
