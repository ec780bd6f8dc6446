//! Whole disputes: an honest challenger finds the first wrong leaf of any corrupted trace and wins;
//! an honest provider wins wherever it is challenged; evidence that is not the task's is not heard.

mod common;

use common::{counter, guest, guest_with, machine, no_input, small_input, task};
use earnest_compute::bisection::{
    Before, EvidenceRejected, OutputProof, Ruling, StepEvidence, evidence_from_run, first_rejected,
    judge, verify_output,
};
use earnest_compute::checkpoint::{depth, state_hash, verify_children};
use earnest_compute::task::{NO_CHUNK, chunk_hash};
use earnest_compute::trace::Keep;
use earnest_compute::{
    Checkpoint, EngineKind, Input, Leaf, Machine, Position, Runner, Status, Task, Tree,
};

struct Job {
    module: Vec<u8>,
    input: Input,
    task: Task,
    machine: Machine,
}

/// What a player holds: a state and an opened leaf for each index.
#[derive(Clone)]
struct Player {
    checkpoints: Vec<Checkpoint>,
    leaves: Vec<Leaf>,
    tree: Tree,
}

impl Job {
    fn new(module: Vec<u8>, input: Input, steps: u64) -> Job {
        let task = task(&module, &input, steps);
        let machine = machine(EngineKind::Wasmi, &module);
        Job { module, input, task, machine }
    }

    fn player(&self, checkpoints: Vec<Checkpoint>, edit: impl Fn(&mut Leaf)) -> Player {
        let mut leaves: Vec<Leaf> =
            checkpoints.iter().map(|c| c.leaf(self.input.chunk_hash_of_step(c.index))).collect();
        leaves.iter_mut().for_each(edit);
        let hash = self.task.hash();
        let tree = Tree::build(leaves.iter().map(|leaf| leaf.digest(&hash)).collect());
        Player { checkpoints, leaves, tree: tree.expect("at least one step") }
    }

    fn honest(&self) -> Player {
        self.corrupted(u64::MAX, |_| {})
    }

    /// Runs honestly but for `corrupt`, applied to the checkpoint of index `at`.
    fn corrupted(&self, at: u64, corrupt: impl Fn(&mut Checkpoint)) -> Player {
        let mut all: Vec<Checkpoint> = Vec::new();
        for index in 0..=self.task.steps {
            let mut next = match all.last() {
                None => self.machine.init(&self.task).expect("runs"),
                Some(before) => {
                    let chunk = self.input.chunk_of_step(index);
                    self.machine.step(&self.task, index, before, chunk).expect("runs")
                }
            };
            if index == at {
                corrupt(&mut next);
            }
            all.push(next);
        }
        self.player(all, |_| {})
    }

    fn evidence(&self, player: &Player, index: u64) -> StepEvidence {
        let at = index as usize;
        let before = at.checked_sub(1).map(|previous| Before {
            leaf: player.leaves[previous].clone(),
            path: player.tree.prove(previous as u64).expect("within"),
        });
        let chunk_path = self.task.chunk_index(index).and_then(|i| self.input.path(i));
        StepEvidence {
            program: self.module.clone(),
            pre_state: match at.checked_sub(1) {
                None => Vec::new(),
                Some(previous) => player.checkpoints[previous].state.clone(),
            },
            chunk: self.input.chunk_of_step(index).to_vec(),
            chunk_path: chunk_path.unwrap_or_default(),
            before,
            after: player.leaves[at].clone(),
        }
    }

    /// The ledger's game; returns the leaf it ends at.
    fn play(&self, provider: &Player, challenger: &Player) -> Option<u64> {
        let steps = self.task.steps;
        let (mut at, mut digest) = (Position::ROOT, provider.tree.root());
        let mut rounds = 0;
        while at.as_leaf(steps).is_none() {
            let children = provider.tree.children(at).expect("an inner node");
            assert!(verify_children(&digest, at, steps, &children));
            let child = first_rejected(&challenger.tree, at, &children)?;
            digest = children[usize::from(child)];
            at = at.child(child);
            rounds += 1;
        }
        assert_eq!(rounds, depth(steps));
        at.as_leaf(steps)
    }

    fn judge(&self, player: &Player, evidence: &StepEvidence) -> Result<Ruling, EvidenceRejected> {
        let index = evidence.after.index;
        let leaf = player.tree.leaves()[index as usize];
        judge(&self.task, &player.tree.root(), index, &leaf, &evidence.encode())
    }

    /// The challenger must find leaf `first_wrong` and win there.
    fn provider_loses(&self, name: &str, liar: &Player, first_wrong: u64) {
        let found = self.play(liar, &self.honest());
        assert_eq!(found, Some(first_wrong), "{name}");
        let ruling = self.judge(liar, &self.evidence(liar, first_wrong));
        assert_eq!(ruling, Ok(Ruling::Fails), "{name}");
    }
}

fn trap_at(step: u64) -> Vec<u8> {
    let trap = format!(
        "(if (i64.eq (local.get $index) (i64.const {step})) (then unreachable))
         (i64.store (i32.const 0) (local.get $index)) i32.const 8"
    );
    guest("", "i32.const 8", &trap)
}

