//! Code that nobody thought of, followed with ways drawn by chance: loops that are written out run
//! the same.

use wasmparser::{BlockType, Operator};

use super::unroll::unroll;
use crate::module::{Body, is_terminator};

/// Chance that hangs on a seed alone.
struct Luck(u64);

impl Luck {
    fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % count
    }
}

/// A sequence of instructions inside `nesting` blocks; each constant is another one.
fn sequence(luck: &mut Luck, nesting: u32, out: &mut Vec<Operator<'static>>) {
    let blockty = BlockType::Empty;
    for _ in 0..luck.below(6) {
        match luck.below(if nesting < 5 { 10 } else { 6 }) {
            0 if 0 < nesting => {
                let relative_depth = u32::try_from(luck.below(nesting.into())).expect("small");
                return out.push(Operator::Br { relative_depth });
            }
            1 if luck.below(8) == 0 => return out.push(Operator::Return),
            2 | 3 if 0 < nesting => {
                let relative_depth = u32::try_from(luck.below(nesting.into())).expect("small");
                out.push(Operator::BrIf { relative_depth });
            }
            6 => {
                out.push(Operator::Block { blockty });
                sequence(luck, nesting + 1, out);
                out.push(Operator::End);
            }
            7 => {
                out.push(Operator::Loop { blockty });
                sequence(luck, nesting + 1, out);
                out.push(Operator::End);
            }
            8 | 9 => {
                out.push(Operator::If { blockty });
                sequence(luck, nesting + 1, out);
                if luck.below(2) == 0 {
                    out.push(Operator::Else);
                    sequence(luck, nesting + 1, out);
                }
                out.push(Operator::End);
            }
            _ => {
                let value = i32::try_from(out.len()).expect("short");
                out.push(Operator::I32Const { value });
            }
        }
    }
}

fn body(seed: u64) -> Body<'static> {
    let mut operators = Vec::new();
    sequence(&mut Luck(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1), 0, &mut operators);
    operators.push(Operator::End);
    Body { locals: Vec::new(), operators }
}

/// For each opener the index of its second arm, if any, and of its end.
fn ends(operators: &[Operator<'_>]) -> Vec<(Option<usize>, usize)> {
    let mut ends = vec![(None, usize::MAX); operators.len()];
    let mut open = Vec::new();
    for (index, operator) in operators.iter().enumerate() {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                open.push(index)
            }
            Operator::Else => ends[*open.last().expect("an if")].0 = Some(index),
            Operator::End => {
                if let Some(opener) = open.pop() {
                    ends[opener].1 = index;
                }
            }
            _ => {}
        }
    }
    ends
}

/// Indices of what runs, with conditions drawn from a seed, for at most 2000 instructions.
fn follow(operators: &[Operator<'_>], seed: u64) -> Vec<usize> {
    let (ends, mut luck) = (ends(operators), Luck(seed | 1));
    let (mut ran, mut open, mut at) = (Vec::new(), Vec::<usize>::new(), 0);
    while at < operators.len() && ran.len() < 2000 {
        ran.push(at);
        let is_inverted = 0 < at && matches!(operators[at - 1], Operator::I32Eqz);
        let next = at + 1;
        let branch = |open: &mut Vec<usize>, depth: u32| {
            let target = open[open.len() - 1 - depth as usize];
            let is_loop = matches!(operators[target], Operator::Loop { .. });
            open.truncate(open.len() - depth as usize - usize::from(!is_loop));
            if is_loop { target + 1 } else { ends[target].1 + 1 }
        };
        at = match &operators[at] {
            Operator::Block { .. } | Operator::Loop { .. } => {
                open.push(at);
                next
            }
            Operator::If { .. } => {
                let (otherwise, end) = ends[at];
                if luck.below(2) == 0 || otherwise.is_some() {
                    open.push(at);
                }
                match (open.last() == Some(&at), otherwise) {
                    (true, Some(otherwise)) if luck.below(2) == 0 => otherwise + 1,
                    (true, _) => next,
                    (false, _) => end + 1,
                }
            }
            Operator::Else => ends[open.pop().expect("an if is open")].1 + 1,
            Operator::End => {
                open.pop();
                next
            }
            Operator::Br { relative_depth } => branch(&mut open, *relative_depth),
            Operator::BrIf { relative_depth } => match (luck.below(2) == 0) != is_inverted {
                true => branch(&mut open, *relative_depth),
                false => next,
            },
            Operator::Return => operators.len(),
            _ => next,
        };
    }
    ran
}

#[test]
fn a_loop_that_is_written_out_runs_the_same_instructions() {
    let mut longer = 0;
    for seed in 0..3000 {
        let before = body(seed);
        let mut after = body(seed);
        unroll(&mut after);
        longer += usize::from(before.operators.len() < after.operators.len());
        for way in 0..5 {
            let trace = |body: &Body<'_>| {
                let ran = follow(&body.operators, seed * 7 + way);
                let values = ran.iter().filter_map(|index| match body.operators[*index] {
                    Operator::I32Const { value } => Some(value),
                    _ => None,
                });
                values.take(300).collect::<Vec<i32>>()
            };
            let (one, other) = (trace(&before), trace(&after));
            let common = one.len().min(other.len());
            assert_eq!(one[..common], other[..common], "seed {seed}, way {way}");
            let is_over = follow(&before.operators, seed * 7 + way).len() < 1000;
            assert!(!is_over || one == other, "seed {seed}, way {way}");
        }
        let dead = after.operators.windows(2).filter(|pair| {
            is_terminator(&pair[0]) && !matches!(pair[1], Operator::End | Operator::Else)
        });
        assert_eq!(dead.count(), 0, "seed {seed}: nothing stands where nothing comes");
    }
    assert!(300 < longer, "loops are written out");
}
