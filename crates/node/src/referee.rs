//! The referee of a node: re-executes one step in the interpreter.
//!
//! Law: an answer is a pure function of the question; what was asked twice is answered from memory,
//! since every block is carried out twice (see `replica`) and a step may take most of a second.
//! Not here: what follows from an answer (`earnest-protocol`), engines (`earnest-compute`).

mod published;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use earnest_compute as compute;
use earnest_protocol::{
    Digest, EvidenceRejected, Gas, Output, Referee, Ruling, StepCase,
    command::{DataItem, Node, ProgramForm, Task},
    verification::Geometry,
};

use published::Published;
pub(crate) use published::is_of_step;
pub use published::{ServedPages, paged_task, tree_of};

/// Rulings kept in memory.
const REMEMBERED: usize = 256;

/// Bytes on the ledger that answer a request for an input chunk: postcard of chunk and path. A
/// program and an output are answered by their plain bytes.
pub type ServedChunk = (Vec<u8>, compute::task::ChunkPath);

/// Judges by re-execution.
#[derive(Debug, Default)]
pub struct NodeReferee {
    remembered: Mutex<Remembered>,
    published: Published,
}

#[derive(Debug, Default)]
struct Remembered {
    rulings: BTreeMap<[u8; 32], Result<Ruling, EvidenceRejected>>,
    order: VecDeque<[u8; 32]>,
}

impl NodeReferee {
    /// A referee that remembers nothing yet.
    pub fn new() -> NodeReferee {
        NodeReferee::default()
    }
}

pub(crate) fn task_of(task: &Task) -> compute::Task {
    compute::Task {
        program: compute::Digest(task.program.0),
        input_root: compute::Digest(task.input_root.0),
        chunk_count: task.chunk_count,
        steps: task.steps,
        seed: compute::Digest(task.seed.0),
        step_gas_max: task.step_gas_max.count(),
        gas_bound: task.gas_bound.count(),
    }
}

pub(crate) fn digest(digest: &Digest) -> compute::Digest {
    compute::Digest(digest.0)
}

impl Referee for NodeReferee {
    fn opens(&self, task: &Task, node: Node, parent: &Digest, children: &[Digest]) -> bool {
        let children: Vec<compute::Digest> = children.iter().map(digest).collect();
        let Ok(children) = children.try_into() else { return false };
        let Some(place) = Geometry::of(task).place(node) else { return false };
        let at = compute::Position { level: u32::from(place.level), index: place.index };
        compute::checkpoint::verify_children(&digest(parent), at, place.steps, &children)
    }

    fn output(&self, task: &Task, first: &[u8], root: &Digest, proof: &[u8]) -> Option<Output> {
        if let ProgramForm::Paged(output_kib) = task.form {
            return published::output((task, output_kib), first, root, proof);
        }
        let shown = compute::bisection::verify_output(&task_of(task), &digest(root), proof)?;
        let steps_paid = match shown.status {
            compute::Status::Running => task.steps,
            compute::Status::Fault { at } | compute::Status::Halted { at } => at.min(task.steps),
        };
        let (state, gas) = (Digest(shown.state_hash.0), Gas::new(shown.gas));
        Some(Output { state, gas, steps_paid, ending: None })
    }

    fn judge(&self, case: &StepCase<'_>) -> Result<Ruling, EvidenceRejected> {
        let key = key_of(case);
        let remembered = self.remembered.lock().ok();
        if let Some(ruling) = remembered.and_then(|memory| memory.rulings.get(&key).copied()) {
            return ruling;
        }
        let ruling = match case.task.form {
            ProgramForm::Stepwise => judge_stepwise(case),
            ProgramForm::Paged(output_kib) => self.published.judge(case, output_kib),
        };
        if let Ok(mut memory) = self.remembered.lock() {
            memory.insert(key, ruling);
        }
        ruling
    }

    fn admits(&self, code: &[u8]) -> Option<Vec<u8>> {
        published::admits(code)
    }

    fn refines(&self, case: &StepCase<'_>, children: &[Digest]) -> Option<Digest> {
        published::refines(case, children)
    }

    fn serves(&self, task: &Task, item: DataItem, output: Option<&Digest>, bytes: &[u8]) -> bool {
        if let ProgramForm::Paged(output_kib) = task.form {
            return published::serves((task, output_kib), item, output, bytes);
        }
        let plain = |expected: &Digest| *blake3::hash(bytes).as_bytes() == expected.0;
        match item {
            DataItem::Program => plain(&task.program),
            DataItem::Output => output.is_some_and(plain),
            // A state is one piece.
            DataItem::OutputChunk(_) => false,
            DataItem::Input(index) => {
                let Ok(((chunk, path), [])) = postcard::take_from_bytes::<ServedChunk>(bytes)
                else {
                    return false;
                };
                let hash = compute::task::chunk_hash(&chunk);
                path.verify(&digest(&task.input_root), task.chunk_count, index, &hash)
            }
        }
    }
}

