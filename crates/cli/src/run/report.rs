//! What a dry run is shown as: one JSON object, and lines for people made from it.
//!
//! Law: both say the same; what people read is printed from the object that programs get.

use earnest_worker::{
    sandbox::{Admitted, Digest, Status, Task, admission, checkpoint},
    trial::{Engine, Trial, first_difference},
};
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    output::out,
    show,
    text::{count, wrap},
};

/// Bytes of the output that a person is shown.
const SHOWN_BYTES: usize = 32;

/// What both engines made of one task.
pub struct Both<'a> {
    pub module: &'a [u8],
    pub admitted: &'a Admitted,
    pub task: &'a Task,
    pub compiled: &'a Trial,
    pub referee: &'a Trial,
}

/// Whether the two engines were compared, and with what outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// Every state, and the gas of every step, is the same.
    Agree,
    /// This leaf is the first that differs.
    DisagreeAt(u64),
    /// The compiler gave up, so the interpreter came to both results.
    NotCompared,
}

impl Both<'_> {
    pub fn agreement(&self) -> Agreement {
        if self.compiled.engine == Engine::GaveUp {
            return Agreement::NotCompared;
        }
        match first_difference(self.compiled, self.referee) {
            None => Agreement::Agree,
            Some(at) => Agreement::DisagreeAt(at),
        }
    }

    /// How the program stopped before its last step, in words; `None` if it did not.
    pub fn stopped(&self) -> Option<String> {
        let step = |at| if at == 0 { "`init`".to_owned() } else { format!("step {at}") };
        match self.compiled.last.status {
            Status::Running => None,
            Status::Halted { at } => {
                let bound = self.task.gas_bound;
                Some(format!("the gas bound of {bound} is spent in {}", step(at)))
            }
            Status::Fault { at } => {
                let why = self.compiled.why.or(self.referee.why);
                let why = why.map_or("it is a fault".into(), |why| why.words(self.module));
                Some(format!("{} {why}", step(at)))
            }
        }
    }

    fn stop_value(&self) -> Value {
        let kind = match self.compiled.last.status {
            Status::Running => return Value::Null,
            Status::Halted { .. } => "gas-bound",
            Status::Fault { .. } => self.compiled.why.map_or("fault", |why| why.cause.code()),
        };
        let function = self.compiled.why.and_then(|why| why.function);
        let names = admission::function_names(self.module);
        json!({
            "step": self.compiled.stopped_at(),
            "cause": kind,
            "function": function,
            "function_name": function.and_then(|index| names.get(&index)),
            "detail": self.stopped(),
        })
    }

    /// Everything, as programs get it: gas and bytes as numbers, times in milliseconds.
    pub fn value(&self, quote: Value) -> Value {
        let run = self.compiled;
        let worst = run.gas.iter().skip(1).max().copied().unwrap_or(0);
        let referee_micros = u128::from(worst.max(run.gas.first().copied().unwrap_or(0)))
            * u128::from(admission::REFEREE_PICOS_PER_GAS)
            / 1_000_000;
        let output = (run.last.status == Status::Running)
            .then(|| hex(checkpoint::state_hash(&run.last.state)));
        let root =
            |run: &Trial| checkpoint::Tree::build(run.leaves.clone()).map(|tree| hex(tree.root()));
        let (compared, difference) = match self.agreement() {
            Agreement::Agree => (json!(true), Value::Null),
            Agreement::DisagreeAt(at) => (json!(false), json!(at)),
            Agreement::NotCompared => (Value::Null, Value::Null),
        };
        json!({
            "program": hex(Digest::of_program(self.module)),
            "module_bytes": self.module.len(),
            "memory_bytes": self.admitted.memory_bytes(),
            "state_bytes_max": run.state_bytes_max,
            "steps": self.task.steps,
            "steps_run": run.gas.len().saturating_sub(1),
            "output": output,
            "output_bytes": run.last.state.len(),
            "stopped": self.stop_value(),
            "gas": gas_by_step(&run.gas),
            "engines": {
                "agree": compared,
                "first_difference": difference,
                "compiled": time(run, root(run)),
                "referee": time(self.referee, root(self.referee)),
            },
            "verification": {
                "leaves": self.task.steps.saturating_add(1),
                "dispute_rounds": checkpoint::depth(self.task.steps),
                "referee_micros_at_most": u64::try_from(referee_micros).unwrap_or(u64::MAX),
                "quote": quote,
            },
        })
    }
}

