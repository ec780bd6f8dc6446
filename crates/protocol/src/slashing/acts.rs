//! What several stories do with a conviction: take stake, jail, hold, pay out, undo.
//!
//! Law: what is taken lies in a pot of its own until it is paid out along a plan that adds up;
//! until then it can be undone to the unit.
//! Not here: who is guilty.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    context::Context,
    event::Event,
    ids::{AccountId, Asset, Digest, JobId, OperatorId, ProposalId, Role, SlashId},
    insurance::{self, acts::Loss},
    ledger::{Pot, Reason},
    num::{Amount, Epoch, Height, Ratio},
    params::Params,
    reputation::{self, Dimension, weigh},
    rewards,
    slashing::{self, Claims, ClaimsTerms, Offence, Slash, SlashState, SplitTerms, Taken, Way},
    staking::{self, Standing},
    timers::Timer,
};

/// Who is guilty of what, what is behind it, and who may be paid for it.
pub(crate) struct Conviction {
    pub(crate) offence: Offence,
    pub(crate) operator: OperatorId,
    pub(crate) job: JobId,
    pub(crate) behind: Behind,
    /// Unbonding entries queued since answer for it, too.
    pub(crate) accepted_at: Height,
    /// What its reputation suffers for, in the asset that pays.
    pub(crate) value: Amount,
    /// The result's root, if the referee's engine spoke: then the slash stays.
    pub(crate) root: Option<Digest>,
    pub(crate) payout: Payout,
}

/// What goes besides a share of the free bond.
#[derive(Clone, Copy)]
pub(crate) enum Behind {
    /// So much of what is locked for it.
    Locked(Pot, Amount),
    /// So much of the free bond, for a lock that has gone back to it.
    Owed(Amount),
}

/// Where a slash goes.
pub(crate) enum Payout {
    /// Along the waterfall.
    Claims(Claims),
    /// Out of circulation.
    Fire,
    /// At most so much to a finder, out of what is taken beyond the lock; the rest burnt. So it
    /// never costs less to be reported by a friend than to lose the lock.
    Finder(AccountId, Amount),
}

/// Takes what an offence costs, and pays it out at once or after its stay.
pub(crate) fn convict(cx: &mut Context<'_>, conviction: Conviction, params: &Params) {
    let Conviction { offence, operator, job, behind, accepted_at, value, root, payout } =
        conviction;
    let consequences = offence.consequences(params.slashing());
    let halflife = params.slashing().strike_halflife_epochs.count();
    let strikes = cx.state.staking.operator(operator).strikes(cx.epoch(), halflife);
    let share = slashing::share(consequences.share, strikes, params.slashing());
    let (sources, taken) = match behind {
        Behind::Locked(pot, lock) => {
            let (mut sources, taken) =
                out_of_bond(cx, (operator, accepted_at), (share, Amount::ZERO), params);
            sources.push((pot, lock));
            (sources, Taken { lock, ..taken })
        }
        Behind::Owed(amount) => out_of_bond(cx, (operator, accepted_at), (share, amount), params),
    };
    // Jailed first: an offender is no judge of its own slash.
    let standings = if consequences.jails { jail(cx, operator, params) } else { Vec::new() };
    let weight = weigh(value, params.reputation());
    let (now, mark) = (cx.epoch(), (consequences.dimension, false));
    let carried = match consequences.dimension {
        Dimension::Correctness => {
            cx.state.reputation.drop_carried(operator, now, params.reputation())
        }
        Dimension::Timeliness | Dimension::Availability | Dimension::Ratings => Amount::ZERO,
    };
    reputation::acts::note(cx, operator, mark, weight, params);
    let program = cx.state.market.order(job).terms.task.program;
    let row = cx.state.staking.operator(operator);
    let claims = match &payout {
        Payout::Claims(claims) => claims.clone(),
        Payout::Fire | Payout::Finder(..) => Claims::default(),
    };
    let version = cx.state.market.order(job).params;
    let slash = Slash {
        offence,
        operator,
        account: row.account,
        role: row.role,
        job,
        params: version,
        conviction: root.map(|root| (program, root)),
        claims,
        taken: Vec::new(),
        mark: (weight, now),
        carried,
        standings,
        state: SlashState::Pending(cx.epoch()),
    };
    cx.state.params.pin(version);
    let id = take(cx, slash, &sources, params);
    tell(cx, id, taken);
    if let (Payout::Claims(Claims { injured: Some(_), .. }), true) = (&payout, consequences.jails) {
        insurance::acts::await_slash(cx, job, id);
    }
    match payout {
        Payout::Claims(_) if root.is_some() => stay(cx, id, params),
        Payout::Claims(_) => execute(cx, id),
        Payout::Fire => {
            let terms = split_terms(cx, id, Way::Burnt);
            pay_out(cx, id, terms, &[]);
        }
        Payout::Finder(finder, most) => {
            let (Behind::Locked(_, lock) | Behind::Owed(lock)) = behind;
            let terms = split_terms(cx, id, Way::Finder { most, lock });
            pay_out(cx, id, terms, &[finder]);
        }
    }
}

