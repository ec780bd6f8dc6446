//! `earnest rewards`: what a network emits, and what an account earned of it.
//!
//! Not here: collecting it (`earnest stake claim`).

use clap::Args;
use earnest_api::{Client, NetworkView, OperatorView};
use earnest_protocol::rewards::{Measure, Schedule};
use serde_json::json;

use crate::{
    asked,
    clock::Clock,
    failure::Failure,
    money,
    names::{self, Who},
    output::out,
    present::Present,
    show,
    text::tokens,
};

/// Whose rewards.
#[derive(Args, Debug)]
pub struct RewardsArgs {
    /// An address, or a name of a development network; without one, the network alone
    #[arg(value_parser = names::who)]
    account: Option<Who>,
}

pub fn run(args: &RewardsArgs, node: &str, json: bool) -> Result<(), Failure> {
    let client = Client::new(node);
    let network = client.network()?;
    let operators = match &args.account {
        Some(account) => {
            let address = names::resolve(&client, account)?;
            asked::operators(&client, &client.account(&address)?)?
        }
        None => Vec::new(),
    };
    if json {
        let of = |operator: &OperatorView| {
            let OperatorView { id, role, rewards, .. } = operator;
            json!({ "operator": id, "role": role, "rewards": rewards })
        };
        let operators: Vec<_> = operators.iter().map(of).collect();
        let NetworkView { emission, params, .. } = &network;
        let rewards = params.rewards;
        return out!(
            "{}",
            json!({ "emission": emission, "params": rewards, "operators": operators })
        );
    }
    let clock = Present::ask(&client)?.clock;
    let mut rows = of_network(&network);
    rows.extend(operators.iter().flat_map(|operator| of_operator(operator, &clock)));
    out!("{}", show::table::list(&rows, show::width()))
}

fn of_network(network: &NetworkView) -> Vec<(String, String)> {
    let NetworkView { emission, params, supply, .. } = network;
    let mut rows = vec![
        ("schedule".to_owned(), schedule(&Schedule::of(&params.rewards))),
        ("emitted".to_owned(), tokens(emission.emitted)),
        ("to be claimed".to_owned(), tokens(supply.rewards)),
        ("work of this epoch".to_owned(), format!("may attract {}", tokens(emission.claims))),
    ];
    if let Some(kept) = &emission.kept {
        let how = format!("cut to {kept} of it, for its worth at the price of stake");
        rows.insert(1, ("cut".to_owned(), how));
    }
    if let Some(reached) = &emission.reached {
        rows.insert(1, ("goal".to_owned(), format!("{reached} of its epochs reached")));
    }
    if let Some(rate) = &emission.rate {
        rows.insert(1, ("rate".to_owned(), format!("{rate} of the supply a year")));
    }
    rows
}

fn of_operator(operator: &OperatorView, clock: &Clock) -> Vec<(String, String)> {
    let (role, rewards) = (show::standing::role(operator.role), &operator.rewards);
    let mut rows = vec![
        (role.to_owned(), format!("{} of this epoch's work at most", tokens(rewards.claim))),
        (
            "to collect".to_owned(),
            format!("{}; `earnest stake claim --role {role}`", tokens(rewards.ready)),
        ),
    ];
    rows.extend(rewards.vesting.iter().map(|piece| {
        let (amount, ends) = (tokens(piece.amount), clock.epoch(piece.ends));
        ("vesting".to_owned(), format!("{amount}, all of it in {ends}"))
    }));
    rows
}

/// What a schedule says, in a few words.
fn schedule(schedule: &Schedule) -> String {
    match *schedule {
        Schedule::Off => "nothing is emitted".to_owned(),
        Schedule::Fixed { amount } => format!("at most {} an epoch", tokens(amount)),
        Schedule::Decay { total, half_life } => {
            format!("at most {} in all, half of the rest every {half_life} epochs", tokens(total))
        }
        Schedule::Halving { first, each } => {
            format!("at most {} an epoch at first, half of it every {each} epochs", tokens(first))
        }
        Schedule::Disinflation { start, factor, least, .. } => format!(
            "{} of the supply in the first year, {} of that in the next, at least {}",
            money::percent(start),
            money::percent(factor),
            money::percent(least)
        ),
        Schedule::Bonded { towards, .. } => format!(
            "a rate that moves towards {} bonded, from {} to {}",
            money::percent(towards.goal),
            money::percent(towards.least),
            money::percent(towards.most)
        ),
        Schedule::BondedSteps { goal, .. } => {
            format!("a rate that moves by steps towards {} bonded", money::percent(goal))
        }
        Schedule::Goal { total, by_time, half_life, measure, baseline } => format!(
            "at most {} in all as {} reaches its goal, {} of it in the first epoch, and {} by \
             time; half of the rest in {half_life} epochs of each",
            tokens(total),
            match measure {
                Measure::Work => "paid work",
                Measure::Bonded => "bonded stake",
            },
            tokens(baseline.at(0)),
            tokens(by_time)
        ),
        Schedule::Curve { least, most, goal, falloff, .. } => format!(
            "{} of the supply a year while {} of it is bonded, down to {} below, and halfway down \
             for each {} beyond",
            money::percent(most),
            money::percent(goal),
            money::percent(least),
            money::percent(falloff)
        ),
        Schedule::Steps { total, share, each } => format!(
            "at most {} in all, {} of the rest every {each} epochs",
            tokens(total),
            money::percent(share)
        ),
    }
}

#[cfg(test)]
mod tests {
    use earnest_protocol::{params::RewardsParams, rewards::Schedule};

    #[test]
    fn every_schedule_says_what_it_does() {
        let said: std::collections::BTreeSet<String> = (0..=9)
            .map(|schedule| RewardsParams { schedule, ..RewardsParams::default() })
            .map(|params| super::schedule(&Schedule::of(&params)))
            .collect();
        assert_eq!(said.len(), 10);
    }
}
