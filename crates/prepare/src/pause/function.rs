//! One function that a run may pause in.
//!
//! The operand stack is empty at each place and wherever an early block ends: what lies on it goes
//! to locals before and comes back behind. Inside an early block the values below its own are in
//! locals (*below the floor*). Values on their way to a label have locals of their own, because a
//! branch that is not taken must not touch what lies below the floor.
//!
//! A loop whose first instruction is a poll needs no test of its own for a jump into it: when a run
//! goes on, the ticks in the local are zero, so that the poll's own test fails, and what is behind
//! that test tells a boundary from a jump.
//! Not here: where the places and labels are (`level`), frames (`frame`), what is in them (`live`).

use std::collections::BTreeMap;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, Encode, InstructionSink};
use wasmparser::{Operator, ValType};

use super::frame::{self, Frame};
use super::level::{Label, Level, Shape, shape};
use super::live::live;
use super::reach::Pausing;
use super::slots::{Slot, Slots};
use super::{Layout, RUNNING, Renumber, UNWINDING};
use crate::floats::{Taints, Value, Walk, taints};
use crate::module::{Body, MODULE_BYTES_MAX, Module, within};
use crate::plain::POLL_LENGTH;
use crate::rejected::{Part, Rejected};

/// A block of the original that is open.
struct Open {
    index: usize,
    kind: Kind,
    /// Values below it on the operand stack.
    base: usize,
    /// What its two arms begin with, if it has two.
    parameters: Vec<Value>,
    results: Vec<ValType>,
    /// What its label takes.
    label: Vec<ValType>,
    has_else: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Function,
    Natural,
    Early,
    EarlyIf,
    EarlyLoop,
}

struct Writer<'m, 'a> {
    layout: &'m Layout,
    pausing: &'m Pausing,
    body: &'m Body<'a>,
    shape: Shape,
    /// The local that counts ticks: no frame holds it.
    left: Option<u32>,
    /// Locals that are live at each place.
    live: BTreeMap<usize, Vec<u32>>,
    taints: Taints,
    walk: Walk,
    slots: Slots,
    code: Vec<u8>,
    /// Blocks of the output that are open, and where each stands among them.
    labels: Vec<Label>,
    depths: BTreeMap<Label, usize>,
    open: Vec<Open>,
}

pub(super) fn rewrite(
    module: &Module<'_>,
    layout: &Layout,
    pausing: &Pausing,
    own: usize,
) -> Result<wasm_encoder::Function, Rejected> {
    let body = module.body(own)?;
    let ty = module.type_at(module.functions[own]);
    let declared = |body: &Body<'_>| {
        let kinds = body.locals.iter().skip(ty.params().len());
        kinds.map(|kind| encoded(*kind)).collect::<Vec<_>>()
    };
    if !pausing.is_function(own) {
        let mut function = wasm_encoder::Function::new_with_locals_types(declared(&body));
        for operator in &body.operators {
            function.instruction(&instruction(layout, operator));
        }
        return Ok(function);
    }
    let shape = shape(module, layout, pausing, &body);
    let is_place = |index: usize| shape.is_poll[index] || pausing.is_call(&body.operators[index]);
    let live = live(&body, is_place)?;
    let mut writer = Writer {
        layout,
        pausing,
        shape,
        left: left(layout, &body),
        live,
        taints: taints(&body, module.typing(own, &body.locals)),
        walk: Walk::new(&body, module.typing(own, &body.locals)),
        slots: Slots::new(body.locals.len()),
        body: &body,
        code: Vec::new(),
        labels: Vec::new(),
        depths: BTreeMap::new(),
        open: Vec::new(),
    };
    writer.write_all(ty.results())?;
    let mut locals = declared(&body);
    locals.extend(writer.slots.kinds().map(encoded));
    let mut function = wasm_encoder::Function::new_with_locals_types(locals);
    function.raw(writer.code);
    Ok(function)
}

/// The local that counts ticks: the one that each poll loads.
fn left(layout: &Layout, body: &Body<'_>) -> Option<u32> {
    body.operators.windows(2).find_map(|pair| match pair {
        [Operator::GlobalGet { global_index }, Operator::LocalSet { local_index }]
            if *global_index == layout.left =>
        {
            Some(*local_index)
        }
        _ => None,
    })
}

