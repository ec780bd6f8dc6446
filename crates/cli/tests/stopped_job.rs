//! A job whose program stops by itself: warned of before it is paid, and told as what it is.

mod common;

use std::fs;

use common::{Network, guest};

#[test]
fn a_gas_bound_below_what_the_program_uses_is_warned_of_and_its_end_is_a_fault() {
    let network = Network::start();
    let _validators = ["vera", "vito", "vida"].map(|v| network.daemon(v, &["validator", "run"]));
    let _ada = network.daemon("ada", &["provider", "run", "--cost-per-mgas", "0.003"]);
    let file = network.path("program.wasm");
    let step = "(if (i64.eq (local.get 0) (i64.const 2)) (then unreachable)) i32.const 8";
    fs::write(&file, guest(step)).expect("written");
    let done = network.run_as(
        "rosa",
        &[
            "job",
            "submit",
            "--program",
            &file,
            "--steps",
            "3",
            "--max-price",
            "5",
            "--gas-bound",
            "16000000",
        ],
    );
    let words = "step 2 failed in function 4 `step`: it reached `unreachable`";
    assert_eq!(done.err.matches(words).count(), 2, "a warning and the end: {done:?}");
    assert!(done.err.contains("warning: ") && done.err.contains("[program-stopped]"), "{done:?}");
    assert_eq!(done.code, Some(10), "{done:?}");
    let status = network.run(&["job", "status", "0"]);
    assert!(status.out.contains("FAULT") && status.out.contains("no output"), "{status:?}");
    for words in [&["job", "list"][..], &["explain", "0"], &["job", "wait", "0"]] {
        let told = network.run(words).out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("paid, FAULT: the"), "{words:?}: {told}");
    }
    let result = network.run(&["job", "result", "0"]);
    assert_eq!(result.code, Some(10), "{result:?}");
    assert!(result.err.contains("job 0 has no output") && result.err.contains("`earnest run`"));
}
