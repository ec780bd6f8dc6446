// The terms of a small job, for job.ts and generated.ts: the mean of some bytes, by one program.
//
// Never here: HTTP.

import { readFileSync } from "node:fs";
import { blake3 } from "@noble/hashes/blake3.js";
import { toHex } from "viem";
import { type Body, inputRoot, joined, littleEndian, seedSeal } from "./earnest.ts";

export const PROGRAM = new Uint8Array(readFileSync(new URL("../mean.wasm", import.meta.url)));
export const MARGIN_BLOCKS = 60;
const CHUNK_BYTES = 4096;
const GAS_BOUND = 1_000_000; // `earnest run` says 652,477.
const STEP_GAS_MAX = 200_000; // The same says 93,257.
const DEADLINE_BLOCKS = 20;
const DATA = Uint8Array.from({ length: 28_000 }, (_, at) => (7 * at * at + 3) % 251);

/** The job's input, in pieces. */
export function chunksOf(data = DATA): Uint8Array[] {
  const starts = Array.from({ length: Math.ceil(data.length / CHUNK_BYTES) }, (_, at) => at);
  return starts.map((at) => data.slice(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES));
}

/** What the program must say of it: how many bytes, and their sum. */
export function expected(data = DATA): Uint8Array {
  const sum = data.reduce((sum, byte) => sum + byte, 0);
  return joined([littleEndian(data.length, 8), littleEndian(sum, 8)]);
}

/** Room that files of so many bytes take: each counts in whole blocks of 4 KiB. */
export function kibibytes(...sizes: number[]): number {
  return sizes.reduce((sum, size) => sum + Math.ceil(Math.max(size, 1) / 4096) * 4, 0);
}

// [terms]
export function termsOf(params: Body, program: Uint8Array, chunks: Uint8Array[], preimage: Uint8Array) {
  const tariff = (BigInt(params.market.tariff_per_mgas) * BigInt(GAS_BOUND)) / 1_000_000n;
  return {
    task: {
      program: toHex(blake3(program)),
      input_root: toHex(inputRoot(chunks)),
      chunk_count: chunks.length,
      steps: chunks.length,
      seed: toHex(new Uint8Array(32)),
      step_gas_max: STEP_GAS_MAX,
      gas_bound: GAS_BOUND,
      form: "stepwise" as const,
    },
    class: "cpu" as const,
    price_max: String(2n * tariff),
    deadline_blocks: DEADLINE_BLOCKS,
    auction: "first_price" as const,
    reputation_min: 0,
    audit_rate: 1_000_000_000,
    auditors: 2,
    outside_gain: "0",
    gain_timing: "delivery" as const,
    seed_seal: toHex(seedSeal(preimage)),
    visibility: "public" as const,
  };
}
// [/terms]

/** Blocks that a job may last without a dispute; a few more than that. */
export function duration({ market, verification }: Body, auditBlocks: number): number {
  const stages = ["bid", "bid_reveal", "accept", "grace"].map((stage) => market[`${stage}_blocks`]);
  const rooms = ["seed_delay", "seed", "reveal", "challenge"];
  stages.push(...rooms.map((room) => verification[`${room}_blocks`]));
  return stages.reduce((sum, blocks) => sum + blocks) + DEADLINE_BLOCKS + 2 * auditBlocks;
}
