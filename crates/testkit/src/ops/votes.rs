//! Votes: proposals, appeals, spends, ballots, the council and the guardian, at random.
//!
//! An appeal is decided within few blocks, so that whoever has a say is asked for it often while
//! one is open; else none would ever be granted.

use earnest_protocol::{
    AccountId, Address, Amount, Asset, Blocks, Command, Digest, Epochs, ProposalId, State,
    command::*,
    governance::{Forum, Proposal, ProposalStage},
    staking::Standing,
};

use super::{Op, Play};

/// Appeals of slashes that wait, changes that fit and one that never does, votes of those who have
/// power, pauses.
pub(super) fn command(play: &Play<'_>, op: Op, anyone: AccountId) -> (AccountId, Command) {
    let state = &play.world.state;
    let open = state.proposals().filter(|(_, row)| row.stage.is_open());
    let open: Vec<(ProposalId, &Proposal)> = open.collect();
    let appeals = |(_, row): &&(ProposalId, &Proposal)| row.matter.appeals().is_some();
    // One of the callers has looked at the lowest two bits.
    match op.twist / 4 % 16 {
        0 => return pause(play, op, anyone),
        1 | 2 => {
            if let Some(appealing) = appeal(play, op, anyone) {
                return appealing;
            }
        }
        3..=9 => {
            if let Some((id, row)) = open.iter().find(appeals) {
                return say(play, op, (*id, row), anyone);
            }
        }
        12 | 13 if op.amount.is_multiple_of(2) => return money(play, op, anyone),
        12 | 13 => return (anyone, Command::Propose(rival(state, &open, op))),
        14 => {
            let spends = |(_, row): &&(ProposalId, &Proposal)| {
                row.stage == ProposalStage::Active
                    && (row.matter.spends().is_some() || row.matter.stops().is_some())
            };
            if let Some((id, row)) = open.iter().find(spends) {
                return say(play, op, (*id, row), anyone);
            }
        }
        _ => {}
    }
    let picked = open.get(usize::from(op.amount) % open.len().max(1)).copied();
    let Some((proposal, row)) = picked.filter(|_| !op.who.is_multiple_of(8)) else {
        let member = if op.who.is_multiple_of(16) { member(play, op) } else { None };
        return (member.unwrap_or(anyone), Command::Propose(proposal(op)));
    };
    match op.twist / 4 % 16 {
        10 => council(play, op, (proposal, row), anyone),
        11 => {
            let waits = open.iter().find(|(_, row)| row.stage == ProposalStage::Pending);
            let (proposal, row) = waits.copied().unwrap_or((proposal, row));
            let signer = if op.who % 8 < 6 { row.account } else { anyone };
            (signer, Command::CancelProposal(CancelProposal { proposal }))
        }
        _ => say(play, op, (proposal, row), anyone),
    }
}

/// Money of the treasury for somebody: little, a stream, or more than there may be; or the stop of
/// what runs.
fn money(play: &Play<'_>, op: Op, anyone: AccountId) -> (AccountId, Command) {
    let state = &play.world.state;
    let report = Digest([op.twist; 32]);
    let running = state.spends_running().nth(usize::from(op.who / 8 % 4));
    if let Some((spend, _)) = running.filter(|_| op.amount.is_multiple_of(4)) {
        return (anyone, Command::StopSpend(StopSpend { spend, report }));
    }
    let asset = match op.who.is_multiple_of(16) {
        true => Asset::Payment,
        false => state.assets().payment(),
    };
    let most = state.spend_most(asset).units();
    let units = match op.amount / 4 % 8 {
        0 => most.saturating_add(1),
        1 | 2 => most,
        _ => u64::from(op.amount).pow(2).min(most),
    };
    let amount = Amount::new(units).unwrap_or(Amount::MAX);
    let epochs = Epochs::new(u64::from(op.who / 16 % 8));
    let payee = AccountId::new(u64::from(op.amount / 16));
    let to = state.account(payee).map_or(Address([op.who; 20]), |account| account.address);
    (anyone, Command::ProposeSpend(ProposeSpend { to, asset, amount, epochs, report }))
}

/// Does anybody wait for votes?
pub(super) fn is_on(state: &State) -> bool {
    state.proposals().any(|(_, row)| row.stage == ProposalStage::Active)
}

/// The guardian, or somebody else, pauses a lane or lets it in again.
fn pause(play: &Play<'_>, op: Op, anyone: AccountId) -> (AccountId, Command) {
    let guardian = play.world.state.guard().guardian.filter(|_| !op.who.is_multiple_of(8));
    let lane = if op.who % 4 < 2 { PauseLane::Jobs } else { PauseLane::Delegations };
    let blocks = Blocks::new(u64::from(op.amount % 8));
    let signer = guardian.map_or(anyone, |(account, _)| account);
    (signer, Command::Pause(Pause { lane, blocks }))
}