fn encoded(kind: ValType) -> wasm_encoder::ValType {
    Renumber(0).val_type(kind).expect("references are refused before")
}

fn instruction<'a>(layout: &Layout, operator: &Operator<'a>) -> wasm_encoder::Instruction<'a> {
    let instruction = Renumber(layout.slice).instruction(operator.clone());
    instruction.expect("an accepted instruction has an encoding")
}

fn zero(sink: &mut InstructionSink<'_>, kind: ValType) {
    match kind {
        ValType::I32 => sink.i32_const(0),
        ValType::I64 => sink.i64_const(0),
        ValType::F32 => sink.f32_const(wasm_encoder::Ieee32::new(0)),
        ValType::F64 => sink.f64_const(wasm_encoder::Ieee64::new(0)),
        ValType::V128 | ValType::Ref(_) => sink.v128_const(0),
    };
}

impl Writer<'_, '_> {
    fn sink(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.code)
    }

    fn get(&mut self, slot: Slot, kind: ValType) {
        let local = self.slots.get(slot, kind);
        self.sink().local_get(local);
    }

    fn set(&mut self, slot: Slot, kind: ValType) {
        let local = self.slots.get(slot, kind);
        self.sink().local_set(local);
    }

    fn open_label(&mut self, label: Label) {
        self.depths.insert(label, self.labels.len());
        self.labels.push(label);
    }

    fn close_label(&mut self, label: Label) {
        let top = self.labels.pop();
        assert_eq!(top, Some(label), "labels close in the order in which levels list them");
        self.depths.remove(&label);
        self.sink().end();
    }

    fn depth(&self, label: Label) -> u32 {
        let depth = self.labels.len() - 1 - self.depths[&label];
        u32::try_from(depth).expect("bounded by the code")
    }

    fn write_all(&mut self, results: &[ValType]) -> Result<(), Rejected> {
        let level = std::mem::take(&mut self.shape.function);
        for _ in 0..=level.events.len() {
            self.sink().block(BlockType::Empty);
        }
        self.open_level(Label::Unwind, &level);
        self.open.push(Open {
            index: 0,
            kind: Kind::Function,
            base: 0,
            parameters: Vec::new(),
            results: results.to_vec(),
            label: results.to_vec(),
            has_else: false,
        });
        let state = self.layout.state;
        self.sink().block(BlockType::Empty).global_get(state).i32_eqz().br_if(0);
        self.open_label(Label::Short);
        self.dispatch(&level);
        self.close_label(Label::Short);
        let mut index = 0;
        while index < self.body.operators.len() {
            within(Part::PreparedBytes, self.code.len() as u64, MODULE_BYTES_MAX as u64)?;
            index += self.write(index);
        }
        let mut sink = self.sink();
        sink.end();
        results.iter().for_each(|kind| zero(&mut sink, *kind));
        sink.end();
        Ok(())
    }

    /// Notes the labels of a level as open, the last to end outermost; blocks are written apart.
    fn open_level(&mut self, outermost: Label, level: &Level) {
        self.labels.truncate(if outermost == Label::Unwind { 0 } else { self.labels.len() });
        self.open_label(outermost);
        for event in level.events.iter().rev() {
            self.open_label(*event);
        }
    }

    /// What is live at the place, with so many values on the operand stack in locals.
    fn frame(&mut self, place: usize, height: usize, element: Option<u32>) -> Frame {
        let own = self.live[&place].iter().filter(|local| Some(**local) != self.left);
        let kept = own.map(|local| {
            let is_tainted = self.taints.is_local_tainted(*local as usize);
            (*local, self.body.locals[*local as usize], is_tainted)
        });
        let mut kept: Vec<(u32, ValType, bool)> = kept.collect();
        for height in 0..height {
            let (slot, kind) = self.stack_slot(height);
            let is_tainted = matches!(slot, Slot::Stack { is_tainted: true, .. });
            kept.push((self.slots.get(slot, kind), kind, is_tainted));
        }
        kept.extend(element.map(|local| (local, ValType::I32, false)));
        Frame::new(kept)
    }

    /// Jumps to the place whose frame is on top, by the labels of the level.
    fn dispatch(&mut self, level: &Level) {
        let (place, layout) = (self.slots.get(Slot::Place, ValType::I32), self.layout);
        let mut sink = self.sink();
        frame::place(&mut sink, layout);
        sink.local_set(place);
        for inner in &level.loops {
            let (first, end) = self.shape.loops[inner].numbers;
            let target = self.depth(Label::Enter(*inner));
            let mut sink = self.sink();
            sink.local_get(place).i32_const(first).i32_sub().i32_const(end - first);
            sink.i32_lt_u().br_if(target);
        }
        let depths: Vec<u32> =
            level.places.iter().map(|place| self.depth(Label::Resume(*place))).collect();
        let first = level.numbers.0;
        let mut sink = self.sink();
        match depths.split_last() {
            None => sink.unreachable(),
            Some((only, [])) => sink.br(*only),
            Some((last, others)) => {
                sink.local_get(place).i32_const(first).i32_sub();
                sink.br_table(others.iter().copied(), *last)
            }
        };
    }

    /// Begins to pause at the place, and leaves.
    fn unwind(&mut self, place: usize, frame: &Frame) {
        let (number, layout) = (self.shape.number[place], self.layout);
        let depth = self.depth(Label::Unwind);
        let mut sink = self.sink();
        frame.push(&mut sink, layout, number);
        sink.br(depth);
    }

    /// Where a run that goes on at the place comes in; other code goes past.
    fn take_back(&mut self, place: usize, frame: &Frame) {
        let layout = self.layout;
        self.close_label(Label::Resume(place));
        frame.pop(&mut self.sink(), layout);
    }

    fn floor(&self) -> usize {
        let early = self.open.iter().rev().find(|open| open.kind != Kind::Natural);
        early.expect("the function's own is the first").base
    }

    fn stack_slot(&self, height: usize) -> (Slot, ValType) {
        let value = self.walk.stack[height];
        let is_tainted = self.taints.is_tainted(value);
        (Slot::Stack { height, is_tainted }, value.kind)
    }

    /// Moves what lies on the operand stack between two heights to locals.
    fn spill(&mut self, from: usize, to: usize) {
        for height in (from..to).rev() {
            let (slot, kind) = self.stack_slot(height);
            self.set(slot, kind);
        }
    }

    fn restore(&mut self, from: usize, to: usize) {
        for height in from..to {
            let (slot, kind) = self.stack_slot(height);
            self.get(slot, kind);
        }
    }

    /// Writes the instruction at an index, or the poll that begins there; returns how many it took.
    fn write(&mut self, index: usize) -> usize {
        use Operator as O;
        if self.shape.is_poll[index] {
            self.poll(index);
            return POLL_LENGTH;
        }
        let body = self.body;
        let operator = &body.operators[index];
        match operator {
            O::Block { blockty } | O::If { blockty } | O::Loop { blockty } => {
                return self.begin(index, *blockty);
            }
            O::Else => self.begin_else(),
            O::End => self.end(),
            O::Br { relative_depth } => self.branch(*relative_depth),
            O::BrIf { relative_depth } => self.branch_if(*relative_depth),
            O::BrTable { targets } => self.branch_table(targets),
            other if self.pausing.is_call(other) => self.call(index),
            other => {
                instruction(self.layout, other).encode(&mut self.code);
                self.walk.step(other);
            }
        }
        1
    }

    fn step(&mut self, index: usize) {
        let body = self.body;
        self.walk.step(&body.operators[index]);
    }

    fn step_poll(&mut self, index: usize) {
        (index..index + POLL_LENGTH).for_each(|index| self.step(index));
    }

    /// The local of the poll at the index.
    fn poll_local(&self, index: usize) -> u32 {
        match self.body.operators[index] {
            Operator::LocalGet { local_index } => local_index,
            ref other => unreachable!("a poll begins with the local it reads, not {other:?}"),
        }
    }

    /// What is done at a boundary: the ticks are handed over and the run pauses.
    fn reach_boundary(&mut self, index: usize, frame: &Frame) {
        let (local, layout) = (self.poll_local(index), self.layout);
        let mut sink = self.sink();
        sink.local_get(local).global_set(layout.left);
        sink.i32_const(UNWINDING).global_set(layout.state);
        self.unwind(index, frame);
    }

    /// What is done when the run goes on at the poll.
    fn go_on(&mut self, index: usize, frame: &Frame) {
        let (local, layout) = (self.poll_local(index), self.layout);
        self.take_back(index, frame);
        let mut sink = self.sink();
        sink.i32_const(RUNNING).global_set(layout.state).global_get(layout.left).local_set(local);
        self.close_label(Label::Skip(index));
    }

    fn test_poll(&mut self, index: usize) {
        let (local, skip) = (self.poll_local(index), self.depth(Label::Skip(index)));
        self.sink().local_get(local).i64_const(0).i64_gt_s().br_if(skip);
    }

    fn poll(&mut self, index: usize) {
        let (floor, height) = (self.floor(), self.walk.stack.len());
        self.spill(floor, height);
        let frame = self.frame(index, height, None);
        self.test_poll(index);
        self.reach_boundary(index, &frame);
        self.go_on(index, &frame);
        self.restore(floor, height);
        self.step_poll(index);
    }

    fn call(&mut self, index: usize) {
        let body = self.body;
        let operator = &body.operators[index];
        let is_indirect = matches!(operator, Operator::CallIndirect { .. });
        let (inputs, outputs) = self.walk.arity(operator);
        let (floor, height) = (self.floor(), self.walk.stack.len() - inputs);
        let passed = inputs - usize::from(is_indirect);
        let kinds: Vec<ValType> =
            self.walk.stack[height..height + passed].iter().map(|value| value.kind).collect();
        let element = is_indirect.then(|| self.slots.get(Slot::Element, ValType::I32));
        if let Some(local) = element {
            self.sink().local_set(local);
        }
        for (position, kind) in kinds.iter().enumerate().rev() {
            self.set(Slot::Passing { position }, *kind);
        }
        self.spill(floor, height);
        let frame = self.frame(index, height, element);
        let skip = self.depth(Label::Skip(index));
        self.sink().br(skip);
        self.take_back(index, &frame);
        self.close_label(Label::Skip(index));
        for (position, kind) in kinds.iter().enumerate() {
            self.get(Slot::Passing { position }, *kind);
        }
        if let Some(local) = element {
            self.sink().local_get(local);
        }
        instruction(self.layout, operator).encode(&mut self.code);
        let state = self.layout.state;
        self.sink().global_get(state).if_(BlockType::Empty);
        self.open_label(Label::Short);
        self.unwind(index, &frame);
        self.close_label(Label::Short);
        self.step(index);
        if floor < height {
            let kinds: Vec<ValType> =
                self.walk.stack[height..height + outputs].iter().map(|value| value.kind).collect();
            for (position, kind) in kinds.iter().enumerate().rev() {
                self.set(Slot::Passing { position }, *kind);
            }
            self.restore(floor, height);
            for (position, kind) in kinds.iter().enumerate() {
                self.get(Slot::Passing { position }, *kind);
            }
        }
    }

    fn begin(&mut self, index: usize, ty: wasmparser::BlockType) -> usize {
        let body = self.body;
        let operator = &body.operators[index];
        let (parameters, results) = self.walk.block_kinds(ty);
        let is_if = matches!(operator, Operator::If { .. });
        let is_loop = matches!(operator, Operator::Loop { .. });
        let height = self.walk.stack.len() - usize::from(is_if);
        let base = height - parameters.len();
        let mut open = Open {
            index,
            kind: Kind::Natural,
            base,
            parameters: self.walk.stack[base..height].to_vec(),
            label: if is_loop { parameters } else { results.clone() },
            results,
            has_else: false,
        };
        if !self.shape.is_opened_early[index] {
            instruction(self.layout, operator).encode(&mut self.code);
            self.open_label(Label::Natural(index));
            self.open.push(open);
            self.step(index);
            return 1;
        }
        if is_loop {
            open.kind = Kind::EarlyLoop;
            return self.begin_loop(open);
        }
        if is_if {
            self.set(Slot::Condition, ValType::I32);
        }
        let floor = self.floor();
        self.spill(floor, height);
        open.kind = Kind::Early;
        if is_if {
            open.kind = Kind::EarlyIf;
            self.get(Slot::Condition, ValType::I32);
            let otherwise = self.depth(Label::Else(index));
            self.sink().i32_eqz().br_if(otherwise);
        }
        self.restore(base, height);
        self.open.push(open);
        self.step(index);
        1
    }

    fn begin_loop(&mut self, open: Open) -> usize {
        let (index, base) = (open.index, open.base);
        let nesting = self.open.len();
        let kinds = open.label.clone();
        for (position, kind) in kinds.iter().enumerate().rev() {
            self.set(Slot::Label { nesting, position }, *kind);
        }
        let floor = self.floor();
        self.spill(floor, base);
        self.close_label(Label::Enter(index));
        let level = self.shape.loops[&index].clone();
        self.sink().loop_(BlockType::Empty);
        for _ in &level.events {
            self.sink().block(BlockType::Empty);
        }
        self.open_level(Label::Loop(index), &level);
        self.open.push(open);
        self.step(index);
        let state = self.layout.state;
        let poll = index + 1;
        if kinds.is_empty() && self.shape.is_poll.get(poll) == Some(&true) {
            let frame = self.frame(poll, self.walk.stack.len(), None);
            self.test_poll(poll);
            self.sink().global_get(state).i32_eqz().if_(BlockType::Empty);
            self.open_label(Label::Short);
            self.reach_boundary(poll, &frame);
            self.close_label(Label::Short);
            self.dispatch(&level);
            self.go_on(poll, &frame);
            self.step_poll(poll);
            return 1 + POLL_LENGTH;
        }
        self.sink().block(BlockType::Empty).global_get(state).i32_eqz().br_if(0);
        self.open_label(Label::Short);
        self.dispatch(&level);
        self.close_label(Label::Short);
        for (position, kind) in kinds.iter().enumerate() {
            self.get(Slot::Label { nesting, position }, *kind);
        }
        1
    }

    /// At the end of an arm of an early block: what it leaves goes to the label's locals.
    fn leave_arm(&mut self) {
        let nesting = self.open.len() - 1;
        if self.walk.is_live() {
            let kinds = self.open[nesting].results.clone();
            for (position, kind) in kinds.iter().enumerate().rev() {
                self.set(Slot::Label { nesting, position }, *kind);
            }
        }
    }

    fn begin_else(&mut self) {
        let open = self.open.last_mut().expect("an else has an if");
        open.has_else = true;
        let (index, kind, base) = (open.index, open.kind, open.base);
        let count = open.parameters.len();
        if kind != Kind::EarlyIf {
            self.sink().else_();
            self.walk.step(&Operator::Else);
            return;
        }
        self.leave_arm();
        if self.walk.is_live() {
            let end = self.depth(Label::End(index));
            self.sink().br(end);
        }
        self.close_label(Label::Else(index));
        self.walk.step(&Operator::Else);
        self.restore(base, base + count);
    }

    fn end(&mut self) {
        let is_live = self.walk.is_live();
        let open = self.open.last().expect("an end has its opener");
        let (index, kind, has_else, base) = (open.index, open.kind, open.has_else, open.base);
        match kind {
            Kind::Function => {
                match is_live {
                    true => self.sink().return_(),
                    false => self.sink().unreachable(),
                };
                self.open.pop();
                return self.walk.step(&Operator::End);
            }
            Kind::Natural => {
                self.close_label(Label::Natural(index));
                self.open.pop();
                return self.walk.step(&Operator::End);
            }
            Kind::Early | Kind::EarlyLoop | Kind::EarlyIf => self.leave_arm(),
        }
        let nesting = self.open.len() - 1;
        let results = self.open[nesting].results.clone();
        if kind == Kind::EarlyIf && !has_else {
            if is_live {
                let end = self.depth(Label::End(index));
                self.sink().br(end);
            }
            self.close_label(Label::Else(index));
            // Without a second arm the parameters are the results.
            let parameters = self.open[nesting].parameters.clone();
            for (position, value) in parameters.iter().enumerate() {
                let is_tainted = self.taints.is_tainted(*value);
                self.get(Slot::Stack { height: base + position, is_tainted }, value.kind);
                self.set(Slot::Label { nesting, position }, value.kind);
            }
        }
        self.close_label(match kind {
            Kind::EarlyLoop => Label::Loop(index),
            _ => Label::End(index),
        });
        self.open.pop();
        self.walk.step(&Operator::End);
        let floor = self.floor();
        self.restore(floor, base);
        for (position, kind) in results.iter().enumerate() {
            self.get(Slot::Label { nesting, position }, *kind);
        }
    }

    /// Which open block a branch leads to, and its label in the output.
    fn target(&self, depth: u32) -> (usize, Label) {
        let nesting = self.open.len() - 1 - depth as usize;
        let open = &self.open[nesting];
        let label = match open.kind {
            Kind::Natural => Label::Natural(open.index),
            Kind::Early | Kind::EarlyIf => Label::End(open.index),
            Kind::EarlyLoop => Label::Loop(open.index),
            Kind::Function => unreachable!("the plain module leaves by the block around a body"),
        };
        (nesting, label)
    }

    /// Kinds of what a branch to an early block carries through locals.
    fn carried(&self, nesting: usize) -> Vec<ValType> {
        match self.open[nesting].kind {
            Kind::Natural | Kind::Function => Vec::new(),
            _ => self.open[nesting].label.clone(),
        }
    }

    fn branch(&mut self, depth: u32) {
        let (nesting, label) = self.target(depth);
        for (position, kind) in self.carried(nesting).iter().enumerate().rev() {
            self.set(Slot::Label { nesting, position }, *kind);
        }
        let out = self.depth(label);
        self.sink().br(out);
        self.walk.step(&Operator::Br { relative_depth: depth });
    }

    fn branch_if(&mut self, depth: u32) {
        let (nesting, label) = self.target(depth);
        let carried = self.carried(nesting);
        if !carried.is_empty() {
            self.set(Slot::Condition, ValType::I32);
            for (position, kind) in carried.iter().enumerate().rev() {
                self.set(Slot::Label { nesting, position }, *kind);
            }
            for (position, kind) in carried.iter().enumerate() {
                self.get(Slot::Label { nesting, position }, *kind);
            }
            self.get(Slot::Condition, ValType::I32);
        }
        let out = self.depth(label);
        self.sink().br_if(out);
        self.walk.step(&Operator::BrIf { relative_depth: depth });
    }

    fn branch_table(&mut self, targets: &wasmparser::BrTable<'_>) {
        let depths = targets.targets().map(|depth| depth.expect("validated"));
        let found: Vec<(usize, Label)> =
            depths.chain([targets.default()]).map(|depth| self.target(depth)).collect();
        let mut nestings: Vec<usize> = found.iter().map(|target| target.0).collect();
        nestings.sort_unstable();
        nestings.dedup();
        // Either all targets carry values through locals, or none does.
        let carried = self.carried(nestings[0]);
        if !carried.is_empty() {
            self.set(Slot::Condition, ValType::I32);
            for (position, kind) in carried.iter().enumerate().rev() {
                self.set(Slot::Passing { position }, *kind);
            }
            for nesting in nestings {
                for (position, kind) in carried.iter().enumerate() {
                    self.get(Slot::Passing { position }, *kind);
                    self.set(Slot::Label { nesting, position }, *kind);
                }
            }
            self.get(Slot::Condition, ValType::I32);
        }
        let out: Vec<u32> = found.iter().map(|target| self.depth(target.1)).collect();
        let (default, others) = out.split_last().expect("the default is there");
        self.sink().br_table(others.iter().copied(), *default);
        self.walk.step(&Operator::BrTable { targets: targets.clone() });
    }
}
