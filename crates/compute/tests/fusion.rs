//! Functions in which the interpreter takes operators together: comparisons, zeros, selects and
//! branches in any order over a stack and locals of all kinds, blocks with parameters and results,
//! code that nobody comes to. Behind the detour (ADR 90) the interpreter says what the compiler
//! says.
//!
//! A failure prints the seed and the function. `EARNEST_FUSIONS` says how many modules are made.
#![cfg(feature = "jit")]

use std::fmt::Write;

use earnest_compute::detour::around_fused_selects;

/// By letter: i i32, l i64, f f32, d f64.
const KINDS: [char; 4] = ['i', 'l', 'f', 'd'];
const LOCALS_OF_A_KIND: usize = 3;
const FUNCTIONS: usize = 24;

/// (names, operands, result). Floats are compared, moved and turned about, and no NaN is made.
const OPERATORS: &[(&str, &str, char)] = &[
    ("i32.{eqz eqz eqz clz ctz popcnt extend8_s extend16_s}", "i", 'i'),
    ("i32.{and or xor and or xor add sub mul shl shr_s shr_u rotl}", "ii", 'i'),
    ("i32.{eq ne eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u}", "ii", 'i'),
    ("i64.{eqz eqz eqz}", "l", 'i'),
    ("i64.{clz popcnt extend8_s extend32_s}", "l", 'l'),
    ("i64.{and or xor and or xor add sub mul shl shr_s shr_u}", "ll", 'l'),
    ("i64.{eq ne eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u}", "ll", 'i'),
    ("f32.{eq ne lt gt le ge}", "ff", 'i'),
    ("f64.{eq ne lt gt le ge}", "dd", 'i'),
    ("f32.{abs neg abs neg}", "f", 'f'),
    ("f64.{abs neg abs neg}", "d", 'd'),
    ("f32.{copysign}", "ff", 'f'),
    ("f64.{copysign}", "dd", 'd'),
    ("i32.{wrap_i64}", "l", 'i'),
    ("i64.{extend_i32_s extend_i32_u extend_i32_u}", "i", 'l'),
    ("i32.{reinterpret_f32 trunc_sat_f32_s}", "f", 'i'),
    ("i64.{reinterpret_f64 trunc_sat_f64_s}", "d", 'l'),
    ("f32.{reinterpret_i32 convert_i32_s}", "i", 'f'),
    ("f64.{reinterpret_i64 convert_i64_s}", "l", 'd'),
];

struct Generator {
    state: u64,
    text: String,
    /// Types of the operands, the last on top.
    stack: Vec<char>,
    /// What a branch to each open block takes, the innermost last; nothing of a loop, which goes
    /// round by its own count.
    labels: Vec<Option<Vec<char>>>,
    left: usize,
    /// Most parameters of a block.
    taken: usize,
}

fn name(kind: char) -> &'static str {
    match kind {
        'i' => "i32",
        'l' => "i64",
        'f' => "f32",
        _ => "f64",
    }
}

