//! Delegating, leaving, staying after all, and withdrawing.

use earnest_protocol::{
    Amount, Command, Epoch, Epochs, Factor, Ratio, RawParams, Role,
    command::*,
    market::Phase,
    staking::{
        CancelUndelegationRejected, DelegateRejected, RedelegateRejected, SetCommissionRejected,
        UndelegateRejected, WithdrawDelegationRejected,
    },
};
use earnest_testkit::world::root;

use crate::{Row, row, world::World};

const ROLE: Role = Role::Provider;

fn allowed(raw: &mut RawParams) {
    raw.staking.delegation_max = Factor::ONE;
}

fn delegate(world: &World, to: &str, tokens: u64) -> Command {
    let (operator, amount) = (world.id(to), Amount::tokens(tokens));
    Command::Delegate(Delegate { operator, role: ROLE, amount })
}

/// A name delegates to an operator, which takes it.
fn join(world: &mut World, name: &str, to: &str, tokens: u64) {
    world.opens(to, ROLE);
    world.ok(name, delegate(world, to, tokens));
}

fn undelegate(world: &World, tokens: u64) -> Command {
    let (operator, amount) = (world.id("P1"), Amount::tokens(tokens));
    Command::Undelegate(Undelegate { operator, role: ROLE, amount })
}

fn cancel(world: &World) -> Command {
    Command::CancelUndelegation(CancelUndelegation { operator: world.id("P1"), role: ROLE })
}

fn withdraw(world: &World) -> Command {
    Command::WithdrawDelegation(WithdrawDelegation { operator: world.id("P1"), role: ROLE })
}

/// W has 10 tokens with P1, of which 5 leave.
fn leaving(world: &mut World) {
    join(world, "W", "P1", 10);
    world.ok("W", undelegate(world, 5));
}

/// One abandonment jails P1.
fn jail(world: &mut World) {
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.until_phase(job, Phase::Closed);
}

/// W's 5 tokens leave while P1, with hardly anything free of its own, works on a result that is
/// wrong.
fn convicted_while_some_leaves(world: &mut World) {
    join(world, "W", "P1", 100);
    let amount = Amount::tokens(49_996);
    world.ok("P1", Command::Unbond(Unbond { role: ROLE, amount }));
    world.blocks(50 * 101);
    let job = world.post(world.terms());
    world.bid("P1", job, 10);
    world.until_phase(job, Phase::RevealingBids);
    world.open_bid("P1", job, 10);
    world.until_phase(job, Phase::Offered);
    world.block();
    world.ok("P1", Command::AcceptJob(AcceptJob { job }));
    world.ok("W", undelegate(world, 5));
    let wrong = root(Some(3));
    world.commit("P1", job, wrong);
    world.audit(job, root(None));
    world.reveal("P1", job, wrong, root(None));
    world.play("P1", job, 3, true);
}

/// P1 is convicted, serves its time and works again while the slash still waits.
fn slash_waits(world: &mut World) {
    let (job, wrong) = (world.assign(world.terms(), &[("P1", 10)]), root(Some(3)));
    world.commit("P1", job, wrong);
    world.audit(job, root(None));
    world.reveal("P1", job, wrong, root(None));
    world.play("P1", job, 3, true);
    world.blocks(101);
    world.ok("P1", Command::Unjail(Unjail { role: ROLE }));
}

fn patient(raw: &mut RawParams) {
    allowed(raw);
    raw.slashing.engine_stay_epochs = Epochs::new(20);
    raw.slashing.engine_hold_epochs = Epochs::new(40);
}

fn free_less_fee(tokens: u64) -> Amount {
    Amount::tokens(tokens).checked_sub(Amount::new(1_000).expect("small")).expect("more than a fee")
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = joining();
    rows.extend(leaving_rows());
    rows.extend(moving());
    rows.extend(moving_to());
    rows.extend(staying_rows());
    rows.extend(commission_rows());
    rows
}

fn redelegate(world: &World, from: &str, to: &str, tokens: u64) -> Command {
    let (source, target) = (world.id(from), world.id(to));
    let amount = Amount::tokens(tokens);
    Command::Redelegate(Redelegate { source, target, role: ROLE, amount })
}

fn half() -> Amount {
    Amount::new(500_000_000).expect("small")
}

