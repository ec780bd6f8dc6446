//! Jobs asked of a child: what it answers is what a run in this process gives, and carries a
//! dispute to its end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use earnest_compute::bisection::{Ruling, first_rejected};
use earnest_compute::paged::dispute::{
    Answer, Before, Committed, Dispute, Disputed, LEVELS, Player, Span, Stage,
};
use earnest_compute::paged::evidence::Referee;
use earnest_compute::paged::job::{
    Ask, Failure, QUESTIONS_MAX, Question, REFINED_STEPS_MAX, Ran, Reply, Request, read_reply,
    serve, write_request,
};
use earnest_compute::paged::run::{COARSE_TICKS, Machine, Plain, Tracking};
use earnest_compute::paged::state::Ending;
use earnest_compute::{Digest, EngineKind, Tree};
use proptest::prelude::*;

use crate::programs::{Prepared, all, by_name};

/// All that a child said about one question.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    leaves: Vec<Digest>,
    output: Vec<u8>,
    evidence: Vec<u8>,
    last: Option<Reply>,
}

fn ask(prepared: &Prepared, ask: Ask, altered_at: Option<u64>) -> Heard {
    let mut heard = ask_all(prepared, ask, altered_at);
    assert_eq!(heard.len(), 1, "one answer");
    heard.remove(0)
}

fn show(prepared: &Prepared, question: Question, altered_at: Option<u64>) -> Heard {
    ask(prepared, Ask::Show(vec![question]), altered_at)
}

fn ask_all(prepared: &Prepared, ask: Ask, altered_at: Option<u64>) -> Vec<Heard> {
    let request = Request { task: prepared.task.clone(), ask, altered_at };
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    let (module, input) = (prepared.pausable.code(), prepared.input.bytes());
    write_request(&mut sent, &request, module, input).expect("a vector takes all");
    serve(&sent[..], &mut received, || Duration::ZERO).expect("streams in memory");
    let (mut reader, mut all, mut heard) = (&received[..], Vec::new(), Heard::default());
    while let Some(reply) = read_reply(&mut reader).expect("well formed") {
        match reply {
            Reply::Leaves(leaves) => heard.leaves.extend(leaves),
            Reply::Output(bytes) => heard.output.extend(bytes),
            Reply::Evidence(bytes) => heard.evidence.extend(bytes),
            last => {
                heard.last = Some(last);
                all.push(std::mem::take(&mut heard));
            }
        }
    }
    assert_eq!(heard, Heard::default(), "what is begun is ended");
    all
}