fn flip(checkpoint: &mut Checkpoint) {
    checkpoint.state[0] ^= 1;
}

#[test]
fn a_corrupted_state_is_found_wherever_it_is() {
    for steps in [1, 2, 14, 15, 16, 17, 255, 256, 257, 300] {
        let job = Job::new(counter(), small_input(3), steps);
        for at in [0, 1, 2, 15, 16, 17, 31, 32, 255, 256, 257, steps - 1, steps] {
            if at <= steps {
                job.provider_loses(&format!("{steps}/{at}"), &job.corrupted(at, flip), at);
            }
        }
    }
}

#[test]
fn false_gas_and_false_endings_are_found() {
    let job = Job::new(counter(), no_input(), 40);
    let more = |c: &mut Checkpoint| c.gas += 1;
    job.provider_loses("equal state, other gas", &job.corrupted(33, more), 33);
    let fault = |c: &mut Checkpoint| *c = Checkpoint::fault(&job.task, c.index, 5);
    job.provider_loses("false fault", &job.corrupted(1, fault), 1);
    let halt = |c: &mut Checkpoint| {
        (c.state, c.gas, c.status) =
            (Vec::new(), job.task.gas_bound, Status::Halted { at: c.index });
    };
    job.provider_loses("false halt", &job.corrupted(16, halt), 16);
}

#[test]
fn a_hidden_or_embellished_fault_is_found() {
    let job = Job::new(trap_at(20), small_input(2), 40);
    let go_on = |c: &mut Checkpoint| (c.state, c.status) = (vec![1; 8], Status::Running);
    job.provider_loses("hidden fault", &job.corrupted(20, go_on), 20);
    let early = |c: &mut Checkpoint| *c = Checkpoint::fault(&job.task, c.index, c.gas);
    job.provider_loses("early fault", &job.corrupted(19, early), 19);
    let dearer = |c: &mut Checkpoint| c.gas += 1;
    job.provider_loses("more gas when stopped", &job.corrupted(30, dearer), 30);
    let revive = |c: &mut Checkpoint| (c.state, c.status) = (vec![1; 8], Status::Running);
    job.provider_loses("a stopped task runs again", &job.corrupted(33, revive), 33);
    let other = |c: &mut Checkpoint| c.status = Status::Fault { at: 7 };
    job.provider_loses("another place of the fault", &job.corrupted(32, other), 32);
}

/// A step that does nothing but keep 256 KiB of state.
fn idle() -> Vec<u8> {
    guest_with("", "262144", "i32.const 262144", "i32.const 262144")
}

#[test]
fn a_step_charged_for_its_instructions_alone_is_found() {
    let job = Job::new(idle(), small_input(3), 40);
    let charge = job.machine.admitted().step_gas_fixed(262_144, 1);
    for at in [1, 17, 40] {
        let less = |c: &mut Checkpoint| c.gas -= charge;
        job.provider_loses("no fixed charge", &job.corrupted(at, less), at);
    }
    let load = job.machine.admitted().load_gas();
    job.provider_loses("loading for nothing", &job.corrupted(0, |c| c.gas -= load), 0);
}

#[test]
fn a_step_whose_fixed_charge_exceeds_the_cap_is_judged_a_fault() {
    let mut job = Job::new(idle(), small_input(3), 20);
    let fixed = job.machine.admitted().step_gas_fixed(262_144, 1);
    // `init` carries the state once and fits; a step carries it twice.
    job.task.step_gas_max = fixed - 1;
    let honest = job.honest();
    assert_eq!(honest.checkpoints[0].status, Status::Running);
    assert_eq!(honest.checkpoints[20].status, Status::Fault { at: 1 });
    for index in 0..=2 {
        assert_eq!(job.judge(&honest, &job.evidence(&honest, index)), Ok(Ruling::Holds));
    }
    let go_on = |c: &mut Checkpoint| {
        (c.state, c.status) = (honest.checkpoints[0].state.clone(), Status::Running);
    };
    job.provider_loses("hidden fault", &job.corrupted(1, go_on), 1);
}

#[test]
fn a_chunk_that_is_not_the_tasks_is_found() {
    let job = Job::new(counter(), small_input(5), 40);
    let honest = job.honest();
    let other = vec![200u8];
    let mut all = honest.checkpoints[..=16].to_vec();
    all.push(job.machine.step(&job.task, 17, &all[16], &other).expect("runs"));
    for index in 18..=40 {
        let chunk = job.input.chunk_of_step(index);
        let next = job.machine.step(&job.task, index, all.last().expect("some"), chunk);
        all.push(next.expect("runs"));
    }
    let named = |leaf: &mut Leaf| {
        if leaf.index == 17 {
            leaf.chunk = chunk_hash(&[200]);
        }
    };
    for liar in [job.player(all.clone(), |_| {}), job.player(all, named)] {
        let index = job.play(&liar, &job.honest()).expect("differs");
        assert_eq!(index, 17);
        let mut evidence = job.evidence(&liar, index);
        assert_eq!(job.judge(&liar, &evidence), Ok(Ruling::Fails));
        evidence.chunk = other.clone();
        assert_eq!(job.judge(&liar, &evidence), Err(EvidenceRejected::OtherChunk));
    }
}

