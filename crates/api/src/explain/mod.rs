//! Sentences: what each refusal means and what to do about it.
//!
//! Each room of the rules has a file of its name here, and each command a function of its verb.
//!
//! Law: matches are complete, so that a new refusal cannot be left without words; a detail shows
//! both numbers, a hint is an instruction.
//! Not here: codes and fields (`refusal`).

mod accounts;
mod chain;
mod credits;
mod governance;
mod grants;
mod insurance;
mod market;
mod prices;
mod rewards;
mod staking;
mod storage;
mod verification;

use earnest_protocol::{Amount, Ratio, Rejected, command::Scope, for_each_command, market::Phase};

use crate::{decimal, words};

pub(crate) use chain::{block, genesis};

/// What is wrong, and what to do next.
pub(crate) type Words = (String, &'static str);

macro_rules! words {
    (($rejected:ident) $(($name:ident $room:ident $verb:ident $refusal:ident))+) => {
        match *$rejected {
            Rejected::Transaction(rejected) => chain::transaction(rejected),
            $(Rejected::$name(rejected) => $room::$verb(rejected),)+
        }
    };
}

/// The words for a refused transaction or command: those of the command's verb in its room.
pub(crate) fn rejected(rejected: &Rejected) -> Words {
    for_each_command!(words, (rejected))
}

fn say(detail: impl Into<String>, hint: &'static str) -> Words {
    (detail.into(), hint)
}

/// In tokens; programs find base units among the refusal's numbers.
fn money(amount: Amount) -> String {
    let unit = if amount == Amount::tokens(1) { "token" } else { "tokens" };
    format!("{} {unit}", decimal(amount.units(), 9))
}

/// A ratio in per cent, exactly.
fn percent(ratio: Ratio) -> String {
    format!("{} %", decimal(ratio.parts(), 7))
}

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Provide => "run jobs for its account",
        Scope::Audit => "audit results for its account",
        Scope::Request => "have jobs run for its account",
    }
}

fn job_not_found() -> Words {
    say(
        "There is no such job, or it closed so long ago that its rows have left the state",
        "Check the job's number and that you talk to the right network.",
    )
}

fn wrong_phase(phase: Phase, wanted: &str) -> Words {
    let hint = match phase {
        Phase::Closed => "The job is over; look at its outcome and reason.",
        _ => "Read the job's phase and the height until which it lasts, and act in its turn.",
    };
    say(format!("The job is {}, but must be {wanted}", words::phase(phase)), hint)
}

fn may_not_work() -> Words {
    say(
        "This operator may not take new work: it is jailed, tombstoned, or below its least stake",
        "Look at its standing: ask for release from jail, or bond more.",
    )
}

fn outside_set(stake: Amount, needed: Amount) -> Words {
    say(
        format!(
            "This operator waits for a place in its active set: it has {} at stake, and {} takes \
             one now",
            money(stake),
            money(needed)
        ),
        "Bond more, or wait until a place is free; what it took on before goes on.",
    )
}

/// Of what pays, as all is but bonds, delegations and transfers.
fn exceeds_free(what: &str, wanted: Amount, free: Amount) -> Words {
    exceeds_free_of("the asset that pays", what, wanted, free)
}

fn exceeds_free_of(asset: &str, what: &str, wanted: Amount, free: Amount) -> Words {
    let (wanted, free) = (money(wanted), money(free));
    let detail = format!("{what} {wanted}, but the account has {free} free of {asset}");
    say(detail, "Fund the account, wait for locks to return, or ask for less.")
}

fn exceeds_free_bond(what: &str, wanted: Amount, free_bond: Amount) -> Words {
    let (wanted, free) = (money(wanted), money(free_bond));
    let detail = format!("{what} {wanted}, but {free} of the bond are free");
    say(detail, "Bond more, or wait until open jobs release what they lock.")
}

fn seal_mismatch(what: &str) -> Words {
    say(
        format!("{what} is not what was sealed"),
        "Open exactly what was sealed, with the same salt, for this job and network.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_ratios_are_written_exactly() {
        let amount = |units| money(Amount::new(units).unwrap());
        assert_eq!(amount(0), "0 tokens");
        assert_eq!(amount(1), "0.000000001 tokens");
        assert_eq!(amount(12_500_000_000), "12.5 tokens");
        assert_eq!(percent(Ratio::percent(5)), "5 %");
        assert_eq!(percent(Ratio::new(123_456_789).unwrap()), "12.3456789 %");
    }
}
