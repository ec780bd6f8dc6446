//! Attacks on grants: fetched twice, by another, sooner, or voted with before they are free.

use earnest_protocol::{
    Address, Amount, Asset, Command, Height, Rejected, State,
    command::{BallotChoice, Bond, ClaimGrant, ClaimListed},
    grants::{ClaimGrantRejected, ClaimListedRejected, Entry, ListTree},
    ledger::{Assets, Pot},
};
use earnest_testkit::{
    grants::{entries, known},
    votes::{self, pass, propose, vote},
    world::{Guarding, World, params},
};

fn units(count: u64) -> Amount {
    Amount::new(count).expect("small")
}

fn granting() -> World {
    let grants = Guarding { grants: true, ..Guarding::default() };
    World::with_guard(params(), Assets::Single, 0, grants)
}

/// What the list has at a place, and what shows it.
fn listed(world: &World, place: u32) -> ClaimListed {
    let known = known(&world.state);
    let all = entries(|place| known[place]);
    let Entry { address, amount } = all[usize::try_from(place).expect("small")];
    let proof = ListTree::new(&all).expect("some").prove(place);
    ClaimListed { place, to: address, amount, proof }
}

fn free(state: &State, address: Address) -> u64 {
    let account = state.account_id(&address);
    account.map_or(0, |id| state.balance(Pot::Free(id, Asset::Stake)).units())
}

#[test]
fn g1_a_place_is_paid_once_to_its_own_address() {
    let mut world = granting();
    let claim = listed(&world, 4);
    let stranger = claim.to;
    assert_eq!(world.state.account_id(&stranger), None, "it has no account, and so no fee");
    let thief = ClaimListed { to: world.address("W"), ..claim.clone() };
    let refused = Rejected::ClaimListed(ClaimListedRejected::ProofMismatch);
    assert_eq!(world.send("W", Command::ClaimListed(thief)), Err(refused));
    for place in [3, 5, 260, 299] {
        let moved = ClaimListed { place, ..claim.clone() };
        assert_eq!(world.send("W", Command::ClaimListed(moved)), Err(refused), "at {place}");
    }
    world.ok("W", Command::ClaimListed(claim.clone()));
    assert_eq!(free(&world.state, stranger), claim.amount.units());
    let taken = Rejected::ClaimListed(ClaimListedRejected::AlreadyClaimed { place: 4 });
    assert_eq!(world.send("X", Command::ClaimListed(claim.clone())), Err(taken));
    // As it is written and read back, too.
    let bytes = postcard::to_allocvec(&world.state).expect("encodes");
    world.state = postcard::from_bytes(&bytes).expect("decodes");
    assert_eq!(world.send("R", Command::ClaimListed(claim.clone())), Err(taken));
    assert_eq!(free(&world.state, stranger), claim.amount.units());
    let list = world.state.list().expect("named");
    assert_eq!((list.paid, list.left.units()), (1, 20_000_000 - claim.amount.units()));
}

/// What the total does not cover is refused to whoever comes last; nobody else's is touched, and
/// what is left at the end is the treasury's.
#[test]
fn who_comes_last_to_a_list_that_names_more_than_it_gives_gets_nothing() {
    let mut world = granting();
    for place in 0..19 {
        let claim = listed(&world, place);
        world.ok("W", Command::ClaimListed(claim));
    }
    let claim = listed(&world, 19);
    let left = world.state.list().expect("named").left;
    let refused = ClaimListedRejected::ExceedsLeft { wanted: claim.amount, left };
    let refused = Err(Rejected::ClaimListed(refused));
    assert_eq!(world.send("W", Command::ClaimListed(claim)), refused);
    world.blocks(93 - world.state.height().count());
    let claim = listed(&world, 20);
    assert_eq!(world.state.height(), Height::new(93));
    world.block();
    let smaller =
        Err(Rejected::ClaimListed(ClaimListedRejected::ExceedsLeft { wanted: claim.amount, left }));
    assert_eq!(world.send("W", Command::ClaimListed(claim.clone())), smaller, "open at 94");
    world.block();
    let closed = ClaimListedRejected::Closed { closed: Height::new(95), now: Height::new(95) };
    let closed = Err(Rejected::ClaimListed(closed));
    assert_eq!(world.send("W", Command::ClaimListed(claim)), closed);
    let treasury = world.state.balance(Pot::Treasury(Asset::Stake));
    world.blocks(10);
    let gained = world.state.balance(Pot::Treasury(Asset::Stake)).checked_sub(treasury);
    assert_eq!(gained, Some(left));
    world.blocks(60);
    assert_eq!(world.state.list().expect("named").left, Amount::ZERO);
}

