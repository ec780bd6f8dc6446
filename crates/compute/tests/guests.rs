//! The shipped programs: same commitment in both engines, and results worth having.

mod common;

use std::time::Instant;

use common::{engines, machine};
use earnest_compute::guests::{self, Value};
use earnest_compute::trace::Keep;
use earnest_compute::{Digest, Runner, Status};

#[test]
fn every_guest_commits_alike_in_both_engines_and_reports() {
    for guest in guests::all() {
        let (input, task) = (guest.input(), guest.task(Digest([42; 32])));
        task.check().expect("within ranges");
        let mut roots = Vec::new();
        for engine in engines() {
            let machine = machine(engine, guest.module);
            let start = Instant::now();
            let mut before = 0;
            let mut dearest = 0;
            let runner = Runner::new(&machine, &task, &input);
            runner
                .run(None, task.steps, |checkpoint, _| {
                    dearest = dearest.max(checkpoint.gas - before);
                    before = checkpoint.gas;
                })
                .expect("runs");
            let took = start.elapsed();
            let trace = runner.run_all(Keep::default(), |_| {}).expect("runs");
            println!(
                "{} {engine:?}: {took:?}, {} gas, dearest step {dearest}, state {} bytes",
                guest.name,
                trace.gas(),
                trace.output().len()
            );
            assert_eq!(trace.status(), Status::Running);
            roots.push((trace.root(), trace.gas()));
            assert!(dearest <= guest.step_gas_max / 3 * 2, "{}: {dearest}", guest.name);
            let report = guests::report(guest.name, trace.output());
            println!("{}", report.iter().map(|(n, v)| format!("{n}: {v}; ")).collect::<String>());
            check_report(guest.name, &report);
        }
        assert!(roots.iter().all(|root| *root == roots[0]), "{}: {roots:?}", guest.name);
    }
}

fn check_report(name: &str, report: &[(&'static str, Value)]) {
    let value = |wanted: &str| report.iter().find(|(name, _)| *name == wanted).map(|(_, v)| v);
    match name {
        "digits" => {
            assert_eq!(value("tested"), Some(&Value::Count(325)));
            assert!(matches!(value("accuracy"), Some(Value::Real(a)) if 0.93 <= *a));
        }
        "nbody" => {
            assert!(matches!(value("energy_error"), Some(Value::Real(e)) if e.abs() < 1e-3));
        }
        _ => {
            assert_eq!(value("bytes"), Some(&Value::Count(173_942)));
            assert!(matches!(value("top"), Some(Value::Text(t)) if t.starts_with("the ")));
        }
    }
}

#[test]
fn the_manifest_names_the_committed_modules() {
    let manifest = include_str!("../guests/manifest.toml");
    for guest in guests::all() {
        let hash = Digest::of_program(guest.module).to_string();
        assert!(manifest.contains(&hash), "{}: {hash} is not in manifest.toml", guest.name);
    }
}

/// The formats are frozen: a new root here means that old commitments no longer verify.
#[test]
fn commitments_do_not_change_by_accident() {
    let roots = guests::all().map(|guest| {
        let (input, mut task) = (guest.input(), guest.task(Digest([42; 32])));
        task.steps = 20;
        let machine = machine(engines()[0], guest.module);
        let trace = Runner::new(&machine, &task, &input).run_all(Keep::default(), |_| {});
        trace.expect("runs").root().to_string()
    });
    assert_eq!(roots, GOLDEN_ROOTS);
}

const GOLDEN_ROOTS: [&str; 3] = [
    "662318e072672b20f5d8059edc34e804c1435bb58eb9aec18d16e4636c596e1d",
    "5fe8eae180f8a955891139054a37780992a4820afa0f5d44c651b8fe66235d54",
    "254fdf18de3dcc92b0ad9fba4f1cd3165b950c999758e2d5a91865b4e2660254",
];