fn list(what: &str, kinds: &[char]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| name(*kind)).collect();
    format!("({what} {})", names.join(" "))
}

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }

    fn pick<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())]
    }

    fn kinds(&mut self, most: usize) -> Vec<char> {
        (0..self.below(most + 1)).map(|_| self.pick(&KINDS)).collect()
    }

    fn local(&mut self, kind: char) -> String {
        format!("${kind}{}", self.below(LOCALS_OF_A_KIND))
    }

    fn say(&mut self, words: &str) {
        writeln!(self.text, "{words}").expect("into memory");
    }

    fn push(&mut self, words: &str, kind: char) {
        self.say(words);
        self.stack.push(kind);
    }

    fn constant(&mut self, kind: char) {
        let text = match kind {
            'i' => format!("i32.const {}", self.pick(&[0, 0, 0, 1, -1, 7, i32::MIN, i32::MAX])),
            'l' => {
                let some = [0, 0, 0, 1, -1, 1 << 32, i64::MIN, i64::MAX];
                format!("i64.const {}", self.pick(&some))
            }
            'f' => format!("f32.const {}", self.pick(&["0", "-0", "1", "-2.5", "inf", "nan"])),
            _ => format!("f64.const {}", self.pick(&["0", "-0", "1", "-2.5", "inf", "nan"])),
        };
        self.push(&text, kind);
    }

    /// A value of this kind on top: a leaf, or an operator of which the operands are.
    fn value(&mut self, kind: char, depth: usize) {
        let some: Vec<_> = OPERATORS.iter().filter(|(_, _, result)| *result == kind).collect();
        match self.below(if depth == 0 { 4 } else { 10 }) {
            0 => self.constant(kind),
            1 => {
                let (local, other) = (self.local(kind), self.local(kind));
                self.say(&format!("local.get {local}"));
                self.push(&format!("local.tee {other}"), kind);
            }
            2 => {
                let global = format!("global.get $g{kind}");
                self.push(&global, kind);
            }
            3 => {
                let local = self.local(kind);
                self.push(&format!("local.get {local}"), kind);
            }
            5 if depth > 1 => {
                self.value('i', depth - 1);
                self.stack.pop();
                let load = match kind {
                    'i' => self.pick(&["i32.load", "i32.load8_u", "i32.load16_s"]),
                    'l' => self.pick(&["i64.load", "i64.load32_u", "i64.load8_s"]),
                    'f' => "f32.load",
                    _ => "f64.load",
                };
                self.push(&format!("i32.const 0xff8 i32.and {load} offset=8"), kind);
            }
            6 if depth > 1 && kind == 'l' => {
                self.value('i', depth - 1);
                self.value('l', depth - 1);
                self.stack.truncate(self.stack.len() - 2);
                self.push("call $mix", 'l');
            }
            4 if depth > 1 => {
                self.value(kind, depth - 1);
                self.value(kind, depth - 1);
                self.condition(depth - 1);
                self.apply_select(kind);
            }
            _ => {
                let (names, operands, _) = *self.pick(&some);
                operands.chars().for_each(|operand| self.value(operand, depth - 1));
                self.apply(names, operands.len(), kind);
            }
        }
    }

    /// Often a comparison of a local with zero.
    fn condition(&mut self, depth: usize) {
        if self.below(2) == 0 {
            return self.value('i', depth);
        }
        let local = self.local('i');
        let compared = self.pick(&["i32.eqz", "i32.const 0 i32.ne", "i32.const 0 i32.eq"]);
        self.push(&format!("local.get {local} {compared}"), 'i');
    }

    fn apply(&mut self, names: &str, operands: usize, kind: char) {
        let (head, rest) = names.split_once('{').expect("in braces");
        let all: Vec<&str> = rest.trim_end_matches('}').split(' ').collect();
        let operator = self.pick(&all);
        self.stack.truncate(self.stack.len() - operands);
        self.push(&format!("{head}{operator}"), kind);
    }

    fn apply_select(&mut self, kind: char) {
        self.stack.truncate(self.stack.len() - 3);
        let typed = format!("select (result {})", name(kind));
        let words = self.pick(&["select", typed.as_str(), "nop\nselect"]).to_owned();
        self.push(&words, kind);
    }

    /// What can be done with what lies on top.
    fn use_top(&mut self) {
        let top = self.stack.len();
        let fits = |stack: &[char], operands: &str| {
            let kinds: Vec<char> = operands.chars().collect();
            stack.ends_with(&kinds)
        };
        let some: Vec<_> =
            OPERATORS.iter().filter(|(_, operands, _)| fits(&self.stack, operands)).collect();
        if top >= 3 && self.stack[top - 1] == 'i' && self.stack[top - 2] == self.stack[top - 3] {
            let kind = self.stack[top - 2];
            return self.apply_select(kind);
        }
        if !some.is_empty() && self.below(3) > 0 {
            let (names, operands, result) = *self.pick(&some);
            return self.apply(names, operands.len(), result);
        }
        let Some(kind) = self.stack.pop() else { return self.value('i', 2) };
        let (local, choice) = (self.local(kind), self.below(6));
        match choice {
            5 => {
                // The address goes below what is stored.
                self.say(&format!("local.set {local}"));
                self.value('i', 2);
                self.stack.pop();
                self.say("i32.const 0xff8 i32.and");
                self.say(&format!("local.get {local}"));
                self.say(&format!("{}.store offset=8", name(kind)));
            }
            0 => self.say("drop"),
            1 => self.say(&format!("local.set {local}")),
            2 => self.push(&format!("local.tee {local}"), kind),
            3 => self.say(&format!("global.set $g{kind}")),
            _ => {
                self.say(&format!("local.tee {local}"));
                self.say("drop");
                self.push(&format!("local.get {local}"), kind);
            }
        }
    }

    /// Leaves exactly these on top of what lies below `base`.
    fn leave(&mut self, base: usize, kinds: &[char]) {
        if self.stack[base..] == *kinds {
            return;
        }
        while self.stack.len() > base {
            self.stack.pop();
            self.say("drop");
        }
        kinds.iter().for_each(|kind| self.value(*kind, 2));
    }

    fn block(&mut self, depth: usize) {
        let taken = self.taken.min(self.stack.len()).min(self.below(3));
        let results = self.kinds(3);
        let (choice, number) = (self.below(4), self.labels.len());
        if choice == 0 && taken == 0 {
            return self.value('l', 3);
        }
        let is_if = choice < 2;
        if is_if {
            self.value('i', 3);
            self.stack.pop();
        }
        let base = self.stack.len() - taken;
        let params = self.stack[base..].to_vec();
        let head = format!("{} {}", list("param", &params), list("result", &results));
        match choice {
            2 => self.say(&format!("i32.const 3 local.set $c{number} loop {head}")),
            3 => self.say(&format!("block {head}")),
            _ => self.say(&format!("if {head}")),
        }
        self.labels.push((choice != 2).then(|| results.clone()));
        let below: Vec<char> = self.stack.drain(..base).collect();
        self.sequence(depth - 1);
        if choice == 2 {
            self.leave(0, &params);
            self.say(&format!("local.get $c{number} i32.const 1 i32.sub local.tee $c{number}"));
            self.say("br_if 0");
        }
        self.leave(0, &results);
        if is_if {
            self.say("else");
            self.stack = params;
            self.sequence(depth - 1);
            self.leave(0, &results);
        }
        self.say("end");
        self.labels.pop();
        self.stack.splice(..0, below);
    }

    fn branch(&mut self) {
        let depth = self.below(self.labels.len());
        let label = self.labels.len() - 1 - depth;
        let Some(kinds) = self.labels[label].clone() else { return };
        if self.below(4) > 0 {
            kinds.iter().for_each(|kind| self.value(*kind, 2));
            self.value('i', 3);
            self.stack.pop();
            return self.say(&format!("br_if {depth}"));
        }
        self.value('i', 3);
        self.stack.pop();
        self.say("if");
        kinds.iter().for_each(|kind| self.value(*kind, 1));
        self.stack.truncate(self.stack.len() - kinds.len());
        let to = depth + 1;
        match self.below(2) {
            0 => self.say(&format!("br {to}")),
            _ => {
                let local = self.local('i');
                self.say(&format!("local.get {local} i32.eqz br_table {to} {to}"));
            }
        }
        // Nobody comes here.
        self.say("select i32.eqz drop i32.const 0 i32.const 1 i32.eqz select drop");
        self.say("end");
    }

    fn sequence(&mut self, depth: usize) {
        for _ in 0..3 + self.below(6) {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            match self.below(10) {
                0 | 1 if depth > 0 => self.block(depth),
                2 if !self.labels.is_empty() => self.branch(),
                3..=5 => {
                    let kind = self.pick(&KINDS);
                    self.value(kind, 3);
                }
                _ => self.use_top(),
            }
        }
    }
}

