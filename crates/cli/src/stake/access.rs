//! `earnest stake quote --role access`: which tier a bond would reach, what it gives, and when the
//! bond would be out again.

use earnest_api::NetworkView;
use earnest_protocol::{Amount, Ratio};
use serde_json::json;

use crate::{
    clock::Clock,
    failure::Failure,
    output::out,
    show::{self, access, table},
    text::tokens,
};

/// Prints the quote.
pub fn tell(
    amount: Amount,
    (network, clock): (&NetworkView, &Clock),
    json: bool,
) -> Result<(), Failure> {
    let (terms, staking) = (&network.params.access, &network.params.staking);
    let (tier, next) = (terms.reached(amount), terms.next(amount));
    let out = network.epoch.after(staking.unbonding_epochs);
    let waits = match staking.exit_epochs.count() {
        0 => 0,
        _ => staking.exit_wait_max_epochs.count(),
    };
    if json {
        return out!(
            "{}",
            json!({
                "role": "access", "amount": amount, "tier": tier.map_or(0, |row| row.tier),
                "discount": tier.map_or(Ratio::ZERO, |row| row.discount), "next": next,
                "tiers": terms.tiers().collect::<Vec<_>>(), "bond_min": terms.stake_1,
                "exit": { "epoch": out, "queue_max_epochs": waits },
            })
        );
    }
    let mut rows = Vec::new();
    let gives = match tier {
        Some(row) => format!("tier {}: {}", row.tier, access::gives(row.discount)),
        None if terms.is_on() => format!("nothing: tier 1 asks for {}", tokens(terms.stake_1)),
        None => "nothing: this network has no tiers of access".to_owned(),
    };
    rows.push(("so much gives".to_owned(), gives));
    if let Some(row) = next.filter(|_| tier.is_some()) {
        let more = tokens(row.stake.saturating_sub(amount));
        let what = format!("{more} more: tier {}, {}", row.tier, access::gives(row.discount));
        rows.push(("with".to_owned(), what));
    }
    let queue = match waits {
        0 => String::new(),
        _ => format!(", or up to {} later", clock.epochs(staking.exit_wait_max_epochs)),
    };
    rows.push(("out, if it left now".to_owned(), format!("at {}{queue}", clock.epoch(out))));
    out!("{}", table::list(&rows, show::width()))
}
