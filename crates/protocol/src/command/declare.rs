//! Declarations: the macros behind `table` and `terms`.
//!
//! Law: what is said of a command or of a type of its fields is said once. The struct, its wire
//! form, what a wallet shows of it and what schemas say of it all come from the one declaration.
//! Not here: the declarations themselves.

/// The docs of an item in one line.
macro_rules! about {
    ($($line:literal)+) => {
        concat!($($line),+).trim_ascii()
    };
}

/// How a wallet's message names a field: as the field is named, unless it says otherwise.
macro_rules! shown {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $shown:ident) => {
        stringify!($shown)
    };
}

/// A struct of public fields that can be described and visited without knowing it.
macro_rules! fields {
    (
        #[derive($($derive:ident),+)]
        $(#[doc = $about:literal])+
        $name:ident {
            $($(#[doc = $field_about:literal])+ $field:ident $(as $shown:ident)?: $type:ty,)*
        }
    ) => {
        $(#[doc = $about])+
        #[derive($($derive),+)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[doc = $field_about])+
                #[serde(
                    serialize_with = "crate::command::Field::write",
                    deserialize_with = "crate::command::Field::read"
                )]
                pub $field: $type,
            )*
        }

        impl $name {
            /// What it consists of.
            pub const FIELDS: &'static [$crate::command::FieldInfo] = &[$(
                $crate::command::FieldInfo {
                    name: stringify!($field),
                    shown: shown!($field $($shown)?),
                    about: about!($($field_about)+),
                    kind: <$type as $crate::command::Field>::KIND,
                },
            )*];

            /// Hands every field to `visitor`, in the order of [`FIELDS`](Self::FIELDS).
            pub fn visit_fields(&self, visitor: $crate::command::FieldVisitor<'_>) {
                $($crate::command::Field::visit(
                    &self.$field,
                    shown!($field $($shown)?),
                    visitor,
                );)*
            }

            /// How many bytes its byte strings and lists have.
            pub(crate) fn variable_bytes(&self) -> usize {
                0usize$(.saturating_add($crate::command::Field::variable_bytes(&self.$field)))*
            }
        }
    };
}

