//! Keep data: bytes are to be kept for a time, paid in advance.

use crate::{
    command::KeepData,
    context::Context,
    event::Event,
    ids::AccountId,
    ledger::Reason,
    next::Next,
    num::{Amount, Blocks},
    state::State,
    storage::{BLOCK_KIB, Keep, KeepDataRejected, price},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &KeepData,
) -> Result<Next, KeepDataRejected> {
    let KeepData { root, kibibytes, blocks, price_max } = *command;
    let params = *cx.params().storage();
    let used_kib = cx.state.storage.used_kib;
    let max = params.keep_blocks_max;
    if kibibytes == 0 {
        return Err(KeepDataRejected::SizeMustBePositive);
    }
    if !kibibytes.is_multiple_of(BLOCK_KIB) {
        let (wanted_kib, block_kib) = (kibibytes, BLOCK_KIB);
        return Err(KeepDataRejected::SizeMustBeWholeBlocks { wanted_kib, block_kib });
    }
    if blocks == Blocks::new(0) {
        return Err(KeepDataRejected::TimeMustBePositive);
    }
    if blocks > max {
        return Err(KeepDataRejected::TooLong { wanted: blocks, max });
    }
    let Some(cost) = cost(cx.state, command) else {
        let (wanted_kib, free_kib) = (u64::from(kibibytes), params.room_kib());
        let free_kib = free_kib.saturating_sub(used_kib);
        return Err(KeepDataRejected::RoomFull { wanted_kib, free_kib });
    };
    if cost > price_max {
        return Err(KeepDataRejected::ExceedsPriceMax { price: cost, max: price_max });
    }
    let free = cx.state.ledger.free(signer);
    if cost > free {
        return Err(KeepDataRejected::ExceedsFree { wanted: cost, free });
    }
    // From here on the command must succeed.
    let (from, fire) = (cx.free_pot(signer), cx.fire());
    cx.pay(from, fire, cost, Reason::StorageFee);
    let until = cx.now().after(blocks);
    let keep = cx.state.storage.add(Keep { account: signer, root, kibibytes, until });
    cx.state.timers.set_lapse(until.after(Blocks::new(1)), keep);
    cx.journal.push(Event::DataKept { keep, account: signer, root, kibibytes, until, price: cost });
    Ok(Next::Nothing)
}

/// What is paid; nothing if there is no room.
pub(crate) fn cost(state: &State, command: &KeepData) -> Option<Amount> {
    let KeepData { kibibytes, blocks, .. } = *command;
    price(state.params().storage(), state.storage.used_kib, kibibytes, blocks)
}
