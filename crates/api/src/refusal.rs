//! Refusals: a rule's "no", for programs and for people.
//!
//! Law: the code follows from the refusal's own name and is the same in receipts, problems, the
//! command line and the dashboard; the detail shows both numbers; the hint says what to do next.
//! Not here: the sentences (`explain`), HTTP (`problem`).

use core::fmt;

use earnest_keys::SignatureRejected;
use earnest_protocol::{
    BlockRejected, Rejected, TransactionRejected, genesis::GenesisRejected, params::Violation,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::explain;

/// Why a rule said no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable name, such as `bond/exceeds-free`.
    pub code: String,
    /// What is wrong, in one sentence with both numbers.
    pub detail: String,
    /// What to do next.
    pub hint: String,
    /// The numbers of the detail, amounts as decimal strings of base units; of parameters the list
    /// of all that is wrong with them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]. {}", self.detail.trim_end_matches('.'), self.code, self.hint)
    }
}

impl Refusal {
    /// True if the code is `code` or begins with it and a slash.
    pub fn is(&self, code: &str) -> bool {
        self.code.strip_prefix(code).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn build(prefix: &str, rejected: &impl Serialize, (detail, hint): (String, &str)) -> Refusal {
        let value = serde_json::to_value(rejected).expect("refusals have string keys only");
        let (path, fields) = code_and_fields(value);
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Refusal { code: format!("{prefix}{path}"), detail, hint: hint.to_owned(), fields }
    }
}

/// One thing that is wrong with parameters: its name, its sentence and its numbers.
fn violation(violation: &Violation) -> Value {
    let value = serde_json::to_value(violation).expect("violations have string keys only");
    let (code, mut fields) = code_and_fields(value);
    fields.insert("code".to_owned(), code.into());
    fields.insert("detail".to_owned(), violation.to_string().into());
    Value::Object(fields)
}

/// Variants that hold another refusal, not fields.
const HOLDERS: [&str; 1] = ["no-quote"];

/// The names of nested variants joined by slashes, and the fields of the innermost.
fn code_and_fields(value: Value) -> (String, Map<String, Value>) {
    let mut path = String::new();
    let mut rest = value;
    let mut depth = 0;
    loop {
        let holds = depth == 0 || HOLDERS.iter().any(|name| path.ends_with(name));
        match rest {
            Value::String(name) if holds => return (join(path, &name), Map::new()),
            Value::Object(mut map) if holds && map.len() == 1 => {
                let (name, inner) = map.iter_mut().next().expect("just counted");
                path = join(path, name);
                rest = inner.take();
            }
            Value::Object(fields) => return (path, fields),
            _ => return (path, Map::new()),
        }
        depth += 1;
    }
}

fn join(path: String, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Refusal {
        Refusal::from(&rejected)
    }
}

impl From<&Rejected> for Refusal {
    fn from(rejected: &Rejected) -> Refusal {
        let value = serde_json::to_value(rejected).expect("refusals have string keys only");
        // The outer name is the command's; what it holds is the refusal proper.
        let (command, inner) = match value {
            Value::Object(map) => map.into_iter().next().unwrap_or_default(),
            other => (String::new(), other),
        };
        Refusal::build(&command, &inner, explain::rejected(rejected))
    }
}

impl From<TransactionRejected> for Refusal {
    fn from(rejected: TransactionRejected) -> Refusal {
        Refusal::from(&Rejected::Transaction(rejected))
    }
}

impl From<BlockRejected> for Refusal {
    fn from(rejected: BlockRejected) -> Refusal {
        Refusal::build("block", &rejected, explain::block(rejected))
    }
}

impl From<&GenesisRejected> for Refusal {
    fn from(rejected: &GenesisRejected) -> Refusal {
        let mut refusal = Refusal::build("genesis", rejected, explain::genesis(rejected));
        if let GenesisRejected::Params(rejected) = rejected {
            let violations = rejected.violations.iter().map(violation).collect();
            refusal.fields.insert("violations".to_owned(), Value::Array(violations));
        }
        refusal
    }
}

impl From<SignatureRejected> for Refusal {
    fn from(rejected: SignatureRejected) -> Refusal {
        let hint = "Sign with an Ethereum wallet or `earnest`; both use the accepted form.";
        Refusal::build("signature", &rejected, (rejected.to_string(), hint))
    }
}
