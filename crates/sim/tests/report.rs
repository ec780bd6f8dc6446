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
