//! `earnest grants`: fetch what a genesis granted or lists, and make such a list.
//!
//! Law: a list is read whole before anything of it is believed, and whatever is wrong with a line
//! is said with its number.
//! Not here: what comes free when (the rules), what stands of it (`query grants`).

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use earnest_api::{Client, GrantsView, ListView, Receipt, Session};
use earnest_protocol::{
    Address, Amount, Command,
    command::{ClaimGrant, ClaimListed},
    grants::{Entry, ListTree, PLACES_MAX},
};
use serde_json::json;

use crate::{
    clock::Clock,
    explain,
    failure::Failure,
    keys::{self, KeyArgs},
    money, names,
    output::{note, out, say},
    stake::{WAIT, accepted, print_receipt, send},
    text::{self, tokens},
};

/// Bytes of a list at most: as many places as there may be, of an address and an amount each.
const FILE_MAX: u64 = 80 * PLACES_MAX as u64;

/// Wrong lines of a list that are told at once.
const WRONG_MAX: usize = 20;

/// What to do about grants.
#[derive(Subcommand, Debug)]
pub enum GrantsCommand {
    /// Claim what has come free of a grant; whoever pays the fee may ask
    Claim(ClaimArgs),
    /// Fetch what a list gives an address; whoever pays the fee may ask
    Fetch(FetchArgs),
    /// Count a list and say what a genesis writes about it
    List {
        /// The list: a line `ADDRESS,TOKENS` for each entry
        file: PathBuf,
    },
}

/// How much.
#[derive(Args, Debug)]
pub struct ClaimArgs {
    /// How much, in tokens [default: all that has come free]
    #[arg(value_parser = money::tokens)]
    amount: Option<Amount>,
    /// Whose grant, and who is paid [default: the address of the key]
    #[arg(long = "for", value_name = "ADDRESS", value_parser = names::address)]
    whom: Option<Address>,
    #[command(flatten)]
    key: KeyArgs,
}

/// Of which list, for whom.
#[derive(Args, Debug)]
pub struct FetchArgs {
    /// The list, as it was when the genesis was written
    file: PathBuf,
    /// Who is paid [default: the address of the key]
    #[arg(long = "for", value_name = "ADDRESS", value_parser = names::address)]
    whom: Option<Address>,
    #[command(flatten)]
    key: KeyArgs,
}

pub fn run(command: &GrantsCommand, node: &str, json: bool) -> Result<(), Failure> {
    match command {
        GrantsCommand::Claim(args) => claim(args, node, json),
        GrantsCommand::Fetch(args) => fetch(args, node, json),
        GrantsCommand::List { file } => list(file, json),
    }
}

fn claim(args: &ClaimArgs, node: &str, json: bool) -> Result<(), Failure> {
    let signer = keys::open(&args.key)?;
    let address = args.whom.unwrap_or(signer.address());
    let amount = match args.amount {
        Some(amount) => amount,
        None => claimable(node, address)?,
    };
    let receipt = send(node, signer, Command::ClaimGrant(ClaimGrant { to: address, amount }))?;
    explain::came_of(&Client::new(node), &receipt, json)
}

/// What has come free of a grant: asked before anybody pays a fee for the answer.
fn claimable(node: &str, address: Address) -> Result<Amount, Failure> {
    let client = Client::new(node);
    let Some(grant) = client.account(&address)?.grant else {
        let detail = format!("the genesis granted {address} nothing");
        return Err(Failure::check(detail, "name whom it granted something with --for"));
    };
    let height = client.head()?.height;
    match grant.claimable {
        Amount::ZERO if height < grant.cliff => {
            let detail =
                format!("nothing is free before block {}, and it is {height}", grant.cliff);
            Err(Failure::check(detail, "claim once that block is there"))
        }
        Amount::ZERO => Err(Failure::check(
            "all that has come free was claimed",
            "wait: `earnest account` says until when more comes free",
        )),
        amount => Ok(amount),
    }
}

fn fetch(args: &FetchArgs, node: &str, json: bool) -> Result<(), Failure> {
    let entries = read(&args.file)?;
    let signer = keys::open(&args.key)?;
    let (client, whom) = (Client::new(node), args.whom.unwrap_or(signer.address()));
    let tree = tree(&entries, &args.file)?;
    let named = client.grants()?.list;
    if let Some(list) = named
        && !list.is_open
    {
        let detail = format!("the list closed at block {}", list.closes);
        return Err(Failure::check(
            detail,
            "what was left is the treasury's: a vote may give of it",
        ));
    }
    if named.is_none_or(|list| list.root != tree.root()) {
        let detail = format!("{} is not the list of this network", args.file.display());
        let hint = "take the very file that its genesis was made with: `earnest query grants` \
                    shows the root";
        return Err(Failure::config(detail, hint));
    }
    let mut session = Session::open(client.clone(), signer)?;
    let of_whom = (0..).zip(&entries).filter(|(_, entry)| entry.address == whom);
    let (mut receipts, mut known): (Vec<Receipt>, usize) = (Vec::new(), 0);
    for (place, entry) in of_whom {
        known += 1;
        if client.listed(place)?.is_paid {
            note!("place {place} was paid already");
            continue;
        }
        let Entry { address, amount } = *entry;
        let proof = tree.prove(place);
        let command = Command::ClaimListed(ClaimListed { place, to: address, amount, proof });
        let receipt = session.send_and_wait(command, WAIT)?;
        let code = receipt.refusal.as_ref().map(|refusal| refusal.code.to_string());
        if code.as_deref() == Some("claim-listed/already-claimed") {
            note!("place {place} was paid meanwhile: somebody else had asked for it");
            continue;
        }
        let receipt = accepted(receipt)?;
        if !json {
            say!("{} tokens to {address}, place {place} of the list", money::show(amount))?;
            print_receipt(&receipt, json)?;
        }
        receipts.push(receipt);
    }
    if known == 0 {
        let detail = format!("{} does not name {whom}", args.file.display());
        return Err(Failure::config(detail, "name another address with --for"));
    }
    if json { out!("{}", json!(receipts)) } else { Ok(()) }
}

