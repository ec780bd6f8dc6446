//! Pages: the same bytes from the same run, whole by themselves, safe and bounded.

use std::fmt::Write as _;

use earnest_sim::{
    compare::compare,
    design,
    digest::{Digest, Region},
    report::{self, Asked, Track},
    run,
    scenario::{Scenario, Setting},
    sweep::Sweep,
    tables::Format,
};

const SMALL: &str = r#"
    name = "small"
    description = "Some <lie> & \"hide\"."
    run = { blocks = 100, sample_blocks = 1 }
    [requesters.all]
    count = 2
    [validators.all]
    count = 30
    [providers.honest]
    count = 20
    [providers.liar]
    count = 5
    lie_rate = 0.5
"#;

fn page(text: &str, settings: &[&str]) -> String {
    let settings: Vec<Setting> =
        settings.iter().map(|text| text.parse().expect("a setting")).collect();
    let scenario = Scenario::parse(text, &settings).expect("a scenario");
    let mut track = Track::new(&scenario);
    let outcome = run::run(&scenario, 7, 0, &mut track).expect("it runs");
    let (name, description) = (&scenario.name, &scenario.description);
    let asked = Asked { text, name, description, seed: 7 };
    report::run(&asked, &settings, (&scenario, &outcome), &track)
}

fn is_whole_and_safe(page: &str) {
    for outside in ["http:", "https:", "<script", "<link", "<img", "url(", "@import", "<lie>"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'") && page.ends_with("</html>\n"));
    let plots = page.matches("role=img").count();
    assert!(plots > 3, "{plots}");
    for each in ["<title id=", "<desc id=", "<details><summary>Numbers"] {
        assert_eq!(page.matches(each).count(), plots, "{each}");
    }
    assert!(!page.contains("NaN") && !page.contains(">inf"));
}

#[test]
fn a_run_has_one_page_that_is_whole_by_itself() {
    let one = page(SMALL, &[]);
    assert_eq!(one, page(SMALL, &[]));
    assert_ne!(one, page(SMALL, &["job.audit_rate=0.5"]));
    is_whole_and_safe(&one);
    for told in ["Some &lt;lie&gt; &amp; &quot;hide&quot;.", "providers.liar", "lies caught"] {
        assert!(one.contains(told), "{told}");
    }
    let set = page(SMALL, &["job.audit_rate=0.5"]);
    assert!(set.contains("earnest sim run small.toml --seed 7 --set &#39;job.audit_rate=0.5&#39;"));
}

#[test]
fn a_page_has_a_bound_whatever_takes_part() {
    let mut text = SMALL.replace("blocks = 100", "blocks = 600");
    // Each name has a luck of its own; of a hundred such names, some would share theirs.
    for group in 0..50 {
        write!(text, "\n[providers.g{group}]\ncount = 1\n").expect("text grows");
    }
    write!(text, "# {}", "x".repeat(100_000)).expect("text grows");
    let page = page(&text, &[]);
    is_whole_and_safe(&page);
    assert!(page.len() < 700_000, "{}", page.len());
    assert!(page.contains("more bytes are not shown"));
}

/// 260 runs, which are two parts.
fn sweep(threads: usize) -> Sweep<'static> {
    let lists = ["run.blocks=30", "providers.liar.lie_rate=0.0,1.0"].map(str::to_owned);
    let points = design::grid(&lists).expect("a grid");
    Sweep { text: SMALL, points, runs: 130, seed: Some(3), threads: Some(threads) }
}

const ASKED: Asked<'_> = Asked { text: SMALL, name: "small", description: "<lie>", seed: 3 };

#[test]
fn a_sweep_has_one_page_from_its_tables_however_they_came_about() {
    let folder = tempfile::tempdir().expect("a folder");
    let wishes = vec!["providers.liar profit > 0".parse().expect("a wish")];
    let region = Region { wishes: wishes.clone(), chance: 0.9, confidence: 0.95 };
    let mut pages = Vec::new();
    for (name, format, threads) in [("csv", Format::Csv, 1), ("parquet", Format::Parquet, 2)] {
        let (sweep, folder) = (sweep(threads), folder.path().join(name));
        Digest::check(&sweep, &wishes).expect("it can be told");
        sweep.write(&folder, format, &|_, _| {}).expect("it sweeps");
        // Of two parts the first is lost, and played again.
        let lost = folder.join("runs/00000").with_extension(format.extension());
        std::fs::remove_file(lost).expect("a part");
        sweep.write(&folder, format, &|_, _| {}).expect("it goes on");
        let digest = Digest::read(&sweep, (&folder, format), &wishes).expect("it is read");
        let judged = digest.judge(&region);
        assert_eq!(judged.len(), 2);
        assert!(judged.iter().all(|one| one.runs == 130 && one.hits <= 130));
        assert_ne!(judged[0].hits, judged[1].hits, "to lie changes what one earns");
        pages.push(report::sweep(&ASKED, &digest, Some(&region)));
    }
    assert_eq!(pages[0], pages[1]);
    is_whole_and_safe(&pages[0]);
    assert!(pages[0].contains("P(providers.liar profit &gt; 0)"));
}

