//! Prices: a validator seals and opens what stake is worth; anybody reads what counts.
//!
//! Law: the salt of a seal follows from the key, the network, the account and the epoch, so that
//! `open` needs the price alone, on any machine that has the key.
//! Not here: which prices count (the rules).

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use earnest_api::{Client, PriceRoundView, PricesView, Session};
use earnest_protocol::{
    Command, Epoch, Factor, Ratio,
    command::{OpenPrice, SealPrice},
    seal,
};
use earnest_worker::{PriceOptions, Source, price_salt};

use crate::{
    failure::Failure,
    keys::{self, ActArgs},
    money,
    present::Present,
    stake::{WAIT, accepted, print_receipt},
    text::{count, tokens},
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

/// Where a validator's daemon learns what stake is worth.
#[derive(Args, Debug)]
pub struct SourceArgs {
    /// Post in each epoch the price of stake that this file holds: a decimal such as 0.25
    #[arg(long, value_name = "FILE", conflicts_with = "price_program")]
    price_file: Option<PathBuf>,
    /// Post in each epoch what this program prints, in the same form: run without a shell, for at
    /// most 10 seconds
    #[arg(long, value_name = "PROGRAM")]
    price_program: Option<PathBuf>,
    /// A word that the program is given; once for each
    #[arg(long, value_name = "WORD", requires = "price_program", allow_hyphen_values = true)]
    price_arg: Vec<String>,
    /// Skip a file that nobody has written for so long
    #[arg(long, value_name = "TIME", value_parser = age, default_value = "2h")]
    price_age_max: Duration,
    /// Skip a price so many times above what validators said last, or as far below
    #[arg(long, value_name = "TIMES", value_parser = times, default_value = "10")]
    price_move_max: Factor,
}

impl SourceArgs {
    /// What the daemon is to post, if anything.
    pub fn options(&self) -> Option<PriceOptions> {
        let source = match (&self.price_file, &self.price_program) {
            (Some(path), _) => Source::File { path: path.clone(), age_max: self.price_age_max },
            (None, Some(program)) => {
                Source::Program { program: program.clone(), args: self.price_arg.clone() }
            }
            (None, None) => return None,
        };
        Some(PriceOptions { source, move_max: self.price_move_max })
    }
}

/// A time such as `90s`, `30m`, `2h` or `1d`.
fn age(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let seconds = units.iter().find_map(|(unit, seconds)| {
        let number = text.strip_suffix(*unit)?.parse::<u64>().ok()?;
        number.checked_mul(*seconds)
    });
    match seconds {
        Some(seconds) if 0 < seconds => Ok(Duration::from_secs(seconds)),
        _ => Err("give a time such as 90s, 30m, 2h or 1d".to_owned()),
    }
}

fn times(text: &str) -> Result<Factor, String> {
    let times = money::factor(text)?;
    if times < Factor::ONE { Err("give 1 or more".to_owned()) } else { Ok(times) }
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
            let (address, salt) = (session.address(), price_salt(&session, now));
            let seal = seal::price(session.network(), now, &address, price, &salt);
            Command::SealPrice(SealPrice { epoch: now, seal })
        }
        PriceCommand::Open { price, .. } => {
            let epoch = Epoch::new(now.count().saturating_sub(1));
            let salt = price_salt(&session, epoch);
            Command::OpenPrice(OpenPrice { epoch, price, salt })
        }
    };
    let receipt = accepted(session.send_and_wait(order, WAIT)?)?;
    print_receipt(&receipt, json)
}

/// The feed in words; `haircut` is what a job takes off the average.
pub fn tell(view: &PricesView, haircut: Ratio, present: &Present) -> String {
    let PricesView { is_on, price, said, counted, average, bond_price, .. } = view;
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
    lines.extend(said.map(|said| format!("validators said {} then", money::multiple(said))));
    lines.extend(tell_age(view));
    if let Some(price) = bond_price {
        let (price, mint) = (money::multiple(*price), money::multiple(view.mint_price));
        lines.push(match average {
            Some(_) => format!(
                "a new job takes it for {price}, the average less `prices.haircut` of {}; emission \
                 for {mint}, the most of what counted, the average and what was said",
                money::share(haircut)
            ),
            None => format!("a new job takes it for {price}, emission for {mint}"),
        });
    }
    let rounds = [(&view.opening, "to be opened"), (&view.sealing, "to be sealed")];
    for (round, what) in rounds {
        lines.extend(round.iter().flat_map(|round| tell_round(round, what, present)));
    }
    lines.join("\n")
}

/// For how long nothing has counted, if that is worth a word.
fn tell_age(view: &PricesView) -> Option<String> {
    let (age, limit) = (view.age?.count(), view.stale_epochs.count());
    let epochs = count(age, "epoch");
    match (view.stale, age) {
        (Some(_), _) => {
            Some(format!("nothing has counted for {epochs}: new jobs wait for a price"))
        }
        (None, 0) => None,
        (None, _) => {
            Some(format!("nothing has counted for {epochs}; from {limit} on new jobs are refused"))
        }
    }
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
