//! A world: one run's state, its blocks and its referee.
//!
//! Law: nothing changes the state but blocks and commands; every law of the rules is checked at
//! the end of a run, and after every command where a test asks for it.

use earnest_protocol::{
    AccountId, Address, Authenticated, BlockHead, Blocks, Command, Digest, EvidenceRejected,
    Genesis, Height, JobId, Journal, Output, RawParams, Referee, Rejected, Ruling, State, StepCase,
    Transaction,
    command::{DataItem, Node, Task},
    genesis::{BeaconGenesis, GenesisAccount, GenesisOperator},
    seal,
};

use crate::{SimError, random::Random};

/// Blocks that a run may have.
const BLOCKS_MAX: usize = 1 << 16;

/// When laws are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    AtTheEnd,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests only: it costs a walk each time"))]
    AfterEveryCommand,
}

/// One run's state.
pub(crate) struct World {
    pub(crate) state: State,
    journal: Journal,
    check: Check,
    /// Preimages of the beacon, first to be shown last.
    beacon: Vec<Digest>,
    /// Commands carried out.
    pub(crate) commands: u64,
}

impl World {
    pub(crate) fn new(
        params: RawParams,
        accounts: Vec<GenesisAccount>,
        operators: Vec<GenesisOperator>,
        random: &Random,
        check: Check,
    ) -> Result<World, SimError> {
        let mut beacon = vec![Digest(random.bytes("beacon", 0, 0))];
        for _ in 0..BLOCKS_MAX {
            let last = beacon.last().expect("begins with one");
            beacon.push(seal::beacon_link(last));
        }
        let anchor = beacon.pop().expect("has many");
        let chain_blocks = Blocks::new(u64::try_from(BLOCKS_MAX).expect("small"));
        let genesis = Genesis {
            name: "simulation".into(),
            time_ms: 0,
            params,
            beacon: BeaconGenesis { chain_blocks, anchor, next_anchor: Digest::ZERO },
            accounts,
            operators,
        };
        let state = State::new(&genesis)
            .map_err(|rejected| SimError::Scenario(format!("its beginning: {rejected:?}")))?;
        let journal = Journal::default();
        let mut world = World { state, journal, check, beacon, commands: 0 };
        world.block()?;
        Ok(world)
    }

    /// Opens the next block.
    pub(crate) fn block(&mut self) -> Result<(), SimError> {
        let height = Height::new(self.state.height().count() + 1);
        let interval = self.state.params().block_interval_min_ms;
        let beacon = self.beacon.pop();
        if beacon.is_none() {
            return Err(SimError::Scenario(format!("a run has more than {BLOCKS_MAX} blocks")));
        }
        let head = BlockHead {
            height,
            time_ms: self.state.time_ms() + interval,
            beacon,
            next_anchor: self.state.opens_chain(height).then_some(Digest::ZERO),
        };
        self.state.open_block(&head, &mut self.journal).expect("heights, times and beacons follow");
        self.settle()
    }

    /// Carries out a command, signed by nobody.
    pub(crate) fn send(&mut self, signer: AccountId, command: Command) -> Result<(), SimError> {
        let nonce = self.state.account(signer).map_or(0, |account| account.nonce);
        let valid_until = Height::new(u64::MAX);
        let transaction =
            Authenticated { signer, transaction: Transaction { nonce, valid_until, command } };
        let done = self.state.apply(&transaction, &Truth, &mut self.journal);
        self.commands += 1;
        self.settle()?;
        done.map_err(|rejected: Rejected| SimError::Refused {
            command: format!("{:?}", transaction.transaction.command),
            rejected,
        })
    }

    fn settle(&mut self) -> Result<(), SimError> {
        self.journal.clear();
        match self.check {
            Check::AtTheEnd => Ok(()),
            Check::AfterEveryCommand => self.state.check_invariants().map_err(SimError::Broken),
        }
    }

    /// Everything an account owns: free money, and what its operators have at risk.
    pub(crate) fn wealth(&self, id: AccountId) -> i64 {
        let free = self.state.free(id).units();
        let account = self.state.account(id);
        let operators = account.map(|account| [account.provider, account.validator]);
        let stakes = operators.into_iter().flatten().flatten();
        let stake = stakes.filter_map(|operator| self.state.operator(operator));
        let units = stake.fold(free, |sum, operator| sum + operator.stake.units());
        i64::try_from(units).expect("an amount is below 2^63")
    }
}

/// The address of the account with this number.
pub(crate) fn address(index: u64) -> Address {
    let mut bytes = [0; 20];
    let [a, b, c, d, e, f, g, h] = index.to_be_bytes();
    bytes[0] = 1;
    bytes[12..].copy_from_slice(&[a, b, c, d, e, f, g, h]);
    Address(bytes)
}

/// The referee that knows the truth: a root says of itself whether it is right.
pub(crate) struct Truth;

impl Truth {
    /// The right root of a job.
    pub(crate) fn right(job: JobId) -> Digest {
        root(0, job)
    }

    /// A root of the same job that is wrong from the first state on.
    pub(crate) fn wrong(job: JobId) -> Digest {
        root(1, job)
    }
}

/// Each job has a root of its own, so that no two convictions look like one engine's fault.
fn root(kind: u8, job: JobId) -> Digest {
    let mut bytes = [kind; 32];
    bytes[24..].copy_from_slice(&job.raw().to_le_bytes());
    Digest(bytes)
}

impl Referee for Truth {
    fn opens(&self, _: &Task, _: Node, _: &Digest, children: &[Digest]) -> bool {
        children.len() == 16
    }

    fn output(&self, task: &Task, root: &Digest, _: &[u8]) -> Option<Output> {
        Some(Output { state: *root, gas: task.gas_bound, steps_paid: task.steps })
    }

    fn judge(&self, case: &StepCase<'_>) -> Result<Ruling, EvidenceRejected> {
        Ok(if case.root.0[0] == 1 { Ruling::Fails } else { Ruling::Holds })
    }

    fn serves(&self, _: &Task, _: DataItem, _: Option<&Digest>, _: &[u8]) -> bool {
        true
    }
}
