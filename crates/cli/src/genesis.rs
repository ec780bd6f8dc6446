//! `earnest genesis`: write what a network begins with, and say everything that is wrong with it.
//!
//! A genesis file is TOML, where each parameter can be explained beside its value, or JSON.
//!
//! Laws: whether a network can begin is asked of the rules themselves; all that is wrong is said
//! at once, each with its numbers and what to do.
//! Not here: the secret behind the beacon's anchors, which the node makes (`node`).

mod template;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use earnest_api::Refusal;
use earnest_protocol::{
    Address, Amount, Genesis, Params, ParamsRejected, RawParams, Role, State,
    genesis::{
        BeaconGenesis, GenesisAccount, GenesisCouncil, GenesisGrant, GenesisGuardian, GenesisList,
        GenesisOperator, GenesisRejected,
    },
    ledger::Assets,
    params::ChainParams,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    money, names,
    output::{self, note, out, say},
    params::{self, Form, written},
    stake, text,
};

/// What to do with a genesis.
#[derive(Subcommand, Debug)]
pub enum GenesisCommand {
    /// Write a genesis as TOML, every parameter with its unit, range and reason
    New(NewArgs),
    /// Say everything that is wrong with a genesis, or what it makes
    Check {
        /// The genesis, TOML or JSON
        file: PathBuf,
    },
}

/// What a new genesis says.
#[derive(Args, Debug)]
pub struct NewArgs {
    /// The file to write, which must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where the parameters come from
    #[arg(long, value_enum, default_value_t = Preset::Standard)]
    preset: Preset,
    /// The network's name, for people
    #[arg(long, default_value = "my network")]
    name: String,
    /// An account and what it holds, bonds included; with two assets as much of that which pays,
    /// or else what stands after a comma: ADDRESS=2000,10; may be given again
    #[arg(long, value_parser = account, value_name = "ADDRESS=TOKENS[,TOKENS]")]
    account: Vec<(Address, Amount, Option<Amount>)>,
    /// A bond out of an account: `replica`, `provider`, `validator` or `access`; may be given again
    #[arg(long, value_parser = bond, value_name = "ROLE:ADDRESS=TOKENS")]
    bond: Vec<(Role, Address, Amount)>,
    /// Change one parameter, such as --set market.take=2%; may be repeated
    #[arg(long = "set", value_name = "ROOM.NAME=VALUE")]
    sets: Vec<String>,
}

/// Where parameters come from.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Preset {
    /// The defaults, for a network that lasts
    Standard,
    /// Those of `earnest up`: short windows and epochs, to see much in little time
    Development,
    /// The defaults, with one asset that is bonded and another that pays
    TwoAssets,
}

pub fn run(command: &GenesisCommand, json: bool) -> Result<(), Failure> {
    match command {
        GenesisCommand::New(args) => new(args),
        GenesisCommand::Check { file } => {
            let genesis = read(file)?;
            check(&genesis, file)?;
            show(&genesis, json)
        }
    }
}

fn new(args: &NewArgs) -> Result<(), Failure> {
    let genesis = genesis_of(args)?;
    let hint = "change parameters by --set; give each account once, and what covers its bonds";
    refuse("this network cannot begin", &violations(&genesis), hint)?;
    let text = template::text(&genesis)?;
    let Some(path) = &args.out else { return output::result(format_args!("{text}")) };
    write_new(path, &text).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let detail = format!("{} exists already", path.display());
            Failure::config(detail, "give --out another name, or remove that file first")
        }
        _ => Failure::file("write", path, error),
    })?;
    tell_programs(&genesis);
    note!("change what you like, then: earnest genesis check {}", path.display());
    out!("{}", path.display())
}

/// Writes a file that must not be there, whole or not at all.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::File::create_new(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // What is there is ours, and half of it would keep the next try from its name.
        drop(file);
        std::fs::remove_file(path)?;
    }
    written
}

/// Says so where no ordinary program can be published.
fn tell_programs(genesis: &Genesis) {
    let params = Params::try_from(genesis.params).ok();
    if let Some(why) = params.as_ref().and_then(params::no_programs) {
        note!("{why}");
    }
}

