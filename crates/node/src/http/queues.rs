//! Work that blocks a thread, queued by kind, so that none starves another.
//!
//! Laws: each kind has threads of its own and a bounded number that wait for one; what finds no
//! place is answered at once with 503. The threads of all kinds together are those of the runtime.
//! Not here: what the work is.

use std::sync::Arc;

use earnest_api::Problem;
use tokio::sync::Semaphore;

use super::problem::HttpProblem;
use crate::config::Limits;

/// Threads that store blobs: each waits for the disk.
const UPLOADS_AT_ONCE: usize = 4;
/// Threads that read blobs.
const READS_AT_ONCE: usize = 4;
/// Threads that verify transactions.
const SUBMISSIONS_AT_ONCE: usize = 6;
/// Threads that simulate and quote: each may ask the referee for a step.
const SIMULATIONS_AT_ONCE: usize = 2;
/// Threads that look for a block in the log: each may read a whole segment.
const PAST_AT_ONCE: usize = 1;
/// Threads of all kinds.
pub(super) const THREADS: usize =
    UPLOADS_AT_ONCE + READS_AT_ONCE + SUBMISSIONS_AT_ONCE + SIMULATIONS_AT_ONCE + PAST_AT_ONCE;

/// One queue for each kind of work.
#[derive(Debug)]
pub(super) struct Queues {
    /// Blobs and inputs that are stored.
    pub(super) uploads: Queue,
    /// Blobs and inputs that are read.
    pub(super) reads: Queue,
    /// Transactions.
    pub(super) submissions: Queue,
    /// Simulations and quotes.
    pub(super) simulations: Queue,
    /// Blocks that are read from the log.
    pub(super) past: Queue,
}

impl Queues {
    pub(super) fn new(limits: &Limits) -> Queues {
        Queues {
            uploads: Queue::new("uploads", limits.uploads_max, UPLOADS_AT_ONCE),
            reads: Queue::new("reads of blobs", limits.reads_max, READS_AT_ONCE),
            submissions: Queue::new("transactions", limits.submissions_max, SUBMISSIONS_AT_ONCE),
            simulations: Queue::new("simulations", SIMULATIONS_AT_ONCE, SIMULATIONS_AT_ONCE),
            past: Queue::new("reads of the log", limits.past_max, PAST_AT_ONCE),
        }
    }
}

impl Queues {
    /// How many more requests each kind would take now.
    pub(super) fn free(&self) -> [(&'static str, usize); 5] {
        let Queues { uploads, reads, submissions, simulations, past } = self;
        let queues = [uploads, reads, submissions, simulations, past];
        let names = ["uploads", "reads", "transactions", "simulations", "past"];
        let free = queues.map(|queue| queue.places.available_permits());
        std::array::from_fn(|at| (names[at], free[at]))
    }
}

/// Work of one kind.
#[derive(Debug)]
pub(super) struct Queue {
    name: &'static str,
    /// For who works and who waits.
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

impl Queue {
    fn new(name: &'static str, places: usize, threads: usize) -> Queue {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Queue { name, places: semaphore(places), threads: semaphore(threads) }
    }

    /// Runs `work` on a thread of this kind's, if there is a place to wait for one.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HttpProblem> + Send + 'static,
    ) -> Result<T, HttpProblem> {
        let full =
            |_| Problem::unavailable(format_args!("This node has all the {} it takes", self.name));
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(full)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await;
        let thread = thread.expect("nobody closes a queue");
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((place, thread));
            done
        });
        done.await.map_err(|_| Problem::internal("A request's work panicked"))?
    }
}
