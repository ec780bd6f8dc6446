//! Script: all that a run did to its ledger, to be done again without anybody.
//!
//! Law: a script that is played leaves the ledger that its run left, root and all. What it takes is
//! what the rules cost by themselves: the rest of a run is agents, luck and counting.
//! Not here: who does what, and why.

use earnest_protocol::{Authenticated, BlockHead, Genesis, Journal, State};

use crate::truth::Truth;

/// Blocks and commands, in their order.
#[derive(Clone, Debug)]
pub struct Script {
    genesis: Genesis,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
enum Line {
    Block(BlockHead),
    Command(Box<Authenticated>),
}

impl Script {
    pub(super) fn new(genesis: Genesis) -> Script {
        Script { genesis, lines: Vec::new() }
    }

    pub(super) fn block(&mut self, head: &BlockHead) {
        self.lines.push(Line::Block(head.clone()));
    }

    pub(super) fn command(&mut self, command: &Authenticated) {
        self.lines.push(Line::Command(Box::new(command.clone())));
    }

    /// The ledger after all of it.
    pub fn play(&self) -> State {
        let mut state = State::new(&self.genesis).expect("it began before");
        let mut journal = Journal::default();
        for line in &self.lines {
            match line {
                Line::Block(head) => {
                    state.open_block(head, &mut journal).expect("it was opened before");
                }
                Line::Command(command) => {
                    // What was refused before is refused again.
                    let _ = state.apply(command, &Truth, &mut journal);
                }
            }
            journal.clear();
        }
        state
    }
}