/// Structs that stand in several commands; a wallet shows their fields among those around them.
macro_rules! groups {
    ($($(#[doc = $about:literal])+ $name:ident { $($body:tt)* })+) => {$(
        fields! {
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
            $(#[doc = $about])+
            $name { $($body)* }
        }

        impl $crate::command::Field for $name {
            const KIND: $crate::command::FieldKind =
                $crate::command::FieldKind::Group($name::FIELDS);

            fn visit(&self, _: &'static str, visitor: $crate::command::FieldVisitor<'_>) {
                self.visit_fields(visitor);
            }

            fn variable_bytes(&self) -> usize {
                self.variable_bytes()
            }
        }
    )+};
}

/// Choices between words; a word may carry one number, which has a name of its own.
macro_rules! words {
    ($(
        $(#[doc = $about:literal])+
        $name:ident {$(
            $(#[doc = $word_about:literal])+
            $variant:ident $(($number:ident: $type:ty))? = $word:literal,
        )+}
    )+) => {$(
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {$(
            $(#[doc = $word_about])+
            #[serde(rename = $word)]
            $variant $(($type))?,
        )+}

        words_of! { $name {$(
            $(#[doc = $word_about])+
            $variant $(($number: $type))? = $word,
        )+} }
    )+};
}

/// The number that a word carries, with its name.
macro_rules! carried {
    () => {
        ("", 0)
    };
    ($number:ident) => {
        (stringify!($number), $number)
    };
}

/// The same for an enum that is declared elsewhere.
macro_rules! words_of {
    ($name:ident {$(
        $(#[doc = $about:literal])+
        $variant:ident $(($number:ident: $type:ty))? = $word:literal,
    )+}) => {
        impl $crate::command::Field for $name {
            const KIND: $crate::command::FieldKind = $crate::command::FieldKind::Choice(&[$(
                $crate::command::Word {
                    name: $word,
                    about: about!($($about)+),
                    number: &[$($crate::command::FieldInfo {
                        name: stringify!($number),
                        shown: stringify!($number),
                        about: concat!("Which ", stringify!($number), "."),
                        kind: <$type as $crate::command::Field>::KIND,
                    })?],
                },
            )+]);

            fn visit(&self, name: &'static str, visitor: $crate::command::FieldVisitor<'_>) {
                let word = match self {
                    $($name::$variant { .. } => $word,)+
                };
                visitor(name, $crate::command::FieldValue::Word(word));
                let $crate::command::FieldKind::Choice(words) = Self::KIND else { return };
                for number in $crate::command::Word::numbers(words) {
                    // What another word carries is shown as none.
                    let (of, value): (&str, u32) = match *self {
                        $($name::$variant $(($number))? => carried!($($number)?),)+
                    };
                    let value = if of == number.name { value } else { 0 };
                    $crate::command::Field::visit(&value, number.name, visitor);
                }
            }

            fn variable_bytes(&self) -> usize {
                0
            }
        }
    };
}

/// Commands: their structs, the enum over them, what is known of each, and
/// [`for_each_command`](crate::for_each_command).
macro_rules! commands {
    ($(
        $(#[doc = $about:literal])+
        $name:ident = $room:ident::$verb:ident or $rejected:ident,
        $lane:ident, weight $weight:literal, keys [$($scope:ident)*]
        { $($body:tt)* }
    )+) => {
        $(
            fields! {
                #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
                $(#[doc = $about])+
                $name { $($body)* }
            }

            impl $name {
                /// What is known of the command without its fields' values.
                pub const INFO: CommandInfo = CommandInfo {
                    name: stringify!($verb),
                    message: stringify!($name),
                    room: stringify!($room),
                    lane: Lane::$lane,
                    weight: $weight,
                    scopes: &[$(Scope::$scope),*],
                    about: about!($($about)+),
                    fields: $name::FIELDS,
                };
            }

            impl From<$name> for Command {
                fn from(command: $name) -> Command {
                    Command::$name(command)
                }
            }
        )+

        /// Everything that can be asked.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Command {$(
            $(#[doc = $about])+
            $name($name),
        )+}

        /// Every command, in the order of [`Command`].
        pub const COMMANDS: &[CommandInfo] = &[$($name::INFO),+];

        impl Command {
            /// The name of every command, as the wire has it.
            pub const NAMES: &'static [&'static str] = &[$($name::INFO.name),+];

            /// What is known of this command without its fields' values.
            pub fn info(&self) -> &'static CommandInfo {
                match self {
                    $(Command::$name(_) => &$name::INFO,)+
                }
            }

            /// Hands every field to `visitor`, in the order of its struct; groups are flat.
            pub fn visit_fields(&self, visitor: FieldVisitor<'_>) {
                match self {
                    $(Command::$name(command) => command.visit_fields(visitor),)+
                }
            }

            /// How many bytes its byte strings and lists have.
            pub(crate) fn variable_bytes(&self) -> usize {
                match self {
                    $(Command::$name(command) => command.variable_bytes(),)+
                }
            }
        }

        /// Calls a macro with the list of all commands, for what must exist once for each.
        ///
        /// `for_each_command!(callback)` becomes
        /// `callback! { (Transfer accounts transfer TransferRejected) (Bond ...) ... }`: the name,
        /// the room that carries it out, its verb there and its refusal.
        /// `for_each_command!(callback, (names...))` puts `(names...)` before the list, for the
        /// names of the caller that the callback must use.
        ///
        /// ```
        /// macro_rules! count {
        ///     ($(($name:ident $room:ident $verb:ident $rejected:ident))+) => {
        ///         [$(stringify!($verb)),+].len()
        ///     };
        /// }
        /// assert_eq!(
        ///     earnest_protocol::for_each_command!(count),
        ///     earnest_protocol::Command::NAMES.len(),
        /// );
        /// ```
        #[macro_export]
        macro_rules! for_each_command {
            ($callback:ident) => {
                $callback! { $(($name $room $verb $rejected))+ }
            };
            ($callback:ident, $names:tt) => {
                $callback! { $names $(($name $room $verb $rejected))+ }
            };
        }
    };
}
