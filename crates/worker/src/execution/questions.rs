//! Questions: what disputes ask about one job, answered beside the daemon's loop.
//!
//! Laws: all that waits is answered by one run of the job; what comes while one is under way waits
//! for the next. So an answer waits for two runs at most, however many ask, and nobody can make the
//! one who is asked run its job more often than that within a move (the ledger's clocks have room
//! for just that). What one question fails at is tried a few times and keeps no other from its
//! answer.
//! Not here: how a job is run (`paged`, `steps`), how many jobs are asked at once (`executions`).

use std::{
    collections::{BTreeMap, BTreeSet},
    thread::JoinHandle,
    time::Instant,
};

use super::ExecutionError;

/// Tries of what fails for reasons of our own.
const TRIES: u32 = 3;

/// What one run gave: answers to the first of the questions in their order, and why not to more.
pub(super) struct Told<A> {
    pub(super) answers: Vec<A>,
    pub(super) ended: Result<(), ExecutionError>,
}

/// Where the questions about one job stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    /// Nothing waits.
    Nothing,
    /// Something waits for a run since then.
    Since(Instant),
    /// A run is under way.
    Looking,
    /// A run is over and nobody has looked at it.
    Found,
}

/// Questions about one job.
#[derive(Debug)]
pub(super) struct Questions<Q, A> {
    /// Asked since the run under way began, and since when.
    waiting: BTreeSet<Q>,
    since: Option<Instant>,
    run: Option<(Vec<Q>, JoinHandle<Told<A>>)>,
    failed: BTreeMap<Q, u32>,
}

impl<Q, A> Default for Questions<Q, A> {
    fn default() -> Questions<Q, A> {
        let (waiting, failed) = (BTreeSet::new(), BTreeMap::new());
        Questions { waiting, since: None, run: None, failed }
    }
}

impl<Q: Copy + Ord, A: Send + 'static> Questions<Q, A> {
    /// Asks, unless the run under way will tell.
    pub(super) fn ask(&mut self, question: Q) {
        let tried = self.failed.get(&question).copied().unwrap_or(0);
        let is_asked = self.run.as_ref().is_some_and(|(asked, _)| asked.contains(&question));
        if tried < TRIES && !is_asked {
            self.waiting.insert(question);
            self.since.get_or_insert_with(Instant::now);
        }
    }

    /// What is to be done about them.
    pub(super) fn pending(&self) -> Pending {
        match (&self.run, self.since) {
            (Some((_, handle)), _) if handle.is_finished() => Pending::Found,
            (Some(_), _) => Pending::Looking,
            (None, Some(since)) => Pending::Since(since),
            (None, None) => Pending::Nothing,
        }
    }

    /// What the run that is over told, and the error that ended it.
    pub(super) fn take(&mut self) -> (Vec<(Q, A)>, Result<(), ExecutionError>) {
        let Some((asked, handle)) = self.run.take_if(|(_, handle)| handle.is_finished()) else {
            return (Vec::new(), Ok(()));
        };
        let Told { answers, ended } = handle.join().unwrap_or_else(|_| Told {
            answers: Vec::new(),
            ended: Err(ExecutionError::Incomplete),
        });
        // It goes by the order of the questions: the first that has no answer is what it failed at.
        if let (Some(question), Err(_)) = (asked.get(answers.len()), &ended) {
            let tried = self.failed.entry(*question).or_default();
            *tried = tried.saturating_add(1);
        }
        (asked.into_iter().zip(answers).collect(), ended)
    }

    /// Begins a run for all that waits, at most so many: `sort` puts them in the order in which
    /// they are answered, `run` answers them in a thread of its own. Returns how many there are.
    pub(super) fn begin<K: Ord>(
        &mut self,
        most: usize,
        sort: impl Fn(&Q) -> K,
        run: impl FnOnce(Vec<Q>) -> Told<A> + Send + 'static,
    ) -> usize
    where
        Q: Send + 'static,
    {
        if self.run.is_some() || self.waiting.is_empty() {
            return 0;
        }
        let mut asked: Vec<Q> = std::mem::take(&mut self.waiting).into_iter().collect();
        // Who still waits for the rest asks for it again.
        asked.truncate(most);
        asked.sort_by_key(sort);
        self.since = None;
        let (told, count) = (asked.clone(), asked.len());
        self.run = Some((asked, std::thread::spawn(move || run(told))));
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(questions: &mut Questions<u64, u64>) -> Vec<(u64, u64)> {
        while questions.pending() != Pending::Found {
            std::thread::yield_now();
        }
        questions.take().0
    }

    fn doubled(asked: Vec<u64>) -> Told<u64> {
        Told { answers: asked.into_iter().map(|asked| 2 * asked).collect(), ended: Ok(()) }
    }

    #[test]
    fn all_that_waits_is_answered_by_one_run_and_what_comes_meanwhile_by_the_next() {
        let mut questions = Questions::default();
        questions.begin(9, |asked| *asked, doubled);
        assert_eq!(questions.pending(), Pending::Nothing, "nothing was asked");
        for question in [7, 3, 5, 3] {
            questions.ask(question);
        }
        questions.begin(
            9,
            |asked| *asked,
            |asked| {
                assert_eq!(asked, [3, 5, 7]);
                doubled(asked)
            },
        );
        for question in [5, 4, 9] {
            questions.ask(question);
        }
        assert_eq!(finished(&mut questions), [(3, 6), (5, 10), (7, 14)]);
        questions.begin(9, |asked| *asked, doubled);
        assert_eq!(finished(&mut questions), [(4, 8), (9, 18)], "5 was under way");
        assert_eq!(questions.pending(), Pending::Nothing);
    }

    #[test]
    fn a_question_that_fails_keeps_no_other_from_its_answer() {
        let mut questions = Questions::default();
        let until_5 = |asked: Vec<u64>| {
            let answers: Vec<u64> = asked.iter().copied().take_while(|asked| *asked != 5).collect();
            let ended = match answers.len() == asked.len() {
                true => Ok(()),
                false => Err(ExecutionError::Incomplete),
            };
            Told { answers, ended }
        };
        let mut told = Vec::new();
        for _ in 0..5 {
            [3, 5, 7].iter().filter(|asked| !told.contains(*asked)).for_each(|asked| {
                questions.ask(*asked);
            });
            questions.begin(9, |asked| *asked, until_5);
            if questions.pending() != Pending::Nothing {
                told.extend(finished(&mut questions).into_iter().map(|(asked, _)| asked));
            }
        }
        assert_eq!(told, [3, 7], "5 was tried three times");
    }
}
