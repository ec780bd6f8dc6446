//! Neighbours: every operator behind every other that can feed it, with operands of every
//! kind and all that can be done with what comes out, gives the same in both engines.
//!
//! Engines take neighbours together; one took a comparison and a `select` together wrongly
//! (`earnest_compute::detour`), where their operands lay in locals. So operands are of every kind
//! here: parameters, constants, locals just set, globals, loads, results of calls and of others.
//! Four of each pair of scalar operators, and one of eight pairs of vector operators, which engines
//! take apart: some fifty thousand functions; `EARNEST_NEIGHBOURS=100` asks for a hundred of each.
//! NaNs have no bits that WebAssembly defines: none is stored or looked at but as a NaN. So
//! arithmetic upon vectors of floats is not here (`generated`, `specification`).
//! A failure prints the function, its seed and its arguments.
#![cfg(feature = "jit")]

use earnest_compute::detour::around_fused_selects;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, Instruction as I, MemArg, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};

/// Opcodes from the first to the last, what they take and what they give: i i32, l i64, f f32,
/// d f64, v v128.
const SCALARS: &[(u32, u32, &str, char)] = &[
    (0x45, 0x45, "i", 'i'),
    (0x46, 0x4f, "ii", 'i'),
    (0x50, 0x50, "l", 'i'),
    (0x51, 0x5a, "ll", 'i'),
    (0x5b, 0x60, "ff", 'i'),
    (0x61, 0x66, "dd", 'i'),
    (0x67, 0x69, "i", 'i'),
    (0x6a, 0x78, "ii", 'i'),
    (0x79, 0x7b, "l", 'l'),
    (0x7c, 0x8a, "ll", 'l'),
    (0x8b, 0x91, "f", 'f'),
    (0x92, 0x98, "ff", 'f'),
    (0x99, 0x9f, "d", 'd'),
    (0xa0, 0xa6, "dd", 'd'),
    (0xa7, 0xa7, "l", 'i'),
    (0xa8, 0xa9, "f", 'i'),
    (0xaa, 0xab, "d", 'i'),
    (0xac, 0xad, "i", 'l'),
    (0xae, 0xaf, "f", 'l'),
    (0xb0, 0xb1, "d", 'l'),
    (0xb2, 0xb3, "i", 'f'),
    (0xb4, 0xb5, "l", 'f'),
    (0xb6, 0xb6, "d", 'f'),
    (0xb7, 0xb8, "i", 'd'),
    (0xb9, 0xba, "l", 'd'),
    (0xbb, 0xbb, "f", 'd'),
    (0xbc, 0xbc, "f", 'i'),
    (0xbd, 0xbd, "d", 'l'),
    (0xbe, 0xbe, "i", 'f'),
    (0xbf, 0xbf, "l", 'd'),
    (0xc0, 0xc1, "i", 'i'),
    (0xc2, 0xc4, "l", 'l'),
];
/// The same behind the prefix 0xfd.
const VECTORS: &[(u32, u32, &str, char)] = &[
    (14, 14, "vv", 'v'),
    (15, 17, "i", 'v'),
    (18, 18, "l", 'v'),
    (35, 76, "vv", 'v'),
    (77, 77, "v", 'v'),
    (78, 81, "vv", 'v'),
    (82, 82, "vvv", 'v'),
    (83, 83, "v", 'i'),
    (96, 98, "v", 'v'),
    (99, 100, "v", 'i'),
    (101, 102, "vv", 'v'),
    (107, 109, "vi", 'v'),
    (110, 115, "vv", 'v'),
    (118, 121, "vv", 'v'),
    (123, 123, "vv", 'v'),
    (124, 129, "v", 'v'),
    (130, 130, "vv", 'v'),
    (131, 132, "v", 'i'),
    (133, 134, "vv", 'v'),
    (135, 138, "v", 'v'),
    (139, 141, "vi", 'v'),
    (142, 147, "vv", 'v'),
    (149, 153, "vv", 'v'),
    (155, 159, "vv", 'v'),
    (160, 161, "v", 'v'),
    (163, 164, "v", 'i'),
    (167, 170, "v", 'v'),
    (171, 173, "vi", 'v'),
    (174, 174, "vv", 'v'),
    (177, 177, "vv", 'v'),
    (181, 186, "vv", 'v'),
    (188, 191, "vv", 'v'),
    (192, 193, "v", 'v'),
    (195, 196, "v", 'i'),
    (199, 202, "v", 'v'),
    (203, 205, "vi", 'v'),
    (206, 206, "vv", 'v'),
    (209, 209, "vv", 'v'),
    (213, 223, "vv", 'v'),
    (224, 225, "v", 'v'),
    (234, 235, "vv", 'v'),
    (236, 237, "v", 'v'),
    (246, 247, "vv", 'v'),
    (248, 255, "v", 'v'),
];
/// Scalar opcodes that show a NaN's bits: `copysign` and `reinterpret`.
const SHOWS_BITS: &[u32] = &[0x98, 0xa6, 0xbc, 0xbd];

