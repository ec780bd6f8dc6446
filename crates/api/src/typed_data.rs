//! Typed data: from a transaction to its EIP-712 message, for hashing and for wallets.
//!
//! The domain is `{name: "Earnest", version: "1", salt: network}`: the salt is the digest of the
//! genesis, so that a signature is worth nothing on another network, and there is no chain id, so
//! that a wallet signs whichever chain it happens to show.
//!
//! Law: one list of fields feeds both the hash and what a wallet shows; they cannot differ.
//! Not here: keys and signatures (`signing`).

use std::borrow::Cow;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{Eip712Domain, SolStruct};
use earnest_protocol::{
    Amount, Command, Digest, Role, Transaction,
    command::{Auction, DataItem, GainTiming, ResourceClass, Visibility},
};
use serde_json::{Map, Value, json};

use crate::{hex_bytes, message};

/// The signing domain of a network.
fn domain(network: &Digest) -> Eip712Domain {
    Eip712Domain {
        name: Some(Cow::Borrowed("Earnest")),
        version: Some(Cow::Borrowed("1")),
        chain_id: None,
        verifying_contract: None,
        salt: Some(B256::from(network.0)),
    }
}

/// What the signature of `transaction` signs on `network`.
pub(crate) fn hash(network: &Digest, transaction: &Transaction) -> Digest {
    Digest(visit(transaction, Hash(domain(network))))
}

/// The argument of `eth_signTypedData_v4` for `transaction` on `network`.
///
/// Integers are decimal strings, so that none passes through a float.
pub fn wallet_request(network: &Digest, transaction: &Transaction) -> Value {
    visit(transaction, Wallet(*network))
}

/// A message with its fields in words.
trait Message: SolStruct {
    fn fields(&self) -> Map<String, Value>;
}

/// What is done with a message, whichever it is.
trait Visitor {
    type Out;
    fn visit(self, message: &impl Message) -> Self::Out;
}

struct Hash(Eip712Domain);

impl Visitor for Hash {
    type Out = [u8; 32];
    fn visit(self, message: &impl Message) -> [u8; 32] {
        message.eip712_signing_hash(&self.0).0
    }
}

struct Wallet(Digest);

impl Visitor for Wallet {
    type Out = Value;
    fn visit(self, message: &impl Message) -> Value {
        let signature = message_type(message);
        let (name, types) = split_type(&signature);
        json!({
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "salt", "type": "bytes32"},
                ],
                name: types,
            },
            "primaryType": name,
            "domain": {"name": "Earnest", "version": "1", "salt": self.0},
            "message": message.fields(),
        })
    }
}

fn message_type<M: Message>(_: &M) -> Cow<'static, str> {
    M::eip712_root_type()
}

/// `Name(type field,type field)` as its name and its list of fields.
fn split_type(signature: &str) -> (&str, Vec<Value>) {
    let (name, rest) = signature.split_once('(').unwrap_or((signature, ""));
    let fields = rest.trim_end_matches(')').split(',');
    let pairs = fields.filter_map(|field| field.split_once(' '));
    (name, pairs.map(|(kind, name)| json!({"name": name, "type": kind})).collect())
}

/// How a wallet writes a value.
trait Shown {
    fn shown(&self) -> Value;
}

macro_rules! shown {
    ($($type:ty: |$value:ident| $shown:expr;)*) => {
        $(impl Shown for $type {
            fn shown(&self) -> Value {
                let $value = self;
                Value::from($shown)
            }
        })*
    };
}

shown! {
    u8: |v| v.to_string();
    u32: |v| v.to_string();
    u64: |v| v.to_string();
    U256: |v| v.to_string();
    String: |v| v.clone();
    Address: |v| hex_bytes::encode(v.as_slice());
    B256: |v| hex_bytes::encode(v.as_slice());
    Bytes: |v| hex_bytes::encode(v);
    Vec<B256>: |v| v.iter().map(|digest| hex_bytes::encode(digest.as_slice())).collect::<Vec<_>>();
}

macro_rules! messages {
    ($($name:ident($c:ident) { $($field:ident: $value:expr,)* })*) => {
        $(impl Message for message::$name {
            fn fields(&self) -> Map<String, Value> {
                let mut fields = Map::new();
                $(fields.insert(stringify!($field).to_owned(), self.$field.shown());)*
                fields.insert("nonce".to_owned(), self.nonce.shown());
                fields.insert("validUntil".to_owned(), self.validUntil.shown());
                fields
            }
        })*

        /// Makes the message of `transaction` and hands it to `visitor`.
        fn visit<V: Visitor>(transaction: &Transaction, visitor: V) -> V::Out {
            let (nonce, valid_until) = (transaction.nonce, transaction.valid_until.count());
            match &transaction.command {
                $(Command::$name($c) => visitor.visit(&message::$name {
                    $($field: $value,)*
                    nonce,
                    validUntil: valid_until,
                }),)*
            }
        }
    };
}

