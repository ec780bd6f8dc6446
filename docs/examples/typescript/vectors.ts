// Computes the hashes of docs/examples/vectors.json and exits with 1 if one differs.

import { readFileSync } from "node:fs";
import { hashDomain, hashStruct, hashTypedData, hexToBytes, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { bidSeal, identity, inputRoot, resultSeal, seedSeal, typedData } from "./earnest.ts";

const known = JSON.parse(readFileSync(new URL("../vectors.json", import.meta.url), "utf8"));
const account = privateKeyToAccount(known.secret);
const message = typedData(known.network, known.transaction);
const { domain, types, primaryType } = message;
const EIP712Domain = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "salt", type: "bytes32" },
];
const signer = account.address.toLowerCase() as `0x${string}`;
const { bid, result } = known;
const computed = {
  signer,
  domain_separator: hashDomain({ domain, types: { EIP712Domain } }),
  struct_hash: hashStruct({ data: message.message, types, primaryType }),
  signing_hash: hashTypedData(message),
  signature: await account.signTypedData(message),
  identity: identity(hashTypedData(message), signer),
  "seed.seal": toHex(seedSeal(hexToBytes(known.seed.preimage))),
  "bid.seal": toHex(bidSeal(known.network, bid.job, signer, bid.price, bid.salt)),
  "result.seal": toHex(resultSeal(known.network, result.job, signer, result.opening)),
  "input.root": toHex(inputRoot(known.input.chunks.map((chunk: any) => hexToBytes(chunk)))),
};
for (const [name, value] of Object.entries(computed)) {
  const wanted = name.split(".").reduce((part, field) => part[field], known);
  if (value !== wanted) {
    console.error(`${name}: ${value}, and vectors.json says ${wanted}`);
    process.exitCode = 1;
  }
}
