//! Detours around a fault of the interpreter.
//!
//! wasmi 2.0.0 takes a comparison with zero (`i32.eqz`, or `i32.eq` and `i32.ne` with 0) and the
//! `select` behind it together. If what is compared lies in a local, it drops the comparison and
//! reads the condition from a register that nobody has set. The compiler does not, so an honest
//! result would be refuted; what is read hangs on what ran before. Here the condition of each
//! `select` is compared once more, by a comparison that is not taken together with anything.
//!
//! What it does with parameters of blocks is worse: beside values in registers some are mixed up,
//! in one of sixty functions that have such blocks. No stock compiler makes any, so modules with
//! them are refused (`takes_parameters`).
//!
//! Laws: the module does what it did, in every engine; a function of the bytes alone, linear in
//! them. Gas and ticks are counted before.
//! Not here: which modules may be run (`admission`, `paged::program`).

use std::borrow::Cow;

use wasm_encoder::{CodeSection, Module, RawSection};
use wasmparser::{
    BinaryReaderError, BlockType, CompositeInnerType, FunctionBody, Operator, Parser, Payload,
    WasmModuleResources,
};

/// `i32.const 0`, `i32.gt_u`: 1 for whatever is not 0.
const IS_NOT_ZERO: [u8; 3] = [0x41, 0x00, 0x4b];

/// The module in which no `select` stands directly behind a comparison with zero; without custom
/// sections.
///
/// # Errors
/// If it is none.
pub fn around_fused_selects(code: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let (mut out, mut bodies, mut left) = (Module::new(), CodeSection::new(), 0);
    for payload in Parser::new(0).parse_all(code) {
        match payload? {
            Payload::CodeSectionStart { count, .. } => left = count,
            Payload::CodeSectionEntry(body) => {
                bodies.raw(&detoured(&body)?);
                left -= 1;
                if left == 0 {
                    out.section(&bodies);
                }
            }
            Payload::CustomSection(_) => {}
            other => {
                if let Some((id, range)) = other.as_section() {
                    out.section(&RawSection { id, data: &code[range] });
                }
            }
        }
    }
    Ok(out.finish())
}

/// How a block is called that takes parameters; none of any other operator. The operator is valid.
pub(crate) fn takes_parameters(
    types: &impl WasmModuleResources,
    operator: &Operator<'_>,
) -> Option<&'static str> {
    let (blockty, name) = match operator {
        Operator::Block { blockty } => (blockty, "a block with parameters"),
        Operator::Loop { blockty } => (blockty, "a loop with parameters"),
        Operator::If { blockty } => (blockty, "an if with parameters"),
        _ => return None,
    };
    let BlockType::FuncType(index) = blockty else { return None };
    match &types.sub_type_at(*index)?.composite_type.inner {
        CompositeInnerType::Func(ty) => (!ty.params().is_empty()).then_some(name),
        _ => None,
    }
}

fn detoured<'a>(body: &FunctionBody<'a>) -> Result<Cow<'a, [u8]>, BinaryReaderError> {
    let (bytes, start) = (body.as_bytes(), body.range().start);
    let (mut out, mut taken) = (Vec::new(), 0);
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let (operator, at) = operators.read_with_offset()?;
        if matches!(operator, Operator::Select | Operator::TypedSelect { .. }) {
            out.extend_from_slice(&bytes[taken..at - start]);
            out.extend_from_slice(&IS_NOT_ZERO);
            taken = at - start;
        }
    }
    if taken == 0 {
        return Ok(Cow::Borrowed(bytes));
    }
    out.extend_from_slice(&bytes[taken..]);
    Ok(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bodies with a parameter `$y`, and what they give for 3, 0, 5 and 0.
    const STORIES: [(&str, [i32; 4]); 9] = [
        ("i32.const 1 local.get 0 local.get 0 i32.eqz select", [3, 1, 5, 1]),
        ("i32.const 1 local.get 0 local.get 0 i32.const 0 i32.eq select", [3, 1, 5, 1]),
        ("i32.const 1 local.get 0 i32.const 0 local.get 0 i32.eq select", [3, 1, 5, 1]),
        ("local.get 0 i32.const 1 local.get 0 i32.eqz select", [1, 0, 1, 0]),
        ("i32.const 1 local.get 0 local.get 0 i32.const 0 i32.ne select", [1, 0, 1, 0]),
        ("i32.const 1 i32.const 2 local.get 0 i32.eqz select", [2, 1, 2, 1]),
        ("i32.const 1 i32.const 2 local.get 0 i32.eqz i32.eqz select", [1, 2, 1, 2]),
        ("i32.const 1 i32.const 2 local.get 0 i32.eqz nop select (result i32)", [2, 1, 2, 1]),
        ("i32.const 1 i32.const 2 local.get 0 select", [1, 2, 1, 2]),
    ];

    fn said(code: &[u8]) -> [i32; 4] {
        let engine = wasmi::Engine::default();
        let module = wasmi::Module::new(&engine, code).expect("valid");
        let mut store = wasmi::Store::new(&engine, ());
        let instance = wasmi::Instance::new(&mut store, &module, &[]).expect("no imports");
        let all = instance.get_typed_func::<(), (i32, i32, i32, i32)>(&store, "all");
        all.expect("exported").call(&mut store, ()).expect("no traps").into()
    }

    fn module(body: &str) -> Vec<u8> {
        let text = format!(
            r#"(module (func $f (param i32) (result i32) {body})
                 (func (export "all") (result i32 i32 i32 i32)
                   (call $f (i32.const 3)) (call $f (i32.const 0))
                   (call $f (i32.const 5)) (call $f (i32.const 0))))"#
        );
        wat::parse_str(text).expect("the test's text is sound")
    }

    #[test]
    fn what_is_selected_is_what_the_condition_says() {
        for (body, expected) in STORIES {
            let code = around_fused_selects(&module(body)).expect("a module");
            assert_eq!(said(&code), expected, "{body}");
        }
    }

    /// Once this fails the interpreter is mended, and this file can go.
    #[test]
    fn without_a_detour_the_interpreter_is_wrong() {
        assert!(STORIES.iter().any(|(body, expected)| said(&module(body)) != *expected));
    }

    #[test]
    fn all_but_code_stays() {
        let text = r#"(module (memory (export "memory") 1) (global (mut i32) (i32.const 3))
            (table 2 funcref) (elem (i32.const 0) 0) (data (i32.const 9) "bytes")
            (func (export "f") (param i64) (result i64) local.get 0))"#;
        let code = wat::parse_str(text).expect("sound");
        assert_eq!(around_fused_selects(&code).expect("a module"), code);
        let empty = wat::parse_str("(module)").expect("sound");
        assert_eq!(around_fused_selects(&empty).expect("a module"), empty);
    }
}
