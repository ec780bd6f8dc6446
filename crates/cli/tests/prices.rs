//! What stake is worth, from the command line: sealed, opened, counted, and refused by name.

mod common;

use std::{
    fs,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use common::{Done, earnest, start_node};
use earnest_keys::{
    Signer,
    keystore::{self, Cost},
};
use serde_json::Value;
use tempfile::TempDir;

/// Epochs here last two seconds: one network at a time.
static ONE: Mutex<()> = Mutex::new(());

const PASSWORD: &str = "a long password";

/// A network of two assets with one validator and a feed.
struct Fed {
    folder: TempDir,
    url: String,
    _node: common::Running,
    _one: MutexGuard<'static, ()>,
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

impl Fed {
    fn start() -> Fed {
        Fed::start_with(&["prices.stale_epochs=2"])
    }

    fn start_with(sets: &[&str]) -> Fed {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(path(&folder, "password.txt"), PASSWORD).expect("written");
        let signer = Signer::dev_key(5, "validator");
        let sealed = keystore::seal(&signer, PASSWORD, Cost::Development).expect("random bytes");
        fs::write(path(&folder, "key"), sealed).expect("written");
        let genesis = path(&folder, "genesis.toml");
        let held = format!("{}=5000", signer.address());
        let bond = format!("validator:{}=1000", signer.address());
        let mut words = vec!["genesis", "new", "--preset", "two-assets", "--account", &held];
        words.extend(["--bond", &bond, "--out", &genesis]);
        for set in [
            "chain.block_interval_min_ms=50",
            "chain.referee_gas=3600000",
            "market.step_gas_max=3600000",
            "chain.epoch_blocks=40",
            "staking.unbonding_epochs=60000",
            "prices.average_epochs=24",
        ]
        .iter()
        .chain(sets)
        {
            words.extend(["--set", set]);
        }
        let done = earnest(&words);
        assert_eq!(done.code, Some(0), "{done:?}");
        let data = path(&folder, "data");
        let (node, url) = start_node(&["--data", &data, "--genesis", &genesis]);
        Fed { folder, url, _node: node, _one: one }
    }

    fn post(&self, verb: &str, price: &str) -> Done {
        self.say(&["validator", "price", verb, price])
    }

    fn say(&self, words: &[&str]) -> Done {
        let (key, password) = (path(&self.folder, "key"), path(&self.folder, "password.txt"));
        let key = ["--key", &key, "--password-file", &password, "--json", "--node", &self.url];
        earnest(&[words, &key[..]].concat())
    }

    fn view(&self) -> Value {
        let done = earnest(&["query", "prices", "--json", "--node", &self.url]);
        serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"))
    }

    /// Waits until the feed is so.
    fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let view = self.view();
            if is(&view) {
                return view;
            }
            assert!(Instant::now() < end, "not in time: {what}: {view}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Seals once an epoch has just opened, so that the block is of it.
    fn seal(&self, price: &str) -> u64 {
        let epoch = self.view()["epoch"].as_u64().expect("a number");
        let view = self.until("the next epoch", |view| view["epoch"].as_u64() > Some(epoch));
        let done = self.post("seal", price);
        assert_eq!(done.code, Some(0), "{done:?}");
        view["epoch"].as_u64().expect("a number")
    }
}

#[test]
fn a_validator_seals_and_opens_a_price_and_everybody_reads_what_counts() {
    let fed = Fed::start();
    let view = fed.view();
    assert_eq!((&view["is_on"], &view["price"]), (&true.into(), &Value::Null), "{view}");
    let done = fed.post("open", "0.97");
    assert!(done.code == Some(4) && done.err.contains("wrong-epoch"), "{done:?}");
    let epoch = fed.seal("0.97");
    let again = fed.post("seal", "0.97");
    // On a machine that is busy the epoch may be over by now.
    let is_over = fed.view()["epoch"].as_u64() > Some(epoch);
    assert!(is_over || again.code != Some(0), "one an epoch: {again:?}");

    fed.until("the next epoch", |view| view["epoch"].as_u64() > Some(epoch));
    let wrong = fed.post("open", "0.98");
    assert!(wrong.code == Some(4) && wrong.err.contains("seal-mismatch"), "{wrong:?}");
    let done = fed.post("open", "0.97");
    assert_eq!(done.code, Some(0), "{done:?}");
    let post = &fed.view()["opening"]["posts"][0];
    assert_eq!((&post["price"], &post["weight"]), (&970_000_000.into(), &"1000000000000".into()));

    let view = fed.until("a price", |view| !view["price"].is_null());
    assert_eq!((&view["price"], &view["average"]), (&970_000_000.into(), &970_000_000.into()));
    assert_eq!(view["bond_price"], 776_000_000, "less a fifth");
    let told = earnest(&["query", "prices", "--node", &fed.url]);
    assert!(told.out.contains("a unit of stake is worth 0.97"), "{told:?}");
    assert!(told.out.contains("validators said 0.97 then"), "{told:?}");
    let why = "a new job takes it for 0.776, the average less `prices.haircut` of 20 %";
    assert!(told.out.contains(why), "{told:?}");
    let told = earnest(&["explain", "post-job/price-stale"]);
    assert!(told.out.contains("earnest query prices"), "{told:?}");

    let view = fed.until("silence", |view| !view["stale"].is_null());
    assert!(view["bond_price"].is_null(), "{view}");
    let quote = ["job", "quote", "--max-price", "1", "--node", &fed.url];
    let done = earnest(&quote);
    assert!(done.err.contains("No price of stake has counted"), "{done:?}");

    // Who looks at it after the node has ended is told, too; nothing is wrong with the directory.
    let Fed { folder, _node: node, .. } = fed;
    drop(node);
    let done = earnest(&["doctor", "--data", &path(&folder, "data")]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("price feed     stale: nothing has counted for "), "{done:?}");
}

#[test]
fn credits_are_minted_at_the_price_that_counts_and_redeemed_in_a_later_epoch() {
    let fed = Fed::start_with(&[
        "chain.epoch_blocks=160",
        "prices.stale_epochs=24",
        "credits.mint_share=0.1",
        "credits.redeem_share=0.1",
        "credits.redeemers=1",
        "credits.spread=0.01",
        "credits.warn_ratio=0",
        "credits.halt_ratio=0",
    ]);
    let view = |fed: &Fed| -> Value {
        let done = earnest(&["query", "credits", "--json", "--node", &fed.url]);
        serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"))
    };
    let before = view(&fed);
    assert_eq!((&before["minting"], &before["ratio"]), (&"no_price".into(), &Value::Null));
    let done = fed.say(&["credits", "mint", "100"]);
    assert!(done.code == Some(4) && done.err.contains("mint-credits/no-price"), "{done:?}");
    let epoch = fed.seal("0.97");
    fed.until("the next epoch", |view| view["epoch"].as_u64() > Some(epoch));
    assert_eq!(fed.post("open", "0.97").code, Some(0));
    // A price converts in its own epoch alone: the next has one that is sealed now.
    assert_eq!(fed.post("seal", "0.97").code, Some(0));
    fed.until("a price", |view| !view["price"].is_null());
    assert_eq!(fed.post("open", "0.97").code, Some(0));

    let done = fed.say(&["credits", "mint", "100", "--least", "97"]);
    assert!(done.code == Some(4) && done.err.contains("mint-credits/too-few"), "{done:?}");
    let done = fed.say(&["credits", "mint", "100", "--least", "96"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let receipt: Value = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
    assert_eq!(receipt["events"][0]["event"]["credits"], "96030000000", "how much came: {receipt}");
    let minted = view(&fed);
    assert_eq!((&minted["minting"], &minted["redeeming"]), (&"open".into(), &"open".into()));
    // 100 at 0.97 less a per cent; nothing backed credits when this epoch opened.
    let flows = (&minted["flows"]["stake_burnt"], &minted["flows"]["minted"]);
    assert_eq!(flows, (&"100000000000".into(), &"96030000000".into()));
    assert_eq!(minted["backing"], "100000000000");
    // Of which at most a tenth comes back in an epoch, in this one or a later.
    let done = fed.say(&["credits", "redeem", "50"]);
    assert!(done.err.contains("redeem-credits/exceeds-epoch"), "{done:?}");
    let epoch = minted["epoch"].as_u64();
    fed.until("the next epoch", |view| view["epoch"].as_u64() > epoch);
    let done = fed.say(&["credits", "redeem", "9.7"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let redeemed = view(&fed);
    let flows = (&redeemed["flows"]["stake_returned"], &redeemed["flows"]["redeemed"]);
    assert_eq!(flows, (&"9900000000".into(), &"9700000000".into()));
    let told = earnest(&["query", "credits", "--node", &fed.url]);
    assert!(told.out.contains("100 tokens of stake burnt for 96.03 tokens"), "{told:?}");
    let told = earnest(&["query", "network", "--json", "--node", &fed.url]);
    assert!(told.out.contains("\"holds\":true"), "both assets add up: {told:?}");
}
