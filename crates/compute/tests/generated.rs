//! Generated programs: random typed code over all accepted instructions, with loops, calls,
//! branches, traps and every kind of NaN, gives the same checkpoints in both engines.
//!
//! A failure prints the seed and the text of the module.
#![cfg(feature = "jit")]

mod common;

use common::{guest, machine, small_input, task};
use earnest_compute::{EngineKind, Runner, Status};

/// (name, parameters, result) by letter: i i32, l i64, f f32, d f64, v v128.
const OPERATORS: &[(&str, &str, char)] = &[
    ("i32.{clz ctz popcnt eqz extend8_s extend16_s}", "i", 'i'),
    ("i32.{add sub mul and or xor shl shr_s shr_u rotl rotr eq ne}", "ii", 'i'),
    ("i32.{lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u}", "ii", 'i'),
    ("i32.{div_s div_u rem_s rem_u}", "ii", 'i'),
    ("i64.{clz ctz popcnt extend8_s extend16_s extend32_s}", "l", 'l'),
    ("i64.{add sub mul and or xor shl shr_s shr_u rotl rotr}", "ll", 'l'),
    ("i64.{div_s div_u rem_s rem_u}", "ll", 'l'),
    ("i64.{eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u}", "ll", 'i'),
    ("f32.{abs neg ceil floor trunc nearest sqrt}", "f", 'f'),
    ("f32.{add sub mul div min max copysign}", "ff", 'f'),
    ("f32.{eq ne lt gt le ge}", "ff", 'i'),
    ("f64.{abs neg ceil floor trunc nearest sqrt}", "d", 'd'),
    ("f64.{add sub mul div min max copysign}", "dd", 'd'),
    ("f64.{eq ne lt gt le ge}", "dd", 'i'),
    ("i32.{wrap_i64}", "l", 'i'),
    ("i64.{extend_i32_s extend_i32_u}", "i", 'l'),
    ("i32.{trunc_sat_f32_s trunc_sat_f32_u reinterpret_f32}", "f", 'i'),
    ("i32.{trunc_sat_f64_s trunc_sat_f64_u}", "d", 'i'),
    ("i64.{trunc_sat_f32_s trunc_sat_f32_u}", "f", 'l'),
    ("i64.{trunc_sat_f64_s trunc_sat_f64_u reinterpret_f64}", "d", 'l'),
    ("i32.{trunc_f32_s trunc_f64_u}", "?", 'i'),
    ("f32.{convert_i32_s convert_i32_u reinterpret_i32}", "i", 'f'),
    ("f32.{convert_i64_s convert_i64_u}", "l", 'f'),
    ("f64.{convert_i32_s convert_i32_u}", "i", 'd'),
    ("f64.{convert_i64_s convert_i64_u reinterpret_i64}", "l", 'd'),
    ("f32.{demote_f64}", "d", 'f'),
    ("f64.{promote_f32}", "f", 'd'),
    ("i8x16.{abs neg popcnt}", "v", 'v'),
    ("i8x16.{add add_sat_s add_sat_u sub sub_sat_s sub_sat_u min_s}", "vv", 'v'),
    ("i8x16.{min_u max_s max_u avgr_u eq lt_s ge_u swizzle}", "vv", 'v'),
    ("i8x16.{narrow_i16x8_s narrow_i16x8_u}", "vv", 'v'),
    ("i16x8.{abs neg extadd_pairwise_i8x16_s extend_low_i8x16_u}", "v", 'v'),
    ("i16x8.{extend_high_i8x16_s}", "v", 'v'),
    ("i16x8.{add add_sat_s sub_sat_u mul q15mulr_sat_s min_s max_u}", "vv", 'v'),
    ("i16x8.{extmul_low_i8x16_s narrow_i32x4_u}", "vv", 'v'),
    ("i32x4.{abs neg trunc_sat_f32x4_s trunc_sat_f32x4_u}", "v", 'v'),
    ("i32x4.{trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero}", "v", 'v'),
    ("i32x4.{extend_low_i16x8_s}", "v", 'v'),
    ("i32x4.{add sub mul min_u max_s dot_i16x8_s eq gt_u extmul_high_i16x8_u}", "vv", 'v'),
    ("i64x2.{abs neg extend_high_i32x4_u}", "v", 'v'),
    ("i64x2.{add sub mul eq ne lt_s ge_s extmul_low_i32x4_s}", "vv", 'v'),
    ("f32x4.{abs neg sqrt ceil floor trunc nearest convert_i32x4_s}", "v", 'v'),
    ("f32x4.{convert_i32x4_u demote_f64x2_zero}", "v", 'v'),
    ("f32x4.{add sub mul div min max pmin pmax eq lt ge}", "vv", 'v'),
    ("f64x2.{abs neg sqrt ceil floor trunc nearest}", "v", 'v'),
    ("f64x2.{convert_low_i32x4_s convert_low_i32x4_u}", "v", 'v'),
    ("f64x2.{promote_low_f32x4}", "v", 'v'),
    ("f64x2.{add sub mul div min max pmin pmax ne gt le}", "vv", 'v'),
    ("v128.{and or xor andnot}", "vv", 'v'),
    ("v128.{not}", "v", 'v'),
    ("v128.{bitselect}", "vvv", 'v'),
    ("v128.{any_true}", "v", 'i'),
    ("i8x16.{all_true bitmask}", "v", 'i'),
    ("i64x2.{all_true bitmask}", "v", 'i'),
    ("i32x4.{splat}", "i", 'v'),
    ("i64x2.{splat}", "l", 'v'),
    ("f32x4.{splat}", "f", 'v'),
    ("f64x2.{splat}", "d", 'v'),
    ("i8x16.{shl shr_s shr_u}", "vi", 'v'),
    ("i64x2.{shl shr_s shr_u}", "vi", 'v'),
];

