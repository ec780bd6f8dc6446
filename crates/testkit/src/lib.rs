//! Test kit: a small world for tests of the rules, and machines that run it at random.
//!
//! [`world`] has named accounts and a referee that knows the truth; [`ops`] reads small numbers as
//! commands that make sense where a state stands, or just do not; [`machine`] carries them out and
//! checks every law after each; [`money`] is a second, slow ledger that agrees on every balance;
//! [`payments`] works out anew what events say was paid, [`spends`] what the treasury pays;
//! [`soak`] runs machines for as long as one likes and [`kinds`] says what they missed; [`votes`]
//! proposes and votes; [`prices`] posts prices, and works out anew which of them count; [`credits`]
//! converts at them, and keeps a second book of it; [`sets`] keeps active sets from events alone,
//! and [`locks`] what bonds are locked; [`grants`] gives some, and keeps a
//! second book of claims; [`access`] keeps access stake, and says each job's tier; [`bytes`] throws
//! damaged bytes at the rules.
//!
//! Law: one seed gives one run; whatever is found is a panic that names the seed.
//! Not here: what a test is about (each crate's own tests). Never a dependency but of tests and
//! tools.

pub mod access;
pub mod bytes;
pub mod credits;
pub mod grants;
pub mod kinds;
pub mod locks;
pub mod machine;
pub mod money;
pub mod ops;
pub mod payments;
pub mod prices;
pub mod sets;
pub mod soak;
pub mod spends;
pub mod votes;
pub mod world;
