//! Wanted: which bytes the ledger has this node keep, how many under each name, and until when.
//!
//! Key terms: a name is wanted while a keep of it has not lapsed, or while a job that is not closed
//! has it as its program or input. A result's output is wanted as its job's seed seal is: who pays
//! for room before the output has a name pays under that seal, while the job's rows stand.
//!
//! Laws: what is wanted after a block is what a start would find in its state, and for some blocks
//! more; bytes are taken under a name only within a keep that has not lapsed; a block looks at the
//! names that fall due, never at all.
//! Not here: the bytes (`blobs`), prices and room (`earnest-protocol`, `storage`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use earnest_protocol::{
    Blocks, Digest, Event, Height, JobId, State,
    market::{Phase, Stage},
    storage::Keep,
};

/// Blocks after which a name that a job needs is looked at again.
const LOOK_AGAIN: Blocks = Blocks::new(64);

/// Why a name is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reasons {
    /// Kibibytes, and until when; none covers another.
    keeps: Vec<(u32, Height)>,
    /// Jobs that have it as program or input.
    needed_by: BTreeSet<JobId>,
    /// Jobs whose output it is and whose rows stand.
    result_of: BTreeMap<JobId, Output>,
    /// When to look at it again.
    due: Height,
}

/// One job's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Output {
    /// Under which room for it is paid.
    seed_seal: Digest,
    stage: Stage,
}

/// What the ledger has a node keep.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    height: Height,
    names: BTreeMap<Digest, Reasons>,
    due: BTreeSet<(Height, Digest)>,
    /// Names that were wanted and may be so no longer.
    doubtful: VecDeque<Digest>,
}

/// Why bytes are not taken under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwanted {
    /// Nobody pays for this name.
    NotKept,
    /// Fewer bytes are paid for.
    TooLarge {
        /// The most that one keep of it pays for.
        paid: u64,
    },
}

impl Wanted {
    /// What a state wants.
    pub(crate) fn of(state: &State) -> Wanted {
        let mut wanted = Wanted { height: state.height(), ..Wanted::default() };
        for (_, keep) in state.keeps() {
            wanted.add_keep(keep.root, keep);
        }
        for (job, row) in state.jobs() {
            if row.stage != Stage::Closed {
                wanted.add_job(state, job);
            }
            let result = state.case(job).and_then(|case| case.result.as_ref());
            if let Some(claim) = result.and_then(|result| result.claim.as_ref()) {
                wanted.add_output(state, job, claim.output());
            }
        }
        wanted
    }

    /// Follows a block: what began in it, and what fell due.
    pub(crate) fn follow(&mut self, state: &State, events: &[Event]) {
        self.height = state.height();
        for event in events {
            match event {
                Event::DataKept { keep, root, .. } => {
                    if let Some(keep) = state.keep(*keep) {
                        self.add_keep(*root, keep);
                    }
                }
                Event::JobPosted { job, .. } => self.add_job(state, *job),
                Event::ResultRevealed { job, output, .. } => self.add_output(state, *job, *output),
                _ => {}
            }
        }
        while let Some((at, name)) = self.due.pop_first() {
            if at > self.height {
                self.due.insert((at, name));
                break;
            }
            self.look_at(state, name);
        }
    }

    /// True if anything wants this name.
    pub(crate) fn has(&self, name: &Digest) -> bool {
        let Some(reasons) = self.names.get(name) else { return false };
        let is_wanted = |output: &Output| {
            output.stage != Stage::Closed || self.until(&output.seed_seal).is_some()
        };
        let is_result = reasons.result_of.values().any(is_wanted);
        is_result || !reasons.needed_by.is_empty() || self.until(name).is_some()
    }

    /// Takes a name that may be wanted no longer.
    pub(crate) fn next_doubtful(&mut self) -> Option<Digest> {
        self.doubtful.pop_front()
    }

    /// Has a name that is on the disk looked at.
    pub(crate) fn doubt(&mut self, name: Digest) {
        self.doubtful.push_back(name);
    }

