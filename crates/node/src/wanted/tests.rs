//! What is followed block by block is what a start finds; who pays for what, and until when.

use earnest_protocol::{
    Amount, Command,
    command::{KeepData, PostJob},
};
use earnest_testkit::{
    ops::{self, Op, Play, Sealed, Step},
    soak::Random,
    world::{World, params, root},
};

use super::*;

const NAME: Digest = Digest([9; 32]);

/// Is anything of this name wanted?
fn has(wanted: &Wanted, name: &Digest) -> bool {
    wanted.has(name, Named::Blob, 1)
}

/// A world with the node beside it that follows it.
struct Followed {
    world: World,
    wanted: Wanted,
}

impl Followed {
    fn new() -> Followed {
        let world = World::new(params());
        let wanted = Wanted::of(&world.state);
        Followed { world, wanted }
    }

    fn follow(&mut self) {
        let events = std::mem::take(&mut self.world.events);
        self.wanted.follow(&self.world.state, &events);
    }

    fn keep(&mut self, root: Digest, kibibytes: u32, blocks: u64) {
        let (blocks, price_max) = (Blocks::new(blocks), Amount::MAX);
        let keep = KeepData { root, kibibytes, blocks, price_max };
        self.world.ok("R", Command::KeepData(keep));
        self.follow();
    }

    fn blocks(&mut self, count: u64) {
        for _ in 0..count {
            self.world.block();
            self.follow();
        }
    }

    /// A start finds the same, but for names that are yet to be looked at again.
    fn check(&self) {
        let found = Wanted::of(&self.world.state);
        let latest = self.world.state.height().after(LOOK_AGAIN);
        for name in found.names.keys() {
            // The next job under a seal has its room once the first is looked at.
            assert!(self.wanted.paid(name) <= found.paid(name), "{name}");
            assert_eq!(self.wanted.until(name, 0), found.until(name, 0), "{name}");
            assert!(has(&self.wanted, name) || !has(&found, name), "{name}");
        }
        for (name, reasons) in &self.wanted.names {
            let due = reasons.due.expect("it falls due");
            assert!(has(&found, name) || due <= latest, "{name} stays: {reasons:?}");
            assert!(self.wanted.due.contains(&(due, *name)), "{name} falls due");
        }
        assert_eq!(self.wanted.names.len(), self.wanted.due.len(), "once each");
    }
}

#[test]
fn what_is_followed_is_what_a_start_would_find() {
    for seed in 0..4 {
        let mut followed = Followed::new();
        let (mut sealed, mut random) = (Sealed::new(), Random::new(seed));
        for _ in 0..1_500 {
            let [_, _, _, what, who, amount, twist, _] = random.next_u64().to_le_bytes();
            let mut play = Play { world: &followed.world, sealed: &mut sealed };
            match ops::read(&mut play, Op::from((what, who, amount, twist))) {
                Step::Blocks { count, .. } => followed.blocks(count),
                Step::Send(signer, command) => {
                    let _refused = followed.world.send_as(signer, command);
                    followed.follow();
                }
            }
        }
        followed.check();
        let jobs = followed.world.state.job_counts().posted;
        assert!(jobs > 10, "seed {seed} posted {jobs}");
    }
}

#[test]
fn a_name_is_wanted_until_its_last_keep_lapses_and_takes_what_one_of_them_pays_for() {
    let mut followed = Followed::new();
    assert_eq!(followed.wanted.check(&NAME, Named::Blob, 1), Err(Unwanted::NotKept));
    followed.keep(NAME, 8, 10);
    followed.keep(NAME, 4, 20);
    followed.keep(NAME, 4, 5);
    assert_eq!(followed.wanted.check(&NAME, Named::Blob, 8_192), Ok(()));
    let paid = Err(Unwanted::TooLarge { paid: 8_192 });
    assert_eq!(followed.wanted.check(&NAME, Named::Blob, 8_193), paid, "keeps do not add up");
    followed.blocks(10);
    assert_eq!(
        followed.wanted.check(&NAME, Named::Blob, 8_192),
        Ok(()),
        "the last block is paid for"
    );
    followed.blocks(1);
    let paid = Err(Unwanted::TooLarge { paid: 4_096 });
    assert_eq!(followed.wanted.check(&NAME, Named::Blob, 8_192), paid, "the larger one has lapsed");
    followed.blocks(9);
    assert!(followed.wanted.has(&NAME, Named::Blob, 4_096));
    assert!(!followed.wanted.has(&NAME, Named::Blob, 4_097));
    followed.blocks(1);
    assert!(!has(&followed.wanted, &NAME));
    assert_eq!(followed.wanted.next_doubtful(), Some(NAME));
}

#[test]
fn a_job_keeps_its_program_until_it_is_closed_and_lets_nobody_add_to_it() {
    let mut followed = Followed::new();
    let program = followed.world.terms().task.program;
    followed.keep(program, 64, 1);
    let terms = followed.world.terms();
    let job = followed.world.assign(terms, &[("P1", 10)]);
    followed.follow();
    followed.blocks(3);
    assert!(has(&followed.wanted, &program), "the job needs it");
    assert_eq!(
        followed.wanted.check(&program, Named::Blob, 1),
        Err(Unwanted::NotKept),
        "nobody pays"
    );
    followed.world.until_phase(job, Phase::Closed);
    followed.follow();
    followed.blocks(LOOK_AGAIN.count() + 1);
    assert!(!has(&followed.wanted, &program));
}

