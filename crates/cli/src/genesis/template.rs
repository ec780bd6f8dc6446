//! A genesis as TOML that explains itself.
//!
//! Law: what is written is read back as the same genesis.

use earnest_protocol::{
    Genesis, RawParams,
    genesis::{
        GenesisAccount, GenesisCouncil, GenesisGrant, GenesisGuardian, GenesisList, GenesisOperator,
    },
    ledger::Assets,
};
use serde::Serialize;

use crate::{failure::Failure, money, params};

/// Columns of a comment.
const WIDTH: usize = 96;

const HEAD: &str = "\
What a network begins with. `earnest genesis check FILE` says everything that is wrong with it, \
and `earnest node --genesis FILE --data DIR` begins the network. Its digest is the network's \
name: after that, nothing here can be changed.

Values are written as `earnest query params` shows them and `--set` takes them: \"40 tokens\" or \
40, \"5 %\" or 0.05, where 1 is the whole; a length in blocks or epochs may be a time that is a \
whole number of them, such as \"2 h\". A line that is left out means the default.";

const ACCOUNTS: &str = "\
Accounts and what they hold, bonds included. A `payment` beside the `balance` is for networks of \
two assets.";

const OPERATORS: &str = "\
Bonds, taken out of these accounts: `replica`, `provider`, `validator` or `access`. The first \
replica's bond pays for two auditors more whenever the node withholds a beacon.";

const GRANTS: &str = "\
What comes free to an address over time, evenly up to the height `ends` and nothing of it before \
`cliff`; beside what the accounts hold. Both are heights: with a block a second 31536000 are a \
year. `earnest grants claim` pays out what is free.";

const LIST: &str = "\
A list of addresses that may each fetch an amount once, until the height `closes`: \
`earnest grants list FILE` makes these lines of a file of `ADDRESS,TOKENS`, and \
`earnest grants fetch FILE` fetches.";

const GUARD: &str = "\
Who guards a young network: a council, with a say beside stake while `governance.phase` is 0 or 1, \
and a guardian, who may pause new jobs and new delegations up to the height `sunset`. Leave them \
out, and stake decides alone from the beginning.";

/// The text of a genesis file.
pub(super) fn text(genesis: &Genesis) -> Result<String, Failure> {
    let mut text = comment(HEAD);
    text.push_str(&format!("\nname = {}\n", quoted(&genesis.name)?));
    text.push_str(&comment("The time of height 0, in milliseconds since the Unix epoch."));
    text.push_str(&format!("time_ms = {}\n", genesis.time_ms));
    text.push_str(&comment(
        "`single`: one asset is bonded and paid with; `dual`: one is bonded, another pays.",
    ));
    text.push_str(&format!("assets = {}\n", quoted(&genesis.assets)?));
    rooms(&genesis.params, &mut text)?;
    text.push_str(&format!("\n{}", comment(ACCOUNTS)));
    if genesis.accounts.is_empty() {
        text.push_str("#\n# [[accounts]]\n# address = \"0x…\"\n# balance = \"2000 tokens\"\n");
    }
    for GenesisAccount { address, balance, payment } in &genesis.accounts {
        let (address, balance) = (quoted(address)?, amount(*balance)?);
        text.push_str(&format!("\n[[accounts]]\naddress = {address}\nbalance = {balance}\n"));
        if genesis.assets == Assets::Dual {
            text.push_str(&format!("payment = {}\n", amount(*payment)?));
        }
    }
    text.push_str(&format!("\n{}", comment(OPERATORS)));
    if genesis.operators.is_empty() {
        text.push_str(
            "#\n# [[operators]]\n# address = \"0x…\"\n# role = \"replica\"\n\
             # bond = \"1000 tokens\"\n",
        );
    }
    for GenesisOperator { address, role, bond } in &genesis.operators {
        let (address, role, bond) = (quoted(address)?, quoted(role)?, amount(*bond)?);
        text.push_str(&format!(
            "\n[[operators]]\naddress = {address}\nrole = {role}\nbond = {bond}\n"
        ));
    }
    grants(genesis, &mut text)?;
    guard(genesis, &mut text)?;
    Ok(text)
}

