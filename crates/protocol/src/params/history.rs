//! Versions: the parameters in force, and those that something alive is still judged by (M21).

use alloc::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{command::ParamChange, ids::ParamsVersion, num::Gas};

use super::{BrokenRelation, ChangeRejected, Params, RawParams, change};

/// Every version in force or still pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParamsHistory {
    current: ParamsVersion,
    versions: BTreeMap<ParamsVersion, Version>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    params: Arc<Params>,
    pins: u64,
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&*self.params, self.pins).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (params, pins) = <(Params, u64)>::deserialize(deserializer)?;
        Ok(Version { params: Arc::new(params), pins })
    }
}

impl ParamsHistory {
    pub(crate) fn new(params: Params) -> ParamsHistory {
        let current = ParamsVersion::new(0);
        let version = Version { params: Arc::new(params), pins: 0 };
        ParamsHistory { current, versions: BTreeMap::from([(current, version)]) }
    }

    pub(crate) fn current(&self) -> &Arc<Params> {
        self.at(self.current)
    }

    pub(crate) fn at(&self, version: ParamsVersion) -> &Arc<Params> {
        let version = self.versions.get(&version).expect("whoever holds a version pins it");
        &version.params
    }

    /// The largest step that anything alive may have laid before the referee.
    pub(crate) fn step_gas_max(&self) -> Gas {
        let steps = self.versions.values().map(|version| version.params.market().step_gas_max);
        steps.max().expect("the current version is one")
    }

    /// Whoever holds the current version from now on.
    pub(crate) fn pin_current(&mut self) -> ParamsVersion {
        self.pin(self.current);
        self.current
    }

    /// One more holder of a version.
    pub(crate) fn pin(&mut self, version: ParamsVersion) {
        let version = self.versions.get_mut(&version).expect("whoever holds a version pins it");
        version.pins = version.pins.saturating_add(1);
    }

    /// A holder is gone; a version without any that is not in force goes too.
    pub(crate) fn unpin(&mut self, version: ParamsVersion) {
        let row = self.versions.get_mut(&version).expect("whoever holds a version pins it");
        row.pins = row.pins.checked_sub(1).expect("a pin is let go once");
        self.drop_unused(version);
    }

    /// Puts a new version in force: what begins from now on is judged by it.
    pub(crate) fn adopt(&mut self, params: Params) -> ParamsVersion {
        let before = self.current;
        self.current = ParamsVersion::new(before.raw().saturating_add(1));
        self.versions.insert(self.current, Version { params: Arc::new(params), pins: 0 });
        self.drop_unused(before);
        self.current
    }

    /// The parameters in force with some changed.
    pub(crate) fn changed(&self, changes: &[ParamChange]) -> Result<RawParams, ChangeRejected> {
        change::changed(RawParams::from(**self.current()), changes)
    }

    /// May these come into force? They fit themselves, and those rooms that all work shares fit
    /// every version that something alive is still judged by (R1 to R19, M21); and what waits keeps
    /// its time.
    pub(crate) fn adoptable(&self, raw: RawParams) -> Result<Params, BrokenRelation> {
        let params = Params::try_from(raw).map_err(|why| why.first())?;
        raw.retimes(self.current()).map_or(Ok(()), |why| Err(why.broken()))?;
        for version in self.versions.values() {
            Params::try_from(raw.beside(&version.params)).map_err(|why| why.first())?;
        }
        Ok(params)
    }

    fn drop_unused(&mut self, version: ParamsVersion) {
        let unused = self.versions.get(&version).is_some_and(|row| row.pins == 0);
        if unused && version != self.current {
            self.versions.remove(&version);
        }
    }

    /// How often a version is pinned; `None` if it is gone.
    pub(crate) fn pins(&self) -> impl Iterator<Item = (ParamsVersion, u64)> + '_ {
        self.versions.iter().map(|(version, row)| (*version, row.pins))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_lives_as_long_as_something_is_judged_by_it() {
        let mut history = ParamsHistory::new(Params::default());
        let first = history.pin_current();
        let second = history.adopt(Params::default());
        assert_eq!(history.pins().count(), 2, "a live job keeps the first");
        history.unpin(first);
        assert_eq!(history.pins().collect::<Vec<_>>(), [(second, 0)]);
        history.adopt(Params::default());
        assert_eq!(history.pins().count(), 1, "an unpinned version goes when the next comes");
    }

    use std::vec::Vec;
}
