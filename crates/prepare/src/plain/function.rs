//! One function of the program, counted and polled.
//!
//! Ticks are taken off a local at the head of each piece of straight-line code. Whoever counts
//! stores them before each call and each way out, and takes them up again afterwards; the body
//! stands in a block, whose label takes the place of the function's. Polls stand at loop heads, at
//! the entry of functions, in code that goes on for long, and before a way out (`since`).
//!
//! Depth: a caller sets the global from its own local before it calls, so that returning needs
//! nothing. A function is *shallow*, and counts no depth, if all that it calls is shallow and was
//! written before, so that it is in no ring of calls. A function's weight covers all that a frame
//! of it may hold when a run pauses: each local, and each place of the operand stack that is in use
//! where a run may pause or branch.
//! Law: the operand stack and the labels are the original's at each original instruction.

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, Encode, InstructionSink, ValType};
use wasmparser::Operator;

use super::class::{Class, LEAF_ACCESSES_MAX, ticks};
use super::since::{BULK_ACCESSES, Polled, Since, TAIL_ACCESSES_MAX, Unpolled};
use super::touched::Touched;
use super::unroll::unroll;
use super::write::{Counter, canonical_scalar, canonical_vector, poll};
use super::{DEPTH_MAX, Helper, Layout, Renumber};
use crate::floats::{Taints, Value, Walk, taints, vector_arithmetic};
use crate::module::{Body, MODULE_BYTES_MAX, Module, within};
use crate::rejected::{Part, Rejected};

/// Weight of a call besides what its frame holds.
const FRAME_WEIGHT: i32 = 64;

/// Most weight of a call that needs no count of depth: with all that it calls.
const SHALLOW_MAX: i32 = 16 * 1024;

/// A rewritten function.
pub(super) struct Rewritten {
    locals: Vec<ValType>,
    code: Vec<u8>,
    /// What its callers may rely on.
    pub(super) known: Known,
}

/// What is known of a function that was written.
#[derive(Clone, Copy)]
pub(super) struct Known {
    /// Most accesses between its last poll and its return.
    tail: u32,
    /// Its weight with all that it calls, if that has an end that is known and not far.
    shallow: Option<i32>,
}

impl Known {
    /// Of one that was not written yet.
    pub(super) const NOTHING: Known = Known { tail: TAIL_ACCESSES_MAX, shallow: None };
}

impl Rewritten {
    /// Bytes of its code.
    pub(super) fn bytes(&self) -> usize {
        self.code.len()
    }

    pub(super) fn write(&self, section: &mut wasm_encoder::CodeSection) {
        let mut function = wasm_encoder::Function::new_with_locals_types(self.locals.clone());
        function.raw(self.code.iter().copied());
        section.function(&function);
    }
}

struct Writer<'m, 'a> {
    module: &'m Module<'a>,
    layout: &'m Layout,
    classes: &'m [Class],
    /// By function of the module's own.
    known: &'m [Known],
    /// How many locals the original has.
    locals: u32,
    local_bytes: usize,
    /// Locals that are added.
    added: Vec<ValType>,
    scratch: Vec<((wasmparser::ValType, usize), u32)>,
    counting: Option<Counting>,
    out: Vec<u8>,
    /// Straight-line code that is not yet paid for, and its ticks.
    piece: Vec<u8>,
    piece_ticks: u64,
    unpolled: Unpolled,
    touched: Touched,
    /// The greatest weight of what is called, if that is shallow.
    called: Option<i32>,
    /// By height of the operand stack, the types of what may have to be kept there, a bit each.
    kept: Vec<u8>,
    greatest_height: usize,
}

/// Locals of a function that counts.
#[derive(Clone, Copy)]
struct Counting {
    left: Counter,
    depth: u32,
}

