//! Both modules do what the program did, for any slicing, in both engines.

mod engines;

use engines::End;
use engines::check::{check, program};

#[test]
fn loops_calls_and_tables_run_as_before() {
    let seen = check(
        &program(
            r#"(table 2 funcref) (elem (i32.const 0) $double $add)
            (type $unary (func (param i32) (result i32)))
            (func $double (type $unary) (i32.mul (local.get 0) (i32.const 2)))
            (func $add (type $unary) (local $i i32)
                (loop $again
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $i) (i32.const 100))))
                (i32.add (local.get 0) (local.get $i)))
            (func $fib (param $n i32) (result i32)
                (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
                    (then (return (local.get $n)))
                    (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1)))
                                   (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
            (func (export "_start")
                (call $say (call $fib (i32.const 15)))
                (call $say (call_indirect (type $unary) (i32.const 21) (i32.const 0)))
                (call $say (call_indirect (type $unary) (i32.const 21) (i32.const 1))))"#,
        ),
        &[],
    );
    assert_eq!(seen.end, End::Returned);
    let words: Vec<u32> = seen
        .output
        .chunks(4)
        .map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")))
        .collect();
    assert_eq!(words, [610, 42, 121]);
    assert!(10_000 < seen.ticks);
}

#[test]
fn input_is_read_and_copied_to_the_output() {
    let seen = check(
        &program(
            r#"(func (export "_start") (local $at i64) (local $length i32)
                (loop $more
                    (local.set $length
                        (call $input_read (local.get $at) (i32.const 2000) (i32.const 10)))
                    (call $output_write (i32.const 2000) (local.get $length))
                    (local.set $at
                        (i64.add (local.get $at) (i64.extend_i32_u (local.get $length))))
                    (br_if $more (local.get $length))))"#,
        ),
        b"some words that a program reads ten bytes at a time",
    );
    assert_eq!(seen.output, b"some words that a program reads ten bytes at a time");
}

#[test]
fn an_exit_is_told_and_its_ticks_do_not_hang_on_slices() {
    let seen = check(
        &program(
            r#"(func $leave (param $code i32)
                (global.set $exit (i32.add (local.get $code) (i32.const 1)))
                (unreachable))
            (func (export "_start")
                (call $say (i32.const 7))
                (call $leave (i32.const 3)))"#,
        ),
        &[],
    );
    assert_eq!((seen.end, seen.output), (End::Exited(3), vec![7, 0, 0, 0]));
}

#[test]
fn memory_grows_up_to_its_maximum_and_looks_as_before() {
    let seen = check(
        &program(
            r#"(func (export "_start")
                (call $say (memory.size))
                (call $say (memory.grow (i32.const 2)))
                (call $say (memory.grow (i32.const 2)))
                (call $say (memory.grow (i32.const -1)))
                (i32.store (i32.const 196604) (i32.const 5))
                (call $say (memory.size)))"#,
        ),
        &[],
    );
    let words: Vec<i32> = seen
        .output
        .chunks(4)
        .map(|word| i32::from_le_bytes(word.try_into().expect("four bytes")))
        .collect();
    assert_eq!(words, [1, 1, -1, -1, 3]);
    assert_eq!(seen.memory.len(), 3 * 65536);
}

#[test]
fn copies_and_fills_of_any_length_and_overlap_end_as_before() {
    for (to, from) in [(10, 70_000), (100, 101), (101, 100)] {
        for length in [0, 65_536, 150_000] {
            check(
                &program(&format!(
                    r#"(func (export "_start") (local $i i32)
                        (drop (memory.grow (i32.const 3)))
                        (memory.fill (i32.const 70000) (i32.const 0x1a5) (i32.const 3000))
                        (loop $more
                            (i32.store (i32.mul (local.get $i) (i32.const 601)) (local.get $i))
                            (local.set $i (i32.add (local.get $i) (i32.const 1)))
                            (br_if $more (i32.lt_u (local.get $i) (i32.const 200))))
                        (memory.copy
                            (i32.const {to}) (i32.const {from}) (i32.const {length})))"#
                )),
                &[],
            );
        }
    }
}

