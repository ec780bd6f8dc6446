//! Value: what the best play of a game is worth, by backward induction over exact numbers.
//!
//! Law: a choice is made by what the coalition knows at its node, and by nothing else. At a chance
//! that whoever computes can foresee, the lower value takes the mean and the upper the best of all
//! outcomes: what the coalition can get lies between them.
//! Not here: which plays are compared (`catalogue`).

use crate::{
    points::{Act, Point},
    rational::Rational,
    tree::{End, Node, Tree},
};

/// What a play may choose at some points; elsewhere everything.
pub(crate) type Space<'a> = dyn Fn(Point) -> Option<&'a [Act]> + 'a;

/// What one end of a play counts.
pub(crate) type Worth<'a> = dyn Fn(&End) -> Option<Rational> + 'a;

/// What the best play is worth, from below and from above, in base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) lower: Rational,
    pub(crate) upper: Rational,
}

/// The best play and where it leads: each node's weight is the chance to come to it.
pub(crate) struct Best {
    pub(crate) value: Value,
    /// Ends with their chances.
    pub(crate) ends: Vec<(Rational, usize)>,
}

/// The best play in `space` by `worth`; `None` where a number does not fit or nothing is allowed.
pub(crate) fn best(tree: &Tree, space: &Space<'_>, worth: &Worth<'_>) -> Option<Best> {
    // Children stand before their parents, so one pass upwards values them all.
    let mut values: Vec<Option<(Value, Option<usize>)>> = Vec::with_capacity(tree.nodes.len());
    for node in &tree.nodes {
        values.push(value(node, &values, space, worth));
    }
    let value = values.get(tree.root)?.as_ref()?.0.clone();
    let mut ends = Vec::new();
    let mut open = vec![(Rational::ONE, tree.root)];
    while let Some((weight, at)) = open.pop() {
        match &tree.nodes[at] {
            Node::End(_) => ends.push((weight, at)),
            Node::Asked { .. } => open.push((weight, values[at].as_ref()?.1?)),
            Node::Chance { children, .. } => {
                for (chance, child) in children {
                    open.push((weight.times(*chance)?, *child));
                }
            }
        }
    }
    Some(Best { value, ends })
}

fn value(
    node: &Node,
    values: &[Option<(Value, Option<usize>)>],
    space: &Space<'_>,
    worth: &Worth<'_>,
) -> Option<(Value, Option<usize>)> {
    let of = |child: usize| values.get(child)?.as_ref().map(|(value, _)| value);
    match node {
        Node::End(end) => {
            let worth = worth(end)?;
            Some((Value { lower: worth, upper: worth }, None))
        }
        Node::Asked { point, children } => {
            let allowed = space(*point);
            let may = |act: Act| allowed.is_none_or(|acts| acts.contains(&act));
            let among = children.iter().filter(|(act, _)| may(*act)).map(|(_, child)| *child);
            // What a play does not have here cannot be told apart from what it need not decide.
            let mut among: Vec<usize> = among.filter(|child| of(*child).is_some()).collect();
            if among.is_empty() {
                among = children.iter().map(|(_, child)| *child).collect();
            }
            // The first of equals, so that a replay finds the same play.
            let mut chosen: Option<usize> = None;
            for &child in &among {
                if chosen.is_none_or(|best| of(best).map(|v| v.lower) < of(child).map(|v| v.lower))
                {
                    chosen = Some(child);
                }
            }
            let upper =
                among.iter().filter_map(|child| of(*child)).map(|value| value.upper).max()?;
            Some((Value { lower: of(chosen?)?.lower, upper }, chosen))
        }
        Node::Chance { foreseeable, children, .. } => {
            let (mut lower, mut upper) = (Rational::ZERO, Rational::ZERO);
            for (weight, child) in children {
                let value = of(*child)?;
                lower = lower.plus(weight.times(value.lower)?)?;
                upper = upper.plus(weight.times(value.upper)?)?;
            }
            if *foreseeable {
                upper =
                    children.iter().filter_map(|(_, child)| of(*child)).map(|v| v.upper).max()?;
            }
            Some((Value { lower, upper }, None))
        }
    }
}

/// The mean of `worth` over weighted ends.
pub(crate) fn mean(tree: &Tree, ends: &[(Rational, usize)], worth: &Worth<'_>) -> Option<Rational> {
    ends.iter().try_fold(Rational::ZERO, |sum, (weight, at)| match &tree.nodes[*at] {
        Node::End(end) => sum.plus(weight.times(worth(end)?)?),
        Node::Asked { .. } | Node::Chance { .. } => None,
    })
}