const EDGES_32: &[u32] = &[
    0,
    1,
    2,
    31,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fc0_0000,
    0xffc0_1234,
    0x7f80_0001,
    0x7f80_0000,
    0xff80_0000,
    0x3f80_0000,
    0x0000_0001,
    0x8000_0001,
    0x4f00_0000,
];
const EDGES_64: &[u64] = &[
    0,
    1,
    63,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
    0x7ff8_0000_0000_0000,
    0xfff8_0000_dead_beef,
    0x7ff0_0000_0000_0001,
    0x7ff0_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0x0000_0000_0000_0001,
    0x41e0_0000_0000_0000,
    0x43e0_0000_0000_0000,
];

struct Generator {
    state: u64,
    /// Loops open around the code being made: each has its own counter local.
    loops: usize,
}

impl Generator {
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.draw() % limit as u64) as usize
    }

    fn pick<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())]
    }

    fn constant(&mut self, kind: char) -> String {
        let (small, large) = (self.pick(EDGES_32), self.pick(EDGES_64));
        match kind {
            'i' => format!("(i32.const {})", small as i32),
            'l' => format!("(i64.const {})", large as i64),
            'f' => format!("(f32.reinterpret_i32 (i32.const {}))", small as i32),
            'd' => format!("(f64.reinterpret_i64 (i64.const {}))", large as i64),
            _ => format!("(v128.const i64x2 {} {})", large as i64, self.draw() as i64),
        }
    }

    /// An address: nearly always within the state, now and then anywhere.
    fn address(&mut self, depth: usize) -> String {
        let inner = self.expression('i', depth);
        match self.below(200) {
            0 => inner,
            _ => format!("(i32.and {inner} (i32.const 0xfe0))"),
        }
    }

    fn expression(&mut self, kind: char, depth: usize) -> String {
        let name = |kind| match kind {
            'i' => "i32",
            'l' => "i64",
            'f' => "f32",
            'd' => "f64",
            _ => "v128",
        };
        match if depth == 0 { self.below(2) } else { self.below(12) } {
            0 => self.constant(kind),
            1 => format!("(local.get ${kind}{})", self.below(3)),
            2 => format!("({}.load {})", name(kind), self.address(depth - 1)),
            3 => {
                let (a, b) = (self.expression(kind, depth - 1), self.expression(kind, depth - 1));
                let condition = self.expression('i', depth - 1);
                format!("(if (result {}) {condition} (then {a}) (else {b}))", name(kind))
            }
            4 if kind == 'l' => {
                let argument = self.expression('l', depth - 1);
                match self.below(2) {
                    0 => format!("(call $helper {argument})"),
                    _ => {
                        let at = self.expression('i', 0);
                        format!("(call_indirect (type $t) {argument} (i32.and {at} (i32.const 3)))")
                    }
                }
            }
            _ => {
                let fitting: Vec<_> = OPERATORS.iter().filter(|op| op.2 == kind).collect();
                let (names, parameters, _) = *self.pick(&fitting);
                // Operators that trap on most operands are drawn less often.
                if (names.contains("div_s") || parameters == "?") && self.below(6) != 0 {
                    return self.expression(kind, depth - 1);
                }
                let (prefix, list) = names.trim_end_matches('}').split_once('{').expect("a list");
                let names: Vec<&str> = list.split(' ').collect();
                let operator = self.pick(&names);
                let parameters = match parameters {
                    "?" if operator.contains("f32") => "f",
                    "?" => "d",
                    other => other,
                };
                let operands: Vec<String> =
                    parameters.chars().map(|kind| self.expression(kind, depth - 1)).collect();
                format!("({prefix}{operator} {})", operands.join(" "))
            }
        }
    }

    fn statements(&mut self, count: usize, depth: usize) -> String {
        (0..count).map(|_| self.statement(depth)).collect::<Vec<_>>().join("\n")
    }

    fn statement(&mut self, depth: usize) -> String {
        let kind = self.pick(&['i', 'l', 'f', 'd', 'v']);
        match if depth == 0 { self.below(6) } else { self.below(12) } {
            0..=2 => {
                let value = self.expression(kind, 3);
                format!("(local.set ${kind}{} {value})", self.below(3))
            }
            3..=5 => {
                let (address, value) = (self.address(2), self.expression(kind, 3));
                let name = match kind {
                    'i' => "i32.store",
                    'l' => "i64.store",
                    'f' => "f32.store",
                    'd' => "f64.store",
                    _ => "v128.store",
                };
                format!("({name} {address} {value})")
            }
            6 | 7 => {
                let condition = self.expression('i', 2);
                let (a, b) = (self.statements(2, depth - 1), self.statements(1, depth - 1));
                format!("(if {condition} (then {a}) (else {b}))")
            }
            8 | 9 if self.loops < 2 => {
                let counter = self.loops;
                self.loops += 1;
                let body = self.statements(3, depth - 1);
                self.loops -= 1;
                let times = 1 + self.below(20);
                format!(
                    "(local.set $n{counter} (i32.const {times}))
                     (loop $again {body}
                       (local.set $n{counter} (i32.sub (local.get $n{counter}) (i32.const 1)))
                       (br_if $again (i32.gt_s (local.get $n{counter}) (i32.const 0))))"
                )
            }
            10 => {
                let (at, a, b) =
                    (self.expression('i', 2), self.statements(1, 0), self.statements(1, 0));
                format!(
                    "(block $z (block $y (block $x
                       (br_table $x $y $z (i32.and {at} (i32.const 3)))) {a}) {b})"
                )
            }
            _ => {
                let condition = self.expression('i', 2);
                let body = self.statements(2, depth - 1);
                format!("(block $out (br_if $out {condition}) {body})")
            }
        }
    }

    fn module(&mut self) -> Vec<u8> {
        let mut locals = String::from("(local $n0 i32) (local $n1 i32) ");
        for (kind, name) in [('i', "i32"), ('l', "i64"), ('f', "f32"), ('d', "f64"), ('v', "v128")]
        {
            for index in 0..3 {
                locals += &format!("(local ${kind}{index} {name}) ");
            }
        }
        // No drawn code in the helpers: they must not call one another without end.
        let helper = "(i64.mul (local.get 0) (i64.const 0x9e3779b97f4a7c15))";
        let parts = format!(
            "(type $t (func (param i64) (result i64)))
             (table funcref (elem $helper $twice $helper))
             (func $helper (type $t) {helper})
             (func $twice (type $t) (call $helper (call $helper (local.get 0))))"
        );
        let step = format!("{locals} {} i32.const 4096", self.statements(12, 3));
        guest(
            &parts,
            "(v128.store (i32.const 16) (v128.load (i32.const 65536))) i32.const 4096",
            &step,
        )
    }
}

#[test]
fn generated_programs_agree_step_by_step() {
    let (mut well, mut faults) = (0, 0);
    for seed in 0..400u64 {
        let module = Generator { state: seed, loops: 0 }.module();
        let input = small_input(4);
        let mut task = task(&module, &input, 6);
        task.step_gas_max = 400_000;
        let run = |engine| {
            let machine = machine(engine, &module);
            let mut all = Vec::new();
            Runner::new(&machine, &task, &input)
                .run(None, task.steps, |checkpoint, leaf| all.push((checkpoint.clone(), leaf)))
                .unwrap_or_else(|fault| panic!("seed {seed} {engine:?}: {fault}"));
            all
        };
        let (judged, computed) = (run(EngineKind::Wasmi), run(EngineKind::Jit));
        for (a, b) in judged.iter().zip(&computed) {
            assert!(a == b, "seed {seed}, step {}: gas {} {}", a.0.index, a.0.gas, b.0.gas);
        }
        match judged.last().expect("seven").0.status {
            Status::Running => well += 1,
            Status::Fault { .. } | Status::Halted { .. } => faults += 1,
        }
    }
    println!("{well} ran to the end, {faults} faulted");
    assert!(100 < well && 40 < faults, "{well} ran to the end, {faults} faulted");
}
