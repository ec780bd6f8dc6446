//! Shared: parts of a state that its branches hold in common until one of them changes a part, and
//! what many rows say alike.
//!
//! Laws: what is done to a part through [`own`] shows in no other branch. What is [`Shared`] never
//! changes, and nobody can tell it from a copy of its own: it reads, compares and encodes alike.
//!
//! Known shortcoming: a part held alone is still asked for its holders, a plain read of a line
//! that its content may not lie on.
//! Not here: what the parts are (`table`, `directory`, `timers`, pools).

use core::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

// Without weak holders, so that asking who else holds a part takes no locked instruction.
pub(crate) use triomphe::Arc;

/// A part to change: a copy of it first, if another branch holds it too.
#[inline]
pub(crate) fn own<T: Clone>(part: &mut Arc<T>) -> &mut T {
    if !part.is_unique() {
        copy(part);
    }
    Arc::get_mut(part).expect("a part held alone, as it was found or copied")
}

/// Apart, since what a copy needs of the stack would burden every call that copies nothing.
#[cold]
#[inline(never)]
fn copy<T: Clone>(part: &mut Arc<T>) {
    *part = Arc::new(T::clone(part));
}

/// What a row says, kept once for rows that follow each other and say the same.
#[derive(Debug)]
pub struct Shared<T>(Arc<T>);

impl<T: PartialEq> Shared<T> {
    /// `content`, as the row before has it if it is the same there.
    pub(crate) fn like(before: Option<&Shared<T>>, content: T) -> Shared<T> {
        let same = before.filter(|before| ***before == content);
        same.cloned().unwrap_or_else(|| Shared(Arc::new(content)))
    }

    /// Lets go of a copy of what the row before says, too.
    pub(crate) fn join(&mut self, before: &Shared<T>) {
        if *self == *before {
            *self = before.clone();
        }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|content| Shared(Arc::new(content)))
    }
}
