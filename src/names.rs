//! [`names!`]: enums whose variants have a name in reports, in schemas and in what users write.

/// Gives an enum without data the constant `ALL`, its variants in order, and the method `name`.
///
/// Shape: `names!(Tier { Certain: "certain", Likely: "likely" });`. A variant without a name is a compile error.
macro_rules! names {
    ($type:ty { $($variant:ident: $name:literal),+ $(,)? }) => {
        impl $type {
            /// All variants, in order.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in reports.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

pub(crate) use names;

/// A number of things: `1 finding`, `2 findings`.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
