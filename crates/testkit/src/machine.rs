//! Machine: a world under random commands, every law and a second ledger checked after each.

use std::collections::BTreeSet;

use earnest_protocol::{
    Amount, Blocks, Command, Epochs, Event, Factor, Gas, Journal, Ratio, RawParams, Rejected,
    Sender, State,
    ledger::{Assets, Reason},
    prices::SealPriceRejected,
};

use crate::{
    access, credits, grants,
    locks::Locks,
    money::{EpochFlows, Money},
    ops::{self, Op, Play, Sealed, Step},
    prices::{self, Book},
    sets::Sets,
    spends::Spends,
    world::{self, Guarding, Truth, World},
};

/// What kind of network a machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Short windows, a share of slashes for the judges.
    Ordinary,
    /// Every limit, window and round at its least.
    Narrow,
    /// Limits far above what comes up, four redraws, a crowd of bidders.
    Wide,
    /// Two assets at an odd price.
    TwoAssets,
    /// Audits that lock so much that few fit, and a referee with time for one step a block.
    Scarce,
}

impl Setting {
    /// All of them.
    pub const ALL: [Setting; 5] =
        [Setting::Ordinary, Setting::Narrow, Setting::Wide, Setting::TwoAssets, Setting::Scarce];

    fn params(self) -> RawParams {
        let mut raw = world::params();
        raw.chain.epoch_blocks = Blocks::new(10);
        raw.staking.unbonding_epochs = Epochs::new(151);
        raw.market.chunks_max = 8;
        raw.market.work_bound_max = Gas::new(2_000_000_000);
        raw.staking.abandonments_to_jail = 2;
        raw.staking.delegation_max = Factor::percent(300);
        raw.staking.exits_max = 10;
        raw.staking.commission_wait_epochs = Epochs::new(4);
        raw.staking.commission_raise_max = Ratio::percent(10);
        quick_votes(&mut raw);
        raw.slashing.engine_stay_epochs = Epochs::new(3);
        raw.slashing.engine_hold_epochs = Epochs::new(6);
        raw.slashing.insurance_share = Ratio::percent(50);
        raw.insurance.cover_share = Ratio::percent(90);
        raw.insurance.epoch_share = Ratio::percent(50);
        raw.insurance.pair_share = Ratio::percent(3);
        raw.verification.data_requests_max = 2;
        raw.market.retention_blocks = Blocks::new(25);
        raw.reputation.rating_share = Ratio::percent(10);
        raw.reputation.rating_pair_epochs = Epochs::new(4);
        raw.rewards.schedule = 1;
        raw.rewards.epoch_amount = Amount::tokens(1);
        raw.rewards.treasury_share = Ratio::percent(7);
        raw.rewards.stake_share = Ratio::percent(30);
        raw.rewards.lock_weighs = 1;
        (raw.staking.lock_boost, raw.staking.lock_epochs_max) =
            (Factor::percent(400), Epochs::new(12));
        raw.rewards.claim_delay_epochs = Epochs::new(2);
        raw.rewards.vesting_epochs = Epochs::new(33);
        access::machine(&mut raw);
        match self {
            Setting::Ordinary => {}
            Setting::Narrow => narrow(&mut raw),
            Setting::Wide => wide(&mut raw),
            Setting::TwoAssets => {
                raw.chain.stake_price = Factor::new(370_370_371).expect("a third or so");
                prices::machine(&mut raw);
                credits::machine(&mut raw);
                raw.chain.base_fee = Amount::new(777).expect("small");
                (raw.staking.exit_epochs, raw.staking.exit_wait_max_epochs) =
                    (Epochs::new(40), Epochs::new(20));
                raw.rewards.schedule = 3;
                raw.rewards.half_life_epochs = Epochs::new(5);
                raw.rewards.cover_target = Amount::new(200_000_000).expect("small");
                raw.rewards.cover_step = Ratio::percent(12);
                raw.verification.haircut = Ratio::percent(30);
                long_stays(&mut raw);
            }
            Setting::Scarce => {
                raw.reputation.dimensions = 3;
                raw.reputation.carried_multiple = Factor::percent(200);
                raw.reputation.carried_floor = Amount::tokens(30);
                (raw.rewards.schedule, raw.rewards.goal_total) = (7, Amount::tokens(100));
                raw.rewards.half_life_epochs = Epochs::new(20);
                raw.rewards.goal_start = Amount::new(10_000_000).expect("small");
                raw.staking.exit_epochs = Epochs::new(300);
                raw.staking.exit_overlap_epochs = Epochs::new(100);
                raw.staking.exit_churn_step = Amount::tokens(7);
                raw.staking.providers_active_max = 4;
                raw.market.tariff_per_mgas = Amount::new(400_000_000).expect("small");
                raw.verification.audit_lock = Factor::percent(10_000);
                raw.market.step_gas_max = Gas::new(10_000_000);
                raw.chain.referee_gas = Gas::new(10_000_000);
            }
        }
        raw
    }

