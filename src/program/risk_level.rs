//! The scale of risks, the matrix, and a risk that nobody has decided about.

use crate::model::digest::Digest;
use crate::model::dossier::RiskReport;

pub use crate::model::shapes::SCALE;

/// Level of risk by likelihood (row) and impact (column), both low to high: the matrix of NIST SP 800-30 Rev.
/// 1, table I-2.
const LEVEL: [[usize; 5]; 5] =
    [[0, 0, 0, 1, 1], [0, 1, 1, 1, 2], [0, 1, 2, 2, 3], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]];

pub fn rank(level: &str) -> usize {
    SCALE.iter().position(|s| *s == level).unwrap_or(2)
}

pub fn level(likelihood: &str, impact: &str) -> String {
    SCALE[LEVEL[rank(likelihood)][rank(impact)]].to_string()
}

/// A finding that no check made: nobody has decided about it yet.
pub fn found(key: &str, origin: &str, title: String, likelihood: &str, impact: &str) -> RiskReport {
    RiskReport {
        id: format!("R-{}", &Digest::of(key.as_bytes()).to_string()[..6]),
        title,
        status: "open".into(),
        origin: origin.into(),
        level: level(likelihood, impact),
        likelihood: likelihood.into(),
        impact: impact.into(),
        suggested: true,
        ..RiskReport::default()
    }
}
