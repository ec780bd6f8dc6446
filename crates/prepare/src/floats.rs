//! Where the bits of a NaN could be seen that an engine was free to choose.
//!
//! Engines agree on all results but the sign and payload of a NaN that arithmetic makes. Such a
//! value is *tainted* until it is made canonical, which is needed only at a *sink*: an operand
//! whose bits the instruction keeps or shows (a store, a reinterpretation, the sign of a
//! `copysign`, a global, an argument, a result, a lane). Loads, constants, parameters and results
//! of calls are clean, because every way into memory, globals and calls is a sink; so payloads that
//! a program itself put into a NaN survive, as the specification has it.
//!
//! Method: values are nodes, moves between them edges; taint is what arithmetic reaches. Locals and
//! block results are one node each. Vectors are made canonical where they arise, so are clean.
//! Law: linear in the code. Known shortcoming: a vector program pays at each operation.
//! Not here: the code that makes a value canonical (`plain`), frames (`pause`).

use std::collections::BTreeSet;

use wasmparser::{BlockType, ModuleArity, Operator, ValType};

use crate::module::{Body, Typing, is_terminator};

/// A value, or a place that values flow to.
type Node = usize;
/// Named in errors, which cannot be: the operators were validated before.
const PLACE: usize = 1;
const CLEAN: Node = 0;
const TAINTED: Node = 1;
const FIRST_LOCAL: Node = 2;

/// A value on the operand stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) kind: ValType,
    node: Node,
}

struct Control {
    opener: Opener,
    /// Height of the operand stack below its parameters.
    base: usize,
    parameters: Vec<Value>,
    /// What flows to its label.
    label: Vec<Value>,
    results: Vec<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    Function,
    Block,
    Loop,
    If,
    Else,
}

/// Walks over a function's code; knows the operand stack at each place.
pub(crate) struct Walk {
    typing: Typing,
    pub(crate) stack: Vec<Value>,
    controls: Vec<Control>,
    is_live: bool,
    first_other: Node,
    next: Node,
    edges: Vec<(Node, Node)>,
}

/// Which nodes are tainted; nodes are the same in each walk over the same code.
pub(crate) struct Taints(Vec<bool>);

impl Taints {
    pub(crate) fn is_tainted(&self, value: Value) -> bool {
        self.0[value.node]
    }

    pub(crate) fn is_local_tainted(&self, local: usize) -> bool {
        self.0[FIRST_LOCAL + local]
    }
}

/// Finds what is tainted in a function.
pub(crate) fn taints(body: &Body<'_>, typing: Typing) -> Taints {
    let mut walk = Walk::new(body, typing);
    for operator in &body.operators {
        walk.step(operator);
    }
    let mut edges = walk.edges;
    edges.sort_unstable();
    let mut tainted = vec![false; walk.next];
    tainted[TAINTED] = true;
    let mut reached = vec![TAINTED];
    while let Some(node) = reached.pop() {
        let first = edges.partition_point(|edge| edge.0 < node);
        for (_, to) in edges[first..].iter().take_while(|edge| edge.0 == node) {
            if !tainted[*to] {
                tainted[*to] = true;
                reached.push(*to);
            }
        }
    }
    Taints(tainted)
}

impl Walk {
    pub(crate) fn new(body: &Body<'_>, typing: Typing) -> Walk {
        let mut walk = Walk {
            typing,
            stack: Vec::new(),
            controls: Vec::new(),
            is_live: true,
            first_other: FIRST_LOCAL + body.locals.len(),
            next: FIRST_LOCAL + body.locals.len(),
            edges: Vec::new(),
        };
        let results = walk.block_results(walk.function_type());
        walk.controls.push(Control {
            opener: Opener::Function,
            base: 0,
            parameters: Vec::new(),
            label: results.clone(),
            results,
        });
        walk
    }

    fn function_type(&self) -> BlockType {
        self.typing.label_block(0).map_or(BlockType::Empty, |label| label.0)
    }

    /// Blocks open around the place, the function's own not counted.
    pub(crate) fn nesting(&self) -> usize {
        self.controls.len() - 1
    }

    /// Whether the place is reached from the operator before.
    pub(crate) fn is_live(&self) -> bool {
        self.is_live
    }

    /// The local that the value was read from; it may have been set since.
    pub(crate) fn local(&self, value: Value) -> Option<usize> {
        let is_local = FIRST_LOCAL <= value.node && value.node < self.first_other;
        is_local.then(|| value.node - FIRST_LOCAL)
    }

