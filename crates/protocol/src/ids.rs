//! Names of things: dense identifiers in order of creation, addresses and digests.
//!
//! Law: an identifier is an index that [`State`](crate::State) gave out; an [`Address`] is looked
//! up once, at the edge, and never inside a rule.
//! Not here: keys and signatures (`earnest-api`).

use core::fmt;

use alloc::string::String;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! dense_id {
    ($(#[$doc:meta])* $name:ident($raw:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name($raw);

        impl $name {
            /// From an index given out by the state.
            pub const fn new(index: $raw) -> $name {
                $name(index)
            }

            /// The index as written on the wire.
            pub const fn raw(self) -> $raw {
                self.0
            }

            /// The row of this entity.
            pub(crate) fn index(self) -> usize {
                usize::try_from(self.0).expect("rows are indexed by 64 bits")
            }

            /// The identifier of row `index`.
            pub(crate) fn from_index(index: usize) -> $name {
                $name(<$raw>::try_from(index).expect("fewer entities than identifiers"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

dense_id!(
    /// One who holds money.
    AccountId(u64)
);
dense_id!(
    /// A bonded provider or validator: one role of one account.
    OperatorId(u64)
);
dense_id!(
    /// One task that somebody wants done.
    JobId(u64)
);
dense_id!(
    /// One operator's obligation to do a job: it owns collateral, seal, case and requests.
    AssignmentId(u64)
);
dense_id!(
    /// One entry of the unbonding queue.
    UnbondingId(u64)
);
dense_id!(
    /// What one account delegated to one operator.
    DelegationId(u64)
);
dense_id!(
    /// What leaves one operator's delegation pool by one epoch.
    ExitId(u64)
);
dense_id!(
    /// What moved from one operator's delegation pool to another's within one span of epochs.
    MoveId(u64)
);
dense_id!(
    /// One loss of stake, from conviction to payout.
    SlashId(u64)
);

dense_id!(
    /// Bytes that somebody paid to have kept.
    KeepId(u64)
);

dense_id!(
    /// A program that somebody published.
    ProgramId(u64)
);
dense_id!(
    /// A part of a published program's bytes.
    PartId(u64)
);

dense_id!(
    /// What one requester said of one provider, as long as that is remembered.
    RaterId(u64)
);
dense_id!(
    /// Changes of parameters that somebody proposed.
    ProposalId(u64)
);
dense_id!(
    /// What one account says to one proposal.
    BallotId(u64)
);

/// One version of the parameters; jobs pin theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParamsVersion(u32);

impl ParamsVersion {
    /// The version that came after so many others.
    pub const fn new(number: u32) -> ParamsVersion {
        ParamsVersion(number)
    }

    /// How many versions came before.
    pub const fn raw(self) -> u32 {
        self.0
    }
}

macro_rules! hex_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// All zero bytes.
            pub const ZERO: $name = $name([0; $len]);

            /// From `0x` and hexadecimal digits, or `None`.
            pub fn from_hex(text: &str) -> Option<$name> {
                let digits = text.strip_prefix("0x")?.as_bytes();
                let mut bytes = [0u8; $len];
                if digits.len() != bytes.len().checked_mul(2)? {
                    return None;
                }
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    let high = char::from(*pair.first()?).to_digit(16)?;
                    let low = char::from(*pair.get(1)?).to_digit(16)?;
                    *byte = u8::try_from(high << 4 | low).ok()?;
                }
                Some($name(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("0x")?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    $name::from_hex(&text).ok_or_else(|| {
                        de::Error::custom(concat!("expected 0x and ", $len, " bytes in hex"))
                    })
                } else {
                    <[u8; $len]>::deserialize(deserializer).map($name)
                }
            }
        }
    };
}

hex_bytes!(
    /// An Ethereum account address.
    Address,
    20
);
hex_bytes!(
    /// A blake3 hash, a sealed value or a salt.
    Digest,
    32
);

/// What a bond is for. An account may hold one operator of each role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs jobs.
    Provider,
    /// Audits results.
    Validator,
    /// Orders blocks and feeds the beacon; the first of the genesis leads.
    Replica,
    /// Asks for jobs: its bond gives it a tier of access, and answers for nothing else.
    Access,
}

/// What money is counted in. A network has one asset or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asset {
    /// What is bonded and slashed; in a network of one asset, all money.
    Stake,
    /// What pays for jobs in a network of two assets.
    Payment,
}
