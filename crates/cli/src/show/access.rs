//! Tiers of access in words: what a bond gives, and what the next asks for.

use earnest_api::TierView;
use earnest_protocol::{Ratio, access::Tier};

use crate::money::share;
use crate::text::tokens;

/// What an account has of its tier, and of the next.
pub fn tier(view: &TierView) -> String {
    let has = match view.tier {
        0 => "none".to_owned(),
        tier => format!("{tier}: {}", gives(view.discount)),
    };
    format!("{has}{}", above(view.next))
}

/// What a discount is of.
pub fn gives(discount: Ratio) -> String {
    format!("{} of what does not burn of each take comes back", share(discount))
}

/// What the next tier asks for, if there is one.
pub fn above(next: Option<Tier>) -> String {
    next.map_or_else(String::new, |Tier { tier, stake, discount }| {
        format!("; tier {tier} asks for {} and gives {}", tokens(stake), share(discount))
    })
}

#[cfg(test)]
mod tests {
    use earnest_protocol::Amount;

    use super::*;

    #[test]
    fn a_tier_is_told_with_what_it_gives_and_what_the_next_asks_for() {
        let next = Some(Tier { tier: 2, stake: Amount::tokens(300), discount: Ratio::percent(40) });
        let first = TierView { tier: 1, discount: Ratio::percent(10), next };
        let gives = "10 % of what does not burn of each take comes back";
        let above = "; tier 2 asks for 300 tokens and gives 40 %";
        assert_eq!(tier(&first), format!("1: {gives}{above}"));
        let none = TierView { tier: 0, discount: Ratio::ZERO, next };
        assert_eq!(tier(&none), format!("none{above}"));
        let last = TierView { next: None, ..first };
        assert_eq!(tier(&last), format!("1: {gives}"));
    }
}