fn tell(cx: &mut Context<'_>, id: SlashId, terms: Taken) {
    let slash = cx.state.slashing.slash(id);
    let (offence, account, role, job) = (slash.offence, slash.account, slash.role, slash.job);
    let amount = cx.state.ledger.balance(Pot::Slash(id));
    let terms = Box::new(terms);
    cx.journal.push(Event::StakeTaken { slash: id, offence, account, role, job, amount, terms });
}

/// Moves stake into a pot of its own and books the strike.
fn take(
    cx: &mut Context<'_>,
    mut slash: Slash,
    sources: &[(Pot, Amount)],
    params: &Params,
) -> SlashId {
    let operator = slash.operator;
    // An assignment's pots end with it: its lock goes back to the bond it came from.
    let origin = |pot| match pot {
        Pot::Unbonding(_) | Pot::Delegated(_) | Pot::Exit(_) | Pot::Moved(_) | Pot::Vesting(_) => {
            pot
        }
        _ => Pot::Bond(operator),
    };
    let sources = sources.iter().filter(|(_, amount)| !amount.is_zero());
    let sources =
        sources.map(|&(pot, amount)| (pot, staking::acts::delegated::slash(cx, pot, amount)));
    let sources: Vec<(Pot, Amount)> = sources.collect();
    slash.taken = sources.iter().map(|&(pot, amount)| (origin(pot), amount)).collect();
    let of_delegations = slash.of_delegations();
    let id = SlashId::from_index(cx.state.slashing.slashes.push(slash));
    cx.state.ledger.open_slash();
    for (pot, amount) in sources {
        cx.pay(pot, Pot::Slash(id), amount, Reason::Slash);
        match pot {
            Pot::Unbonding(_) | Pot::Delegated(_) => {}
            Pot::Moved(parcel) => staking::acts::moved::drop_if_lost(cx, parcel),
            Pot::Vesting(_) => rewards::acts::forfeit(cx, operator, amount),
            Pot::Exit(exit) => staking::acts::delegated::drop_if_empty(cx, exit),
            _ => staking::acts::reduce_stake(cx, operator, amount),
        }
    }
    wait(cx, operator, |waiting| waiting.saturating_add(1));
    if !of_delegations.is_zero() {
        let amount = of_delegations;
        cx.journal.push(Event::DelegationSlashed { slash: id, operator, amount });
    }
    let (now, halflife) = (cx.epoch(), params.slashing().strike_halflife_epochs.count());
    cx.state.staking.operator_mut(operator).strike(now, halflife);
    id
}

/// Counts the operator's slashes that wait, where delegations can see it.
fn wait(cx: &mut Context<'_>, operator: OperatorId, count: impl Fn(u32) -> u32) {
    let pool = cx.state.staking.delegation_pool_mut(operator);
    pool.slashes_waiting = count(pool.slashes_waiting);
}