fn moving() -> Vec<Row> {
    let tokens = Amount::tokens;
    vec![
        row(RedelegateRejected::BelowMinimum { wanted: tokens(0), minimum: tokens(1) }, |world| {
            ("W", redelegate(world, "P1", "P2", 0))
        }),
        row(RedelegateRejected::NotDelegated, |world| ("W", redelegate(world, "P1", "P2", 1))),
        row(RedelegateRejected::SameOperator, |world| {
            join(world, "W", "P1", 10);
            ("W", redelegate(world, "P1", "P1", 1))
        })
        .under(allowed),
        row(RedelegateRejected::StillBound { wanted: tokens(6), free: tokens(5) }, |world| {
            join(world, "W", "P1", 5);
            join(world, "W", "P2", 5);
            world.ok("W", redelegate(world, "P1", "P2", 5));
            ("W", redelegate(world, "P2", "P3", 6))
        })
        .under(allowed),
        row(
            RedelegateRejected::ExceedsDelegation { wanted: tokens(11), delegated: tokens(10) },
            |world| {
                join(world, "W", "P1", 10);
                ("W", redelegate(world, "P1", "P2", 11))
            },
        )
        .under(allowed),
        row(RedelegateRejected::RestBelowMinimum { rest: half(), minimum: tokens(1) }, |world| {
            join(world, "W", "P1", 10);
            let (source, target) = (world.id("P1"), world.id("P2"));
            let amount = Amount::tokens(10).saturating_sub(half());
            let part = Redelegate { source, target, role: ROLE, amount };
            ("W", Command::Redelegate(part))
        })
        .under(allowed),
        row(RedelegateRejected::NotAnOperator, |world| {
            join(world, "W", "P1", 10);
            ("W", redelegate(world, "P1", "X", 1))
        })
        .under(allowed),
    ]
}

fn moving_to() -> Vec<Row> {
    let tokens = Amount::tokens;
    vec![
        row(RedelegateRejected::MayNotWork, |world| {
            join(world, "W", "P2", 10);
            jail(world);
            ("W", redelegate(world, "P2", "P1", 1))
        })
        .under(|raw| {
            allowed(raw);
            raw.staking.abandonments_to_jail = 1;
        }),
        row(RedelegateRejected::DelegationsAtLimit { limit: 1 }, |world| {
            join(world, "W", "P1", 10);
            ("W", redelegate(world, "P1", "P2", 1))
        })
        .under(|raw| {
            allowed(raw);
            raw.staking.delegations_max = 1;
        }),
        row(RedelegateRejected::KeepsEverything, |world| {
            join(world, "W", "P1", 10);
            ("W", redelegate(world, "P1", "P2", 1))
        })
        .under(allowed),
        row(RedelegateRejected::SlashWaits, |world| {
            world.opens("P1", ROLE);
            join(world, "W", "P2", 10);
            slash_waits(world);
            ("W", redelegate(world, "P2", "P1", 1))
        })
        .under(patient),
        row(
            RedelegateRejected::ExceedsCap { total: tokens(50_001), max: tokens(50_000) },
            |world| {
                join(world, "X", "P1", 49_995);
                join(world, "W", "P2", 10);
                world.ok("W", redelegate(world, "P2", "P1", 5));
                ("W", redelegate(world, "P2", "P1", 1))
            },
        )
        .under(allowed),
        row(RedelegateRejected::MovesAtLimit { limit: 1 }, |world| {
            join(world, "W", "P1", 10);
            world.opens("P2", ROLE);
            world.ok("W", redelegate(world, "P1", "P2", 1));
            world.opens("P3", ROLE);
            ("W", redelegate(world, "P1", "P3", 1))
        })
        .under(|raw| {
            allowed(raw);
            raw.staking.moves_max = 1;
        }),
    ]
}

/// P1's commission becomes `rate`, and never more than `ceiling`, in per cent.
fn commission(rate: u64, ceiling: u64) -> Command {
    let (rate, ceiling) = (Ratio::percent(rate), Ratio::percent(ceiling));
    Command::SetCommission(SetCommission { role: ROLE, rate, ceiling })
}

fn commission_rows() -> Vec<Row> {
    let percent = Ratio::percent;
    vec![
        row(SetCommissionRejected::NotAnOperator, |_| ("W", commission(1, 2))),
        row(
            SetCommissionRejected::AboveCeiling { wanted: percent(3), ceiling: percent(2) },
            |_| ("P1", commission(3, 2)),
        ),
        row(
            SetCommissionRejected::CeilingRaised { wanted: percent(21), ceiling: percent(20) },
            |world| {
                world.ok("P1", commission(10, 20));
                ("P1", commission(10, 21))
            },
        ),
        row(
            SetCommissionRejected::TooSoon { until: Epoch::new(24), now: Epoch::new(23) },
            |world| {
                world.ok("P1", commission(10, 20));
                world.blocks(50 * 23 + 40);
                ("P1", commission(9, 20))
            },
        ),
        row(
            SetCommissionRejected::RaisedTooMuch { wanted: percent(12), max: percent(11) },
            |world| {
                world.ok("P1", commission(10, 20));
                world.blocks(50 * 24);
                ("P1", commission(12, 20))
            },
        ),
    ]
}

