//! Changes: parameters named by their paths, for whoever changes some of many.
//!
//! Law: a value that was set is in its range; whether all fit each other is asked later
//! (`relations`).
//! Not here: who may change one (`governance`).

use crate::command::ParamChange;

use super::{BrokenRelation, RawParams, Relation};

/// Why parameters cannot be changed so. Ordered by precedence, change by change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeRejected {
    /// There is no parameter of this path.
    Unknown { place: u32 },
    /// An earlier change has the same path.
    Twice { place: u32 },
    /// The value is outside the range.
    OutOfRange { place: u32, got: u64, min: u64, max: u64 },
}

impl ChangeRejected {
    /// The same of what fitted once, and was ruled out by a later release.
    pub(crate) fn broken(self) -> BrokenRelation {
        let (got, bound) = match self {
            ChangeRejected::Unknown { .. } | ChangeRejected::Twice { .. } => (0, 0),
            ChangeRejected::OutOfRange { got, max, .. } => (got, max),
        };
        BrokenRelation { relation: Relation::Range, got, bound }
    }
}

/// These parameters with some changed.
pub(crate) fn changed(
    mut raw: RawParams,
    changes: &[ParamChange],
) -> Result<RawParams, ChangeRejected> {
    for (place, change) in (0u32..).zip(changes) {
        let field = RawParams::fields().find(|field| field.is_at(&change.path));
        let field = field.ok_or(ChangeRejected::Unknown { place })?;
        let mut earlier = (0u32..place).zip(changes);
        if earlier.any(|(_, other)| other.path == change.path) {
            return Err(ChangeRejected::Twice { place });
        }
        let (got, min, max) = (change.value, field.min, field.max);
        let set = (min <= got && got <= max).then(|| raw.set(field, got)).flatten();
        set.ok_or(ChangeRejected::OutOfRange { place, got, min, max })?;
    }
    Ok(raw)
}
