//! Disputes to their end: whoever is right wins, wherever the other went wrong.

use earnest_compute::EngineKind;
use earnest_compute::bisection::Ruling;
use earnest_compute::checkpoint::PAD;
use earnest_compute::paged::dispute::{
    Answer, Dispute, LEVELS, MoveRejected, Player, Stage, coarse_steps,
};
use earnest_compute::paged::evidence::Referee;
use earnest_compute::paged::run::{COARSE_TICKS, Machine, Tracking};
use earnest_compute::paged::state::{Candidates, Claim, Ending, Running, State, Value};

use crate::programs::{Prepared, by_name};

/// A program with what both sides need.
struct Court {
    prepared: Prepared,
    machine: Machine,
    referee: Referee,
}

fn court(name: &str) -> Court {
    let prepared = by_name(name);
    let machine =
        Machine::new(EngineKind::Wasmi, &prepared.pausable, Tracking::Mark).expect("loads");
    let referee = Referee::new(&prepared.pausable).expect("loads");
    Court { prepared, machine, referee }
}

impl Court {
    fn player(&self) -> Player<'_> {
        Player::new(&self.machine, &self.prepared.task, &self.prepared.input)
    }

    /// One who holds that the state at a boundary is another, and goes on from there.
    fn liar(&self, at: u64, lie: &dyn Fn(State) -> State) -> Player<'_> {
        let mut player = self.player();
        let honest = player.state_at(at).expect("runs");
        player.keep(at, lie(honest));
        player
    }

    fn claim(&self, player: &Player<'_>) -> Claim {
        match player.state_at(self.prepared.task.ticks_bound).expect("runs") {
            State::Stopped(claim) => claim,
            State::Running(_) => panic!("the bound ends every run"),
        }
    }

    /// Plays to the end; returns the ruling, the moves made and the bytes of evidence. A challenger
    /// who finds nothing to reject names the last child that is there.
    fn play(
        &self,
        claim: &Claim,
        provider: &mut Player<'_>,
        challenger: &mut Player<'_>,
    ) -> (Ruling, u32, usize) {
        let task = &self.prepared.task;
        let mut dispute = Dispute::about(task, self.referee.first(task), claim);
        let (mut moves, mut evidence) = (0, 0);
        loop {
            moves += 1;
            match dispute.stage().clone() {
                Stage::Over(ruling) => return (ruling, moves, evidence),
                Stage::Name { children, .. } => {
                    let rejected = challenger.name(dispute.stage()).expect("runs");
                    let last = children.iter().rposition(|child| *child != PAD);
                    let last = u8::try_from(last.expect("a node has a child")).expect("below 16");
                    dispute.name(rejected.unwrap_or(last)).expect("it is there");
                }
                stage => {
                    let answer = provider.answer(&stage).expect("runs").expect("it is due");
                    if let Answer::Prove { evidence: bytes, .. } = &answer {
                        evidence = bytes.len();
                    }
                    dispute.answer(&self.referee, task, &answer).expect("as asked for");
                }
            }
        }
    }
}

fn on_running(lie: impl Fn(&mut Running)) -> impl Fn(State) -> State {
    move |state| match state {
        State::Running(mut running) => {
            lie(&mut running);
            State::Running(running)
        }
        stopped @ State::Stopped(_) => stopped,
    }
}

/// What a state is said to be instead.
type Lie = Box<dyn Fn(State) -> State>;

/// Every kind of place at which a state can be wrong.
fn lies() -> Vec<(&'static str, Lie)> {
    fn memory(running: &mut Running, blocks: u32, at: usize) {
        let mut bytes = vec![0; blocks as usize * 65_536];
        running.memory.copy_to(&mut bytes);
        bytes[at] ^= 1;
        running.memory.take(&bytes, Candidates::All);
    }
    vec![
        ("memory", Box::new(on_running(|r| memory(r, r.memory.blocks(), 30_000)))),
        ("growth", Box::new(on_running(|r| memory(r, r.memory.blocks() + 1, 30_000)))),
        ("a global", Box::new(on_running(|r| r.globals[2] = Value::I32(1)))),
        ("ticks", Box::new(on_running(|r| r.ticks += 1))),
        ("output", Box::new(on_running(|r| r.output.append(b"x")))),
        (
            "status",
            Box::new(|state| {
                let State::Running(running) = state else { return state };
                State::Stopped(Claim {
                    ending: Ending::Finished,
                    ticks: running.ticks,
                    output_length: running.output.length(),
                    output_root: running.output.root(),
                })
            }),
        ),
    ]
}

