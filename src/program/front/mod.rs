//! The first pages of a package, made from what the rest of the dossier already holds: the board, decisions
//! as facts, a buyer's twelve answers, what may start a breach clock, and contradictions.

mod board;
mod buyer;
mod clocks;
mod contradictions;
mod facts;

use super::{Inputs, References};
use crate::model::dossier::Dossier;

pub use contradictions::risks as contradicted;

/// Fills the first pages of a dossier whose other parts are done.
pub fn fill(dossier: &mut Dossier, inputs: &Inputs<'_>, refs: &References) {
    dossier.clock_starts = clocks::all(dossier, inputs);
    dossier.contradictions = contradictions::all(dossier, inputs, refs);
    dossier.decisions_needed = facts::decisions(dossier, inputs);
    dossier.board = board::rows(dossier);
    dossier.buyer = buyer::answers(dossier, inputs, refs);
}
