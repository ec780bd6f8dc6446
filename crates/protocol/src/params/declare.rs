//! Declarations: each parameter's unit, range, default and reason, said once.
//!
//! A room declares its parameters in its own `params.rs`; from that come the type, the check of
//! ranges, the documentation, what `params --json` prints and how `5%` or `100` is read.
//!
//! Law: no parameter without a range and a reason.
//! Not here: relations between parameters (`params`), what one does (its room).

use alloc::{
    format,
    string::{String, ToString},
};

use crate::num::{Amount, Blocks, Decimal, Epochs, Factor, Gas, PARTS, Ratio};

/// Something that a parameter may be counted in.
pub(crate) trait Measure: Copy {
    /// The unit's name, as tools choose how to read and write a value by it.
    const UNIT: &'static str;
    /// The value in its own unit.
    fn raw(self) -> u64;
    /// The value of so many units, if it has so many.
    fn of_raw(raw: u64) -> Option<Self>;
}

macro_rules! measures {
    ($($type:ident, $value:ident => $raw:expr, $read:expr;)*) => {
        $(impl Measure for $type {
            const UNIT: &'static str = stringify!($type);
            fn raw(self) -> u64 {
                let $value = self;
                $raw
            }
            fn of_raw(raw: u64) -> Option<$type> {
                let read: fn(u64) -> Option<$type> = $read;
                read(raw)
            }
        })*
    };
}

measures! {
    Amount, a => a.units(), Amount::new;
    Ratio, r => r.parts(), Ratio::new;
    Factor, f => f.parts(), Factor::new;
    Blocks, b => b.count(), |n| Some(Blocks::new(n));
    Epochs, e => e.count(), |n| Some(Epochs::new(n));
    Gas, g => g.count(), |n| Some(Gas::new(n));
    u64, n => n, Some;
    u32, n => u64::from(n), |n| u32::try_from(n).ok();
    u8, n => u64::from(n), |n| u8::try_from(n).ok();
}

/// One parameter, as tools show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamField {
    /// Its room, the first half of its path.
    pub room: &'static str,
    /// Its name within the room, the second half.
    pub name: &'static str,
    /// `Ratio` and `Factor` count parts per billion, `Amount` base units, `Gas` compute units,
    /// `Blocks` and `Epochs` themselves, anything else is a plain count.
    pub unit: &'static str,
    /// The least allowed, in its unit.
    pub min: u64,
    /// The most allowed, in its unit.
    pub max: u64,
    /// What it is.
    pub about: &'static str,
    /// Why the default is what it is.
    pub reason: &'static str,
}

impl ParamField {
    /// Is this its path, such as `verification.margin`?
    pub fn is_at(&self, path: &str) -> bool {
        path.split_once('.') == Some((self.room, self.name))
    }

    /// Is it a time by itself?
    pub fn is_time(&self) -> bool {
        self.name.ends_with("_ms")
    }

    /// A value in its own unit as people write it: tokens, per cent, or a count with its unit.
    pub fn shown(&self, value: u64) -> String {
        let decimal = |places| Decimal { count: value, places };
        match self.unit {
            "Amount" => format!("{} tokens", decimal(9)),
            "Ratio" => format!("{} %", decimal(7)),
            "Factor" => decimal(9).to_string(),
            "Gas" => format!("{value} gas"),
            "Blocks" => format!("{value} blocks"),
            "Epochs" => format!("{value} epochs"),
            _ if self.is_time() => format!("{value} ms"),
            _ => value.to_string(),
        }
    }
}

/// A parameter outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outside {
    pub(crate) field: &'static ParamField,
    pub(crate) got: u64,
}

/// Declares the parameters of one room.
macro_rules! params {
    (
        $(#[doc = $room_doc:literal])*
        $struct:ident in $room:literal {
            $(
                $(#[doc = $doc:literal])*
                $name:ident: $type:ident = $default:expr, $range:expr, $reason:literal;
            )*
        }
    ) => {
        $(#[doc = $room_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $struct {
            $(
                $(#[doc = $doc])*
                #[doc = concat!("\n\nDefault: ", $reason, ".")]
                pub $name: $type,
            )*
        }

        impl $struct {
            /// Every parameter of the room.
            pub const FIELDS: &'static [$crate::params::declare::ParamField] = &[$({
                let range = $range;
                $crate::params::declare::ParamField {
                    room: $room,
                    name: stringify!($name),
                    unit: <$type as $crate::params::declare::Measure>::UNIT,
                    min: *range.start(),
                    max: *range.end(),
                    about: concat!($($doc),*),
                    reason: $reason,
                }
            },)*];

            /// Every parameter outside its range, in order of declaration.
            pub(crate) fn outside(
                &self,
            ) -> impl Iterator<Item = $crate::params::declare::Outside> + use<> {
                let values = [$($crate::params::declare::Measure::raw(self.$name)),*];
                Self::FIELDS.iter().zip(values).filter_map(|(field, got)| {
                    let is_inside = field.min <= got && got <= field.max;
                    (!is_inside).then_some($crate::params::declare::Outside { field, got })
                })
            }

            /// What a parameter is, in its own unit; none if the room has none of this name.
            pub(crate) fn get(&self, name: &str) -> Option<u64> {
                $(if name == stringify!($name) {
                    return Some($crate::params::declare::Measure::raw(self.$name));
                })*
                None
            }

            /// Sets a parameter, in its own unit; none if there is no such value or no such name.
            pub(crate) fn set(&mut self, name: &str, raw: u64) -> Option<()> {
                $(if name == stringify!($name) {
                    self.$name = <$type as $crate::params::declare::Measure>::of_raw(raw)?;
                    return Some(());
                })*
                None
            }
        }

        impl Default for $struct {
            fn default() -> Self {
                $struct { $($name: $default,)* }
            }
        }
    };
}
pub(crate) use params;

/// The largest amount, in base units, for the ends of ranges.
pub(crate) const AMOUNT_MAX: u64 = Amount::MAX.units();
/// One, in parts per billion, for the ends of ranges.
pub(crate) const ONE: u64 = PARTS;
/// The longest window in blocks: no sum of windows overflows.
pub(crate) const BLOCKS_MAX: u64 = 1 << 32;

/// A small amount in base units.
pub(crate) const fn amount(units: u64) -> Amount {
    match Amount::new(units) {
        Some(amount) => amount,
        None => Amount::MAX,
    }
}

/// Thousandths as a factor.
pub(crate) const fn thousandths(count: u64) -> Factor {
    match Factor::new(count.saturating_mul(PARTS / 1_000)) {
        Some(factor) => factor,
        None => Factor::MAX,
    }
}
