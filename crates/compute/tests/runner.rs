//! The child's conversation gives what a run in this process gives.

mod common;

use common::{counter, engines, guest, machine, small_input, task};
use earnest_compute::runner::{Failure, OnFault, Reply, Request, read_reply, serve, write_request};
use earnest_compute::trace::Keep;
use earnest_compute::{Checkpoint, Digest, EngineKind, Input, Runner, Status, Task};

fn converse(request: &Request, chunks: &[Vec<u8>]) -> Vec<Reply> {
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    write_request(&mut sent, request, chunks).expect("a vector takes all");
    serve(&sent[..], &mut received).expect("streams in memory");
    let mut reader = &received[..];
    std::iter::from_fn(|| read_reply(&mut reader).expect("well formed")).collect()
}

fn request(module: &[u8], task: &Task, engine: EngineKind) -> Request {
    Request {
        module: module.to_vec(),
        task: task.clone(),
        engine,
        start: None,
        to: task.steps,
        keep_interval: 100,
        keep_indices: vec![7],
        on_fault: OnFault::Stay,
    }
}

fn leaves(replies: &[Reply]) -> Vec<Digest> {
    let mut all: Vec<Digest> = Vec::new();
    for reply in replies {
        if let Reply::Leaves { first, digests } = reply {
            assert!(all.is_empty() || *first > 0);
            all.extend(digests);
        }
    }
    all
}

fn kept(replies: &[Reply]) -> Vec<&Checkpoint> {
    let mut all = Vec::new();
    for reply in replies {
        if let Reply::Kept(checkpoint) = reply {
            all.push(checkpoint);
        }
    }
    all
}

fn setting() -> (Vec<u8>, Input, Task) {
    let (module, input) = (counter(), small_input(3));
    let task = task(&module, &input, 600);
    (module, input, task)
}

#[test]
fn a_whole_run_and_a_resumed_one_give_the_same_leaves() {
    let (module, input, task) = setting();
    let machine = machine(EngineKind::Wasmi, &module);
    let trace =
        Runner::new(&machine, &task, &input).run_all(Keep::default(), |_| {}).expect("runs");
    for engine in engines() {
        let mut request = request(&module, &task, engine);
        let replies = converse(&request, input.chunks());
        assert_eq!(replies.first(), Some(&Reply::Engine(engine)));
        assert_eq!(leaves(&replies), trace.tree.leaves());
        let indices: Vec<u64> = kept(&replies).iter().map(|c| c.index).collect();
        assert_eq!(indices, [0, 7, 100, 200, 300, 400, 500, 600]);
        assert_eq!(replies.last(), Some(&Reply::Done(trace.last.clone())));

        request.start = Some(kept(&replies)[3].clone());
        let resumed = converse(&request, input.chunks());
        assert_eq!(leaves(&resumed), trace.tree.leaves()[201..]);

        // A test fault: the caller changes the state it resumes from.
        let mut wrong = kept(&replies)[3].clone();
        wrong.state[0] ^= 1;
        request.start = Some(wrong);
        assert_ne!(leaves(&converse(&request, input.chunks())), trace.tree.leaves()[201..]);
    }
}

#[test]
fn what_cannot_run_is_said_and_is_no_claim() {
    let (module, input, task) = setting();
    let request = request(&module, &task, EngineKind::Wasmi);
    let mut chunks = input.chunks().to_vec();
    chunks[1].push(0);
    let failed = |failure| [Reply::Failed(failure)];
    assert_eq!(converse(&request, &chunks), failed(Failure::OtherInput));
    let refused = Request { module: vec![0; 10], ..request.clone() };
    let [Reply::Failed(Failure::NotAdmitted(_))] = &converse(&refused, input.chunks())[..] else {
        panic!("not admitted")
    };
    let mut none = request.clone();
    none.task.steps = 0;
    let [Reply::Failed(Failure::TaskOutOfRange(_))] = &converse(&none, input.chunks())[..] else {
        panic!("out of range")
    };
    let beyond = Request { to: task.steps + 1, ..request };
    assert!(matches!(converse(&beyond, input.chunks()).last(), Some(Reply::Failed(_))));
}

#[test]
fn a_stack_deeper_than_the_compilers_falls_back_to_the_interpreter() {
    // The widest frames that admission lets pass, nearly as deep as the depth count lets calls go.
    let keep: String = (0..500).map(|i| format!("(v128.load (i32.const {})) ", i * 16)).collect();
    let deep = format!(
        "(func $f (param i32) (result v128) (local {})
           {keep}
           (if (local.get 0) (then (drop (call $f (i32.sub (local.get 0) (i32.const 1))))))
           {})",
        "v128 ".repeat(127),
        "v128.xor ".repeat(499)
    );
    let step = "(drop (call $f (i32.const 495))) i32.const 4";
    let module = guest(&deep, "i32.const 4", step);
    let input = small_input(1);
    let task = task(&module, &input, 2);
    for engine in engines() {
        let replies = converse(&request(&module, &task, engine), input.chunks());
        let Some(Reply::Done(last)) = replies.last() else { panic!("{replies:?}") };
        assert_eq!(last.status, Status::Running);
        assert!(replies.contains(&Reply::Engine(EngineKind::Wasmi)));
        assert_eq!(leaves(&replies).len(), 3);
    }
}

#[test]
fn a_compiled_step_is_checked_in_the_interpreter() {
    let (module, input, task) = setting();
    for engine in engines() {
        let replies = converse(&request(&module, &task, engine), input.chunks());
        let (referee, all) = (machine(EngineKind::Wasmi, &module), leaves(&replies));
        let runner = Runner::new(&referee, &task, &input);
        assert_eq!(runner.follows(kept(&replies)[3], &all[201]), Ok(true));
        assert_eq!(runner.follows(kept(&replies)[3], &all[202]), Ok(false));
    }
}
