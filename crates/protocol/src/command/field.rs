//! Fields: what the fields of commands may be, for those who handle any command alike.
//!
//! Key terms: a *kind* says what a field is and stands in [`FieldInfo`]; a *value* is what one
//! command has there; a *leaf* is a value that is no group: visitors see leaves only.
//!
//! Laws: a type without a kind cannot be a field; whoever handles kinds or values matches all of
//! them, so that a new kind is forgotten nowhere; a byte string is `0x` and hexadecimal digits
//! where people read.
//! Not here: which commands there are (`table`), how a wallet hashes them (`earnest-api`).

use alloc::{string::String, vec::Vec};
use core::fmt;

use serde::{Deserializer, Serialize, Serializer, de, de::DeserializeOwned};

use super::{Lane, ParamChange, Scope};
use crate::{
    ids::{
        AccountId, Address, Digest, JobId, OperatorId, ParamsVersion, ProposalId, SlashId,
        UnbondingId,
    },
    num::{Amount, Blocks, Epoch, Epochs, Factor, Gas, Height, PARTS, Ratio},
};

/// What is known of a command without its fields' values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandInfo {
    /// Its name on the wire, such as `post_job`.
    pub name: &'static str,
    /// The name of its struct and of the message that a wallet signs, such as `PostJob`.
    pub message: &'static str,
    /// The room whose verb of the same name carries it out.
    pub room: &'static str,
    /// Who pays for carrying it.
    pub lane: Lane,
    /// What carrying it out costs, in transfers, before its bytes are counted.
    pub weight: u64,
    /// Which keys of an account may ask it on the account's behalf; none but its own if empty.
    pub scopes: &'static [Scope],
    /// What it asks.
    pub about: &'static str,
    /// What it consists of.
    pub fields: &'static [FieldInfo],
}

/// What is known of a field without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name on the wire, such as `input_root`.
    pub name: &'static str,
    /// Its name in what a wallet shows, in the same style; differs where a wallet could not read
    /// the first.
    pub shown: &'static str,
    /// What it means.
    pub about: &'static str,
    /// What it is.
    pub kind: FieldKind,
}

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// An [`Address`].
    Address,
    /// An [`Amount`].
    Amount,
    /// A number: a count, a length or point of time, an identifier, parts of a whole.
    Count {
        /// How wide it is: 8, 32 or 64.
        bits: u8,
        /// The largest.
        max: u64,
    },
    /// A [`Digest`].
    Digest,
    /// A list of digests.
    Digests,
    /// A list of [`ParamChange`]s.
    Changes,
    /// A byte string.
    Bytes,
    /// One of several words.
    Choice(&'static [Word]),
    /// Several fields, nested on the wire and flat in what a wallet shows.
    Group(&'static [FieldInfo]),
}

/// One word of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word itself, such as `second_price`.
    pub name: &'static str,
    /// What it means.
    pub about: &'static str,
    /// The number it carries, or nothing. A wallet shows it beside the word, as 0 for the others;
    /// words whose numbers have one name share its place.
    pub number: &'static [FieldInfo],
}

