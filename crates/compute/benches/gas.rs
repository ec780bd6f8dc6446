//! What a unit of gas takes at worst: every instruction that admission lets pass, one after the
//! other, and the patterns that a price an instruction could miss (cache misses, calls, branches).
//!
//! The instructions are found, not listed: every opcode is tried with operands of every type, and
//! what the validator accepts is measured, in the tightest loop that its types allow. Values are
//! chosen against the processor: large divisors, denormals, NaNs.
//!
//! Prints what exceeds three quarters of the declared bound ([`REFEREE_PICOS_PER_GAS`],
//! [`COMPILED_PICOS_PER_GAS`]) and the whole table with `--all`; ends with 1 where a bound is
//! exceeded. One argument is part of the names to measure.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use earnest_compute::guests::Guest;
use earnest_compute::{
    COMPILED_PICOS_PER_GAS, Digest, EngineKind, Machine, REFEREE_PICOS_PER_GAS, admit,
};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, Encode, ExportKind, ExportSection, Function,
    FunctionSection, Instruction, MemArg, MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wasmparser::{Operator, Validator, WasmFeatures};

/// Gas of one measurement of an instruction: about 30 ms.
const GAS: u64 = 4_000_000;
/// Gas of one measurement of a pattern, which may need to fill its memory first.
const PATTERN_GAS: u64 = 60_000_000;

/// Where the constants lie.
const DATA: u64 = 128;

const TYPES: [ValType; 5] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];

/// Values of the operands, by type.
#[derive(Clone, Copy, Debug)]
struct Values {
    name: &'static str,
    word: u64,
    single: f32,
    double: f64,
}

const VALUES: [Values; 3] = [
    Values { name: "", word: 0xfedc_ba98_7654_3211, single: 1.5, double: 1.5 },
    Values { name: " of denormals", word: 3, single: 1e-40, double: 1e-310 },
    Values { name: " of NaNs", word: u64::MAX, single: f32::NAN, double: f64::NAN },
];

/// An instruction with its immediate, and what it takes and gives.
struct Sample {
    name: String,
    bytes: Vec<u8>,
    takes: Vec<ValType>,
    gives: Option<ValType>,
}

/// Every opcode that validates alone, with the first immediate and types that make it valid.
fn samples() -> Vec<Sample> {
    let leb = |number: u32| {
        let mut bytes = Vec::new();
        number.encode(&mut bytes);
        bytes
    };
    // Control, calls and locals are patterns.
    let plain = (0x1a..=0x1b).chain(0x28..=0xc4).map(|opcode: u8| vec![opcode]);
    let wide = (0..=7).map(|number| [vec![0xfc], leb(number)].concat());
    let vectors = (0..=275).map(|number| [vec![0xfd], leb(number)].concat());
    plain.chain(wide).chain(vectors).filter_map(|opcode| sample(&opcode)).collect()
}

fn sample(opcode: &[u8]) -> Option<Sample> {
    let types = |count: u32| {
        (0..5usize.pow(count)).map(move |number| {
            (0..count).map(|at| TYPES[number / 5usize.pow(at) % 5]).collect::<Vec<_>>()
        })
    };
    for immediate in [0, 1, 2, 3, 4, 8, 16] {
        let bytes = [opcode, &vec![0; immediate]].concat();
        for count in 0..=3 {
            for takes in types(count) {
                for gives in [None].into_iter().chain(TYPES.map(Some)) {
                    if let Some(name) = is_valid(&bytes, &takes, gives) {
                        return Some(Sample { name, bytes, takes, gives });
                    }
                }
            }
        }
    }
    None
}

/// The instruction's name, if it is one, valid and admitted with these types.
fn is_valid(bytes: &[u8], takes: &[ValType], gives: Option<ValType>) -> Option<String> {
    let mut body = Vec::new();
    for kind in takes {
        get(&mut body, constant_of(*kind));
    }
    body.extend_from_slice(bytes);
    if let Some(kind) = gives {
        set(&mut body, variable_of(kind));
    }
    let code = wasmparser::OperatorsReader::new(wasmparser::BinaryReader::new(&body, 0));
    let operators: Vec<Operator<'_>> = code.into_iter().collect::<Result<_, _>>().ok()?;
    if operators.len() != takes.len() + 1 + usize::from(gives.is_some()) {
        return None;
    }
    let name = format!("{:?}", operators.get(takes.len())?);
    let name = name.split([' ', '(']).next()?.to_owned();
    // In a block of its own, which nothing may leave on the stack.
    Instruction::End.encode(&mut body);
    let mut block = Vec::new();
    Instruction::Block(BlockType::Empty).encode(&mut block);
    let module = module(&[block, body].concat(), 1, VALUES[0]);
    let is_valid = Validator::new_with_features(WasmFeatures::all()).validate_all(&module).is_ok();
    (is_valid && admit(&module).is_ok()).then_some(name)
}

