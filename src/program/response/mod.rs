//! What of a dossier answers each item of a regulator's request: the policy, what shows that it is carried
//! out, its review; or what the item names. A part that is not there is *not evidenced*, and absent only
//! where a named person says so.

mod parts;
mod practices;
mod versions;

use std::collections::BTreeMap;

use crate::diag::near;
use crate::model::dossier::{CrosswalkRow, Dossier};
use crate::model::request::{
    AbsenceStatement, GivenState, PopulationKind, RegisterKind, RegulatorRequest, RequestItem,
};

pub use practices::{PracticeControl, PracticesReport, practices};
pub use versions::{DocumentHistory, DocumentVersion, history};

/// What items are answered from.
pub struct ResponseInputs<'a> {
    pub request: &'a RegulatorRequest,
    /// Of the package in effect.
    pub dossier: &'a Dossier,
    pub documents: &'a DocumentHistory,
    pub populations: &'a BTreeMap<PopulationKind, PopulationList>,
}

/// A population as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PopulationList {
    pub heads: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
    /// What was asked for and not read, of which more may come.
    pub gaps: Vec<String>,
    /// Who or what is in it.
    pub about: String,
    /// Whether an empty list means that there is none: it was read, and not merely told by somebody.
    pub read: bool,
}

/// An item with what was found for each of its parts.
#[derive(Debug, Clone)]
pub struct PlannedItem {
    pub item: RequestItem,
    /// The title and the status (required, addressable) of its row; empty where the citation has none.
    pub title: String,
    pub status: String,
    pub parts: Vec<PlannedPart>,
    pub state: GivenState,
}

#[derive(Debug, Clone)]
pub struct PlannedPart {
    /// The word by which a statement of absence names it.
    pub part: String,
    pub title: String,
    pub state: GivenState,
    pub words: String,
    pub facts: Vec<String>,
    pub gaps: Vec<String>,
    pub documents: Vec<DocumentVersion>,
    pub population: Option<PopulationKind>,
    pub register: Option<RegisterKind>,
    pub absent: Option<AbsenceStatement>,
}

/// Something wrong with the request: the path of the value, what, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestProblem {
    pub path: String,
    pub code: &'static str,
    pub words: String,
    pub hint: String,
}