fn claim(world: &World, amount: Amount) -> Command {
    Command::ClaimGrant(ClaimGrant { to: world.address("P1"), amount })
}

/// At its cliff as much as if there were none, and a unit more is refused at every height. Who asks
/// pays the fee, and nothing of the grant is its own (G2).
#[test]
fn a_grant_is_free_as_its_line_says() {
    let mut world = granting();
    world.blocks(59 - world.state.height().count());
    let early = ClaimGrantRejected::BeforeCliff { cliff: Height::new(60), now: Height::new(59) };
    let one = claim(&world, Amount::UNIT);
    assert_eq!(world.send("P1", one.clone()), Err(Rejected::ClaimGrant(early)));
    let (whole, mut claimed) = (7_000_000_001u64, 0);
    let (before, asker) = (free(&world.state, world.address("P1")), world.address("W"));
    while world.state.height().count() < 131 {
        world.block();
        let at = world.state.height().count();
        let released = whole * at / 131 - claimed;
        let (wanted, released) = (units(released + 1), units(released));
        let more = ClaimGrantRejected::ExceedsReleased { wanted, released };
        let command = claim(&world, wanted);
        assert_eq!(world.send("W", command), Err(Rejected::ClaimGrant(more)));
        if at.is_multiple_of(7) || at == 131 {
            let (command, had) = (claim(&world, released), free(&world.state, asker));
            world.ok("W", command);
            assert!(free(&world.state, asker) < had, "the asker pays a fee and gets nothing");
            claimed += released.units();
        }
    }
    assert_eq!(claimed, whole);
    assert_eq!(free(&world.state, world.address("P1")), before + whole);
    world.block();
    let more = ClaimGrantRejected::ExceedsReleased { wanted: Amount::UNIT, released: Amount::ZERO };
    assert_eq!(world.send("P1", one), Err(Rejected::ClaimGrant(more)));
}

#[test]
fn g3_no_vote_about_epochs_brings_a_grant_sooner() {
    let grants = Guarding { grants: true, ..Guarding::default() };
    let mut world = World::with_guard(votes::params(), Assets::Single, 0, grants);
    let proposal = propose(&mut world, "R", &[("chain.epoch_blocks", 40)]);
    pass(&mut world, proposal);
    for name in ["V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "P1", "P2", "P3", "P4"] {
        vote(&mut world, name, proposal, BallotChoice::Yes);
    }
    while world.state.params().chain().epoch_blocks.count() != 40
        && world.state.height().count() < 2_000
    {
        world.block();
    }
    assert_eq!(world.state.params().chain().epoch_blocks.count(), 40, "the vote is carried");
    let grant = *world.state.grant(world.id("V1")).expect("granted");
    let now = world.state.height();
    let by_line = 100_000_000_007 * now.count().min(409) / 409;
    assert_eq!(grant.released_floor(now).units(), by_line);
}

#[test]
fn g4_what_is_not_claimed_neither_bonds_nor_votes() {
    let mut world = granting();
    let (id, all) = (world.id("V1"), world.state.balance(Pot::Grants).units());
    assert!(all > 100 * Amount::TOKEN, "the grant is there: {all}");
    let free = world.state.free(id);
    let wanted = free.saturating_add(Amount::UNIT);
    let bond = Command::Bond(Bond { role: earnest_protocol::Role::Provider, amount: wanted });
    assert!(world.send("V1", bond).is_err(), "a unit more than is free");
    let operator = world.operator("V1", earnest_protocol::Role::Validator);
    let weight = world.state.vote_weight(operator);
    let bonded = world.state.operator(operator).expect("bonded").stake;
    assert_eq!(weight, bonded, "nothing of the grant");
}
