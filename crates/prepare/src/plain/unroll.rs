//! Short loops written out several times, so that one poll serves several rounds.
//!
//! ```text
//!   loop        block            ; out
//!     ROUND       loop
//!   end             ROUND, whose way back is to the next one, and out if it ends
//!                   ROUND, as it was
//!                 end
//!               end
//! ```
//! Law: the same instructions run in the same order. A function of the code alone, linear in it.
//! Not here: polls and ticks (`function`), which are put into what comes out.

use wasmparser::{BlockType, Operator};

use super::class::{is_access, ticks};
use crate::module::{Body, is_terminator};

/// Most ticks of a loop's rounds together.
const TICKS_MAX: u64 = 96;
/// Most accesses to memory of a loop's rounds together.
const ACCESSES_MAX: u32 = 32;
/// Most rounds that are written out.
const ROUNDS_MAX: u64 = 4;
/// Most instructions of a function whose loops are written out: short loops matter little in a
/// long one, whose length has a limit.
const FUNCTION_LENGTH_MAX: usize = 8_000;

/// Writes short loops out.
pub(super) fn unroll(body: &mut Body<'_>) {
    if FUNCTION_LENGTH_MAX < body.operators.len() {
        return;
    }
    let mut out = Vec::with_capacity(body.operators.len());
    let mut taken = 0;
    for (first, end) in innermost(&body.operators) {
        let round = &body.operators[first + 1..end];
        let Some(rounds) = rounds(round) else { continue };
        out.extend_from_slice(&body.operators[taken..first]);
        write(&mut out, round, rounds);
        taken = end + 1;
    }
    out.extend_from_slice(&body.operators[taken..]);
    body.operators = out;
}

/// Where loops without loops inside begin and end.
fn innermost(operators: &[Operator<'_>]) -> Vec<(usize, usize)> {
    use Operator as O;
    let mut found = Vec::new();
    // Of each open block: where it opens, whether it is a loop, whether one was inside.
    let mut open: Vec<(usize, bool, bool)> = Vec::new();
    for (index, operator) in operators.iter().enumerate() {
        match operator {
            O::Block { .. } | O::If { .. } => open.push((index, false, false)),
            O::Loop { .. } => open.push((index, true, false)),
            O::End => {
                let Some((first, is_loop, has_loop)) = open.pop() else { continue };
                if let Some(outer) = open.last_mut() {
                    outer.2 |= is_loop || has_loop;
                }
                if is_loop && !has_loop && is_plain(&operators[first]) {
                    found.push((first, index));
                }
            }
            _ => {}
        }
    }
    found
}

fn is_plain(operator: &Operator<'_>) -> bool {
    matches!(operator, Operator::Loop { blockty: BlockType::Empty })
}

/// How often a round is written, if more than once.
fn rounds(round: &[Operator<'_>]) -> Option<u64> {
    use Operator as O;
    let (mut nesting, mut goes_round) = (0_u32, false);
    let (mut all, mut accesses) = (0, 0);
    for operator in round {
        match operator {
            O::Call { .. }
            | O::CallIndirect { .. }
            | O::MemoryCopy { .. }
            | O::MemoryFill { .. }
            | O::MemoryGrow { .. }
            | O::Unreachable
            | O::BrTable { .. } => return None,
            O::Block { .. } | O::If { .. } => nesting += 1,
            O::End => nesting -= 1,
            O::Br { relative_depth } | O::BrIf { relative_depth } => {
                goes_round |= *relative_depth == nesting;
            }
            _ => {}
        }
        all += ticks(operator);
        accesses += u32::from(is_access(operator));
        if TICKS_MAX < all || ACCESSES_MAX < accesses {
            return None;
        }
    }
    let by_accesses = ACCESSES_MAX / accesses.max(1);
    let rounds = (TICKS_MAX / all.max(1)).min(by_accesses.into()).min(ROUNDS_MAX);
    (goes_round && 1 < rounds).then_some(rounds)
}

fn write<'a>(out: &mut Vec<Operator<'a>>, round: &[Operator<'a>], rounds: u64) {
    let is_simple = is_simple(round);
    out.push(Operator::Block { blockty: BlockType::Empty });
    out.push(Operator::Loop { blockty: BlockType::Empty });
    for _ in 1..rounds {
        if is_simple {
            let (_, before) = round.split_last().expect("it goes round");
            copy(out, before, 1);
            out.extend([Operator::I32Eqz, Operator::BrIf { relative_depth: 1 }]);
            continue;
        }
        out.push(Operator::Block { blockty: BlockType::Empty });
        copy(out, round, 2);
        if !round.last().is_some_and(is_terminator) {
            out.push(Operator::Br { relative_depth: 2 });
        }
        out.push(Operator::End);
    }
    copy(out, round, 1);
    out.extend([Operator::End, Operator::End]);
}

/// Whether a round's last instruction is its only way back.
fn is_simple(round: &[Operator<'_>]) -> bool {
    let mut nesting = 0_u32;
    let mut ways = 0;
    for operator in round {
        match operator {
            Operator::Block { .. } | Operator::If { .. } => nesting += 1,
            Operator::End => nesting -= 1,
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                ways += u32::from(*relative_depth == nesting);
            }
            _ => {}
        }
    }
    ways == 1 && matches!(round.last(), Some(Operator::BrIf { relative_depth: 0 }))
}

/// Copies a round; what leads out of the loop has `more` blocks to leave.
fn copy<'a>(out: &mut Vec<Operator<'a>>, round: &[Operator<'a>], more: u32) {
    let mut nesting = 0_u32;
    for operator in round {
        let beyond = |depth: u32| if nesting < depth { depth + more } else { depth };
        out.push(match operator {
            Operator::Br { relative_depth } => {
                Operator::Br { relative_depth: beyond(*relative_depth) }
            }
            Operator::BrIf { relative_depth } => {
                Operator::BrIf { relative_depth: beyond(*relative_depth) }
            }
            other => other.clone(),
        });
        match operator {
            Operator::Block { .. } | Operator::If { .. } => nesting += 1,
            Operator::End => nesting -= 1,
            _ => {}
        }
    }
}
