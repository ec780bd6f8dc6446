//! Source: what one module declares, reads and touches, taken from its syntax.
//!
//! Items come from the syntax tree; within them every token is looked at, so that a path counts the
//! same in a `use`, a type, an expression, a pattern, an attribute or a macro's arguments.
//!
//! Law: code under `#[cfg(test)]` or `#[test]` is not seen.
//! Known shortcomings: macros are not expanded.
//! Not here: what a path leads to (`modules`), what is allowed (`laws`).

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Ident, Item, Lit, Type, ext::IdentExt};

/// A path as written, from its first segment on; a word on its own is a path of one.
pub(super) type Path = Vec<String>;

/// One module: a file, or the braces of `mod x { … }`.
#[derive(Default)]
pub(super) struct Module {
    pub(super) file: String,
    /// Names of the items that it defines, and which of them are other names of a type.
    pub(super) items: BTreeSet<String>,
    pub(super) aliases: BTreeSet<String>,
    /// Names that it imports with what they stand for; a glob has no name.
    pub(super) imports: Vec<(Option<String>, Path)>,
    pub(super) children: Vec<Child>,
    /// Every path, keyword and float, with its line.
    pub(super) paths: Vec<(Path, usize)>,
    /// What is taken by `.name` or out of a `State { … }`, unless it is taken out of `params`.
    pub(super) fields: Vec<(String, usize)>,
    /// Types with an inherent impl.
    pub(super) impls: Vec<(Path, usize)>,
}

/// `mod name;` or `mod name { … }`.
pub(super) struct Child {
    pub(super) name: String,
    pub(super) is_test: bool,
    pub(super) inline: Option<Module>,
}

impl Module {
    pub(super) fn new(file: &str, items: &[Item]) -> Module {
        let mut module = Module { file: file.into(), ..Module::default() };
        items.iter().for_each(|item| module.item(item));
        module
    }

