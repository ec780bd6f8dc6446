//! What a job pays, and when.

use earnest_protocol::{
    Blocks, Command,
    command::*,
    market::{Outcome, Phase},
};

use super::{FEE, POST_FEE, TOKEN, gains, until_height, wealth};
use crate::world::{World, params, root};

/// A late result is paid for what is left of its price: all of it at the deadline, half at the end
/// of the four blocks of grace, and in between along a line.
#[test]
fn a_late_result_is_paid_less_for_every_block() {
    // Of ten tokens, in thousandths: 1 − 1/2 · late/4.
    for (late, due) in [(0, 10_000), (1, 8_750), (2, 7_500), (3, 6_250), (4, 5_000)] {
        let mut world = World::new(params());
        let names = ["R", "P1"];
        let before = wealth(&world, names);
        let job = world.assign(world.terms(), &[("P1", 10)]);
        let deadline = world.assignment(job).accepted.expect("accepted").due;
        until_height(&mut world, deadline.after(Blocks::new(late)));
        world.commit("P1", job, root(None));
        world.audit(job, root(None));
        world.reveal("P1", job, root(None), root(None));
        world.until_phase(job, Phase::Closed);
        let closed = world.closed(job);
        let due = due * TOKEN / 1_000;
        assert_eq!(closed.outcome, Outcome::Accepted);
        assert_eq!(i64::try_from(closed.paid.units()), Ok(due), "{late} blocks late");
        // The requester pays two audits besides; the provider leaves a take of a twentieth.
        let expected = [-due - 2 * TOKEN - POST_FEE, due * 95 / 100 - 2 * FEE];
        assert_eq!(gains(&world, names, before), expected, "{late} blocks late");
    }
}

/// Who missed, who is not drawn again and who asked for what is settled when a job ends, and leaves
/// its row.
#[test]
fn a_job_that_ended_carries_nobody_who_missed_or_asked() {
    let mut world = World::new(params());
    let job = world.assign(world.terms(), &[("P1", 10)]);
    world.commit("P1", job, root(None));
    let [silent, other] = world.auditors(job)[..] else { panic!("two seats") };
    world.audit_as(other, job, root(None));
    let (item, bytes) = (DataItem::Input(0), b"bytes".to_vec());
    world.ok(silent, Command::RequestData(RequestData { job, item }));
    world.ok("P1", Command::ServeData(ServeData { job, item, bytes }));
    while world.auditors(job).contains(&silent) {
        world.block();
    }
    let listed = |world: &World| {
        let case = world.state.case(job).expect("assigned");
        (case.missed.len(), case.barred.len(), case.requests.len())
    };
    assert_eq!(listed(&world), (1, 1, 1));
    let next = world.auditors(job).into_iter().find(|name| *name != other).expect("drawn again");
    world.audit_as(next, job, root(None));
    world.reveal("P1", job, root(None), root(None));
    world.until_phase(job, Phase::Closed);
    assert_eq!(listed(&world), (0, 0, 0));
}
