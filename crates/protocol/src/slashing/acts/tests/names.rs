//! Several convictions of one account, undone, paid and served in any order: how it stands, and
//! what its name has carried.

use proptest::prelude::*;

use super::*;

/// Convicts an operator of something that owes no lock; jailing offences wait.
fn convicted_of(state: &mut State, operator: OperatorId, offence: Offence) -> SlashId {
    let params = *state.params();
    let waits = offence.consequences(params.slashing()).jails;
    let payout = if waits { Payout::Claims(Claims::default()) } else { Payout::Fire };
    let conviction = Conviction {
        offence,
        operator,
        job: JobId::new(0),
        behind: Behind::Owed(Amount::ZERO),
        accepted_at: Height::ZERO,
        value: Amount::tokens(1),
        root: waits.then_some(Digest([9; 32])),
        payout,
    };
    let mut journal = Journal::default();
    convict(&mut Context { state, journal: &mut journal, referee: &Unasked }, conviction, &params);
    state.check_invariants().expect("a conviction is lawful");
    let (id, _) = state.slashes().last().expect("just convicted");
    if waits {
        hold(state, id, Epoch::new(1_000));
    }
    id
}

/// A slash that waited is paid out.
fn stood(state: &mut State, id: SlashId) {
    let mut journal = Journal::default();
    execute(&mut Context { state, journal: &mut journal, referee: &Unasked }, id);
    state.check_invariants().expect("a slash that stands is lawful");
}

/// An epoch passes, and then a paid job adds to what the provider has carried.
fn carried_more(state: &mut State, tokens: u64) {
    let before = state.epoch();
    while state.epoch() == before {
        block(state);
    }
    let (id, now, params) = (provider(state), state.epoch(), *state.params());
    state.reputation.carry(id, Amount::tokens(tokens), now, params.reputation());
}

/// What is left now of tokens carried in these epochs, but for a unit of rounding each time.
fn is_carried(state: &State, parts: &[(u64, Epoch)]) -> bool {
    let (now, params) = (state.epoch(), state.params().reputation());
    let left =
        |&(tokens, then)| reputation::left_of((Amount::tokens(tokens), then), now, params).units();
    let got = state.reputation(provider(state)).carried.units();
    parts.iter().map(left).sum::<u64>().abs_diff(got) < 20
}

fn standings(state: &State) -> [Standing; 2] {
    [Role::Provider, Role::Validator].map(|role| {
        let id = state.operator_id(OFFENDER, role).expect("bonded");
        state.operator(id).expect("known").standing
    })
}

/// In whatever order three convictions are undone: jail lasts as the last one left says, and what
/// was carried comes back when all are undone that came after it.
#[test]
fn what_three_convictions_took_comes_back_in_any_order() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut state = world();
        post(&mut state);
        let (mut slashes, mut parts, mut jails) = (Vec::new(), Vec::new(), Vec::new());
        for tokens in [3_000, 500, 70] {
            carried_more(&mut state, tokens);
            parts.push((tokens, state.epoch()));
            let id = provider(&state);
            slashes.push(Some(convicted_of(&mut state, id, Offence::WrongResult)));
            jails.push(standings(&state)[0]);
        }
        for next in order {
            let slash = slashes[next].take().expect("each is undone once");
            reversed(&mut state, slash);
            let last = slashes.iter().rposition(Option::is_some);
            let standing = last.map_or(Standing::Active, |last| jails[last]);
            assert_eq!(standings(&state), [standing; 2], "{order:?}, {next}");
            let back = last.map_or(0, |last| last + 1);
            assert!(is_carried(&state, &parts[back..]), "{order:?}, {next}");
        }
    }
}

/// A slash that is paid out closes the way back for what came before it, and for nothing else.
#[test]
fn a_conviction_that_stands_keeps_what_came_before_it_and_not_what_came_after() {
    for stands in [0, 1] {
        let mut state = world();
        post(&mut state);
        let id = provider(&state);
        carried_more(&mut state, 3_000);
        let first = convicted_of(&mut state, id, Offence::WrongResult);
        let jailed = standings(&state);
        carried_more(&mut state, 500);
        let part = (500, state.epoch());
        let second = convicted_of(&mut state, id, Offence::WrongResult);
        let again = standings(&state);
        let (paid, undone) = if stands == 0 { (first, second) } else { (second, first) };
        stood(&mut state, paid);
        reversed(&mut state, undone);
        let (standing, back) = if stands == 0 { (jailed, 1) } else { (again, 0) };
        assert_eq!(standings(&state), standing);
        assert!(is_carried(&state, &[part][..back]), "{stands}");
    }
}

/// Silence costs nothing that was carried, and closes no way back.
#[test]
fn a_missed_audit_takes_nothing_of_a_name_and_keeps_nothing() {
    let mut state = world();
    post(&mut state);
    let id = provider(&state);
    carried_more(&mut state, 3_000);
    let part = (3_000, state.epoch());
    convicted_of(&mut state, id, Offence::MissedAudit);
    assert!(is_carried(&state, &[part]));
    let slash = convicted_of(&mut state, id, Offence::WrongResult);
    assert!(is_carried(&state, &[]));
    convicted_of(&mut state, id, Offence::MissedAudit);
    reversed(&mut state, slash);
    assert_eq!(standings(&state), [Standing::Active; 2]);
    assert!(is_carried(&state, &[part]));
}

