//! The picks as the files that e-mail tools import, each with the words that put them into a template there.
//!
//! What a tool documents is a [`Spec`]: its columns, how long a text may be, how many columns and rows a file has. What had
//! to be cut or split for it is counted and told, never silent. The holdout is in none of them.

mod columns;
mod pages;
mod parquet;
mod push;
mod snippets;
mod specs;
#[cfg(test)]
mod tests;
mod write;
mod xlsx;

pub use pages::{download, show};
pub use parquet::write as write_parquet;
pub use push::{JOB, Payload, begin, job, push};
pub use specs::{Field, Shape, Spec, TOOLS, Who, of_name};
pub use write::{Told, write};
pub use xlsx::{MOST_ROWS, write as write_xlsx};