// Locals of a step: its two parameters, then constants and variables of each type, and an address.

const fn place(kind: ValType) -> u32 {
    match kind {
        ValType::I32 => 0,
        ValType::I64 => 1,
        ValType::F32 => 2,
        ValType::F64 => 3,
        _ => 4,
    }
}

const fn constant_of(kind: ValType) -> u32 {
    2 + place(kind)
}

const fn variable_of(kind: ValType) -> u32 {
    7 + place(kind)
}

fn get(body: &mut Vec<u8>, local: u32) {
    Instruction::LocalGet(local).encode(body);
}

fn set(body: &mut Vec<u8>, local: u32) {
    Instruction::LocalSet(local).encode(body);
}

/// A module whose step runs `body` for ever, with constants set before: from memory, where no
/// compiler sees what they are.
fn module(body: &[u8], pages: u64, values: Values) -> Vec<u8> {
    let mut code = Vec::new();
    let from = |offset| MemArg { offset, align: 0, memory_index: 0 };
    let constants = [
        (ValType::I32, Instruction::I32Load16U(from(DATA))),
        (ValType::I64, Instruction::I64Load(from(DATA))),
        (ValType::F32, Instruction::F32Load(from(DATA + 8))),
        (ValType::F64, Instruction::F64Load(from(DATA + 16))),
    ];
    for (kind, constant) in constants {
        for local in [constant_of(kind), variable_of(kind)] {
            Instruction::I32Const(0).encode(&mut code);
            constant.encode(&mut code);
            set(&mut code, local);
        }
    }
    for local in [constant_of(ValType::V128), variable_of(ValType::V128)] {
        get(&mut code, constant_of(ValType::F64));
        Instruction::F64x2Splat.encode(&mut code);
        set(&mut code, local);
    }
    Instruction::Loop(BlockType::Empty).encode(&mut code);
    code.extend_from_slice(body);
    Instruction::Br(0).encode(&mut code);
    Instruction::End.encode(&mut code);
    Instruction::I32Const(8).encode(&mut code);
    Instruction::End.encode(&mut code);
    let locals = [TYPES, TYPES].concat().into_iter().map(|kind| (1, kind));
    let mut step = Function::new(locals);
    step.raw(code);
    assemble(&step, pages, values)
}

fn assemble(step: &Function, pages: u64, values: Values) -> Vec<u8> {
    let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
    types.ty().function([], [ValType::I32]);
    types.ty().function([ValType::I64, ValType::I32], [ValType::I32]);
    let (mut memories, mut exports) = (MemorySection::new(), ExportSection::new());
    memories.memory(MemoryType {
        minimum: pages,
        maximum: Some(pages),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    exports.export("memory", ExportKind::Memory, 0);
    let mut code = CodeSection::new();
    let queries = [("state", 0), ("state_len", 8), ("input", 64), ("init", 8)];
    for (index, (name, answer)) in (0..).zip(queries) {
        functions.function(0);
        exports.export(name, ExportKind::Func, index);
        let mut function = Function::new([]);
        function.instruction(&Instruction::I32Const(answer)).instruction(&Instruction::End);
        code.function(&function);
    }
    functions.function(1);
    exports.export("step", ExportKind::Func, 4);
    code.function(step);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports);
    let (word, single, double) = (values.word, values.single, values.double);
    let mut data = DataSection::new();
    let bytes = [&word.to_le_bytes()[..], &single.to_le_bytes(), &[0; 4], &double.to_le_bytes()];
    let at = i32::try_from(DATA).expect("small");
    data.active(0, &ConstExpr::i32_const(at), bytes.concat());
    module.section(&code).section(&data);
    module.finish()
}

/// As many of the instruction as fit a loop, with as little else as its types allow; the last value
/// is stored.
fn tight(sample: &Sample) -> Vec<u8> {
    let mut body = Vec::new();
    let chains = sample.takes.first().is_some_and(|kind| sample.gives == Some(*kind));
    if chains && let Some(kind) = sample.gives {
        get(&mut body, variable_of(kind));
    }
    for _ in 0..200 {
        for kind in sample.takes.iter().skip(usize::from(chains)) {
            get(&mut body, constant_of(*kind));
        }
        body.extend_from_slice(&sample.bytes);
        if !chains && sample.gives.is_some() {
            Instruction::Drop.encode(&mut body);
        }
    }
    if chains && let Some(kind) = sample.gives {
        set(&mut body, variable_of(kind));
        get_and_store(&mut body, kind);
    }
    body
}

/// The same for a compiler, which leaves out what nobody uses: each value goes into the next
/// operand, through a conversion where the types differ.
fn live(sample: &Sample) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..100 {
        for (at, kind) in sample.takes.iter().enumerate() {
            let local = if at == 0 { variable_of(*kind) } else { constant_of(*kind) };
            get(&mut body, local);
        }
        body.extend_from_slice(&sample.bytes);
        match (sample.gives, sample.takes.first()) {
            (Some(from), Some(to)) => {
                convert(&mut body, from, *to);
                set(&mut body, variable_of(*to));
            }
            (Some(from), None) => set(&mut body, variable_of(from)),
            (None, _) => {}
        }
    }
    for kind in TYPES {
        get_and_store(&mut body, kind);
    }
    body
}