/// An account's validator shares the jail of its provider and not its name: what the one carried
/// comes back when its own conviction is undone, whatever waits or stands of the other.
#[test]
fn a_validators_conviction_keeps_nothing_that_its_accounts_provider_carried() {
    for stands in [false, true] {
        let mut state = world();
        post(&mut state);
        let id = provider(&state);
        let judge = state.operator_id(OFFENDER, Role::Validator).expect("bonded");
        carried_more(&mut state, 3_000);
        let part = (3_000, state.epoch());
        let first = convicted_of(&mut state, id, Offence::WrongResult);
        let second = convicted_of(&mut state, judge, Offence::FalseAudit);
        if stands {
            stood(&mut state, second);
        }
        reversed(&mut state, first);
        assert!(is_carried(&state, &[part]), "{stands}");
        assert!(standings(&state).iter().all(|row| matches!(row, Standing::Jailed(_))));
        if !stands {
            reversed(&mut state, second);
            assert_eq!(standings(&state), [Standing::Active; 2]);
        }
    }
}

#[test]
fn what_a_conviction_took_waits_for_no_conviction_of_another_account() {
    let mut state = world();
    post(&mut state);
    let id = provider(&state);
    let other = state.operator_id(AccountId::new(2), Role::Validator).expect("bonded");
    let first = convicted_of(&mut state, id, Offence::WrongResult);
    convicted_of(&mut state, other, Offence::FalseAudit);
    reversed(&mut state, first);
    assert_eq!(standings(&state), [Standing::Active; 2]);
}

/// Whoever was in jail for something else when it was convicted, and has served that, is not sent
/// back by being cleared; whoever is out for good is not let in.
#[test]
fn undoing_a_conviction_jails_nobody_and_lets_nobody_in_who_is_out_for_good() {
    for (again, standing) in [
        (false, Standing::Active),
        (false, Standing::Tombstoned),
        (true, Standing::Active),
        (true, Standing::Tombstoned),
    ] {
        let mut state = world();
        post(&mut state);
        let id = provider(&state);
        let served = convicted_of(&mut state, id, Offence::WrongResult);
        stood(&mut state, served);
        let first = convicted_of(&mut state, id, Offence::WrongResult);
        let mut journal = Journal::default();
        let mut cx = Context { state: &mut state, journal: &mut journal, referee: &Unasked };
        staking::acts::set_standing(&mut cx, id, standing);
        let second = again.then(|| convicted_of(&mut state, id, Offence::WrongResult));
        reversed(&mut state, first);
        second.map(|second| reversed(&mut state, second));
        assert_eq!(standings(&state)[0], standing, "{again}");
    }
}

/// A shorter jail was voted since: what was abandoned before, and what stands, jail for as long as
/// their own terms say, whatever is undone around them.
#[test]
fn a_jail_from_before_lasts_as_its_own_terms_say_whatever_stands_or_is_undone_since() {
    for before in [true, false] {
        let mut state = world();
        post(&mut state);
        let (id, long) = (provider(&state), *state.params());
        let abandoned = |state: &mut State| {
            let mut journal = Journal::default();
            let mut cx = Context { state, journal: &mut journal, referee: &Unasked };
            jail_for_itself(&mut cx, id, &long);
        };
        if before {
            abandoned(&mut state);
        }
        let first = convicted_of(&mut state, id, Offence::WrongResult);
        let jailed = standings(&state);
        let mut raw = RawParams::from(long);
        raw.staking.jail_epochs = Epochs::new(2);
        let short = state.params.adoptable(raw).expect("lawful");
        state.params.adopt(short);
        if before {
            let job = posted(&mut state, JobId::new(1));
            let second = convicted(&mut state, job);
            hold(&mut state, second, Epoch::new(1_000));
            stood(&mut state, second);
        } else {
            abandoned(&mut state);
        }
        reversed(&mut state, first);
        assert_eq!(standings(&state), jailed, "{before}");
    }
}

/// What may happen to an account that is convicted now and then.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// It is convicted of a job posted while a jail lasted so many epochs.
    Convicted(u64),
    /// It abandoned too much, while a jail lasted so many.
    Abandoned(u64),
    /// It asks for the release of one of its operators, if it may.
    Released(Role),
    /// Its provider is paid.
    Carried(Amount),
    /// One of its convictions that wait is undone.
    Undone(usize),
    /// One of them is paid.
    Paid(usize),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        (1u64..5).prop_map(Turn::Convicted),
        (1u64..5).prop_map(Turn::Abandoned),
        prop_oneof![Just(Role::Provider), Just(Role::Validator)].prop_map(Turn::Released),
        (1u64..9).prop_map(|tokens| Turn::Carried(Amount::tokens(tokens))),
        (0usize..4).prop_map(Turn::Undone),
        (0usize..4).prop_map(Turn::Paid),
    ];
    prop::collection::vec(turn, 1..14)
}