fn grants(genesis: &Genesis, text: &mut String) -> Result<(), Failure> {
    text.push_str(&format!("\n{}", comment(GRANTS)));
    if genesis.grants.is_empty() {
        text.push_str(
            "#\n# [[grants]]\n# address = \"0x…\"\n# amount = \"1000000 tokens\"\n\
             # cliff = 31536000\n# ends = 126144000\n",
        );
    }
    for GenesisGrant { address, amount: all, cliff, ends } in &genesis.grants {
        let (address, all) = (quoted(address)?, amount(*all)?);
        text.push_str(&format!("\n[[grants]]\naddress = {address}\namount = {all}\n"));
        let (cliff, ends) = (cliff.count(), ends.count());
        text.push_str(&format!("cliff = {cliff}\nends = {ends}\n"));
    }
    text.push_str(&format!("\n{}", comment(LIST)));
    match &genesis.list {
        None => text.push_str(
            "#\n# [list]\n# root = \"0x…\"\n# places = 1000\n# total = \"50000 tokens\"\n\
             # closes = 31536000\n",
        ),
        Some(GenesisList { root, places, total, closes }) => {
            let (root, total, closes) = (quoted(root)?, amount(*total)?, closes.count());
            text.push_str(&format!("\n[list]\nroot = {root}\nplaces = {places}\n"));
            text.push_str(&format!("total = {total}\ncloses = {closes}\n"));
        }
    }
    Ok(())
}

fn guard(genesis: &Genesis, text: &mut String) -> Result<(), Failure> {
    text.push_str(&format!("\n{}", comment(GUARD)));
    match &genesis.council {
        None => text.push_str("#\n# [council]\n# members = [\"0x…\", \"0x…\"]\n# threshold = 2\n"),
        Some(GenesisCouncil { members, threshold }) => {
            let members = quoted(members)?;
            text.push_str(&format!("\n[council]\nmembers = {members}\nthreshold = {threshold}\n"));
        }
    }
    match &genesis.guardian {
        None => text.push_str("#\n# [guardian]\n# address = \"0x…\"\n# sunset = 15768000\n"),
        Some(GenesisGuardian { address, sunset }) => {
            let (address, sunset) = (quoted(address)?, sunset.count());
            text.push_str(&format!("\n[guardian]\naddress = {address}\nsunset = {sunset}\n"));
        }
    }
    Ok(())
}

/// Every parameter, room by room, in the order of the rules.
fn rooms(raw: &RawParams, text: &mut String) -> Result<(), Failure> {
    let values = serde_json::to_value(raw).map_err(Failure::internal)?;
    let usual = serde_json::to_value(RawParams::default()).map_err(Failure::internal)?;
    let mut room = "";
    for field in RawParams::fields() {
        if field.room != room {
            room = field.room;
            text.push_str(&format!("\n[params.{room}]\n"));
        }
        let show = |value| field.shown(value);
        let (least, most) = (show(field.min), show(field.max));
        let default = show(params::value_of(&usual, field));
        text.push_str(&comment(&format!(
            "{} From {least} to {most}; default {default}: {}.",
            field.about.trim(),
            field.reason
        )));
        let value = written(&show(params::value_of(&values, field)));
        text.push_str(&format!("{} = {value}\n", field.name));
    }
    Ok(())
}

/// A value as it is shown, as TOML has it: a decimal number or text.
fn written(shown: &str) -> String {
    if shown.parse::<f64>().is_ok() { shown.to_owned() } else { format!("\"{shown}\"") }
}

/// A value as TOML writes it: JSON's text is TOML's, too.
fn quoted(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(Failure::internal)
}

fn amount(amount: earnest_protocol::Amount) -> Result<String, Failure> {
    quoted(&format!("{} tokens", money::show(amount)))
}

/// Text as comment lines, broken between words.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    for paragraph in text.split('\n') {
        let mut line = String::from("#");
        for word in paragraph.split_whitespace() {
            if WIDTH < line.chars().count() + 1 + word.chars().count() {
                lines.push_str(&line);
                lines.push('\n');
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}
