//! Shared: parts of a state that its branches hold in common until one of them changes a part.
//!
//! Law: what is done to a part through [`own`] shows in no other branch.
//!
//! Known shortcoming: a part held alone is still asked for its holders, a plain read of a line
//! that its content may not lie on.
//! Not here: what the parts are (`table`, `directory`, `timers`, pools).

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