const FUNCTIONS_A_MODULE: usize = 1_000;
const SEED: u64 = 20_261_126;

type Values = (i32, i64, f32, f64);

const ARGUMENTS: [Values; 6] = [
    (0, 0, 0.0, -0.0),
    (1, -1, 1.5, -2.5),
    (-1, 1 << 40, f32::NAN, f64::INFINITY),
    (i32::MIN, i64::MIN, -3e9, 1e300),
    (77, 77, -0.0, f64::NAN),
    (0x1234_5678, -2, f32::MIN_POSITIVE, 4e9),
];

#[derive(Clone, Copy)]
struct Operator {
    code: u32,
    is_vector: bool,
    takes: &'static str,
    gives: char,
}

impl Operator {
    fn shows_bits(self) -> bool {
        !self.is_vector && SHOWS_BITS.contains(&self.code)
    }

    fn put(self, body: &mut Body) {
        if self.is_vector {
            body.0.push(0xfd);
        }
        match u8::try_from(self.code) {
            Ok(code) if !self.is_vector => body.0.push(code),
            _ => wasm_encoder::Encode::encode(&self.code, &mut body.0),
        }
    }
}

fn operators() -> impl Iterator<Item = Operator> + Clone {
    let tables = [(SCALARS, false), (VECTORS, true)];
    tables.into_iter().flat_map(|(table, is_vector)| {
        table.iter().flat_map(move |&(first, last, takes, gives)| {
            (first..=last).map(move |code| Operator { code, is_vector, takes, gives })
        })
    })
}

/// Draws that hang on the seed alone.
struct Luck(u64);

impl Luck {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % count
    }

    fn one<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }
}

fn kind(letter: char) -> ValType {
    match letter {
        'i' => ValType::I32,
        'l' => ValType::I64,
        'f' => ValType::F32,
        'd' => ValType::F64,
        _ => ValType::V128,
    }
}

const LETTERS: [char; 5] = ['i', 'l', 'f', 'd', 'v'];

/// Number of a type: of its parameter, its global and the function that returns what it is given.
fn place(letter: char) -> u32 {
    match letter {
        'i' => 0,
        'l' => 1,
        'f' => 2,
        'd' => 3,
        _ => 4,
    }
}

/// The local of a type beside its parameter. No vector is a parameter: what is used as one is
/// a local that is set first.
fn local(letter: char) -> u32 {
    place(letter) + 5
}

fn constant(letter: char, luck: &mut Luck) -> I<'static> {
    match letter {
        'i' => I::I32Const(luck.one(&[0, 1, -1, 7, i32::MIN, 0xffff])),
        'l' => I::I64Const(luck.one(&[0, 1, -1, 7, i64::MIN, 0xffff])),
        'f' => I::F32Const(luck.one(&[0.0f32, -0.0, 1.0, f32::INFINITY, 2.5e9]).into()),
        'd' => I::F64Const(luck.one(&[0.0f64, -0.0, 1.0, f64::INFINITY, 2.5e9]).into()),
        _ => I::V128Const(luck.one(&[0, -1, 0x0102_0304 << 64 | 0xfffe_8000_7fff_0080])),
    }
}

