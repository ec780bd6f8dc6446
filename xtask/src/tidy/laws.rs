//! Laws: the repository's architecture as tables that can fail.
//!
//! A new edge, rung or exception is a change of this file, with the reason in its commit.
//! Not here: how a table is enforced (the other files of `tidy`).

type Names = &'static [&'static str];

/// What a repository keeps to.
#[derive(Clone, Copy)]
pub(crate) struct Laws {
    /// The modules of `protocol` from the bottom up, by words. Each reads only those before it, and
    /// every module stands here: the entry with the longest matching beginning counts, `*` is any
    /// one name, and what matches one `*` may not read each other. The root is `lib`.
    pub(super) ladder: &'static str,
    /// The rooms of `protocol` from the bottom up, which are also fields of the state: a room's
    /// code touches its own field and those below.
    pub(super) rooms: Names,
    /// Where else than in the room of its definition a type may have an inherent impl, as (type,
    /// modules). What is added to a type is read by all who hold one, and no path shows it.
    pub(super) homes: &'static [(&'static str, Names)],
    /// Reads against the ladder or within a ring that are known, as (crate, reader, read, reason);
    /// one that is no longer needed is a finding.
    pub(super) accepted: &'static [(&'static str, &'static str, &'static str, &'static str)],
    /// Each crate with the crates of ours it may depend on.
    pub(super) crates: &'static [(&'static str, Names)],
    /// Crates of ours that only tests, benchmarks and each other may depend on.
    pub(super) crates_of_tests: Names,
    /// All others that the rules may depend on.
    pub(super) dependencies_of_rules: Names,
    /// Third-party crates that live in some crates of ours, by the beginning of their names.
    pub(super) dependencies: &'static [(&'static str, Names)],
    /// Features with the crate of ours that has each, who may turn it on, and why nobody else.
    pub(super) features: &'static [(&'static str, &'static str, Names, &'static str)],
    /// Words that the code of some crates may not contain, and what is used instead; `x::` is the
    /// beginning of a path.
    pub(super) never: &'static [(Names, &'static str, &'static str)],
    /// Folders whose files are each named in an index, as (folder, ending, index).
    pub(super) indexes: &'static [(&'static str, &'static str, &'static str)],
}

const RULES: Names = &["protocol"];
const NOT_WORKERS: Names = &["api", "audit", "cli", "keys", "node", "protocol", "sim", "testkit"];

/// What this repository keeps to.
pub(crate) const LAWS: Laws = Laws {
    ladder: "
        num ids hash shared table directory command seal referee
        params::declare access::params staking::params prices::params credits::params market::params
        reputation::params slashing::params insurance::params verification::params storage::params
        rewards::params governance::params
        params bound ledger access

        accounts storage staking prices credits reputation rewards market verification
        insurance slashing governance grants
        payment timers event rejected genesis state context next

        accounts::acts     accounts::handlers
        storage::acts      storage::handlers
        staking::acts      staking::handlers
        prices::acts       prices::handlers
        credits::handlers
        reputation::acts   reputation::handlers
        rewards::acts      rewards::handlers
        market::acts       market::handlers
        verification::acts verification::handlers
        insurance::acts    insurance::handlers
        slashing::acts     slashing::handlers
        governance::acts   governance::handlers
        grants::acts       grants::handlers

        stories::* stories
        authorisation apply epoch invariant lib",
    rooms: &[
        "accounts",
        "storage",
        "staking",
        "prices",
        "credits",
        "reputation",
        "rewards",
        "market",
        "verification",
        "insurance",
        "slashing",
        "governance",
        "grants",
    ],
    homes: &[
        ("State", &["apply", "epoch", "invariant"]), // The three public entries.
        ("Report", &["output"]),                     // How a report is written, not what it says.
    ],
    accepted: &[("sim", "error", "scenario", "errors quote the scenario's own words")],
    crates: &[
        ("api", &["keys", "protocol", "testkit"]),
        ("audit", &["page", "protocol"]),
        (
            "cli",
            &["api", "audit", "keys", "node", "prepare", "protocol", "sim", "testkit", "worker"],
        ),
        ("compute", &[]),
        ("durable", &[]),
        ("fuzz", &["api", "compute", "keys", "node", "prepare", "protocol", "testkit"]),
        ("keys", &["durable", "protocol"]),
        ("node", &["api", "compute", "durable", "keys", "protocol", "testkit"]),
        ("page", &[]),
        ("prepare", &["compute"]),
        ("protocol", &["testkit"]),
        ("sim", &["page", "protocol", "testkit"]),
        ("testkit", &["protocol"]),
        ("worker", &["api", "compute", "durable", "keys", "prepare", "protocol", "testkit"]),
        ("world", &["api", "durable", "keys", "node", "protocol"]),
    ],
    crates_of_tests: &["testkit", "fuzz", "world"],
    dependencies_of_rules: &["blake3", "postcard", "serde", "triomphe"],
    dependencies: &[
        ("aes", &["keys"]),
        ("alloy", &["api", "keys"]), // Its hash and hex: for messages, and for keys.
        ("landlock", &["worker"]),
        ("pbkdf2", &["keys"]),
        ("scrypt", &["keys"]),
        ("seccompiler", &["worker"]),
        ("secp256k1", &["keys"]),
        ("wasm-encoder", &["compute", "prepare"]),
        ("wasmi", &["compute"]),
        ("wasmtime", &["compute"]),
    ],
    features: &[
        ("jit", "compute", &["worker"], "only workers compile"),
        ("keystore", "keys", &["cli", "fuzz"], "only the command line opens key files"),
        ("simulated", "durable", &["world"], "only the world lays another disk under a node"),
    ],
    never: &[
        (RULES, "HashMap", "BTreeMap: iteration order must be the same everywhere"),
        (RULES, "HashSet", "BTreeSet: iteration order must be the same everywhere"),
        (RULES, "Instant", "the height in the block's head: the rules read no clock"),
        (RULES, "SystemTime", "the time in the block's head: the rules read no clock"),
        (RULES, "async", "a plain function: the rules wait for nothing"),
        (RULES, "f32", "Ratio or Factor: the rules use no floats"),
        (RULES, "f64", "Ratio or Factor: the rules use no floats"),
        (RULES, "println", "an event: the rules write nothing"),
        (RULES, "rand::", "the beacon (`seal::draw_below`): the rules draw from the block alone"),
        (RULES, "std::", "`core` or `alloc`: the rules build without std"),
        (RULES, "unsafe", "safe code"),
        (NOT_WORKERS, "Jit", "the interpreter: only the job runner in `worker` compiles"),
    ],
    indexes: &[
        ("docs/adr/", ".md", "docs/adr/README.md"),
        ("scenarios/", ".toml", "scenarios/README.md"),
        ("crates/compute/guests/", ".c", "crates/compute/guests/manifest.toml"),
    ],
};