/// A function of one value of each kind: what it leaves anywhere, as one number. Its blocks take so
/// many parameters at most.
fn function((seed, taken): (u64, usize), number: usize) -> String {
    let state = seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
    let (text, stack, labels) = (String::new(), Vec::new(), Vec::new());
    let mut made = Generator { state, text, stack, labels, left: 60, taken };
    while made.left > 0 {
        made.sequence(3);
    }
    let mix = "local.get $sum i64.const 13 i64.rotl i64.xor local.set $sum";
    let number_of = |kind: char| match kind {
        'i' => "i64.extend_i32_u",
        'l' => "",
        'f' => "i32.reinterpret_f32 i64.extend_i32_u",
        _ => "i64.reinterpret_f64",
    };
    while let Some(kind) = made.stack.pop() {
        made.say(&format!("{} {mix}", number_of(kind)));
    }
    for kind in KINDS {
        for at in 0..LOCALS_OF_A_KIND {
            made.say(&format!("local.get ${kind}{at} {} {mix}", number_of(kind)));
        }
        made.say(&format!("global.get $g{kind} {} {mix}", number_of(kind)));
    }
    let mut locals = String::new();
    for kind in KINDS {
        for at in 1..LOCALS_OF_A_KIND {
            write!(locals, "(local ${kind}{at} {}) ", name(kind)).expect("into memory");
        }
    }
    (0..6).for_each(|at| write!(locals, "(local $c{at} i32) ").expect("into memory"));
    format!(
        r#"(func (export "f{number}") (param $i0 i32) (param $l0 i64) (param $f0 f32)
            (param $d0 f64) (result i64) {locals} (local $sum i64)
            {}
            local.get $sum)"#,
        made.text
    )
}

