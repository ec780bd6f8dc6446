//! Rare: a row, or a part of one, that mostly stays as it was made, and takes little while it does.
//!
//! Law: nobody can tell it from what it stands for: it reads, compares, encodes and hashes alike.
//! Not here: what is rare.

use alloc::{boxed::Box, vec::Vec};
use core::{
    ops::{Deref, DerefMut},
    slice,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What something is when it is made.
pub trait Blank: Clone + PartialEq + 'static {
    /// That.
    const BLANK: &'static Self;
}

impl<T: Clone + PartialEq + 'static> Blank for Vec<T> {
    const BLANK: &'static Vec<T> = &Vec::new();
}

/// What is kept apart once it was changed, and is blank until then.
#[derive(Clone, Debug)]
pub struct Rare<T>(Option<Box<T>>);

impl<T> Rare<T> {
    /// What is as it was made.
    pub const BLANK: Rare<T> = Rare(None);
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Rare::BLANK
    }
}

impl<T: Blank> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::BLANK)
    }
}

impl<T: Blank> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(|| Box::new(T::BLANK.clone()))
    }
}

impl<T: Blank> From<T> for Rare<T> {
    fn from(content: T) -> Self {
        Rare((content != *T::BLANK).then(|| Box::new(content)))
    }
}

impl<T: Blank> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Blank + Eq> Eq for Rare<T> {}

impl<'a, T: Clone + PartialEq + 'static> IntoIterator for &'a Rare<Vec<T>> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> slice::Iter<'a, T> {
        self.iter()
    }
}

impl<T: Blank + Serialize> Serialize for Rare<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Blank + Deserialize<'de>> Deserialize<'de> for Rare<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Rare::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Wide([u64; 16]);

    impl Blank for Wide {
        const BLANK: &'static Wide = &Wide([0; 16]);
    }

    #[test]
    fn a_rare_row_reads_encodes_and_hashes_as_the_row_itself() {
        let (mut plain, mut rare) = (Table::default(), Table::<Rare<Wide>>::default());
        for number in 0..200u64 {
            plain.push(Wide([0; 16]));
            rare.push(Rare::default());
            if number % 3 == 0 {
                let place = usize::try_from(number).expect("small");
                for row in [plain.get_mut(place).expect("live"), rare.get_mut(place).expect("live")]
                {
                    row.0[3] = number;
                }
            }
        }
        assert_eq!(plain.root(), rare.root());
        let rows = plain.iter().zip(rare.iter());
        assert!(rows.clone().all(|((_, plain), (_, rare))| *plain == **rare));
        for (_, rare) in rare.iter() {
            let bytes = postcard::to_allocvec(rare).expect("memory");
            assert_eq!(bytes, postcard::to_allocvec(&**rare).expect("memory"));
            let read: Rare<Wide> = postcard::from_bytes(&bytes).expect("its own encoding");
            assert_eq!(*read, **rare);
            assert_eq!(read.0.is_none(), **rare == *Wide::BLANK, "what is blank takes no more");
        }
    }

    #[test]
    fn a_blank_row_takes_two_words() {
        assert_eq!(size_of::<Option<Rare<Wide>>>(), 16);
    }
}
