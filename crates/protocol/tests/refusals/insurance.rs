//! Covers.

use earnest_protocol::{
    Amount, Command, Height, JobId, Ratio, RawParams,
    command::{InsureJob, Transfer},
    insurance::InsureJobRejected,
    market::Phase,
};

use crate::{
    Row, row,
    world::{World, root},
};

fn units(units: u64) -> Amount {
    Amount::new(units).expect("small")
}

fn insure(job: u64, cover: u64) -> Command {
    let premium_max = Amount::MAX;
    Command::InsureJob(InsureJob { job: JobId::new(job), cover: units(cover), premium_max })
}

fn offered(raw: &mut RawParams) {
    raw.insurance.cover_share = Ratio::percent(50);
}

/// P4 is convicted, and the insurance has its part; R posts another job.
fn filled(world: &mut World) {
    let (job, wrong) = (world.assign(world.terms(), &[("P4", 10)]), root(Some(3)));
    world.commit("P4", job, wrong);
    world.audit(job, root(None));
    world.reveal("P4", job, wrong, root(None));
    world.play("P4", job, 3, true);
    world.blocks(110);
    world.post(world.terms());
}

pub(crate) fn rows() -> Vec<Row> {
    let rows = vec![
        row(InsureJobRejected::JobNotFound, |_| ("R", insure(0, 1))),
        row(InsureJobRejected::NotRequester, |world| {
            world.post(world.terms());
            ("W", insure(0, 1))
        }),
        row(InsureJobRejected::AmountMustBePositive, |world| {
            world.post(world.terms());
            ("R", insure(0, 0))
        }),
        row(InsureJobRejected::TooLate { height: Height::new(4), last: Height::new(3) }, |world| {
            let job = world.post(world.terms());
            world.bid("P1", job, 10);
            world.until_phase(job, Phase::RevealingBids);
            ("R", insure(0, 1))
        }),
        row(InsureJobRejected::AlreadyInsured { cover: units(5) }, |world| {
            filled(world);
            world.ok("R", insure(1, 5));
            ("R", insure(1, 6))
        }),
        row(
            InsureJobRejected::ExceedsCoverMax {
                wanted: units(COVER_MAX + 1),
                max: units(COVER_MAX),
            },
            |world| {
                filled(world);
                ("R", insure(1, COVER_MAX + 1))
            },
        ),
        row(InsureJobRejected::ExceedsPremiumMax { premium: units(2), max: units(1) }, |world| {
            filled(world);
            let (job, cover, premium_max) = (JobId::new(1), units(1), units(1));
            ("R", Command::InsureJob(InsureJob { job, cover, premium_max }))
        }),
        row(InsureJobRejected::ExceedsFree { wanted: units(2), free: units(1) }, |world| {
            filled(world);
            // Two fees for two weights, and one unit.
            let left = world.state.base_fee().checked_times(2).expect("small").units() + 1;
            let rest = world.state.free(world.id("R")).units() - left;
            let fee = world.state.base_fee().units();
            let (to, asset) = (world.address("X"), world.state.assets().payment());
            world.ok("R", Command::Transfer(Transfer { to, asset, amount: units(rest - fee) }));
            ("R", insure(1, 1))
        }),
    ];
    let rows = rows.into_iter().map(|row| row.under(offered));
    let closed = row(InsureJobRejected::NotOffered, |world| {
        world.post(world.terms());
        ("R", insure(0, 1))
    });
    let promised = row(
        InsureJobRejected::ExceedsPool { wanted: units(1), available: Amount::ZERO },
        |world| {
            filled(world);
            ("R", insure(1, 1))
        },
    );
    let promised = promised.under(|raw| {
        offered(raw);
        raw.insurance.epoch_share = Ratio::ZERO;
    });
    rows.chain([closed, promised]).collect()
}

/// Half of what a slash of the least collateral sinks: less than a pair may be paid of the pool.
const COVER_MAX: u64 = 367_130_250;