fn get_and_store(body: &mut Vec<u8>, kind: ValType) {
    Instruction::I32Const(32).encode(body);
    get(body, variable_of(kind));
    let memarg = MemArg { offset: 0, align: 0, memory_index: 0 };
    match kind {
        ValType::I32 => Instruction::I32Store(memarg).encode(body),
        ValType::I64 => Instruction::I64Store(memarg).encode(body),
        ValType::F32 => Instruction::F32Store(memarg).encode(body),
        ValType::F64 => Instruction::F64Store(memarg).encode(body),
        _ => Instruction::V128Store(memarg).encode(body),
    }
}

fn convert(body: &mut Vec<u8>, from: ValType, to: ValType) {
    use ValType::{F32, F64, I32, I64, V128};
    let through: &[Instruction<'_>] = match (from, to) {
        (I32, I64) => &[Instruction::I64ExtendI32U],
        (I32, F32) => &[Instruction::F32ConvertI32S],
        (I32, F64) => &[Instruction::F64ConvertI32S],
        (I32, V128) => &[Instruction::I32x4Splat],
        (I64, I32) => &[Instruction::I32WrapI64],
        (I64, F32) => &[Instruction::F32ConvertI64S],
        (I64, F64) => &[Instruction::F64ReinterpretI64],
        (I64, V128) => &[Instruction::I64x2Splat],
        (F32, I32) => &[Instruction::I32ReinterpretF32],
        (F32, I64) => &[Instruction::I32ReinterpretF32, Instruction::I64ExtendI32U],
        (F32, F64) => &[Instruction::F64PromoteF32],
        (F32, V128) => &[Instruction::F32x4Splat],
        (F64, I32) => &[Instruction::I64ReinterpretF64, Instruction::I32WrapI64],
        (F64, I64) => &[Instruction::I64ReinterpretF64],
        (F64, F32) => &[Instruction::F32DemoteF64],
        (F64, V128) => &[Instruction::F64x2Splat],
        (V128, I32) => &[Instruction::I32x4ExtractLane(0)],
        (V128, I64) => &[Instruction::I64x2ExtractLane(0)],
        (V128, F32) => &[Instruction::F32x4ExtractLane(0)],
        (V128, F64) => &[Instruction::F64x2ExtractLane(0)],
        _ => &[],
    };
    for instruction in through {
        instruction.encode(body);
    }
}

/// Picoseconds a unit of gas: the best of three. Next to nothing if the step traps, which ends it
/// at the price of all its gas.
fn price(engine: EngineKind, module: &[u8], gas: u64) -> u64 {
    let admitted = admit(module).expect("within limits");
    let guest = Guest {
        name: "hostile",
        summary: "",
        module: Vec::leak(module.to_vec()),
        chunks: Vec::new(),
        steps: 1,
        step_gas_max: gas,
    };
    let task = guest.task(Digest([1; 32]));
    let machine = Machine::new(engine, &admitted).expect("loads");
    let first = machine.init(&task).expect("runs");
    let once = || {
        let begun = Instant::now();
        machine.step(&task, 1, &first, &[]).expect("faults by gas");
        begun.elapsed().as_nanos()
    };
    let best = (0..3).map(|_| once()).min().expect("three");
    u64::try_from(best).expect("short") * 1_000 / gas
}