/// Holds a slash for the engine's stay, or longer if unrelated operators were convicted alike.
fn stay(cx: &mut Context<'_>, id: SlashId, params: &Params) {
    let execute_at = cx.epoch().after(params.slashing().engine_stay_epochs);
    cx.state.slashing.set_state(id, SlashState::Pending(execute_at));
    cx.state.timers.set_epoch(execute_at, Timer::Slash(id));
    let slash = cx.state.slashing.slash(id);
    let (offence, account, role) = (slash.offence, slash.account, slash.role);
    let amount = cx.state.ledger.balance(Pot::Slash(id));
    cx.journal.push(Event::SlashPending { slash: id, offence, account, role, amount, execute_at });
    let alike = cx.state.slashing.alike(id);
    let of = |id: SlashId| cx.state.slashing.slash(id);
    let appeals = alike.iter().find_map(|other| match of(*other).state {
        SlashState::Appealed(proposal) => Some(proposal),
        _ => None,
    });
    if let Some(proposal) = appeals {
        appeal(cx, id, proposal);
        return;
    }
    if alike.iter().all(|other| of(*other).account == account) {
        return;
    }
    let until = cx.epoch().after(params.slashing().engine_hold_epochs);
    for held in alike {
        clear_stay(cx, held);
        cx.state.slashing.set_state(held, SlashState::Held(until));
        cx.state.timers.set_epoch(until, Timer::Slash(held));
        cx.journal.push(Event::SlashHeld { slash: held, until });
    }
}

/// A slash waits for the decision of an appeal, however long that takes.
pub(crate) fn appeal(cx: &mut Context<'_>, id: SlashId, proposal: ProposalId) {
    clear_stay(cx, id);
    cx.state.slashing.set_state(id, SlashState::Appealed(proposal));
    cx.journal.push(Event::SlashAppealed { slash: id, proposal });
}

fn clear_stay(cx: &mut Context<'_>, id: SlashId) {
    if let SlashState::Pending(at) | SlashState::Held(at) = cx.state.slashing.slash(id).state {
        cx.state.timers.clear_epoch(at, Timer::Slash(id));
    }
}

/// Pays a slash out along the waterfall.
pub(crate) fn execute(cx: &mut Context<'_>, id: SlashId) {
    let slash = cx.state.slashing.slash(id);
    let (claims, version) = (slash.claims.clone(), slash.params);
    let (job, accused) = (slash.job, slash.account);
    let params = cx.state.params.at(version).clone();
    let mut way = ClaimsTerms::new(&claims, params.slashing());
    let mut terms = split_terms(cx, id, Way::Claims(way));
    let sunk = way.split(terms.own).sunk();
    if cx.state.staking.pay_judges(terms.split().judges).is_none() {
        // No judge is left to share it.
        way.judges = false;
        terms.way = Way::Claims(way);
    }
    if let Some(injured) = claims.injured {
        let to = Pot::Free(injured, Asset::Stake);
        cx.pay(Pot::Slash(id), to, terms.split().compensation, Reason::Compensation);
        let loss = Loss { job, injured, accused, sunk };
        insurance::acts::pay(cx, id, &loss, &params);
    }
    pay_out(cx, id, terms, &claims.reporters);
}

fn split_terms(cx: &Context<'_>, id: SlashId, way: Way) -> SplitTerms {
    let delegated = cx.state.slashing.slash(id).of_delegations();
    let own = cx.state.ledger.balance(Pot::Slash(id)).saturating_sub(delegated);
    SplitTerms { delegated, ..SplitTerms::new(own, way) }
}

fn pay_out(cx: &mut Context<'_>, id: SlashId, terms: SplitTerms, reporters: &[AccountId]) {
    let waterfall = terms.split();
    let from = Pot::Slash(id);
    let count = u64::try_from(reporters.len()).unwrap_or(u64::MAX);
    let each = slashing::each(waterfall.reporter, count);
    for reporter in reporters {
        cx.pay(from, Pot::Free(*reporter, Asset::Stake), each, Reason::ReporterReward);
    }
    for (to, part, reason) in [
        (Pot::Burnt(Asset::Stake), waterfall.burnt, Reason::SlashBurnt),
        (Pot::Insurance(Asset::Stake), waterfall.insurance, Reason::SlashInsurance),
        (Pot::Judges, waterfall.judges, Reason::SlashJudges),
    ] {
        cx.pay(from, to, part, reason);
    }
    let left = cx.state.ledger.balance(from);
    assert!(left.is_zero() && waterfall.adds_up(), "a waterfall pays out all of its slash");
    let slash = cx.state.slashing.slash(id);
    let (offence, account, role, job) = (slash.offence, slash.account, slash.role, slash.job);
    stand(cx, id);
    close(cx, id, SlashState::Executed);
    cx.journal.push(Event::Slashed {
        slash: Some(id),
        offence,
        account,
        role: Some(role),
        job,
        waterfall,
        terms: Box::new(terms),
    });
}

