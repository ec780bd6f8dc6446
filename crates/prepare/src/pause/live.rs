//! Which locals a run may still read at each place, so that a frame holds no others.
//!
//! A local is *live* where some way through the code reads it before it is set. Blocks have one way
//! back, from inside a loop to its head; so one walk from the end to the beginning, in which no way
//! back is taken, finds what is live at each loop's head but for what loops around it bring. What
//! is live at the head of a loop counts in the second walk as live at the ways back of all loops
//! inside.
//! Law: linear in the code; what is live is among what is found, never the other way round.
//! Known shortcomings: a local that an outer loop brings round, and an inner one sets on each way
//! before it reads it, counts as live in the inner one.
//! Not here: values on the operand stack (`function`), what is live in a compiler's sense.

use std::collections::BTreeMap;

use wasmparser::Operator;

use crate::module::{Body, MODULE_BYTES_MAX, within};
use crate::rejected::{Part, Rejected};

/// Least bytes of code that a live local takes at a place: it is saved there and restored.
const MOVE_BYTES: usize = 4;

/// A set of locals, a bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set(Box<[u64]>);

impl Set {
    fn empty(count: usize) -> Set {
        Set(vec![0; count.div_ceil(64)].into())
    }

    fn add(&mut self, local: u32) {
        self.0[local as usize / 64] |= 1 << (local % 64);
    }

    fn remove(&mut self, local: u32) {
        self.0[local as usize / 64] &= !(1 << (local % 64));
    }

    fn add_all(&mut self, others: &Set) {
        self.0.iter_mut().zip(&others.0).for_each(|(word, other)| *word |= other);
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    fn locals(&self) -> impl Iterator<Item = u32> + '_ {
        let words = (0..).zip(&self.0).filter(|(_, word)| **word != 0);
        words.flat_map(|(index, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| 64 * index + bit)
        })
    }

    fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

/// A block whose end was passed, going backwards.
struct Open {
    /// What is live behind its end.
    behind: Set,
    /// What is live where a branch to it leads.
    label: Set,
    /// What its second arm begins with, if it has one.
    otherwise: Option<Set>,
}

/// For each of the places, in order: what is live before the instruction there.
///
/// # Errors
/// If to move all of them would take more than [`MODULE_BYTES_MAX`].
pub(super) fn live(
    body: &Body<'_>,
    is_place: impl Fn(usize) -> bool,
) -> Result<BTreeMap<usize, Vec<u32>>, Rejected> {
    let openers = openers(body);
    let mut heads = BTreeMap::new();
    walk(body, &openers, &mut heads, |_, _| {});
    bring(body, &mut heads);
    let (mut found, mut bytes) = (BTreeMap::new(), 0);
    walk(body, &openers, &mut heads, |index, live| {
        if !is_place(index) {
            return;
        }
        bytes += MOVE_BYTES * live.count();
        if bytes <= MODULE_BYTES_MAX {
            found.insert(index, live.locals().collect());
        }
    });
    within(Part::PreparedBytes, bytes as u64, MODULE_BYTES_MAX as u64)?;
    Ok(found)
}

/// For each `end`, the index of what it ends.
fn openers(body: &Body<'_>) -> Vec<Option<usize>> {
    use Operator as O;
    let mut open = Vec::new();
    let openers = body.operators.iter().enumerate().map(|(index, operator)| match operator {
        O::Block { .. } | O::Loop { .. } | O::If { .. } => {
            open.push(index);
            None
        }
        O::End => open.pop(),
        _ => None,
    });
    openers.collect()
}

/// Adds to each loop's head what is live at the heads of loops around it.
fn bring(body: &Body<'_>, heads: &mut BTreeMap<usize, Set>) {
    use Operator as O;
    // Of each open block: the innermost loop around what is inside.
    let mut around: Vec<Option<usize>> = Vec::new();
    for (index, operator) in body.operators.iter().enumerate() {
        match operator {
            O::Block { .. } | O::If { .. } => around.push(around.last().copied().flatten()),
            O::Loop { .. } => {
                let outer = around.last().copied().flatten().map(|outer| heads[&outer].clone());
                let head = heads.get_mut(&index).expect("the first walk met every loop");
                outer.iter().for_each(|outer| head.add_all(outer));
                around.push(Some(index));
            }
            O::End => drop(around.pop()),
            _ => {}
        }
    }
}

