//! Where the ticks of each instruction are taken.
//!
//! Ticks are taken at the head of straight-line code, for all of it. Code behind a block runs as
//! often as the code before it where no branch inside leads further out, so its ticks are taken
//! before the block too: at once for what would be taken in several places. And a few instructions
//! behind a condition are taken before it, whichever way it goes: counting them apart costs more
//! than they do. What a poll or a call sees is paid ahead, alike in every form.
//! Law: what was executed is paid, and at most [`AHEAD_MAX`] ticks that were not, each time that
//! a piece of straight-line code is entered. Linear in the code.
//! Not here: the price of an instruction (`class`).

use wasmparser::Operator;

use crate::module::Body;

/// Most ticks taken ahead, in all, of what may not be executed.
pub(super) const AHEAD_MAX: u64 = 32;

/// A block that is open.
struct Open {
    /// Where the code before it is paid.
    home: usize,
    is_straight: bool,
    /// A branch inside leads further out, so that the end may not be reached.
    is_left: bool,
    is_target: bool,
}

impl Open {
    fn new(home: usize, is_straight: bool) -> Open {
        Open { home, is_straight, is_left: false, is_target: false }
    }
}

/// What is paid before each instruction; `cost` is that of the instruction at an index.
pub(super) fn charges(body: &Body<'_>, cost: impl Fn(&Operator<'_>) -> u64) -> Vec<u64> {
    use Operator as O;
    let costs: Vec<u64> = body.operators.iter().map(cost).collect();
    let mut plan = Plan { body, ahead: vec![0; costs.len()], charges: vec![0; costs.len()], costs };
    let mut open: Vec<Open> = Vec::new();
    let mut home = None;
    for (index, operator) in body.operators.iter().enumerate() {
        let now = *home.get_or_insert(index);
        plan.charges[now] += plan.costs[index];
        match operator {
            O::Block { .. } => open.push(Open::new(now, true)),
            O::Loop { .. } => {
                open.push(Open::new(now, false));
                home = None;
            }
            O::If { .. } => {
                open.push(Open::new(now, false));
                home = plan.ahead(now, index);
            }
            O::Else => {
                let before = open.last().map(|open| open.home);
                home = before.and_then(|before| plan.ahead(before, index));
            }
            O::Br { relative_depth } => {
                leave(&mut open, *relative_depth);
                home = None;
            }
            O::BrIf { relative_depth } => {
                leave(&mut open, *relative_depth);
                home = plan.ahead(now, index);
            }
            O::BrTable { targets } => {
                let depths = targets.targets().map(|depth| depth.expect("validated"));
                depths.chain([targets.default()]).for_each(|depth| leave(&mut open, depth));
                home = None;
            }
            O::Return | O::Unreachable => {
                open.iter_mut().for_each(|open| open.is_left = true);
                home = None;
            }
            O::End => {
                let Some(closed) = open.pop() else { continue };
                if !closed.is_left {
                    home = Some(closed.home);
                } else if closed.is_target || !closed.is_straight {
                    home = plan.ahead(closed.home, index);
                }
            }
            _ => {}
        }
    }
    plan.charges
}

/// What is paid where.
struct Plan<'b, 'a> {
    body: &'b Body<'a>,
    costs: Vec<u64>,
    charges: Vec<u64>,
    /// By where it is paid: what was taken ahead there.
    ahead: Vec<u64>,
}

impl Plan<'_, '_> {
    /// Where the straight-line code behind the instruction at `index` is paid: at `home`, if it
    /// may be taken ahead there.
    fn ahead(&mut self, home: usize, index: usize) -> Option<usize> {
        let mut cost = 0;
        for (operator, more) in self.body.operators.iter().zip(&self.costs).skip(index + 1) {
            cost += more;
            if is_turn(operator) || AHEAD_MAX < cost {
                break;
            }
        }
        let ahead = self.ahead[home] + cost;
        if AHEAD_MAX < ahead {
            return None;
        }
        self.ahead[home] = ahead;
        Some(home)
    }
}

/// Whether what follows may run less often, or more.
fn is_turn(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Unreachable
    )
}

/// A branch to the block at a depth, past the ends of those inside it.
fn leave(open: &mut [Open], depth: u32) {
    let inside = depth as usize;
    open.iter_mut().rev().take(inside).for_each(|open| open.is_left = true);
    if let Some(target) = open.iter_mut().rev().nth(inside) {
        target.is_target = true;
    }
}