/// A step in the text format, in a memory of so many pages.
fn text(pages: u64, locals: &str, setup: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module (type $t (func)) (table 2 funcref) (elem (i32.const 0) $none $wide)
            (memory (export "memory") {pages} {pages})
            (func $none (type $t)) (func $wide (local {}))
            (func $seven (param i64 i64 i64 i64 i64 i64 i64) (result i64) local.get 6)
            (func (export "state") (result i32) i32.const 0)
            (func (export "state_len") (result i32) i32.const 8)
            (func (export "input") (result i32) i32.const 64)
            (func (export "init") (result i32) i32.const 8)
            (func (export "step") (param i64 i32) (result i32)
              (local $x i64) (local $s i64) (local $d f64) (local $p i32) (local $i i32) {locals}
              {setup} (loop $l {body} (br $l)) i32.const 8))"#,
        "v128 ".repeat(128)
    );
    wat::parse_str(&text).expect("well formed")
}

/// A walk along a random cycle through every line of the memory: each load waits for the last.
fn chase(kib: u64) -> Vec<u8> {
    let (pages, lines) = ((kib / 64).max(1), kib * 1024 / 64);
    let setup = format!(
        "(loop $b
           (i32.store (i32.shl (local.get $i) (i32.const 6))
             (i32.shl (i32.and (i32.add (i32.mul (local.get $i) (i32.const 1664525))
                                        (i32.const 1013904223)) (i32.const {})) (i32.const 6)))
           (br_if $b (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                               (i32.const {lines}))))",
        lines - 1
    );
    let walk =
        format!("(local.set $p {}(local.get $p){})", "(i32.load ".repeat(400), ")".repeat(400));
    text(pages, "", &setup, &walk)
}

/// A walk on which each load takes the end of one page and the begin of the next: two lines of the
/// few sets of a cache that the ends of pages fall into, and two entries of an address cache.
fn chase_across_pages(pages: u64, step: u64) -> Vec<u8> {
    let spots = pages * 16 - 1;
    let setup = format!(
        "(loop $b
           (i32.store offset=4094 align=1 (i32.shl (local.get $i) (i32.const 12))
             (i32.shl (i32.rem_u (i32.add (local.get $i) (i32.const {step})) (i32.const {spots}))
                      (i32.const 12)))
           (br_if $b (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                               (i32.const {spots}))))"
    );
    let loads = "(i32.load offset=4094 align=1 ".repeat(400);
    let walk = format!("(local.set $p {loads}(local.get $p){})", ")".repeat(400));
    text(pages, "", &setup, &walk)
}

fn chases() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for kib in [16, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384] {
        all.push((format!("chase through {kib} KiB"), chase(kib)));
    }
    // No step has a factor in common with how many places there are.
    for (pages, step) in [(1, 7), (4, 25), (8, 50), (64, 389), (256, 1_601)] {
        let name = format!("chase across pages of {} KiB", pages * 64);
        all.push((name, chase_across_pages(pages, step)));
    }
    all
}

