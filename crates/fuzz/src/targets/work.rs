//! Work: programs, evidence about a step, and the pipes to the process that runs a job.

use std::{
    io::{self, Cursor, Write},
    time::Duration,
};

use earnest_compute::{
    Digest, EngineKind, Input, Machine, Runner, Task, admit,
    bisection::{OutputProof, StepEvidence, build_evidence, verify_output},
    guests,
    runner::{Request, read_reply, serve, write_request},
    trace::Keep,
};

use super::{Outcome, Target, keeps};

/// A step in the interpreter, and room for a machine that does other work.
const STEP: Duration = Duration::from_secs(5);
/// Gas of a step: a few milliseconds.
const STEP_GAS: u64 = 400_000;
/// Most bytes that a run may answer with, so that one with very many steps ends.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

fn task(module: &[u8], input: &Input) -> Task {
    Task {
        program: Digest::of_program(module),
        input_root: input.root(),
        chunk_count: input.count(),
        steps: 2,
        seed: Digest([7; 32]),
        step_gas_max: STEP_GAS,
        gas_bound: 1 << 30,
    }
}

fn no_input() -> Input {
    Input::new(Vec::new()).expect("nothing is within every limit")
}

/// What is admitted can be loaded and run; what is run ends by its gas.
pub(super) fn admission() -> Target<'static> {
    Target {
        name: "admission",
        seeds: guests::all().iter().map(|guest| guest.module.to_vec()).collect(),
        law: Box::new(|input| {
            let Ok(admitted) = admit(input) else { return Outcome::Refused };
            let machine = Machine::new(EngineKind::Wasmi, &admitted).expect("admitted, so loaded");
            let (task, nothing) = (task(input, &no_input()), no_input());
            let run = Runner::new(&machine, &task, &nothing).run_all(Keep::default(), |_| {});
            run.expect("the engine has what an admitted program needs");
            Outcome::Taken
        }),
        time_most: STEP,
    }
}

/// A short honest run's evidence, and the proof of its output.
pub(super) fn evidence() -> Target<'static> {
    let guest = guests::by_name("nbody").expect("shipped");
    let (module, input) = (guest.module.to_vec(), guest.input());
    let task = Task { steps: 3, ..guest.task(Digest([7; 32])) };
    let admitted = admit(&module).expect("shipped");
    let machine = Machine::new(EngineKind::Wasmi, &admitted).expect("shipped");
    let runner = Runner::new(&machine, &task, &input);
    let trace = runner.run_all(Keep::default(), |_| {}).expect("it runs");
    let before = runner.run(None, 2, |_, _| {}).expect("it runs");
    let step = build_evidence(&module, &input, &trace.tree, Some(&before), &trace.last);
    let step = step.expect("the run has it").encode();
    let chunk = input.chunk_hash_of_step(3);
    let output = OutputProof::new(&trace.tree, &trace.last, chunk).expect("the last").encode();
    let root = trace.tree.root();
    Target {
        name: "evidence",
        seeds: vec![step, output],
        law: Box::new(move |input| {
            let proved = verify_output(&task, &root, input).is_some();
            let read = keeps(
                input,
                |bytes| StepEvidence::decode(bytes).ok(),
                |evidence| Ok::<_, std::convert::Infallible>(evidence.encode()),
            );
            if proved { Outcome::Taken } else { read }
        }),
        time_most: STEP,
    }
}

/// Both ends of the pipe read the same bytes.
pub(super) fn runner() -> Target<'static> {
    let guest = guests::by_name("nbody").expect("shipped");
    let (module, task) = (guest.module.to_vec(), guest.task(Digest([7; 32])));
    let request = Request {
        module,
        task: Task { steps: 3, ..task },
        engine: EngineKind::Wasmi,
        start: None,
        to: 3,
        keep_interval: 1,
        keep_indices: vec![1, 2],
        on_fault: earnest_compute::runner::OnFault::Explain,
    };
    let mut asked = Vec::new();
    write_request(&mut asked, &request, &guest.chunks).expect("into memory");
    let mut answered = Vec::new();
    serve(Cursor::new(&asked), &mut answered).expect("a whole request");
    Target {
        name: "runner",
        seeds: vec![asked, answered],
        law: Box::new(|input| {
            let served = serve(Cursor::new(input), Bounded(ANSWER_BYTES_MAX)).is_ok();
            let mut replies = Cursor::new(input);
            let read = matches!(read_reply(&mut replies), Ok(Some(_)));
            while let Ok(Some(_)) = read_reply(&mut replies) {}
            if served || read { Outcome::Taken } else { Outcome::Refused }
        }),
        // A damaged task may allow 16 million gas a step and more, and 256 leaves make a reply.
        time_most: Duration::from_secs(60),
    }
}

/// Takes so many bytes, then breaks, as a parent does that has heard enough.
pub(super) struct Bounded(pub(super) usize);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
