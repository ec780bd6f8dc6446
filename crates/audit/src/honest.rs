//! Honest: what everybody outside the coalition does, as the mechanism prescribes.
//!
//! A requester opens its seed at once; a provider asks the ceiling, delivers a right result and
//! defends it; auditors seal what they computed two blocks after they were drawn, open it, and
//! pursue what they dissent from. Nobody is counted on to challenge of its own accord.
//!
//! Not here: what a coalition may do (`moves`).

use earnest_protocol::{
    AccountId, Amount, Blocks, Command, Digest, Role,
    command::{
        AcceptJob, CommitBid, CommitResult, CommitVerdict, OpenNode, OpenSeed, ProveStep,
        RejectChild, RevealBid, RevealResult, RevealVerdict,
    },
    market::{BidState, Phase},
    seal,
    verification::{Dispute, Geometry, SeatState, Seating, Turn},
};

use crate::{
    cast::{Cast, PROVIDER, REQUESTER, address},
    truth,
    world::{JOB, World},
};

/// Blocks that an auditor works.
const WORK: Blocks = Blocks::new(2);
const SALT: Digest = Digest([5; 32]);

/// Everything that honest parties do in this block.
pub(crate) fn act(world: &mut World<'_>) {
    for _ in 0..200 {
        let Some((account, command)) = next(world) else { return };
        let told = format!("{command:?}");
        let done = world.apply(account, command);
        assert!(done.is_ok(), "an honest {account:?} was refused: {told}: {done:?}");
    }
    unreachable!("honest parties have a bounded number of moves a block");
}

fn next(world: &World<'_>) -> Option<(AccountId, Command)> {
    let honest = |account| !world.cast.is_one_of(account);
    let own = match world.phase() {
        Phase::Committed => {
            let opened = world.state.case(JOB)?.seed.preimage.is_some();
            let preimage = Cast::preimage(world.luck);
            (honest(REQUESTER) && !opened)
                .then_some((REQUESTER, Command::OpenSeed(OpenSeed { job: JOB, preimage })))
        }
        _ if honest(PROVIDER) => provider(world).map(|command| (PROVIDER, command)),
        _ => None,
    };
    own.or_else(|| auditor(world, &honest))
}

fn provider(world: &World<'_>) -> Option<Command> {
    match world.phase() {
        Phase::Bidding => bid(world, world.cast.kind.price_max),
        Phase::RevealingBids => open_bid(world, world.cast.kind.price_max),
        Phase::Offered => Some(Command::AcceptJob(AcceptJob { job: JOB })),
        Phase::Executing => Some(deliver(world, truth::RIGHT)),
        Phase::Revealing => open_result(world, truth::RIGHT),
        Phase::Challengeable => defend(world),
        _ => None,
    }
}

/// The sealed bid, if none was made.
pub(crate) fn bid(world: &World<'_>, price: Amount) -> Option<Command> {
    let made = world.state.job(JOB)?.bids.iter().any(|bid| bid.account == PROVIDER);
    let seal = seal::bid(&world.state.network(), JOB, &address(PROVIDER), price, &SALT);
    (!made).then_some(Command::CommitBid(CommitBid { job: JOB, seal }))
}

/// The opened bid, if it is sealed.
pub(crate) fn open_bid(world: &World<'_>, price: Amount) -> Option<Command> {
    let mut bids = world.state.job(JOB)?.bids.iter();
    let sealed = bids.any(|bid| bid.account == PROVIDER && bid.state == BidState::Sealed);
    sealed.then_some(Command::RevealBid(RevealBid { job: JOB, price, salt: SALT }))
}

pub(crate) fn deliver(world: &World<'_>, root: Digest) -> Command {
    Command::CommitResult(CommitResult { job: JOB, seal: world.seal_result(PROVIDER, root) })
}

/// The opened result, if it is not open.
pub(crate) fn open_result(world: &World<'_>, root: Digest) -> Option<Command> {
    let closed = world.state.case(JOB)?.claim().is_none();
    let (opening, output_proof) = (world.opening(root), truth::OUTPUT_PROOF.to_vec());
    closed.then_some(Command::RevealResult(RevealResult { job: JOB, opening, output_proof }))
}

/// The accused's next move in the first dispute that waits for it.
pub(crate) fn defend(world: &World<'_>) -> Option<Command> {
    let mut disputes = world.state.docket(JOB)?.disputes.iter();
    let node = disputes.find(|d| d.ended.is_none() && d.turn == Turn::Accused)?.node;
    if Geometry::of(&world.state.order(JOB)?.terms.task).leaf(node).is_some() {
        let evidence = truth::EVIDENCE.to_vec();
        return Some(Command::ProveStep(ProveStep { job: JOB, node, evidence }));
    }
    let children = truth::children(node, &world.state.digest(JOB, node)?);
    Some(Command::OpenNode(OpenNode { job: JOB, node, children }))
}

/// What a challenger answers to name `leaf`.
pub(crate) fn reject(world: &World<'_>, dispute: &Dispute, leaf: u64) -> Option<Command> {
    let geometry = Geometry::of(&world.state.order(JOB)?.terms.task);
    let child = geometry.child_toward(dispute.node, &[leaf])?;
    Some(Command::RejectChild(RejectChild { job: JOB, child }))
}

fn auditor(world: &World<'_>, honest: &dyn Fn(AccountId) -> bool) -> Option<(AccountId, Command)> {
    let case = world.state.case(JOB)?;
    let seats = || {
        case.seats.iter().filter_map(|seat| Some((seat.account?, seat))).filter(|(a, _)| honest(*a))
    };
    match world.phase() {
        Phase::Auditing | Phase::AuditingOpen => {
            let ready = world.drawn_at?.after(WORK) <= world.state.height();
            let drawn = seats().find(|(_, seat)| seat.state == SeatState::Drawn);
            let volunteer = || {
                let open = world.phase() == Phase::AuditingOpen
                    && case.seats.iter().any(|seat| seat.state == SeatState::Vacant);
                let fresh = |account: &AccountId| {
                    let operator = world.state.operator_id(*account, Role::Validator);
                    operator.is_some_and(|id| {
                        honest(*account) && !case.barred.contains(&id) && case.seat_of(id).is_none()
                    })
                };
                world.cast.validators().find(fresh).filter(|_| open)
            };
            let account = drawn.map(|(account, _)| account).or_else(volunteer)?;
            let seal = world.seal_result(account, truth::RIGHT);
            ready.then_some((account, Command::CommitVerdict(CommitVerdict { job: JOB, seal })))
        }
        Phase::Revealing => {
            let mut seats = seats();
            let sealed = |(_, seat): &(AccountId, &earnest_protocol::verification::Seat)| {
                matches!(seat.state, SeatState::Committed(_))
                    && matches!(seat.seating, Seating::Drawn | Seating::Volunteer)
            };
            let (account, _) = seats.find(sealed)?;
            let opening = world.opening(truth::RIGHT);
            Some((account, Command::RevealVerdict(RevealVerdict { job: JOB, opening })))
        }
        Phase::Challengeable => {
            let mut disputes = world.state.docket(JOB)?.disputes.iter();
            let dispute = disputes.find(|d| {
                d.ended.is_none() && d.turn == Turn::Challenger && honest(d.challenger)
            })?;
            Some((dispute.challenger, reject(world, dispute, truth::WRONG_LEAF)?))
        }
        _ => None,
    }
}