messages! {
    Transfer(c) { to: Address::from(c.to.0), amount: units(c.amount), }
    Bond(c) { role: role(c.role), amount: units(c.amount), }
    Unbond(c) { role: role(c.role), amount: units(c.amount), }
    Unjail(c) { role: role(c.role), }
    ClaimRewards(c) { role: role(c.role), }
    PostJob(c) {
        program: word(&c.task.program),
        inputRoot: word(&c.task.input_root),
        chunkCount: c.task.chunk_count,
        steps: c.task.steps,
        seed: word(&c.task.seed),
        stepGasMax: c.task.step_gas_max.count(),
        gasBound: c.task.gas_bound.count(),
        class: class(c.class),
        priceMax: units(c.price_max),
        deadlineBlocks: c.deadline_blocks.count(),
        auction: auction(c.auction),
        reputationMin: c.reputation_min.parts(),
        auditRate: c.audit_rate.parts(),
        auditors: c.auditors,
        outsideGain: units(c.outside_gain),
        gainTiming: gain_timing(c.gain_timing),
        seedSeal: word(&c.seed_seal),
        visibility: visibility(c.visibility),
    }
    CommitBid(c) { job: c.job.raw(), seal: word(&c.seal), }
    RevealBid(c) { job: c.job.raw(), price: units(c.price), salt: word(&c.salt), }
    AcceptJob(c) { job: c.job.raw(), }
    CommitResult(c) { job: c.job.raw(), seal: word(&c.seal), }
    OpenSeed(c) { job: c.job.raw(), preimage: word(&c.preimage), }
    CommitVerdict(c) { job: c.job.raw(), seal: word(&c.seal), }
    RevealResult(c) {
        job: c.job.raw(),
        root: word(&c.opening.root),
        output: word(&c.opening.output),
        gas: c.opening.gas.count(),
        steps: c.opening.steps,
        salt: word(&c.opening.salt),
        outputProof: bytes(&c.output_proof),
    }
    RevealVerdict(c) {
        job: c.job.raw(),
        root: word(&c.opening.root),
        output: word(&c.opening.output),
        gas: c.opening.gas.count(),
        steps: c.opening.steps,
        salt: word(&c.opening.salt),
    }
    Challenge(c) { job: c.job.raw(), }
    OpenNode(c) {
        job: c.job.raw(),
        level: c.node.level,
        index: c.node.index,
        children: c.children.iter().map(word).collect::<Vec<B256>>(),
    }
    RejectChild(c) { job: c.job.raw(), child: c.child, }
    ProveStep(c) { job: c.job.raw(), leaf: c.leaf, evidence: bytes(&c.evidence), }
    RequestData(c) { job: c.job.raw(), item: item(c.item), chunk: chunk(c.item), }
    ServeData(c) {
        job: c.job.raw(),
        item: item(c.item),
        chunk: chunk(c.item),
        data: bytes(&c.bytes),
    }
    ConfirmReceipt(c) { job: c.job.raw(), }
    ReportCopy(c) {
        job: c.job.raw(),
        accused: c.accused.raw(),
        root: word(&c.opening.root),
        output: word(&c.opening.output),
        gas: c.opening.gas.count(),
        steps: c.opening.steps,
        salt: word(&c.opening.salt),
    }
}

fn units(amount: Amount) -> U256 {
    U256::from(amount.units())
}

fn word(digest: &Digest) -> B256 {
    B256::from(digest.0)
}

fn bytes(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn role(role: Role) -> String {
    match role {
        Role::Provider => "provider",
        Role::Validator => "validator",
    }
    .to_owned()
}

fn class(class: ResourceClass) -> String {
    match class {
        ResourceClass::Cpu => "cpu",
    }
    .to_owned()
}

fn auction(auction: Auction) -> String {
    match auction {
        Auction::SecondPrice => "second_price",
        Auction::FirstPrice => "first_price",
    }
    .to_owned()
}

fn gain_timing(timing: GainTiming) -> String {
    match timing {
        GainTiming::Final => "final",
        GainTiming::Delivery => "delivery",
    }
    .to_owned()
}

fn visibility(visibility: Visibility) -> String {
    match visibility {
        Visibility::Public => "public",
        Visibility::Sealed => "sealed",
    }
    .to_owned()
}

fn item(item: DataItem) -> String {
    match item {
        DataItem::Program => "program",
        DataItem::Input(_) => "input",
        DataItem::Output => "output",
    }
    .to_owned()
}

/// Which chunk of the input; 0 for everything else.
fn chunk(item: DataItem) -> u32 {
    match item {
        DataItem::Input(chunk) => chunk,
        DataItem::Program | DataItem::Output => 0,
    }
}