    /// May so many bytes, in whole blocks, be kept under a name?
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn check(&self, name: &Digest, bytes: u64) -> Result<(), Unwanted> {
        let paid = self.paid(name).ok_or(Unwanted::NotKept)?;
        if bytes > paid { Err(Unwanted::TooLarge { paid }) } else { Ok(()) }
    }

    /// The most bytes that one keep pays for under a name; none if all have lapsed.
    pub(crate) fn paid(&self, name: &Digest) -> Option<u64> {
        let reasons = self.names.get(name)?;
        let seals = reasons.result_of.values().map(|result| &result.seed_seal);
        let keeps = seals.chain([name]).flat_map(|name| self.standing(name));
        keeps.map(|(kibibytes, _)| u64::from(kibibytes).saturating_mul(1_024)).max()
    }

    /// Until when a name is paid for, jobs aside.
    pub(crate) fn until(&self, name: &Digest) -> Option<Height> {
        self.standing(name).map(|(_, until)| until).max()
    }

    /// The keeps of a name that have not lapsed.
    fn standing(&self, name: &Digest) -> impl Iterator<Item = (u32, Height)> {
        let keeps = self.names.get(name).into_iter().flat_map(|reasons| &reasons.keeps);
        keeps.copied().filter(|(_, until)| *until >= self.height)
    }

    fn add_keep(&mut self, name: Digest, keep: &Keep) {
        let Keep { kibibytes, until, .. } = *keep;
        let keeps = &mut self.names.entry(name).or_default().keeps;
        let covers = |a: &(u32, Height), b: &(u32, Height)| a.0 >= b.0 && a.1 >= b.1;
        let new = (kibibytes, until);
        if !keeps.iter().any(|old| covers(old, &new)) {
            keeps.retain(|old| !covers(&new, old));
            keeps.push(new);
        }
        self.set_due(name);
    }

    fn add_job(&mut self, state: &State, job: JobId) {
        let Some(order) = state.order(job) else { return };
        for name in [order.terms.task.program, order.terms.task.input_root] {
            self.names.entry(name).or_default().needed_by.insert(job);
            self.set_due(name);
        }
    }

    fn add_output(&mut self, state: &State, job: JobId, output: Digest) {
        let Some((order, row)) = state.order(job).zip(state.job(job)) else { return };
        let result = Output { seed_seal: order.terms.seed_seal, stage: row.stage };
        self.names.entry(output).or_default().result_of.insert(job, result);
        self.set_due(output);
    }

    /// When the name's last keep has lapsed; soon, if a job needs it.
    fn set_due(&mut self, name: Digest) {
        let Some(reasons) = self.names.get_mut(&name) else { return };
        let last = reasons.keeps.iter().map(|(_, until)| until.after(Blocks::new(1))).max();
        let soon = self.height.after(LOOK_AGAIN);
        let is_needed = !reasons.needed_by.is_empty() || !reasons.result_of.is_empty();
        let due = if is_needed { soon } else { last.unwrap_or(soon) };
        self.due.remove(&(reasons.due, name));
        reasons.due = due;
        self.due.insert((due, name));
    }

    /// Forgets what no longer holds, and the name if nothing is left; one that nothing wants is
    /// doubted.
    fn look_at(&mut self, state: &State, name: Digest) {
        let Some(mut reasons) = self.names.remove(&name) else { return };
        let is_open = |job: &JobId| state.phase(*job).is_some_and(|phase| phase != Phase::Closed);
        reasons.keeps.retain(|(_, until)| *until >= self.height);
        reasons.needed_by.retain(is_open);
        reasons.result_of.retain(|job, result| match state.job(*job) {
            Some(row) => {
                result.stage = row.stage;
                true
            }
            None => false,
        });
        let Reasons { keeps, needed_by, result_of, .. } = &reasons;
        let is_over = keeps.is_empty() && needed_by.is_empty() && result_of.is_empty();
        if !is_over {
            self.names.insert(name, reasons);
            self.set_due(name);
        }
        if !self.has(&name) {
            self.doubtful.push_back(name);
        }
    }
}

#[cfg(test)]
mod tests;
