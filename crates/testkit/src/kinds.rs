//! Kinds: every kind of event that the rules can emit, and those that no machine is asked to reach.
//!
//! Law: the list is the rules' own enum, so that a new kind of event is missed at once.

use std::collections::BTreeSet;

use earnest_protocol::event::EventBody;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor, value::Error},
    forward_to_deserialize_any,
};

/// Kinds that random commands do not reach, and why not.
pub const UNREACHED: &[(&str, &str)] = &[];

/// The names of all kinds of events, as their variants are called.
pub fn all() -> BTreeSet<String> {
    let mut names: &'static [&'static str] = &[];
    let refused = EventBody::deserialize(Names(&mut names));
    assert!(refused.is_err(), "nothing was there to read");
    names.iter().map(|name| variant(name)).collect()
}

/// Kinds that must be reached, of all that was `seen`, and were not.
pub fn missed(seen: &BTreeSet<String>) -> BTreeSet<String> {
    let is_excused = |kind: &str| UNREACHED.iter().any(|(other, _)| *other == kind);
    all().into_iter().filter(|kind| !seen.contains(kind) && !is_excused(kind)).collect()
}

/// `JobPosted` of `job_posted`.
fn variant(name: &str) -> String {
    let mut upper = true;
    let mut made = String::new();
    for letter in name.chars() {
        match letter {
            '_' => upper = true,
            _ if std::mem::take(&mut upper) => made.extend(letter.to_uppercase()),
            _ => made.push(letter),
        }
    }
    made
}

/// Reads no value: it writes down which variants an enum asks for.
struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("an enum asks for its variants"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = variants;
        Err(Error::custom("there is nothing to read"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
