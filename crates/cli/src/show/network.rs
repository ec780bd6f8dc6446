//! What a node knows as text: the network as a whole, its disk, and its rows as tables.

use earnest_api::{
    AccountView, BlockRoom, BlockView, NetworkView, OperatorView, StorageView, SupplyView,
};
use earnest_protocol::{Role, staking::ActiveSet};

use super::{
    standing::{reputation, role, set, standing},
    table::{Kind, list, table},
};
use crate::{
    clock::{Clock, utc},
    money,
    present::Present,
    text::{count, tokens},
    up::account::word,
};

type Rows = Vec<(String, String)>;

fn rows<const N: usize>(rows: [(&str, String); N]) -> Rows {
    rows.map(|(name, what)| (name.to_owned(), what)).into()
}

/// The network: where it is, its money, who takes part, and whether the money adds up.
pub fn network(view: &NetworkView, clock: &Clock, width: usize) -> String {
    let (counts, jobs) = (&view.counts, &view.counts.jobs);
    let mut all = rows([
        ("digest", view.network.to_string()),
        ("height", format!("{}, in epoch {}", view.height, view.epoch)),
        ("root", view.state_root.to_string()),
        (
            "base fee",
            format!("{} for a unit of weight; a transfer weighs 1", tokens(view.base_fee)),
        ),
        (
            "jobs",
            format!(
                "{} posted: {} accepted, {} rejected, {} expired, {} open",
                jobs.posted, jobs.accepted, jobs.rejected, jobs.expired, jobs.open
            ),
        ),
        ("providers", active((counts.providers, counts.providers_active), &view.provider_set)),
        ("validators", active((counts.validators, counts.validators_active), &view.validator_set)),
        ("accounts", counts.accounts.to_string()),
        ("slashes", counts.slashes.to_string()),
    ]);
    let asset = if view.supply_payment.is_some() { "to bond" } else { "money" };
    all.push((asset.to_owned(), supply(&view.supply)));
    let payment = view.supply_payment.as_ref();
    all.extend(payment.map(|view| ("to pay".to_owned(), supply(view))));
    let sums = match view.conservation.holds {
        true => "hold: all pots are what was issued less what was burnt".to_owned(),
        false => "BROKEN: the pots are not what was issued less what was burnt".to_owned(),
    };
    all.push(("sums".to_owned(), sums));
    for paused in &view.guard.paused {
        let what = format!("new {}, until {}", word(&paused.lane), clock.block(paused.until));
        all.push(("paused".to_owned(), what));
    }
    format!("{}\n{}", view.name, list(&all, width))
}

fn active((all, active): (u64, u64), of: &ActiveSet) -> String {
    let may = format!("{all}, of them {active} may take new work");
    set(of).map_or_else(|| may.clone(), |set| format!("{may}: {set}"))
}

fn supply(view: &SupplyView) -> String {
    let SupplyView { total, burnt, stake, treasury, insurance, .. } = *view;
    let SupplyView { covers, judges, rewards, granted, .. } = *view;
    let parts = [
        (stake, "at risk"),
        (treasury, "in the treasury"),
        (insurance, "insurance"),
        (covers, "promised as cover"),
        (judges, "due to judges"),
        (rewards, "earned by emission and not collected"),
        (granted, "granted and not claimed"),
    ];
    let parts = parts.into_iter().filter(|(amount, _)| !amount.is_zero());
    let parts: Vec<_> =
        parts.map(|(amount, what)| format!("{} {what}", money::show(amount))).collect();
    let burnt = money::show(burnt);
    let of_it = if parts.is_empty() { "" } else { "; of it " };
    format!("{}, after {burnt} burnt{of_it}{}", tokens(total), parts.join(", "))
}

/// What a node has on its disk.
pub fn storage(view: &StorageView, width: usize) -> String {
    let snapshot = match view.snapshot.count() {
        0 => "none yet".to_owned(),
        _ => format!("of block {}", view.snapshot),
    };
    let put_off = if view.is_snapshot_put_off { "; the next found the disk full" } else { "" };
    let room = match view.room {
        BlockRoom::Held => "is held: the next block fits, whoever fills the disk",
        BlockRoom::Watched => "there is some now; this file system cannot hold any",
        BlockRoom::Full => "NONE: no blocks are made until there is; make room on the disk",
    };
    let (bytes, files) = (view.log_bytes, count(view.segment_count, "file"));
    let all = rows([
        ("blocks", format!("{} to {}", view.blocks_from, view.height)),
        ("log", format!("{} in {files}", crate::text::bytes(bytes))),
        ("snapshot", format!("{snapshot}{put_off}")),
        ("room", room.to_owned()),
        ("held", format!("{} for blocks to come", crate::text::bytes(view.held_bytes))),
        ("free", format!("{} that the node may still write", crate::text::bytes(view.free_bytes))),
    ]);
    list(&all, width)
}

/// Accounts, one a line.
pub fn accounts(views: &[AccountView], present: &Present, width: usize) -> String {
    let columns = [
        ("account", Kind::Word),
        ("free", Kind::Number),
        ("nonce", Kind::Number),
        ("who", Kind::Sentence),
    ];
    let row = |view: &AccountView| {
        let roles = [
            (view.provider, Role::Provider),
            (view.validator, Role::Validator),
            (view.replica, Role::Replica),
            (view.access, Role::Access),
        ];
        let roles = roles.into_iter().filter(|(id, _)| id.is_some()).map(|(_, of)| role(of));
        let who: Vec<_> =
            present.names.of_address(&view.address).into_iter().chain(roles).collect();
        let (free, nonce) = (money::show(view.free), view.nonce.to_string());
        vec![view.address.to_string(), free, nonce, who.join(", ")]
    };
    table(&columns, &views.iter().map(row).collect::<Vec<_>>(), width)
}

/// Operators, one a line.
pub fn operators(views: &[OperatorView], present: &Present, width: usize) -> String {
    let columns = [
        ("operator", Kind::Number),
        ("role", Kind::Word),
        ("account", Kind::Word),
        ("stake", Kind::Number),
        ("standing", Kind::Sentence),
    ];
    let row = |view: &OperatorView| {
        vec![
            view.id.to_string(),
            role(view.role).to_owned(),
            present.names.short(&view.account.address),
            money::show(view.stake),
            standing(view, &present.clock),
        ]
    };
    table(&columns, &views.iter().map(row).collect::<Vec<_>>(), width)
}

/// One operator.
pub fn operator(view: &OperatorView, present: &Present, width: usize) -> String {
    let (free, locked) = (money::show(view.free_bond), money::show(view.locked));
    let all = rows([
        ("account", present.names.full(&view.account.address)),
        ("standing", standing(view, &present.clock)),
        ("reputation", reputation(view)),
        ("at risk", format!("{}: {free} free, {locked} locked", tokens(view.stake))),
    ]);
    format!("{} {}\n{}", role(view.role), view.id, list(&all, width))
}

/// One block.
pub fn block(view: &BlockView, width: usize) -> String {
    let mut all = rows([
        ("hash", view.hash.to_string()),
        ("parent", view.parent.to_string()),
        ("root", view.state_root.to_string()),
        ("epoch", view.epoch.to_string()),
        ("time", utc(view.time_ms)),
        ("base fee", tokens(view.base_fee)),
        ("beacon", view.beacon.map_or("withheld".to_owned(), |beacon| beacon.to_string())),
        ("events", view.event_count.to_string()),
    ]);
    all.extend(view.transactions.iter().map(|hash| ("contains".to_owned(), hash.to_string())));
    format!("block {}\n{}", view.height, list(&all, width))
}
