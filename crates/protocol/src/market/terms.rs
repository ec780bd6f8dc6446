//! What parameters allow a job to ask.
//!
//! Not here: what depends on who posts it and on the state (`handlers::post_job`).

use super::PostJobRejected;
use crate::{
    command::{PostJob, ProgramForm, Task, Visibility},
    num::Gas,
    params::Params,
};

/// Whether terms are within what parameters allow, whoever posts them and whatever the state.
///
/// # Errors
/// The first that is not, with the range.
pub fn check_terms(terms: &PostJob, params: &Params) -> Result<(), PostJobRejected> {
    let (task, market, verification) = (&terms.task, params.market(), params.verification());
    if terms.visibility == Visibility::Sealed {
        return Err(PostJobRejected::SealedNotServed);
    }
    let (wanted, max) = (task.steps, market.steps_max);
    if wanted == 0 || wanted > max {
        return Err(PostJobRejected::StepsOutOfRange { wanted, min: 1, max });
    }
    let (wanted, mut max) = (task.chunk_count, market.chunks_max);
    if task.form != ProgramForm::Stepwise {
        max = max.min(ProgramForm::CHUNKS_MAX);
    }
    if wanted > max {
        return Err(PostJobRejected::TooManyChunks { wanted, max });
    }
    let (wanted, min, max) = (task.step_gas_max, Gas::new(1), market.step_gas_max);
    if wanted < min || wanted > max {
        return Err(PostJobRejected::StepGasOutOfRange { wanted, min, max });
    }
    // Every step costs something before its first instruction: a bound below that is no bound.
    let least = Gas::new(task.steps.saturating_mul(market.step_gas_least.count()));
    let (wanted, min, max) = (task.gas_bound, task.step_gas_max.max(least), market.work_bound_max);
    if wanted < min || wanted > max {
        return Err(PostJobRejected::WorkBoundOutOfRange { wanted, min, max });
    }
    if let ProgramForm::Paged(output_kib) = task.form {
        check_paged(task, output_kib, market.output_kib_max())?;
    }
    let (wanted, min, max) =
        (terms.deadline_blocks, market.deadline_blocks_min, market.deadline_blocks_max);
    if wanted < min || wanted > max {
        return Err(PostJobRejected::DeadlineOutOfRange { wanted, min, max });
    }
    if terms.price_max.is_zero() {
        return Err(PostJobRejected::PriceMustBePositive);
    }
    let (wanted, min) = (terms.audit_rate, verification.audit_min);
    if wanted < min {
        return Err(PostJobRejected::AuditRateTooLow { wanted, min });
    }
    let (wanted, max) = (terms.auditors, verification.auditors_max);
    if wanted == 0 || wanted > max {
        return Err(PostJobRejected::AuditorsOutOfRange { wanted, min: 1, max });
    }
    Ok(())
}

/// Whether the bounds of a paged task are those that its work bound asks for.
fn check_paged(task: &Task, output_kib: u32, max_kib: u32) -> Result<(), PostJobRejected> {
    let (wanted, must) = (task.step_gas_max, ProgramForm::STEP_GAS);
    if wanted != must {
        return Err(PostJobRejected::StepGasNotPaged { wanted, must });
    }
    let (wanted, must) = (task.steps, ProgramForm::steps_of(task.gas_bound));
    if wanted != must {
        return Err(PostJobRejected::StepsNotPaged { wanted, must });
    }
    let (wanted_kib, min_kib) = (output_kib, 1);
    if wanted_kib < min_kib || wanted_kib > max_kib {
        return Err(PostJobRejected::OutputOutOfRange { wanted_kib, min_kib, max_kib });
    }
    Ok(())
}
