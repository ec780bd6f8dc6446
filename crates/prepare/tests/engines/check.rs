//! What a test asks: that a program does the same before and after, however it is run.

use super::{Boundary, End, Nan, Seen, interpreter, jit};
use earnest_prepare::{Prepared, prepare};

/// A program around the body of `_start`, with what the stories use.
pub(crate) fn program(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "earnest" "input_read"
                (func $input_read (param i64 i32 i32) (result i32)))
            (import "earnest" "output_write" (func $output_write (param i32 i32)))
            (memory (export "memory") 1 4)
            (global $exit (export "earnest_exit") (mut i32) (i32.const 0))
            (func $say (param $value i32)
                (i32.store (i32.const 1000) (local.get $value))
                (call $output_write (i32.const 1000) (i32.const 4)))
            {body})"#
    );
    wat::parse_str(text).expect("the test's text is sound")
}

/// Runs a program before and after, in both engines; returns what is seen of the plain module.
pub(crate) fn check(linked: &[u8], input: &[u8]) -> Seen {
    let before = jit::Program::new(linked, Nan::Canonical).run(input, 0);
    let whole = check_forms(linked, input);
    assert_eq!((before.end, &before.output), (whole.end, &whole.output));
    assert!(before.memory == whole.memory, "memory at the end is the program's own");
    whole
}

/// Runs both forms in both engines and in slices of several lengths.
pub(crate) fn check_forms(linked: &[u8], input: &[u8]) -> Seen {
    check_prepared(&prepare(linked).expect("it is accepted"), input)
}

pub(crate) fn check_prepared(prepared: &Prepared, input: &[u8]) -> Seen {
    let all = Programs {
        plain: jit::Program::new(&prepared.plain, Nan::Engine),
        plain_interpreted: interpreter::Program::new(&prepared.plain, Nan::Engine),
        pausable: jit::Program::new(&prepared.pausable, Nan::Engine),
        pausable_interpreted: interpreter::Program::new(&prepared.pausable, Nan::Engine),
    };
    let whole = all.check(input, i64::MAX / 2);
    // Slices of one tick where the run is short: every poll is a boundary.
    let mut slices = vec![whole.ticks / 2 + 1, whole.ticks / 7 + 1, whole.ticks / 30 + 1];
    slices.extend((whole.ticks < 500).then_some(1));
    for slice in slices {
        let sliced = all.check(input, slice);
        assert_eq!((sliced.end, &sliced.output), (whole.end, &whole.output));
        assert!(sliced.memory == whole.memory, "memory at the end, in slices of {slice}");
        if sliced.end != End::Trapped {
            assert_eq!(sliced.ticks, whole.ticks, "slices of {slice}");
        }
    }
    whole
}

/// Both forms of a program in both engines.
struct Programs {
    plain: jit::Program,
    plain_interpreted: interpreter::Program,
    pausable: jit::Program,
    pausable_interpreted: interpreter::Program,
}

impl Programs {
    /// All four runs look alike at every boundary and at the end.
    fn check(&self, input: &[u8], slice: i64) -> Seen {
        let plain = self.plain.run(input, slice);
        same(&plain, &self.plain_interpreted.run(input, slice), slice);
        let pausable = self.pausable.run_steps(input, slice);
        same(&pausable, &self.pausable_interpreted.run_steps(input, slice), slice);
        if slice < i64::MAX / 4 {
            let sparse = self.pausable.run_steps(input, 2 * slice);
            for boundary in sparse.boundaries {
                let state = |boundary: &Boundary| (boundary.memory, boundary.stack);
                let same = pausable.boundaries.iter().find(|other| other.at == boundary.at);
                let same = same.expect("a boundary of long slices is one of short slices");
                assert_eq!(state(&boundary), state(same), "no trace of earlier pauses");
            }
        }
        let (mut common, mut without_stack) = (plain.clone(), pausable);
        let boundaries = without_stack.boundaries.iter_mut().zip(&mut common.boundaries);
        for (paused, plain) in boundaries {
            align(&mut plain.globals, &mut paused.globals, false);
            paused.stack = plain.stack;
        }
        align(&mut common.globals, &mut without_stack.globals, true);
        same(&common, &without_stack, slice);
        plain
    }
}

/// Leaves the globals that both have: the plain module's last is what it may still draw. At the end
/// the count of what is left, last but one before that, hangs on what each was given at once.
fn align(plain: &mut Vec<i128>, paused: &mut Vec<i128>, is_end: bool) {
    plain.pop();
    paused.truncate(plain.len());
    if let Some(left) = plain.len().checked_sub(2).filter(|_| is_end) {
        (plain[left], paused[left]) = (0, 0);
    }
}

fn same(one: &Seen, other: &Seen, slice: i64) {
    for (index, (one, other)) in one.boundaries.iter().zip(&other.boundaries).enumerate() {
        assert_eq!(one, other, "boundary {index} of slices of {slice}");
    }
    assert_eq!(one.boundaries.len(), other.boundaries.len(), "boundaries, slices of {slice}");
    assert_eq!((one.end, &one.output), (other.end, &other.output), "slices of {slice}");
    assert_eq!((one.ticks, &one.globals), (other.ticks, &other.globals), "slices of {slice}");
    assert!(one.memory == other.memory, "memory at the end, slices of {slice}");
}
