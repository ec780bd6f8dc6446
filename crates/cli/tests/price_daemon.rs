//! Validators' daemons that say what stake is worth, each epoch, as a file or a program says.

mod common;

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use common::{EARNEST, Running, earnest, start_node};
use earnest_keys::{
    Signer,
    keystore::{self, Cost},
};
use serde_json::Value;
use tempfile::TempDir;

const PASSWORD: &str = "a long password";

/// A network of two assets with a feed and two validators of equal stake, whose word counts only
/// together. An epoch lasts eight seconds.
struct Fed {
    folder: TempDir,
    url: String,
    _node: Running,
}

impl Fed {
    fn start() -> Fed {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("password"), PASSWORD).expect("written");
        let mut words = ["genesis", "new", "--preset", "two-assets"].map(str::to_owned).to_vec();
        for name in ["ann", "bob"] {
            let signer = Signer::dev_key(5, name);
            let key = keystore::seal(&signer, PASSWORD, Cost::Development).expect("random bytes");
            fs::write(path(&format!("{name}.key")), key).expect("written");
            let address = signer.address();
            words.extend(["--account".to_owned(), format!("{address}=5000")]);
            words.extend(["--bond".to_owned(), format!("validator:{address}=1000")]);
        }
        for set in [
            "chain.block_interval_min_ms=50",
            "chain.referee_gas=3600000",
            "market.step_gas_max=3600000",
            "chain.epoch_blocks=160",
            "staking.unbonding_epochs=60000",
            "prices.average_epochs=24",
            "prices.step=0.05",
        ] {
            words.extend(["--set".to_owned(), set.to_owned()]);
        }
        words.extend(["--out".to_owned(), path("genesis.toml")]);
        let done = earnest(&words.iter().map(String::as_str).collect::<Vec<&str>>());
        assert_eq!(done.code, Some(0), "{done:?}");
        let (data, genesis) = (path("data"), path("genesis.toml"));
        let (node, url) = start_node(&["--data", &data, "--genesis", &genesis]);
        Fed { folder, url, _node: node }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Starts a validator's daemon.
    fn daemon(&self, name: &str, source: &[&str]) -> Running {
        let log = File::options().create(true).append(true).open(self.path(&format!("{name}.log")));
        let child = Command::new(EARNEST)
            .args(["validator", "run", "--until-input-closes", "--node", &self.url])
            .args(["--data", &self.path(name), "--key", &self.path(&format!("{name}.key"))])
            .args(["--password-file", &self.path("password")])
            .args(source)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log.expect("a log"))
            .spawn();
        common::running(child.expect("starts"))
    }

    /// What Prometheus would read.
    fn metrics(&self) -> String {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("it listens");
        let asked = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(asked.as_bytes()).expect("asked");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("text");
        reply
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("{name}.log"))).expect("daemons log")
    }

    /// Waits until the feed is so.
    fn until<T>(&self, what: &str, is: impl Fn(&Value) -> Option<T>) -> T {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let done = earnest(&["query", "prices", "--json", "--node", &self.url]);
            let view: Value =
                serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
            if let Some(found) = is(&view) {
                return found;
            }
            let logs =
                ["ann", "bob"].map(|name| fs::read_to_string(self.path(&format!("{name}.log"))));
            assert!(Instant::now() < end, "not in time: {what}: {view}\n{logs:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Of whom a post of a round is, and at what price it is opened.
fn posts(round: &Value) -> Vec<(String, Option<u64>)> {
    let posts = round["posts"].as_array().into_iter().flatten();
    let post = |post: &Value| {
        let who = post["account"]["address"].as_str().expect("an address").to_owned();
        (who, post["price"].as_u64())
    };
    posts.map(post).collect()
}

#[test]
fn validators_post_what_their_sources_say_and_open_what_they_sealed_after_a_restart() {
    let fed = Fed::start();
    let bob = Signer::dev_key(5, "bob").address().to_string().to_lowercase();
    let is_bob = |who: &str| who.to_lowercase() == bob;
    let price = fed.path("price");
    fs::write(&price, "1.2\n").expect("written");
    let from_file = ["--price-file", price.as_str()];
    let _ann = fed.daemon("ann", &["--price-program", "echo", "--price-arg", "1.2"]);
    let first = fed.daemon("bob", &from_file);

    // Killed between its seal and its opening, while its source changes its mind.
    let sealed = fed.until("bob's seal", |view| {
        let sealed = posts(&view["sealing"]).iter().any(|(who, _)| is_bob(who));
        sealed.then(|| view["sealing"]["epoch"].as_u64().expect("a number"))
    });
    drop(first);
    fs::write(&price, "0.9\n").expect("written");
    fed.until("the next epoch", |view| (view["epoch"].as_u64() > Some(sealed)).then_some(()));
    let _again = fed.daemon("bob", &from_file);
    let opened = fed.until("bob's opening", |view| {
        assert!(
            view["epoch"].as_u64() <= Some(sealed + 1),
            "the epoch is over: {}",
            fed.log("bob")
        );
        let posts = posts(&view["opening"]);
        posts.into_iter().find(|(who, price)| is_bob(who) && price.is_some())
    });
    assert_eq!(opened.1, Some(1_200_000_000), "what was sealed, not what the source says now");

    // Both said 1.2, where a unit was taken for 1: the price moves by a step.
    let (counted, said) =
        fed.until("a price", |view| Some((view["price"].as_u64()?, view["said"].as_u64()?)));
    assert_eq!((counted, said), (1_050_000_000, 1_200_000_000));
    let metrics = fed.metrics();
    for sample in [
        "earnest_price_ratio{of=\"last\"} 1.05\n",
        "earnest_price_ratio{of=\"said\"} 1.2\n",
        "earnest_price_age_epochs 0\n",
        "earnest_price_posts{round=\"opening\"} 2\n",
        "earnest_price_stake_base_units{of=\"all\"} 2000000000000\n",
    ] {
        assert!(metrics.contains(sample), "{sample}{metrics}");
    }
    let told = earnest(&["query", "prices", "--node", &fed.url]);
    assert!(told.out.contains("validators said 1.2"), "{told:?}");

    // The epoch of the restart has bob's new word, and nobody sealed twice.
    let lower = fed.until("bob's second price", |view| {
        let posts = posts(&view["opening"]);
        posts.into_iter().find(|(who, price)| is_bob(who) && *price == Some(900_000_000))
    });
    assert_eq!(lower.1, Some(900_000_000));
    for name in ["ann", "bob"] {
        let log = fed.log(name);
        assert!(!log.contains("refused"), "no fee was lost: {log}");
    }
}

#[test]
fn what_is_no_price_is_told_and_not_posted() {
    let fed = Fed::start();
    let price = fed.path("price");
    fs::write(&price, "0\n").expect("written");
    let ann = fed.daemon("ann", &["--price-file", &price]);
    let bob =
        fed.daemon("bob", &["--price-program", "sh", "--price-arg", "-c", "--price-arg", "exit 3"]);
    let epoch = fed.until("a round", |view| view["sealing"]["epoch"].as_u64());
    fed.until("two epochs", |view| {
        assert!(posts(&view["sealing"]).is_empty(), "{view}");
        (view["epoch"].as_u64() > Some(epoch + 1)).then_some(())
    });
    drop((ann, bob));
    let (ann, bob) = (fed.log("ann"), fed.log("bob"));
    assert!(ann.contains("price says 0, and"), "{ann}");
    assert!(bob.contains("sh failed, exit status: 3"), "{bob}");
    let told = |log: &str| log.matches("no price of epoch").count();
    assert!((2..=4).contains(&told(&ann)), "once an epoch: {ann}");
}
