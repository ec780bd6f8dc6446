//! What a module calls its functions: for messages, never for a rule.
//!
//! Law: reads only what a message needs, after the verdict; a module whose names are damaged or
//! absent has none, and nothing else changes. Names are strangers' text: cut to
//! [`NAME_CHARACTERS_MAX`] and escaped where they are shown.
//! Known shortcomings: names are shown as the compiler wrote them, not demangled.

use std::collections::BTreeMap;
use std::fmt;

use wasmparser::{ExternalKind, KnownCustom, Name, Parser, Payload};

/// Most characters of a name that are kept.
pub const NAME_CHARACTERS_MAX: usize = 80;

/// A function of a module, as a message names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionName {
    /// Its index, from 0 in the module's order.
    pub index: u32,
    /// Its name in the name section, else the one that it is exported under.
    pub name: Option<String>,
}

impl From<u32> for FunctionName {
    fn from(index: u32) -> FunctionName {
        FunctionName { index, name: None }
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function {}", self.index)?;
        match &self.name {
            Some(name) => write!(f, " `{}`", name.escape_debug()),
            None => Ok(()),
        }
    }
}

/// At most [`NAME_CHARACTERS_MAX`] of it.
pub(super) fn cut(name: &str) -> String {
    name.chars().take(NAME_CHARACTERS_MAX).collect()
}

/// The names of a module's functions, by index.
pub fn function_names(module: &[u8]) -> BTreeMap<u32, String> {
    let (mut names, mut exported) = (BTreeMap::new(), BTreeMap::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload {
            Ok(Payload::ExportSection(exports)) => {
                let functions = exports.into_iter().flatten();
                for export in functions.filter(|export| export.kind == ExternalKind::Func) {
                    exported.entry(export.index).or_insert_with(|| cut(export.name));
                }
            }
            Ok(Payload::CustomSection(section)) => {
                let KnownCustom::Name(parts) = section.as_known() else { continue };
                for part in parts.into_iter().flatten() {
                    let Name::Function(map) = part else { continue };
                    names.extend(map.into_iter().flatten().map(|n| (n.index, cut(n.name))));
                }
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    exported.append(&mut names);
    exported
}

/// The function whose body holds the byte at `offset`.
pub(super) fn function_at(module: &[u8], offset: usize) -> Option<u32> {
    let bodies = Parser::new(0).parse_all(module).map_while(Result::ok);
    let bodies = bodies.filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some(body.range()),
        _ => None,
    });
    (0..).zip(bodies).find(|(_, range)| range.contains(&offset)).map(|(index, _)| index)
}
