//! The bodies of a module's functions: valid, within the limits, and without hidden state.

use wasmparser::{
    FuncValidator, FunctionBody, Operator, Parser, ValType, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

use super::{
    FUNCTION_BYTES_MAX, ITEM_COUNT_MAX, LOCAL_COUNT_MAX, NESTING_MAX, OPERAND_COUNT_MAX,
    ProgramRejected,
};
use crate::detour::takes_parameters;

/// The accepted language: what stock toolchains emit, and every engine here does alike. `GC_TYPES`
/// only names the type representation of the validator.
pub fn features() -> WasmFeatures {
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
            let validator = function.into_validator(allocations);
            allocations = measure(&body, validator)?.into_allocations();
        }
    }
    Ok(())
}

/// Validates one function; each limit is tested before the validator sets anything aside for it.
fn measure(
    body: &FunctionBody<'_>,
    mut validator: FuncValidator<ValidatorResources>,
) -> Result<FuncValidator<ValidatorResources>, ProgramRejected> {
    let length = body.as_bytes().len() as u64;
    within("bytes of a function", length, FUNCTION_BYTES_MAX as u64)?;
    let mut locals = u64::from(validator.len_locals());
    for group in body.get_locals_reader().map_err(invalid)? {
        let (count, kind) = group.map_err(invalid)?;
        if matches!(kind, ValType::Ref(_)) {
            return Err(ProgramRejected::HiddenState("a reference in a local"));
        }
        locals = locals.saturating_add(count.into());
        within("locals of a function", locals, LOCAL_COUNT_MAX.into())?;
    }
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader).map_err(invalid)?;
    let mut operators = body.get_operators_reader().map_err(invalid)?;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset().map_err(invalid)?;
        validator.op(offset, &operator).map_err(invalid)?;
        if let Some(name) = takes_parameters(validator.resources(), &operator) {
            return Err(ProgramRejected::Instruction(name));
        }
        if let Some(name) = hidden_state(&operator) {
            return Err(ProgramRejected::HiddenState(name));
        }
        let operands = u64::from(validator.operand_stack_height());
        within("operands of a function", operands, OPERAND_COUNT_MAX.into())?;
        let nesting = u64::from(validator.control_stack_height());
        within("nested blocks of a function", nesting, NESTING_MAX.into())?;
    }
    operators.finish().map_err(invalid)?;
    Ok(validator)
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
