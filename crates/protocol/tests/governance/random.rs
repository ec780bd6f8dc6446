//! Random orders of proposals, streams, stops, shares and epochs, each step told to a second book.

use earnest_protocol::{
    Amount, Asset, Command, Digest, Epochs, ProposalId, Ratio,
    command::{
        BallotChoice, CancelProposal, CastBallot, ParamChange, Propose, ProposeSpend, StopSpend,
    },
    governance::ProposalStage,
    ledger::{Assets, Pot},
};
use earnest_testkit::{
    spends::Spends,
    votes::{endow, params_with},
    world::World,
};
use proptest::prelude::*;

const NAMES: [&str; 4] = ["W", "X", "R", "P1"];
const VOTERS: [&str; 7] = ["P1", "P2", "P3", "P4", "V1", "V2", "V3"];

#[derive(Clone, Copy, Debug)]
enum Step {
    Spend { to: usize, thousandths: u64, epochs: u64 },
    Stop(usize),
    Cancel(usize),
    Change(usize, u64),
    Vote(bool),
    Epochs(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4usize, 0..1_100u64, 0..9u64)
            .prop_map(|(to, thousandths, epochs)| Step::Spend { to, thousandths, epochs }),
        1 => (0..8usize).prop_map(Step::Stop),
        1 => (0..8usize).prop_map(Step::Cancel),
        1 => (0..4usize, 0..8u64).prop_map(|(which, value)| Step::Change(which, value)),
        3 => any::<bool>().prop_map(Step::Vote),
        4 => (1..4u64).prop_map(Step::Epochs),
    ]
}

struct Play {
    world: World,
    book: Spends,
    told: usize,
}

impl Play {
    fn follow(&mut self) {
        let events = &self.world.events[self.told..];
        self.book.follow(events, &self.world.last_movements, &self.world.state);
        self.told = self.world.events.len();
        for &asset in self.world.state.assets().all() {
            let promised = self.world.state.treasury_promised(asset);
            assert!(promised <= self.world.state.balance(Pot::Treasury(asset)));
        }
        let running = self.world.state.spends_running().count();
        assert!(running <= 64, "an epoch pays {running}");
    }

    fn send(&mut self, name: &str, command: Command) {
        let _refused = self.world.send(name, command);
        self.follow();
    }

    fn blocks(&mut self, epochs: u64) {
        let until = self.world.state.epoch().after(Epochs::new(epochs));
        while self.world.state.epoch() < until {
            self.world.block();
            self.follow();
        }
    }

    fn pick(&self, at: usize, wanted: impl Fn(ProposalStage) -> bool) -> Option<ProposalId> {
        let rows = self.world.state.proposals().filter(|(_, row)| wanted(row.stage));
        let all: Vec<ProposalId> = rows.map(|(id, _)| id).collect();
        all.get(at % all.len().max(1)).copied()
    }

    fn carry_out(&mut self, step: Step) {
        let report = Digest::ZERO;
        match step {
            Step::Spend { to, thousandths, epochs } => {
                let most = self.world.state.spend_most(Asset::Stake);
                let part = most.share_floor(thousandths, 1_000).unwrap_or(Amount::MAX);
                let amount = part.saturating_add(Amount::UNIT);
                let (to, asset) = (self.world.address(NAMES[to]), Asset::Stake);
                let epochs = Epochs::new(epochs);
                let spend = ProposeSpend { to, asset, amount, epochs, report };
                self.send("W", Command::ProposeSpend(spend));
            }
            Step::Stop(at) => {
                let running = self.pick(at, |stage| stage.paying().is_some());
                let spend = running.unwrap_or(ProposalId::new(0));
                self.send("R", Command::StopSpend(StopSpend { spend, report }));
            }
            Step::Cancel(at) => {
                let id = self.pick(at, |stage| stage == ProposalStage::Pending);
                let Some(proposal) = id else { return };
                let by = self.world.state.proposal(proposal).expect("open").account;
                let by = self.world.name(by);
                self.send(by, Command::CancelProposal(CancelProposal { proposal }));
            }
            Step::Change(which, value) => {
                let (path, value) = [
                    ("governance.spend_epoch_share", value * 12_000),
                    ("governance.spend_share", 1 + value * 14_000_000),
                    ("governance.spends_max", 1 + value * 9),
                    ("governance.spend_wait_epochs", 1 + value),
                ][which];
                let changes = vec![ParamChange { path: path.into(), value }];
                self.send("R", Command::Propose(Propose { changes, audit: report }));
            }
            Step::Vote(yes) => {
                let choice = if yes { BallotChoice::Yes } else { BallotChoice::No };
                let open = self.world.state.proposals();
                let open = open.filter(|(_, row)| row.stage == ProposalStage::Active);
                let open: Vec<ProposalId> = open.map(|(id, _)| id).collect();
                for proposal in open {
                    for name in VOTERS {
                        self.send(name, Command::CastBallot(CastBallot { proposal, choice }));
                    }
                }
            }
            Step::Epochs(count) => self.blocks(count),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// And when nobody proposes any more, every spend ends, and no deposit is left anywhere.
    #[test]
    fn no_order_of_votes_pays_twice_or_too_much_or_too_early(
        steps in proptest::collection::vec(step(), 1..50),
        tokens in 1..2_000_000_u64,
        dual in any::<bool>(),
    ) {
        let raw = params_with(30, |raw| {
            endow(raw, tokens);
            raw.chain.epoch_blocks = earnest_protocol::Blocks::new(40);
            raw.governance.deposit = Amount::tokens(1);
            raw.governance.spends_max = 5;
            raw.governance.spend_wait_epochs = Epochs::new(3);
            raw.staking.unbonding_epochs = Epochs::new(200);
            raw.governance.spend_epoch_share = Ratio::new(100_000).expect("small");
        });
        let assets = if dual { Assets::Dual } else { Assets::Single };
        let world = World::with_assets(raw, assets);
        let mut play = Play { world, book: Spends::default(), told: 0 };
        play.blocks(1);
        for step in [Step::Spend { to: 1, thousandths: 500, epochs: 3 }].into_iter().chain(steps) {
            play.carry_out(step);
        }
        play.blocks(30);
        prop_assert_eq!(play.world.state.spends_running().count(), 0);
        prop_assert_eq!(play.world.state.spend_count(), 0);
    }
}
