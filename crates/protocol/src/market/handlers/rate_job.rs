//! Rate: who paid for a job says whether it would ask its provider again.

use crate::{
    command::{RateJob, Rating},
    context::Context,
    event::Event,
    ids::{AccountId, JobId},
    market::{Outcome, RateJobRejected, acts},
    next::Next,
    num::Factor,
    params::Params,
    reputation::{self, Dimension, weigh_success},
    state::State,
    timers::Timer,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &RateJob,
) -> Result<Next, RateJobRejected> {
    let RateJob { job: id, rating } = *command;
    if cx.state.market.phase(id).is_none() {
        return Err(RateJobRejected::JobNotFound);
    }
    let params = cx.pinned(id);
    if !params.reputation().counts_ratings() {
        return Err(RateJobRejected::RatingsOff);
    }
    let (job, order) = (cx.state.market.job(id), cx.state.market.order(id));
    if order.requester != signer {
        return Err(RateJobRejected::NotRequester);
    }
    let paid = job.closed.as_deref().filter(|closed| closed.outcome == Outcome::Accepted);
    let closed = *paid.ok_or(RateJobRejected::NotPaid)?;
    let (height, last) = (cx.now(), closed.at.after(params.reputation().rating_blocks));
    if height > last {
        return Err(RateJobRejected::TooLate { height, last });
    }
    if closed.rated.is_some() {
        return Err(RateJobRejected::AlreadyRated);
    }
    let weight = weight(cx.state, id, &params);
    if weight == Factor::ZERO {
        return Err(RateJobRejected::WeighsNothing);
    }
    let live = *job.assignments.last().expect("a paid job was assigned");
    let (operator, provider) = {
        let assignment = cx.state.market.assignment(live);
        (assignment.operator, assignment.account)
    };
    let limit = params.reputation().rating_pair_max;
    let left = match cx.state.reputation.said(signer, operator) {
        Some(said) if said.weight >= limit => {
            return Err(RateJobRejected::PairAtLimit { limit, until: said.leaves });
        }
        Some(said) => limit.saturating_sub(said.weight),
        None => limit,
    };
    // From here on the command must succeed.
    let weight = weight.min(left);
    let leaves = cx.epoch().after(params.reputation().rating_pair_epochs);
    if let Some(rater) = cx.state.reputation.say((signer, operator), weight, leaves) {
        cx.state.timers.set_epoch(leaves, Timer::Rater(rater));
    }
    let closed = cx.state.market.job_mut(id).closed.as_mut().expect("it was paid, as found above");
    closed.rated = Some(rating);
    let account = signer;
    cx.journal.push(Event::JobRated { job: id, account, provider, operator, rating, weight });
    let said = (Dimension::Ratings, rating == Rating::Good);
    reputation::acts::note(cx, operator, said, weight, &params);
    Ok(Next::Nothing)
}

/// What a paid job weighs: what its payment says for its provider, too.
fn weight(state: &State, id: JobId, params: &Params) -> Factor {
    let live = state.market.job(id).assignments.last();
    let live = *live.expect("a paid job was assigned");
    let split = acts::price_terms(state, live).split();
    weigh_success(split.due, split.burnt, params.reputation())
}