fn ran(heard: &Heard) -> Ran {
    match &heard.last {
        Some(Reply::Ran(ran)) => *ran,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_is_what_the_plain_program_gives_and_ends_in_its_claim() {
    for prepared in all() {
        let heard = ask(&prepared, Ask::Run, None);
        let plain = Plain::new(EngineKind::Wasmi, &prepared.plain).expect("loads");
        let outcome = plain.run(&prepared.task, &prepared.input).expect("runs");
        assert_eq!(ran(&heard).claim, outcome.claim, "{}", prepared.name);
        assert_eq!(heard.output, outcome.output, "{}", prepared.name);
        let hash = prepared.task.hash();
        assert_eq!(heard.leaves.last(), Some(&outcome.claim.digest(&hash)));
        let first = prepared.pausable.first_state().digest(&hash);
        assert_eq!(heard.leaves.first(), Some(&first));
    }
}

/// One side of a dispute that knows nothing but what children answer.
struct ByChildren<'a> {
    prepared: &'a Prepared,
    altered_at: Option<u64>,
    whole: Heard,
    trees: BTreeMap<(u8, u64), Tree>,
}

impl<'a> ByChildren<'a> {
    fn new(prepared: &'a Prepared, altered_at: Option<u64>) -> ByChildren<'a> {
        let whole = ask(prepared, Ask::Run, altered_at);
        ByChildren { prepared, altered_at, whole, trees: BTreeMap::new() }
    }

    fn tree(&mut self, span: Span) -> &Tree {
        let (prepared, altered_at, whole) = (self.prepared, self.altered_at, &self.whole);
        self.trees.entry((span.level, span.begin)).or_insert_with(|| {
            let leaves = match span.level {
                0 => {
                    let mut leaves = whole.leaves.clone();
                    let last = *leaves.last().expect("two at least");
                    leaves.resize(usize::try_from(span.steps).expect("few") + 1, last);
                    leaves
                }
                _ => show(prepared, Question::Refine(span), altered_at).leaves,
            };
            Tree::build(leaves).expect("of a span")
        })
    }

    fn before(&mut self, tree: &Committed, index: u64) -> Before {
        let own = self.tree(tree.span);
        let digest = own.leaves()[usize::try_from(index - 1).expect("few")];
        Before { digest, path: own.prove(index - 1).expect("a leaf") }
    }

    fn commit(&mut self, span: Span, before: Option<Before>) -> Answer {
        let tree = self.tree(span);
        let [first, last] = [0, span.steps].map(|index| tree.prove(index).expect("a leaf"));
        Answer::Commit { before, root: tree.root(), first, last }
    }

    fn answer(&mut self, stage: &Stage) -> Answer {
        match stage {
            Stage::Open { tree, at, .. } => {
                let children = self.tree(tree.span).children(*at).expect("an inner node");
                Answer::Children(Box::new(children))
            }
            Stage::Answer { step: Disputed::Run { ticks, .. }, .. } => {
                self.commit(Span::whole(*ticks), None)
            }
            Stage::Answer { step: Disputed::Leaf { tree, index, before }, .. } => {
                let shown = before.is_none().then(|| self.before(tree, *index));
                let (span, index) = (tree.span, *index);
                if 0 < span.level {
                    let question = Question::Prove { span, index };
                    let heard = show(self.prepared, question, self.altered_at);
                    if heard.last == Some(Reply::Made) {
                        return Answer::Prove { before: shown, evidence: heard.evidence };
                    }
                    assert_eq!(heard.last, Some(Reply::TooLarge));
                }
                self.commit(span.within(index).expect("finer"), shown)
            }
            other => panic!("no move of the provider's: {other:?}"),
        }
    }

    /// Plays against one who ran the program honestly in this process; returns the ruling and the
    /// levels of the trees that were committed to.
    fn play(&mut self) -> (Ruling, Vec<u8>) {
        let (prepared, task) = (self.prepared, &self.prepared.task);
        let referee = Referee::new(&prepared.pausable).expect("loads");
        let machine =
            Machine::new(EngineKind::Wasmi, &prepared.pausable, Tracking::Mark).expect("loads");
        let mut challenger = Player::new(&machine, task, &prepared.input);
        let claim = ran(&self.whole).claim;
        let mut dispute = Dispute::about(task, referee.first(task), &claim);
        let mut levels = Vec::new();
        loop {
            match dispute.stage().clone() {
                Stage::Over(ruling) => return (ruling, levels),
                Stage::Name { tree, at, children } => {
                    let own = challenger.tree(tree.span).expect("runs");
                    // Where nothing is to be rejected: the last that is there.
                    let last = children.iter().rposition(|c| *c != earnest_compute::PAD);
                    let last = u8::try_from(last.expect("a child")).expect("below 16");
                    let child = first_rejected(own, at, &children).unwrap_or(last);
                    dispute.name(child).expect("it is there");
                }
                stage => {
                    let answer = self.answer(&stage);
                    if let Answer::Commit { .. } = &answer {
                        levels.push(match &stage {
                            Stage::Answer { step: Disputed::Leaf { tree, .. }, .. } => {
                                tree.span.level + 1
                            }
                            _ => 0,
                        });
                    }
                    dispute.answer(&referee, task, &answer).expect("as asked for");
                }
            }
        }
    }
}

#[test]
fn an_honest_job_is_defended_by_what_its_children_say() {
    for name in ["uneven", "exit", "trap", "grow", "sum"] {
        let prepared = by_name(name);
        let (ruling, levels) = ByChildren::new(&prepared, None).play();
        assert_eq!((ruling, levels), (Ruling::Holds, vec![0, 1]), "{name}");
    }
}

#[test]
fn an_altered_job_is_convicted_wherever_it_was_altered() {
    let prepared = by_name("uneven");
    let fine = LEVELS[1];
    for at in [7 * fine, COARSE_TICKS, 2 * COARSE_TICKS + 37 * fine] {
        let mut liar = ByChildren::new(&prepared, Some(at));
        let honest = ask(&prepared, Ask::Run, None);
        assert_eq!(liar.whole.output.len(), honest.output.len() + 1);
        let (ruling, levels) = liar.play();
        assert_eq!((ruling, levels), (Ruling::Fails, vec![0, 1]), "{at}");
    }
}

#[test]
fn a_step_that_no_referee_hears_is_shown_by_a_finer_tree() {
    let prepared = by_name("wide");
    let span = Span { level: 1, begin: 0, steps: COARSE_TICKS / LEVELS[1] };
    let heard = show(&prepared, Question::Prove { span, index: 2 }, None);
    assert_eq!((heard.last, heard.evidence.len()), (Some(Reply::TooLarge), 0));
    let finer = Question::Refine(span.within(2).expect("finer"));
    assert_eq!(heard.leaves, show(&prepared, finer, None).leaves, "it comes with the tree within");
    let (ruling, levels) = ByChildren::new(&prepared, Some(2 * LEVELS[1])).play();
    assert_eq!((ruling, levels), (Ruling::Fails, vec![0, 1, 2]));
}

#[test]
fn what_is_not_the_tasks_is_no_claim() {
    let mut prepared = by_name("exit");
    let heard = ask(&prepared, Ask::Run, None);
    assert!(matches!(ran(&heard).claim.ending, Ending::Exited { .. }));
    prepared.task.input_root = Digest([1; 32]);
    let heard = ask(&prepared, Ask::Run, None);
    assert_eq!(heard.last, Some(Reply::Failed(Failure::OtherInput)));
    prepared.task.program = Digest([1; 32]);
    let heard = ask(&prepared, Ask::Run, None);
    assert!(matches!(heard.last, Some(Reply::Failed(Failure::Engine(_)))));
    prepared.task.ticks_bound = 0;
    let heard = ask(&prepared, Ask::Run, None);
    assert!(matches!(heard.last, Some(Reply::Failed(Failure::TaskOutOfRange(_)))));
}

#[test]
fn a_request_above_a_bound_is_not_written() {
    let prepared = by_name("exit");
    let (module, input) = (prepared.pausable.code(), prepared.input.bytes());
    let written = |request: &Request, input: &[u8]| {
        write_request(&mut Vec::new(), request, module, input).is_ok()
    };
    let request = Request { task: prepared.task.clone(), ask: Ask::Run, altered_at: None };
    assert!(written(&request, input));
    assert!(!written(&request, &input[1..]), "shorter than the task says");
    let span = Span { level: 1, begin: 0, steps: REFINED_STEPS_MAX + 1 };
    let asked = |questions| Request { ask: Ask::Show(questions), ..request.clone() };
    assert!(!written(&asked(vec![Question::Refine(span)]), input));
    let at = |begin| Question::Refine(Span { level: 2, begin, steps: 4 });
    assert!(written(&asked(vec![at(7); QUESTIONS_MAX]), input));
    assert!(!written(&asked(vec![at(7); QUESTIONS_MAX + 1]), input));
    assert!(written(&asked(vec![at(7), at(7), at(9)]), input));
    assert!(!written(&asked(vec![at(9), at(7)]), input), "there is no way back");
}

/// As many as may be asked, all the same one: each is answered, and as if it were alone.
#[test]
fn a_question_that_is_repeated_as_often_as_may_be_is_answered_each_time() {
    let prepared = by_name("uneven");
    let question = Question::Refine(Span { level: 2, begin: 1_024, steps: 4 });
    let heard = ask_all(&prepared, Ask::Show(vec![question; QUESTIONS_MAX]), None);
    assert_eq!(heard.len(), QUESTIONS_MAX);
    let alone = show(&prepared, question, None);
    assert_eq!((alone.leaves.len(), &alone.last), (5, &Some(Reply::Made)));
    assert!(heard.iter().all(|heard| *heard == alone));
}

/// Questions of every tier, some within steps that others ask for too, out of all parts of the run.
fn questions(prepared: &Prepared) -> Vec<Question> {
    let coarse = |index| Span::whole(prepared.task.ticks_bound).within(index).expect("finer");
    let fine = |span: Span, index| span.within(index).expect("finer");
    let mut questions = vec![
        Question::Refine(coarse(1)),
        Question::Refine(coarse(3)),
        Question::Prove { span: coarse(1), index: 1 },
        Question::Prove { span: coarse(3), index: 38 },
        Question::Prove { span: coarse(3), index: 37 },
        Question::Refine(fine(coarse(2), 8_192)),
        Question::Prove { span: fine(coarse(3), 38), index: 1_024 },
        Question::Prove { span: fine(coarse(2), 5), index: 1 },
        Question::Prove { span: fine(coarse(2), 5), index: 1 },
    ];
    questions.sort_by_key(Question::begin);
    questions
}

#[test]
fn several_questions_are_answered_by_one_run_and_each_as_if_it_were_asked_alone() {
    let fine = LEVELS[1];
    for (name, altered_at) in [
        ("uneven", None),
        ("wide", None),
        ("grow", None),
        ("uneven", Some(2 * COARSE_TICKS + 37 * fine)),
        ("uneven", Some(COARSE_TICKS + 4 * fine + 16)),
    ] {
        let prepared = by_name(name);
        let questions = questions(&prepared);
        let together = ask_all(&prepared, Ask::Show(questions.clone()), altered_at);
        assert_eq!(together.len(), questions.len(), "{name}");
        for (question, heard) in questions.iter().zip(&together) {
            let alone = show(&prepared, *question, altered_at);
            assert!(*heard == alone, "{name}, {altered_at:?}: {question:?}");
        }
    }
}

proptest! {
    #[test]
    fn a_child_that_hears_something_else_ends(
        changes in prop::collection::vec((0usize..200, any::<u8>()), 1..4),
        cut in 0usize..200,
    ) {
        let prepared = by_name("exit");
        let request = Request { task: prepared.task.clone(), ask: Ask::Run, altered_at: None };
        let mut sent = Vec::new();
        let (module, input) = (b"no module", prepared.input.bytes());
        write_request(&mut sent, &request, module, input).expect("a vector takes all");
        for (at, value) in changes {
            sent[at] = value;
        }
        for bytes in [&sent[..], &sent[..cut]] {
            let mut answers = Vec::new();
            if serve(bytes, &mut answers, || Duration::ZERO).is_ok() {
                let answer = read_reply(&mut &answers[..]);
                prop_assert!(matches!(answer, Ok(Some(Reply::Failed(_)))));
            }
        }
    }
}

/// Each step is between two readings of the host's clock; the second takes the least.
#[test]
fn the_quickest_step_is_told_by_the_hosts_clock() {
    static READINGS: AtomicU64 = AtomicU64::new(0);
    let clock = || {
        let reading = READINGS.fetch_add(1, Ordering::Relaxed);
        let (step, is_end) = (reading / 2, reading % 2);
        let took = [900, 40].get(usize::try_from(step).expect("few")).unwrap_or(&500);
        Duration::from_millis(step * 10_000 + is_end * took)
    };
    let prepared = by_name("endless");
    let request = Request { task: prepared.task.clone(), ask: Ask::Run, altered_at: None };
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    let (module, input) = (prepared.pausable.code(), prepared.input.bytes());
    write_request(&mut sent, &request, module, input).expect("a vector takes all");
    serve(&sent[..], &mut received, clock).expect("streams in memory");
    let mut reader = &received[..];
    let replies = std::iter::from_fn(|| read_reply(&mut reader).expect("well formed"));
    let ran = replies.filter_map(|it| if let Reply::Ran(ran) = it { Some(ran) } else { None });
    assert_eq!(ran.map(|ran| ran.step_nanos).collect::<Vec<_>>(), [40_000_000]);
    assert!(4 < READINGS.load(Ordering::Relaxed), "there are more steps than these two");
}
