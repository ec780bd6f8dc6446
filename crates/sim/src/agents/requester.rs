//! Requesters: post their jobs, and open their part of each seed in time.

use earnest_protocol::{
    AccountId, Command, Digest, Event, JobId,
    command::{OpenSeed, PostJob},
    seal,
};

use crate::{random::Purpose, world::View};

/// One who asks for work.
#[derive(Clone, Copy, Debug)]
pub struct Requester {
    /// Its account.
    pub me: AccountId,
    /// How many jobs it posts.
    pub jobs: u32,
}

impl Requester {
    pub(super) fn begin(&self, view: &View<'_>) -> Vec<Command> {
        let posted = view.state().job_counts().posted;
        let jobs = (posted..).take(self.jobs as usize).map(JobId::new);
        jobs.map(|job| Command::PostJob(self.terms(view, job))).collect()
    }

    fn terms(&self, view: &View<'_>, job: JobId) -> PostJob {
        let mut terms = view.terms().clone();
        terms.seed_seal = seal::seed(&self.preimage(view, job));
        terms.task.seed = view.draw(self.me, job, Purpose::Task).digest();
        terms
    }

    fn preimage(&self, view: &View<'_>, job: JobId) -> Digest {
        view.draw(self.me, job, Purpose::SeedPreimage).digest()
    }

    pub(super) fn react(&self, view: &View<'_>, event: &Event) -> Option<Command> {
        match *event {
            Event::ResultCommitted { job, .. } => {
                let preimage = self.preimage(view, job);
                Some(Command::OpenSeed(OpenSeed { job, preimage }))
            }
            _ => None,
        }
    }
}
