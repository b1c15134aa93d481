//! From tables to verdicts: every check asked, its rows judged, rolled up into controls, compared with AWS's
//! own rules and with the history. The checks' own cases run here too.

pub mod cases;
pub(super) mod check_tally;
pub(super) mod corroborate;
pub(super) mod engine;
pub mod exceptions;
pub(super) mod history;
pub mod table_cases;
