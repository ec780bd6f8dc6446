//! Attacks on grants: fetched twice, by another, sooner, or voted with before they are free.

use earnest_protocol::{
    Address, Amount, Asset, Authenticated, BlockHead, Blocks, Command, Digest, Event, Genesis,
    Height, Journal, Rejected, Role, State, Transaction, Unasked,
    command::{BallotChoice, Bond, ClaimGrant, ClaimListed},
    genesis::{
        GenesisAccount, GenesisCouncil, GenesisGrant, GenesisList, GenesisOperator, GenesisRejected,
    },
    grants::{ClaimGrantRejected, ClaimListedRejected, Entry, ListTree, PLACES_MAX},
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
    let ends = world.seen(|event| match event {
        Event::ListClosed { amount } => Some(*amount),
        _ => None,
    });
    assert_eq!(ends, [left], "it ends once, whatever epochs follow");
}

/// Whatever others were paid before it, of its own row of the book or of the next, a place is paid,
/// and once: the first and the last of each word and row, and of the list.
#[test]
fn places_that_share_a_row_are_paid_each_once() {
    let mut world = granting();
    let places = [0, 3, 63, 64, 127, 128, 131, 192, 255, 256, 259, 299];
    let claims = places.map(|place| listed(&world, place));
    for claim in &claims {
        assert!(!world.state.is_listed_paid(claim.place), "{}", claim.place);
        world.ok("W", Command::ClaimListed(claim.clone()));
    }
    for claim in claims {
        let taken = ClaimListedRejected::AlreadyClaimed { place: claim.place };
        let again = world.send("X", Command::ClaimListed(claim));
        assert_eq!(again, Err(Rejected::ClaimListed(taken)));
    }
    let paid: Vec<u32> = (0..1_000).filter(|place| world.state.is_listed_paid(*place)).collect();
    assert_eq!((paid, world.state.list().expect("named").paid), (places.to_vec(), 12));
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
    let bond = Command::Bond(Bond { role: Role::Provider, amount: wanted });
    assert!(world.send("V1", bond).is_err(), "a unit more than is free");
    let operator = world.operator("V1", Role::Validator);
    let weight = world.state.vote_weight(operator);
    let bonded = world.state.operator(operator).expect("bonded").stake;
    assert_eq!(weight, bonded, "nothing of the grant");
}

const FOUNDER: Address = Address([1; 20]);
const LAST: Address = Address([9; 20]);

/// A founder with a thousand tokens, half of which it bonds.
fn founded(assets: Assets) -> Genesis {
    let (balance, bond) = (Amount::tokens(1_000), Amount::tokens(500));
    let payment = if assets == Assets::Dual { Amount::tokens(1) } else { Amount::ZERO };
    let mut genesis = Genesis { assets, ..Genesis::default() };
    genesis.beacon.chain_blocks = Blocks::new(1_000_000);
    genesis.accounts = vec![GenesisAccount { address: FOUNDER, balance, payment }];
    let operator = |role| GenesisOperator { address: FOUNDER, role, bond };
    genesis.operators = vec![operator(Role::Provider)];
    genesis
}

fn grant(amount: Amount, cliff: u64, ends: u64) -> GenesisGrant {
    let (cliff, ends) = (Height::new(cliff), Height::new(ends));
    GenesisGrant { address: LAST, amount, cliff, ends }
}

fn next(state: &mut State) {
    let height = Height::new(state.height().count() + 1);
    let next_anchor = state.opens_chain(height).then_some(Digest::ZERO);
    let head = BlockHead { height, time_ms: height.count() * 1_000, beacon: None, next_anchor };
    state.open_block(&head, &mut Journal::default()).expect("it follows");
}

fn asks(state: &mut State, command: Command) -> Result<(), Rejected> {
    let nonce = state.account_id(&FOUNDER).and_then(|id| state.account(id)).expect("there").nonce;
    let valid_until = Height::new(u64::MAX);
    let transaction = Transaction { nonce, valid_until, command, on_behalf_of: None };
    let sender = state.sender(&FOUNDER, &transaction).expect("in the genesis");
    let signed = Authenticated { sender, transaction };
    let done = state.apply(&signed, &Unasked, &mut Journal::default());
    state.check_invariants().expect("lawful");
    done
}