fn load(letter: char, luck: &mut Luck) -> I<'static> {
    let from = MemArg { offset: luck.one(&[0, 8, 100_000]), align: 0, memory_index: 0 };
    match (letter, luck.below(3)) {
        ('i', 0) => I::I32Load8U(from),
        ('i', 1) => I::I32Load16S(from),
        ('i', _) => I::I32Load(from),
        ('l', 0) => I::I64Load8S(from),
        ('l', 1) => I::I64Load32U(from),
        ('l', _) => I::I64Load(from),
        ('f', _) => I::F32Load(from),
        ('d', _) => I::F64Load(from),
        (_, 0) => I::V128Load8x8S(from),
        (_, 1) => I::V128Load32Splat(from),
        _ => I::V128Load(from),
    }
}

/// The text of a function as it is written: operators of the encoder, and opcodes.
#[derive(Default)]
struct Body(Vec<u8>);

impl Body {
    fn put(&mut self, instruction: &I<'_>) {
        wasm_encoder::Encode::encode(instruction, &mut self.0);
    }

    /// A value whose bits are the same in every engine.
    fn leaf(&mut self, letter: char, luck: &mut Luck) {
        let at = place(letter);
        match luck.below(9) {
            0 | 1 => self.put(&I::LocalGet(at)),
            2 => self.put(&I::LocalGet(local(letter))),
            3 | 4 => self.put(&constant(letter, luck)),
            5 => self.put(&I::GlobalGet(at)),
            6 => {
                self.put(&I::LocalGet(at));
                self.put(&I::Call(at));
            }
            7 => {
                let address = luck.one(&[0, 3, 40]);
                self.put(&I::I32Const(address));
                self.put(&load(letter, luck));
            }
            _ => {
                self.put(&I::LocalGet(at));
                self.put(&I::LocalTee(local(letter)));
            }
        }
    }

    /// The vector's lanes go into the local of i64.
    fn fold_lanes(&mut self) {
        self.put(&I::LocalGet(local('l')));
        for lane in [0, 1] {
            self.put(&I::LocalGet(local('v')));
            self.put(&I::I64x2ExtractLane(lane));
            self.put(&I::I64Add);
            self.put(&I::I64Const(5));
            self.put(&I::I64Rotl);
        }
        self.put(&I::LocalSet(local('l')));
    }

    fn operator(&mut self, operator: Operator, luck: &mut Luck) {
        for letter in operator.takes.chars() {
            self.leaf(letter, luck);
        }
        operator.put(self);
    }

    /// A leaf, or an operator upon leaves.
    fn operand(&mut self, letter: char, luck: &mut Luck) {
        let fitting: Vec<Operator> = operators().filter(|found| found.gives == letter).collect();
        match luck.below(3) {
            0 => self.operator(luck.one(&fitting), luck),
            _ => self.leaf(letter, luck),
        }
    }

    /// What lies on the stack decides something: a selection, a branch, a place in memory.
    fn decide(&mut self, luck: &mut Luck) {
        let number = std::mem::take(&mut self.0);
        match luck.below(6) {
            0 | 1 => {
                let chosen = luck.one(&LETTERS);
                self.leaf(chosen, luck);
                self.leaf(chosen, luck);
                self.0.extend(number);
                match luck.below(2) {
                    0 => self.put(&I::Select),
                    _ => self.put(&I::TypedSelect(kind(chosen))),
                }
                self.put(&I::LocalSet(local(chosen)));
            }
            2 => {
                self.put(&I::Block(BlockType::Empty));
                self.0.extend(number);
                self.put(&I::BrIf(0));
                self.leaf('l', luck);
                self.put(&I::LocalSet(local('l')));
                self.put(&I::End);
            }
            3 => {
                self.0.extend(number);
                self.put(&I::If(BlockType::Result(ValType::F64)));
                self.leaf('d', luck);
                self.put(&I::Else);
                self.leaf('d', luck);
                self.put(&I::End);
                self.put(&I::LocalSet(local('d')));
            }
            4 => {
                self.put(&I::Block(BlockType::Empty));
                self.put(&I::Block(BlockType::Empty));
                self.0.extend(number);
                self.put(&I::BrTable(vec![0].into(), 1));
                self.put(&I::End);
                self.leaf('i', luck);
                self.put(&I::LocalSet(local('i')));
                self.put(&I::End);
            }
            _ => {
                // Most addresses are out of bounds.
                self.0.extend(number);
                self.put(&load('l', luck));
                self.put(&I::LocalSet(local('l')));
            }
        }
    }

