//! What several verbs do with parcels of moved stake: open, close and join them.
//!
//! Law: a bound parcel is on its source's and its target's list, and on no other.
//! Not here: what a parcel answers for (`delegated`).

use crate::{
    context::Context,
    event::Event,
    ids::{MoveId, OperatorId},
    ledger::{Pot, Reason},
    num::{Claim, Epoch, Epochs, Index, SharePool},
    staking::{Move, MoveStage},
    timers::Timer,
};

/// Opens a parcel on its way from one operator to another.
pub(crate) fn open(
    cx: &mut Context<'_>,
    (source, target): (OperatorId, OperatorId),
    matures: Epoch,
) -> MoveId {
    let row = Move {
        source,
        target,
        shares: SharePool::default(),
        index: Index::ZERO,
        moved_at: cx.now(),
        matures,
        due: matures,
        stage: MoveStage::Bound,
        holders: 0,
    };
    let id = MoveId::from_index(cx.state.staking.moves.push(row));
    cx.state.ledger.open_move();
    cx.state.staking.delegation_pool_mut(source).moves_out.push(id);
    cx.state.staking.delegation_pool_mut(target).moves_in.push(id);
    cx.state.timers.set_epoch(matures, Timer::Move(id));
    id
}

/// A parcel answers for its source no more and joins its target's pool; an epoch later, if a slash
/// of either may still be undone and it has not waited long for that, or if the pool has lost so
/// much that it buys no share.
pub(crate) fn settle(cx: &mut Context<'_>, id: MoveId) {
    let Move { source, target, shares, due, .. } = *cx.state.staking.moved(id);
    let is_slashed = |operator| cx.state.staking.delegation_pool(operator).slashes_waiting > 0;
    let params = cx.params();
    let most = due.after(params.slashing().engine_hold_epochs).after(params.appeal_wait());
    let may_wait = cx.epoch() < most;
    let waits = may_wait && (is_slashed(source) || is_slashed(target));
    let mut pool = cx.state.staking.delegation_pool(target).shares;
    let amount = shares.amount();
    let joined = pool.mint_floor(&mut Claim::default(), amount);
    let joined = joined.and_then(|joined| {
        let joined = crate::num::Amount::new(joined.count())?;
        shares.exchanged(joined)
    });
    let (Some(joined), false) = (joined, waits) else {
        let later = cx.epoch().after(Epochs::new(1));
        cx.state.staking.moved_mut(id).matures = later;
        cx.state.timers.set_epoch(later, Timer::Move(id));
        return;
    };
    let row = cx.state.staking.delegation_pool_mut(target);
    row.shares = pool;
    let stage = MoveStage::Joined(row.index, pool.generation());
    close(cx, id, stage);
    cx.state.staking.moved_mut(id).shares = joined;
    cx.pay(Pot::Moved(id), Pot::Delegated(target), amount, Reason::RedelegationSettled);
    cx.state.ledger.retire_move(id.index());
    cx.journal.push(Event::RedelegationSettled { parcel: id, operator: target, amount });
}

/// Forgets the empty pot of a parcel that a slash closed.
pub(crate) fn drop_if_lost(cx: &mut Context<'_>, id: MoveId) {
    if cx.state.staking.moved(id).stage == MoveStage::Lost {
        cx.state.ledger.retire_move(id.index());
    }
}

/// Takes a parcel off both lists.
pub(crate) fn close(cx: &mut Context<'_>, id: MoveId, stage: MoveStage) {
    let row = cx.state.staking.moved_mut(id);
    let (source, target, matures) = (row.source, row.target, row.matures);
    row.stage = stage;
    cx.state.staking.delegation_pool_mut(source).moves_out.retain(|other| *other != id);
    cx.state.staking.delegation_pool_mut(target).moves_in.retain(|other| *other != id);
    cx.state.timers.clear_epoch(matures, Timer::Move(id));
}
