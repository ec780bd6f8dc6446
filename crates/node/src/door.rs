//! The door: would the rules accept this move of the protected lane as the chain stands?
//!
//! The lane is free and has room of its own, so that an honest move is in time (M11). Who sends
//! moves that will be refused shall not have that room: each is tried on a branch of the state
//! before it waits. What is refused there may be right a block later, so it waits with those who
//! pay.
//!
//! Law: nothing is executed here: of a step's evidence only that is looked at which costs no gas.
//! Known shortcomings: a move is tried alone, not behind those of its signer that wait: of several
//! that exclude each other all are let in, and the later ones pay when they are refused.
//! Not here: what a refusal costs (`earnest-protocol`), how much may wait (`mempool`).

use earnest_compute::bisection::StepEvidence;
use earnest_protocol::{
    Authenticated, Digest, EvidenceRejected, Height, Journal, Output, Referee, Rejected, Ruling,
    Sender, State, StepCase, Transaction,
    command::{DataItem, Node, ProgramForm, Task},
};

use crate::referee::{NodeReferee, digest, is_of_step, task_of};

/// Tries a transaction on `branch`, as the next of its sender.
///
/// # Errors
/// Why the rules would refuse it now.
pub(crate) fn would_accept(
    mut branch: State,
    sender: Sender,
    transaction: &Transaction,
) -> Result<(), Rejected> {
    let nonce = branch.next_nonce(sender).unwrap_or(0);
    let valid_until = Height::new(u64::MAX);
    let transaction = Transaction { nonce, valid_until, ..transaction.clone() };
    let referee = Doorkeeper { exact: NodeReferee::new() };
    branch.apply(&Authenticated { sender, transaction }, &referee, &mut Journal::default())
}

/// Judges as the node's referee does, except that it takes a step's word for what it computes.
#[derive(Debug)]
struct Doorkeeper {
    exact: NodeReferee,
}

impl Referee for Doorkeeper {
    fn opens(&self, task: &Task, node: Node, parent: &Digest, children: &[Digest]) -> bool {
        self.exact.opens(task, node, parent, children)
    }

    fn output(&self, task: &Task, first: &[u8], root: &Digest, proof: &[u8]) -> Option<Output> {
        self.exact.output(task, first, root, proof)
    }

    fn judge(&self, case: &StepCase<'_>) -> Result<Ruling, EvidenceRejected> {
        if let ProgramForm::Paged(output_kib) = case.task.form {
            let is_of_step = is_of_step(case, output_kib);
            return if is_of_step { Ok(Ruling::Holds) } else { Err(EvidenceRejected) };
        }
        let task = task_of(case.task);
        let evidence = StepEvidence::decode(case.evidence).map_err(|_| EvidenceRejected)?;
        let is_leaf = evidence.after.index == case.leaf
            && evidence.after.digest(&task.hash()) == digest(case.digest);
        let is_program = earnest_compute::Digest::of_program(&evidence.program) == task.program;
        if is_leaf && is_program { Ok(Ruling::Holds) } else { Err(EvidenceRejected) }
    }

    fn refines(&self, case: &StepCase<'_>, children: &[Digest]) -> Option<Digest> {
        self.exact.refines(case, children)
    }

    fn serves(&self, task: &Task, item: DataItem, output: Option<&Digest>, bytes: &[u8]) -> bool {
        self.exact.serves(task, item, output, bytes)
    }
}