fn patterns() -> Vec<(String, Vec<u8>)> {
    let next = "(local.set $x (i64.add (i64.mul (local.get $x) (i64.const 6364136223846793005))
                (i64.const 1442695040888963407)))";
    let anywhere = |pages: u64| {
        let mask = pages * 65_536 - 64;
        let word = "(i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 30)))";
        format!("(i32.and {word} (i32.const {mask}))")
    };
    let mut all = chases();
    for pages in [1, 3, 7, 15, 31, 63, 127, 255] {
        let at = anywhere(pages);
        let load = format!("{next} (local.set $x (i64.add (local.get $x) (i64.load {at})))");
        let store = format!("{next} (i64.store {at} (local.get $x))");
        let split = format!("{next} (v128.store offset=56 align=1 {at} (local.get $v))");
        let stride = format!(
            "(i32.store (local.get $p) (local.get $p))
             (local.set $p (i32.and (i32.add (local.get $p) (i32.const 4160)) (i32.const {})))",
            pages * 65_536 - 64
        );
        for (name, body) in [
            ("random loads", load.repeat(8)),
            ("random stores", store.repeat(8)),
            // The last line has no next one to reach into: the memory is a page larger.
            ("split vector stores", split.repeat(8)),
            ("page strides", stride.repeat(16)),
        ] {
            let name = format!("{name} in {} KiB", (pages + 1) * 64);
            all.push((name, text(pages + 1, "(local $v v128)", "", &body)));
        }
    }
    let divide = "(local.set $x (i64.div_u (i64.const -1) (i64.or (local.get $x) (i64.const 1))))";
    let root = "(local.set $d (f64.sqrt (f64.div (f64.const 3) (f64.add (local.get $d)
                (f64.const 0.1)))))";
    let seven = "(call $seven (local.get $x) (local.get $x) (local.get $x) (local.get $x)
                 (local.get $x) (local.get $x) (local.get $x)) (local.set $x)";
    let branches = format!(
        "{next} (if (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 63)))
                            (then (local.set $s (local.get $x))))"
    );
    let table = format!(
        "{next} (block $a (block $b (block $c (block $d4 (br_table $a $b $c $d4
         (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 62))))))))"
    );
    let indirect = format!(
        "{next} (call_indirect (type $t) (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 63))))"
    );
    for (name, body) in [
        ("divisions in a chain", divide.to_owned()),
        ("roots in a chain", root.to_owned()),
        ("calls of a wide function", "(call $wide)".to_owned()),
        ("calls with seven arguments", seven.to_owned()),
        ("calls through a table, at random", indirect),
        ("branches at random", branches),
        ("branches by a table, at random", table),
        ("empty blocks", "(block) (loop) (if (local.get $p) (then))".to_owned()),
        (
            "global counters",
            "(local.set $x (local.get $s)) (local.set $s (local.get $x))".to_owned(),
        ),
    ] {
        all.push((name.to_owned(), text(1, "", "", &body.repeat(8))));
    }
    all.push(("an empty loop".to_owned(), text(1, "", "", "")));
    all
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let shows_all = arguments.iter().any(|argument| argument == "--all");
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-'));
    let is_wanted = |name: &str| wanted.is_none_or(|wanted| name.contains(wanted.as_str()));
    let mut rows = Vec::new();
    let samples = samples();
    println!("{} instructions", samples.len());
    for sample in samples.iter().filter(|sample| is_wanted(&sample.name)) {
        let touches_floats = |kind: &ValType| !matches!(kind, ValType::I32 | ValType::I64);
        let sets = if sample.takes.iter().any(touches_floats) { 3 } else { 1 };
        for values in VALUES.into_iter().take(sets) {
            let name = format!("{}{}", sample.name, values.name);
            let [tight, live] = [tight(sample), live(sample)];
            let [tight, live] = [tight, live].map(|body| module(&body, 1, values));
            let referee = price(EngineKind::Wasmi, &tight, GAS);
            rows.push((name, [referee, price(EngineKind::Jit, &live, GAS)]));
        }
    }
    for (name, module) in patterns() {
        if is_wanted(&name) {
            let picos = [EngineKind::Wasmi, EngineKind::Jit];
            rows.push((name, picos.map(|engine| price(engine, &module, PATTERN_GAS))));
        }
    }
    report(rows, shows_all)
}

fn report(mut rows: Vec<(String, [u64; 2])>, shows_all: bool) -> ExitCode {
    let bounds = [REFEREE_PICOS_PER_GAS, COMPILED_PICOS_PER_GAS];
    let share = |picos: [u64; 2]| {
        picos.into_iter().zip(bounds).map(|(picos, bound)| picos * 100 / bound).max().unwrap_or(0)
    };
    rows.sort_by_key(|row| std::cmp::Reverse(share(row.1)));
    let mut table = String::from(
        "| what | referee ns/gas | compiled ns/gas | % of bound |\n|---|---:|---:|---:|\n",
    );
    for (name, picos) in rows.iter().filter(|row| shows_all || 75 < share(row.1)) {
        let [referee, compiled] = picos.map(|picos| picos as f64 / 1e3);
        writeln!(table, "| {name} | {referee:.2} | {compiled:.2} | {} |", share(*picos))
            .expect("memory");
    }
    println!("{table}");
    let above = rows.iter().filter(|row| 100 < share(row.1)).count();
    println!("{} measured, {above} above {} and {} ps a unit", rows.len(), bounds[0], bounds[1]);
    if above == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
