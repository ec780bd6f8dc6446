//! What a person at a terminal meets: questions whose answers nobody sees, ways out of them, and
//! help as wide as the window. By a real pseudo terminal.

mod common;

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};

use common::{EARNEST, Network};

/// A secret that nobody may see.
const SECRET: &str = "correct horse battery";
/// The words of a phrase that every wallet knows.
const PHRASE: &str = "test test test test test test test test test test test junk";

/// A window, and the program in it.
struct Terminal {
    keyboard: File,
    /// The program's side, so that its settings can be looked at after the program.
    inner: OwnedFd,
    child: Child,
    shown: Arc<Mutex<String>>,
}

impl Terminal {
    /// The program with these words in a window of `columns`.
    fn start(columns: u16, words: &[&str]) -> Terminal {
        Terminal::typed_ahead(columns, words, "")
    }

    /// The same, where somebody types before the program has begun.
    fn typed_ahead(columns: u16, words: &[&str], ahead: &str) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("ours");
        unlockpt(&master).expect("ours");
        let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("text");
        let inner = File::options().read(true).write(true).open(name).expect("opens");
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&inner, size).expect("a window");
        let mut keyboard = File::from(master);
        keyboard.write_all(ahead.as_bytes()).expect("typed");
        let side = || Stdio::from(inner.try_clone().expect("a handle"));
        // What makes the window the one that the program was started from.
        let child = Command::new("setsid")
            .args(["--ctty", EARNEST])
            .args(words)
            .env_remove("EARNEST_PASSWORD")
            .env_remove("EARNEST_NODE")
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .expect("starts");
        let shown = Arc::new(Mutex::new(String::new()));
        let (mut screen, to) = (keyboard.try_clone().expect("a handle"), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut piece) {
                let text = String::from_utf8_lossy(&piece[..read]).replace('\r', "");
                to.lock().expect("whole").push_str(&text);
            }
        });
        Terminal { keyboard, inner: inner.into(), child, shown }
    }

    fn screen(&self) -> String {
        self.shown.lock().expect("whole").clone()
    }

    fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_so() {
            assert!(Instant::now() < deadline, "never {what}: {}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for a question, and types an answer.
    fn answers(&mut self, question: &str, answer: &str) {
        self.until(question, || self.screen().ends_with(question));
        self.keyboard.write_all(answer.as_bytes()).expect("typed");
    }

    /// The exit status, and all that was on the screen.
    fn ends(mut self) -> (Option<i32>, String) {
        // A key file is made slow to open on purpose, and unoptimised builds take it literally.
        let deadline = Instant::now() + Duration::from_secs(240);
        let code = loop {
            if let Some(status) = self.child.try_wait().expect("ours") {
                break status.code();
            }
            assert!(Instant::now() < deadline, "it does not end: {}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        };
        let modes = tcgetattr(&self.inner).expect("settings").local_modes;
        assert!(modes.contains(LocalModes::ECHO | LocalModes::ISIG), "it is left silent");
        // Whatever the program wrote is read before this.
        let mark = "(the end)";
        File::from(self.inner.try_clone().expect("a handle"))
            .write_all(mark.as_bytes())
            .expect("written");
        self.until(mark, || self.screen().ends_with(mark));
        (code, self.screen())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_new_key_asks_twice_for_a_password_that_nobody_sees() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().display().to_string();
    let new = ["keys", "new", "--folder", &keys];

    let mut terminal = Terminal::start(80, &new);
    terminal.answers("Password: ", &format!("{SECRET}\n"));
    terminal.answers("The same again: ", &format!("{SECRET}\n"));
    let (code, shown) = terminal.ends();
    assert!(code == Some(0) && !shown.contains("horse"), "{shown}");
    let file = shown.lines().find_map(|line| line.split("  ").nth(1)).expect("its file").to_owned();

    // It opens with what was typed, in which a slip was taken back, and not with another.
    let mut terminal = Terminal::start(80, &["keys", "show", "--key", &file]);
    terminal.answers("Password: ", &format!("{SECRET}x\u{7f}\n"));
    let (code, shown) = terminal.ends();
    assert!(code == Some(0) && !shown.contains("horse"), "{shown}");
    let mut terminal = Terminal::start(80, &["keys", "show", "--key", &file]);
    terminal.answers("Password: ", "another\n");
    let (code, shown) = terminal.ends();
    assert!(code == Some(3) && shown.contains("password"), "{shown}");
}

#[test]
fn a_slip_in_the_second_entry_an_empty_one_and_the_end_of_input_write_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys").display().to_string();
    let new = ["keys", "new", "--folder", &keys];
    for (first, second, told) in [
        ("one\n", "another\n", "the two passwords differ"),
        ("\n", "", "the password is empty"),
        ("\u{4}", "", "nothing was typed"),
        ("one\n", "\u{4}", "nothing was typed"),
    ] {
        let mut terminal = Terminal::start(80, &new);
        terminal.answers("Password: ", first);
        if !second.is_empty() {
            terminal.answers("The same again: ", second);
        }
        let (code, shown) = terminal.ends();
        assert!(code == Some(2) && shown.contains(told), "{told}: {shown}");
    }
    let long = format!("{}\n", "long ".repeat(300));
    let mut terminal = Terminal::start(80, &new);
    terminal.answers("Password: ", &long);
    let (code, shown) = terminal.ends();
    assert!(code == Some(2) && shown.contains("more than 1024 bytes"), "{shown}");
    assert!(!std::path::Path::new(&keys).exists());
}

#[test]
fn ctrl_c_at_a_question_ends_the_program_and_the_terminal_shows_again_what_is_typed() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys").display().to_string();
    for (words, question) in [
        (&["keys", "new", "--folder", &keys][..], "Password: "),
        (&["keys", "derive", "--folder", &keys], "Recovery phrase: "),
        (&["keys", "import", "--folder", &keys], "Secret key: "),
    ] {
        let mut terminal = Terminal::start(80, words);
        terminal.answers(question, "half of it\u{3}");
        let (code, shown) = terminal.ends();
        assert!(code == Some(130) && shown.contains("[interrupted]"), "{shown}");
        assert!(!shown.contains("half"), "{shown}");
    }
    let mut terminal = Terminal::start(80, &["keys", "new", "--folder", &keys]);
    terminal.answers("Password: ", "one\n");
    terminal.answers("The same again: ", "\u{3}");
    let (code, _) = terminal.ends();
    assert_eq!(code, Some(130));
    assert!(!std::path::Path::new(&keys).exists());
}

#[test]
fn all_that_is_typed_ahead_of_the_questions_is_taken_and_none_of_it_shown_by_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().display().to_string();
    let derive = ["keys", "derive", "--index", "1", "--folder", &keys];

    let mut terminal = Terminal::start(80, &derive);
    // Three answers at once, before two of the questions are there.
    terminal.answers("Recovery phrase: ", &format!("{PHRASE}\n{SECRET}\n{SECRET}\n"));
    let (code, shown) = terminal.ends();
    assert!(code == Some(0) && shown.to_lowercase().contains("0x70997970c5"), "{shown}");
    assert!(!shown.contains("junk") && !shown.contains("horse"), "{shown}");

    // What comes before the program has begun is shown by the terminal, once, and taken as well.
    let again = folder.path().join("again").display().to_string();
    let derive = ["keys", "derive", "--index", "1", "--folder", &again];
    let ahead = format!("{PHRASE}\n{SECRET}\n");
    let mut terminal = Terminal::typed_ahead(80, &derive, &ahead);
    terminal.answers("The same again: ", &format!("{SECRET}\n"));
    let (code, shown) = terminal.ends();
    assert!(code == Some(0) && shown.matches("horse").count() == 1, "{shown}");
}

#[test]
fn a_job_asks_for_the_password_before_it_is_tried() {
    let network = Network::start();
    let file = network.path("program.wasm");
    // It takes its time here, and then fails: nothing is posted.
    std::fs::write(&file, common::guest(common::LOOPS)).expect("written");
    let key = network.key("rosa")[1].clone();
    let submit = ["job", "submit", "--program", &file, "--max-price", "5", "--key", &key];
    let mut terminal = Terminal::start(80, &[&submit[..], &["--node", &network.url]].concat());
    terminal.answers("Password: ", "wrong\n");
    let (code, shown) = terminal.ends();
    assert!(code == Some(3) && !shown.contains("measuring"), "{shown}");
}

/// A line without its colours.
fn plain(line: &str) -> String {
    let mut pieces = line.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    first + &pieces.filter_map(|piece| Some(piece.split_once('m')?.1)).collect::<String>()
}

#[test]
fn help_is_as_wide_as_the_window() {
    let widest = |columns| {
        let (code, shown) = Terminal::start(columns, &["job", "submit", "--help"]).ends();
        assert_eq!(code, Some(0), "{shown}");
        // How a command is called is one line, which the terminal itself breaks.
        let lines = shown.lines().map(plain).filter(|line| !line.starts_with("Usage: "));
        lines.map(|line| line.chars().count()).max().expect("lines")
    };
    assert!((60..=80).contains(&widest(80)), "{}", widest(80));
    assert!((81..=100).contains(&widest(100)), "{}", widest(100));
    assert!((81..=100).contains(&widest(200)), "{}", widest(200));
    assert!(widest(50) <= 50, "{}", widest(50));
}

#[test]
fn an_error_is_broken_between_words_where_the_window_is_narrower() {
    let words = ["query", "network", "--node", "http://127.0.0.1:1"];
    let (code, shown) = Terminal::start(60, &words).ends();
    assert_eq!(code, Some(6), "{shown}");
    let lines: Vec<&str> = shown.trim_end_matches("(the end)").lines().collect();
    let widest = lines.iter().map(|line| line.chars().count()).max();
    assert!(lines.len() > 2 && widest <= Some(60), "{shown}");
    let whole = lines.iter().flat_map(|line| line.split_whitespace()).collect::<Vec<_>>().join(" ");
    for told in ["no node answers at http://127.0.0.1:1/", "[node-unreachable] try: start a node"] {
        assert!(whole.contains(told), "{whole}");
    }
}