fn module(seed: (u64, usize)) -> String {
    let functions: Vec<String> = (0..FUNCTIONS).map(|number| function(seed, number)).collect();
    format!(
        r#"(module (memory (export "memory") 1)
            (global $gi (mut i32) (i32.const 5)) (global $gl (mut i64) (i64.const 0))
            (global $gf (mut f32) (f32.const 0)) (global $gd (mut f64) (f64.const -1))
            (func $mix (param i32 i64) (result i64)
                local.get 1 i64.eqz if (result i64) local.get 0 i64.extend_i32_u else
                local.get 1 i64.const 1 i64.add local.get 0 i64.extend_i32_s i64.xor end)
            {})"#,
        functions.concat()
    )
}

const GIVEN: [(i32, i64, f32, f64); 5] = [
    (0, 0, 0.0, 0.0),
    (1, -1, -1.5, 2.0),
    (-1, 1 << 32, f32::INFINITY, -0.0),
    (3, 7, 0.25, 1e300),
    (i32::MIN, i64::MIN, -0.0, f64::NEG_INFINITY),
];

/// What the interpreter says of each function and each given, in order.
fn interpreted(code: &[u8]) -> Vec<i64> {
    let engine = wasmi::Engine::default();
    let module = wasmi::Module::new(&engine, code).expect("valid");
    let mut store = wasmi::Store::new(&engine, ());
    let instance = wasmi::Instance::new(&mut store, &module, &[]).expect("no imports");
    let mut said = Vec::new();
    for number in 0..FUNCTIONS {
        let name = format!("f{number}");
        let function =
            instance.get_typed_func::<(i32, i64, wasmi::F32, wasmi::F64), i64>(&store, &name);
        let function = function.expect("exported");
        for (i, l, f, d) in GIVEN {
            said.push(function.call(&mut store, (i, l, f.into(), d.into())).expect("no traps"));
        }
    }
    said
}

fn compiled(code: &[u8]) -> Vec<i64> {
    let engine = wasmtime::Engine::default();
    let module = wasmtime::Module::new(&engine, code).expect("valid");
    let mut store = wasmtime::Store::new(&engine, ());
    let instance = wasmtime::Instance::new(&mut store, &module, &[]).expect("no imports");
    let mut said = Vec::new();
    for number in 0..FUNCTIONS {
        let name = format!("f{number}");
        let function = instance.get_typed_func::<(i32, i64, f32, f64), i64>(&mut store, &name);
        let function = function.expect("exported");
        for given in GIVEN {
            said.push(function.call(&mut store, given).expect("no traps"));
        }
    }
    said
}

/// The first function about which the engines differ.
fn differs(seed: (u64, usize), change: impl FnOnce(&[u8]) -> Vec<u8>) -> Option<String> {
    let text = module(seed);
    let code = wat::parse_str(&text).unwrap_or_else(|error| panic!("{seed:?}: {error}"));
    let (theirs, ours) = (compiled(&code), interpreted(&change(&code)));
    let at = theirs.iter().zip(&ours).position(|(theirs, ours)| theirs != ours)?;
    let number = at / GIVEN.len();
    Some(format!("seed {seed:?}, {:?}: {}", GIVEN[at % GIVEN.len()], function(seed, number)))
}

#[test]
fn behind_the_detour_nothing_that_is_taken_together_is_taken_wrongly() {
    let count = std::env::var("EARNEST_FUSIONS").ok().and_then(|count| count.parse().ok());
    for seed in 0..count.unwrap_or(12) {
        let found = differs((seed, 0), |code| around_fused_selects(code).expect("a module"));
        assert_eq!(found, None, "{}", found.as_deref().unwrap_or_default());
    }
}

/// These functions would find it: without the detour they do.
#[test]
fn without_the_detour_the_fault_is_found() {
    assert!((0..12).any(|seed| differs((seed, 0), <[u8]>::to_vec).is_some()));
}

/// Why blocks with parameters are refused. Once this fails the interpreter may be mended, and they
/// can be admitted. Its own assertions would end it here, where they are compiled in.
#[test]
#[cfg(not(debug_assertions))]
fn blocks_with_parameters_are_what_the_interpreter_gets_wrong() {
    let detoured = |code: &[u8]| around_fused_selects(code).expect("a module");
    assert!((0..12).any(|seed| differs((seed, 2), detoured).is_some()));
}