    /// What lies on the stack, of type `letter`, ends in the local of its type, by some way.
    fn sink(&mut self, letter: char, luck: &mut Luck) {
        let (at, result) = (place(letter), BlockType::Result(kind(letter)));
        let is_stored = matches!(letter, 'i' | 'l' | 'v');
        match luck.below(12) {
            0 => {}
            1 => {
                self.put(&I::LocalTee(local(letter)));
                self.put(&I::Drop);
                self.leaf(letter, luck);
            }
            2..=7 if letter == 'i' => return self.decide(luck),
            8 | 2 => {
                self.leaf(letter, luck);
                self.operand('i', luck);
                self.put(&I::Select);
            }
            9 | 3 => {
                let value = std::mem::take(&mut self.0);
                self.put(&I::Block(result));
                self.0.extend(value);
                self.operand('i', luck);
                self.put(&I::BrIf(0));
                self.put(&I::Drop);
                self.leaf(letter, luck);
                self.put(&I::End);
            }
            10 | 4 if is_stored => {
                self.put(&I::GlobalSet(at));
                self.leaf(letter, luck);
            }
            11 | 5 if is_stored => {
                let value = std::mem::take(&mut self.0);
                self.leaf('i', luck);
                self.0.extend(value);
                let to = MemArg { offset: 16, align: 0, memory_index: 0 };
                self.put(&match letter {
                    'i' => I::I32Store(to),
                    'l' => I::I64Store(to),
                    _ => I::V128Store(to),
                });
                return;
            }
            _ => self.put(&I::Call(at)),
        }
        self.put(&I::LocalSet(local(letter)));
    }
}

/// `first` feeds operand `at` of `second`; all locals are returned.
fn function(first: Operator, second: Operator, at: usize, luck: &mut Luck) -> Vec<u8> {
    let mut before = Body::default();
    before.put(&I::LocalGet(place('l')));
    before.put(&I::I64x2Splat);
    before.put(&I::LocalSet(place('v')));
    for _ in 0..luck.below(3) {
        let letter = luck.one(&LETTERS);
        before.leaf(letter, luck);
        before.put(&I::LocalSet(local(letter)));
    }
    let mut body = Body::default();
    for (place, letter) in second.takes.chars().enumerate() {
        match place == at {
            true => body.operator(first, luck),
            false if second.shows_bits() => body.leaf(letter, luck),
            false => body.operand(letter, luck),
        }
    }
    second.put(&mut body);
    body.sink(second.gives, luck);
    before.0.extend(body.0);
    before.fold_lanes();
    for letter in ['i', 'l', 'f', 'd'] {
        before.put(&I::LocalGet(local(letter)));
    }
    before.put(&I::End);
    before.0
}

fn functions(each: usize) -> Vec<Vec<u8>> {
    let mut luck = Luck(SEED);
    let mut all = Vec::new();
    for second in operators() {
        for (at, letter) in second.takes.chars().enumerate() {
            let shows = second.shows_bits() && matches!(letter, 'f' | 'd');
            for first in operators().filter(|first| first.gives == letter && !shows) {
                if first.is_vector && second.is_vector && luck.below(8) > 0 {
                    continue;
                }
                for _ in 0..each {
                    all.push(function(first, second, at, &mut luck));
                }
            }
        }
    }
    all
}

