//! Tables: the same bytes whatever the threads, whether or not it was stopped, however often.

use std::{collections::BTreeMap, fs, path::Path, sync::Mutex};

use earnest_sim::{
    SimError,
    compare::compare,
    design, files,
    run::Nothing,
    scenario::Setting,
    schema,
    sweep::Sweep,
    tables::{Cell, Format, Writer},
};

const SMALL: &str = r#"
    name = "small"
    run = { blocks = 60, sample_blocks = 20 }
    demand = { jobs_per_block = 1.0 }
    [requesters.all]
    count = 2
    [validators.all]
    count = 20
    [providers.honest]
    count = 20
    [providers.liar]
    count = 2
    lie_rate = 0.5
"#;

/// Every file below `folder` and its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            all.extend(
                contents(&path).into_iter().map(|(inner, b)| (format!("{name}/{inner}"), b)),
            );
        } else {
            all.insert(name, fs::read(&path).expect("a file"));
        }
    }
    all
}

fn sweep(threads: usize) -> Sweep<'static> {
    let lists = ["providers.liar.lie_rate=0.0,0.5,1.0".to_owned()];
    let points = design::grid(&lists).expect("a grid");
    Sweep { text: SMALL, points, runs: 100, seed: Some(3), threads: Some(threads) }
}

#[test]
fn one_seed_gives_one_run_byte_for_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b, c] = ["a", "b", "c"].map(|name| folder.path().join(name));
    for (folder, seed) in [(&a, 1), (&b, 1), (&c, 2)] {
        let (_, outcome) =
            files::write_run(SMALL, &[], (Some(seed), 0), (folder, Format::Parquet), &mut Nothing)
                .expect("it runs");
        assert_eq!(outcome.error, None);
    }
    assert_eq!(contents(&a), contents(&b));
    assert_ne!(contents(&a)["steps.parquet"], contents(&c)["steps.parquet"]);
    let names: Vec<String> = contents(&a).into_keys().collect();
    assert_eq!(
        names,
        [
            "manifest.json",
            "people.parquet",
            "run_groups.parquet",
            "runs.parquet",
            "step_groups.parquet",
            "steps.parquet"
        ]
    );
}

#[test]
fn a_sweep_that_was_stopped_ends_with_the_same_tables_on_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let [whole, stopped] = ["whole", "stopped"].map(|name| folder.path().join(name));
    let seen = Mutex::new(0);
    let swept = sweep(2)
        .write(&whole, Format::Csv, &|done, of| {
            assert_eq!(of, 300);
            let mut seen = seen.lock().expect("no panic");
            *seen = done.max(*seen);
        })
        .expect("it sweeps");
    assert_eq!((swept.runs, swept.resumed, swept.failed), (300, 0, 0));
    assert_eq!(*seen.lock().expect("no panic"), 300);

    sweep(1).write(&stopped, Format::Csv, &|_, _| {}).expect("it sweeps");
    // As if it had been killed while the second part was written: no runs, half of the groups.
    fs::remove_file(stopped.join("runs/00001.csv")).expect("it was there");
    fs::write(stopped.join("run_groups/00001.csv"), "half of it").expect("a disk");
    let swept = sweep(1).write(&stopped, Format::Csv, &|_, _| {}).expect("it goes on");
    assert_eq!((swept.runs, swept.resumed), (300, 256));
    assert_eq!(contents(&whole), contents(&stopped));
}

#[test]
fn any_run_of_a_sweep_is_played_again_by_its_point_seed_and_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let [all, one] = ["all", "one"].map(|name| folder.path().join(name));
    let lists = ["providers.liar.lie_rate=0.0,1.0".to_owned()];
    let points = design::grid(&lists).expect("a grid");
    let sweep = Sweep { text: SMALL, points, runs: 5, seed: Some(9), threads: Some(1) };
    sweep.write(&all, Format::Csv, &|_, _| {}).expect("it sweeps");
    let point: Setting = "providers.liar.lie_rate=1.0".parse().expect("a setting");
    let (format, luck) = (Format::Csv, (Some(9), 3));
    files::write_run(SMALL, &[point], luck, (&one, format), &mut Nothing).expect("it runs");
    let read = |path: &Path| fs::read_to_string(path).expect("it was written");
    // The point's place in its sweep is not known to a single run.
    let rest = |line: &str| line.split_once(',').map(|(_, rest)| rest.to_owned());
    let mut swept = Vec::new();
    for part in ["runs/00000.csv", "run_groups/00000.csv"] {
        swept.extend(read(&all.join(part)).lines().filter_map(rest));
    }
    for table in ["runs.csv", "run_groups.csv"] {
        for line in read(&one.join(table)).lines().filter_map(rest) {
            assert!(swept.contains(&line), "{table}: {line}");
        }
    }
    let manifest = read(&one.join("manifest.json"));
    assert!(manifest.contains("\"run\": 3"), "{manifest}");
}

