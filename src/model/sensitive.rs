use std::fmt;

use serde::{Deserialize, Serialize};

/// A customer's value: it can be read on purpose ([`Sensitive::expose`]), but `Debug` and so logs,
/// panics and error texts show only that there was one.
///
/// ```
/// let email = sameas::model::Sensitive::new("ann@example.com".to_owned());
/// assert_eq!(format!("{email:?}"), "<redacted>");
/// assert_eq!(email.expose(), "ann@example.com");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps a customer's value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. The caller vouches that it goes neither into a log nor an error.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Gives the value up.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl<T> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

/// `Debug` that shows only the type's name, for values that hold a customer's.
macro_rules! redacted_debug {
    ($($type:ident),* $(,)?) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(<redacted>)"))
            }
        }
    )*};
}
pub(crate) use redacted_debug;
