//! Prices: a validator seals and opens what stake is worth; anybody reads what counts.
//!
//! Law: the salt of a seal follows from the key, the network, the account and the epoch, so that
//! `open` needs the price alone, on any machine that has the key.
//! Not here: which prices count (the rules).

use clap::Subcommand;
use earnest_api::{Client, PriceRoundView, PricesView, Session};
use earnest_protocol::{
    Command, Digest, Epoch, Factor,
    command::{OpenPrice, SealPrice},
    seal,
};

use crate::{
    failure::Failure,
    keys::{self, ActArgs},
    money,
    present::Present,
    stake::{WAIT, accepted, print_receipt},
    text::tokens,
};

/// What to say of the price of stake.
#[derive(Subcommand, Debug)]
pub enum PriceCommand {
    /// Seal what a unit of stake is worth in this epoch, to be opened in the next
    Seal {
        /// Units that pay for one that is bonded, such as 0.25
        #[arg(value_parser = money::factor)]
        price: Factor,
        #[command(flatten)]
        act: ActArgs,
    },
    /// Open the price that was sealed in the epoch before
    Open {
        /// The same price that was sealed
        #[arg(value_parser = money::factor)]
        price: Factor,
        #[command(flatten)]
        act: ActArgs,
    },
}

/// Seals or opens a price, and waits until a block holds it.
pub fn run(command: &PriceCommand, node: &str, json: bool) -> Result<(), Failure> {
    let (PriceCommand::Seal { act, .. } | PriceCommand::Open { act, .. }) = command;
    let signer = keys::open(&act.key)?;
    let client = Client::new(node);
    let account = act.account(&client)?;
    let now = client.prices()?.epoch;
    let mut session = Session::open_for(client, signer, account)?;
    let order = match *command {
        PriceCommand::Seal { price, .. } => {
            let (address, salt) = (session.address(), salt_of(&session, now));
            let seal = seal::price(session.network(), now, &address, price, &salt);
            Command::SealPrice(SealPrice { epoch: now, seal })
        }
        PriceCommand::Open { price, .. } => {
            let epoch = Epoch::new(now.count().saturating_sub(1));
            let salt = salt_of(&session, epoch);
            Command::OpenPrice(OpenPrice { epoch, price, salt })
        }
    };
    let receipt = accepted(session.send_and_wait(order, WAIT)?)?;
    print_receipt(&receipt, json)
}

fn salt_of(session: &Session, epoch: Epoch) -> Digest {
    let (network, address) = (session.network().0, session.address().0);
    let epoch = epoch.count().to_le_bytes();
    session.signer().derive("price", &[network.as_slice(), &epoch, &address])
}

/// The feed in words.
pub fn tell(view: &PricesView, present: &Present) -> String {
    let PricesView { is_on, price, counted, average, stale, bond_price, .. } = view;
    let mut lines = Vec::new();
    match (is_on, price, counted, average) {
        (false, ..) => lines.push("there is no price feed: `chain.stake_price` counts".to_owned()),
        (true, Some(price), Some(counted), Some(average)) => lines.push(format!(
            "a unit of stake is worth {}, counted in {}; on average {}",
            money::multiple(*price),
            present.clock.epoch(*counted),
            money::multiple(*average)
        )),
        (true, ..) => {
            lines.push("no price has counted yet: `chain.stake_price` counts".to_owned());
        }
    }
    match (stale, bond_price) {
        (Some(epochs), _) => lines.push(format!(
            "nothing has counted for {} epochs: new jobs wait for a price",
            epochs.count()
        )),
        (None, Some(price)) => lines.push(format!(
            "a new job takes it for {}, emission for {}",
            money::multiple(*price),
            money::multiple(view.mint_price)
        )),
        (None, None) => {}
    }
    let rounds = [(&view.opening, "to be opened"), (&view.sealing, "to be sealed")];
    for (round, what) in rounds {
        lines.extend(round.iter().flat_map(|round| tell_round(round, what, present)));
    }
    lines.join("\n")
}

fn tell_round(round: &PriceRoundView, what: &str, present: &Present) -> Vec<String> {
    let PriceRoundView { epoch, stake, needed, opened, posts } = round;
    let mut lines = vec![format!(
        "prices of epoch {epoch}, {what} in this one: {} of {} opened, {} needed",
        tokens(*opened),
        tokens(*stake),
        tokens(*needed)
    )];
    for post in posts {
        let who = post.account.as_ref().map(|account| present.names.full(&account.address));
        let who = who.unwrap_or_else(|| format!("operator {}", post.operator));
        let price = post.price.map_or_else(|| "sealed".to_owned(), money::multiple);
        lines.push(format!("  {price} by {who}, with {}", tokens(post.weight)));
    }
    lines
}
