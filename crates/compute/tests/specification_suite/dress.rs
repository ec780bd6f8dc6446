//! A guest interface for a module that has none: functions, exports and a memory behind its own, so
//! that no index of its own changes. A memory that could grow is fixed at its least size.

use std::collections::BTreeMap;

use wasm_encoder::Encode;

const TYPES: u8 = 1;
const IMPORTS: u8 = 2;
const FUNCTIONS: u8 = 3;
const MEMORIES: u8 = 5;
const EXPORTS: u8 = 7;
const CODE: u8 = 10;
/// Sections as a module has them, custom ones left out.
const ORDER: [u8; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

/// The dressed module; none if the bytes are no sections at all. Imports stay, to be refused.
pub(crate) fn dress(module: &[u8]) -> Option<Vec<u8>> {
    let mut sections = sections(module)?;
    let imports = sections.get(&IMPORTS).map_or(Some(0), |bytes| count(bytes))?;
    let types = sections.get(&TYPES).map_or(Some(0), |bytes| count(bytes))?;
    let functions = sections.get(&FUNCTIONS).map_or(Some(0), |bytes| count(bytes))?;
    // () -> i32, and (i64, i32) -> i32.
    append(&mut sections, TYPES, 2, &[0x60, 0, 1, 0x7f, 0x60, 2, 0x7e, 0x7f, 1, 0x7f])?;
    let mut of_types = Vec::new();
    [types, types, types, types, types + 1].iter().for_each(|index| index.encode(&mut of_types));
    append(&mut sections, FUNCTIONS, 5, &of_types)?;
    // Each: no locals, i32.const 0, end.
    let body = [4, 0, 0x41, 0, 0x0b];
    append(&mut sections, CODE, 5, &body.repeat(5))?;
    fix_memory(&mut sections)?;
    let own = sections.get(&EXPORTS).cloned().unwrap_or_default();
    let mut exports = Vec::new();
    let mut added = 0;
    for (index, name) in (0u32..).zip(["state", "state_len", "input", "init", "step"]) {
        name.encode(&mut exports);
        exports.push(0);
        (imports + functions + index).encode(&mut exports);
        added += 1;
    }
    let mut named = Vec::new();
    "memory".encode(&mut named);
    if !own.windows(named.len()).any(|window| window == named) {
        exports.extend(named);
        exports.extend([2, 0]);
        added += 1;
    }
    append(&mut sections, EXPORTS, added, &exports)?;
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    for id in ORDER {
        if let Some(content) = sections.get(&id) {
            bytes.push(id);
            content.as_slice().encode(&mut bytes);
        }
    }
    Some(bytes)
}

fn sections(module: &[u8]) -> Option<BTreeMap<u8, Vec<u8>>> {
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0")?;
    let mut sections = BTreeMap::new();
    while let Some((id, after)) = rest.split_first() {
        let (length, after) = number(after)?;
        let length = usize::try_from(length).ok()?;
        let content = after.get(..length)?;
        if *id != 0 {
            sections.insert(*id, content.to_vec());
        }
        rest = after.get(length..)?;
    }
    Some(sections)
}

/// An unsigned LEB128 number and what follows it.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0u64;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(value).ok()?, bytes.get(place + 1..)?));
        }
    }
    None
}

fn count(section: &[u8]) -> Option<u32> {
    number(section).map(|(count, _)| count)
}

fn append(sections: &mut BTreeMap<u8, Vec<u8>>, id: u8, more: u32, entries: &[u8]) -> Option<()> {
    let section = sections.entry(id).or_insert_with(|| vec![0]);
    let (count, own) = number(section)?;
    let mut written = Vec::new();
    (count + more).encode(&mut written);
    written.extend_from_slice(own);
    written.extend_from_slice(entries);
    *section = written;
    Some(())
}

fn fix_memory(sections: &mut BTreeMap<u8, Vec<u8>>) -> Option<()> {
    let own = sections.get(&MEMORIES).filter(|section| count(section) != Some(0));
    let pages = match own {
        None => 1,
        Some(section) => {
            let (_, after) = number(section)?;
            let (flags, after) = after.split_first()?;
            // Shared and 64-bit memories stay as they are, to be refused.
            if 1 < *flags {
                return Some(());
            }
            number(after)?.0
        }
    };
    let mut section = vec![1, 1];
    pages.encode(&mut section);
    pages.encode(&mut section);
    sections.insert(MEMORIES, section);
    Some(())
}
