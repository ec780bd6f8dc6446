// A small client of an Earnest node: HTTP, typed data, seals, events. docs/api.md explains it.
//
// Here: one class for a node, one for an account, and the hashes that a participant computes.
// Never here: decisions about jobs (job.ts).

import { blake3 } from "@noble/hashes/blake3.js";
import { hashTypedData, hexToBytes, toHex, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const VALID_BLOCKS = 100;

// [messages]
// Name and fields of the message of each command that this client sends, in the order of docs/api.md.
const MESSAGES: Record<string, [string, string]> = {
  transfer: ["Transfer", "address to,string asset,uint256 amount"],
  post_job: [
    "PostJob",
    "bytes32 program,bytes32 inputRoot,uint32 chunkCount,uint64 steps,bytes32 seed," +
      "uint64 stepGasMax,uint64 gasBound,string form,uint32 outputKib,string class," +
      "uint256 priceMax,uint64 deadlineBlocks," +
      "string auction,uint64 reputationMin,uint64 auditRate,uint8 auditors,uint256 outsideGain," +
      "string gainTiming,bytes32 seedSeal,string visibility",
  ],
  open_seed: ["OpenSeed", "uint64 job,bytes32 preimage"],
  confirm_receipt: ["ConfirmReceipt", "uint64 job"],
  keep_data: ["KeepData", "bytes32 root,uint32 kibibytes,uint64 blocks,uint256 priceMax"],
};
// [/messages]

export type Body = Record<string, any>;
export type Transaction = { nonce: number; valid_until: number; command: Record<string, Body> };

/** What a node answers when it says no (RFC 9457): `body` has `code`, `detail`, `hint`. */
export class Problem extends Error {
  constructor(readonly body: Body) {
    super(`${body.detail} [${body.code}]. ${body.hint}`);
  }
}

// [typed-data]
/** What a wallet signs for a transaction in its JSON form. */
export function typedData(network: Hex, transaction: Transaction): any {
  const [name, body] = Object.entries(transaction.command)[0];
  const [primaryType, fields] = MESSAGES[name];
  const types = `${fields},uint64 nonce,uint64 validUntil`.split(",").map((field) => {
    const [type, name] = field.split(" ");
    return { name, type };
  });
  const { task, ...rest } = body;
  // The form "stepwise" carries no number.
  const group = task ? { ...task, output_kib: 0 } : {};
  const values = [...Object.values({ ...group, ...rest }), transaction.nonce, transaction.valid_until];
  const message = Object.fromEntries(
    types.map(({ name, type }, at) => {
      const value = values[at] as any;
      return [name, type.startsWith("uint") ? BigInt(value) : value];
    }),
  );
  const domain = { name: "Earnest", version: "1", salt: network };
  return { domain, types: { [primaryType]: types }, primaryType, message };
}

/** The name of a transaction, at /v1/transactions/{name}. */
export function identity(signingHash: Hex, signer: Hex): Hex {
  return toHex(derived("earnest 2026 transaction", hexToBytes(signingHash), hexToBytes(signer)));
}
// [/typed-data]

// [seals]
/** BLAKE3 in its mode for key derivation; the parts have fixed widths and stand side by side. */
export function derived(context: string, ...parts: Uint8Array[]): Uint8Array {
  return blake3(joined(parts), { context: new TextEncoder().encode(context) });
}

export function joined(parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** `number` in `size` bytes, the lowest first. */
export function littleEndian(number: bigint | number | string, size: number): Uint8Array {
  return hexToBytes(toHex(BigInt(number), { size })).reverse();
}

export const seedSeal = (preimage: Uint8Array) => derived("earnest 2026 seed preimage", preimage);

export function bidSeal(network: Hex, job: number, bidder: Hex, price: string, salt: Hex) {
  const numbers = [littleEndian(job, 8), hexToBytes(bidder), littleEndian(price, 8)];
  return derived("earnest 2026 bid", hexToBytes(network), ...numbers, hexToBytes(salt));
}

/** Of a provider's result, and of an auditor's verdict. */
export function resultSeal(network: Hex, job: number, worker: Hex, opening: Body) {
  const who = [hexToBytes(network), littleEndian(job, 8), hexToBytes(worker)];
  const what = [hexToBytes(opening.root), hexToBytes(opening.output)];
  const work = [littleEndian(opening.gas, 8), littleEndian(opening.steps, 8)];
  return derived("earnest 2026 result", ...who, ...what, ...work, hexToBytes(opening.salt));
}

/** The root over an input: pairs of hashes, an odd last one carried up, then their number. */
export function inputRoot(chunks: Uint8Array[]): Uint8Array {
  const node = "earnest compute 2026-11 input node v1";
  let level: Uint8Array[] = chunks.map((chunk) => blake3(chunk));
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const pair = level.slice(at, at + 2);
      above.push(pair.length === 2 ? derived(node, ...pair) : pair[0]);
    }
    level = above;
  }
  const root = "earnest compute 2026-11 input root v1";
  return derived(root, littleEndian(chunks.length, 4), ...level);
}
// [/seals]

