//! Source: a Rust file as tokens, without comments, with test code marked.
//!
//! Enough of the lexical grammar to tell words from strings, comments, lifetimes and numbers.

/// One token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// One-based.
    pub(super) line: usize,
    /// True inside an item under `#[cfg(test)]`.
    pub(super) test: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// A whole number.
    Integer,
    /// A floating-point number.
    Float,
    /// A string or a character, quotes included.
    Text,
    /// A lifetime.
    Lifetime,
    /// One character of punctuation.
    Punct,
}

/// A file's tokens and lines.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) lines: Vec<&'a str>,
}

impl<'a> Source<'a> {
    pub(super) fn parse(text: &'a str) -> Source<'a> {
        let mut tokens = Lexer { text, at: 0, line: 1 }.tokens();
        mark_tests(&mut tokens);
        Source { tokens, lines: text.lines().collect() }
    }

    /// Tokens that are not test code, with their positions.
    pub(super) fn product(&self) -> impl Iterator<Item = (usize, &Token<'a>)> {
        self.tokens.iter().enumerate().filter(|(_, token)| !token.test)
    }

    /// True if the token at `at` reads `text`.
    pub(super) fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.text == text && token.kind != Kind::Text)
    }

    /// True if the tokens from `at` on read `texts`.
    pub(super) fn reads(&self, at: usize, texts: &[&str]) -> bool {
        texts.iter().zip(at..).all(|(text, at)| self.is(at, text))
    }

    /// The word at `at`.
    pub(super) fn word(&self, at: usize) -> Option<&'a str> {
        self.tokens.get(at).filter(|token| token.kind == Kind::Word).map(|token| token.text)
    }

    /// The token that closes the bracket at `open`, or the last one.
    pub(super) fn closing(&self, open: usize) -> usize {
        closing(&self.tokens, open)
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

fn starts_word(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn continues_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl<'a> Lexer<'a> {
    fn tokens(mut self) -> Vec<Token<'a>> {
        let mut tokens: Vec<Token<'a>> = Vec::new();
        while let Some(c) = self.peek(0) {
            let (start, line) = (self.at, self.line);
            if c.is_whitespace() {
                self.bump();
            } else if self.rest().starts_with("//") {
                self.bump_while(|c| c != '\n');
            } else if self.rest().starts_with("/*") {
                self.block_comment();
            } else {
                let after_dot = tokens.last().is_some_and(|token| token.text == ".");
                let kind = self.token(c, after_dot);
                let text = &self.text[start..self.at];
                tokens.push(Token { kind, text, line, test: false });
            }
        }
        tokens
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self, skip: usize) -> Option<char> {
        self.rest().chars().nth(skip)
    }

    fn bump(&mut self) {
        if let Some(c) = self.peek(0) {
            self.at += c.len_utf8();
            self.line += usize::from(c == '\n');
        }
    }

    fn bump_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.bump();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0usize;
        loop {
            if self.rest().starts_with("/*") {
                depth += 1;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
            } else if self.rest().is_empty() {
                return;
            } else {
                self.bump();
                continue;
            }
            self.bump();
            self.bump();
            if depth == 0 {
                return;
            }
        }
    }

    fn token(&mut self, c: char, after_dot: bool) -> Kind {
        if starts_word(c) {
            self.word_or_text()
        } else if c.is_ascii_digit() {
            self.number(after_dot)
        } else if c == '"' {
            self.quoted('"')
        } else if c == '\'' {
            self.character_or_lifetime()
        } else {
            self.bump();
            Kind::Punct
        }
    }

    /// A word, or a string with a prefix: `b"…"`, `c"…"`, `r#"…"#`, `b'…'`.
    fn word_or_text(&mut self) -> Kind {
        let start = self.at;
        self.bump_while(continues_word);
        let prefix = &self.text[start..self.at];
        let is_prefix = ["b", "c", "r", "br", "cr"].contains(&prefix);
        match self.peek(0) {
            Some('"') if is_prefix && !prefix.ends_with('r') => self.quoted('"'),
            Some('\'') if prefix == "b" => self.quoted('\''),
            Some('"' | '#') if is_prefix && prefix.ends_with('r') => self.raw(),
            _ => Kind::Word,
        }
    }

    /// A raw string, or the rest of a raw word such as `r#type`.
    fn raw(&mut self) -> Kind {
        let hashes = self.rest().chars().take_while(|&c| c == '#').count();
        if self.peek(hashes) != Some('"') {
            self.bump_while(|c| c == '#');
            self.bump_while(continues_word);
            return Kind::Word;
        }
        let end = format!("\"{}", "#".repeat(hashes));
        (0..=hashes).for_each(|_| self.bump());
        while !self.rest().is_empty() && !self.rest().starts_with(&end) {
            self.bump();
        }
        end.chars().for_each(|_| self.bump());
        Kind::Text
    }

    fn quoted(&mut self, quote: char) -> Kind {
        self.bump();
        while let Some(c) = self.peek(0) {
            self.bump();
            if c == '\\' {
                self.bump();
            } else if c == quote {
                break;
            }
        }
        Kind::Text
    }

    fn character_or_lifetime(&mut self) -> Kind {
        let is_lifetime = self.peek(1).is_some_and(starts_word) && self.peek(2) != Some('\'');
        if is_lifetime {
            self.bump();
            self.bump_while(continues_word);
            Kind::Lifetime
        } else {
            self.quoted('\'')
        }
    }

    /// A number; after a dot it is a field such as `.0`, never a fraction.
    fn number(&mut self, after_dot: bool) -> Kind {
        let start = self.at;
        self.bump_while(|c| c.is_ascii_digit() || c == '_');
        let has_exponent = matches!(self.peek(0), Some('e' | 'E'));
        self.bump_while(continues_word);
        let text = &self.text[start..self.at];
        let has_suffix =
            !text.starts_with("0x") && (text.ends_with("f32") || text.ends_with("f64"));
        let is_fraction = !after_dot
            && self.peek(0) == Some('.')
            && !self.peek(1).is_some_and(|c| c == '.' || starts_word(c));
        if is_fraction {
            self.bump();
            self.bump_while(continues_word);
        }
        if is_fraction || has_exponent || has_suffix { Kind::Float } else { Kind::Integer }
    }
}

fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match (token.kind, token.text) {
            (Kind::Punct, "(" | "[" | "{") => depth += 1,
            (Kind::Punct, ")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len().saturating_sub(1)
}

/// Marks every item under `#[cfg(test)]`, and the whole file under `#![cfg(test)]`.
fn mark_tests(tokens: &mut [Token<'_>]) {
    let reads = |tokens: &[Token<'_>], at: usize, texts: &[&str]| {
        texts.iter().zip(at..).all(|(text, at)| tokens.get(at).is_some_and(|t| t.text == *text))
    };
    let mut at = 0;
    while at < tokens.len() {
        if reads(tokens, at, &["#", "!", "[", "cfg", "(", "test", ")", "]"]) {
            tokens.iter_mut().for_each(|token| token.test = true);
            return;
        }
        if reads(tokens, at, &["#", "[", "cfg", "(", "test", ")", "]"]) {
            let end = end_of_item(tokens, at);
            tokens[at..=end].iter_mut().for_each(|token| token.test = true);
            at = end;
        }
        at += 1;
    }
}

/// The last token of the item whose attributes begin at `at`.
fn end_of_item(tokens: &[Token<'_>], mut at: usize) -> usize {
    while let Some(token) = tokens.get(at) {
        match (token.kind, token.text) {
            (Kind::Punct, "{") => return closing(tokens, at),
            (Kind::Punct, ";" | ",") => return at,
            (Kind::Punct, "(" | "[") => at = closing(tokens, at),
            _ => {}
        }
        at += 1;
    }
    tokens.len().saturating_sub(1)
}
