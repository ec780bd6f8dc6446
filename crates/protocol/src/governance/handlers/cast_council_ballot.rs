//! Cast a ballot of the council: enough vetoes stop a change, or a spend, also while it is paid;
//! enough answers decide an appeal.
//!
//! Law: the council decides appeals or stake does, never both; it cannot stop its own end, nor
//! what would stop a spend. Nobody
//! of whom a slash waits speaks for it, nor goes on being counted.

use crate::{
    command::{BallotChoice, CastCouncilBallot},
    context::Context,
    event::Event,
    governance::{CastCouncilBallotRejected, Defeat, Forum, Matter, PHASE_STAKE, Proposal, acts},
    ids::AccountId,
    next::Next,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &CastCouncilBallot,
) -> Result<Next, CastCouncilBallotRejected> {
    let CastCouncilBallot { proposal, choice } = *command;
    let guard = cx.state.guard();
    if !guard.council.contains(&signer) {
        return Err(CastCouncilBallotRejected::NotMember);
    }
    let (members, threshold) = (guard.council.len(), usize::from(guard.threshold));
    let row = cx.state.governance.proposal(proposal);
    let row = row.ok_or(CastCouncilBallotRejected::ProposalNotFound)?;
    if !row.stage.is_open() && row.stage.paying().is_none() {
        return Err(CastCouncilBallotRejected::VotingClosed);
    }
    if !has_say(row, choice, cx.params().governance().phase) {
        return Err(CastCouncilBallotRejected::NoSay);
    }
    if let Some(operator) = acts::convicted(cx.state, signer) {
        return Err(CastCouncilBallotRejected::SlashWaits { operator });
    }
    if row.council.contains(&(signer, choice)) {
        return Err(CastCouncilBallotRejected::SameChoice);
    }
    // From here on the command must succeed.
    let said = &mut cx.state.governance.proposal_mut(proposal).council;
    said.retain(|(member, _)| *member != signer);
    said.push((signer, choice));
    let row = cx.state.governance.proposal(proposal).expect("it was there");
    // Some were convicted after they had spoken.
    let counts = |member| acts::convicted(cx.state, member).is_none();
    let said = row.council.iter().filter(|(member, _)| counts(*member));
    let of = |choice| said.clone().filter(|(_, said)| *said == choice).count();
    let decided = match choice {
        BallotChoice::Veto => (of(choice) >= threshold).then_some(Err(Defeat::Council)),
        BallotChoice::Yes => (of(choice) >= threshold).then_some(Ok(())),
        // So many are against it that too few are left for it.
        _ => (members.saturating_sub(of(choice)) < threshold).then_some(Err(Defeat::Council)),
    };
    cx.journal.push(Event::CouncilBallotCast { proposal, account: signer, choice });
    if let Some(decided) = decided {
        acts::conclude(cx, proposal, decided);
    }
    Ok(Next::Nothing)
}

/// May the council say this, in a phase?
fn has_say(row: &Proposal, choice: BallotChoice, phase: u8) -> bool {
    match row.forum {
        Forum::Council => matches!(choice, BallotChoice::Yes | BallotChoice::No),
        Forum::Stake => {
            let stops = match row.matter {
                Matter::Changes(_) => !row.matter.is_phase(),
                Matter::Spend(_) => true,
                Matter::Appeal(_) | Matter::Stop(_) => false,
            };
            choice == BallotChoice::Veto && phase < PHASE_STAKE && stops
        }
    }
}
