//! From AWS's bytes to JSON: the wire protocols, configuration items and files of them, API answers and what
//! stands in for an item, encodings that SQL cannot undo, and what must never be stored. It knows no run and
//! no file.

pub mod api_answer;
pub mod config_files;
pub mod config_item;
pub mod encodings;
pub mod foreign;
pub mod inquiry;
pub mod never_store;
pub mod protocols;
pub mod stand_in;
pub mod workbook;
