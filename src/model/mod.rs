//! The words of the product as types. Nothing here reads a file, a clock or a network.

pub mod access;
pub mod address;
pub mod agreements;
pub mod answers;
pub mod archived;
pub mod assessment;
pub mod aws_answers;
pub mod breach;
pub mod catalog;
pub mod changes;
pub mod citation;
pub mod corroboration;
pub mod decisions;
pub mod device_names;
pub mod digest;
pub mod dossier;
pub mod edition_link;
pub mod homes;
pub mod kinds;
pub mod numbers;
pub mod partition;
pub mod records;
pub mod regions;
pub mod registry;
pub mod request;
pub mod run;
pub mod shapes;
pub mod verdict;
pub mod workbook_map;
pub mod workpapers;

pub use digest::Digest;