impl Word {
    /// The numbers that a wallet shows beside one of these words: each name once.
    pub fn numbers(words: &'static [Word]) -> impl Iterator<Item = &'static FieldInfo> {
        let all = move || words.iter().flat_map(|word| word.number);
        let is_first = move |(at, number): &(usize, &'static FieldInfo)| {
            !all().take(*at).any(|before| before.shown == number.shown)
        };
        all().enumerate().filter(is_first).map(|(_, number)| number)
    }
}

/// The value of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldValue<'a> {
    /// Of [`FieldKind::Address`].
    Address(&'a Address),
    /// Of [`FieldKind::Amount`].
    Amount(Amount),
    /// Of [`FieldKind::Count`].
    Count(u64),
    /// Of [`FieldKind::Digest`].
    Digest(&'a Digest),
    /// Of [`FieldKind::Digests`].
    Digests(&'a [Digest]),
    /// Of [`FieldKind::Changes`].
    Changes(&'a [ParamChange]),
    /// Of [`FieldKind::Bytes`].
    Bytes(&'a [u8]),
    /// Of [`FieldKind::Choice`].
    Word(&'static str),
}

/// Is handed each leaf under the name that a wallet shows.
pub type FieldVisitor<'a> = &'a mut dyn FnMut(&'static str, FieldValue<'_>);

/// A type that a field of a command may have.
#[diagnostic::on_unimplemented(
    message = "a field of a command cannot be of the type `{Self}`",
    note = "declare it in `command/terms.rs`, or give it a kind in `command/field.rs`"
)]
pub trait Field: Serialize + DeserializeOwned {
    /// What it is.
    const KIND: FieldKind;

    /// Hands its leaves to `visitor`; `name` is that of the field.
    fn visit(&self, name: &'static str, visitor: FieldVisitor<'_>);

    /// How many bytes its byte strings and lists have: what differs from value to value.
    fn variable_bytes(&self) -> usize;

    /// Writes it to the wire.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    /// Reads it from the wire.
    ///
    /// # Errors
    /// If it is not one.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

macro_rules! leaves {
    ($($type:ty: $kind:expr, |$value:ident| $shown:expr;)+) => {$(
        impl Field for $type {
            const KIND: FieldKind = $kind;

            fn visit(&self, name: &'static str, visitor: FieldVisitor<'_>) {
                let $value = self;
                visitor(name, $shown);
            }

            fn variable_bytes(&self) -> usize {
                0
            }
        }
    )+};
}

const COUNT_8: FieldKind = FieldKind::Count { bits: 8, max: 0xff };
const COUNT_32: FieldKind = FieldKind::Count { bits: 32, max: 0xffff_ffff };
const COUNT_64: FieldKind = FieldKind::Count { bits: 64, max: u64::MAX };

leaves! {
    Address: FieldKind::Address, |v| FieldValue::Address(v);
    Amount: FieldKind::Amount, |v| FieldValue::Amount(*v);
    Digest: FieldKind::Digest, |v| FieldValue::Digest(v);
    u8: COUNT_8, |v| FieldValue::Count(u64::from(*v));
    u32: COUNT_32, |v| FieldValue::Count(u64::from(*v));
    u64: COUNT_64, |v| FieldValue::Count(*v);
    Ratio: FieldKind::Count { bits: 64, max: PARTS }, |v| FieldValue::Count(v.parts());
    Factor: FieldKind::Count { bits: 64, max: Factor::MAX.parts() },
        |v| FieldValue::Count(v.parts());
    Blocks: COUNT_64, |v| FieldValue::Count(v.count());
    Epoch: COUNT_64, |v| FieldValue::Count(v.count());
    Epochs: COUNT_64, |v| FieldValue::Count(v.count());
    Gas: COUNT_64, |v| FieldValue::Count(v.count());
    Height: COUNT_64, |v| FieldValue::Count(v.count());
    AccountId: COUNT_64, |v| FieldValue::Count(v.raw());
    OperatorId: COUNT_64, |v| FieldValue::Count(v.raw());
    ParamsVersion: COUNT_32, |v| FieldValue::Count(u64::from(v.raw()));
    JobId: COUNT_64, |v| FieldValue::Count(v.raw());
    ProposalId: COUNT_64, |v| FieldValue::Count(v.raw());
    SlashId: COUNT_64, |v| FieldValue::Count(v.raw());
    UnbondingId: COUNT_64, |v| FieldValue::Count(v.raw());
}

impl Field for Vec<Digest> {
    const KIND: FieldKind = FieldKind::Digests;

    fn visit(&self, name: &'static str, visitor: FieldVisitor<'_>) {
        visitor(name, FieldValue::Digests(self));
    }

    fn variable_bytes(&self) -> usize {
        size_of_val(self.as_slice())
    }
}

impl Field for Vec<ParamChange> {
    const KIND: FieldKind = FieldKind::Changes;

    fn visit(&self, name: &'static str, visitor: FieldVisitor<'_>) {
        visitor(name, FieldValue::Changes(self));
    }

    fn variable_bytes(&self) -> usize {
        let row = |change: &ParamChange| change.path.len().saturating_add(size_of::<u64>());
        self.iter().map(row).fold(0, usize::saturating_add)
    }
}

impl Field for Vec<u8> {
    const KIND: FieldKind = FieldKind::Bytes;

    fn visit(&self, name: &'static str, visitor: FieldVisitor<'_>) {
        visitor(name, FieldValue::Bytes(self));
    }

    fn variable_bytes(&self) -> usize {
        self.len()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_bytes(self);
        }
        serializer.serialize_str(&hex(self))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(ByteString)
        } else {
            deserializer.deserialize_byte_buf(ByteString)
        }
    }
}

/// `0x` and two digits a byte.
fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).expect("half a byte");
    let mut text = String::with_capacity(bytes.len().saturating_mul(2).saturating_add(2));
    text.push_str("0x");
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    text
}

/// The bytes behind `0x`, or `None`.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.strip_prefix("0x")?.as_bytes().chunks(2);
    let digit = |digit: &u8| char::from(*digit).to_digit(16);
    let byte = |pair: &[u8]| {
        let [high, low] = pair else { return None };
        u8::try_from(digit(high)? << 4 | digit(low)?).ok()
    };
    pairs.map(byte).collect()
}

/// Reads a byte string: hexadecimal digits where people read, plain bytes elsewhere.
struct ByteString;

impl de::Visitor<'_> for ByteString {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string as 0x and hexadecimal digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        from_hex(text).ok_or_else(|| E::custom("byte strings are 0x and hexadecimal digits"))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.into())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}
