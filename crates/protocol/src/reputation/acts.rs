//! What several stories do with a record: book an event and say what the score came to.

use crate::{
    context::Context,
    event::Event,
    ids::OperatorId,
    num::{Epoch, Factor},
    params::Params,
    reputation::{Dimension, Note},
};

/// Books one event of an operator's record.
pub(crate) fn note(
    cx: &mut Context<'_>,
    operator: OperatorId,
    (dimension, success): (Dimension, bool),
    weight: Factor,
    params: &Params,
) {
    note_all(cx, operator, &[Note { dimension, success, weight }], params);
}

/// Takes back a failure that was booked for nothing, as much as is left of it.
pub(crate) fn unmark(
    cx: &mut Context<'_>,
    operator: OperatorId,
    dimension: Dimension,
    mark: (Factor, Epoch),
    params: &Params,
) {
    let now = cx.epoch();
    let score = cx.state.reputation.unmark((operator, dimension), mark, now, params.reputation());
    let account = cx.state.staking.operator(operator).account;
    cx.journal.push(Event::ReputationChanged { operator, account, score });
}

/// Books several events at once.
pub(crate) fn note_all(
    cx: &mut Context<'_>,
    operator: OperatorId,
    notes: &[Note],
    params: &Params,
) {
    let now = cx.epoch();
    let score = cx.state.reputation.note(operator, notes, now, params.reputation());
    let account = cx.state.staking.operator(operator).account;
    cx.journal.push(Event::ReputationChanged { operator, account, score });
}
