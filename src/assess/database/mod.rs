//! From a run to tables: the SQLite schema, what is loaded into it, what stands in for AWS Config items,
//! coverage, the catalog's tables, and the guard under which SQL of the catalog runs.

pub(super) mod bounds;
pub(super) mod coverage;
pub mod export;
pub(super) mod guard;
pub(super) mod load;
pub(super) mod part_gaps;
pub(super) mod place;
pub(super) mod reach;
pub(super) mod schema;
pub mod scope;
pub mod sharing;
pub(super) mod stand_ins;
pub mod states;
pub(super) mod tables;
pub(super) mod tags;
mod texts;
