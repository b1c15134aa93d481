//! An auditor's workpaper on one check: the whole population that it judged, and a sample drawn from it by a
//! seed. The conclusion is the auditor's.

/// One row that the check judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JudgedRow {
    pub resource: String,
    pub account: String,
    pub region: String,
    pub verdict: String,
    pub reason: String,
    /// Taken out of scope by a named person.
    pub excluded: bool,
    /// The artifact that the resource was read from, and its digest; empty where the row has none of its own.
    pub evidence: String,
    pub sha256: String,
}

/// A row with its place in the draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnRow {
    pub row: JudgedRow,
    /// SHA-256 over seed, check and row, by which rows are drawn.
    pub rank: String,
    /// From 1, in the order of the draw; none where it was not drawn.
    pub number: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workpaper {
    pub check: String,
    pub title: String,
    pub control: String,
    pub objective: String,
    pub citations: Vec<String>,
    pub verdict: String,
    /// What evidence is missing: then the population may be larger.
    pub gaps: Vec<String>,
    pub sql: String,
    /// The whole population, by resource.
    pub rows: Vec<DrawnRow>,
}

impl Workpaper {
    pub fn drawn(&self) -> Vec<&DrawnRow> {
        let mut drawn: Vec<&DrawnRow> = self.rows.iter().filter(|r| r.number.is_some()).collect();
        drawn.sort_by_key(|r| r.number);
        drawn
    }

    /// `41 met, 2 not met, 1 excluded`
    pub fn counts(&self) -> String {
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for row in &self.rows {
            *counts.entry(if row.row.excluded { "excluded" } else { &row.row.verdict }).or_default() += 1;
        }
        if counts.is_empty() {
            "none".into()
        } else {
            counts.iter().map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Workpapers of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkpaperFile {
    pub papers: Vec<Workpaper>,
    pub run: String,
    pub manifest: String,
    pub catalog: String,
    pub as_of: String,
    pub seed: String,
    pub size: u64,
}
