//! What the index tells of its work. Bars and colours are the binary's.

use std::fmt;

/// Hears what is being fetched.
pub trait Reporter: Send + Sync + fmt::Debug {
    /// A fetch began; `what` is short: a project, a file's name.
    fn started(&self, what: &str);

    /// It ended, well or not.
    fn finished(&self, what: &str);

    /// Something that people should know and that does not end the run.
    fn warning(&self, message: &str);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn started(&self, _: &str) {}
    fn finished(&self, _: &str) {}
    fn warning(&self, _: &str) {}
}
