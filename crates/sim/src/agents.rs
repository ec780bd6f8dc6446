//! Agents: who wants what. Each looks at the state and returns a command, and changes nothing.

use earnest_protocol::{
    Command, Digest, JobId, State,
    command::{
        CommitResult, CommitVerdict, OpenNode, Opening, ProveStep, RejectChild, RevealResult,
        RevealVerdict,
    },
    market::Phase,
    seal,
    verification::{Turn, depth},
};

use crate::{random::Random, world::Truth};

/// What a provider does with a job it won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// The work.
    Honest,
    /// Commits to a wrong result and plays its dispute to the end.
    Lying,
    /// Nothing.
    Abandoning,
}

impl Behaviour {
    pub(crate) const ALL: [Behaviour; 3] =
        [Behaviour::Honest, Behaviour::Lying, Behaviour::Abandoning];

    /// The root it commits to; none for nothing.
    fn root(self, job: JobId) -> Option<Digest> {
        match self {
            Behaviour::Honest => Some(Truth::right(job)),
            Behaviour::Lying => Some(Truth::wrong(job)),
            Behaviour::Abandoning => None,
        }
    }

    /// The next move of a provider about its job.
    pub(crate) fn act(
        self,
        state: &State,
        job: JobId,
        address: &earnest_protocol::Address,
    ) -> Option<Command> {
        let root = self.root(job)?;
        let row = state.job(job)?;
        let case = state.case(job)?;
        let opening = opening(state, job, root)?;
        match row.phase {
            Phase::Executing => {
                let seal = seal::result(&state.network(), job, address, &opening);
                Some(Command::CommitResult(CommitResult { job, seal }))
            }
            Phase::Revealing if case.opening().is_none() => {
                let output_proof = Vec::new();
                Some(Command::RevealResult(RevealResult { job, opening, output_proof }))
            }
            Phase::Challengeable => {
                let dispute = case.disputes.iter().find(|d| d.ended.is_none())?;
                let node = dispute.node;
                (dispute.turn == Turn::Accused).then(|| {
                    if node.level < depth(row.terms.task.steps) {
                        let children = vec![root; 16];
                        Command::OpenNode(OpenNode { job, node, children })
                    } else {
                        let (leaf, evidence) = (node.index, Vec::new());
                        Command::ProveStep(ProveStep { job, leaf, evidence })
                    }
                })
            }
            _ => None,
        }
    }
}

/// What an auditor does with a job it was drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Auditor {
    /// Agrees with whatever a lying provider says.
    pub(crate) colluding: bool,
    /// The chance that it copies instead of computing, in parts per billion.
    pub(crate) laxity: u64,
}

impl Auditor {
    /// The root it commits to. A copier is told the provider's root out of band (C12).
    fn root(self, job: JobId, told: Digest, random: &Random, me: u64) -> Digest {
        let copies = random.chance("lax audit", me, job.raw(), self.laxity);
        if self.colluding || copies { told } else { Truth::right(job) }
    }

    /// The next move of an auditor about a job it sits on.
    pub(crate) fn act(
        self,
        state: &State,
        job: JobId,
        who: (u64, &earnest_protocol::Address, earnest_protocol::AccountId),
        told: Digest,
        random: &Random,
    ) -> Option<Command> {
        let (me, address, account) = who;
        let opening = opening(state, job, self.root(job, told, random, me))?;
        let case = state.case(job)?;
        match state.job(job)?.phase {
            Phase::Auditing | Phase::AuditingOpen => {
                let seal = seal::result(&state.network(), job, address, &opening);
                Some(Command::CommitVerdict(CommitVerdict { job, seal }))
            }
            Phase::Revealing => Some(Command::RevealVerdict(RevealVerdict { job, opening })),
            Phase::Challengeable => {
                let dispute = case.disputes.get(case.dispute_of(account)?)?;
                // Everything is wrong from the first state on: the leftmost child each time.
                let child = 0;
                let mine = dispute.turn == Turn::Challenger;
                mine.then_some(Command::RejectChild(RejectChild { job, child }))
            }
            _ => None,
        }
    }
}

/// The opening of a result with this root.
fn opening(state: &State, job: JobId, root: Digest) -> Option<Opening> {
    let task = state.job(job)?.terms.task;
    let (output, gas, steps) = (root, task.gas_bound, task.steps);
    Some(Opening { root, output, gas, steps, salt: Digest([7; 32]) })
}
