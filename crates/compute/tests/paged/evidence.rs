//! Evidence: what honest makers send is heard and confirmed, what is left out or forged is not.

use std::collections::BTreeMap;

use earnest_compute::bisection::Ruling;
use earnest_compute::paged::evidence::{
    EVIDENCE_BYTES_MAX, Evidence, EvidenceRejected, Pages, Referee, make_evidence,
};
use earnest_compute::paged::pages::PAGE_BYTES;
use earnest_compute::paged::run::{COARSE_TICKS, Machine, Session, Tracking};
use earnest_compute::paged::state::{Claim, Ending, Head, Opened, State, Value};
use earnest_compute::{Digest, EngineKind};
use proptest::prelude::*;

use crate::programs::{Prepared, all, by_name};

const STEP: u64 = COARSE_TICKS / 8;

/// An honest run of a program, with all that disputes about it need.
struct Run {
    prepared: Prepared,
    machine: Machine,
    referee: Referee,
    /// At each boundary of [`STEP`].
    states: Vec<State>,
}

fn run(prepared: Prepared) -> Run {
    let machine =
        Machine::new(EngineKind::Wasmi, &prepared.pausable, Tracking::Mark).expect("loads");
    let mut session = Session::start(&machine, &prepared.task, &prepared.input).expect("starts");
    let mut states = vec![session.state().clone()];
    while let State::Running(_) = session.state() {
        session.advance(states.len() as u64 * STEP).expect("advances");
        states.push(session.state().clone());
    }
    drop(session);
    let referee = Referee::new(&prepared.pausable).expect("loads");
    Run { prepared, machine, referee, states }
}

impl Run {
    /// The evidence of the step to boundary `k`.
    fn evidence(&self, k: usize) -> Evidence {
        let Prepared { task, input, .. } = &self.prepared;
        let before = self.states[k - 1].clone();
        make_evidence(&self.machine, task, input, before, k as u64 * STEP).expect("makes it")
    }

    fn digest(&self, k: usize) -> Digest {
        self.states[k].digest(&self.prepared.task.hash())
    }

    fn judge(
        &self,
        k: usize,
        after: &Digest,
        evidence: &Evidence,
    ) -> Result<Ruling, EvidenceRejected> {
        let (task, before) = (&self.prepared.task, self.digest(k - 1));
        self.referee.judge(task, (&before, after), k as u64 * STEP, &evidence.encode())
    }
}

#[test]
fn every_honest_step_holds_and_every_other_state_fails() {
    for prepared in all() {
        let run = run(prepared);
        for k in 1..run.states.len() {
            let evidence = run.evidence(k);
            let ruling = run.judge(k, &run.digest(k), &evidence);
            assert_eq!(ruling, Ok(Ruling::Holds), "{} {k}", run.prepared.name);
            for lie in lies(&run.states[k]) {
                let digest = lie.digest(&run.prepared.task.hash());
                let ruling = run.judge(k, &digest, &evidence);
                assert_eq!(ruling, Ok(Ruling::Fails), "{} {k} {lie:?}", run.prepared.name);
            }
        }
    }
}

/// States that differ from an honest one in a single place.
fn lies(state: &State) -> Vec<Opened> {
    let other = Digest([5; 32]);
    match state.open() {
        Opened::Stopped(claim) => [
            Claim { ticks: claim.ticks + 1, ..claim },
            Claim { ending: Ending::Exited { code: 9 }, ..claim },
            Claim { output_length: claim.output_length + 1, ..claim },
            Claim { output_root: other, ..claim },
        ]
        .map(Opened::Stopped)
        .to_vec(),
        Opened::Running(head) => {
            let mut output = head.output.clone();
            output.append(b"more");
            let mut globals = head.globals.clone();
            globals[0] = Value::I64(1);
            let ended = Claim {
                ending: Ending::Finished,
                ticks: head.ticks,
                output_length: head.output.length(),
                output_root: head.output.root(),
            };
            vec![
                Opened::Running(Head { ticks: head.ticks + 1, ..head.clone() }),
                Opened::Running(Head { output, ..head.clone() }),
                Opened::Running(Head { blocks: head.blocks + 1, ..head.clone() }),
                Opened::Running(Head { memory: other, ..head.clone() }),
                Opened::Running(Head { globals, ..head }),
                Opened::Stopped(ended),
            ]
        }
    }
}