#[test]
fn an_output_is_kept_under_the_seal_of_its_job_for_as_long_as_was_paid() {
    let mut followed = Followed::new();
    let terms = followed.world.terms();
    let seal = terms.seed_seal;
    followed.keep(seal, 16, 60);
    let job = followed.world.assign(terms, &[("P1", 10)]);
    followed.world.commit("P1", job, root(None));
    followed.world.audit(job, root(None));
    let output = followed.world.opening(job, root(None)).output;
    assert_eq!(
        followed.wanted.check(&output, Named::Blob, 1),
        Err(Unwanted::NotKept),
        "not yet known"
    );
    followed.world.reveal("P1", job, root(None), root(None));
    followed.follow();
    assert_eq!(followed.wanted.check(&output, Named::Blob, 16_384), Ok(()));
    let paid = Err(Unwanted::TooLarge { paid: 16_384 });
    assert_eq!(followed.wanted.check(&output, Named::Blob, 16_385), paid);
    followed.world.until_phase(job, Phase::Closed);
    followed.follow();
    let until = followed.wanted.until(&seal, 0).expect("paid for");
    while followed.world.state.height() < until {
        followed.blocks(1);
        assert!(has(&followed.wanted, &output), "closed, and paid for");
    }
    followed.blocks(LOOK_AGAIN.count() + 1);
    assert!(!has(&followed.wanted, &output));
}

#[test]
fn a_program_of_which_there_is_always_a_job_remembers_those_that_are_open() {
    let mut followed = Followed::new();
    let program = followed.world.terms().task.program;
    let mut posted = 0;
    for _ in 0..40 {
        let terms = followed.world.terms();
        followed.world.ok("R", Command::PostJob(terms));
        posted += 1;
        followed.blocks(8);
    }
    let needed_by = followed.wanted.names[&program].needed_by.len();
    let open = followed.world.state.jobs().filter(|(_, row)| row.stage != Stage::Closed).count();
    let lately = usize::try_from(LOOK_AGAIN.count() / 8).unwrap() + 1;
    assert!(needed_by <= open + lately, "{needed_by} of {posted}, {open} are open");
}

/// Brings a job of these terms to a revealed result; returns its output.
fn reveal(followed: &mut Followed, terms: PostJob, known: Digest) -> Digest {
    let world = &mut followed.world;
    let job = world.assign(terms, &[("P1", 10)]);
    world.commit("P1", job, known);
    world.audit(job, known);
    world.reveal("P1", job, known, known);
    let output = world.opening(job, known).output;
    followed.follow();
    output
}

#[test]
fn one_room_holds_one_output_however_many_jobs_have_its_seal() {
    let mut followed = Followed::new();
    let terms = followed.world.terms();
    followed.keep(terms.seed_seal, 16, 1_000);
    let first = reveal(&mut followed, terms.clone(), root(None));
    let second = reveal(&mut followed, terms, root(Some(3)));
    assert_ne!(first, second);
    assert_eq!(followed.wanted.check(&first, Named::Blob, 16_384), Ok(()));
    assert_eq!(followed.wanted.check(&second, Named::Blob, 1), Err(Unwanted::NotKept));
}

#[test]
fn who_posts_under_the_seal_of_another_has_nothing_of_its_room() {
    let mut followed = Followed::new();
    let terms = followed.world.terms();
    let (seal, blocks, price_max) = (terms.seed_seal, Blocks::new(1_000), Amount::MAX);
    let keep = KeepData { root: seal, kibibytes: 16, blocks, price_max };
    followed.world.ok("W", Command::KeepData(keep));
    followed.follow();
    let output = reveal(&mut followed, terms, root(None));
    assert_eq!(followed.wanted.check(&output, Named::Blob, 1), Err(Unwanted::NotKept));
}

#[test]
fn no_output_is_a_list() {
    let mut followed = Followed::new();
    let terms = followed.world.terms();
    followed.keep(terms.seed_seal, 1_024, 1_000);
    let output = reveal(&mut followed, terms, root(None));
    assert_eq!(followed.wanted.check(&output, Named::Blob, 4_096), Ok(()));
    let list = followed.wanted.check(&output, Named::Input, 4_096);
    assert_eq!(list, Err(Unwanted::NotKept));
}

#[test]
fn a_name_is_looked_at_when_its_first_keep_lapses_in_whatever_order_they_were_paid() {
    for keeps in [[(8, 5), (4, 50)], [(4, 50), (8, 5)]] {
        let mut followed = Followed::new();
        keeps.iter().for_each(|(kibibytes, blocks)| followed.keep(NAME, *kibibytes, *blocks));
        followed.blocks(5);
        assert_eq!(followed.wanted.next_doubtful(), None, "{keeps:?}");
        followed.blocks(1);
        assert_eq!(followed.wanted.next_doubtful(), Some(NAME), "{keeps:?}");
    }
}

#[test]
fn the_output_of_an_open_job_stays_when_its_room_has_lapsed_and_takes_no_more() {
    let mut followed = Followed::new();
    let terms = followed.world.terms();
    let seal = terms.seed_seal;
    let job = followed.world.assign(terms, &[("P1", 10)]);
    followed.world.commit("P1", job, root(None));
    followed.world.audit(job, root(None));
    followed.keep(seal, 16, 1);
    let output = followed.world.opening(job, root(None)).output;
    followed.world.reveal("P1", job, root(None), root(None));
    followed.follow();
    assert_eq!(followed.wanted.check(&output, Named::Blob, 16_384), Ok(()));
    followed.blocks(2);
    assert_eq!(followed.world.phase(job), Phase::Challengeable, "whoever asks for it may do so");
    assert!(followed.wanted.has(&output, Named::Blob, 16_384));
    assert_eq!(followed.wanted.check(&output, Named::Blob, 1), Err(Unwanted::NotKept));
    followed.world.until_phase(job, Phase::Closed);
    followed.follow();
    followed.blocks(LOOK_AGAIN.count() + 1);
    assert!(!followed.wanted.has(&output, Named::Blob, 1), "nobody pays for a closed job's");
}