/// Ends a slash; its row leaves when those of a job that closes now do.
fn close(cx: &mut Context<'_>, id: SlashId, state: fn(Height) -> SlashState) {
    clear_stay(cx, id);
    let (version, operator) = {
        let slash = cx.state.slashing.slash(id);
        (slash.params, slash.operator)
    };
    wait(cx, operator, |waiting| waiting.saturating_sub(1));
    let leaves = cx.now().after(cx.params().market().retention_blocks);
    cx.state.timers.set(leaves, Timer::RetireSlash(id));
    cx.state.slashing.set_state(id, state(leaves));
    let row = cx.state.slashing.slash_mut(id);
    (row.claims, row.taken, row.standings) = (Claims::default(), Vec::new(), Vec::new());
    cx.state.params.unpin(version);
}

/// Undoes a slash that waits: every unit, the standings, the strike and what the name lost. Nobody
/// is asked for money: all that was taken still lies in the slash's own pot.
pub(crate) fn reverse(cx: &mut Context<'_>, id: SlashId) {
    let slash = cx.state.slashing.slash(id).clone();
    let amount = cx.state.ledger.balance(Pot::Slash(id));
    let mut insured = Amount::ZERO;
    for &(pot, part) in &slash.taken {
        // An entry that was paid out meanwhile is there no more; its bond is.
        let gone = matches!(pot, Pot::Unbonding(entry) if cx.state.unbonding(entry).is_none());
        if matches!(pot, Pot::Delegated(_) | Pot::Exit(_) | Pot::Moved(_)) {
            let left = staking::acts::delegated::restore(cx, id, pot, part);
            insured = insured.saturating_add(left);
            continue;
        }
        let to = if gone { Pot::Bond(slash.operator) } else { pot };
        cx.pay(Pot::Slash(id), to, part, Reason::SlashReversed);
        if matches!(to, Pot::Vesting(_)) {
            rewards::acts::restore(cx, slash.operator, part);
        }
        if matches!(to, Pot::Bond(_)) {
            let stake = cx.state.staking.operator(slash.operator).stake.checked_add(part);
            let stake = stake.expect("parts of the supply");
            staking::acts::set_stake(cx, slash.operator, stake);
        }
    }
    let params = cx.state.params.at(slash.params).clone();
    let (now, halflife) = (cx.epoch(), params.slashing().strike_halflife_epochs.count());
    let then = slash.mark.1;
    cx.state.staking.operator_mut(slash.operator).unstrike(now, then, halflife);
    let consequences = slash.offence.consequences(params.slashing());
    reputation::acts::unmark(cx, slash.operator, consequences.dimension, slash.mark, &params);
    restore_name(cx, id, &slash, &params);
    insurance::acts::give_back(cx, id);
    close(cx, id, SlashState::Reversed);
    let account = slash.account;
    cx.journal.push(Event::SlashReversed { slash: id, account, amount, insured });
}

/// Gives back the standings and what the name had carried. What the next conviction that waits
/// would have taken as well goes to that one, and comes back if it is undone, too.
fn restore_name(cx: &mut Context<'_>, id: SlashId, slash: &Slash, params: &Params) {
    let later = cx.state.slashing.later(slash.account, id);
    for &(operator, standing) in &slash.standings {
        restore_standing(cx, &later, operator, standing);
    }
    let (lost, reputation) = ((slash.carried, slash.mark.1), params.reputation());
    let alike = |other: &SlashId| cx.state.slashing.slash(*other).operator == slash.operator;
    let Some(next) = later.into_iter().find(alike) else {
        let now = cx.epoch();
        cx.state.reputation.regain_carried(slash.operator, lost, now, reputation);
        return;
    };
    let row = cx.state.slashing.slash_mut(next);
    let left = reputation::left_of(lost, row.mark.1, reputation);
    row.carried = row.carried.saturating_add(left);
}