/// Every item in the order of the regulation, or everything that is wrong with the request.
pub fn plan(inputs: &ResponseInputs<'_>) -> Result<Vec<PlannedItem>, Vec<RequestProblem>> {
    let mut problems = Vec::new();
    let mut planned = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (at, item) in inputs.request.items.iter().enumerate() {
        if !seen.insert(item.id.trim().to_lowercase()) || item.id.trim().is_empty() {
            let words = format!("the id `{}` stands twice or is empty", item.id);
            problems.push(problem(
                format!("items/{at}/id"),
                "AFU-070",
                words,
                "give each item an id of its own",
            ));
        }
        planned.push(planned_item(inputs, at, item, &mut problems));
    }
    if inputs.request.items.is_empty() {
        problems.push(problem(
            "items".into(),
            "AFU-071",
            "the request has no item".into(),
            "write an entry for each thing asked for",
        ));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    planned.sort_by(|a, b| (&a.item.citation, &a.item.id).cmp(&(&b.item.citation, &b.item.id)));
    Ok(planned)
}

fn problem(path: String, code: &'static str, words: String, hint: impl Into<String>) -> RequestProblem {
    RequestProblem { path, code, words, hint: hint.into() }
}

fn planned_item(
    inputs: &ResponseInputs<'_>,
    at: usize,
    item: &RequestItem,
    problems: &mut Vec<RequestProblem>,
) -> PlannedItem {
    let row = inputs.dossier.crosswalk.iter().find(|row| row.citation == item.citation.to_string());
    let named = !item.documents.is_empty()
        || !item.controls.is_empty()
        || !item.records.is_empty()
        || !item.populations.is_empty()
        || !item.registers.is_empty();
    let known: Vec<&str> = inputs.dossier.controls.iter().map(|c| c.id.as_str()).collect();
    for (i, id) in item.controls.iter().enumerate().filter(|(_, id)| !known.contains(&id.as_str())) {
        let hint = near::hint(id, known.iter().copied(), "`affiant controls list` shows the controls");
        problems.push(problem(
            format!("items/{at}/controls/{i}"),
            "AFU-072",
            format!("there is no control `{id}`"),
            hint,
        ));
    }
    let mut parts = match (named, row) {
        (true, _) => {
            problems.extend(cited(inputs, at, item));
            parts::named(inputs, item)
        }
        (false, Some(row)) => parts::of_row(inputs, row),
        (false, None) => {
            let words = format!("the Security Rule has no row `{}` that says what is wanted", item.citation);
            let hint = "name what is wanted: documents, controls, records, populations or registers";
            problems.push(problem(format!("items/{at}/citation"), "AFU-073", words, hint));
            Vec::new()
        }
    };
    absences(at, item, &mut parts, problems);
    let states: Vec<GivenState> = parts.iter().map(|part| part.state).collect();
    let text = |of: fn(&CrosswalkRow) -> &String| row.map(of).cloned().unwrap_or_default();
    PlannedItem {
        title: text(|row| &row.title),
        status: text(|row| &row.status),
        state: GivenState::of(&states),
        parts,
        item: item.clone(),
    }
}

/// A citation of the Security Rule that is none of its rows, and of a section that part 164 does not have.
fn cited(inputs: &ResponseInputs<'_>, at: usize, item: &RequestItem) -> Option<RequestProblem> {
    let text = item.citation.to_string();
    let within =
        |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with('('));
    let rows = || inputs.dossier.crosswalk.iter().map(|row| row.citation.as_str());
    let known = match item.citation.section() {
        308..=316 => rows().any(|row| within(row, &text) || within(&text, row)),
        102..=106 | 302 | 304 | 306 | 318 | 400..=414 | 500..=534 => true,
        _ => false,
    };
    let hint = near::hint(&text, rows(), "write the paragraph as 45 CFR part 164 has it");
    let words = format!("45 CFR part 164 has no `{text}` that is known here");
    (!known).then(|| problem(format!("items/{at}/citation"), "AFU-073", words, hint))
}

/// Lays what people say does not exist over what was not found. What was found is not absent, whoever says
/// so.
fn absences(at: usize, item: &RequestItem, parts: &mut [PlannedPart], problems: &mut Vec<RequestProblem>) {
    for (i, said) in item.absent.iter().enumerate() {
        let path = format!("items/{at}/absent/{i}/part");
        let names: Vec<String> = parts.iter().map(|part| part.part.clone()).collect();
        let Some(part) = parts.iter_mut().find(|part| part.part == said.part) else {
            let hint = near::hint(
                &said.part,
                names.iter().map(String::as_str),
                &format!("its parts: {}", names.join(", ")),
            );
            problems.push(problem(path, "AFU-074", format!("the item has no part `{}`", said.part), hint));
            continue;
        };
        match part.state {
            GivenState::Given | GivenState::InPart | GivenState::Empty => {
                let words =
                    format!("`{}` is said to be absent, and the package has it: {}", said.part, part.words);
                problems.push(problem(
                    path,
                    "AFU-075",
                    words,
                    "strike the statement, or name the part that is missing",
                ));
            }
            GivenState::Absent => {
                let words = format!("`{}` is said to be absent twice", said.part);
                problems.push(problem(path, "AFU-074", words, "strike one of the statements"));
            }
            GivenState::NotEvidenced => {
                part.state = GivenState::Absent;
                part.words = format!("{}, {}, stated on {}: {}", said.by, said.role, said.on, said.words);
                part.absent = Some(said.clone());
            }
        }
    }
}