#[test]
fn an_honest_provider_holds_at_every_leaf() {
    for (module, input) in
        [(counter(), small_input(3)), (trap_at(9), no_input()), (trap_at(0), no_input())]
    {
        let job = Job::new(module, input, 33);
        let honest = job.honest();
        let runner = Runner::new(&job.machine, &job.task, &job.input);
        let keep = Keep { interval: 8, bytes_max: 1 << 20 };
        let trace = runner.run_all(keep, |_| {}).expect("runs");
        assert_eq!(trace.tree, honest.tree);
        for index in 0..=33 {
            let run = (&trace.tree, &trace.kept);
            let evidence = evidence_from_run(&job.module, &runner, &job.input, run, index);
            let ruling = job.judge(&honest, &evidence.expect("own run"));
            assert_eq!(ruling, Ok(Ruling::Holds), "leaf {index}");
        }
        assert_eq!(job.play(&honest, &honest), None);
    }
}

#[test]
fn evidence_of_something_else_is_not_heard() {
    let job = Job::new(counter(), small_input(3), 20);
    let honest = job.honest();
    let refused = |edit: &dyn Fn(&mut StepEvidence)| {
        let mut evidence = job.evidence(&honest, 17);
        edit(&mut evidence);
        let (root, leaf) = (honest.tree.root(), honest.tree.leaves()[17]);
        judge(&job.task, &root, 17, &leaf, &evidence.encode()).expect_err("must be refused")
    };
    use EvidenceRejected as R;
    assert_eq!(refused(&|e| e.program = counter()[1..].to_vec()), R::OtherProgram);
    assert_eq!(refused(&|e| e.pre_state[0] ^= 1), R::OtherPreState);
    assert_eq!(refused(&|e| e.chunk.push(0)), R::OtherChunk);
    assert_eq!(refused(&|e| e.chunk_path.0.clear()), R::OtherChunk);
    assert_eq!(refused(&|e| e.after.gas += 1), R::OtherLeaf);
    assert_eq!(refused(&|e| e.after.index = 16), R::OtherLeaf);
    assert_eq!(refused(&|e| e.before = None), R::BeforeNotProven);
    let edit_before = |edit: &dyn Fn(&mut Before)| {
        refused(&|e| edit(e.before.as_mut().expect("a step has a leaf before")))
    };
    assert_eq!(edit_before(&|b| b.leaf.gas = 0), R::BeforeNotProven);
    assert_eq!(edit_before(&|b| b.leaf.index = 15), R::BeforeNotProven);
    assert_eq!(edit_before(&|b| b.path.siblings.clear()), R::BeforeNotProven);
    assert_eq!(edit_before(&|b| b.leaf.state = state_hash(b"x")), R::BeforeNotProven);
    let bytes = job.evidence(&honest, 17).encode();
    let (root, leaf) = (honest.tree.root(), honest.tree.leaves()[17]);
    let heard = |bytes: &[u8], index| judge(&job.task, &root, index, &leaf, bytes);
    assert_eq!(heard(&bytes, 21), Err(R::NoSuchLeaf { index: 21, last: 20 }));
    assert_eq!(heard(&bytes[..bytes.len() - 1], 17), Err(R::Malformed));
    assert_eq!(heard(&[&bytes[..], &[0]].concat(), 17), Err(R::Malformed));
    assert!(matches!(heard(&vec![0; 2 << 20], 17), Err(R::TooLong { .. })));
    let mut other = job.task.clone();
    other.seed.0[0] ^= 1;
    assert_eq!(judge(&other, &root, 17, &leaf, &bytes), Err(R::OtherLeaf));
}

#[test]
fn the_output_is_what_the_root_binds() {
    let job = Job::new(counter(), small_input(3), 20);
    let honest = job.honest();
    let last = honest.checkpoints.last().expect("some");
    let chunk = job.input.chunk_hash_of_step(20);
    let proof = OutputProof::new(&honest.tree, last, chunk).expect("own tree").encode();
    let root = honest.tree.root();
    let output = verify_output(&job.task, &root, &proof).expect("proven");
    assert_eq!((output.state_hash, output.gas), (state_hash(&last.state), last.gas));
    for position in 0..proof.len() {
        let mut forged = proof.clone();
        forged[position] ^= 1;
        assert_eq!(verify_output(&job.task, &root, &forged), None, "byte {position}");
    }
    let earlier = OutputProof {
        leaf: honest.leaves[19].clone(),
        path: honest.tree.prove(19).expect("within"),
    };
    assert_eq!(verify_output(&job.task, &root, &earlier.encode()), None);
    let bare = OutputProof::new(&honest.tree, last, NO_CHUNK).expect("own tree").encode();
    assert_eq!(verify_output(&job.task, &root, &bare), None);
}
