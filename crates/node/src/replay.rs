//! Replay: a block carried out, the same whenever and wherever it is done.
//!
//! Laws: a block follows only from the state whose root it names; every signature in it is
//! verified; a transaction that would leave no trace has no place in it. What this accepts is a
//! function of state and block alone: no clock, no queue, no configuration.
//! Not here: which transactions go into a block (`replica`), the rules (`earnest-protocol`).

use earnest_api::{BlockView, Refusal, TxHash, recover};
use earnest_keys::SignatureRejected;
use earnest_protocol::{
    Address, Amount, Asset, Authenticated, BlockRejected, Digest, Event, Height, Journal, Referee,
    Rejected, State, TransactionRejected,
    ledger::{Flows, Movement, Reason},
};
use rayon::prelude::*;

use crate::{
    block::Block,
    concern,
    history::{Done, Trace},
};

/// Transactions from which recovering signatures in parallel pays.
const PARALLEL_MIN: usize = 16;

/// Why a block does not follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("block {height} does not follow: {why}")]
pub struct ReplayError {
    /// Which block.
    pub height: Height,
    /// What is wrong with it.
    pub why: Misfit,
}

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It was made on another state.
    #[error(
        "it names state root {named}, the state here has {found}. It was made by another version \
         of the rules, or this one is at fault"
    )]
    Root {
        /// The root that it names.
        named: Digest,
        /// The root of the state here.
        found: Digest,
    },
    /// The rules refuse its head.
    #[error("{}", Refusal::from(*.0))]
    Head(BlockRejected),
    /// A signature does not verify.
    #[error("transaction {index}: {why}")]
    Signature {
        /// Which transaction, from 0.
        index: usize,
        /// Why not.
        why: SignatureRejected,
    },
    /// A transaction leaves no trace.
    #[error("transaction {index} leaves no trace: {}", Refusal::from(*.why))]
    NoTrace {
        /// Which transaction, from 0.
        index: usize,
        /// Why not.
        why: TransactionRejected,
    },
}

/// Who signed each transaction of a block, and its identity.
pub type Signers = Vec<(Address, TxHash)>;

/// Verifies the signatures of a block, in parallel.
///
/// # Errors
/// The first that does not verify.
pub fn signers(network: &Digest, block: &Block) -> Result<Signers, ReplayError> {
    let transactions = &block.transactions;
    let recovered: Vec<_> = if transactions.len() < PARALLEL_MIN {
        transactions.iter().map(|signed| recover(network, signed)).collect()
    } else {
        transactions.par_iter().map(|signed| recover(network, signed)).collect()
    };
    let misfit = |(index, result): (usize, Result<_, _>)| {
        let height = block.height();
        result.map_err(|why| ReplayError { height, why: Misfit::Signature { index, why } })
    };
    recovered.into_iter().enumerate().map(misfit).collect()
}

/// What carrying a block out gave.
#[derive(Debug)]
pub struct CarriedOut {
    /// What became of each transaction.
    pub outcomes: Vec<Option<Rejected>>,
    /// What each transaction left behind.
    pub traces: Vec<Trace>,
    /// What happened.
    pub events: Vec<Event>,
    /// What money moved, summed.
    pub flows: Flows,
    /// The root of the state after it.
    pub root: Digest,
}

/// Carries a block out. `root` is the root of `state`.
///
/// # Errors
/// Why it does not follow; the state is then of no further use, unless it is the root or the head
/// that does not fit.
pub fn carry_out(
    state: &mut State,
    root: &Digest,
    block: &Block,
    signers: &Signers,
    referee: &dyn Referee,
) -> Result<CarriedOut, ReplayError> {
    let misfit = |why| ReplayError { height: block.height(), why };
    if block.parent_root != *root {
        let (named, found) = (block.parent_root, *root);
        return Err(misfit(Misfit::Root { named, found }));
    }
    let mut journal = Journal::default();
    state.open_block(&block.head, &mut journal).map_err(|r| misfit(Misfit::Head(r)))?;
    let mut outcomes = Vec::with_capacity(block.transactions.len());
    let mut traces = Vec::with_capacity(block.transactions.len());
    for (index, (signed, (address, _))) in block.transactions.iter().zip(signers).enumerate() {
        let no_trace = |why| misfit(Misfit::NoTrace { index, why });
        let sender = state.sender(address, &signed.transaction).map_err(no_trace)?;
        let transaction = signed.transaction.clone();
        let (first, moved) = (count(&journal.events), journal.movements.len());
        let outcome = state.apply(&Authenticated { sender, transaction }, referee, &mut journal);
        if let Err(Rejected::Transaction(why)) = outcome {
            return Err(no_trace(why));
        }
        outcomes.push(outcome.err());
        let fee = burnt(journal.movements.get(moved..).unwrap_or_default());
        traces.push(Trace { fee, events: first..count(&journal.events) });
    }
    let flows = Flows::of(&journal.movements, state.assets());
    Ok(CarriedOut { outcomes, traces, events: journal.events, flows, root: state.root() })
}

/// What was burnt as a fee: moves of the protected lane pay only if they are refused.
fn burnt(movements: &[Movement]) -> Amount {
    let fees = movements.iter().filter(|movement| movement.reason == Reason::BaseFee);
    fees.fold(Amount::ZERO, |sum, movement| sum.saturating_add(movement.amount))
}

fn count(events: &[Event]) -> u32 {
    u32::try_from(events.len()).unwrap_or(u32::MAX)
}

impl CarriedOut {
    /// What is kept of the block, for whoever asks.
    pub fn done(self, state: &State, block: &Block, hash: Digest, signers: &Signers) -> Done {
        let CarriedOut { outcomes, traces, events, flows, root } = self;
        let view = BlockView {
            height: block.height(),
            hash,
            parent: block.parent,
            time_ms: block.head.time_ms,
            epoch: state.epoch(),
            beacon: block.head.beacon,
            state_root: root,
            base_fee: state.base_fee(),
            transactions: signers.iter().map(|(_, hash)| *hash).collect(),
            event_count: count(&events),
            is_final: true,
        };
        let signers = signers.iter().map(|(address, _)| *address).collect();
        let concerned = concern::concerned(state, &events);
        let supply = |asset: &Asset| (*asset, state.supply(*asset));
        let supply = state.assets().all().iter().map(supply).collect();
        Done { view, signers, outcomes, traces, events, concerned, flows, supply }
    }
}