    /// A council that proposes, one that vetoes, and nobody.
    fn guarding(self) -> Guarding<'static> {
        let guardian = Some(("O", 3_000));
        match self {
            Setting::Narrow => {
                Guarding { council: &["P1", "P2", "V1"], threshold: 2, guardian, grants: true }
            }
            Setting::Wide => Guarding { council: &["W"], threshold: 1, guardian, grants: true },
            Setting::TwoAssets | Setting::Scarce => {
                Guarding { grants: true, ..Guarding::default() }
            }
            Setting::Ordinary => Guarding::default(),
        }
    }

    fn world(self) -> World {
        let assets = if self == Setting::TwoAssets { Assets::Dual } else { Assets::Single };
        let crowd = if self == Setting::Ordinary { 0 } else { 70 };
        World::with_guard(self.params(), assets, crowd, self.guarding())
    }
}

/// Votes that begin and end within a sequence.
fn quick_votes(raw: &mut RawParams) {
    raw.governance.deposit = Amount::tokens(20);
    raw.governance.proposals_max = 4;
    raw.governance.quorum = Ratio::percent(6);
    raw.governance.delay_epochs = Epochs::new(1);
    raw.governance.voting_epochs = Epochs::new(6);
    raw.governance.late_quorum_epochs = Epochs::new(1);
    raw.governance.timelock_epochs = Epochs::new(1);
    raw.governance.expiry_epochs = Epochs::new(2);
    raw.governance.memory_epochs = Epochs::new(4);
    raw.governance.spend_epoch_share = Ratio::new(20_000).expect("small");
    raw.governance.spends_max = 3;
    raw.governance.spend_epochs_max = Epochs::new(6);
    raw.governance.spend_wait_epochs = Epochs::new(3);
    raw.slashing.appeal_epochs = Epochs::new(2);
    raw.slashing.appeal_deposit_min = Amount::tokens(5);
}

/// Slashes that wait until others are convicted alike.
fn long_stays(raw: &mut RawParams) {
    raw.slashing.engine_stay_epochs = Epochs::new(12);
    raw.slashing.engine_hold_epochs = Epochs::new(20);
    raw.slashing.appeal_epochs = Epochs::new(8);
}

fn narrow(raw: &mut RawParams) {
    let one = Blocks::new(1);
    raw.governance.phase = 0;
    (raw.governance.pause_blocks_max, raw.governance.pause_window_blocks) = (one, one);
    raw.market.bids_max = 2;
    raw.market.ranks_max = 2;
    (raw.market.bid_blocks, raw.market.bid_reveal_blocks) = (one, one);
    (raw.market.accept_blocks, raw.market.retention_blocks) = (one, one);
    raw.market.grace_blocks = Blocks::new(0);
    raw.staking.unbondings_max = 1;
    raw.staking.lock_epochs_max = Epochs::new(0);
    (raw.rewards.claim_delay_epochs, raw.rewards.vesting_epochs) = (Epochs::ZERO, Epochs::new(1));
    raw.rewards.epoch_amount = Amount::new(1_000).expect("small");
    (raw.rewards.work_exponent, raw.rewards.work_unit) = (2, Amount::new(10).expect("small"));
    raw.rewards.performance_share = Ratio::percent(30);
    (raw.staking.exits_max, raw.staking.delegations_max) = (1, 2);
    raw.staking.moves_max = 1;
    (raw.governance.proposals_max, raw.governance.changes_max) = (1, 1);
    raw.staking.commission_wait_epochs = Epochs::new(1);
    raw.verification.disputes_max = 1;
    raw.verification.data_requests_max = 1;
    raw.verification.redraws = 0;
    raw.verification.auditors_max = 1;
    raw.verification.pool_min = 0;
    (raw.staking.providers_active_max, raw.staking.validators_active_max) = (40, 3);
    raw.staking.active_margin = Ratio::ZERO;
    (raw.verification.seed_blocks, raw.verification.reveal_blocks) = (one, one);
    (raw.verification.seed_delay_blocks, raw.verification.audit_base_blocks) = (one, one);
    raw.verification.challenge_blocks = one;
    raw.verification.clock_blocks = Blocks::new(2);
    raw.verification.availability_blocks = one;
    raw.chain.lane_kib = 1 << 20;
}

