//! Which functions a run may pause in: those with a poll, and all that may call one.
//!
//! Known shortcoming: a call through a table may reach every function of its type that the table
//! holds.

use wasmparser::Operator;

use super::Layout;
use crate::module::Module;
use crate::rejected::Rejected;

/// What may pause.
pub(super) struct Pausing {
    imports: usize,
    /// Functions of the module's own.
    own: Vec<bool>,
    /// By type: whether a table holds one of it that may pause.
    through_tables: Vec<bool>,
}

impl Pausing {
    pub(super) fn is_function(&self, own: usize) -> bool {
        self.own[own]
    }

    /// Whether a run may pause inside the call; polls are not calls here.
    pub(super) fn is_call(&self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::Call { function_index } => {
                let own = (*function_index as usize).checked_sub(self.imports);
                own.is_some_and(|own| self.own[own])
            }
            Operator::CallIndirect { type_index, .. } => self.through_tables[*type_index as usize],
            _ => false,
        }
    }
}

/// Finds what may pause: linear in the module, but for types of functions in tables.
pub(super) fn pausing(module: &Module<'_>, layout: &Layout) -> Result<Pausing, Rejected> {
    let imports = module.imports.len();
    let count = module.functions.len();
    let mut in_table = vec![false; count];
    for function in &module.referred {
        if let Some(own) = (*function as usize).checked_sub(imports) {
            in_table[own] = true;
        }
    }
    // Callers of each function, and functions that call through a table by each type.
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut indirect: Vec<Vec<usize>> = vec![Vec::new(); module.types.len()];
    let mut reached = Vec::new();
    for caller in 0..count {
        let operators = module.body(caller)?.operators;
        for operator in &operators {
            match operator {
                Operator::Call { function_index } => {
                    if let Some(callee) = (*function_index as usize).checked_sub(imports) {
                        callers[callee].push(caller);
                    }
                }
                Operator::CallIndirect { type_index, .. } => {
                    indirect[*type_index as usize].push(caller);
                }
                _ => {}
            }
        }
        let polls = |operator: &Operator<'_>| match operator {
            Operator::Call { function_index } => *function_index == layout.slice,
            _ => false,
        };
        reached.extend(operators.iter().any(polls).then_some(caller));
    }
    let mut own = vec![false; count];
    reached.iter().for_each(|caller| own[*caller] = true);
    let mut through_tables = vec![false; module.types.len()];
    while let Some(callee) = reached.pop() {
        let mut found = std::mem::take(&mut callers[callee]);
        let ty = module.type_at(module.functions[callee]);
        if in_table[callee] && !through_tables[module.functions[callee] as usize] {
            for (index, same) in module.types.iter().enumerate() {
                if same == ty {
                    through_tables[index] = true;
                    found.append(&mut indirect[index]);
                }
            }
        }
        for caller in found {
            if !own[caller] {
                own[caller] = true;
                reached.push(caller);
            }
        }
    }
    Ok(Pausing { imports, own, through_tables })
}