/// An operator that is jailed stands as it would have without a conviction, or is jailed as long as
/// a later one that waits says.
fn restore_standing(
    cx: &mut Context<'_>,
    later: &[SlashId],
    operator: OperatorId,
    standing: Standing,
) {
    let mut wanted = standing;
    let mut is_first = true;
    for id in later {
        let until = jailed_until(cx, *id);
        let rows = &mut cx.state.slashing.slash_mut(*id).standings;
        let Some((_, before)) = rows.iter_mut().find(|(own, _)| *own == operator) else { continue };
        wanted = wanted.or_jailed(until);
        if is_first && matches!(before, Standing::Jailed(_)) {
            *before = standing;
        }
        is_first = false;
    }
    let now = cx.state.staking.operator(operator).standing;
    if matches!(now, Standing::Jailed(_)) && now != wanted {
        staking::acts::set_standing(cx, operator, wanted);
    }
}

/// How long a conviction that waits jails.
fn jailed_until(cx: &Context<'_>, id: SlashId) -> Epoch {
    let slash = cx.state.slashing.slash(id);
    slash.mark.1.after(cx.state.params.at(slash.params).staking().jail_epochs)
}

/// A conviction that stands keeps what earlier ones that wait took before it and it would have
/// taken without them: undoing those gives that back no more.
fn stand(cx: &mut Context<'_>, id: SlashId) {
    let slash = cx.state.slashing.slash(id);
    let (operator, account) = (slash.operator, slash.account);
    let consequences = slash.offence.consequences(cx.params().slashing());
    let earlier = cx.state.slashing.earlier(account, id);
    if consequences.jails {
        stay_jailed(cx, &earlier, jailed_until(cx, id));
    }
    for earlier in earlier {
        let row = cx.state.slashing.slash_mut(earlier);
        if consequences.dimension == Dimension::Correctness && row.operator == operator {
            row.carried = Amount::ZERO;
        }
    }
}

/// Without these convictions, too, their account would be jailed.
fn stay_jailed(cx: &mut Context<'_>, waiting: &[SlashId], until: Epoch) {
    for id in waiting {
        for (_, standing) in &mut cx.state.slashing.slash_mut(*id).standings {
            *standing = standing.or_jailed(until);
        }
    }
}

/// A requester did what no deposit is large enough for: its tier of access gives it nothing until
/// it asks for release. Its other roles answer for their own work.
pub(crate) fn suspend_access(cx: &mut Context<'_>, account: AccountId, params: &Params) {
    let Some(operator) = cx.state.operator_id(account, Role::Access) else { return };
    let until = cx.epoch().after(params.staking().jail_epochs);
    jail_one(cx, (Role::Access, operator), until);
    // No conviction did it, so nothing undoes it.
    for id in cx.state.slashing.waiting(account) {
        let standings = &mut cx.state.slashing.slash_mut(id).standings;
        for (_, standing) in standings.iter_mut().filter(|(own, _)| *own == operator) {
            *standing = standing.or_jailed(until);
        }
    }
}

