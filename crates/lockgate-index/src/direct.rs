//! What direct references lead to: archives behind addresses and on this machine, Git repositories, folders.
//!
//! It reads what is stated and runs no code of a package. What an archive or a commit says is kept in the cache: under its address by
//! the rules of HTTP, under its commit for good. Credentials in an address are used and kept nowhere.

mod archive;
mod built;
mod facts;
mod git;
mod tree;
mod unpack;

pub use archive::Archive;
pub use facts::DirectFacts;
pub use git::Commit;
pub use tree::{Stated, in_folder};
pub use unpack::unpack;
