//! Claiming what a genesis granted or listed.

use earnest_protocol::{
    Amount, Command, Height,
    command::{ClaimGrant, ClaimListed},
    grants::{ClaimGrantRejected, ClaimListedRejected, ListTree},
};
use earnest_testkit::grants::{entries, known};

use crate::{
    Row, row,
    world::{Guarding, World},
};

const GRANTING: Guarding<'static> =
    Guarding { council: &[], threshold: 0, guardian: None, grants: true };

fn claim(world: &World, whose: &str, amount: u64) -> Command {
    let (to, amount) = (world.address(whose), Amount::new(amount).expect("small"));
    Command::ClaimGrant(ClaimGrant { to, amount })
}

fn listed(world: &World, place: u32) -> ClaimListed {
    let known = known(&world.state);
    let all = entries(|place| known[place]);
    let entry = all[usize::try_from(place).expect("small")];
    let proof = ListTree::new(&all).expect("some").prove(place);
    ClaimListed { place, to: entry.address, amount: entry.amount, proof }
}

fn fetch(world: &World, place: u32) -> Command {
    Command::ClaimListed(listed(world, place))
}

fn grants(expected: ClaimGrantRejected, story: fn(&mut World) -> (&'static str, Command)) -> Row {
    row(expected, story).guarded(GRANTING)
}

fn lists(expected: ClaimListedRejected, story: fn(&mut World) -> (&'static str, Command)) -> Row {
    row(expected, story).guarded(GRANTING)
}

pub(crate) fn rows() -> Vec<Row> {
    let units = |count| Amount::new(count).expect("small");
    vec![
        // Guilty of all that follow, too.
        grants(ClaimGrantRejected::NoGrant, |world| ("R", claim(world, "R", 0))),
        grants(ClaimGrantRejected::AmountMustBePositive, |world| ("R", claim(world, "P1", 0))),
        grants(
            ClaimGrantRejected::BeforeCliff { cliff: Height::new(60), now: Height::new(1) },
            |world| ("R", claim(world, "P1", u64::MAX / 4)),
        ),
        grants(
            ClaimGrantRejected::ExceedsReleased {
                wanted: units(244_498_778),
                released: units(244_498_777),
            },
            |world| ("R", claim(world, "V1", 244_498_778)),
        ),
        row(ClaimListedRejected::NoList, |_| {
            let (place, proof) = (u32::MAX, vec![]);
            let to = earnest_protocol::Address::ZERO;
            let claim = ClaimListed { place, to, amount: Amount::ZERO, proof };
            ("R", Command::ClaimListed(claim))
        }),
        lists(
            ClaimListedRejected::Closed { closed: Height::new(95), now: Height::new(95) },
            |world| {
                world.blocks(94);
                ("R", Command::ClaimListed(ClaimListed { place: 300, ..listed(world, 0) }))
            },
        ),
        lists(ClaimListedRejected::NoSuchPlace { place: 300, places: 300 }, |world| {
            ("R", Command::ClaimListed(ClaimListed { place: 300, ..listed(world, 299) }))
        }),
        lists(ClaimListedRejected::AlreadyClaimed { place: 299 }, |world| {
            let claim = listed(world, 299);
            world.ok("R", Command::ClaimListed(claim.clone()));
            ("R", Command::ClaimListed(ClaimListed { proof: vec![], ..claim }))
        }),
        lists(ClaimListedRejected::ProofMismatch, |world| {
            let claim = listed(world, 7);
            let amount = claim.amount.saturating_add(Amount::UNIT);
            ("R", Command::ClaimListed(ClaimListed { amount, ..claim }))
        }),
        lists(
            ClaimListedRejected::ExceedsLeft { wanted: units(1_000_019), left: units(999_829) },
            |world| {
                for place in 0..19 {
                    let claim = fetch(world, place);
                    world.ok("R", claim);
                }
                ("R", fetch(world, 19))
            },
        ),
    ]
}
