//! Lives that must go well: those that once found something, and that one seed is one life.

use earnest_world::{Life, live};

#[test]
fn lives_that_once_found_something_go_well() {
    // 82, 164: a power cut kept the end of a block's record and lost its beginning. 543, 1249: a
    // killed process had named a segment, and blocks were acknowledged in it before its name was
    // flushed. 1016: the same of a blob that was sent again.
    for seed in [82, 164, 543, 1_016, 1_249] {
        if let Err(finding) = live(seed) {
            panic!("{finding}");
        }
    }
}

#[test]
fn one_seed_is_one_life() {
    for seed in [1, 2, 3] {
        assert_eq!(live(seed), live(seed));
    }
}

#[test]
fn lives_meet_every_kind_of_fault() {
    let lives = (100..140).map(|seed| live(seed).unwrap_or_else(|finding| panic!("{finding}")));
    let all = lives.reduce(Life::and).unwrap_or_default();
    assert!(all.cuts > 0 && all.kills > 0 && all.failures > 0, "{all:?}");
    assert!(all.full > 0 && all.flips > 0 && all.refusals > 0, "{all:?}");
}
