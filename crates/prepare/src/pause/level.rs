//! The places of a function where a run may pause, by the loop they stand in.
//!
//! A *level* is the function's body or one loop without the loops inside: the code that a jump can
//! reach from the level's head without entering a loop. A level's blocks that contain such places
//! all open at its head, in the reverse order of their ends: an *event* is such an end.
//! Numbers: a level's own places follow each other, then come those of its loops, loop by loop.

use wasmparser::{BlockType, Operator};

use super::Layout;
use super::reach::Pausing;
use crate::module::{Body, Module};
use crate::plain::{POLL_CALL, POLL_LENGTH};

/// The end of a block that opens at the head of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Label {
    /// At the call or poll at the index: where a run goes on.
    Resume(usize),
    /// Behind what is done there: before the call, behind the poll.
    Skip(usize),
    /// Just before the loop at the index.
    Enter(usize),
    /// The second arm of the `if` at the index.
    Else(usize),
    /// The end of the block or `if` at the index.
    End(usize),
    /// Not an event: the head of the loop at the index.
    Loop(usize),
    /// Not an event: a block that stays as it was.
    Natural(usize),
    /// Not an event: the way out of a run that pauses.
    Unwind,
    /// Not an event: a block of ours around a few instructions.
    Short,
}

/// What a jump from a level's head can lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Level {
    /// In the order of the code.
    pub(super) events: Vec<Label>,
    /// Calls and polls of the level itself.
    pub(super) places: Vec<usize>,
    /// Loops directly inside.
    pub(super) loops: Vec<usize>,
    /// The number of the first place, and of the first behind all inside.
    pub(super) numbers: (i32, i32),
}

/// The shape of one function.
pub(super) struct Shape {
    /// For each index: whether the block that opens there gives up its type and stack.
    pub(super) is_opened_early: Vec<bool>,
    /// Whether a poll begins at the index.
    pub(super) is_poll: Vec<bool>,
    /// The number of the place at the index.
    pub(super) number: Vec<i32>,
    pub(super) function: Level,
    /// By the index of the loop.
    pub(super) loops: std::collections::BTreeMap<usize, Level>,
}

struct Open {
    index: usize,
    has_else: bool,
}

pub(super) fn shape(
    module: &Module<'_>,
    layout: &Layout,
    pausing: &Pausing,
    body: &Body<'_>,
) -> Shape {
    let length = body.operators.len();
    let mut is_poll = vec![false; length];
    for (index, operator) in body.operators.iter().enumerate() {
        if matches!(operator, Operator::Call { function_index } if *function_index == layout.slice)
        {
            is_poll[index - POLL_CALL] = true;
        }
    }
    let is_opened_early = opened_early(module, pausing, body, &is_poll);
    let mut shape = Shape {
        is_opened_early,
        is_poll,
        number: vec![-1; length],
        function: Level::default(),
        loops: Default::default(),
    };
    collect(pausing, body, &mut shape);
    number(&mut shape);
    shape
}

/// Marks every block, `if` and loop with a place inside, and those that share a `br_table` which
/// carries values, so that such a table's targets are all of one kind.
fn opened_early(
    module: &Module<'_>,
    pausing: &Pausing,
    body: &Body<'_>,
    is_poll: &[bool],
) -> Vec<bool> {
    use Operator as O;
    let mut early = vec![false; body.operators.len()];
    let mut open: Vec<usize> = Vec::new();
    let mut skip = 0;
    for (index, operator) in body.operators.iter().enumerate() {
        if index < skip {
            continue;
        }
        let is_place = is_poll[index] || pausing.is_call(operator);
        if is_place {
            mark(&mut early, &open);
        }
        match operator {
            _ if is_poll[index] => skip = index + POLL_LENGTH,
            O::Block { .. } | O::Loop { .. } | O::If { .. } => open.push(index),
            O::End => {
                open.pop();
            }
            O::BrTable { targets } => {
                let target = open.iter().rev().nth(targets.default() as usize);
                if target.is_some_and(|target| carries(module, &body.operators[*target])) {
                    mark(&mut early, &open);
                }
            }
            _ => {}
        }
    }
    early
}

