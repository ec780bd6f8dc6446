//! Wanted: which bytes the ledger has this node keep, how many under each name, and until when.
//!
//! Key terms: so many bytes of a name are wanted while one keep of it pays for as many and has not
//! lapsed, or while a job that is not closed has it as its program or input. A result's output is
//! wanted as its job's room is: a requester pays for room before the output has a name, under the
//! seed seal, while the job's rows stand. Of one requester's jobs under one seal the first has it.
//!
//! Laws: what is wanted after a block is what a start would find in its state, and for some blocks
//! more; bytes are taken and stay within one keep that has not lapsed, keeps of one name never add
//! up, neither in size nor in time; a block looks at the names that fall due, never at all.
//! Not here: the bytes (`blobs`), prices and room (`earnest-protocol`, `storage`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use earnest_protocol::{
    AccountId, Blocks, Digest, Event, Height, JobId, State,
    command::ProgramForm,
    market::{Phase, Stage},
    storage::Keep,
};

/// Blocks after which a name that a job needs is looked at again.
const LOOK_AGAIN: Blocks = Blocks::new(64);

/// Names that are looked at in one block; more that fall due wait for the next.
const LOOKS_MAX: usize = 4_096;

/// Why a name is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reasons {
    /// By who paid: kibibytes, and until when; none covers another of the same account.
    keeps: BTreeMap<AccountId, Vec<(u32, Height)>>,
    /// Jobs that have it as program or input.
    needed_by: BTreeSet<JobId>,
    /// Jobs whose output it is and whose rows stand.
    result_of: BTreeMap<JobId, Output>,
    /// When to look at it again; none while it is looked at.
    due: Option<Height>,
}

/// One job's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Output {
    /// By whom and under which name room for it is paid.
    room: (AccountId, Digest),
    stage: Stage,
    /// Kept as a list with chunks, and else as one file.
    is_list: bool,
}

impl Output {
    fn is_kept_as(&self, named: Named) -> bool {
        named == if self.is_list { Named::Output } else { Named::Blob }
    }
}

