//! What kind of function each is, and which instructions are refused.
//!
//! Law: a function that is *free* or a *leaf* ends after at most [`LEAF_TICKS_MAX`] ticks and never
//! pauses; every other one polls wherever it could run on.
//! Not here: how they are written (`function`).

use earnest_compute::admission::cost;
use wasmparser::{BlockType, Operator, ValType};

use super::{ACCESS_TICKS, Helper};
use crate::module::{Body, Module};
use crate::rejected::Rejected;

/// Most ticks of a leaf.
const LEAF_TICKS_MAX: u64 = 256;
/// Most accesses to memory of a leaf.
pub(super) const LEAF_ACCESSES_MAX: u32 = 32;
/// Ticks of a call and what belongs to it.
const ENTRY_TICKS: u64 = 4;

/// How a function is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Short, without calls and loops, and only called by name: callers pay for it.
    Free { ticks: u64, accesses: u32 },
    /// The same, but also called through tables, or ends the run: it pays for itself, all at once.
    Leaf { ticks: u64, accesses: u32 },
    /// Counts block by block.
    Counted,
}

/// Ticks of one instruction.
pub(crate) fn ticks(operator: &Operator<'_>) -> u64 {
    cost(operator, ACCESS_TICKS)
}

/// Whether the instruction reads or writes memory by itself.
pub(crate) fn is_access(operator: &Operator<'_>) -> bool {
    // Two prices of an access differ in accesses alone.
    cost(operator, 2 * ACCESS_TICKS) != cost(operator, ACCESS_TICKS)
}

/// References could not be kept in memory when a run pauses.
pub(crate) fn check_types(module: &Module<'_>) -> Result<(), Rejected> {
    let refused = |function| Rejected::Instruction { function, name: "references as values" };
    for ty in &module.types {
        if ty.params().iter().chain(ty.results()).any(|kind| is_reference(*kind)) {
            return Err(refused(0));
        }
    }
    match module.globals.iter().any(|global| is_reference(global.ty.content_type)) {
        true => Err(refused(0)),
        false => Ok(()),
    }
}

fn is_reference(kind: ValType) -> bool {
    matches!(kind, ValType::Ref(_))
}

fn refused_name(operator: &Operator<'_>) -> Option<&'static str> {
    use Operator as O;
    match operator {
        O::MemoryInit { .. } => Some("memory.init"),
        O::DataDrop { .. } => Some("data.drop"),
        O::ElemDrop { .. } => Some("elem.drop"),
        O::TableInit { .. } => Some("table.init"),
        O::TableCopy { .. } => Some("table.copy"),
        O::TableFill { .. } => Some("table.fill"),
        O::TableGet { .. } => Some("table.get"),
        O::TableSet { .. } => Some("table.set"),
        O::TableGrow { .. } => Some("table.grow"),
        O::TableSize { .. } => Some("table.size"),
        O::RefNull { .. } | O::RefIsNull | O::RefFunc { .. } => Some("references as values"),
        O::Block { blockty: BlockType::Type(ValType::Ref(_)) }
        | O::Loop { blockty: BlockType::Type(ValType::Ref(_)) }
        | O::If { blockty: BlockType::Type(ValType::Ref(_)) }
        | O::TypedSelect { ty: ValType::Ref(_) } => Some("references as values"),
        _ => None,
    }
}

/// Classes a function, as if nothing but calls by name led to it; notes the helpers it needs.
pub(crate) fn classify(
    body: &Body<'_>,
    function: u32,
    used: &mut Vec<Helper>,
) -> Result<Class, Rejected> {
    use Operator as O;
    if body.locals.iter().any(|kind| is_reference(*kind)) {
        return Err(Rejected::Instruction { function, name: "references as values" });
    }
    let (mut total, mut accesses, mut is_leaf) = (ENTRY_TICKS, 0, true);
    // Callers do not store what they counted before they call a free one; at an exit it must be.
    let ends = body.operators.iter().any(|operator| matches!(operator, O::Unreachable));
    for operator in &body.operators {
        if let Some(name) = refused_name(operator) {
            return Err(Rejected::Instruction { function, name });
        }
        match operator {
            O::MemoryCopy { .. } => used.push(Helper::Copy),
            O::MemoryFill { .. } => used.push(Helper::Fill),
            O::MemoryGrow { .. } => used.push(Helper::Grow),
            O::Call { .. } | O::CallIndirect { .. } | O::Loop { .. } => {}
            _ => {
                total += ticks(operator);
                accesses += u32::from(is_access(operator));
                continue;
            }
        }
        is_leaf = false;
    }
    let is_short = total <= LEAF_TICKS_MAX && accesses <= LEAF_ACCESSES_MAX;
    Ok(match (is_leaf && is_short, ends) {
        (true, false) => Class::Free { ticks: total, accesses },
        (true, true) => Class::Leaf { ticks: total, accesses },
        (false, _) => Class::Counted,
    })
}

/// Functions that are not only called by name pay for themselves.
pub(crate) fn mark_referred(module: &Module<'_>, classes: &mut [Class]) {
    let start = module.export(earnest_compute::paged::form::START).map(|export| export.index);
    for function in module.referred.iter().copied().chain(start) {
        let own = (function as usize).checked_sub(module.imports.len());
        let Some(class) = own.and_then(|own| classes.get_mut(own)) else { continue };
        if let Class::Free { ticks, accesses } = *class {
            *class = Class::Leaf { ticks, accesses };
        }
    }
}
