//! In which order functions are written: those that are called by name before those that call
//! them, so that what a call may do is known where it is written.
//!
//! Law: a function of the code alone, linear in it. In a ring of calls one must come first.
//! Not here: what is known of a function (`function`).

use wasmparser::Operator;

use crate::module::Module;
use crate::rejected::Rejected;

/// Functions of the module's own, each once, callees first but for rings.
pub(super) fn order(module: &Module<'_>) -> Result<Vec<usize>, Rejected> {
    let mut callees = Vec::new();
    for own in 0..module.functions.len() {
        let mut called: Vec<usize> = Vec::new();
        for operator in module.body(own)?.operators {
            if let Operator::Call { function_index } = operator {
                called.extend((function_index as usize).checked_sub(module.imports.len()));
            }
        }
        called.sort_unstable();
        called.dedup();
        callees.push(called);
    }
    let mut order = Vec::with_capacity(callees.len());
    let mut is_met = vec![false; callees.len()];
    for first in 0..callees.len() {
        // Functions that are entered, and how many of their callees were.
        let mut open = Vec::new();
        if !std::mem::replace(&mut is_met[first], true) {
            open.push((first, 0));
        }
        while let Some((own, next)) = open.last_mut() {
            let Some(callee) = callees[*own].get(*next) else {
                order.push(*own);
                open.pop();
                continue;
            };
            *next += 1;
            if !std::mem::replace(&mut is_met[*callee], true) {
                open.push((*callee, 0));
            }
        }
    }
    Ok(order)
}