    fn item(&mut self, item: &Item) {
        let name = match item {
            Item::Const(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Macro(item) => item.ident.as_ref(),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Type(item) => {
                self.aliases.insert(text(&item.ident));
                Some(&item.ident)
            }
            Item::Union(item) => Some(&item.ident),
            Item::Impl(item) => {
                let is_inherent = item.trait_.is_none() && !item.attrs.iter().any(is_test);
                if let (true, Type::Path(of)) = (is_inherent, &*item.self_ty) {
                    let path = of.path.segments.iter().map(|segment| text(&segment.ident));
                    self.impls.push((path.collect(), item.impl_token.span.start().line));
                }
                None
            }
            Item::Mod(item) => return self.children.push(Child::new(&self.file, item)),
            _ => None,
        };
        self.items.extend(name.map(text));
        self.read(item.to_token_stream(), &[], false);
    }

    /// Reads tokens; `prefix` stands before each path within the braces of a `use`.
    fn read(&mut self, stream: TokenStream, prefix: &[String], mut is_use: bool) {
        let tokens = Tokens(stream.into_iter().collect());
        let mut at = 0;
        while let Some(token) = tokens.0.get(at) {
            let before = at.wrapping_sub(1);
            let is_member = tokens.is(before, '.') && !tokens.is(before.wrapping_sub(1), '.');
            match token {
                TokenTree::Group(group) => self.read(group.stream(), &[], false),
                TokenTree::Punct(sign) if sign.as_char() == '#' => at = tokens.after_attribute(at),
                TokenTree::Punct(sign) => is_use &= sign.as_char() != ';',
                TokenTree::Literal(literal) if !is_member => self.literal(literal),
                TokenTree::Literal(_) => {}
                TokenTree::Ident(name) if is_member => {
                    let call = |at: usize| tokens.group(at).and(tokens.word(at.wrapping_sub(1)));
                    let of = before.wrapping_sub(1);
                    if tokens.word(of).or(call(of)).is_none_or(|of| of != "params") {
                        self.fields.push((text(name), name.span().start().line));
                    }
                }
                TokenTree::Ident(name) if name == "use" => is_use = true,
                TokenTree::Ident(_) => at = self.path(&tokens, at, prefix, is_use),
            }
            at += 1;
        }
    }

    fn literal(&mut self, literal: &Literal) {
        let line = literal.span().start().line;
        match Lit::new(literal.clone()) {
            Lit::Float(float) => self.paths.push((vec![float.to_string()], line)),
            // As in `#[serde(with = "crate::hex")]`.
            Lit::Str(text) if text.value().starts_with("crate::") => {
                self.paths.push((text.value().split("::").map(String::from).collect(), line));
            }
            _ => {}
        }
    }

    /// Reads the path that begins at `start` and returns where its last token stands.
    fn path(&mut self, tokens: &Tokens, start: usize, prefix: &[String], is_use: bool) -> usize {
        let line = tokens.0[start].span().start().line;
        let mut path = [prefix, &[tokens.word(start).unwrap_or_default()]].concat();
        let mut at = start + 1;
        while tokens.is(at, ':') && tokens.is(at + 1, ':') {
            if let Some(next) = tokens.word(at + 2) {
                path.push(next);
            } else if let Some(group) = tokens.group(at + 2) {
                self.read(group.stream(), &path, true);
                return at + 2;
            } else if tokens.is(at + 2, '*') {
                self.imports.push((None, path.clone()));
                path.push("*".into());
            } else {
                break;
            }
            at += 3;
        }
        if is_use {
            path.pop_if(|last| last == "self" && !prefix.is_empty());
            let alias = tokens.word(at).filter(|word| word == "as").and(tokens.word(at + 1));
            self.imports.push((alias.or(path.last().cloned()), path.clone()));
        }
        if let Some(body) = tokens.group(at) {
            if tokens.word(start.wrapping_sub(1)).is_some_and(|word| word == "impl") {
                self.impls.push((path.clone(), line));
            }
            if path.last().is_some_and(|last| last == "State" || last == "Self") {
                let body = Tokens(body.stream().into_iter().collect());
                let names = (0..body.0.len()).filter_map(|at| body.word(at));
                self.fields.extend(names.map(|name| (name, line)));
            }
        }
        self.paths.push((path, line));
        at - 1
    }
}

/// A row of tokens; beyond either end there is nothing.
struct Tokens(Vec<TokenTree>);

impl Tokens {
    fn is(&self, at: usize, sign: char) -> bool {
        matches!(self.0.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
    }

    fn word(&self, at: usize) -> Option<String> {
        match self.0.get(at) {
            Some(TokenTree::Ident(ident)) => Some(text(ident)),
            _ => None,
        }
    }

    fn group(&self, at: usize) -> Option<&Group> {
        match self.0.get(at) {
            Some(TokenTree::Group(group)) => Some(group),
            _ => None,
        }
    }

    /// The last token of a test whose attribute begins at `at`; of other attributes, `at` itself.
    fn after_attribute(&self, at: usize) -> usize {
        if !self.group(at + 1).is_some_and(|brackets| marks_test(&brackets.stream())) {
            return at;
        }
        let is_end = |token: &TokenTree| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            token => matches!(token.to_string().as_str(), ";" | ","),
        };
        at + self.0[at..].iter().take_while(|token| !is_end(token)).count()
    }
}

impl Child {
    fn new(file: &str, item: &syn::ItemMod) -> Child {
        let inline = item.content.as_ref().map(|(_, items)| Module::new(file, items));
        let is_test = item.attrs.iter().any(is_test);
        Child { name: text(&item.ident), is_test, inline }
    }
}

fn text(ident: &Ident) -> String {
    ident.unraw().to_string()
}

fn is_test(attribute: &Attribute) -> bool {
    marks_test(&attribute.meta.to_token_stream())
}

/// True for `test`, `cfg(test)` and `cfg(all(test, …))`.
fn marks_test(meta: &TokenStream) -> bool {
    let meta = meta.to_string().replace(' ', "");
    matches!(meta.as_str(), "test" | "cfg(test)") || meta.starts_with("cfg(all(test,")
}