/// `share` of all that is free, delegated stake included, and `owed`: out of the operator's own
/// rewards that have not vested and free bond, then out of unbonding entries queued since
/// `accepted_at`, which still answer for it; then what is `share` of delegated stake out of the
/// operator's other entries, and what these do not cover out of the pool and its exits, in
/// proportion (C5), as far as delegated stake answers.
fn out_of_bond(
    cx: &mut Context<'_>,
    (operator, accepted_at): (OperatorId, Height),
    (share, owed): (Ratio, Amount),
    params: &Params,
) -> (Vec<(Pot, Amount)>, Taken) {
    let unvested = (Pot::Vesting(operator), rewards::acts::unvested(cx, operator));
    let with = |pot: Pot| (pot, cx.state.ledger.balance(pot));
    let entries = cx.state.staking.operator(operator).unbondings.iter().copied();
    let (liable, earlier): (Vec<_>, Vec<_>) =
        entries.partition(|id| cx.state.staking.unbonding(*id).queued_at >= accepted_at);
    let own = core::iter::once(Pot::Bond(operator)).chain(liable.into_iter().map(Pot::Unbonding));
    let own: Vec<(Pot, Amount)> = own.map(with).collect();
    let others = staking::acts::delegated::liable(cx.state, operator, accepted_at);
    let taken = Taken { lock: owed, share, free: sum(&own), delegated: sum(&others) };
    let of_others = slashing::of_free_bond(share, taken.delegated);
    let mut sources = Vec::new();
    // Rewards that have not vested go first, but a share is of what is bonded.
    let first: Vec<(Pot, Amount)> = core::iter::once(unvested).chain(own).collect();
    let wanted = take_in_turn(&first, taken.wanted(), &mut sources);
    // An operator that takes its own out first would bet what others have put behind it.
    let earlier: Vec<(Pot, Amount)> = earlier.into_iter().map(Pot::Unbonding).map(with).collect();
    let wanted = take_in_turn(&earlier, wanted.min(of_others), &mut sources);
    let mut wanted = wanted.min(params.slashing().delegated_answers.amount_ceil(of_others));
    let mut left = sum(&others);
    for (pot, there) in others {
        // Up: the last takes what is left, so that the parts add up.
        let part = there.share_ceil(wanted.units(), left.units()).unwrap_or(Amount::ZERO);
        wanted = wanted.saturating_sub(part);
        left = left.saturating_sub(there);
        sources.push((pot, part));
    }
    (sources, taken)
}

/// Adds what the pots have of `wanted`, one after the other; returns what they lack.
fn take_in_turn(
    pots: &[(Pot, Amount)],
    mut wanted: Amount,
    sources: &mut Vec<(Pot, Amount)>,
) -> Amount {
    for &(pot, there) in pots {
        let part = wanted.min(there);
        wanted = wanted.saturating_sub(part);
        if !part.is_zero() {
            sources.push((pot, part));
        }
    }
    wanted
}

fn sum(pots: &[(Pot, Amount)]) -> Amount {
    pots.iter().fold(Amount::ZERO, |sum, (_, amount)| sum.saturating_add(*amount))
}

/// Jails for what is no conviction, so nothing undoes it: whoever has one undone stays jailed.
pub(crate) fn jail_for_itself(cx: &mut Context<'_>, operator: OperatorId, params: &Params) {
    jail(cx, operator, params);
    let account = cx.state.staking.operator(operator).account;
    let waiting = cx.state.slashing.waiting(account);
    stay_jailed(cx, &waiting, cx.epoch().after(params.staking().jail_epochs));
}

/// No new work for any of the account's operators until it asks for release: who lied about work
/// does not judge. Returns how each stood before.
fn jail(
    cx: &mut Context<'_>,
    operator: OperatorId,
    params: &Params,
) -> Vec<(OperatorId, Standing)> {
    let until = cx.epoch().after(params.staking().jail_epochs);
    let account = cx.state.staking.operator(operator).account;
    let operators = cx.state.accounts.account(account).operators.clone();
    let mut before = Vec::new();
    for (role, id) in operators {
        before.push((id, cx.state.staking.operator(id).standing));
        jail_one(cx, (role, id), until);
    }
    before
}

fn jail_one(cx: &mut Context<'_>, (role, id): (Role, OperatorId), until: Epoch) {
    let row = cx.state.staking.operator(id);
    let account = row.account;
    match row.standing {
        Standing::Tombstoned => return,
        Standing::Jailed(already) if already >= until => return,
        Standing::Active | Standing::Jailed(_) => {}
    }
    staking::acts::set_standing(cx, id, Standing::Jailed(until));
    cx.journal.push(Event::Jailed { operator: id, account, role, until });
}

#[cfg(test)]
mod tests;