fn list(file: &Path, json: bool) -> Result<(), Failure> {
    let entries = read(file)?;
    let root = tree(&entries, file)?.root();
    let total = entries.iter().try_fold(Amount::ZERO, |sum, entry| sum.checked_add(entry.amount));
    let total = total.ok_or_else(|| {
        let detail = format!("{}: all entries together are more than can be", file.display());
        Failure::config(detail, "lower the amounts")
    })?;
    let places = entries.len();
    if json {
        return out!("{}", json!({ "root": root, "places": places, "total": total }));
    }
    let mut once: Vec<Address> = entries.iter().map(|entry| entry.address).collect();
    once.sort_unstable();
    once.dedup();
    if once.len() < places {
        note!("{places} lines name {} addresses: one that stands twice is paid twice", once.len());
    }
    say!("[list]")?;
    say!("root = \"{root}\"")?;
    say!("places = {places}")?;
    say!("total = \"{} tokens\"", money::show(total))?;
    say!("closes = 31536000 # From this height on nothing is paid; the rest is the treasury's.")
}

fn tree(entries: &[Entry], file: &Path) -> Result<ListTree, Failure> {
    ListTree::new(entries).ok_or_else(|| {
        let detail = format!("{} has {} entries", file.display(), entries.len());
        Failure::config(detail, "a list has 1 to 1,048,576")
    })
}

/// The entries of a file, in its order.
fn read(path: &Path) -> Result<Vec<Entry>, Failure> {
    let size = std::fs::metadata(path).map_err(|error| Failure::file("read", path, error))?.len();
    if size > FILE_MAX {
        let detail = format!("{} has {size} bytes, and a list {FILE_MAX} at most", path.display());
        return Err(Failure::config(detail, "a list has a line `ADDRESS,TOKENS` for each entry"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text); // As spreadsheets begin a file.
    let lines = (1..).zip(text.lines()).filter(|(number, line)| {
        let is_title = *number == 1 && line.trim().eq_ignore_ascii_case("address,tokens");
        !is_title && !line.trim().is_empty()
    });
    let (mut entries, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in lines {
        match entry(line) {
            Ok(entry) => entries.push(entry),
            Err(why) if wrong.len() < WRONG_MAX => wrong.push(format!("line {number}: {why}")),
            Err(_) => break,
        }
    }
    if wrong.is_empty() {
        return Ok(entries);
    }
    let detail = format!("{}, {}", path.display(), wrong.join("\n  "));
    Err(Failure::config(detail, "write a line `ADDRESS,TOKENS` for each entry"))
}

fn entry(line: &str) -> Result<Entry, String> {
    let (address, amount) = line.split_once(',').ok_or("there is no comma")?;
    let amount = money::tokens(amount.trim())?;
    if amount.is_zero() {
        return Err("it gives nothing".to_owned());
    }
    Ok(Entry { address: names::address(address.trim())?, amount })
}

/// Grants in words.
pub fn tell(view: &GrantsView, clock: &Clock) -> String {
    let GrantsView { accounts, granted, released, claimed, list, .. } = view;
    let of = if *accounts == 0 {
        "the genesis granted nobody anything".to_owned()
    } else {
        format!(
            "{} granted to {}: {} have come free, {} were claimed",
            tokens(*granted),
            text::count(*accounts, "account"),
            tokens(*released),
            tokens(*claimed)
        )
    };
    match list {
        None => format!("{of}\nand it names no list"),
        Some(list) => format!("{of}\n{}", tell_list(list, clock)),
    }
}

fn tell_list(list: &ListView, clock: &Clock) -> String {
    let ListView { root, places, paid, left, closes, is_open } = list;
    let until = match is_open {
        true => format!("{} are left until {}", tokens(*left), clock.block(*closes)),
        false => format!("closed in {}; what was left is the treasury's", clock.block(*closes)),
    };
    let count = text::count(u64::from(*places), "place");
    format!("a list of {count}, {paid} of them paid; {until}\n{root}")
}