/// As the rules' digests are written.
fn hex(digest: Digest) -> String {
    earnest_protocol::Digest(digest.0).to_string()
}

fn time(run: &Trial, root: Option<String>) -> Value {
    let millis = |time: std::time::Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    json!({
        "gave_up": run.engine == Engine::GaveUp,
        "root": root,
        "start_millis": millis(run.starting),
        "steps_millis": millis(run.stepping),
    })
}

fn gas_by_step(gas: &[u64]) -> Value {
    let steps = gas.get(1..).unwrap_or_default();
    let mut sorted = steps.to_vec();
    sorted.sort_unstable();
    let worst = steps.iter().copied().max();
    let at = worst.and_then(|most| steps.iter().position(|gas| *gas == most)).map(|at| at + 1);
    json!({
        "init": gas.first(),
        "step_min": sorted.first(),
        "step_median": sorted.get(sorted.len() / 2),
        "step_worst": worst,
        "worst_step": at,
        "total": gas.iter().fold(0u64, |sum, gas| sum.saturating_add(*gas)),
    })
}

/// The lines for a person.
pub fn print(value: &Value, output: &[u8], quote_words: &str) -> Result<(), Failure> {
    let shown = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (gas, engines, verification) = (&value["gas"], &value["engines"], &value["verification"]);
    row("program", shown(&value["program"]))?;
    row("", format!("{} bytes", value["module_bytes"]))?;
    row("steps", format!("{} of {} ended well", value["steps_run"], value["steps"]))?;
    match value["stopped"]["detail"].as_str() {
        Some(detail) => row("stopped", detail.to_owned())?,
        None => {
            let (hash, bytes) = (shown(&value["output"]), &value["output_bytes"]);
            row("output", hash)?;
            let head: String =
                output.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect();
            let more = if SHOWN_BYTES < output.len() { " …" } else { "" };
            row("", format!("{bytes} bytes"))?;
            row("", format!("{head}{more}"))?;
        }
    }
    let step = match &gas["worst_step"] {
        Value::Null => String::new(),
        worst => format!(
            "; a step {} at least, {} median, {} at most (step {worst})",
            gas["step_min"], gas["step_median"], gas["step_worst"]
        ),
    };
    row("gas", format!("{} in all; init {}{step}", gas["total"], shown(&gas["init"])))?;
    let (memory, longest) = (&value["memory_bytes"], &value["state_bytes_max"]);
    row("memory", format!("{memory} bytes, fixed; the longest state has {longest} bytes"))?;
    for (name, run) in [("compiled", &engines["compiled"]), ("referee", &engines["referee"])] {
        let [start, steps, root] =
            ["start_millis", "steps_millis", "root"].map(|of| shown(&run[of]));
        row(name, format!("{start} ms to start, {steps} ms for the steps, root {root}"))?;
    }
    match (&engines["agree"], &engines["first_difference"]) {
        (Value::Bool(true), _) => row("", "the engines agree about every step".to_owned())?,
        (Value::Bool(false), at) => row("", format!("the engines DISAGREE from step {at} on"))?,
        _ => row("", "not compared: the compiler gave up, the interpreter went on".to_owned())?,
    }
    let (leaves, micros) = (&verification["leaves"], &verification["referee_micros_at_most"]);
    let rounds = count(verification["dispute_rounds"].as_u64().unwrap_or(0), "round");
    let judged = format!("a step takes the referee {micros} µs at most");
    row("verify", format!("{leaves} leaves, at most {rounds} of dispute; {judged}"))?;
    out!("{quote_words}")
}

/// A line of the report, or more if it is too wide: its words go on below themselves.
fn row(name: &str, words: String) -> Result<(), Failure> {
    const LEFT: usize = 10;
    let words = wrap(&words, show::width().saturating_sub(LEFT)).join(&format!("\n{:LEFT$}", ""));
    out!("{name:<LEFT$}{words}")
}
