//! Shapes: the JSON Schema of a type, learnt from how the type reads itself.
//!
//! A type's `Deserialize` asks for what it wants: a struct's fields, an enum's variants, a number.
//! [`Probe`] answers with the simplest value there is, notes what was asked, and reads the type
//! again until every variant was seen.
//!
//! Law: names, variants and nesting are the type's own and cannot fall behind it.
//! Known shortcomings: what a field is for is not known here; a type that decides by what it
//! finds (untagged, internally tagged) is described by hand in `leaves`; the names of leaf types
//! come from `type_name`, and where that fails a leaf loses its unit, not its shape.

use std::{
    any::type_name,
    collections::{BTreeMap, BTreeSet},
};

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor, value::Error,
};
use serde_json::{Map, Value, json};

use super::leaves;
use crate::schema;

/// Texts that some type reads, by how many bytes they write: addresses, digests, byte strings.
const TEXT_BYTES: [usize; 3] = [20, 32, 0];
/// A word that some type reads that looks before it decides: a pot's name.
const WORD: &str = "escrow";
/// How many texts there are to try: an amount's, those of bytes, and the word.
const TEXTS: usize = TEXT_BYTES.len() + 2;
/// What stands for the name of a struct that is written in place.
const UNNAMED: &str = "";

/// What a type asked for at one place.
#[derive(Clone, Debug)]
enum Asked {
    Leaf(Value),
    Struct(&'static str, &'static [&'static str]),
    Enum(&'static str, &'static [&'static str]),
    Tuple(usize),
    List,
    Optional,
    Newtype,
}

/// What is known of one type so far, by path from its root.
#[derive(Debug, Default)]
pub(super) struct Probe {
    asked: BTreeMap<String, Asked>,
    hints: BTreeMap<String, &'static str>,
    /// Which of a place's candidates is offered.
    tries: BTreeMap<String, usize>,
    /// Lists and options whose content cannot be made up.
    empty: BTreeSet<String>,
    /// Which variant of an enum is read next, and which enums this reading met.
    variant: BTreeMap<String, usize>,
    met: Vec<(String, usize)>,
    last: String,
}

/// Every value of `T` that differs from the others in a variant, and the type's shape.
///
/// # Panics
/// If `T` reads nothing that can be made up.
pub(super) fn probe<T: DeserializeOwned>() -> (Vec<T>, Probe) {
    let mut probe = Probe::default();
    let mut values = Vec::new();
    loop {
        probe.met.clear();
        let root = At { probe: &mut probe, path: String::new(), hint: type_name::<T>() };
        match T::deserialize(root) {
            Ok(value) => {
                values.push(value);
                let next = probe.met.iter().rev().find_map(|(path, count)| {
                    let index = probe.variant.get(path).copied().unwrap_or(0).saturating_add(1);
                    (index < *count).then(|| (path.clone(), index))
                });
                let Some((path, index)) = next else { return (values, probe) };
                probe.variant.insert(path, index);
            }
            Err(error) => probe.try_other(&error, type_name::<T>()),
        }
    }
}

impl Probe {
    /// Offers something else where the last reading failed.
    fn try_other(&mut self, error: &Error, root: &str) {
        let tried = self.tries.entry(self.last.clone()).or_default();
        *tried = tried.saturating_add(1);
        if *tried < TEXTS {
            return;
        }
        let containers = self.asked.iter().filter(|(path, asked)| {
            let step = match asked {
                Asked::List => "[]",
                Asked::Optional => "?",
                _ => return false,
            };
            let inside = self.last.strip_prefix(path.as_str());
            inside.is_some_and(|rest| rest.starts_with(step)) && !self.empty.contains(*path)
        });
        let nearest = containers.max_by_key(|(path, _)| path.len()).map(|(path, _)| path.clone());
        let nearest = nearest.unwrap_or_else(|| panic!("{root} at {}: {error}", self.last));
        self.empty.insert(nearest);
    }

    /// The schema of the root; structs and enums go to `components` under their names.
    pub(super) fn schema(&self, components: &mut Map<String, Value>) -> Value {
        self.at("", components)
    }

    /// The variants of the root, an enum of structs, each with what it consists of.
    pub(super) fn variants(
        &self,
        components: &mut Map<String, Value>,
    ) -> Vec<(&'static str, Value)> {
        let Some(Asked::Enum(_, variants)) = self.asked.get("") else { return Vec::new() };
        let body = |variant: &&'static str| (*variant, self.at(&format!("/{variant}"), components));
        variants.iter().map(body).collect()
    }

    fn at(&self, path: &str, components: &mut Map<String, Value>) -> Value {
        let hint = self.hints.get(path).copied().unwrap_or_default();
        if let Some((name, schema)) = leaves::of(hint) {
            components.insert(name.to_owned(), schema);
            return reference(name);
        }
        match self.asked.get(path) {
            None => json!({}),
            Some(Asked::Leaf(schema)) => schema.clone(),
            Some(Asked::Newtype) => self.at(&format!("{path}!"), components),
            Some(Asked::Optional) => {
                let inner = self.at(&format!("{path}?"), components);
                json!({"anyOf": [inner, {"type": "null"}]})
            }
            Some(Asked::List) => {
                json!({"type": "array", "items": self.at(&format!("{path}[]"), components)})
            }
            Some(Asked::Tuple(count)) => {
                let items = (0..*count).map(|at| self.at(&format!("{path}({at})"), components));
                let items: Vec<Value> = items.collect();
                json!({"type": "array", "prefixItems": items,
                       "minItems": count, "maxItems": count})
            }
            Some(Asked::Struct(name, fields)) => {
                let schema = self.object(path, fields, components);
                named(name, schema, components)
            }
            Some(Asked::Enum(name, variants)) => {
                let schema = self.choice(path, (name, variants), components);
                named(name, schema, components)
            }
        }
    }

    fn object(&self, path: &str, fields: &[&str], components: &mut Map<String, Value>) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            let path = format!("{path}.{field}");
            properties.insert((*field).to_owned(), self.at(&path, components));
            // A map that is empty, and what may be none, may be left out.
            let may_miss = match self.asked.get(&path) {
                Some(Asked::Optional) => true,
                Some(Asked::Leaf(schema)) => schema["type"] == "object",
                _ => false,
            };
            if !may_miss {
                required.push(*field);
            }
        }
        json!({"type": "object", "properties": properties, "required": required})
    }

    fn choice(
        &self,
        path: &str,
        (name, variants): (&str, &[&str]),
        components: &mut Map<String, Value>,
    ) -> Value {
        let mut words = Vec::new();
        let mut others = Vec::new();
        for variant in variants {
            let path = format!("{path}/{variant}");
            if self.asked.contains_key(&path) {
                let mut inner = self.at(&path, components);
                if matches!(self.asked.get(&path), Some(Asked::Struct(UNNAMED, _))) {
                    inner = named(&(schema::title(name, variant) + "Body"), inner, components);
                }
                others.push(schema::variant(name, variant, inner));
            } else {
                words.push(*variant);
            }
        }
        let words = json!({"type": "string", "enum": words});
        if others.is_empty() {
            return words;
        }
        if words["enum"].as_array().is_some_and(|words| !words.is_empty()) {
            others.insert(0, words);
        }
        json!({"oneOf": others})
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A reference to `schema`, or the schema itself where its name is taken by another.
fn named(name: &str, schema: Value, components: &mut Map<String, Value>) -> Value {
    // A page has one name for lists of everything.
    if name == "Page" {
        let items = schema["properties"]["items"]["items"]["$ref"].as_str().unwrap_or_default();
        let name = items.rsplit('/').next().unwrap_or_default().to_owned() + name;
        components.insert(name.clone(), schema);
        return reference(&name);
    }
    if name == UNNAMED || components.get(name).is_some_and(|other| *other != schema) {
        return schema;
    }
    components.insert(name.to_owned(), schema);
    reference(name)
}

/// One place in a type that is being read.
struct At<'p> {
    probe: &'p mut Probe,
    path: String,
    hint: &'static str,
}

impl At<'_> {
    fn note(&mut self, asked: Asked) {
        self.probe.last.clone_from(&self.path);
        self.probe.hints.insert(self.path.clone(), self.hint);
        self.probe.asked.insert(self.path.clone(), asked);
    }

    fn tried(&self) -> usize {
        self.probe.tries.get(&self.path).copied().unwrap_or(0)
    }

    /// Tried before, without success.
    fn is_empty(&self) -> bool {
        self.probe.empty.contains(&self.path)
    }

    fn down(&mut self, step: &str, hint: &'static str) -> At<'_> {
        At { path: format!("{}{step}", self.path), probe: self.probe, hint }
    }
}

/// The name of the type behind `Option<…>`.
fn inside(hint: &'static str) -> &'static str {
    let inner = hint.strip_prefix("core::option::Option<");
    inner.and_then(|inner| inner.strip_suffix('>')).unwrap_or(hint)
}

macro_rules! numbers {
    ($($method:ident $visit:ident $number:ty, $min:expr, $max:expr;)+) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            self.note(Asked::Leaf(json!({"type": "integer", "minimum": $min, "maximum": $max})));
            visitor.$visit(<$number>::from(self.tried() > 0))
        }
    )+};
}

impl<'de> Deserializer<'de> for At<'_> {
    type Error = Error;