fn wide(raw: &mut RawParams) {
    raw.governance.phase = 1;
    raw.governance.pause_blocks_max = Blocks::new(5);
    raw.governance.pause_window_blocks = Blocks::new(40);
    raw.market.bids_max = 64;
    raw.market.ranks_max = 8;
    raw.staking.unbondings_max = 1_000;
    (raw.staking.lock_boost, raw.staking.lock_epochs_max) = (Factor::percent(133), Epochs::new(70));
    raw.rewards.lock_weighs = 0;
    (raw.rewards.schedule, raw.rewards.epochs_per_year) = (5, 1_000);
    raw.rewards.lifetime_max = Amount::tokens(500);
    raw.staking.unbonding_epochs = Epochs::new(1_300);
    long_stays(raw);
    raw.verification.disputes_max = 100;
    raw.verification.data_requests_max = 16;
    raw.verification.redraws = 4;
    raw.verification.auditors_max = 16;
    raw.chain.lane_kib = 1 << 20;
}

/// Blocks that both sides of a restart are led through.
const FUTURE: u32 = 4;

/// A world, a second ledger, and what its participants keep to themselves.
pub struct Machine {
    /// The world.
    pub world: World,
    /// What each account sealed for each job.
    pub sealed: Sealed,
    money: Money,
    spends: Spends,
    sets: Sets,
    locks: Locks,
    access: access::Book,
    book: Book,
    credits: credits::Book,
    grants: grants::Book,
    flows: EpochFlows,
    /// Do validators post prices? Not while a network runs out: nothing may wait for one.
    posts: bool,
    closed: u64,
    /// Commands accepted and refused so far.
    pub accepted: u64,
    /// The same, refused.
    pub refused: u64,
    /// Blocks opened.
    pub blocks: u64,
    /// Every kind of event and refusal seen.
    pub seen: BTreeSet<String>,
}

impl Machine {
    /// A machine at the beginning of a network.
    pub fn new(setting: Setting) -> Machine {
        let world = setting.world();
        let (money, sets) = (Money::of(&world.state), Sets::of(&world.state));
        let flows = EpochFlows::of(&world.state);
        Machine {
            world,
            sealed: Sealed::new(),
            money,
            spends: Spends::default(),
            sets,
            locks: Locks::default(),
            access: access::Book::default(),
            book: Book::default(),
            credits: credits::Book::default(),
            grants: grants::Book::default(),
            flows,
            posts: true,
            closed: 0,
            accepted: 0,
            refused: 0,
            blocks: 0,
            seen: BTreeSet::new(),
        }
    }

    /// What an op comes to where this machine stands.
    pub fn read(&mut self, op: Op) -> Step {
        ops::read(&mut Play { world: &self.world, sealed: &mut self.sealed }, op)
    }

    /// Carries out one op.
    pub fn run(&mut self, op: Op) {
        match self.read(op) {
            Step::Blocks { count, withheld } => self.open_blocks(count, withheld),
            Step::Send(signer, command) => {
                let sender = ops::sender(&self.world.state, signer, &command, op);
                let _refused = self.send(sender, command);
            }
        }
    }

    /// Opens blocks.
    pub fn open_blocks(&mut self, count: u64, withheld: bool) {
        self.world.withhold_beacon = withheld;
        for _ in 0..count {
            self.world.block();
            self.follow();
            if self.posts {
                self.post_prices();
            }
        }
        self.blocks += count;
        self.world.withhold_beacon = false;
    }

    /// What validators say of prices, each in its own block: too much for one op each to come to
    /// anything.
    fn post_prices(&mut self) {
        let due = prices::due(&self.world.state);
        let turn = self.world.state.height().count() % 3;
        for (account, command) in due {
            if account.raw() % 3 == turn {
                let done = self.send(account, command);
                let late =
                    matches!(done, Err(Rejected::SealPrice(SealPriceRejected::NoWeight { .. })));
                assert!(done.is_ok() || late, "{account} posts in its time: {done:?}");
            }
        }
    }

    /// Sends a command, whatever comes of it; a refusal leaves what it may and nothing else.
    pub fn send(&mut self, sender: impl Into<Sender>, command: Command) -> Result<(), Rejected> {
        let sender = sender.into();
        let mut twin = self.world.state.clone();
        let tx = world::authenticated(&self.world.state, sender, command);
        let weight = tx.transaction.weight();
        let done = self.world.state.apply(&tx, &Truth, &mut self.world.journal);
        self.world.settle_journal();
        if let Err(refusal) = &done {
            assert!(self.world.events.is_empty(), "a refusal has no events: {refusal:?}");
            self.refused += 1;
            self.seen.insert(first_words(&format!("{refusal:?}")));
            self.check_trace(&mut twin, sender, weight, refusal);
        } else {
            self.accepted += 1;
        }
        self.follow();
        done
    }