#[test]
fn after_the_end_nothing_follows_but_the_end() {
    let run = run(by_name("exit"));
    let (last, task) = (run.states.len() - 1, &run.prepared.task);
    let Prepared { input, .. } = &run.prepared;
    let target = (last as u64 + 1) * STEP;
    let stopped = run.states[last].clone();
    let evidence = make_evidence(&run.machine, task, input, stopped, target).expect("makes it");
    let digest = run.digest(last);
    let judge =
        |after: &Digest| run.referee.judge(task, (&digest, after), target, &evidence.encode());
    assert_eq!(judge(&digest), Ok(Ruling::Holds));
    assert_eq!(judge(&run.digest(last - 1)), Ok(Ruling::Fails));
}

/// `pages` without one of them, properly proven.
fn without(pages: &BTreeMap<u32, Vec<u8>>, gone: u32, proof: &dyn Fn(&[u32]) -> Pages) -> Pages {
    let indices: Vec<u32> = pages.keys().copied().filter(|index| *index != gone).collect();
    proof(&indices)
}

#[test]
fn a_step_is_not_heard_if_any_page_that_it_touches_is_left_out() {
    for prepared in all() {
        let run = run(prepared);
        let name = run.prepared.name;
        for k in (1..run.states.len()).step_by(5) {
            let State::Running(before) = &run.states[k - 1] else { continue };
            let evidence = run.evidence(k);
            let proven = |indices: &[u32]| Pages {
                indices: indices.to_vec(),
                bytes: indices.iter().flat_map(|i| *before.memory.page(*i)).collect(),
                proof: before.memory.tree().prove(indices).expect("ascending"),
            };
            let input = &run.prepared.input;
            let proven_input = |indices: &[u32]| Pages {
                indices: indices.to_vec(),
                bytes: indices.iter().flat_map(|i| input.page(*i)).collect(),
                proof: input.tree().prove(indices).expect("ascending"),
            };
            let size = before.memory.blocks() * 16;
            let pages = by_index(&evidence.memory);
            for gone in pages.keys().filter(|page| **page < size) {
                let memory = without(&pages, *gone, &proven);
                let less = Evidence { memory, ..evidence.clone() };
                let ruling = run.judge(k, &run.digest(k), &less);
                assert_eq!(ruling, Err(EvidenceRejected::PageMissing), "{name} {k} {gone}");
            }
            let pages = by_index(&evidence.input);
            for gone in pages.keys() {
                let input = without(&pages, *gone, &proven_input);
                let less = Evidence { input, ..evidence.clone() };
                let ruling = run.judge(k, &run.digest(k), &less);
                assert_eq!(ruling, Err(EvidenceRejected::PageMissing), "{name} {k} {gone}");
            }
        }
    }
}

fn by_index(pages: &Pages) -> BTreeMap<u32, Vec<u8>> {
    let bytes = pages.bytes.chunks(PAGE_BYTES).map(<[u8]>::to_vec);
    pages.indices.iter().copied().zip(bytes).collect()
}

#[test]
fn a_page_that_growth_brought_and_the_step_wrote_must_be_given_for_its_path() {
    let run = run(by_name("grow"));
    let State::Running(before) = &run.states[1] else { panic!("it still runs") };
    let evidence = run.evidence(2);
    let size = before.memory.blocks() * 16;
    let old: Vec<u32> =
        evidence.memory.indices.iter().copied().filter(|page| *page < size).collect();
    let memory = Pages {
        bytes: old.iter().flat_map(|i| *before.memory.page(*i)).collect(),
        proof: before.memory.tree().prove(&old).expect("ascending"),
        indices: old,
    };
    let less = Evidence { memory, ..evidence };
    let ruling = run.judge(2, &run.digest(2), &less);
    assert_eq!(ruling, Err(EvidenceRejected::PageMissing));
}