fn genesis_of(args: &NewArgs) -> Result<Genesis, Failure> {
    let preset = match args.preset {
        Preset::Standard | Preset::TwoAssets => RawParams::default(),
        Preset::Development => crate::up::plan::params(1_000),
    };
    let params = args.sets.iter().try_fold(preset, |raw, set| params::apply(&raw, set))?;
    let account = |&(address, balance, payment): &(Address, Amount, Option<Amount>)| {
        let payment = payment.unwrap_or(match args.preset {
            Preset::TwoAssets => balance,
            Preset::Standard | Preset::Development => Amount::ZERO,
        });
        GenesisAccount { address, balance, payment }
    };
    let operator = |&(role, address, bond)| GenesisOperator { address, role, bond };
    let assets = match args.preset {
        Preset::TwoAssets => Assets::Dual,
        Preset::Standard | Preset::Development => Assets::Single,
    };
    Ok(Genesis {
        name: args.name.clone(),
        assets,
        params,
        accounts: args.account.iter().map(account).collect(),
        operators: args.bond.iter().map(operator).collect(),
        ..Genesis::default()
    })
}

fn account(text: &str) -> Result<(Address, Amount, Option<Amount>), String> {
    let (address, tokens) = text.split_once('=').ok_or("write ADDRESS=TOKENS")?;
    let (stake, payment) = match tokens.split_once(',') {
        None => (tokens, None),
        Some((stake, payment)) => (stake, Some(money::tokens(payment.trim())?)),
    };
    Ok((names::address(address)?, money::tokens(stake.trim())?, payment))
}

fn bond(text: &str) -> Result<(Role, Address, Amount), String> {
    let form = "write ROLE:ADDRESS=TOKENS";
    let (role, rest) = text.split_once(':').ok_or(form)?;
    let (address, bond) = rest.split_once('=').ok_or(form)?;
    Ok((stake::role(role)?, names::address(address)?, money::tokens(bond)?))
}

/// A genesis as it stands in a file; the beacon is filled in by the node.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    time_ms: u64,
    #[serde(default)]
    assets: Assets,
    #[serde(default)]
    params: RawParams,
    #[serde(default)]
    beacon: BeaconGenesis,
    #[serde(default)]
    accounts: Vec<GenesisAccount>,
    #[serde(default)]
    operators: Vec<GenesisOperator>,
    #[serde(default)]
    grants: Vec<GenesisGrant>,
    #[serde(default)]
    list: Option<GenesisList>,
    #[serde(default)]
    council: Option<GenesisCouncil>,
    #[serde(default)]
    guardian: Option<GenesisGuardian>,
}

/// The genesis in a file, not yet checked: JSON if it begins with a brace, else TOML.
pub fn read(path: &Path) -> Result<Genesis, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))?;
    let parsed = params::read(&text, translate);
    let file: File = parsed.map_err(|error| {
        let hint = "`earnest genesis new` writes one; docs/operations.md explains its parts";
        Failure::config(format!("{} is not a genesis: {error}", path.display()), hint)
    })?;
    let File { name, time_ms, assets, params, beacon, accounts, operators, .. } = file;
    let File { grants, list, council, guardian, .. } = file;
    let genesis = Genesis { name, time_ms, assets, params, beacon, ..Genesis::default() };
    Ok(Genesis { accounts, operators, grants, list, council, guardian, ..genesis })
}

