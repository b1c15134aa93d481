//! A package in the formats that other programs read: OSCAL, SARIF, OCSF, and CSV by request. They are made
//! of the dossier and of where its exhibits lie in the package. Each of the six verdicts keeps its own word
//! in each format, and `met` alone reads as a pass.

pub mod ocsf;
pub mod oscal;
pub mod requests;
pub mod sarif;

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::model::digest::name_uuid;
use crate::model::dossier::{CheckReport, Dossier, EvidenceRef, ResultRow};
use crate::model::verdict::Verdict;

/// What is handed over, as far as these formats speak of it.
pub struct Handed<'a> {
    pub dossier: &'a Dossier,
    /// The folder of the run in the package.
    pub run: &'a str,
    /// SHA-256 of the package's `manifest-sha256.txt`.
    pub manifest: String,
    /// Parts of the package that the formats point at, with their SHA-256.
    pub parts: Vec<(String, String)>,
    /// Where a resource stands in an exhibit: by exhibit and resource.
    pub places: BTreeMap<(String, String), TextPlace>,
}

/// A stretch of text in an exhibit: line and columns from 1, the end one further; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPlace {
    pub line: u64,
    pub column: u64,
    pub end: u64,
}

/// One file of an export: its path below the folder, and what it is.
pub struct MachineFile {
    pub path: String,
    pub format: &'static str,
    pub bytes: Vec<u8>,
}

/// The namespace of every UUID here: what `name_uuid` makes of `affiant/export/1` in the null namespace.
const NAMESPACE: [u8; 16] =
    [0x48, 0xae, 0xcf, 0xca, 0x19, 0x94, 0x5a, 0xd7, 0xa1, 0x6d, 0x48, 0x1c, 0xe4, 0xbd, 0x7f, 0xbd];

/// What a URI keeps of a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A verdict as each format has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapped {
    /// OSCAL: `satisfied` or not, with `pass`, `fail` or `other`; none where no finding is made.
    pub oscal: Option<(&'static str, &'static str)>,
    /// SARIF: the kind of a result; a level is given to `fail` alone.
    pub sarif: &'static str,
    /// OCSF: `status_id` with its word.
    pub ocsf: (u64, &'static str),
}

pub fn mapped(verdict: Verdict) -> Mapped {
    let (oscal, sarif, ocsf) = match verdict {
        Verdict::Met => (Some(("satisfied", "pass")), "pass", (1, "Pass")),
        Verdict::NotMet => (Some(("not-satisfied", "fail")), "fail", (3, "Fail")),
        Verdict::NotEvidenced => (Some(("not-satisfied", "other")), "open", (0, "Unknown")),
        Verdict::Accepted => (Some(("not-satisfied", "other")), "fail", (99, "accepted")),
        Verdict::Attested => (Some(("not-satisfied", "other")), "review", (99, "attested")),
        Verdict::NotApplicable => (None, "notApplicable", (99, "not applicable")),
    };
    Mapped { oscal, sarif, ocsf }
}

/// What a verdict says where a format has no word for it.
pub fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "The evidence shows that the demand is fulfilled.",
        Verdict::NotMet => "The evidence shows that the demand is not fulfilled.",
        Verdict::NotEvidenced => {
            "Data that the answer needs was not read: this is neither a pass nor a failure."
        }
        Verdict::Accepted => {
            "The demand is not fulfilled; an approved exception that has not expired covers it."
        }
        Verdict::Attested => "A person's dated statement; there is no machine evidence.",
        Verdict::NotApplicable => "The population was read and is empty.",
    }
}

/// One thing that a check says: of a resource, or of itself where no row bears its verdict.
pub struct Said<'a> {
    pub row: Option<&'a ResultRow>,
    pub verdict: Verdict,
    pub reason: String,
    pub evidence: &'a [String],
}

/// All that a check says. A check whose verdict no listed row bears (gaps, empty populations) speaks for
/// itself.
pub fn said(check: &CheckReport) -> Vec<Said<'_>> {
    let of_row = |row| {
        let row: &ResultRow = row;
        let evidence = if row.evidence.is_empty() { &check.evidence } else { &row.evidence };
        Said { row: Some(row), verdict: row.verdict, reason: one_line(&row.reason), evidence }
    };
    let mut all: Vec<Said<'_>> = check.rows.iter().map(of_row).collect();
    if !check.rows.iter().any(|row| row.verdict == check.verdict) {
        let gaps = one_line(&check.gaps.join("; "));
        let reason = if gaps.is_empty() { meaning(check.verdict).to_string() } else { gaps };
        all.push(Said { row: None, verdict: check.verdict, reason, evidence: &check.evidence });
    }
    all
}

/// Rows that the dossier counts and does not list.
pub fn unlisted(check: &CheckReport) -> u64 {
    check.rows_total.saturating_sub(check.rows.len() as u64)
}

/// A UUID that is the same for the same thing in each export: `kind` keeps the names of two kinds apart.
pub fn uuid(kind: &str, name: &str) -> String {
    name_uuid(NAMESPACE, &format!("{kind}\0{name}"))
}

/// Text on one line: what titles and values may hold.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// JSON with two-space indents and a final newline.
pub fn json<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = crate::diag::visible_json(serde_json::to_vec_pretty(value).expect("JSON serialises"));
    bytes.push(b'\n');
    bytes
}

impl Handed<'_> {
    pub fn exhibit(&self, id: &str) -> Option<&EvidenceRef> {
        self.dossier.evidence.iter().find(|exhibit| exhibit.id == id)
    }

    /// Where an exhibit lies, from the package's folder on.
    pub fn path(&self, exhibit: &EvidenceRef) -> String {
        format!("{}/data/{}", self.run, exhibit.path)
    }

    pub fn uri(&self, exhibit: &EvidenceRef) -> String {
        uri(&self.path(exhibit))
    }

    /// What every format says beside its title: SAMPLE and DRAFT must not get lost.
    pub fn warnings(&self) -> String {
        let words = [
            (self.dossier.sample, "SAMPLE: synthetic or replayed evidence. "),
            (self.dossier.draft, "DRAFT: made over open problems. "),
        ];
        words.into_iter().filter(|(holds, _)| *holds).map(|(_, words)| words).collect()
    }
}

/// A path as a relative URI.
pub fn uri(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn met_alone_reads_as_a_pass() {
        for verdict in Verdict::ALL {
            let m = mapped(verdict);
            let met = verdict == Verdict::Met;
            assert_eq!(m.oscal.is_some_and(|(state, _)| state == "satisfied"), met, "{verdict}");
            assert_eq!(m.oscal.is_some_and(|(_, reason)| reason == "pass"), met, "{verdict}");
            assert_eq!(m.sarif == "pass", met, "{verdict}");
            assert_eq!(m.ocsf.0 == 1, met, "{verdict}");
        }
    }

    #[test]
    fn what_was_not_read_reads_as_unknown_everywhere() {
        let m = mapped(Verdict::NotEvidenced);
        assert_eq!((m.oscal, m.sarif, m.ocsf), (Some(("not-satisfied", "other")), "open", (0, "Unknown")));
    }

    #[test]
    fn the_namespace_is_the_one_that_is_told() {
        let plain: String = NAMESPACE.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(name_uuid([0; 16], "affiant/export/1").replace('-', ""), plain);
    }

    #[test]
    fn a_path_with_percents_and_spaces_is_a_uri() {
        assert_eq!(uri("a b/c%2Fd.json"), "a%20b/c%252Fd.json");
    }
}