#[test]
fn forged_parts_are_named_and_not_ruled_upon() {
    let run = run(by_name("sum"));
    let honest = run.evidence(3);
    let judge = |evidence: &Evidence| run.judge(3, &run.digest(3), evidence);
    let mut forged = honest.clone();
    forged.memory.bytes[0] ^= 1;
    assert_eq!(judge(&forged), Err(EvidenceRejected::OtherPages));
    let mut forged = honest.clone();
    forged.memory.proof.0[0].0[0] ^= 1;
    assert_eq!(judge(&forged), Err(EvidenceRejected::OtherPages));
    let mut forged = honest.clone();
    forged.memory.bytes.pop();
    assert_eq!(judge(&forged), Err(EvidenceRejected::OtherPages));
    let mut forged = honest.clone();
    forged.input.bytes[7] ^= 1;
    assert_eq!(judge(&forged), Err(EvidenceRejected::OtherInput));
    let mut forged = honest.clone();
    forged.input.indices[0] += 1;
    assert_eq!(judge(&forged), Err(EvidenceRejected::OtherInput));
    let other = run.evidence(2);
    assert_eq!(judge(&other), Err(EvidenceRejected::OtherState));
    let Opened::Running(mut head) = honest.before.clone() else { panic!("it runs") };
    head.ticks += 1;
    let forged = Evidence { before: Opened::Running(head), ..honest.clone() };
    assert_eq!(judge(&forged), Err(EvidenceRejected::OtherState));

    let (task, states) = (&run.prepared.task, (run.digest(2), run.digest(3)));
    let judge = |bytes: &[u8]| run.referee.judge(task, (&states.0, &states.1), 3 * STEP, bytes);
    let mut longer = honest.encode();
    longer.push(0);
    assert_eq!(judge(&longer), Err(EvidenceRejected::Malformed));
    let (length, limit) = (EVIDENCE_BYTES_MAX + 1, EVIDENCE_BYTES_MAX);
    assert_eq!(judge(&vec![0; length]), Err(EvidenceRejected::TooLong { length, limit }));
}

#[test]
fn a_step_that_costs_too_much_is_not_heard() {
    // 2^37 ticks of an endless program in one step: the bound of gas comes first.
    let mut prepared = by_name("spin");
    prepared.task.ticks_bound = 1 << 40;
    let machine =
        Machine::new(EngineKind::Wasmi, &prepared.pausable, Tracking::Mark).expect("loads");
    let session = Session::start(&machine, &prepared.task, &prepared.input).expect("starts");
    let State::Running(running) = session.state() else { panic!("it begins") };
    let proof = running.memory.tree().prove(&[0]).expect("ascending");
    let memory = Pages { indices: vec![0], bytes: running.memory.page(0).to_vec(), proof };
    let proof = prepared.input.tree().prove(&[]).expect("ascending");
    let input = Pages { proof, ..Pages::default() };
    let evidence = Evidence { before: session.state().open(), memory, input };
    let referee = Referee::new(&prepared.pausable).expect("loads");
    let first = referee.first(&prepared.task);
    let target = COARSE_TICKS;
    let ruling = referee.judge(&prepared.task, (&first, &first), target, &evidence.encode());
    assert_eq!(ruling, Err(EvidenceRejected::TooMuchWork));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn evidence_that_was_changed_anywhere_never_convicts_the_honest(
        at in any::<prop::sample::Index>(), flip in 1u8..=255, cut in any::<bool>(),
    ) {
        thread_local! {
            static RUN: (Run, Vec<u8>) = {
                let run = run(by_name("sum"));
                let bytes = run.evidence(3).encode();
                (run, bytes)
            };
        }
        RUN.with(|(run, honest)| {
            let mut bytes = honest.clone();
            let place = at.index(bytes.len());
            if cut {
                bytes.truncate(place);
            } else {
                bytes[place] ^= flip;
            }
            let (before, after) = (run.digest(2), run.digest(3));
            let task = &run.prepared.task;
            let ruling = run.referee.judge(task, (&before, &after), 3 * STEP, &bytes);
            prop_assert_ne!(ruling, Ok(Ruling::Fails));
            Ok(())
        })?;
    }
}