    numbers! {
        deserialize_u8 visit_u8 u8, 0, u8::MAX;
        deserialize_u16 visit_u16 u16, 0, u16::MAX;
        deserialize_u32 visit_u32 u32, 0, u32::MAX;
        deserialize_u64 visit_u64 u64, 0, u64::MAX;
        deserialize_i8 visit_i8 i8, i8::MIN, i8::MAX;
        deserialize_i16 visit_i16 i16, i16::MIN, i16::MAX;
        deserialize_i32 visit_i32 i32, i32::MIN, i32::MAX;
        deserialize_i64 visit_i64 i64, i64::MIN, i64::MAX;
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.note(Asked::Leaf(json!({"type": "boolean"})));
        visitor.visit_bool(false)
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.note(Asked::Leaf(json!({})));
        text_of(self.tried(), visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.note(Asked::Leaf(json!({"type": "string"})));
        text_of(self.tried(), visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.note(Asked::Optional);
        if self.is_empty() {
            return visitor.visit_none();
        }
        let hint = inside(self.hint);
        visitor.visit_some(self.down("?", hint))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(Asked::Newtype);
        visitor.visit_newtype_struct(self.down("!", ""))
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.note(Asked::List);
        let left = usize::from(!self.is_empty());
        visitor.visit_seq(Items { at: self, next: 0, left, is_tuple: false })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        mut self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(Asked::Tuple(count));
        visitor.visit_seq(Items { at: self, next: 0, left: count, is_tuple: true })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(count, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.note(Asked::Leaf(json!({"type": "object", "additionalProperties": true})));
        visitor.visit_map(Fields { at: self, fields: &[], next: 0 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(Asked::Struct(name, fields));
        visitor.visit_map(Fields { at: self, fields, next: 0 })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(Asked::Enum(name, variants));
        self.probe.met.push((self.path.clone(), variants.len()));
        visitor.visit_enum(Variant { at: self, variants })
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct identifier ignored_any
    }
}

fn text_of<'de, V: Visitor<'de>>(tried: usize, visitor: V) -> Result<V::Value, Error> {
    match tried.checked_sub(1).map(|at| TEXT_BYTES.get(at)) {
        None => visitor.visit_str("0"),
        Some(Some(count)) => visitor.visit_str(&format!("0x{}", "00".repeat(*count))),
        Some(None) => visitor.visit_str(WORD),
    }
}

struct Items<'p> {
    at: At<'p>,
    next: usize,
    left: usize,
    is_tuple: bool,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let step = if self.is_tuple { format!("({})", self.next) } else { "[]".to_owned() };
        self.next = self.next.saturating_add(1);
        seed.deserialize(self.at.down(&step, type_name::<S::Value>())).map(Some)
    }
}

struct Fields<'p> {
    at: At<'p>,
    fields: &'static [&'static str],
    next: usize,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(field) = self.fields.get(self.next) else { return Ok(None) };
        seed.deserialize((*field).into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let field = self.fields.get(self.next).copied().unwrap_or_default();
        self.next = self.next.saturating_add(1);
        seed.deserialize(self.at.down(&format!(".{field}"), type_name::<S::Value>()))
    }
}

struct Variant<'p> {
    at: At<'p>,
    variants: &'static [&'static str],
}

impl<'de, 'p> EnumAccess<'de> for Variant<'p> {
    type Error = Error;
    type Variant = At<'p>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        mut self,
        seed: S,
    ) -> Result<(S::Value, At<'p>), Error> {
        let index = self.at.probe.variant.get(&self.at.path).copied().unwrap_or(0);
        let variant = self.variants.get(index).copied();
        let variant = variant.ok_or_else(|| de::Error::custom("an enum without variants"))?;
        self.at.path = format!("{}/{variant}", self.at.path);
        Ok((seed.deserialize(variant.into_deserializer())?, self.at))
    }
}

impl<'de> VariantAccess<'de> for At<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(At { hint: type_name::<S::Value>(), ..self })
    }

    fn tuple_variant<V: Visitor<'de>>(
        mut self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.hint = "";
        self.deserialize_tuple(count, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.hint = "";
        self.deserialize_struct(UNNAMED, fields, visitor)
    }
}
