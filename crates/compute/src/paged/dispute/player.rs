//! A player: what it holds the run to be, and the moves that follow from it.
//!
//! Not here: when to move, and whether the other's silence lasts too long.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::evidence::{EVIDENCE_BYTES_MAX, make_evidence};
use super::super::run::{Machine, Session};
use super::super::state::State;
use super::super::task::{Input, Task};
use super::{Answer, Before, Disputed, LEVELS, Span, Stage, finer, target};
use crate::bisection::first_rejected;
use crate::checkpoint::Tree;
use crate::digest::Digest;
use crate::executor::EngineFault;

/// One side of a dispute. Its machine marks what it touches.
pub struct Player<'m> {
    machine: &'m Machine,
    task: Task,
    input: Arc<Input>,
    /// States at boundaries, in ticks, from which the run is made again. The first is at 0.
    kept: BTreeMap<u64, State>,
    /// The tree that was made last.
    tree: Option<(Span, Tree)>,
}

impl<'m> Player<'m> {
    /// A player who knows the program's first state.
    pub fn new(machine: &'m Machine, task: &Task, input: &Arc<Input>) -> Player<'m> {
        let kept = BTreeMap::from([(0, machine.program().first_state())]);
        Player { machine, task: task.clone(), input: Arc::clone(input), kept, tree: None }
    }

    /// Keeps the state at the boundary of `ticks`, so that later ones are made from there.
    pub fn keep(&mut self, ticks: u64, state: State) {
        self.kept.insert(ticks, state);
        self.tree = None;
    }

    /// A session at the last state that is kept at or before a boundary, not yet moved on.
    fn session(&self, boundary: u64) -> Result<(u64, Session<'m>), EngineFault> {
        let (at, state) = self.kept.range(..=boundary).next_back().expect("one is kept at 0");
        let session = Session::restore(self.machine, &self.task, &self.input, state.clone())?;
        Ok((*at, session))
    }

    /// The state at the boundary of `ticks`.
    ///
    /// # Errors
    /// Only the host's failures.
    pub fn state_at(&self, ticks: u64) -> Result<State, EngineFault> {
        let (_, mut session) = self.session(ticks)?;
        session.advance(ticks)?;
        Ok(session.into_state())
    }

    /// The tree over a span.
    ///
    /// # Errors
    /// Only the host's failures.
    pub fn tree(&mut self, span: Span) -> Result<&Tree, EngineFault> {
        if self.tree.as_ref().is_none_or(|(made, _)| *made != span) {
            let leaves = self.leaves(span)?;
            let absent = || EngineFault::Compile("a span without steps".to_owned());
            self.tree = Some((span, Tree::build(leaves).ok_or_else(absent)?));
        }
        Ok(self.tree.as_ref().map(|(_, tree)| tree).expect("made above"))
    }

    fn leaves(&self, span: Span) -> Result<Vec<Digest>, EngineFault> {
        let hash = self.task.hash();
        let (mut from, mut session) = self.session(span.begin)?;
        session.advance(span.begin)?;
        let mut leaf = session.state().digest(&hash);
        let mut leaves = vec![leaf];
        for index in 1..=span.steps {
            let boundary = span.boundary(index);
            let kept = self.kept.range(..=boundary).next_back().map_or(from, |(at, _)| *at);
            let stays = match session.state() {
                State::Running(running) => boundary <= running.ticks,
                State::Stopped(_) => true,
            };
            // What is kept decides, also where the run before it would have led elsewhere.
            let taken_up = from < kept;
            if taken_up {
                // Never two at a time: each has addresses of 8 GiB, and a child has 10.
                drop(session);
                (from, session) = self.session(boundary)?;
            }
            if taken_up || !stays {
                session.advance(boundary)?;
                leaf = session.state().digest(&hash);
            }
            leaves.push(leaf);
        }
        Ok(leaves)
    }

    /// The provider's move at `stage`; `None` if none is due to it.
    ///
    /// # Errors
    /// Only the host's failures.
    pub fn answer(&mut self, stage: &Stage) -> Result<Option<Answer>, EngineFault> {
        match stage {
            Stage::Open { tree, at, .. } => {
                let children = self.tree(tree.span)?.children(*at);
                Ok(children.map(|children| Answer::Children(Box::new(children))))
            }
            Stage::Answer { step, .. } => self.answer_step(step).map(Some),
            Stage::Name { .. } | Stage::Over(_) => Ok(None),
        }
    }

    fn answer_step(&mut self, step: &Disputed) -> Result<Answer, EngineFault> {
        let before = self.before(step)?;
        let finer = finer(step);
        if let Some(target) = target(step).filter(|_| is_short(step) || finer.is_none()) {
            let begin = match step {
                Disputed::Run { .. } => 0,
                Disputed::Leaf { tree, index, .. } => tree.span.boundary(index.saturating_sub(1)),
            };
            let state = self.state_at(begin)?;
            let evidence = make_evidence(self.machine, &self.task, &self.input, state, target)?;
            let evidence = evidence.encode();
            if evidence.len() <= EVIDENCE_BYTES_MAX || finer.is_none() {
                return Ok(Answer::Prove { before, evidence });
            }
        }
        let span = finer.ok_or_else(|| EngineFault::Compile("no finer step".to_owned()))?;
        let tree = self.tree(span)?;
        let lost = || EngineFault::Compile("a tree without its ends".to_owned());
        Ok(Answer::Commit {
            before,
            root: tree.root(),
            first: tree.prove(0).ok_or_else(lost)?,
            last: tree.prove(span.steps).ok_or_else(lost)?,
        })
    }

    /// The leaf before a step, where the dispute does not know it.
    fn before(&mut self, step: &Disputed) -> Result<Option<Before>, EngineFault> {
        let Disputed::Leaf { tree, index, before: None } = step else { return Ok(None) };
        let previous = index.saturating_sub(1);
        let own = self.tree(tree.span)?;
        let digest = usize::try_from(previous).ok().and_then(|i| own.leaves().get(i)).copied();
        Ok(digest.zip(own.prove(previous)).map(|(digest, path)| Before { digest, path }))
    }

    /// The challenger's move at `stage`: the first child that is not its own; `None` if none is due
    /// to it, or it has nothing to reject.
    ///
    /// # Errors
    /// Only the host's failures.
    pub fn name(&mut self, stage: &Stage) -> Result<Option<u8>, EngineFault> {
        let Stage::Name { tree, at, children } = stage else { return Ok(None) };
        Ok(first_rejected(self.tree(tree.span)?, *at, children))
    }
}

/// Whether a step is one that a referee may be expected to execute.
fn is_short(step: &Disputed) -> bool {
    match step {
        Disputed::Run { ticks, .. } => *ticks <= LEVELS[1],
        Disputed::Leaf { tree, .. } => 1 <= tree.span.level,
    }
}