fn module(functions: &[Vec<u8>]) -> Vec<u8> {
    let all = LETTERS.map(kind);
    let (mut types, mut declared) = (TypeSection::new(), FunctionSection::new());
    let (mut code, mut exports) = (CodeSection::new(), ExportSection::new());
    for (index, value) in (0..).zip(all) {
        types.ty().function([value], [value]);
        declared.function(index);
        let mut same = Function::new([]);
        same.instruction(&I::LocalGet(0)).instruction(&I::End);
        code.function(&same);
    }
    let [scalars @ .., vector] = all;
    types.ty().function(scalars, scalars);
    for (index, body) in (5..).zip(functions) {
        declared.function(5);
        let mut function =
            Function::new([&[vector], &all[..]].concat().into_iter().map(|kind| (1, kind)));
        function.raw(body.iter().copied());
        code.function(&function);
        exports.export(&format!("f{}", index - 5), ExportKind::Func, index);
    }
    let mut globals = GlobalSection::new();
    let values = [
        ConstExpr::i32_const(5),
        ConstExpr::i64_const(-5),
        ConstExpr::f32_const(0.5f32.into()),
        ConstExpr::f64_const((-5e9f64).into()),
        ConstExpr::v128_const(0x1122_3344 << 70 | 0x8899_aabb),
    ];
    for (val_type, value) in all.into_iter().zip(values) {
        globals.global(GlobalType { val_type, mutable: true, shared: false }, &value);
    }
    let (mut memories, mut data) = (MemorySection::new(), DataSection::new());
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    data.active(0, &ConstExpr::i32_const(0), (1..=200u8).map(|at| at.wrapping_mul(91)));
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&memories).section(&globals);
    module.section(&exports).section(&code).section(&data);
    module.finish()
}

/// Every function's answer to each of the arguments: `None` is a trap. NaNs are one NaN.
type Answers = Vec<Option<(i32, i64, u32, u64)>>;

fn bits((i, l, f, d): Values) -> (i32, i64, u32, u64) {
    let f = if f.is_nan() { f32::NAN.to_bits() } else { f.to_bits() };
    let d = if d.is_nan() { f64::NAN.to_bits() } else { d.to_bits() };
    (i, l, f, d)
}

macro_rules! answers {
    ($name:ident, $krate:ident, $engine:expr) => {
        fn $name(code: &[u8], count: usize) -> Answers {
            let engine: $krate::Engine = $engine;
            let module = $krate::Module::new(&engine, code).expect("the module is sound");
            let mut store = $krate::Store::new(&engine, ());
            let instance = $krate::Instance::new(&mut store, &module, &[]).expect("no imports");
            let mut all = Vec::new();
            for index in 0..count {
                let name = format!("f{index}");
                let function = instance.get_typed_func::<Values, Values>(&mut store, &name);
                let function = function.expect("it is exported");
                all.extend(ARGUMENTS.map(|given| function.call(&mut store, given).ok().map(bits)));
            }
            all
        }
    };
}

answers!(compiled, wasmtime, wasmtime::Engine::default());
answers!(interpreted, wasmi, wasmi::Engine::new(wasmi::Config::default().wasm_simd(true)));

/// The first function that is not the same in both, told in words, and how many are not.
fn difference(functions: &[Vec<u8>], detour: fn(&[u8]) -> Vec<u8>) -> Option<String> {
    for (number, functions) in functions.chunks(FUNCTIONS_A_MODULE).enumerate() {
        let code = module(functions);
        let right = compiled(&code, functions.len());
        let said = interpreted(&detour(&code), functions.len());
        if let Some(at) = (0..right.len()).find(|at| right[*at] != said[*at]) {
            let (index, given) = (at / ARGUMENTS.len(), ARGUMENTS[at % ARGUMENTS.len()]);
            let body = wasmparser::BinaryReader::new(&functions[index], 0);
            let operators: Result<Vec<_>, _> =
                wasmparser::OperatorsReader::new(body).into_iter().collect();
            return Some(format!(
                "function {index} of module {number}, given {given:?}: the compiler says {:?}, the \
                 interpreter {:?}\n{:#?}",
                right[at], said[at], operators
            ));
        }
    }
    None
}

#[test]
fn neighbours_give_the_same_in_both_engines() {
    let asked = std::env::var("EARNEST_NEIGHBOURS").ok();
    let each = asked.map_or(4, |each| each.parse().expect("EARNEST_NEIGHBOURS is a number"));
    let detour = |code: &[u8]| around_fused_selects(code).expect("a module");
    if let Some(difference) = difference(&functions(each), detour) {
        panic!("{difference}");
    }
}

#[test]
fn without_the_detour_the_fault_is_found() {
    assert!(difference(&functions(4), <[u8]>::to_vec).is_some());
}