/// Whoever lost by a slash that waits, or somebody else, appeals against it.
fn appeal(play: &Play<'_>, op: Op, anyone: AccountId) -> Option<(AccountId, Command)> {
    let state = &play.world.state;
    let held = state.slashes().filter(|(_, row)| row.state.waits());
    let held = held.map(|(id, row)| (id, row.account, row.operator));
    let held: Vec<_> = held.collect();
    let &(slash, account, operator) = held.get(usize::from(op.amount) % held.len().max(1))?;
    let mut behind = state.delegations().filter(|(_, row)| row.operator == operator);
    let signer = match op.who % 8 {
        0 => anyone,
        1 | 2 => behind.next().map_or(account, |(_, row)| row.account),
        _ => account,
    };
    let report = Digest([op.twist; 32]);
    Some((signer, Command::AppealSlash(AppealSlash { slash, report })))
}

fn member(play: &Play<'_>, op: Op) -> Option<AccountId> {
    let council = &play.world.state.guard().council;
    council.get(usize::from(op.who / 8) % council.len().max(1)).copied()
}

/// A member of the council says something to a proposal: mostly `yes` to what it decides.
fn council(
    play: &Play<'_>,
    op: Op,
    (proposal, row): (ProposalId, &Proposal),
    anyone: AccountId,
) -> (AccountId, Command) {
    let choice = match (row.forum, op.amount / 16) {
        (Forum::Council, 0..=11) => BallotChoice::Yes,
        (Forum::Council, 12..=14) => BallotChoice::No,
        (_, 0..=3) => BallotChoice::Yes,
        _ => BallotChoice::Veto,
    };
    let signer = member(play, op).unwrap_or(anyone);
    (signer, Command::CastCouncilBallot(CastCouncilBallot { proposal, choice }))
}

/// Whoever has a say about a proposal says it.
fn say(
    play: &Play<'_>,
    op: Op,
    (proposal, row): (ProposalId, &Proposal),
    anyone: AccountId,
) -> (AccountId, Command) {
    let state = &play.world.state;
    if row.forum == Forum::Council && !op.who.is_multiple_of(16) {
        return council(play, op, (proposal, row), anyone);
    }
    // Of few, so that those behind one operator and itself all vote on one proposal at times.
    let behind = state.delegations().map(|(_, row)| row.account).nth(usize::from(op.who / 8 % 8));
    let able = state.operators().filter(|(_, row)| row.standing == Standing::Active);
    let leads = able.map(|(_, row)| row.account).nth(usize::from(op.who / 8 % 16));
    let voter = if op.who.is_multiple_of(2) { leads } else { behind.or(leads) };
    let choice = match op.amount / 16 {
        0..=8 => BallotChoice::Yes,
        9 | 10 => BallotChoice::No,
        11 | 12 => BallotChoice::Abstain,
        // A veto of one is a third of few: appeals have few voters.
        _ if row.stage == ProposalStage::Active && row.matter.appeals().is_some() => {
            BallotChoice::Yes
        }
        _ => BallotChoice::Veto,
    };
    (voter.unwrap_or(anyone), Command::CastBallot(CastBallot { proposal, choice }))
}

/// One of two changes that fit by themselves and not together: the other, if the one is open.
fn rival(state: &State, open: &[(ProposalId, &Proposal)], op: Op) -> Propose {
    let (start, full) = ("verification.tier_start", "verification.tier_full");
    let is_high = |value: u64| value > TIER.units();
    let raises =
        |change: &ParamChange| change.path == start && is_high(change.value) || change.path == full;
    let raised = open.iter().find(|(_, row)| row.matter.changes().iter().any(raises));
    let in_force = state.params().verification().tier_start.units();
    let (path, value) = match raised {
        Some(_) => (full, TIER.units()),
        None if is_high(in_force) => (start, 1_000),
        None => (start, TIER.units() + 1),
    };
    let changes = vec![ParamChange { path: path.into(), value }];
    Propose { changes, audit: Digest([op.twist; 32]) }
}

/// Between where tiers begin and where they end.
const TIER: Amount = Amount::tokens(50_000);

/// Small changes that fit, and one that never does.
fn proposal(op: Op) -> Propose {
    let (low, high) = (u64::from(op.amount % 4), u64::from(op.amount));
    let tokens = |tokens: u64| tokens * 1_000_000_000;
    let (path, value) = match op.who / 16 {
        0 => ("verification.challenge_deposit", 10_000_000_000 + high),
        1 => ("staking.unbonding_epochs", 120 + high),
        2 => ("chain.epoch_blocks", 9 + low),
        3 => ("staking.delegation_min", 1 + high),
        4 => ("governance.quorum", 50_000_000 + 1_000_000 * high),
        5 => ("market.accept_blocks", 1 + low),
        6 => ("slashing.wrong_result", 40_000_000 + high),
        7 => ("verification.clock_blocks", 20 * low),
        8 => ("chain.referee_gas", 9_999_999 + high),
        9 => ("governance.phase", low.min(2)),
        10 | 13 => ("verification.tier_start", tokens(1_000 + high)),
        11 | 14 => ("verification.tier_full", tokens(100_000 + high)),
        _ => ("storage.nothing", 0),
    };
    let change = |path: &str, value| ParamChange { path: path.into(), value };
    let mut changes = vec![change(path, value)];
    match op.who % 16 {
        1 => changes.clear(),
        2 => changes.push(change(path, value)),
        3 => changes.push(change("storage.price_doublings", low)),
        _ => {}
    }
    Propose { changes, audit: Digest([op.twist; 32]) }
}
