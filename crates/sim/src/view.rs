//! What an agent may see, and what it may answer.
//!
//! Laws: nothing can be changed through a [`View`]; an agent's answer is commands, reminders to
//! itself and what its work costs, nothing else.
//! Not here: what agents want (`agents`), what becomes of an answer (`world`).

use std::collections::BTreeMap;

use earnest_protocol::{
    AccountId, Amount, Asset, Command, Digest, Epoch, Factor, Height, JobId, State,
    command::Opening, command::PostJob, ledger::Pot, seal,
};

use crate::{
    luck::{Draw, Entity, Luck, Purpose},
    motions::Motions,
    notes::{Notes, Whisper},
    pools::Pools,
    scenario::Scenario,
    truth,
};

/// What everybody can know besides the ledger.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What every job asks for, but for its seeds.
    pub(crate) terms: PostJob,
    /// The luck of this run.
    pub(crate) luck: Luck,
    /// Jobs that take bids, oldest first.
    pub(crate) board: Vec<JobId>,
    /// What is known of each job, and what providers tell, off the ledger, to whoever would rather
    /// copy than work.
    pub(crate) notes: Notes,
    /// What those who learn tell their fellows of their last round, by place.
    pub(crate) tales: BTreeMap<usize, Tale>,
    /// What is known of operators to whom others may delegate.
    pub(crate) pools: Pools,
    /// What became of what was put to the vote.
    pub(crate) motions: Motions,
    /// What a unit of stake is worth in units that pay, if it has a price of its own.
    pub(crate) worth: Option<Factor>,
    /// The block after which no more jobs are posted or bid for.
    pub(crate) last_block: Height,
}

impl Scene {
    /// Takes a job from the board, if it is there: its jobs stand in the order of their numbers.
    pub(crate) fn take_down(&mut self, job: JobId) {
        if let Ok(place) = self.board.binary_search(&job) {
            self.board.remove(place);
        }
    }
}

/// How a round went for one who learns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tale {
    /// Which of its policies it played.
    pub(crate) policy: usize,
    /// What that brought, in base units.
    pub(crate) payoff: i64,
}

/// What an agent sees. Nothing can be changed through it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) state: &'a State,
    pub(crate) scenario: &'a Scenario,
    pub(crate) scene: &'a Scene,
}

impl<'a> View<'a> {
    /// The ledger.
    pub fn state(&self) -> &'a State {
        self.state
    }

    /// The block that is open.
    pub fn height(&self) -> Height {
        self.state.height()
    }

    /// What a unit of stake is worth in units that pay now, outside; none if both are one.
    pub fn worth(&self) -> Option<Factor> {
        self.scene.worth
    }

    /// What an account has at its disposal of what is bonded.
    pub fn free_stake(&self, account: AccountId) -> Amount {
        self.state.balance(Pot::Free(account, Asset::Stake))
    }

    /// What every job asks for, but for its seeds.
    pub fn terms(&self) -> &'a PostJob {
        &self.scene.terms
    }

    /// How often jobs are asked for, and the like.
    pub fn scenario(&self) -> &'a Scenario {
        self.scenario
    }

    /// Jobs that take bids, oldest first.
    pub fn board(&self) -> &'a [JobId] {
        &self.scene.board
    }

    /// What is known of operators to whom others may delegate.
    pub(crate) fn pools(&self) -> &'a Pools {
        &self.scene.pools
    }

    /// What became of what was put to the vote.
    pub(crate) fn motions(&self) -> &'a Motions {
        &self.scene.motions
    }

    /// The first block of an epoch.
    pub fn first_block(&self, epoch: Epoch) -> Height {
        let blocks = self.state.params().chain().epoch_blocks;
        Height::new(epoch.count().saturating_mul(blocks.count()))
    }

    /// True while jobs are posted and bid for.
    pub fn is_open(&self) -> bool {
        self.height() <= self.scene.last_block
    }

    /// What `me` draws at a step of its own.
    pub fn draw(&self, me: Entity, step: u32, purpose: Purpose) -> Draw {
        self.scene.luck.draw(me, step, purpose)
    }

    /// What `me` draws about a job: a function of the job's requester and its place among the
    /// requester's jobs, not of its number on the ledger, which others change.
    pub fn draw_about(&self, me: Entity, job: JobId, purpose: Purpose) -> Draw {
        let token = self.state.order(job).map_or(0, |order| token(&order.terms.task.seed));
        self.draw(me, token, purpose)
    }

    /// What the provider of `job` told, off the ledger.
    pub fn whisper(&self, job: JobId) -> Option<Whisper> {
        self.scene.notes.get(job)?.whisper
    }

    /// What the member at `place` told of its last round.
    pub(crate) fn tale(&self, place: usize) -> Option<Tale> {
        self.scene.tales.get(&place).copied()
    }

    /// What `me` opens for `root`.
    pub fn opening(&self, me: Entity, job: JobId, root: Digest) -> Option<Opening> {
        let task = &self.state.order(job)?.terms.task;
        let salt = self.draw_about(me, job, Purpose::ResultSalt).digest();
        Some(truth::opening(task, root, salt))
    }

    /// What the account of `me` seals for `root`.
    pub fn seal_result(
        &self,
        (me, account): (Entity, AccountId),
        job: JobId,
        root: Digest,
    ) -> Option<Digest> {
        let address = self.state.account(account)?.address;
        let opening = self.opening(me, job, root)?;
        Some(seal::result(&self.state.network(), job, &address, &opening))
    }
}

/// What a job is called by luck.
pub(crate) fn token(task_seed: &Digest) -> u32 {
    let [a, b, c, d, ..] = task_seed.0;
    u32::from_le_bytes([a, b, c, d])
}

/// What an agent asked to be reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// To enter the market.
    Enter,
    /// That a job was worked on for long enough.
    Deliver(JobId),
    /// That its next job is due.
    Post(u32),
    /// To look at what it earned.
    Review,
    /// To choose how to go on.
    Learn,
    /// That it may ask for its release from jail.
    Release,
    /// To say what stake is worth.
    Price,
    /// To look whom else it could delegate to.
    Follow,
    /// That what it took back has matured.
    Collect,
    /// To put a motion to the vote, by its place.
    Propose(usize),
    /// To vote about one.
    Vote(usize),
}

/// What an agent answers.
#[derive(Clone, Debug, Default)]
pub struct Deeds {
    pub(crate) commands: Vec<Command>,
    pub(crate) reminders: Vec<(Height, Reminder)>,
    pub(crate) cost: Amount,
    pub(crate) tale: Option<Tale>,
}

impl Deeds {
    /// Sends a command.
    pub fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// Asks to be reminded when the block at `at` opens; the past counts as the next block.
    pub fn remind(&mut self, at: Height, what: Reminder) {
        self.reminders.push((at, what));
    }

    /// Tells its fellows how its last round went.
    pub(crate) fn tell(&mut self, tale: Tale) {
        self.tale = Some(tale);
    }

    /// Pays for work off the ledger.
    pub fn spend(&mut self, cost: Amount) {
        self.cost = self.cost.saturating_add(cost);
    }
}
