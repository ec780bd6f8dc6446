//! Requesters: post jobs as demand has it, and open their part of each seed in time.

use earnest_protocol::{
    Blocks, Command, Digest, Event, Height,
    command::{OpenSeed, PostJob},
    seal,
};

use crate::{
    luck::{Entity, Purpose},
    view::{Deeds, Reminder, View, token},
};

/// One who asks for work.
#[derive(Clone, Copy, Debug)]
pub struct Requester {
    me: Entity,
    /// Jobs a block when demand is at its highest.
    rate_max: f64,
    /// When the last job came, with a fraction of a block.
    clock: f64,
}

impl Requester {
    /// One that posts so many jobs a block when demand is at its highest.
    pub fn new(me: Entity, rate_max: f64) -> Requester {
        Requester { me, rate_max, clock: 0.0 }
    }

    pub(super) fn begin(&mut self, view: &View<'_>, deeds: &mut Deeds) {
        if self.rate_max > 0.0 {
            let at = self.next(view, 0);
            deeds.remind(at, Reminder::Post(0));
        }
    }

    /// When job `nth` comes: Poisson arrivals at the highest rate, of which those that are too many
    /// are thinned out when they come (Lewis and Shedler, 1979).
    fn next(&mut self, view: &View<'_>, nth: u32) -> Height {
        self.clock += view.draw(self.me, nth, Purpose::Arrival).waiting() / self.rate_max;
        Height::new(1).after(Blocks::new(self.clock as u64)) // Saturates: then it never comes.
    }

    /// Posts every job that comes in this block.
    pub(super) fn remember(&mut self, view: &View<'_>, reminder: Reminder, deeds: &mut Deeds) {
        let Reminder::Post(mut nth) = reminder else { return };
        if !view.is_open() {
            return;
        }
        let demand = &view.scenario().demand;
        let kept = demand.factor(view.height()) / demand.factor_max();
        loop {
            if kept >= 1.0 || view.draw(self.me, nth, Purpose::Thinning).unit() < kept {
                deeds.send(Command::PostJob(self.terms(view, nth)));
            }
            nth = nth.wrapping_add(1);
            let at = self.next(view, nth);
            if at > view.height() {
                deeds.remind(at, Reminder::Post(nth));
                return;
            }
        }
    }

    fn terms(&self, view: &View<'_>, nth: u32) -> PostJob {
        let mut terms = view.terms().clone();
        terms.task.seed = view.draw(self.me, nth, Purpose::Task).digest();
        let preimage = self.preimage(view, &terms.task.seed);
        terms.seed_seal = seal::seed(&preimage);
        terms
    }

    fn preimage(&self, view: &View<'_>, task_seed: &Digest) -> Digest {
        view.draw(self.me, token(task_seed), Purpose::SeedPreimage).digest()
    }

    pub(super) fn hear(&self, view: &View<'_>, event: &Event, deeds: &mut Deeds) {
        if let Event::ResultCommitted { job, .. } = *event
            && let Some(order) = view.state().order(job)
        {
            let preimage = self.preimage(view, &order.terms.task.seed);
            deeds.send(Command::OpenSeed(OpenSeed { job, preimage }));
        }
    }
}
