//! Windows: until when a move may wait, and the moves of a coalition that waits.
//!
//! Key term: a *window* is the run of blocks in which the rules would take a move.
//! Law: where a window ends is not known here: a copy of the world is played on until the rules
//! ask no more.
//! Known shortcoming: of two moves at one point with other windows, the later waits for its turn.
//! Not here: what may be moved (`moves`), what is played so (`late`).

use earnest_protocol::Height;

use crate::{
    honest,
    moves::{self, Question},
    points::Edge,
    world::World,
};

/// Blocks of a window before it is given up.
const WINDOW_MAX: u64 = 100_000;

/// The next question whose block has come; others are not held up by one that waits.
pub(crate) fn due(world: &mut World<'_>) -> Option<Question> {
    let question = moves::question(world, None)?;
    let Some(late) = world.cast.late.filter(|late| late.point == question.point) else {
        return Some(question);
    };
    let known = world.edge.filter(|(subject, _)| *subject == question.subject);
    let last = known.map_or_else(|| last_block(world, &question), |(_, last)| last);
    world.edge = Some((question.subject, last));
    let wanted = match late.edge {
        Edge::Before => last.count().saturating_sub(1),
        Edge::Last | Edge::After => last.count(),
    };
    if wanted <= world.state.height().count() {
        return Some(question);
    }
    moves::question(world, Some(late.point))
}

/// The last block in which the rules would take the move.
fn last_block(world: &World<'_>, question: &Question) -> Height {
    let mut branch = world.clone();
    for _ in 0..WINDOW_MAX {
        let at = branch.state.height();
        branch.block();
        moves::follow_up(&mut branch);
        honest::act(&mut branch);
        let is_open = moves::question(&branch, None)
            .is_some_and(|next| (next.point, next.subject) == (question.point, question.subject));
        if !is_open {
            return at;
        }
    }
    branch.state.height()
}
