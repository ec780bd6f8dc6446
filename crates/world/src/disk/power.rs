//! How a run of the process ends: killed, or with the machine.
//!
//! Law: a killed process loses nothing that it wrote; a cut loses any part of what was not flushed.

use super::{
    Disk, Inside, Plan,
    files::{Luck, Name, Place},
};

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The process ends; the machine goes on.
    Process,
    /// The power goes.
    Power,
}

impl Disk {
    /// Ends this run: every handle is dead from here on, and nothing fails any more.
    pub fn end_run(&self, cut: Cut) {
        let mut inside = self.inside();
        inside.run = inside.run.saturating_add(1);
        (inside.done, inside.is_off) = (0, false);
        inside.plan = Plan { is_without_hold: inside.plan.is_without_hold, ..Plan::default() };
        match cut {
            Cut::Process => inside.files.values_mut().for_each(super::files::Bytes::forget_process),
            Cut::Power => inside.cut(),
        }
    }
}

impl Inside {
    fn cut(&mut self) {
        let mut draws = self.draws.fork();
        self.files.values_mut().for_each(|file| file.cut(&mut draws));
        let names = std::mem::take(&mut self.names);
        let chosen = Luck::drawn(&mut draws).choose(names.len(), &mut draws);
        for (name, is_kept) in names.into_iter().zip(chosen) {
            if is_kept {
                self.keep_name(name);
            }
        }
        self.drop_orphans();
        self.seen.clone_from(&self.kept);
        let named: Vec<u64> = self.seen.values().filter_map(number).collect();
        self.files.retain(|file, _| named.contains(file));
    }

    pub(super) fn keep_name(&mut self, name: Name) {
        match name {
            Name::Given { path, place } => {
                self.kept.insert(path, place);
            }
            Name::Taken { path } => {
                self.kept.remove(&path);
            }
            Name::Moved { from, to, place } => {
                // Only if the old name still stands for this very file.
                if self.kept.get(&from) == Some(&place) {
                    self.kept.remove(&from);
                }
                self.kept.insert(to, place);
            }
        }
    }

    /// What is in a folder whose own name was not kept is found no more.
    fn drop_orphans(&mut self) {
        loop {
            let names = &self.kept;
            let is_orphan = |path: &std::path::PathBuf| {
                path.parent().is_some_and(|parent| !names.contains_key(parent))
            };
            let orphans: Vec<_> = names.keys().filter(|path| is_orphan(path)).cloned().collect();
            if orphans.is_empty() {
                return;
            }
            self.kept.retain(|path, _| !orphans.contains(path));
        }
    }
}

fn number(place: &Place) -> Option<u64> {
    match place {
        Place::File(number) => Some(*number),
        Place::Folder => None,
    }
}
