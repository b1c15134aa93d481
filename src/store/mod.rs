//! Files on disk that last: runs, bags, archives, atomic writes, and the items and secrets inside them. It knows nothing of
//! signatures or of what evidence proves.

pub mod answer;
pub mod archive;
pub mod atomic;
pub mod bag;
pub mod fill;
pub mod item;
pub mod items;
pub mod manifest;
pub mod path;
pub mod prune;
pub mod redact;
pub mod rules;
pub mod run;
pub mod scan;
pub mod tree;
pub mod undo;
pub mod unzip;

pub use path::{BagPath, portable_name};
pub use tree::Tree;
