//! What a program is, as far as linking must know: read once, after the validator.

use earnest_compute::paged::program::features;
use wasmparser::{
    DataKind, ExternalKind, FuncType, Imports, MemoryType, Operator, Parser, Payload, TypeRef,
    Validator,
};

use super::{LinkRejected, MEMORY_PAGES_MAX, PROGRAM_BYTES_MAX, REGION_PAGES};

const PAGE: u64 = 64 * 1024;

/// The facts.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) types: Vec<FuncType>,
    /// Names and types of the imported functions, in order.
    pub(super) imports: Vec<(String, u32)>,
    /// Types of the functions that the program defines.
    pub(super) functions: Vec<u32>,
    pub(super) global_count: u32,
    pub(super) memory_pages: u64,
    pub(super) memory_pages_max: Option<u64>,
    pub(super) start: Option<u32>,
}

pub(super) const WASI: &str = "wasi_snapshot_preview1";

pub(super) fn invalid(error: &wasmparser::Error) -> LinkRejected {
    let reason = error.message().to_owned();
    LinkRejected::Invalid { offset: u64::try_from(error.offset()).unwrap_or(u64::MAX), reason }
}

impl Program {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, LinkRejected> {
        if PROGRAM_BYTES_MAX < bytes.len() {
            return Err(LinkRejected::TooLong { length: bytes.len(), limit: PROGRAM_BYTES_MAX });
        }
        if !bytes.starts_with(b"\0asm") {
            return Err(LinkRejected::NotWebAssembly);
        }
        let valid = Validator::new_with_features(features()).validate_all(bytes);
        valid.map_err(|error| invalid(&error))?;
        let mut program = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(|error| invalid(&error))?;
            program.take(&payload)?;
        }
        let starts = program.start.and_then(|start| program.function_type(start));
        if starts.is_none_or(|kind| !kind.params().is_empty() || !kind.results().is_empty()) {
            return Err(LinkRejected::NoStart);
        }
        Ok(program)
    }

    /// The type of a function by its index in the program.
    fn function_type(&self, index: u32) -> Option<&FuncType> {
        let index = usize::try_from(index).ok()?;
        let kind = match index.checked_sub(self.imports.len()) {
            None => self.imports.get(index)?.1,
            Some(own) => *self.functions.get(own)?,
        };
        self.types.get(usize::try_from(kind).ok()?)
    }

    fn take(&mut self, payload: &Payload<'_>) -> Result<(), LinkRejected> {
        let bad = |error: wasmparser::Error| invalid(&error);
        match payload {
            Payload::TypeSection(types) => {
                for kind in types.clone().into_iter_err_on_gc_types() {
                    self.types.push(kind.map_err(bad)?);
                }
            }
            Payload::ImportSection(imports) => {
                for group in imports.clone() {
                    self.take_imports(group.map_err(bad)?)?;
                }
            }
            Payload::FunctionSection(functions) => {
                for kind in functions.clone() {
                    self.functions.push(kind.map_err(bad)?);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    self.take_memory(&memory.map_err(bad)?)?;
                }
            }
            Payload::GlobalSection(globals) => self.global_count = globals.count(),
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let export = export.map_err(bad)?;
                    if export.name == "_start" && export.kind == ExternalKind::Func {
                        self.start = Some(export.index);
                    }
                }
            }
            Payload::StartSection { .. } => return Err(LinkRejected::HasStart),
            Payload::DataSection(segments) => {
                for segment in segments.clone() {
                    self.check_data(&segment.map_err(bad)?)?;
                }
            }
            Payload::CodeSectionStart { .. } | Payload::End(_) if self.memory_pages == 0 => {
                return Err(LinkRejected::NoMemory);
            }
            _ => {}
        }
        Ok(())
    }

    fn take_imports(&mut self, group: Imports<'_>) -> Result<(), LinkRejected> {
        for import in group {
            let (_, import) = import.map_err(|error| invalid(&error))?;
            match import.ty {
                TypeRef::Func(kind) if import.module == WASI => {
                    self.imports.push((import.name.to_owned(), kind));
                }
                _ => {
                    let (module, name) = (import.module.to_owned(), import.name.to_owned());
                    return Err(LinkRejected::Import { module, name });
                }
            }
        }
        Ok(())
    }

    fn take_memory(&mut self, memory: &MemoryType) -> Result<(), LinkRejected> {
        let limit = MEMORY_PAGES_MAX - REGION_PAGES;
        if limit < memory.initial {
            return Err(LinkRejected::MemoryTooLarge { pages: memory.initial, limit });
        }
        self.memory_pages = memory.initial;
        self.memory_pages_max = memory.maximum;
        Ok(())
    }

    /// Refuses what would trap before the program begins, but would now lie in the region.
    fn check_data(&self, segment: &wasmparser::Data<'_>) -> Result<(), LinkRejected> {
        let DataKind::Active { offset_expr, .. } = &segment.kind else { return Ok(()) };
        let first = offset_expr.get_operators_reader().read();
        let Operator::I32Const { value } = first.map_err(|error| invalid(&error))? else {
            return Ok(());
        };
        let length = u64::try_from(segment.data.len()).unwrap_or(u64::MAX);
        let end = u64::from(value.cast_unsigned()).saturating_add(length);
        let bytes = self.memory_pages * PAGE;
        if bytes < end {
            return Err(LinkRejected::DataOutside { end, bytes });
        }
        Ok(())
    }
}
