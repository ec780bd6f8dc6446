//! How the story of a recorded network looks, at 80 and at 120 columns.

use earnest_api::EventRecord;
use earnest_protocol::{AccountId, Blocks, Epoch, Height};

use super::{super::account::Narrator, *};
use crate::clock::Clock;

/// Events of a network that ran, one JSON object a line, chosen for what they show.
const RECORDED: &str = include_str!("recorded.jsonl");

/// The lazy provider of the network that was recorded, whose lie was caught.
const LOKI: AccountId = AccountId::new(2);
/// An honest one, whose result was accepted.
const GRACE: AccountId = AccountId::new(1);

/// The beginning of the network that was recorded.
fn clock() -> Clock {
    let epoch = (Epoch::new(0), Height::ZERO);
    Clock { height: Height::ZERO, block_ms: 500, epoch_blocks: Blocks::new(8), epoch }
}

/// What a person would have seen, had the plan made a liar of `liar`.
fn seen(width: usize, has_colours: bool, liar: AccountId) -> String {
    let style = Style { width, has_colours };
    let mut narrator = Narrator::new(clock(), []);
    let cast = ["ada", "grace", "loki", "hush", "vera", "vito", "vida", "rosa", "nora"];
    for (index, name) in (0..).zip(cast) {
        narrator.name_account(AccountId::new(index), name);
    }
    narrator.name_liar(liar);
    let mut lines = Vec::new();
    for line in RECORDED.lines() {
        let record: EventRecord = serde_json::from_str(line).expect("as the API gave it");
        lines.extend(narrator.line(&record).map(|line| style.story(&line)));
    }
    lines.push(style.status(narrator.status()));
    lines.join("\n")
}

/// Compares with the file, or writes it anew if UPDATE_EXPECT is set.
fn check(name: &str, seen: &str) {
    let path = format!("{}/src/up/view/{name}", env!("CARGO_MANIFEST_DIR"));
    let seen = format!("{seen}\n");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &seen).expect("writable");
    }
    let expected = std::fs::read_to_string(&path).expect("written with UPDATE_EXPECT=1");
    assert_eq!(seen, expected, "UPDATE_EXPECT=1 writes {path} anew");
}

#[test]
fn a_story_fits_80_columns_and_120() {
    for width in [80, 120] {
        let seen = seen(width, false, LOKI);
        let longest = seen.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(width), "{longest:?} columns of {width}");
        check(&format!("{width}.txt"), &seen);
    }
}

#[test]
fn colour_adds_nothing_that_the_words_do_not_say() {
    let coloured = seen(80, true, LOKI);
    let codes = ["\x1b[2m", "\x1b[32m", "\x1b[1;31m", "\x1b[7m", "\x1b[0m"];
    let plain = codes.iter().fold(coloured.clone(), |text, code| text.replace(code, ""));
    assert_eq!(plain, seen(80, false, LOKI));
    assert!(coloured.contains("\x1b[1;31m"), "a conviction is red");
}

#[test]
fn a_lie_that_passed_is_told_at_its_end() {
    let seen = seen(240, true, GRACE);
    let told: Vec<&str> = seen.lines().filter(|line| line.contains("a lie passed")).collect();
    let [line] = told.as_slice() else { panic!("{told:?}") };
    assert!(line.contains("a lie passed: grace was paid for a wrong result"), "{line}");
    assert!(line.contains("\x1b[1;33m"), "it stands out: {line}");
}

/// What a network told of a job whose program used up its gas.
const STOPPED: [&str; 2] = [
    r#"{"height":200,"index":2,"event":{"kind":"result_revealed","job":64,"account":1,
        "root":"0x046dfbb6abb53aab2bca45b4c5881be1a055e055fb77b24801f1c8d49390d82f",
        "output":"0x6561726e65737420636f6d707574653a207468652073746570206661756c742e",
        "gas":20000,"ending":null}}"#,
    r#"{"height":206,"index":9,"event":{"kind":"job_closed","job":64,"outcome":"accepted",
        "reason":"unchallenged","paid":"73140","refunded":"1000446860",
        "back":{"escrow":"999926860","audit_fees":"360000","deposit":"160000"}}}"#,
];

#[test]
fn a_program_that_stopped_by_itself_is_told_as_a_fault_although_it_was_paid() {
    let mut narrator = Narrator::new(clock(), []);
    let records = STOPPED.map(|line| serde_json::from_str::<EventRecord>(line).expect("recorded"));
    let lines = records.map(|record| narrator.line(&record).expect("told"));
    assert_eq!(
        lines[0].text,
        "job 64: account 1 opens 0x046dfbb6 after 20000 gas: FAULT, the program stopped by itself"
    );
    assert!(lines[1].text.ends_with("; FAULT: the program stopped by itself"), "{:?}", lines[1]);
    assert_eq!(lines[1].tone, Tone::Fault);
    // An ordinary program that came to its own end did not stop.
    let exited = STOPPED[0].replace("\"ending\":null", "\"ending\":{\"exited\":3}");
    let exited: EventRecord = serde_json::from_str(&exited).expect("recorded");
    let told = narrator.line(&exited).expect("told").text;
    assert!(told.ends_with("gas: the program exited with 3"), "{told}");
}

#[test]
fn whoever_follows_a_job_hears_of_no_other() {
    let view = |is_quiet, follow: Option<u64>| View {
        style: Style { width: 80, has_colours: false },
        status: None,
        is_terminal: false,
        is_quiet,
        follow: follow.map(JobId::new),
    };
    let line = |job: Option<u64>| Line {
        height: 1,
        job: job.map(JobId::new),
        tone: Tone::Plain,
        text: "something happens".into(),
    };
    let lines = [line(Some(0)), line(Some(2)), line(None)];
    let told = |view: View| lines.clone().map(|line| view.wants(&line));
    assert_eq!(told(view(false, None)), [true, true, true]);
    assert_eq!(told(view(false, Some(2))), [false, true, false]);
    assert_eq!(told(view(true, None)), [false, false, false]);
}

#[test]
fn a_word_is_never_broken() {
    assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    assert_eq!(wrap("a considerably longer word", 6), ["a", "considerably", "longer", "word"]);
    assert_eq!(wrap("", 10), [""]);
}

#[test]
fn a_line_that_stays_is_one_line_on_any_terminal() {
    let payout = Some("0.123456789 tokens to somebody with a long name".repeat(3));
    let status = Status { height: 1_000_000, jobs: 12, payout };
    let style = Style { width: 40, has_colours: false };
    let line = style.status(&status);
    assert!(line.chars().count() < 40, "{line}");
}