/// Marks all open blocks; whatever is around a marked one is marked.
fn mark(early: &mut [bool], open: &[usize]) {
    for opener in open.iter().rev() {
        if std::mem::replace(&mut early[*opener], true) {
            break;
        }
    }
}

/// Whether branches to the block's label carry values.
fn carries(module: &Module<'_>, opener: &Operator<'_>) -> bool {
    let (is_loop, ty) = match opener {
        Operator::Loop { blockty } => (true, *blockty),
        Operator::Block { blockty } | Operator::If { blockty } => (false, *blockty),
        _ => return false,
    };
    match ty {
        BlockType::Empty => false,
        BlockType::Type(_) => !is_loop,
        BlockType::FuncType(index) => {
            let ty = module.type_at(index);
            !if is_loop { ty.params() } else { ty.results() }.is_empty()
        }
    }
}

/// Gathers the levels with their events.
fn collect(pausing: &Pausing, body: &Body<'_>, shape: &mut Shape) {
    use Operator as O;
    let mut levels: Vec<(usize, Level)> = vec![(usize::MAX, Level::default())];
    let mut open: Vec<Open> = Vec::new();
    let mut skip = 0;
    for (index, operator) in body.operators.iter().enumerate() {
        if index < skip {
            continue;
        }
        let level = &mut levels.last_mut().expect("the function's own is the first").1;
        if shape.is_poll[index] {
            level.places.push(index);
            level.events.extend([Label::Resume(index), Label::Skip(index)]);
            skip = index + POLL_LENGTH;
            continue;
        }
        if pausing.is_call(operator) {
            level.places.push(index);
            level.events.extend([Label::Resume(index), Label::Skip(index)]);
        }
        match operator {
            O::Block { .. } | O::If { .. } => open.push(Open { index, has_else: false }),
            O::Loop { .. } => {
                if shape.is_opened_early[index] {
                    level.events.push(Label::Enter(index));
                    level.loops.push(index);
                    levels.push((index, Level::default()));
                }
                open.push(Open { index, has_else: false });
            }
            O::Else => {
                let opener = open.last_mut().expect("an else has an if");
                opener.has_else = true;
                if shape.is_opened_early[opener.index] {
                    level.events.push(Label::Else(opener.index));
                }
            }
            O::End => {
                let Some(opener) = open.pop() else { continue };
                if !shape.is_opened_early[opener.index] {
                    continue;
                }
                match &body.operators[opener.index] {
                    O::Loop { .. } => {
                        let (index, level) = levels.pop().expect("a loop has a level");
                        shape.loops.insert(index, level);
                    }
                    O::If { .. } if !opener.has_else => {
                        level.events.extend([Label::Else(opener.index), Label::End(opener.index)]);
                    }
                    _ => level.events.push(Label::End(opener.index)),
                }
            }
            _ => {}
        }
    }
    shape.function = levels.pop().expect("the function's own is left").1;
}

fn number(shape: &mut Shape) {
    let mut next = 0;
    let Shape { number, function, loops, .. } = shape;
    let mut waiting: Vec<(Option<usize>, bool)> = vec![(None, false)];
    // Each level twice: before the loops inside it and behind them.
    while let Some((at, is_done)) = waiting.pop() {
        let level = match at {
            None => &mut *function,
            Some(index) => loops.get_mut(&index).expect("a loop has a level"),
        };
        if is_done {
            level.numbers.1 = next;
            continue;
        }
        level.numbers.0 = next;
        for place in &level.places {
            number[*place] = next;
            next += 1;
        }
        waiting.push((at, true));
        waiting.extend(level.loops.iter().rev().map(|inner| (Some(*inner), false)));
    }
}