    /// A refused command leaves what any refused command of its weight leaves; a refused
    /// transaction nothing at all.
    fn check_trace(&mut self, twin: &mut State, sender: Sender, weight: u64, why: &Rejected) {
        if !why.leaves_no_trace() {
            let moved: Vec<Reason> = self.world.last_movements.iter().map(|m| m.reason).collect();
            assert_eq!(moved, [Reason::BaseFee], "{why:?}");
            world::apply_to(twin, sender, world::futile(weight));
        }
        assert_eq!(self.world.state.root(), twin.root(), "{why:?} left a trace");
    }

    /// Tells the second ledger what moved, and looks at what happened.
    fn follow(&mut self) {
        self.money.follow(&self.world.last_movements, &self.world.state);
        let (events, moved) = (&self.world.events, &self.world.last_movements);
        self.flows.follow(moved, &self.world.state);
        self.spends.follow(events, moved, &self.world.state);
        self.book.follow(events, &self.world.state);
        self.credits.follow(events, moved, &self.world.state);
        self.grants.follow(events, &self.world.state);
        self.sets.follow(events, &self.world.state);
        self.locks.follow(events, moved, &self.world.state);
        self.access.follow(events, &self.world.state);
        self.seen.extend(self.access.tiers().map(|tier| format!("TierOfAccess{tier}")));
        for event in std::mem::take(&mut self.world.events) {
            self.seen.insert(first_words(&format!("{event:?}")));
            if let Event::JobClosed { job, outcome, reason, paid, .. } = event {
                self.closed += 1;
                let closed = self.world.closed(job);
                assert_eq!((closed.outcome, closed.reason, closed.paid), (outcome, reason, paid));
                let state = &self.world.state;
                assert!(state.job_pots(job).is_empty());
                let assignments = state.job(job).expect("it just closed").assignments.iter();
                assert!(assignments.copied().all(|id| state.assignment_pots(id).is_empty()));
                self.sealed.retain(|(sealed, _), _| *sealed != job);
            }
        }
        let counts = self.world.state.job_counts();
        assert_eq!(counts.posted - counts.open, self.closed);
    }

    /// Sends the state through its bytes: what comes back is lawful, of the same root, bytes and
    /// future.
    pub fn restart(&mut self) {
        let root = self.world.state.root();
        let bytes = postcard::to_allocvec(&self.world.state).expect("a state encodes");
        let mut back: State = postcard::from_bytes(&bytes).expect("and decodes");
        assert_eq!(back.root(), root);
        back.check_invariants().expect("what was lawful stays lawful");
        let again = postcard::to_allocvec(&back).expect("a state encodes");
        assert_eq!(again, bytes, "one state, one encoding");
        let (mut left, mut right) = (self.world.state.clone(), back.clone());
        for _ in 0..FUTURE {
            let head = world::next_head(&left, false);
            let (mut one, mut two) = (Journal::default(), Journal::default());
            left.open_block(&head, &mut one).expect("a valid head");
            right.open_block(&head, &mut two).expect("the same head");
            assert_eq!((one.events, one.movements), (two.events, two.movements));
            assert_eq!(left.root(), right.root(), "one root, two futures");
        }
        self.world.state = back;
        self.money.agree(&self.world.state);
    }

    /// Lets empty blocks pass until nothing may be left open, and checks that nothing is.
    pub fn run_out(&mut self) {
        self.restart();
        self.posts = false;
        self.open_blocks(400, false);
        let open = self.world.state.jobs().find(|(_, job)| job.closed.is_none());
        assert!(open.is_none(), "stuck: {open:?}");
        // Over every stay, hold and unbonding, those that began under other parameters included.
        let state = &self.world.state;
        let entries = state.operators().flat_map(|(_, row)| row.unbondings.iter());
        let last = entries.filter_map(|id| Some(state.unbonding(*id)?.matures)).max();
        let stays = Epochs::new(state.params().staking().unbonding_epochs.count() + 5);
        let last = last.unwrap_or_default().max(state.epoch().after(stays));
        while self.world.state.epoch() <= last {
            self.open_blocks(10, false);
        }
        assert!(!self.world.state.slashes().any(|(_, slash)| slash.state.waits()));
        assert!(self.world.state.operators().all(|(_, o)| o.unbondings.is_empty()));
        assert!(self.world.state.operators().all(|(_, o)| o.locked().is_zero()), "all end");
        assert_eq!(self.world.state.proposals().count(), 0, "votes end and are forgotten");
        assert_eq!(self.world.state.jobs().count(), 0, "closed rows left");
        self.money.agree(&self.world.state);
        self.money.nothing_is_stuck();
    }
}

/// `Name` of an event, `Command(Name` of a refusal.
fn first_words(text: &str) -> String {
    let end = text.find([' ', '{', ')']).unwrap_or(text.len());
    text[..end].to_owned()
}