#[test]
fn what_is_not_measured_is_refused_before_anything_is_played() {
    let wish = ["providers.nobody profit > 0".parse().expect("a wish")];
    let refused = Digest::check(&sweep(1), &wish).expect_err("there is no such group").to_string();
    assert!(refused.contains("there is no measure providers.nobody profit"), "{refused}");
    assert!(refused.contains("providers.liar profit"), "it says what there is: {refused}");
    let mut many = sweep(1);
    many.points = vec![Vec::new(); 5_000];
    assert!(Digest::check(&many, &[]).is_err_and(|error| error.to_string().contains("4096")));
}

#[test]
fn a_comparison_has_a_plot_for_each_measure_that_moves() {
    let lists = ["providers.liar.lie_rate=0.0,1.0", "job.audit_rate=0.1,0.9", "run.blocks=60"];
    let points = design::grid(&lists.map(str::to_owned)).expect("a grid");
    let sweep = Sweep { runs: 3, points, ..sweep(2) };
    let found = compare(&sweep, (0.99, false), &|_, _| {}).expect("it compares");
    let page = report::comparison(&ASKED, &sweep.points, &found);
    is_whole_and_safe(&page);
    assert!(page.contains("[3] lie_rate=1 audit_rate=0.9"));
    assert!(page.contains("The same at every point: posted"));
}

#[test]
fn the_seed_that_a_point_sets_is_the_seed_of_its_runs_and_known_before_any() {
    let points = design::grid(&["seed=9".to_owned()]).expect("a grid");
    let set = Sweep { points, seed: None, ..sweep(1) };
    assert_eq!(set.first().expect("a scenario").1, 9);
    assert_eq!(Sweep { seed: Some(4), ..set.clone() }.first().expect("a scenario").1, 4);
    let wrong = design::grid(&["run.blocks=0".to_owned()]).expect("a grid");
    assert!(Sweep { points: wrong, ..set }.first().is_err());
}

#[test]
fn a_long_command_is_whole_or_said_to_be_too_long() {
    let steps = |count: usize| {
        let each: Vec<String> =
            (1..=count).map(|at| format!("{{ at = {at}, to = 1.5 }}")).collect();
        format!("price.steps=[{}]", each.join(", "))
    };
    let long = page(SMALL, &[&steps(20)]);
    assert!(long.contains("{ at = 20, to = 1.5 }]&#39;"), "the command is whole");
    let longer = page(SMALL, &[&steps(1_000)]);
    assert!(longer.contains("too long for a page") && longer.len() < 400_000, "{}", longer.len());
    let quoted = page(SMALL, &["description=\"it's\""]);
    assert!(quoted.contains("it&#39;\\&#39;&#39;s"), "a quote is one that a shell takes");
}

#[test]
fn a_description_has_a_bound() {
    let long = SMALL.replace("Some <lie>", &"word ".repeat(1_000));
    let page = page(&long, &[]);
    assert!(page.contains("word wor…") && page.matches("word ").count() < 1_500);
}

#[test]
fn a_page_says_of_which_asset_money_is() {
    let two = page(SMALL, &["price.start=2.0"]);
    for told in
        ["tokens of stake, forfeits included", "tokens that pay a member", "of either asset"]
    {
        assert!(two.contains(told), "{told}");
    }
    assert!(!page(SMALL, &[]).contains("tokens of stake"));
}

#[test]
fn a_comparison_of_which_much_failed_says_how_much() {
    let points = design::grid(&["run.blocks=30".to_owned()]).expect("a grid");
    let sweep = Sweep { runs: 2, points, ..sweep(1) };
    let mut found = compare(&sweep, (0.99, false), &|_, _| {}).expect("it compares");
    found.failures = (0..27).map(|run| (0, run, "why".to_owned())).collect();
    let page = report::comparison(&ASKED, &sweep.points, &found);
    assert_eq!(page.matches("failed: why").count(), 20);
    assert!(page.contains("7 more runs failed"));
}

#[test]
fn a_point_of_which_no_run_ended_has_no_share() {
    let folder = tempfile::tempdir().expect("a folder");
    let wishes = vec!["providers.liar profit > 0".parse().expect("a wish")];
    let region = Region { wishes: wishes.clone(), chance: 0.9, confidence: 0.95 };
    let points = design::grid(&["run.blocks=30".to_owned()]).expect("a grid");
    let sweep = Sweep { runs: 2, points, ..sweep(1) };
    sweep.write(folder.path(), Format::Csv, &|_, _| {}).expect("it sweeps");
    let mut digest =
        Digest::read(&sweep, (folder.path(), Format::Csv), &wishes).expect("it is read");
    for values in digest.values.iter_mut().flatten() {
        *values = Default::default();
    }
    (digest.hits, digest.failed) = (vec![0], vec![2]);
    let page = report::sweep(&ASKED, &digest, Some(&region));
    let share = page.split("id=\"feasible-d\">").nth(1).expect("the plot's words");
    assert!(share.starts_with("share of runs. as written: –, from 0 to 1"), "{}", &share[..80]);
}