pub(super) fn rewrite(
    module: &Module<'_>,
    layout: &Layout,
    classes: &[Class],
    known: &[Known],
    own: usize,
) -> Result<Rewritten, Rejected> {
    let mut body = module.body(own)?;
    unroll(&mut body);
    let tainted = taints(&body, module.typing(own, &body.locals));
    let mut walk = Walk::new(&body, module.typing(own, &body.locals));
    let locals = u32::try_from(body.locals.len()).expect("locals have a limit");
    let mut writer = Writer {
        module,
        layout,
        classes,
        known,
        locals,
        local_bytes: body.locals.iter().map(|kind| bytes(*kind)).sum(),
        added: Vec::new(),
        scratch: Vec::new(),
        counting: None,
        out: Vec::new(),
        piece: Vec::new(),
        piece_ticks: 0,
        unpolled: Unpolled::new(),
        touched: Touched::default(),
        called: Some(0),
        kept: Vec::new(),
        greatest_height: 0,
    };
    if classes[own] == Class::Counted {
        let left = Counter { local: writer.add(ValType::I64), global: layout.left };
        writer.counting = Some(Counting { left, depth: writer.add(ValType::I32) });
    }
    let targets = targets(&body);
    for (operator, is_target) in body.operators.iter().zip(targets) {
        writer.write(&walk, &tainted, operator, is_target);
        walk.step(operator);
        writer.after(operator);
        let length = writer.out.len() + writer.piece.len();
        within(Part::PreparedBytes, length as u64, MODULE_BYTES_MAX as u64)?;
        writer.greatest_height = writer.greatest_height.max(walk.stack.len());
    }
    writer.flush();
    let known = writer.known();
    let mut code = writer.entry(own, classes[own], known.shallow.is_some());
    code.append(&mut writer.out);
    let declared = body.locals.iter().skip(module.type_at(module.functions[own]).params().len());
    let sound = "references are refused before";
    let mut kept: Vec<ValType> =
        declared.map(|kind| Renumber(layout).val_type(*kind).expect(sound)).collect();
    kept.append(&mut writer.added);
    Ok(Rewritten { locals: kept, code, known })
}

/// For each `end`, whether something branches to it.
fn targets(body: &Body<'_>) -> Vec<bool> {
    use Operator as O;
    let mut is_target = vec![false; body.operators.len()];
    // Of each open block: whether it is a loop, whether its label is used.
    let mut open: Vec<(bool, bool)> = vec![(false, false)];
    let branch = |open: &mut Vec<(bool, bool)>, depth: u32| {
        let index = open.len() - 1 - depth as usize;
        open[index].1 = true;
    };
    for (index, operator) in body.operators.iter().enumerate() {
        match operator {
            O::Block { .. } => open.push((false, false)),
            // Code behind these is not reached just as often as they are.
            O::If { .. } => open.push((false, true)),
            O::Loop { .. } => open.push((true, true)),
            O::Br { relative_depth } | O::BrIf { relative_depth } => {
                branch(&mut open, *relative_depth);
            }
            O::BrTable { targets } => {
                let depths = targets.targets().map(|depth| depth.expect("validated"));
                depths.chain([targets.default()]).for_each(|depth| branch(&mut open, depth));
            }
            O::End => is_target[index] = open.pop().is_some_and(|block| block.1),
            _ => {}
        }
    }
    is_target
}

impl Writer<'_, '_> {
    fn add(&mut self, kind: ValType) -> u32 {
        self.added.push(kind);
        self.locals + u32::try_from(self.added.len()).expect("few are added") - 1
    }

    /// A local of ours for a value at a distance from the top.
    fn scratch(&mut self, kind: wasmparser::ValType, distance: usize) -> u32 {
        let key = (kind, distance);
        if let Some(found) = self.scratch.iter().find(|scratch| scratch.0 == key) {
            return found.1;
        }
        let encoded = Renumber(self.layout).val_type(kind).expect("no references here");
        let local = self.add(encoded);
        self.scratch.push((key, local));
        local
    }

