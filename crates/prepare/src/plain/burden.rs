//! What a compiler may have to do for a program, beyond what its bytes tell.
//!
//! A compiler follows each local to each place where ways meet: a few thousand bytes of loops
//! inside one another with as many locals take it seconds, of branches gigabytes. So the products
//! of locals and of such places are bounded, for each function and for all together. SQLite, the
//! heaviest measured, has a thirtieth of each bound.
//! Law: a function of the code alone, linear in it.
//! Not here: bounds on bytes and counts (`module`).

use wasmparser::Operator;

use crate::module::{Body, within};
use crate::rejected::{Part, Rejected};

/// Most of a function's locals times its deepest loops inside one another.
pub const LOCALS_BY_LOOPS_MAX: u64 = 1 << 14;
/// Most of a function's locals times its blocks.
pub const LOCALS_BY_BLOCKS_MAX: u64 = 1 << 21;
/// Most of all functions together, times the bound of one.
const ALL: u64 = 16;

/// What all functions so far ask of a compiler.
#[derive(Default)]
pub(super) struct Burden {
    loops: u64,
    blocks: u64,
}

impl Burden {
    /// Takes a function in.
    pub(super) fn add(&mut self, body: &Body<'_>) -> Result<(), Rejected> {
        let locals = body.locals.len() as u64;
        let (deepest, blocks) = places(body);
        let (by_loops, by_blocks) = (locals * deepest, locals * blocks);
        within(Part::LocalsByLoops, by_loops, LOCALS_BY_LOOPS_MAX)?;
        within(Part::LocalsByBlocks, by_blocks, LOCALS_BY_BLOCKS_MAX)?;
        self.loops += by_loops;
        self.blocks += by_blocks;
        within(Part::LocalsByLoops, self.loops, ALL * LOCALS_BY_LOOPS_MAX)?;
        within(Part::LocalsByBlocks, self.blocks, ALL * LOCALS_BY_BLOCKS_MAX)
    }
}

/// The most loops inside one another, and how many blocks there are.
fn places(body: &Body<'_>) -> (u64, u64) {
    let (mut open, mut loops, mut deepest, mut blocks) = (Vec::new(), 0_u64, 0, 0);
    for operator in &body.operators {
        match operator {
            Operator::Block { .. } | Operator::If { .. } | Operator::Loop { .. } => {
                let is_loop = matches!(operator, Operator::Loop { .. });
                open.push(is_loop);
                loops += u64::from(is_loop);
                deepest = loops.max(deepest);
                blocks += 1;
            }
            Operator::End => loops -= u64::from(open.pop().unwrap_or_default()),
            _ => {}
        }
    }
    (deepest, blocks)
}
