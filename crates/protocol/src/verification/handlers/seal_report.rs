//! Seal: a finder binds itself to the report of a leaked result before it publishes it, so that
//! whoever sees the report on its way cannot have been first.

use crate::{
    command::SealReport, context::Context, event::Event, ids::AccountId, next::Next,
    verification::SealReportRejected,
};

pub(crate) fn handle(
    cx: &mut Context<'_>,
    signer: AccountId,
    command: &SealReport,
) -> Result<Next, SealReportRejected> {
    let now = cx.now();
    let account = cx.state.accounts.account(signer);
    if account.report.as_ref().is_some_and(|report| report.0 == command.seal) {
        return Err(SealReportRejected::AlreadySealed);
    }
    // From here on the command must succeed.
    cx.state.accounts.account_mut(signer).report =
        Some(alloc::boxed::Box::new((command.seal, now)));
    cx.journal.push(Event::ReportSealed { account: signer });
    Ok(Next::Nothing)
}