/** One node, such as http://127.0.0.1:7300. */
export class Node {
  constructor(readonly base: string) {}

  async open(method: string, path: string, body?: string | Uint8Array): Promise<Response> {
    const kind = typeof body === "string" ? "application/json" : "application/octet-stream";
    const headers = { "content-type": kind };
    const reply = await fetch(this.base + path, { method, headers, body: body as BodyInit });
    if (!reply.ok) throw new Problem(await reply.json());
    return reply;
  }

  async get(path: string): Promise<any> {
    return (await this.open("GET", path)).json();
  }

  async send(method: string, path: string, value: unknown): Promise<any> {
    return (await this.open(method, path, JSON.stringify(value))).json();
  }

  async putBlob(data: Uint8Array): Promise<any> {
    return (await this.open("PUT", "/v1/blobs", data)).json();
  }

  async blob(digest: Hex): Promise<Uint8Array> {
    return new Uint8Array(await (await this.open("GET", `/v1/blobs/${digest}`)).arrayBuffer());
  }

  // [events]
  /**
   * Every event of these kinds after the place `after` (`height-index`), once, for ever.
   *
   * A stream may end or break at any time: it is opened again after the last `id` that came, with
   * an event or, in a heartbeat, without one.
   */
  async *events(after: string, kinds: string[]): AsyncGenerator<any> {
    for (;;) {
      try {
        const path = `/v1/events?after=${after}&kinds=${kinds.join(",")}`;
        const stream = (await this.open("GET", path)).body!;
        let rest = "";
        for await (const text of stream.pipeThrough(new TextDecoderStream()) as any) {
          const messages = (rest + text).split("\n\n");
          rest = messages.pop()!;
          for (const message of messages) {
            const lines = message.split("\n");
            const field = (name: string) =>
              lines.find((line) => line.startsWith(name))?.slice(name.length);
            const data = field("data: ");
            if (data) yield JSON.parse(data);
            after = field("id: ") ?? after;
          }
        }
      } catch (error) {
        if (error instanceof Problem) throw error;
        await new Promise((wake) => setTimeout(wake, 1000));
      }
    }
  }
  // [/events]
}

/** One account that sends commands to one node. */
export class Signer {
  readonly account;
  readonly address: Hex;

  private constructor(readonly node: Node, readonly network: Hex, secret: Hex) {
    this.account = privateKeyToAccount(secret);
    this.address = this.account.address.toLowerCase() as Hex;
  }

  static async open(node: Node, secret: Hex): Promise<Signer> {
    return new Signer(node, (await node.get("/v1/head")).network, secret);
  }

  // [send]
  /** Signs a command, submits it and waits for its block; throws a `Problem` if refused. */
  async send(name: string, body: Body): Promise<any> {
    const command = { [name]: body };
    const trial = { signer: this.address, command };
    const { refusal } = await this.node.send("POST", "/v1/simulate/transaction", trial);
    if (refusal) throw new Problem(refusal);
    const { next_nonce } = await this.node.get(`/v1/accounts/${this.address}`);
    const { height } = await this.node.get("/v1/head");
    const transaction = { nonce: next_nonce, valid_until: height + VALID_BLOCKS, command };
    const message = typedData(this.network, transaction);
    const signature = await this.account.signTypedData(message);
    const signed = { transaction, signature };
    const receipt = await this.node.send("POST", "/v1/transactions?wait=included", signed);
    if (receipt.hash !== identity(hashTypedData(message), this.address)) {
      throw new Error("the node names the transaction otherwise");
    }
    if (receipt.refusal) throw new Problem(receipt.refusal);
    if (receipt.height === null) {
      throw new Error(`${name} waits; ask for /v1/transactions/${receipt.hash}`);
    }
    return receipt;
  }
  // [/send]
}