/// What the ledger has a node keep.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    height: Height,
    names: BTreeMap<Digest, Reasons>,
    due: BTreeSet<(Height, Digest)>,
    /// Jobs with an output, by who pays for its room and under which name.
    seals: BTreeMap<(AccountId, Digest), BTreeSet<JobId>>,
    /// Names that were wanted and may be so no longer.
    doubtful: VecDeque<Digest>,
}

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// One file: a program, a chunk, an output.
    Blob,
    /// A list with its chunks; no output is one.
    Input,
    /// The list of a large output, with its chunks.
    Output,
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
        for _ in 0..LOOKS_MAX {
            let Some((at, name)) = self.due.first().copied() else { break };
            if at > self.height {
                break;
            }
            self.due.pop_first();
            self.look_at(state, name);
        }
    }

    /// True if a job or one keep wants so many bytes under this name.
    pub(crate) fn has(&self, name: &Digest, named: Named, bytes: u64) -> bool {
        let Some(reasons) = self.names.get(name) else { return false };
        let is_open = |output: &Output| output.stage != Stage::Closed && output.is_kept_as(named);
        let is_result = reasons.result_of.values().any(is_open);
        let mut rooms = self.rooms(name, named);
        is_result || !reasons.needed_by.is_empty() || rooms.any(|(room, _)| room >= bytes)
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
    pub(crate) fn check(&self, name: &Digest, named: Named, bytes: u64) -> Result<(), Unwanted> {
        let rooms = self.rooms(name, named).map(|(room, _)| room);
        let paid = rooms.max().ok_or(Unwanted::NotKept)?;
        if bytes > paid { Err(Unwanted::TooLarge { paid }) } else { Ok(()) }
    }

    /// The most bytes that one keep pays for under a name; none if all have lapsed.
    pub(crate) fn paid(&self, name: &Digest) -> Option<u64> {
        let rooms = [Named::Blob, Named::Output].map(|named| self.rooms(name, named));
        rooms.into_iter().flatten().map(|(room, _)| room).max()
    }

    /// Until when so many bytes of a name are paid for, jobs aside.
    pub(crate) fn until(&self, name: &Digest, bytes: u64) -> Option<Height> {
        let large = self.standing(name).filter(|(room, _)| *room >= bytes);
        large.map(|(_, until)| until).max()
    }

    /// Bytes, and until when, that one keep each pays for: under the name, and for an output under
    /// the seals of its jobs.
    fn rooms(&self, name: &Digest, named: Named) -> impl Iterator<Item = (u64, Height)> {
        let results = self.names.get(name).into_iter().flat_map(|reasons| &reasons.result_of);
        let results = results.filter(move |(_, result)| result.is_kept_as(named));
        // One room holds one output, however many jobs were posted under its name.
        let is_first = |job: &JobId, room: &(AccountId, Digest)| {
            self.seals.get(room).and_then(BTreeSet::first) == Some(job)
        };
        let first = results.filter(move |(job, result)| is_first(job, &result.room));
        let paid = first.flat_map(|(_, Output { room: (account, seal), .. })| {
            let keeps = self.names.get(seal).and_then(|reasons| reasons.keeps.get(account));
            self.lasting(keeps.into_iter().flatten())
        });
        self.standing(name).chain(paid)
    }

    /// The keeps of a name that have not lapsed, in bytes.
    fn standing(&self, name: &Digest) -> impl Iterator<Item = (u64, Height)> {
        let reasons = self.names.get(name).into_iter();
        self.lasting(reasons.flat_map(|reasons| reasons.keeps.values().flatten()))
    }

    fn lasting<'a>(
        &self,
        keeps: impl Iterator<Item = &'a (u32, Height)>,
    ) -> impl Iterator<Item = (u64, Height)> {
        let now = self.height;
        let standing = keeps.filter(move |(_, until)| *until >= now);
        standing.map(|(kibibytes, until)| (u64::from(*kibibytes).saturating_mul(1_024), *until))
    }

    fn add_keep(&mut self, name: Digest, keep: &Keep) {
        let Keep { account, kibibytes, until, .. } = *keep;
        let keeps = self.names.entry(name).or_default().keeps.entry(account).or_default();
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
        let task = &order.terms.task;
        // A published program is in the state.
        let program = (task.form == ProgramForm::Stepwise).then_some(task.program);
        for name in program.into_iter().chain([task.input_root]) {
            self.names.entry(name).or_default().needed_by.insert(job);
            self.set_due(name);
        }
    }

    fn add_output(&mut self, state: &State, job: JobId, output: Digest) {
        let Some((order, row)) = state.order(job).zip(state.job(job)) else { return };
        let room = (order.requester, order.terms.seed_seal);
        let is_list = order.terms.task.form.output_chunks() > 0;
        let result = Output { room, stage: row.stage, is_list };
        self.seals.entry(room).or_default().insert(job);
        self.names.entry(output).or_default().result_of.insert(job, result);
        self.set_due(output);
    }

    /// When a keep of the name lapses; soon, if a job needs it. What was due before stays so: a
    /// name that is asked for again and again is looked at all the same.
    fn set_due(&mut self, name: Digest) {
        let Some(reasons) = self.names.get_mut(&name) else { return };
        let keeps = reasons.keeps.values().flatten();
        let first = keeps.map(|(_, until)| until.after(Blocks::new(1))).min();
        let soon = self.height.after(LOOK_AGAIN);
        let is_needed = !reasons.needed_by.is_empty() || !reasons.result_of.is_empty();
        let mut due = first.unwrap_or(soon);
        if is_needed {
            due = due.min(soon);
        }
        if let Some(before) = reasons.due {
            self.due.remove(&(before, name));
            due = due.min(before);
        }
        reasons.due = Some(due);
        self.due.insert((due, name));
    }

    /// Forgets what no longer holds, and the name if nothing is left; one of which less may be
    /// wanted than before is doubted.
    fn look_at(&mut self, state: &State, name: Digest) {
        let Some(mut reasons) = self.names.remove(&name) else { return };
        let count = |reasons: &Reasons| {
            let keeps =
                reasons.keeps.values().fold(0, |sum: usize, of| sum.saturating_add(of.len()));
            (keeps, reasons.needed_by.len())
        };
        let before = count(&reasons);
        let has_result = !reasons.result_of.is_empty();
        reasons.due = None;
        let is_open = |job: &JobId| state.phase(*job).is_some_and(|phase| phase != Phase::Closed);
        reasons.keeps.retain(|_, keeps| {
            keeps.retain(|(_, until)| *until >= self.height);
            !keeps.is_empty()
        });
        reasons.needed_by.retain(is_open);
        reasons.result_of.retain(|job, result| match state.job(*job) {
            Some(row) => {
                result.stage = row.stage;
                true
            }
            None => {
                forget_room(&mut self.seals, *job, result.room);
                false
            }
        });
        let Reasons { keeps, needed_by, result_of, .. } = &reasons;
        // An output's room is paid for under another name, which says nothing here.
        let has_less = before != count(&reasons) || has_result;
        let is_over = keeps.is_empty() && needed_by.is_empty() && result_of.is_empty();
        if !is_over {
            self.names.insert(name, reasons);
            self.set_due(name);
        }
        if has_less {
            self.doubtful.push_back(name);
        }
    }
}

fn forget_room(
    seals: &mut BTreeMap<(AccountId, Digest), BTreeSet<JobId>>,
    job: JobId,
    room: (AccountId, Digest),
) {
    let Some(jobs) = seals.get_mut(&room) else { return };
    jobs.remove(&job);
    if jobs.is_empty() {
        seals.remove(&room);
    }
}

#[cfg(test)]
mod tests;
