//! A state under test, with the model that shadows it.

use std::collections::{BTreeMap, BTreeSet};

use earnest_protocol::{
    AccountId, Amount, Blocks, Command, Digest, Epochs, Event, JobId, RawParams, State,
    command::Transfer,
    ledger::{Movement, Pot},
    market::Phase,
    slashing::SlashState,
};

use crate::{
    commands::{self, Op},
    world::{self, Truth, World},
};

/// A world, the ledger rebuilt from its movements, and what its participants keep to themselves.
pub(crate) struct Machine {
    pub(crate) world: World,
    /// Every pot that ever moved, from genesis on.
    ledger: BTreeMap<Pot, u64>,
    /// What each account sealed for each job.
    pub(crate) sealed: BTreeMap<(JobId, AccountId), Digest>,
    closed: BTreeSet<JobId>,
    pub(crate) accepted: u32,
    pub(crate) refused: u32,
}

fn params() -> RawParams {
    RawParams {
        epoch_blocks: Blocks::new(10),
        unbonding_epochs: Epochs::new(120),
        engine_hold_epochs: Epochs::new(4),
        abandonments_to_jail: 2,
        data_requests_max: 2,
        insurance_share: earnest_protocol::Ratio::percent(50),
        ..world::params()
    }
}

impl Machine {
    pub(crate) fn new() -> Machine {
        let world = World::new(params());
        let mut ledger = BTreeMap::new();
        for (id, _) in world.state.accounts() {
            ledger.insert(Pot::Free(id), world.state.free(id).units());
        }
        for (id, _) in world.state.operators() {
            ledger.insert(Pot::Bond(id), world.state.balance(Pot::Bond(id)).units());
        }
        let (sealed, closed) = (BTreeMap::new(), BTreeSet::new());
        Machine { world, ledger, sealed, closed, accepted: 0, refused: 0 }
    }

    /// Carries out one step of a sequence.
    pub(crate) fn run(&mut self, op: Op) {
        match commands::read(self, op) {
            commands::Step::Blocks { count, withheld } => self.blocks(count, withheld),
            commands::Step::Send(signer, command) => self.send(signer, command),
        }
    }

    fn blocks(&mut self, count: u8, withheld: bool) {
        self.world.withhold_beacon = withheld;
        for _ in 0..count {
            let events = self.world.events.len();
            self.world.block();
            self.follow(events);
        }
        self.world.withhold_beacon = false;
    }

    fn send(&mut self, signer: AccountId, command: Command) {
        let to = self.world.state.account(signer).expect("known").address;
        let mut twin = self.world.state.clone();
        let before = twin.root();
        let tx = world::authenticated(&self.world.state, signer, command);
        let events = self.world.events.len();
        let done = self.world.state.apply(&tx, &Truth, &mut self.world.journal);
        self.world.settle_journal();
        self.follow(events);
        match done {
            Ok(()) => self.accepted += 1,
            Err(refusal) => {
                self.refused += 1;
                assert_eq!(self.world.events.len(), events, "a refusal has no events");
                if refusal.leaves_no_trace() {
                    assert_eq!(self.world.state.root(), before, "{refusal:?}");
                    return;
                }
                let nothing = Command::Transfer(Transfer { to, amount: Amount::ZERO });
                world::apply_to(&mut twin, signer, nothing);
                assert_eq!(self.world.state.root(), twin.root(), "{refusal:?} left a trace");
            }
        }
    }

    /// Replays the last movements into the model and compares what they touched.
    fn follow(&mut self, events: usize) {
        for movement in &self.world.last_movements {
            let Movement { source, target, amount, .. } = *movement;
            let from = self.ledger.entry(source).or_default();
            *from = from.checked_sub(amount.units()).expect("nothing moves that is not there");
            *self.ledger.entry(target).or_default() += amount.units();
        }
        for movement in &self.world.last_movements {
            for pot in [movement.source, movement.target] {
                assert_eq!(self.ledger[&pot], self.world.state.balance(pot).units(), "{pot:?}");
            }
        }
        for event in &self.world.events[events..] {
            if let Event::JobClosed { job, outcome, reason, paid, .. } = *event {
                assert!(self.closed.insert(job), "{job} ended twice");
                let closed = self.world.closed(job);
                assert_eq!((closed.outcome, closed.reason, closed.paid), (outcome, reason, paid));
                assert!(self.world.state.job_pots(job).is_empty());
            }
        }
        let counts = self.world.state.job_counts();
        assert_eq!(counts.posted - counts.open, self.closed.len() as u64);
    }

    /// Sends the state through its bytes.
    pub(crate) fn restart(&mut self) {
        let root = self.world.state.root();
        let bytes = postcard::to_allocvec(&self.world.state).expect("a state encodes");
        let mut back: State = postcard::from_bytes(&bytes).expect("and decodes");
        assert_eq!(back.root(), root);
        back.check_invariants().expect("what was lawful stays lawful");
        self.world.state = back;
    }

    /// Lets empty blocks pass until nothing may be left open, and checks that nothing is.
    pub(crate) fn run_out(&mut self) {
        self.restart();
        self.blocks(250, false);
        for (id, job) in self.world.state.jobs() {
            assert_eq!(job.phase, Phase::Closed, "{id} is stuck: {job:?}");
        }
        // Over every stay, hold and unbonding.
        (0..5).for_each(|_| self.blocks(250, false));
        let state = &self.world.state;
        assert!(state.slashes().all(|(_, slash)| slash.state == SlashState::Executed));
        for (pot, amount) in &self.ledger {
            assert_eq!(*amount, state.balance(*pot).units(), "{pot:?}");
            let is_home = matches!(
                pot,
                Pot::Free(_)
                    | Pot::Bond(_)
                    | Pot::Peers(_)
                    | Pot::Insurance
                    | Pot::Treasury
                    | Pot::Burnt
            );
            assert!(is_home || *amount == 0, "{amount} left in {pot:?}");
        }
        let all: u64 = self.ledger.values().sum();
        assert_eq!(all, state.issued().units(), "burnt included");
        for (_, operator) in state.operators() {
            assert!(operator.unbondings.is_empty());
        }
    }

    /// The kinds of everything that happened.
    pub(crate) fn kinds(&self) -> BTreeSet<String> {
        let kind = |event: &Event| {
            let text = format!("{event:?}");
            text.chars().take_while(char::is_ascii_alphanumeric).collect()
        };
        self.world.events.iter().map(kind).collect()
    }
}