/// Goes from the end to the beginning; ways back lead to what is noted of the loop's head, or, if
/// nothing is, nowhere, and then it is noted.
fn walk(
    body: &Body<'_>,
    openers: &[Option<usize>],
    heads: &mut BTreeMap<usize, Set>,
    mut see: impl FnMut(usize, &Set),
) {
    use Operator as O;
    let none = Set::empty(body.locals.len());
    let mut now = none.clone();
    let mut open: Vec<Open> = Vec::new();
    for (index, operator) in body.operators.iter().enumerate().rev() {
        match operator {
            O::End => {
                let Some(opener) = openers[index] else { continue };
                let label = match body.operators[opener] {
                    O::Loop { .. } => heads.get(&opener).unwrap_or(&none),
                    _ => &now,
                };
                open.push(Open { behind: now.clone(), label: label.clone(), otherwise: None });
            }
            O::Else => {
                if let Some(open) = open.last_mut() {
                    open.otherwise = Some(std::mem::replace(&mut now, open.behind.clone()));
                }
            }
            O::Block { .. } => drop(open.pop()),
            O::Loop { .. } => {
                heads.entry(index).or_insert_with(|| now.clone());
                open.pop();
            }
            O::If { .. } => {
                if let Some(open) = open.pop() {
                    now.add_all(open.otherwise.as_ref().unwrap_or(&open.behind));
                }
            }
            O::Br { relative_depth } => {
                now.clear();
                branch(&mut now, &open, *relative_depth);
            }
            O::BrIf { relative_depth } => branch(&mut now, &open, *relative_depth),
            O::BrTable { targets } => {
                now.clear();
                for depth in targets.targets().flatten().chain([targets.default()]) {
                    branch(&mut now, &open, depth);
                }
            }
            O::Return | O::Unreachable => now.clear(),
            O::LocalGet { local_index } => now.add(*local_index),
            O::LocalSet { local_index } | O::LocalTee { local_index } => now.remove(*local_index),
            _ => {}
        }
        see(index, &now);
    }
}

/// Adds what is live where a branch leads; behind the function nothing is.
fn branch(now: &mut Set, open: &[Open], depth: u32) {
    let target = open.iter().rev().nth(depth as usize);
    target.iter().for_each(|target| now.add_all(&target.label));
}

#[cfg(test)]
mod tests {
    use wasmparser::{BlockType, ValType};

    use super::*;

    const fn get(local_index: u32) -> Operator<'static> {
        Operator::LocalGet { local_index }
    }

    const fn set(local_index: u32) -> Operator<'static> {
        Operator::LocalSet { local_index }
    }

    const PLACE: Operator<'static> = Operator::Call { function_index: 0 };
    const BLOCK: Operator<'static> = Operator::Block { blockty: BlockType::Empty };
    const LOOP: Operator<'static> = Operator::Loop { blockty: BlockType::Empty };
    const IF: Operator<'static> = Operator::If { blockty: BlockType::Empty };
    const BACK: Operator<'static> = Operator::BrIf { relative_depth: 0 };

    /// What is live at each call of the code, whose end is added.
    fn check(code: &[Operator<'static>], expected: &[&[u32]]) {
        let operators = code.iter().cloned().chain([Operator::End]).collect();
        let body = Body { locals: vec![ValType::I32; 100], operators };
        let is_place = |index: usize| matches!(body.operators[index], Operator::Call { .. });
        let found = live(&body, is_place).expect("it is short");
        assert_eq!(found.into_values().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_set_before_it_is_read_is_dead() {
        check(&[PLACE, set(1), get(1), get(70), PLACE, set(2)], &[&[70], &[]]);
    }

    #[test]
    fn both_arms_count_and_a_missing_arm_leads_behind() {
        let two = [PLACE, get(9), IF, get(1), Operator::Else, set(3), Operator::End, get(3)];
        check(&two, &[&[1, 3, 9]]);
        check(&[PLACE, IF, set(3), Operator::End, get(3)], &[&[3]]);
    }

    #[test]
    fn what_a_loop_reads_is_live_to_its_way_back() {
        let code = [LOOP, get(1), PLACE, get(2), set(4), BACK, Operator::End, PLACE];
        check(&code, &[&[1, 2], &[]]);
    }

    #[test]
    fn what_an_outer_loop_reads_is_live_in_the_inner_one() {
        let inner = [LOOP, PLACE, get(2), BACK, Operator::End];
        let code = [&[LOOP, get(1)], &inner[..], &[set(5), get(5), BACK, Operator::End]].concat();
        check(&code, &[&[1, 2]]);
    }

    #[test]
    fn what_would_take_more_code_than_a_module_has_is_refused() {
        let read = (0..100).map(get);
        let places = vec![PLACE; MODULE_BYTES_MAX / MOVE_BYTES / 100 + 1];
        let operators = places.into_iter().chain(read).chain([Operator::End]).collect();
        let body = Body { locals: vec![ValType::I32; 100], operators };
        let is_place = |index: usize| matches!(body.operators[index], Operator::Call { .. });
        let refused = live(&body, is_place).expect_err("it is long");
        assert!(matches!(refused, Rejected::TooMany { part: Part::PreparedBytes, .. }));
    }

    #[test]
    fn a_branch_skips_what_stands_between() {
        let code = [BLOCK, PLACE, Operator::Br { relative_depth: 0 }, Operator::End, get(6)];
        check(&code, &[&[6]]);
        check(&[PLACE, Operator::Unreachable], &[&[]]);
    }
}
