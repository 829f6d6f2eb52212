//! String measures on folded (ASCII) text: edits, Jaro–Winkler, Soundex, token sets. They know no
//! fields and allocate nothing that outlives a call.

mod edits;
mod soundex;

pub use edits::{jaro_winkler, jaro_winkler_at_least, osa_bytes_within, osa_within, same_letters};
pub use soundex::soundex;