#[test]
fn a_lie_at_any_place_and_any_depth_is_convicted_by_one_step() {
    let court = court("uneven");
    let fine = LEVELS[1];
    // In the first and the third coarse step, at boundaries of all three levels.
    for at in [48, 5 * fine, COARSE_TICKS, 2 * COARSE_TICKS + 16, 2 * COARSE_TICKS + 37 * fine] {
        for (kind, lie) in lies() {
            let mut liar = court.liar(at, &*lie);
            let claim = court.claim(&liar);
            assert_ne!(claim, court.claim(&court.player()), "{kind} {at}: it changes the result");
            let (ruling, moves, evidence) = court.play(&claim, &mut liar, &mut court.player());
            assert_eq!(ruling, Ruling::Fails, "{kind} {at}");
            assert!(moves < 40, "{kind} {at}: {moves} moves");
            assert!(evidence < 64 * 1024, "{kind} {at}: {evidence} bytes");
        }
    }
}

#[test]
fn a_lie_about_the_end_alone_is_convicted() {
    for name in ["uneven", "exit", "trap", "grow", "sum", "endless"] {
        let court = court(name);
        let honest = court.claim(&court.player());
        for claim in [
            Claim { ticks: honest.ticks + 1, ..honest },
            Claim { ticks: honest.ticks - 1, ..honest },
            Claim { ending: Ending::Exited { code: 77 }, ..honest },
            Claim { output_length: honest.output_length + 1, ..honest },
        ] {
            // The last leaf of the tree of the claim is the claim, whatever was before.
            let steps = coarse_steps(claim.ticks);
            let mut liar = court.liar(steps * COARSE_TICKS, &|_| State::Stopped(claim));
            let (ruling, ..) = court.play(&claim, &mut liar, &mut court.player());
            assert_eq!(ruling, Ruling::Fails, "{name} {claim:?}");
        }
    }
}

#[test]
fn an_honest_provider_wins_whatever_the_challenger_rejects() {
    for name in ["uneven", "exit", "trap", "grow", "sum", "sieve", "bulk", "bulk-trap", "wrap"] {
        let court = court(name);
        let claim = court.claim(&court.player());
        let (ruling, ..) = court.play(&claim, &mut court.player(), &mut court.player());
        assert_eq!(ruling, Ruling::Holds, "{name}: with nothing to reject");
    }
    let court = court("uneven");
    let claim = court.claim(&court.player());
    for at in [48, COARSE_TICKS, 2 * COARSE_TICKS + 16] {
        for (kind, lie) in lies() {
            let mut liar = court.liar(at, &*lie);
            let (ruling, ..) = court.play(&claim, &mut court.player(), &mut liar);
            assert_eq!(ruling, Ruling::Holds, "{kind} {at}");
        }
    }
}

#[test]
fn a_tree_with_other_ends_is_not_taken() {
    let court = court("uneven");
    let task = &court.prepared.task;
    let honest = court.claim(&court.player());
    let claim = Claim { output_length: 99, ..honest };
    let mut dispute = Dispute::about(task, court.referee.first(task), &claim);
    let before = dispute.clone();
    // Honest all the way: it does not end in the claim.
    let answer = court.player().answer(dispute.stage()).expect("runs").expect("it is due");
    let refused = dispute.answer(&court.referee, task, &answer);
    assert_eq!(refused, Err(MoveRejected::OtherEnds));
    // Another beginning.
    let mut liar = court.liar(0, &on_running(|running| running.ticks = 3));
    let answer = liar.answer(dispute.stage()).expect("runs").expect("it is due");
    let refused = dispute.answer(&court.referee, task, &answer);
    assert_eq!(refused, Err(MoveRejected::OtherEnds));
    assert_eq!(dispute, before);
}

#[test]
fn moves_that_are_not_due_are_refused_and_change_nothing() {
    let court = court("uneven");
    let task = &court.prepared.task;
    let (mut provider, mut other) = (court.player(), court.player());
    let claim = court.claim(&provider);
    let mut dispute = Dispute::about(task, court.referee.first(task), &claim);
    let refuse = |dispute: &mut Dispute, answer: &Answer, why: MoveRejected| {
        let before = dispute.clone();
        assert_eq!(dispute.answer(&court.referee, task, answer), Err(why));
        assert_eq!(*dispute, before);
    };
    assert_eq!(dispute.name(0), Err(MoveRejected::NotDue));
    let children = Answer::Children(Box::new([PAD; 16]));
    refuse(&mut dispute, &children, MoveRejected::NotDue);
    let long = Answer::Prove { before: None, evidence: vec![0] };
    refuse(&mut dispute, &long, MoveRejected::TooLong);

    let commit = provider.answer(dispute.stage()).expect("runs").expect("due");
    dispute.answer(&court.referee, task, &commit).expect("as asked for");
    refuse(&mut dispute, &commit, MoveRejected::NotDue);
    refuse(&mut dispute, &children, MoveRejected::OtherChildren);

    let honest = provider.answer(dispute.stage()).expect("runs").expect("due");
    dispute.answer(&court.referee, task, &honest).expect("as asked for");
    assert_eq!(other.name(dispute.stage()), Ok(None));
    assert_eq!(dispute.name(16), Err(MoveRejected::NoSuchChild { child: 16 }));
    assert_eq!(dispute.name(15), Err(MoveRejected::NoSuchChild { child: 15 }));
    assert_eq!(dispute.name(0), Err(MoveRejected::Agreed));
}
