//! Catalogue of seasons: deviations that have no tree, as data.
//!
//! Not here: how one is searched and measured (`seasons`).

/// Whose profit is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Focus {
    /// Four providers, each alone.
    Providers,
    /// Four validators, each alone.
    Validators,
    /// Four providers with as many validators as the rules assume may be bought, in one purse.
    Cartel,
}

/// One value that a deviation chooses, within a box.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) path: &'static str,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Share,
    Count,
}

/// One deviation that lasts a season.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) id: &'static str,
    pub(super) labels: &'static [&'static str],
    pub(super) about: &'static str,
    /// What a member knows besides what everybody sees.
    pub(super) information: &'static str,
    pub(super) focus: Focus,
    pub(super) choices: &'static [Choice],
}

const fn share(path: &'static str) -> Choice {
    Choice { path, low: 0.01, high: 1.0, kind: Kind::Share }
}

const AFTER: Choice =
    Choice { path: "providers.focal.lies_after", low: 0.0, high: 24.0, kind: Kind::Count };

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "season-of-lies",
        labels: &["C6", "C7", "C11", "M28"],
        about: "a provider invents a share of its results, after some honest ones",
        information: "its own results and reputation",
        focus: Focus::Providers,
        choices: &[share("providers.focal.lie_rate"), AFTER],
    },
    Entry {
        id: "season-of-lies-with-bought-validators",
        labels: &["C3", "C10", "C12"],
        about: "providers lie, and validators of the same purse confirm it",
        information: "every lie of the purse",
        focus: Focus::Cartel,
        choices: &[share("providers.focal.lie_rate"), AFTER],
    },
    Entry {
        id: "season-of-leaving",
        labels: &["C6", "M6"],
        about: "a provider takes jobs and abandons a share of them",
        information: "its own costs",
        focus: Focus::Providers,
        choices: &[share("providers.focal.abandon_rate")],
    },
    Entry {
        id: "season-of-silence",
        labels: &["C10"],
        about: "a validator does not answer a share of the audits it is drawn for",
        information: "its own draws",
        focus: Focus::Validators,
        choices: &[share("validators.focal.silence")],
    },
    Entry {
        id: "season-of-challenges",
        labels: &["C9", "M30"],
        about: "a validator challenges a share of right results",
        information: "what everybody sees",
        focus: Focus::Validators,
        choices: &[share("validators.focal.grief")],
    },
];

/// Deviations that are known to pay, and what the rules assume instead; a test measures that they
/// are seen.
#[cfg(test)]
pub(super) const ASSUMED: &[Entry] = &[Entry {
    id: "season-of-copies",
    labels: &["C12"],
    about: "a validator copies a share of its audits instead of working",
    information: "what the provider would tell it",
    focus: Focus::Validators,
    choices: &[share("validators.focal.laxity")],
}];