/// What happened that nothing but an undoing changes.
enum Past {
    Jailed(Option<SlashId>, Epoch),
    Released(Role),
    Carried(Amount),
}

/// An account and its convictions.
struct Story {
    state: State,
    posted: u64,
    waiting: Vec<SlashId>,
    undone: Vec<SlashId>,
    past: Vec<Past>,
}

impl Story {
    fn adopt(&mut self, change: impl FnOnce(&mut RawParams)) {
        let mut raw = RawParams::from(*self.state.params());
        change(&mut raw);
        let params = self.state.params.adoptable(raw).expect("lawful");
        self.state.params.adopt(params);
    }

    fn with_jail(&mut self, epochs: u64) -> Epoch {
        self.adopt(|raw| raw.staking.jail_epochs = Epochs::new(epochs));
        self.state.epoch().after(Epochs::new(epochs))
    }

    fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Convicted(epochs) if self.posted < 5 => {
                let until = self.with_jail(epochs);
                let job = posted(&mut self.state, JobId::new(self.posted));
                self.posted += 1;
                let slash = convicted(&mut self.state, job);
                hold(&mut self.state, slash, Epoch::new(1_000));
                self.waiting.push(slash);
                self.past.push(Past::Jailed(Some(slash), until));
            }
            Turn::Abandoned(epochs) => {
                let until = self.with_jail(epochs);
                let (operator, params) = (provider(&self.state), *self.state.params());
                self.act(|cx| jail_for_itself(cx, operator, &params));
                self.past.push(Past::Jailed(None, until));
            }
            Turn::Released(role) => {
                let until = |until| until <= self.state.epoch();
                if matches!(self.standing(role), Standing::Jailed(over) if until(over)) {
                    send(&mut self.state, OFFENDER, Command::Unjail(Unjail { role }));
                    self.past.push(Past::Released(role));
                }
            }
            Turn::Carried(value) => {
                let (operator, now) = (provider(&self.state), self.state.epoch());
                let params = *self.state.params();
                self.state.reputation.carry(operator, value, now, params.reputation());
                self.past.push(Past::Carried(value));
            }
            Turn::Undone(which) if which < self.waiting.len() => {
                let slash = self.waiting.remove(which);
                reversed(&mut self.state, slash);
                self.undone.push(slash);
            }
            Turn::Paid(which) if which < self.waiting.len() => {
                let slash = self.waiting.remove(which);
                self.act(|cx| execute(cx, slash));
            }
            Turn::Convicted(_) | Turn::Undone(_) | Turn::Paid(_) => {}
        }
    }

    fn act(&mut self, act: impl FnOnce(&mut Context<'_>)) {
        let (state, mut journal) = (&mut self.state, Journal::default());
        act(&mut Context { state, journal: &mut journal, referee: &Unasked });
    }

    fn standing(&self, role: Role) -> Standing {
        let operator = self.state.operator_id(OFFENDER, role).expect("bonded");
        self.state.operator(operator).expect("known").standing
    }

    /// How an operator of it would stand, and what its provider would have carried, if only what
    /// is not undone had ever been.
    fn replayed(&self, role: Role) -> (Standing, Amount) {
        let none = (Standing::Active, Amount::ZERO);
        self.past.iter().fold(none, |(standing, carried), past| match past {
            Past::Jailed(Some(slash), _) if self.undone.contains(slash) => (standing, carried),
            Past::Jailed(Some(_), until) => (standing.or_jailed(*until), Amount::ZERO),
            Past::Jailed(None, until) => (standing.or_jailed(*until), carried),
            Past::Released(of) if *of == role => (Standing::Active, carried),
            Past::Released(_) => (standing, carried),
            Past::Carried(value) => (standing, carried.saturating_add(*value)),
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Whatever is undone, paid and released in whatever order: an account stands, and its name has
    /// carried, as if what was undone had never been.
    #[test]
    fn whoever_has_convictions_undone_is_as_without_them(turns in turns()) {
        let (waiting, undone, past) = (Vec::new(), Vec::new(), Vec::new());
        let mut story = Story { state: world(), posted: 0, waiting, undone, past };
        let slow = Ratio::new(999_999_999).expect("below one");
        story.adopt(|raw| raw.reputation.decay = slow);
        for turn in turns {
            (0..50).for_each(|_| block(&mut story.state));
            story.turn(turn);
            let carried = story.state.reputation(provider(&story.state)).carried;
            for role in [Role::Provider, Role::Validator] {
                let (standing, all) = story.replayed(role);
                prop_assert_eq!(story.standing(role), standing, "{:?} {:?}", role, turn);
                let faded = all.checked_sub(carried).map(Amount::units);
                prop_assert!(faded.is_some_and(|faded| faded < 10_000), "{} of {}", carried, all);
            }
        }
    }
}