fn judge_stepwise(case: &StepCase<'_>) -> Result<Ruling, EvidenceRejected> {
    let (root, leaf) = (digest(case.root), digest(case.digest));
    let task = task_of(case.task);
    match compute::bisection::judge(&task, &root, case.leaf, &leaf, case.evidence) {
        Ok(compute::bisection::Ruling::Holds) => Ok(Ruling::Holds),
        Ok(compute::bisection::Ruling::Fails) => Ok(Ruling::Fails),
        Err(_) => Err(EvidenceRejected),
    }
}

impl Remembered {
    fn insert(&mut self, key: [u8; 32], ruling: Result<Ruling, EvidenceRejected>) {
        if self.rulings.insert(key, ruling).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > REMEMBERED {
            let oldest = self.order.pop_front();
            oldest.and_then(|oldest| self.rulings.remove(&oldest));
        }
    }
}

/// Every argument of a ruling, each of fixed width but the last; a published program's bytes by
/// their name in the task.
fn key_of(case: &StepCase<'_>) -> [u8; 32] {
    let Task { program, input_root, chunk_count, steps, seed, step_gas_max, gas_bound, form } =
        *case.task;
    let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 remembered ruling");
    for digest in [program, input_root, seed, *case.root, *case.digest] {
        hasher.update(&digest.0);
    }
    let output_kib = match form {
        ProgramForm::Stepwise => 0,
        ProgramForm::Paged(output_kib) => u64::from(output_kib) + 1,
    };
    let (step, bound) = (step_gas_max.count(), gas_bound.count());
    for number in [u64::from(chunk_count), steps, step, bound, output_kib] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(&[case.node.level]).update(&case.node.index.to_le_bytes());
    *hasher.update(case.evidence).finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use earnest_compute::guests;

    use super::*;

    fn of(task: &compute::Task) -> Task {
        Task {
            program: Digest(task.program.0),
            input_root: Digest(task.input_root.0),
            chunk_count: task.chunk_count,
            steps: task.steps,
            seed: Digest(task.seed.0),
            step_gas_max: Gas::new(task.step_gas_max),
            gas_bound: Gas::new(task.gas_bound),
            form: ProgramForm::Stepwise,
        }
    }

    #[test]
    fn bytes_are_served_by_their_digest_alone() {
        let guest = guests::by_name("wordcount").unwrap();
        let (input, referee) = (guest.input(), NodeReferee::new());
        let task = of(&guest.task(compute::Digest([0; 32])));
        let serves = |item, bytes: &[u8]| referee.serves(&task, item, None, bytes);
        assert!(serves(DataItem::Program, guest.module));
        assert!(!serves(DataItem::Program, &guest.module[1..]));
        assert!(!serves(DataItem::Output, b"state"), "no output is known yet");
        let chunk = |index: u32| {
            let bytes = input.chunks()[usize::try_from(index).unwrap()].clone();
            postcard::to_allocvec(&(bytes, input.path(index).unwrap())).unwrap()
        };
        assert!(serves(DataItem::Input(1), &chunk(1)));
        assert!(!serves(DataItem::Input(0), &chunk(1)));
        assert!(!serves(DataItem::Input(1), &[chunk(1), vec![0]].concat()));
        let output = Digest(*blake3::hash(b"state").as_bytes());
        assert!(referee.serves(&task, DataItem::Output, Some(&output), b"state"));
    }

    #[test]
    fn a_disputed_step_is_judged_alike_the_second_time() {
        let guest = guests::by_name("wordcount").unwrap();
        let (input, referee) = (guest.input(), NodeReferee::new());
        let task = guest.task(compute::Digest([0; 32]));
        let admitted = compute::admit(guest.module).unwrap();
        let machine = compute::Machine::new(compute::EngineKind::Wasmi, &admitted).unwrap();
        let runner = compute::Runner::new(&machine, &task, &input);
        let trace = runner.run_all(compute::trace::Keep::default(), |_| {}).unwrap();
        let parts = (&trace.tree, &trace.kept);
        let evidence =
            compute::bisection::evidence_from_run(guest.module, &runner, &input, parts, 1).unwrap();
        let evidence = evidence.encode();
        let (root, leaf) = (Digest(trace.root().0), Digest(trace.tree.leaves()[1].0));
        let task = of(&task);
        let case = |digest, evidence| {
            let (node, code) = (Node { level: 1, index: 1 }, [].as_slice());
            let (task, root, leaf) = (&task, &root, 1);
            referee.judge(&StepCase { task, root, node, leaf, digest, code, evidence })
        };
        for _ in 0..2 {
            assert_eq!(case(&leaf, &evidence), Ok(Ruling::Holds));
            assert_eq!(case(&root, &evidence), Err(EvidenceRejected));
            assert_eq!(case(&leaf, b"nonsense"), Err(EvidenceRejected));
        }
        let at_root = Node { level: 0, index: 0 };
        let children = trace.tree.children(compute::Position { level: 0, index: 0 }).unwrap();
        let children: Vec<Digest> = children.iter().map(|child| Digest(child.0)).collect();
        assert!(referee.opens(&task, at_root, &root, &children));
        assert!(!referee.opens(&task, at_root, &root, &children[1..]));
        assert!(!referee.opens(&task, at_root, &leaf, &children));
    }
}