#[test]
fn a_range_that_is_not_all_in_memory_traps_before_a_byte_is_written() {
    for operation in [
        "(memory.fill (i32.const 65000) (i32.const 1) (i32.const 537))",
        "(memory.fill (i32.const 65537) (i32.const 1) (i32.const 0))",
        "(memory.copy (i32.const 0) (i32.const 65000) (i32.const 537))",
        "(memory.copy (i32.const 65000) (i32.const 0) (i32.const 537))",
        "(memory.copy (i32.const 0) (i32.const -1) (i32.const -1))",
        "(i32.store offset=4294967295 (i32.const 0) (i32.const 1))",
        "(i32.store (i32.const -4) (i32.const 1))",
        "(i32.store (i32.const -1048576) (i32.const 1))",
        "(call $output_write (i32.const -1048576) (i32.const 1))",
        "(call $output_write (i32.const 65500) (i32.const 37))",
        "(drop (call $input_read (i64.const 0) (i32.const -4) (i32.const 4)))",
        "(drop (i32.div_u (i32.const 1) (i32.load (i32.const 0))))",
        "(drop (i32.trunc_f32_s (f32.const nan)))",
        "(unreachable)",
    ] {
        let seen = check(
            &program(&format!(r#"(func (export "_start") (call $say (i32.const 1)) {operation})"#)),
            &[1, 2, 3, 4],
        );
        assert_eq!(seen.end, End::Trapped, "{operation}");
    }
}

#[test]
fn the_stack_of_a_paused_run_is_out_of_the_programs_reach() {
    let seen = check(
        &program(r#"(func (export "_start") (i32.store (i32.const 0) (i32.const -1)))"#),
        &[],
    );
    assert_eq!(seen.memory[..4], [255; 4]);
}

#[test]
fn a_nan_looks_the_same_in_every_engine_wherever_its_bits_show() {
    let seen = check(&program(NANS), &[]);
    let at = |place: usize| &seen.memory[place..place + 8];
    assert_eq!(at(16), 0x7ff8_0000_0000_0000_u64.to_le_bytes(), "an infinity less itself");
    assert_eq!(at(24), 0x7ff8_0000_0000_0000_u64.to_le_bytes(), "the root of a negative");
    assert_eq!(at(32), 1.0_f64.to_le_bytes(), "the sign of a NaN that arithmetic made");
    assert_eq!(at(40), 0xfff0_dead_beef_0001_u64.to_le_bytes(), "a NaN of the program's own");
    assert_eq!(at(64), 0x7ff8_0000_0000_0000_u64.to_le_bytes(), "through a call and a branch");
    assert_eq!(at(72), 0x7fc0_0000_7fc0_0000_u64.to_le_bytes(), "lanes of a vector");
}

const NANS: &str = r#"
    (global $kept (mut f64) (f64.const 0))
    (func $zero (result f64) (f64.convert_i32_u (i32.load (i32.const 0))))
    (func $either (param $value f64) (result f64)
        (block $done (result f64)
            (br_if $done (f64.mul (local.get $value) (f64.const 2))
                (f64.eq (local.get $value) (local.get $value)))
            (return (f64.neg (f64.neg (local.get $value))))))
    (func (export "_start") (local $nan f64) (local $own f64) (local $lanes v128)
        (local.set $nan (f64.div (call $zero) (call $zero)))
        (f64.store (i32.const 8) (local.get $nan))
        (f64.store (i32.const 16)
            (f64.sub (f64.div (f64.const 1) (call $zero)) (f64.div (f64.const 1) (call $zero))))
        (f64.store (i32.const 24) (f64.sqrt (f64.const -1)))
        (f64.store (i32.const 32) (f64.copysign (f64.const 1) (f64.sqrt (f64.const -1))))
        (i64.store (i32.const 40) (i64.const 0xfff0deadbeef0001))
        (local.set $own (f64.load (i32.const 40)))
        (f64.store (i32.const 40) (local.get $own))
        (i64.store (i32.const 48) (i64.reinterpret_f64
            (select (f64.add (local.get $nan) (f64.const 1)) (f64.const 0) (i32.const 1))))
        (f32.store (i32.const 56)
            (f32.demote_f64 (f64.mul (local.get $nan) (local.get $own))))
        (global.set $kept (f64.max (local.get $nan) (f64.const 3)))
        (f64.store (i32.const 64) (call $either (f64.div (call $zero) (call $zero))))
        (local.set $lanes (f32x4.splat (f32.demote_f64 (call $zero))))
        (v128.store (i32.const 72) (f32x4.div (local.get $lanes) (local.get $lanes)))
        (v128.store (i32.const 88)
            (i32x4.abs (f64x2.sqrt (f64x2.splat (f64.neg (f64.convert_i32_u (memory.size))))))))"#;

/// wasmi 2.0.0 takes a comparison with zero and the `select` behind it together, and wrongly; the
/// referee's copy of a module has a detour around that.
#[test]
fn what_is_selected_behind_a_comparison_with_zero_is_the_same_in_every_engine() {
    let seen = check(&program(SELECTS), &[]);
    let said: Vec<i32> =
        seen.output.chunks(4).map(|four| i32::from_le_bytes(four.try_into().unwrap())).collect();
    assert_eq!(said, [3, 3, 1, 2, 1, 1, 0, 1, 5, 5, 1, 2, 1, 1, 0, 1]);
}

const SELECTS: &str = r#"
    (func $all (param $y i32)
        (call $say (select (i32.const 1) (local.get $y) (i32.eqz (local.get $y))))
        (call $say (select (i32.const 1) (local.get $y) (i32.eq (i32.const 0) (local.get $y))))
        (call $say (select (local.get $y) (i32.const 1) (i32.eqz (local.get $y))))
        (call $say (select (i32.const 1) (i32.const 2) (i32.eqz (local.get $y)))))
    (func (export "_start")
        (call $all (i32.const 3)) (call $all (i32.const 0))
        (call $all (i32.const 5)) (call $all (i32.const 0)))"#;