#[test]
fn points_share_the_luck_of_their_runs() {
    let lists = ["job.outside_gain=0.0,0.0".to_owned()];
    let points = design::grid(&lists).expect("a grid");
    let sweep = Sweep { text: SMALL, points, runs: 5, seed: None, threads: Some(1) };
    let compared = compare(&sweep, (0.99, false), &|_, _| {}).expect("it compares");
    assert!(compared.failures.is_empty());
    for measure in &compared.measures {
        let difference = measure.differences[0];
        assert_eq!((difference.mean, difference.low, difference.high), (0.0, 0.0, 0.0));
    }
}

#[test]
fn a_comparison_says_who_gains_and_who_loses() {
    let lists = ["providers.liar.lie_rate=0.0,1.0".to_owned()];
    let points = design::grid(&lists).expect("a grid");
    let sweep = Sweep { text: SMALL, points, runs: 60, seed: None, threads: None };
    let compared = compare(&sweep, (0.95, false), &|_, _| {}).expect("it compares");
    let measure = |name: &str| {
        let found = compared.measures.iter().find(|measure| measure.name == name);
        found.unwrap_or_else(|| panic!("no {name}"))
    };
    let rejected = measure("rejected");
    assert_eq!(rejected.means[0], 0.0);
    assert!(rejected.differences[0].low > 0.0, "lies are convicted: {rejected:?}");
    assert!(measure("burnt").differences[0].mean > 0.0);
}

/// The ways to share emission of `scenarios/rewards.csv`, in fewer blocks: stake has half of what
/// goes by stake, for half of it is theirs; small names have more of what diminishes.
#[test]
fn a_comparison_says_who_has_how_much_of_pay() {
    let text = include_str!("../../../scenarios/rewards.toml");
    let mut points =
        design::table(include_str!("../../../scenarios/rewards.csv")).expect("a table");
    let blocks = Setting::each("run.blocks=400").expect("a setting").remove(0);
    points.iter_mut().for_each(|point| point.push(blocks.clone()));
    let sweep = Sweep { text, points, runs: 1, seed: None, threads: None };
    let compared = compare(&sweep, (0.95, true), &|_, _| {}).expect("it compares");
    assert_eq!(compared.failures, []);
    let means = |name: &str| {
        let found = compared.measures.iter().find(|measure| measure.name == name);
        found.unwrap_or_else(|| panic!("no {name}")).means.clone()
    };
    let [none, by_stake, by_work, hybrid, diminishing, performance] =
        <[f64; 6]>::try_from(means("providers' emission")).expect("six ways");
    assert!(none == 0.0 && hybrid > 0.0 && performance < by_work && diminishing <= by_work);
    assert!(by_stake >= 4.0 * 99.9e9, "a hundred tokens for each of the epochs: {by_stake}");
    let shares = ["large", "small"].map(|of| means(&format!("providers.{of} share of emission")));
    for (large, small) in shares[0].iter().zip(&shares[1]).skip(1) {
        assert!((999_990.0..=1_000_000.0).contains(&(large + small)), "{large} and {small}");
    }
    assert!((shares[1][1] - 500_000.0).abs() < 1_000.0, "the same capital: {shares:?}");
    assert!(shares[1][4] > shares[1][2] + 50_000.0, "{shares:?}");
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("letter.txt"), "dear").expect("a disk");
    let refused = sweep(1).write(folder.path(), Format::Csv, &|_, _| {});
    assert!(matches!(refused, Err(SimError::Folder { .. })), "{refused:?}");
    assert_eq!(contents(folder.path()).len(), 1);

    let ours = folder.path().join("ours");
    sweep(1).write(&ours, Format::Csv, &|_, _| {}).expect("it sweeps");
    let before = contents(&ours);
    let other = Sweep { seed: Some(4), ..sweep(1) }.write(&ours, Format::Csv, &|_, _| {});
    assert!(matches!(other, Err(SimError::Folder { .. })), "{other:?}");
    assert_eq!(contents(&ours), before);
}

#[test]
fn rows_that_are_not_of_their_table_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for format in [Format::Csv, Format::Parquet] {
        let columns = schema::PEOPLE;
        let mut writer = Writer::create(folder.path(), "people", columns, format).expect("a disk");
        let row = |group: Cell| vec![group, Cell::Whole(1), Cell::Whole(2), Cell::Whole(3)];
        assert!(writer.push(&row(Cell::Whole(7))).is_err());
        assert!(writer.push(&[]).is_err());
        writer.push(&row("a, \"b\"".into())).expect("a row");
        writer.finish().expect("a disk");
    }
    let text = fs::read_to_string(folder.path().join("people.csv")).expect("a file");
    assert_eq!(text, "group,place,profit,capital_cost\r\n\"a, \"\"b\"\"\",1,2,3\r\n");
}

#[test]
fn settings_name_what_they_replace() {
    for (text, wanted) in [
        ("run.blocks=7", "run.blocks=7"),
        ("a.b=[1, 2]", "a.b=[1, 2]"),
        ("p=cartel", "p=cartel"),
        ("x=0.5", "x=0.5"),
    ] {
        let setting: Setting = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(setting.to_string(), wanted);
    }
}