    /// Parameters and results of an operator at this place.
    pub(crate) fn arity(&self, operator: &Operator<'_>) -> (usize, usize) {
        let (inputs, outputs) =
            operator.operator_arity(&self.typing).expect("a valid operator has an arity");
        (inputs as usize, outputs as usize)
    }

    /// Parameters and results of a block type.
    pub(crate) fn block_kinds(&self, ty: BlockType) -> (Vec<ValType>, Vec<ValType>) {
        match ty {
            BlockType::Empty => (Vec::new(), Vec::new()),
            BlockType::Type(kind) => (Vec::new(), vec![kind]),
            BlockType::FuncType(index) => {
                let ty = self.typing.sub_type_at(index).expect("validated").unwrap_func();
                (ty.params().to_vec(), ty.results().to_vec())
            }
        }
    }

    fn fresh(&mut self) -> Node {
        self.next += 1;
        self.next - 1
    }

    fn block_results(&mut self, ty: BlockType) -> Vec<Value> {
        let kinds = self.block_kinds(ty).1;
        kinds.into_iter().map(|kind| Value { kind, node: self.fresh() }).collect()
    }

    fn flow(&mut self, from: Node, to: Node) {
        // Only floats can be tainted, and only a moved taint is worth an edge.
        if from != CLEAN && from != to {
            self.edges.push((from, to));
        }
    }

    /// The values on top of the stack flow to those of a label.
    fn flow_to_label(&mut self, depth: u32, below: usize) {
        let index = self.controls.len() - 1 - depth as usize;
        let label = std::mem::take(&mut self.controls[index].label);
        let first = self.stack.len() - below - label.len();
        for (position, to) in label.iter().enumerate() {
            self.flow(self.stack[first + position].node, to.node);
        }
        self.controls[index].label = label;
    }

    /// Takes one operator in; unreachable ones are left out of a [`Body`].
    pub(crate) fn step(&mut self, operator: &Operator<'_>) {
        use Operator as O;
        match operator {
            O::Block { blockty } => self.open(Opener::Block, *blockty),
            O::Loop { blockty } => self.open(Opener::Loop, *blockty),
            O::If { blockty } => {
                self.stack.pop();
                self.open(Opener::If, *blockty);
            }
            O::Else => self.begin_else(),
            O::End => self.close(),
            O::Br { relative_depth } => self.flow_to_label(*relative_depth, 0),
            O::BrIf { relative_depth } => {
                self.flow_to_label(*relative_depth, 1);
                self.stack.pop();
            }
            O::BrTable { targets } => {
                let depths = targets.targets().map(|depth| depth.expect("validated"));
                for depth in depths.chain([targets.default()]).collect::<BTreeSet<_>>() {
                    self.flow_to_label(depth, 1);
                }
            }
            _ => return self.step_plain(operator),
        }
        self.is_live = !is_terminator(operator);
        self.typing.op(PLACE, operator).expect("validated before");
    }

    fn step_plain(&mut self, operator: &Operator<'_>) {
        use Operator as O;
        let (inputs, outputs) = self.arity(operator);
        self.typing.op(PLACE, operator).expect("validated before");
        let operands = self.stack.split_off(self.stack.len() - inputs);
        let node = match operator {
            O::LocalGet { local_index } => FIRST_LOCAL + *local_index as usize,
            O::LocalSet { local_index } | O::LocalTee { local_index } => {
                self.flow(operands[0].node, FIRST_LOCAL + *local_index as usize);
                operands[0].node
            }
            O::Select | O::TypedSelect { .. } if operands[0].node != operands[1].node => {
                let node = self.fresh();
                self.flow(operands[0].node, node);
                self.flow(operands[1].node, node);
                node
            }
            O::Select | O::TypedSelect { .. } => operands[0].node,
            O::F32Neg | O::F64Neg | O::F32Abs | O::F64Abs | O::F32Copysign | O::F64Copysign => {
                operands[0].node
            }
            other if is_arithmetic(other) => TAINTED,
            _ => CLEAN,
        };
        for position in (0..outputs).rev() {
            let kind = self.typing.get_operand_type(position).flatten();
            // Only dead code has operands of no type, and references are refused in bodies.
            self.stack.push(Value { kind: kind.unwrap_or(ValType::I32), node });
        }
        self.is_live = !is_terminator(operator);
    }

    fn open(&mut self, opener: Opener, ty: BlockType) {
        let count = self.block_kinds(ty).0.len();
        let base = self.stack.len() - count;
        let parameters = self.stack[base..].to_vec();
        let results = self.block_results(ty);
        let label = match opener {
            Opener::Loop => {
                for position in base..self.stack.len() {
                    let node = self.fresh();
                    self.flow(self.stack[position].node, node);
                    self.stack[position].node = node;
                }
                self.stack[base..].to_vec()
            }
            _ => results.clone(),
        };
        self.controls.push(Control { opener, base, parameters, label, results });
    }