    fn sink(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.piece)
    }

    /// Writes the piece behind its price.
    fn flush(&mut self) {
        if let Some(counting) = self.counting {
            counting.left.charge(&mut InstructionSink::new(&mut self.out), self.piece_ticks);
        }
        self.out.append(&mut self.piece);
        self.piece_ticks = 0;
    }

    fn keep(&mut self, stack: &[Value]) {
        if self.kept.len() < stack.len() {
            self.kept.resize(stack.len(), 0);
        }
        for (kept, value) in self.kept.iter_mut().zip(stack) {
            *kept |= bit(value.kind);
        }
    }

    fn poll(&mut self, stack: &[Value]) {
        let Some(counting) = self.counting else { return };
        self.keep(stack);
        self.flush();
        let slice = self.layout.imports;
        poll(&mut InstructionSink::new(&mut self.out), counting.left, slice);
        self.unpolled.polled();
        self.touched.clear();
    }

    fn write(&mut self, walk: &Walk, tainted: &Taints, operator: &Operator<'_>, is_target: bool) {
        use Operator as O;
        let mut cost = self.cost(operator, self.touched.accesses(walk, operator));
        if walk.is_live() {
            if self.unpolled.is_due(operator, cost) {
                self.poll(&walk.stack);
                cost = self.cost(operator, self.touched.accesses(walk, operator));
            }
            self.canonical_operands(walk, tainted, operator);
        }
        self.unpolled.take(operator, cost, walk.is_live(), self.polled(operator));
        self.touched.take(walk, operator);
        self.piece_ticks += cost.ticks;
        match operator {
            O::Block { .. } => {
                self.keep(&walk.stack);
                self.copy(operator);
            }
            O::Loop { .. } => {
                self.keep(&walk.stack);
                self.copy(operator);
                self.flush();
                self.poll(&walk.stack);
            }
            O::If { .. } => {
                self.keep(&walk.stack);
                self.copy(operator);
                self.flush();
            }
            O::End if walk.nesting() == 0 => self.finish(),
            O::End if !is_target => self.copy(operator),
            O::Else | O::End => {
                self.flush();
                self.copy(operator);
                self.flush();
            }
            O::Br { .. } | O::BrIf { .. } | O::BrTable { .. } => {
                self.copy(operator);
                self.flush();
            }
            O::Return => self.leave(walk.nesting()),
            O::Unreachable => {
                if let Some(counting) = self.counting {
                    counting.left.store(&mut self.sink());
                }
                self.copy(operator);
                self.flush();
            }
            O::Call { .. } | O::CallIndirect { .. } => self.call(walk, operator),
            O::MemoryCopy { .. } => self.call_helper(walk, Helper::Copy, 3),
            O::MemoryFill { .. } => self.call_helper(walk, Helper::Fill, 3),
            O::MemoryGrow { .. } => self.call_helper(walk, Helper::Grow, 1),
            O::MemorySize { .. } => {
                let pages = i32::try_from(super::STACK_PAGES).expect("16 fits i32");
                self.sink().memory_size(0).i32_const(pages).i32_sub();
            }
            _ => self.copy(operator),
        }
    }

    /// What an instruction costs here, with so many accesses of its own.
    fn cost(&self, operator: &Operator<'_>, accesses: u32) -> Since {
        let own = Since { ticks: ticks(operator), accesses };
        let (ticks, accesses) = match operator {
            Operator::Call { function_index } => match self.class_of(*function_index) {
                Some(Class::Free { ticks, accesses }) => (ticks, accesses),
                Some(Class::Leaf { accesses, .. }) => (0, accesses),
                Some(Class::Counted) => (0, 0),
                None => (0, BULK_ACCESSES),
            },
            // A leaf, or the host.
            Operator::CallIndirect { .. } => (0, LEAF_ACCESSES_MAX),
            Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => (0, BULK_ACCESSES),
            _ => (0, 0),
        };
        Since { ticks: own.ticks + ticks, accesses: own.accesses + accesses }
    }

    /// Whether it calls what polls before it does anything.
    fn polled(&self, operator: &Operator<'_>) -> Polled {
        match operator {
            Operator::Call { function_index } => match self.class_of(*function_index) {
                Some(Class::Counted) => Polled::Known(self.known_of(*function_index).tail),
                _ => Polled::No,
            },
            Operator::CallIndirect { .. } => Polled::Perhaps,
            _ => Polled::No,
        }
    }

    /// Of a function of the module's own.
    fn known_of(&self, function: u32) -> Known {
        self.known[function as usize - self.module.imports.len()]
    }

    /// `None` for a function of the host.
    fn class_of(&self, function: u32) -> Option<Class> {
        let own = (function as usize).checked_sub(self.module.imports.len())?;
        Some(self.classes[own])
    }

    fn copy(&mut self, operator: &Operator<'_>) {
        let instruction = Renumber(self.layout)
            .instruction(operator.clone())
            .expect("an accepted instruction has an encoding");
        instruction.encode(&mut self.piece);
    }

    fn after(&mut self, operator: &Operator<'_>) {
        if let Some(lanes) = vector_arithmetic(operator) {
            let scratch = self.scratch(wasmparser::ValType::V128, usize::MAX);
            let lanes = Renumber(self.layout).val_type(lanes).expect("a float");
            canonical_vector(&mut self.sink(), lanes, scratch);
        }
    }

    /// Makes canonical what the instruction would show.
    fn canonical_operands(&mut self, walk: &Walk, tainted: &Taints, operator: &Operator<'_>) {
        let sinks = walk.sinks(operator);
        let from_top = |distance: usize| walk.stack[walk.stack.len() - 1 - distance];
        let is_shown = |distance: usize| {
            let value = from_top(distance);
            sinks.above <= distance
                && matches!(value.kind, wasmparser::ValType::F32 | wasmparser::ValType::F64)
                && tainted.is_tainted(value)
        };
        let Some(deepest) = (0..sinks.above + sinks.count).rev().find(|at| is_shown(*at)) else {
            return;
        };
        for distance in 0..deepest {
            let scratch = self.scratch(from_top(distance).kind, distance);
            self.sink().local_set(scratch);
        }
        for distance in (0..=deepest).rev() {
            let kind = from_top(distance).kind;
            if distance < deepest {
                let scratch = self.scratch(kind, distance);
                self.sink().local_get(scratch);
            }
            if is_shown(distance) {
                let scratch = self.scratch(kind, usize::MAX);
                let kind = Renumber(self.layout).val_type(kind).expect("a float");
                canonical_scalar(&mut self.sink(), kind, scratch);
            }
        }
    }

    fn call(&mut self, walk: &Walk, operator: &Operator<'_>) {
        let callee = match operator {
            Operator::Call { function_index } => self.class_of(*function_index),
            _ => Some(Class::Counted),
        };
        if matches!(callee, Some(Class::Free { .. })) {
            return self.copy(operator);
        }
        let arguments = walk.arity(operator).0;
        self.keep(&walk.stack[..walk.stack.len() - arguments]);
        self.before_call();
        if callee == Some(Class::Counted) {
            let shallow = match operator {
                Operator::Call { function_index } => self.known_of(*function_index).shallow,
                _ => None,
            };
            self.called = self.called.zip(shallow).map(|(most, more)| most.max(more));
            if let (None, Some(counting)) = (shallow, self.counting) {
                let depth = self.layout.depth;
                self.sink().local_get(counting.depth).global_set(depth);
            }
        }
        self.copy(operator);
        self.after_call();
    }

    fn call_helper(&mut self, walk: &Walk, helper: Helper, arguments: usize) {
        self.keep(&walk.stack[..walk.stack.len() - arguments]);
        self.before_call();
        let index = self.layout.helper(helper);
        self.sink().call(index);
        self.after_call();
    }

    fn before_call(&mut self) {
        if let Some(counting) = self.counting {
            counting.left.store(&mut self.sink());
        }
    }

    fn after_call(&mut self) {
        if let Some(counting) = self.counting {
            counting.left.load(&mut self.sink());
        }
    }

    /// A way out from inside: to the end of the block around the body.
    fn leave(&mut self, nesting: usize) {
        match self.counting {
            Some(_) => {
                let depth = u32::try_from(nesting).expect("nesting has a limit");
                self.sink().br(depth);
            }
            None => {
                self.sink().return_();
            }
        }
        self.flush();
    }

    fn finish(&mut self) {
        self.flush();
        if let Some(counting) = self.counting {
            self.sink().end();
            counting.left.store(&mut self.sink());
        }
        self.sink().end();
    }

    fn weight(&self) -> i32 {
        let added = self.added.iter().map(|kind| match kind {
            ValType::V128 => 16,
            _ => 8,
        });
        let locals = self.local_bytes + added.sum::<usize>();
        // Tainted values and clean ones of a type are kept apart.
        let kept: usize = self.kept.iter().map(|kinds| 2 * bytes_of_bits(*kinds)).sum();
        let total = locals + kept + 8 * self.greatest_height;
        i32::try_from(total).unwrap_or(DEPTH_MAX).saturating_add(FRAME_WEIGHT)
    }

    /// What callers may rely on, once all is written.
    fn known(&self) -> Known {
        let whole = self.called.map(|called| self.weight().saturating_add(called));
        let shallow = whole.filter(|whole| *whole <= SHALLOW_MAX);
        Known { tail: self.unpolled.tail(), shallow }
    }

    /// What stands before everything else. Whoever counts depth leaves room for a shallow call.
    fn entry(&mut self, own: usize, class: Class, is_shallow: bool) -> Vec<u8> {
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        let left = self.layout.left;
        match (self.counting, class) {
            (None, Class::Leaf { ticks, .. }) => {
                let ticks = ticks.cast_signed();
                sink.global_get(left).i64_const(ticks).i64_sub().global_set(left);
            }
            (None, _) => {}
            (Some(counting), _) => {
                let weight = self.weight();
                counting.left.load(&mut sink);
                if !is_shallow {
                    sink.global_get(self.layout.depth).i32_const(weight).i32_add();
                    sink.local_tee(counting.depth).i32_const(DEPTH_MAX - SHALLOW_MAX).i32_gt_s();
                    sink.if_(BlockType::Empty).unreachable().end();
                }
                poll(&mut sink, counting.left, self.layout.imports);
                let ty = self.module.type_at(self.module.functions[own]);
                sink.block(self.layout.body_type(ty));
            }
        }
        code
    }
}

/// Bytes of a value of the type, at least 8: also for what an engine may keep.
fn bytes(kind: wasmparser::ValType) -> usize {
    match kind {
        wasmparser::ValType::V128 => 16,
        _ => 8,
    }
}

fn bit(kind: wasmparser::ValType) -> u8 {
    match kind {
        wasmparser::ValType::I32 => 1,
        wasmparser::ValType::F32 => 2,
        wasmparser::ValType::I64 => 4,
        wasmparser::ValType::F64 => 8,
        wasmparser::ValType::V128 | wasmparser::ValType::Ref(_) => 16,
    }
}

fn bytes_of_bits(kinds: u8) -> usize {
    [4, 4, 8, 8, 16]
        .iter()
        .enumerate()
        .filter(|(bit, _)| kinds >> bit & 1 == 1)
        .map(|kind| kind.1)
        .sum()
}