/// The largest list of either kind of network, with every unit that the founder has not: the first
/// and the last place are paid, each once, and the rest is the treasury's in the next epoch.
#[test]
fn the_largest_list_gives_all_there_can_be() {
    let most = usize::try_from(PLACES_MAX).expect("20 bits");
    let mut all = vec![Entry { address: Address([7; 20]), amount: Amount::ZERO }; most];
    let total = Amount::MAX.saturating_sub(Amount::tokens(1_000));
    all[0] = Entry { address: FOUNDER, amount: Amount::UNIT };
    all[most - 1] = Entry { address: LAST, amount: total.saturating_sub(units(2)) };
    let tree = ListTree::new(&all).expect("not too many");
    for assets in [Assets::Single, Assets::Dual] {
        let mut genesis = founded(assets);
        let (root, places, closes) = (tree.root(), PLACES_MAX, Height::new(3));
        genesis.list = Some(GenesisList { root, places, total, closes });
        let mut state = State::new(&genesis).expect("all there can be");
        next(&mut state);
        next(&mut state);
        for place in [0, PLACES_MAX - 1] {
            let Entry { address: to, amount } = all[usize::try_from(place).expect("20 bits")];
            let claim = ClaimListed { place, to, amount, proof: tree.prove(place) };
            for length in [0, 19, 21, 1_000] {
                let mut proof = claim.proof.clone();
                proof.resize(length, Digest::ZERO);
                let other = Command::ClaimListed(ClaimListed { proof, ..claim.clone() });
                let refused = Rejected::ClaimListed(ClaimListedRejected::ProofMismatch);
                assert_eq!(asks(&mut state, other), Err(refused), "20 hashes show a place");
            }
            assert_eq!(asks(&mut state, Command::ClaimListed(claim.clone())), Ok(()));
            let taken = Err(Rejected::ClaimListed(ClaimListedRejected::AlreadyClaimed { place }));
            assert_eq!(asks(&mut state, Command::ClaimListed(claim)), taken);
        }
        assert_eq!(free(&state, LAST), total.units() - 2);
        let list = state.list().expect("named");
        assert_eq!((list.paid, list.left), (2, Amount::UNIT));
        assert!(!state.is_listed_paid(1) && !state.is_listed_paid(PLACES_MAX - 2));
        let treasury = state.balance(Pot::Treasury(Asset::Stake));
        while state.epoch().count() == 0 {
            next(&mut state);
        }
        state.check_invariants().expect("it ends as it says");
        let gained = state.balance(Pot::Treasury(Asset::Stake)).checked_sub(treasury);
        assert_eq!(gained, Some(Amount::UNIT));
        assert_eq!(state.issued(Asset::Stake), Amount::MAX);
        genesis.grants = vec![grant(Amount::UNIT, 0, 0)];
        assert_eq!(State::new(&genesis).err(), Some(GenesisRejected::SupplyTooLarge));
    }
}

/// Nobody begins a network with a grant or a list of nothing, and the least of each is one.
#[test]
fn what_a_genesis_gives_is_something() {
    let (cliff, ends) = (Height::new(1), Height::new(1));
    let nothing = Genesis { grants: vec![grant(Amount::ZERO, 1, 1)], ..founded(Assets::Single) };
    let refused = GenesisRejected::GrantOutOfRange { address: LAST, cliff, ends };
    assert_eq!(State::new(&nothing).err(), Some(refused));
    for (places, total, closes, is_list) in [
        (1, 1, 2, true),
        (0, 1, 2, false),
        (PLACES_MAX + 1, 1, 2, false),
        (u32::MAX, 1, 2, false),
        (1, 0, 2, false),
        (1, 1, 1, false),
        (1, 1, 0, false),
    ] {
        let entry = Entry { address: LAST, amount: Amount::UNIT };
        let root = ListTree::new(&[entry]).expect("one").root();
        let (total, closes) = (units(total), Height::new(closes));
        let list = Some(GenesisList { root, places, total, closes });
        let state = State::new(&Genesis { list, ..founded(Assets::Single) });
        let refused = GenesisRejected::ListOutOfRange { places, total, closes };
        assert_eq!(state.as_ref().err(), (!is_list).then_some(&refused));
        let Ok(mut state) = state else { continue };
        next(&mut state);
        let claim = ClaimListed { place: 0, to: LAST, amount: Amount::UNIT, proof: Vec::new() };
        let late = ClaimListed { place: 0, ..claim.clone() };
        assert_eq!(asks(&mut state, Command::ClaimListed(claim)), Ok(()), "a root is its proof");
        next(&mut state);
        let closed = ClaimListedRejected::Closed { closed: closes, now: closes };
        let closed = Err(Rejected::ClaimListed(closed));
        assert_eq!(asks(&mut state, Command::ClaimListed(late)), closed);
    }
}

/// A grant gives whoever has nothing else no bond and no work; it opens an account, and with that a
/// seat that the genesis names: its founder's choice, not the grant's.
#[test]
fn a_grant_covers_no_bond_of_a_genesis() {
    let (role, bond) = (Role::Validator, Amount::UNIT);
    let mut genesis = founded(Assets::Single);
    genesis.grants = vec![grant(Amount::tokens(1_000_000), 0, 0)];
    genesis.operators.push(GenesisOperator { address: LAST, role, bond });
    let refused = GenesisRejected::BondNotCovered { address: LAST, bond };
    assert_eq!(State::new(&genesis).err(), Some(refused));
    genesis.operators.pop();
    genesis.params.governance.phase = 1;
    genesis.council = Some(GenesisCouncil { members: vec![LAST], threshold: 1 });
    let mut state = State::new(&genesis).expect("its seat has an account");
    let member = state.account_id(&LAST).expect("opened");
    next(&mut state);
    assert!(state.free(member).is_zero());
    let more = Amount::tokens(1_000_000).saturating_add(Amount::UNIT);
    let claim = |amount| Command::ClaimGrant(ClaimGrant { to: LAST, amount });
    assert!(asks(&mut state, claim(more)).is_err());
    assert_eq!(asks(&mut state, claim(Amount::tokens(1_000_000))), Ok(()), "it ends at once");
    assert_eq!(state.free(member), Amount::tokens(1_000_000));
}
