//! The bodies of a module's functions: valid, within the limits, and without hidden state.

use wasmparser::{FunctionBody, Operator, Parser, ValidPayload, Validator, WasmFeatures};

use super::{FUNCTION_BYTES_MAX, ITEM_COUNT_MAX, LOCAL_COUNT_MAX, ProgramRejected};

/// The accepted language. `GC_TYPES` only names the type representation of the validator.
pub(super) fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::CALL_INDIRECT_OVERLONG
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::SIMD
        | WasmFeatures::FLOATS
        | WasmFeatures::GC_TYPES
}

pub(super) fn invalid(error: wasmparser::BinaryReaderError) -> ProgramRejected {
    ProgramRejected::Invalid(error.to_string())
}

pub(super) fn within(what: &'static str, count: u64, limit: u64) -> Result<(), ProgramRejected> {
    match count <= limit {
        true => Ok(()),
        false => Err(ProgramRejected::TooMany { what, count, limit }),
    }
}

/// Validates the whole module, and measures its functions before they are validated.
pub(super) fn check(bytes: &[u8]) -> Result<(), ProgramRejected> {
    let mut validator = Validator::new_with_features(features());
    let mut parser = Parser::new(0);
    parser.set_features(features());
    let mut bodies = 0u64;
    let mut allocations = wasmparser::FuncValidatorAllocations::default();
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        if let ValidPayload::Func(function, body) = validator.payload(&payload).map_err(invalid)? {
            bodies = bodies.saturating_add(1);
            within("functions", bodies, ITEM_COUNT_MAX.into())?;
            measure(&body)?;
            let mut validator = function.into_validator(allocations);
            validator.validate(&body).map_err(invalid)?;
            allocations = validator.into_allocations();
        }
    }
    Ok(())
}

fn measure(body: &FunctionBody<'_>) -> Result<(), ProgramRejected> {
    let length = body.as_bytes().len() as u64;
    within("bytes of a function", length, FUNCTION_BYTES_MAX as u64)?;
    let mut locals = 0u64;
    for group in body.get_locals_reader().map_err(invalid)? {
        let (count, _) = group.map_err(invalid)?;
        locals = locals.saturating_add(count.into());
        within("locals of a function", locals, LOCAL_COUNT_MAX.into())?;
    }
    let mut operators = body.get_operators_reader().map_err(invalid)?;
    while !operators.eof() {
        if let Some(name) = hidden_state(&operators.read().map_err(invalid)?) {
            return Err(ProgramRejected::HiddenState(name));
        }
    }
    Ok(())
}

fn hidden_state(operator: &Operator<'_>) -> Option<&'static str> {
    match operator {
        Operator::MemoryInit { .. } => Some("memory.init"),
        Operator::DataDrop { .. } => Some("data.drop"),
        Operator::TableInit { .. } => Some("table.init"),
        Operator::TableCopy { .. } => Some("table.copy"),
        Operator::ElemDrop { .. } => Some("elem.drop"),
        Operator::TableSet { .. } => Some("table.set"),
        Operator::TableGrow { .. } => Some("table.grow"),
        Operator::TableFill { .. } => Some("table.fill"),
        _ => None,
    }
}