fn joining() -> Vec<Row> {
    let one = Amount::tokens(1);
    vec![
        row(DelegateRejected::BelowMinimum { wanted: Amount::ZERO, minimum: one }, |world| {
            ("W", delegate(world, "P1", 0))
        }),
        row(DelegateRejected::NotAnOperator, |world| ("W", delegate(world, "W", 1))).under(allowed),
        row(DelegateRejected::MayNotWork, |world| {
            jail(world);
            ("W", delegate(world, "P1", 1))
        })
        .under(|raw| {
            allowed(raw);
            raw.staking.abandonments_to_jail = 1;
        }),
        row(
            DelegateRejected::ExceedsFree {
                wanted: Amount::tokens(100_000),
                free: free_less_fee(100_000),
            },
            |world| ("W", delegate(world, "P1", 100_000)),
        )
        .under(allowed),
        row(DelegateRejected::DelegationsAtLimit { limit: 1 }, |world| {
            join(world, "W", "P1", 1);
            ("W", delegate(world, "P2", 1))
        })
        .under(|raw| {
            allowed(raw);
            raw.staking.delegations_max = 1;
        }),
        row(DelegateRejected::KeepsEverything, |world| ("W", delegate(world, "P1", 1)))
            .under(allowed),
        row(DelegateRejected::SlashWaits, |world| {
            world.opens("P1", ROLE);
            slash_waits(world);
            ("W", delegate(world, "P1", 1))
        })
        .under(patient),
        row(
            DelegateRejected::ExceedsCap {
                total: Amount::tokens(50_001),
                max: Amount::tokens(50_000),
            },
            |world| {
                join(world, "W", "P1", 50_000);
                ("W", delegate(world, "P1", 1))
            },
        )
        .under(allowed),
        row(DelegateRejected::ExceedsCap { total: one, max: Amount::ZERO }, |world| {
            world.opens("P1", ROLE);
            ("W", delegate(world, "P1", 1))
        }),
    ]
}

fn leaving_rows() -> Vec<Row> {
    vec![
        row(UndelegateRejected::AmountMustBePositive, |world| ("W", undelegate(world, 0))),
        row(UndelegateRejected::NotDelegated, |world| ("W", undelegate(world, 1))),
        row(
            UndelegateRejected::ExceedsDelegation {
                wanted: Amount::tokens(6),
                delegated: Amount::tokens(5),
            },
            |world| {
                leaving(world);
                ("W", undelegate(world, 6))
            },
        )
        .under(allowed),
        row(
            UndelegateRejected::RestBelowMinimum {
                rest: Amount::tokens(1),
                minimum: Amount::tokens(2),
            },
            |world| {
                leaving(world);
                ("W", undelegate(world, 4))
            },
        )
        .under(|raw| {
            allowed(raw);
            raw.staking.delegation_min = Amount::tokens(2);
        }),
        row(UndelegateRejected::SlashWaits, |world| {
            convicted_while_some_leaves(world);
            ("W", undelegate(world, 1))
        })
        .under(|raw| {
            patient(raw);
            raw.staking.exits_max = 1;
            raw.staking.provider_bond_min = Amount::tokens(1);
        }),
    ]
}

fn staying_rows() -> Vec<Row> {
    vec![
        row(CancelUndelegationRejected::NotDelegated, |world| ("W", cancel(world))),
        row(CancelUndelegationRejected::NothingLeaves, |world| {
            join(world, "W", "P1", 10);
            ("W", cancel(world))
        })
        .under(allowed),
        row(CancelUndelegationRejected::MayNotWork, |world| {
            leaving(world);
            jail(world);
            ("W", cancel(world))
        })
        .under(|raw| {
            allowed(raw);
            raw.staking.abandonments_to_jail = 1;
        }),
        row(CancelUndelegationRejected::KeepsEverything, |world| {
            leaving(world);
            world.blocks(50 * 24);
            world.ok("P1", commission(100, 100));
            ("W", cancel(world))
        })
        .under(allowed),
        row(CancelUndelegationRejected::SlashWaits, |world| {
            leaving(world);
            slash_waits(world);
            ("W", cancel(world))
        })
        .under(patient),
        row(
            CancelUndelegationRejected::ExceedsCap {
                total: Amount::tokens(50_001),
                max: Amount::tokens(50_000),
            },
            |world| {
                leaving(world);
                join(world, "X", "P1", 49_991);
                ("W", cancel(world))
            },
        )
        .under(allowed),
        row(WithdrawDelegationRejected::NotDelegated, |world| ("W", withdraw(world))),
        row(WithdrawDelegationRejected::NothingMatured, |world| {
            leaving(world);
            world.blocks(50 * 99);
            ("W", withdraw(world))
        })
        .under(allowed),
    ]
}