/// Makes of parameters, balances and bonds as people write them what the rules read.
fn translate(file: &mut Value, form: Form) -> Result<(), Vec<String>> {
    let rooms = file.get_mut("params").map_or(Ok(()), |rooms| written::rooms(rooms, form));
    let mut wrong = rooms.err().unwrap_or_default();
    for (list, name) in [
        ("accounts", "balance"),
        ("accounts", "payment"),
        ("operators", "bond"),
        ("grants", "amount"),
        ("list", "total"),
    ] {
        let rows = match file.get_mut(list) {
            Some(Value::Array(rows)) => rows.as_mut_slice(),
            Some(row) => core::slice::from_mut(row),
            None => &mut [],
        };
        for row in rows {
            let whose = row.get("address").and_then(Value::as_str);
            if let Some(Err(why)) = whose.map(names::address) {
                let told = format!("{list}: {}: {why}", whose.unwrap_or_default());
                // Rows with two amounts come by twice.
                if !wrong.contains(&told) {
                    wrong.push(told);
                }
            }
            let whose = whose.map_or(String::new(), |address| format!(" of {address}"));
            if let Some(Err(why)) = row.get_mut(name).map(|held| written::amount(held, form)) {
                wrong.push(format!("{list}{whose}: {name}: {why}"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// Nothing, or a failure that names all that is wrong with a genesis.
pub fn check(genesis: &Genesis, path: &Path) -> Result<(), Failure> {
    let hint = "mend each in the file; `earnest query params --defaults` explains the parameters";
    refuse(&format!("{}: no network can begin so", path.display()), &violations(genesis), hint)
}

fn refuse(what: &str, violations: &[String], hint: &str) -> Result<(), Failure> {
    if violations.is_empty() {
        return Ok(());
    }
    let all = violations.iter().map(|violation| format!("\n  {violation}"));
    Err(Failure::check(format!("{what}:{}", all.collect::<String>()), hint))
}

/// More than a person mends before asking again.
const VIOLATIONS_MAX: usize = 100;

/// What is wrong with a genesis: the rules name the first thing, which is left out for the next
/// question.
fn violations(genesis: &Genesis) -> Vec<String> {
    let (mut left, mut found) = (genesis.clone(), Vec::new());
    while found.len() < VIOLATIONS_MAX {
        let Err(rejected) = State::new(&left) else { break };
        match &rejected {
            GenesisRejected::Params(ParamsRejected { violations }) => {
                found.extend(violations.iter().map(|one| one.to_string()));
            }
            _ => {
                let Refusal { detail, hint, .. } = Refusal::from(&rejected);
                found.push(format!("{detail}. {hint}"));
            }
        }
        if !leave_out(&mut left, &rejected) {
            break;
        }
    }
    found
}

/// Leaves out what was refused; false if no later question would mean anything.
fn leave_out(genesis: &mut Genesis, rejected: &GenesisRejected) -> bool {
    let last = |genesis: &Genesis, address: &Address| {
        genesis.accounts.iter().rposition(|account| account.address == *address)
    };
    match rejected {
        GenesisRejected::Params(_) => {
            // Relations of the two groups are asked for apart: ranges, then what assets mean.
            let phase = genesis.params.governance.phase;
            genesis.params = match Params::try_from(genesis.params) {
                Ok(_) => RawParams::default(),
                Err(_) => RawParams { chain: stake_price_of(genesis), ..RawParams::default() },
            };
            // A council goes with a phase, whatever else is wrong.
            let governance = &mut genesis.params.governance;
            governance.phase = phase.min(governance.phase);
            true
        }
        GenesisRejected::BeaconChainEmpty => {
            genesis.beacon = BeaconGenesis::default();
            true
        }
        GenesisRejected::DuplicateAccount { address } => match last(genesis, address) {
            Some(place) => {
                genesis.accounts.remove(place);
                true
            }
            None => false,
        },
        GenesisRejected::NoPaymentAsset { address } => match last(genesis, address) {
            Some(place) => {
                genesis.accounts[place].payment = Amount::ZERO;
                true
            }
            None => false,
        },
        GenesisRejected::SupplyTooLarge => false,
        GenesisRejected::GrantOutOfRange { address, .. }
        | GenesisRejected::DuplicateGrant { address } => {
            let of = |grant: &GenesisGrant| grant.address == *address;
            match genesis.grants.iter().rposition(of) {
                Some(place) => {
                    genesis.grants.remove(place);
                    true
                }
                None => false,
            }
        }
        GenesisRejected::ListOutOfRange { .. } => genesis.list.take().is_some(),
        GenesisRejected::CouncilOutOfRange { .. }
        | GenesisRejected::CouncilOutOfPhase { .. }
        | GenesisRejected::GuardUnknown { .. } => {
            (genesis.council, genesis.guardian) = (None, None);
            genesis.params.governance.phase = RawParams::default().governance.phase;
            true
        }
        GenesisRejected::BondNotCovered { address, .. }
        | GenesisRejected::DuplicateOperator { address } => {
            let of = |operator: &GenesisOperator| operator.address == *address;
            match genesis.operators.iter().rposition(of) {
                Some(place) => {
                    genesis.operators.remove(place);
                    true
                }
                None => false,
            }
        }
    }
}

/// The default chain with the stake price given, if that is one that may be.
fn stake_price_of(genesis: &Genesis) -> ChainParams {
    let chain =
        ChainParams { stake_price: genesis.params.chain.stake_price, ..ChainParams::default() };
    let raw = RawParams { chain, ..RawParams::default() };
    if Params::try_from(raw).is_ok() { chain } else { ChainParams::default() }
}

/// What a network begins with, in short.
fn show(genesis: &Genesis, json: bool) -> Result<(), Failure> {
    let total = |part: fn(&GenesisAccount) -> Amount| {
        let sum = genesis.accounts.iter().try_fold(Amount::ZERO, |sum, a| sum.checked_add(part(a)));
        sum.unwrap_or(Amount::MAX)
    };
    let (stake, payment) = (total(|account| account.balance), total(|account| account.payment));
    let granted = genesis.grants.iter().map(|grant| grant.amount);
    let granted = granted.fold(Amount::ZERO, Amount::saturating_add);
    let listed = genesis.list.map_or(Amount::ZERO, |list| list.total);
    let count = |role| genesis.operators.iter().filter(|o| o.role == role).count();
    let (replicas, providers) = (count(Role::Replica), count(Role::Provider));
    let (validators, access) = (count(Role::Validator), count(Role::Access));
    let changed = params::changed(&genesis.params)?;
    if json {
        return out!(
            "{}",
            json!({
                "name": genesis.name, "assets": genesis.assets,
                "accounts": genesis.accounts.len(), "stake": stake, "payment": payment,
                "grants": genesis.grants.len(), "granted": granted, "listed": listed,
                "replicas": replicas, "providers": providers, "validators": validators,
                "access": access,
                "changed": changed.iter().map(|(path, ..)| path).collect::<Vec<_>>(),
            })
        );
    }
    say!("{}: can begin", genesis.name)?;
    let to_u64 = |count| u64::try_from(count).unwrap_or(u64::MAX);
    let accounts = text::count(to_u64(genesis.accounts.len()), "account");
    say!("  {accounts} with {} tokens", money::show(stake))?;
    if genesis.assets == Assets::Dual {
        say!("  and {} tokens of the asset that pays", money::show(payment))?;
    }
    if !genesis.grants.is_empty() {
        let grants = text::count(to_u64(genesis.grants.len()), "grant");
        say!("  {grants} of {} tokens, free over time", money::show(granted))?;
    }
    if let Some(list) = &genesis.list {
        let places = text::count(u64::from(list.places), "place");
        say!("  a list of {places} with {} tokens", money::show(listed))?;
    }
    let bonds = [(replicas, "replica"), (providers, "provider"), (validators, "validator")];
    let mut bonds = bonds.map(|(bonds, role)| text::count(to_u64(bonds), role)).to_vec();
    if access > 0 {
        bonds.push(format!("{access} for access"));
    }
    say!("  bonds: {}", bonds.join(", "))?;
    for (path, value, usual) in &changed {
        say!("  {path} = {value}; the default is {usual}")?;
    }
    if replicas == 0 && genesis.assets == Assets::Single {
        note!("no bond pays for a withheld beacon: quotes count fewer auditors");
    }
    if validators < usize::from(genesis.params.verification.auditors_max) {
        let validators = text::count(to_u64(validators), "validator");
        note!("{validators}: until more bond, only jobs with fewer auditors are taken");
    }
    tell_programs(genesis);
    Ok(())
}
