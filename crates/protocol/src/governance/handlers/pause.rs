//! Pause: the guardian stops new jobs or new delegations for a while, or lets them in again.
//!
//! Law: of any window a lane is paused for one pause at most (M32); clocks run on, and whoever has
//! money, work or a dispute here goes on as if nothing was paused.

use crate::{
    command,
    context::Context,
    event::Event,
    governance::{Pause, PauseRejected},
    ids::AccountId,
    next::Next,
    num::{Blocks, Height},
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    asked: &command::Pause,
) -> Result<Next, PauseRejected> {
    let command::Pause { lane, blocks } = *asked;
    let guardian = cx.state.guard().guardian.filter(|(account, _)| *account == signer);
    let (_, sunset) = guardian.ok_or(PauseRejected::NotGuardian)?;
    let now = cx.now();
    if now >= sunset {
        return Err(PauseRejected::SunsetPassed { sunset, now });
    }
    let pause = if blocks == Blocks::ZERO {
        let last = cx.state.last_pause(lane).filter(|last| now < last.until);
        let last = last.ok_or(PauseRejected::NotPaused)?;
        Pause { until: now, ..last }
    } else {
        begin(cx, blocks, cx.state.last_pause(lane), sunset)?
    };
    // From here on the command must succeed.
    cx.state.governance.pauses.set(lane, pause);
    cx.journal.push(Event::LanePaused { lane, until: pause.until });
    Ok(Next::Nothing)
}

/// A pause that begins now, if one may.
fn begin(
    cx: &Context<'_>,
    wanted: Blocks,
    last: Option<Pause>,
    sunset: Height,
) -> Result<Pause, PauseRejected> {
    let (rules, now) = (cx.params().governance(), cx.now());
    let max = rules.pause_blocks_max;
    if wanted > max {
        return Err(PauseRejected::TooLong { wanted, max });
    }
    let next = last.map_or(now, |last| last.since.after(rules.pause_window_blocks));
    if now < next {
        return Err(PauseRejected::TooSoon { next, now });
    }
    Ok(Pause { since: now, until: now.after(wanted).min(sunset) })
}