    /// What is on the stack at the end of an arm flows to the block's results.
    fn finish_arm(&mut self) {
        if !self.is_live {
            return;
        }
        let control = self.controls.last().expect("the function's own is the first");
        let results: Vec<Node> = control.results.iter().map(|value| value.node).collect();
        let first = self.stack.len() - results.len();
        for (position, to) in results.into_iter().enumerate() {
            self.flow(self.stack[first + position].node, to);
        }
    }

    fn begin_else(&mut self) {
        self.finish_arm();
        let control = self.controls.last_mut().expect("an else has an if");
        control.opener = Opener::Else;
        self.stack.truncate(control.base);
        self.stack.extend_from_slice(&control.parameters);
    }

    fn close(&mut self) {
        self.finish_arm();
        let control = self.controls.pop().expect("an end has its opener");
        if control.opener == Opener::If {
            for (from, to) in control.parameters.iter().zip(&control.results) {
                self.flow(from.node, to.node);
            }
        }
        self.stack.truncate(control.base);
        self.stack.extend_from_slice(&control.results);
    }

    /// How many operands from the top on are seen by their bits, and how many above them are not.
    pub(crate) fn sinks(&self, operator: &Operator<'_>) -> Sinks {
        use Operator as O;
        let function = u32::try_from(self.nesting()).expect("nesting has a limit");
        let results = self.controls[0].results.len();
        let sinks = |above, count| Sinks { above, count };
        match operator {
            O::F32Store { .. }
            | O::F64Store { .. }
            | O::I32ReinterpretF32
            | O::I64ReinterpretF64
            | O::F32Copysign
            | O::F64Copysign
            | O::GlobalSet { .. }
            | O::F32x4Splat
            | O::F64x2Splat
            | O::F32x4ReplaceLane { .. }
            | O::F64x2ReplaceLane { .. } => sinks(0, 1),
            O::Call { .. } => sinks(0, self.arity(operator).0),
            O::CallIndirect { .. } => sinks(1, self.arity(operator).0 - 1),
            O::Return => sinks(0, results),
            O::End if function == 0 && self.is_live => sinks(0, results),
            O::Br { relative_depth } if *relative_depth == function => sinks(0, results),
            O::BrIf { relative_depth } if *relative_depth == function => sinks(1, results),
            O::BrTable { targets } => {
                let mut depths = targets.targets().map(|depth| depth.expect("validated"));
                match targets.default() == function || depths.any(|depth| depth == function) {
                    true => sinks(1, results),
                    false => sinks(1, 0),
                }
            }
            _ => sinks(0, 0),
        }
    }
}

/// Operands that are seen by their bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sinks {
    /// Operands above them.
    pub(crate) above: usize,
    pub(crate) count: usize,
}

/// Scalar arithmetic whose NaN an engine may choose.
fn is_arithmetic(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::F32Add
            | O::F32Sub
            | O::F32Mul
            | O::F32Div
            | O::F32Sqrt
            | O::F32Min
            | O::F32Max
            | O::F32Ceil
            | O::F32Floor
            | O::F32Trunc
            | O::F32Nearest
            | O::F32DemoteF64
            | O::F64Add
            | O::F64Sub
            | O::F64Mul
            | O::F64Div
            | O::F64Sqrt
            | O::F64Min
            | O::F64Max
            | O::F64Ceil
            | O::F64Floor
            | O::F64Trunc
            | O::F64Nearest
            | O::F64PromoteF32
    )
}

/// The lanes of the result of vector arithmetic whose NaN an engine may choose.
pub(crate) fn vector_arithmetic(operator: &Operator<'_>) -> Option<ValType> {
    use Operator as O;
    match operator {
        O::F32x4Add
        | O::F32x4Sub
        | O::F32x4Mul
        | O::F32x4Div
        | O::F32x4Sqrt
        | O::F32x4Min
        | O::F32x4Max
        | O::F32x4Ceil
        | O::F32x4Floor
        | O::F32x4Trunc
        | O::F32x4Nearest
        | O::F32x4DemoteF64x2Zero => Some(ValType::F32),
        O::F64x2Add
        | O::F64x2Sub
        | O::F64x2Mul
        | O::F64x2Div
        | O::F64x2Sqrt
        | O::F64x2Min
        | O::F64x2Max
        | O::F64x2Ceil
        | O::F64x2Floor
        | O::F64x2Trunc
        | O::F64x2Nearest
        | O::F64x2PromoteLowF32x4 => Some(ValType::F64),
        _ => None,
    }
}
