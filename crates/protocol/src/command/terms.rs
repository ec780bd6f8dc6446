//! Terms: what several commands speak of.
//!
//! Not here: the commands (`table`), what a field may be (`field`).

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{Asset, Digest, Role},
    num::Gas,
};

groups! {
    /// What is to be computed, bound byte for byte.
    Task {
        /// Hash of the program's module.
        program: Digest,
        /// Root over the input's chunks; of a paged program over its pages.
        input_root: Digest,
        /// How many chunks the input has; step i reads chunk (i − 1) mod count, a paged program any
        /// part of them at any time.
        chunk_count: u32,
        /// How many steps are to be made, at least 1.
        steps: u64,
        /// What the program's first state is made from; of a paged one the root of what it was
        /// prepared from, for providers to compare.
        seed: Digest,
        /// Most gas that one step may use; a step that would use more is a fault.
        step_gas_max: Gas,
        /// Most gas that all steps together may use: the work bound.
        gas_bound: Gas,
        /// How it computes.
        form: ProgramForm,
    }

    /// What a sealed result says.
    Opening {
        /// Root over the states before and after every step.
        root: Digest,
        /// Hash of the last state.
        output: Digest,
        /// Gas of all steps together.
        gas: Gas,
        /// How many steps were made.
        steps: u64,
        /// What hid it.
        salt: Digest,
    }

    /// A place in the commitment tree.
    Node {
        /// Distance from the root.
        level: u8,
        /// Place within its level, from the left.
        index: u64,
    }
}

words! {
    /// How a program computes.
    ProgramForm {
        /// In steps of its own, each over one chunk of the input.
        Stepwise = "stepwise",
        /// As an ordinary program whose state is its memory, published on the ledger; it may put
        /// out so many kibibytes.
        Paged(output_kib: u32) = "paged",
    }

    /// A kind of hardware with a tariff of its own.
    ResourceClass {
        /// General-purpose processors.
        Cpu = "cpu",
    }

    /// How the winner's pay is found.
    Auction {
        /// The winner is paid the price at which it would just have lost.
        SecondPrice = "second_price",
        /// The winner is paid what it asked.
        FirstPrice = "first_price",
    }

    /// When a wrong result is worth something outside the protocol.
    GainTiming {
        /// Only when it is never convicted.
        Final = "final",
        /// As soon as it is delivered, convicted or not.
        Delivery = "delivery",
    }

    /// Who may see program, input and states.
    Visibility {
        /// Everybody; needed for audits, open challenges and the referee.
        Public = "public",
        /// Only operators that the requester lists; no policy of this version serves it.
        Sealed = "sealed",
    }

    /// What an authorised key may ask on behalf of its account.
    Scope {
        /// Run jobs: bids, results, disputes and the bytes they need.
        Provide = "provide",
        /// Audit results: verdicts, disputes and the bytes they need.
        Audit = "audit",
        /// Have jobs run: post them, keep their bytes, confirm their outputs.
        Request = "request",
    }

    /// What an account says to a proposal.
    BallotChoice {
        /// For it.
        Yes = "yes",
        /// Against it.
        No = "no",
        /// Neither; counts for the quorum alone.
        Abstain = "abstain",
        /// Against it, and for burning its deposit.
        Veto = "veto",
    }

    /// What a requester says of who did its job.
    Rating {
        /// It would ask it again.
        Good = "good",
        /// It would not.
        Bad = "bad",
    }

    /// What a guardian may pause: what brings strangers' money in, and nothing that anybody's money
    /// depends on.
    PauseLane {
        /// New jobs.
        Jobs = "jobs",
        /// New delegations.
        Delegations = "delegations",
    }

    /// Bytes that somebody must be able to produce.
    DataItem {
        /// The module.
        Program = "program",
        /// One chunk of the input.
        Input(chunk: u32) = "input",
        /// The last state; of a paged program what it put out, where that is one piece.
        Output = "output",
        /// One chunk of what a paged program put out, where that is more than one piece may have.
        OutputChunk(chunk: u32) = "output_chunk",
    }
}

/// Ticks of a paged program in one gas.
pub const TICKS_PER_GAS: u64 = 64;

impl ProgramForm {
    /// Gas of each step of a paged program (2^27 ticks, some 10 ms).
    pub const STEP_GAS: Gas = Gas::new(1 << 21);
    /// Bytes of a chunk of a paged program's input, 64 pages; the last is filled up with zeros.
    pub const CHUNK_BYTES: u32 = 256 * 1_024;
    /// The same in kibibytes.
    pub const CHUNK_KIB: u32 = 256;
    /// Most chunks that a paged program's input may have (256 MiB).
    pub const CHUNKS_MAX: u32 = 1_024;
    /// Most kibibytes that a paged program may put out (64 MiB): its worker holds them, and on the
    /// ledger 256 chunks of them are asked for and served one by one.
    pub const OUTPUT_KIB_MAX: u32 = 65_536;
    /// Most kibibytes of an output that is one piece: what one answer on the ledger can have.
    pub const PIECE_KIB_MAX: u32 = 1_024;

    /// How many chunks what it puts out may have, each kept and asked for alone; none of what is
    /// one piece. It is the bound that decides, not what was put out.
    pub fn output_chunks(self) -> u32 {
        match self {
            ProgramForm::Paged(kib) if kib > Self::PIECE_KIB_MAX => kib.div_ceil(Self::CHUNK_KIB),
            ProgramForm::Stepwise | ProgramForm::Paged(_) => 0,
        }
    }

    /// The steps of a paged program's job: so many that its last state lies within them.
    pub fn steps_of(gas_bound: Gas) -> u64 {
        gas_bound.count().div_euclid(Self::STEP_GAS.count()).saturating_add(1)
    }
}

impl DataItem {
    /// Kibibytes that an answer may take on the ledger, its proof included.
    pub const fn kibibytes_max(self) -> u64 {
        match self {
            DataItem::Program => 64,
            DataItem::Input(_) => 260,
            DataItem::Output => 1_024,
            DataItem::OutputChunk(_) => 262,
        }
    }
}

words_of! {
    Role {
        /// Runs jobs.
        Provider = "provider",
        /// Audits results.
        Validator = "validator",
        /// Orders blocks and feeds the beacon.
        Replica = "replica",
        /// Asks for jobs, with a tier of access.
        Access = "access",
    }
}

words_of! {
    Asset {
        /// What is bonded; in a network of one asset, all money.
        Stake = "stake",
        /// What pays, in a network of two assets.
        Payment = "payment",
    }
}

/// A parameter's new value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParamChange {
    /// Which parameter: its room and name, such as `verification.margin`.
    pub path: String,
    /// Its value, in its own unit: base units, parts per billion, blocks, epochs, or a count.
    pub value: u64,
}
