//! Files on disk that last: runs, bags, archives, atomic writes, and the items and secrets inside them. It
//! knows nothing of signatures or of what evidence proves.

pub mod archive;
pub mod atomic;
pub mod bag;
pub mod given;
pub mod manifest;
pub mod path;
pub mod problem;
pub mod run;
pub mod tree;
pub mod unzip;
pub mod workbook;

pub use path::{BagPath, portable_name};
pub use tree::Tree;
