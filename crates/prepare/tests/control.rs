//! Pauses in the midst of every kind of control and of the operand stack.

mod engines;

use earnest_prepare::prepare;
use engines::End;
use engines::check::{check, check_forms, program};

fn words(output: &[u8]) -> Vec<i32> {
    let words = output.chunks(4);
    words.map(|word| i32::from_le_bytes(word.try_into().expect("four bytes"))).collect()
}

/// Functions in which a run can pause, whose results show whether it went on rightly.
const CALLED: &str = r#"
    (global $count (mut i32) (i32.const 0))
    (func $next (result i32) (local $i i32)
        (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 5))))
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (global.get $count))
    (func $pair (param i32) (result i32 i64)
        (i32.mul (local.get 0) (call $next))
        (i64.extend_i32_s (call $next)))"#;

fn says(body: &str, expected: &[i32]) {
    let seen = check(&program(&format!("{CALLED} {body}")), &[]);
    assert_eq!(seen.end, End::Returned);
    assert_eq!(words(&seen.output), expected);
}

#[test]
fn what_lies_on_the_operand_stack_outlives_a_pause() {
    says(
        r#"(func (export "_start")
            (call $say
                (i32.add (i32.mul (call $next) (i32.const 1000))
                    (i32.add (i32.mul (call $next) (i32.const 100))
                        (i32.wrap_i64 (i64.add (i64.const 10)
                            (i64.trunc_f64_s (f64.add (f64.const 0.5)
                                (f64.convert_i32_s (call $next))))))))))"#,
        &[1213],
    );
}

#[test]
fn several_results_of_calls_and_blocks_outlive_a_pause() {
    says(
        r#"(type $both (func (result i32 i64)))
        (func (export "_start") (local $wide i64)
            (block (type $both)
                (br_if 0 (call $pair (i32.const 7)) (call $next))
                (unreachable))
            (local.set $wide)
            (call $say)
            (call $say (i32.wrap_i64 (local.get $wide))))"#,
        &[7, 2],
    );
}

#[test]
fn both_arms_of_an_if_with_values_outlive_a_pause() {
    says(
        r#"(func $choose (param $which i32) (result i32)
            (i32.const 100)
            (if (result i32) (local.get $which)
                (then (i32.add (i32.const 5) (call $next)))
                (else
                    (i32.mul (i32.const 5) (call $next))
                    (br 0 (i32.add (call $next)))))
            (i32.add))
        (func (export "_start")
            (call $say (call $choose (i32.const 1)))
            (call $say (call $choose (i32.const 0)))
            (if (call $next) (then (call $say (call $next)))))"#,
        &[106, 113, 5],
    );
}

#[test]
fn a_loop_over_values_below_it_outlives_a_pause() {
    says(
        r#"(func (export "_start") (local $sum i32) (local $last i32)
            (i32.const 9)
            (local.set $sum (i32.const 4))
            (loop $again (result i32)
                (local.set $sum (i32.add (local.get $sum) (call $next)))
                (local.set $last (i32.add (local.get $last) (local.get $sum)))
                (br_if $again (i32.lt_u (call $next) (i32.const 9)))
                (i32.sub (local.get $last) (local.get $sum)))
            (i32.add)
            (call $say))"#,
        &[55],
    );
}

/// The interpreter mixes up what they hand on (ADR 90).
#[test]
fn a_loop_with_parameters_is_refused() {
    let text = r#"(func (export "_start") (i32.const 4)
        (loop $again (param i32) (result i32)
            (br_if $again (i32.add (call $next)) (i32.lt_u (call $next) (i32.const 9))))
        (call $say))"#;
    let linked = program(&format!("{CALLED} {text}"));
    let refused = prepare(&linked).expect_err("it is refused").to_string();
    assert!(refused.contains("a loop with parameters"), "{refused}");
}

#[test]
fn a_table_of_branches_with_values_outlives_a_pause() {
    says(
        r#"(func $route (param $to i32) (result i32)
            (i32.const 1000)
            (block $outer (result i32)
                (block $middle (result i32)
                    (block $inner (result i32)
                        (i32.const 3)
                        (br_table $inner $middle $outer (call $next) (local.get $to)))
                    (i32.add (i32.const 4))
                    (i32.mul (i32.const 10)))
                (i32.add (call $next))
                (br 0))
            (i32.add))
        (func (export "_start")
            (call $say (call $route (i32.const 1)))
            (call $say (call $route (i32.const 2))))"#,
        &[1003, 1003],
    );
}

#[test]
fn a_branch_that_is_not_taken_leaves_the_values_below_alone() {
    says(
        r#"(func $either (param $leave i32) (result i32)
            (block $out (result i32)
                (i32.const 500)
                (block $in (result i32)
                    (i32.const 20)
                    (br_if $out (local.get $leave))
                    (i32.add (call $next)))
                (i32.add)))
        (func (export "_start")
            (call $say (call $either (i32.const 0)))
            (call $say (call $either (i32.const 1))))"#,
        &[521, 20],
    );
}

#[test]
fn loops_inside_loops_go_on_where_they_were() {
    says(
        r#"(func (export "_start") (local $i i32) (local $j i32) (local $sum i32)
            (block $done
                (loop $outer
                    (br_if $done (i32.eq (local.get $i) (i32.const 6)))
                    (local.set $j (i32.const 0))
                    (loop $inner
                        (local.set $sum (i32.add (local.get $sum)
                            (i32.mul (local.get $i) (local.get $j))))
                        (if (i32.and (local.get $j) (i32.const 1))
                            (then (local.set $sum
                                (i32.add (local.get $sum) (call $next)))))
                        (local.set $j (i32.add (local.get $j) (i32.const 1)))
                        (br_if $inner (i32.lt_u (local.get $j) (i32.const 5))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (loop $last
                        (br_if $last (i32.eqz (call $next))))
                    (br $outer)))
            (call $say (local.get $sum)))"#,
        &[258],
    );
}

#[test]
fn recursion_goes_as_deep_in_both_forms_and_traps_at_the_same_call() {
    for (depth, end) in [(1_500, End::Returned), (100_000, End::Trapped)] {
        let seen = check_forms(
            &program(&format!(
                r#"(func $down (param $n i32) (result i32) (local $here f64)
                    (local.set $here (f64.sqrt (f64.convert_i32_s (local.get $n))))
                    (i32.store (i32.const 8) (local.get $n))
                    (if (result i32) (local.get $n)
                        (then (i32.add (i32.const 1)
                            (call $down (i32.sub (local.get $n) (i32.const 1)))))
                        (else (i32.trunc_f64_s (local.get $here)))))
                (func (export "_start") (call $say (call $down (i32.const {depth}))))"#
            )),
            &[],
        );
        assert_eq!(seen.end, end);
    }
}

#[test]
fn calls_through_tables_go_on_in_the_function_they_were_in() {
    says(
        r#"(type $turn (func (param i32) (result i32)))
        (table 3 funcref) (elem (i32.const 0) $one $two $short)
        (func $one (type $turn) (i32.add (local.get 0) (call $next)))
        (func $two (type $turn)
            (i32.mul (call_indirect (type $turn) (local.get 0) (i32.const 0)) (i32.const 2)))
        (func $short (type $turn) (i32.sub (i32.const 0) (local.get 0)))
        (func (export "_start") (local $i i32)
            (loop $again
                (call $say (call_indirect (type $turn) (i32.const 10) (local.get $i)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $i) (i32.const 3)))))"#,
        &[11, 24, -10],
    );
}
