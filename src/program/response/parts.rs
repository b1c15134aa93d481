//! The parts of an item: what each consists of in the dossier, and in which state that leaves it.

use super::{DocumentVersion, PlannedPart, PopulationList, ResponseInputs};
use crate::model::dossier::{ControlReport, CrosswalkRow, RecordReport};
use crate::model::numbers::plural;
use crate::model::records::RecordKind;
use crate::model::request::{GivenState, PopulationKind, RegisterKind, RequestItem, VersionsWanted};
use crate::model::verdict::Verdict;

const NOT_THERE: &str = "not in the package in effect, and nobody has said that it does not exist";

fn empty(part: &str, title: String) -> PlannedPart {
    PlannedPart {
        part: part.into(),
        title,
        state: GivenState::NotEvidenced,
        words: NOT_THERE.into(),
        facts: Vec::new(),
        gaps: Vec::new(),
        documents: Vec::new(),
        population: None,
        register: None,
        absent: None,
    }
}

fn given(part: PlannedPart, words: String) -> PlannedPart {
    PlannedPart { state: GivenState::Given, words, ..part }
}

/// What OCR's protocol asks of a row: the policy, what shows that it is carried out, and its review.
pub fn of_row(inputs: &ResponseInputs<'_>, row: &CrosswalkRow) -> Vec<PlannedPart> {
    let records: Vec<&RecordReport> =
        inputs.dossier.records.iter().filter(|r| r.citation.starts_with(&row.citation)).collect();
    let documents = |part: &str, title: &str, exhibits: &[String]| {
        let versions = exhibited(inputs, exhibits);
        let made = PlannedPart {
            facts: versions.iter().map(DocumentVersion::words).collect(),
            ..empty(part, title.into())
        };
        match versions.len() {
            0 => made,
            n => given(PlannedPart { documents: versions, ..made }, plural(n, "document")),
        }
    };
    let mut implementation =
        documents("implementation", "What shows that it is carried out", &row.implementation);
    let controls: Vec<&ControlReport> = inputs
        .dossier
        .controls
        .iter()
        .filter(|c| row.controls.iter().any(|named| named.id == c.id))
        .collect();
    implementation.facts.extend(controls.iter().map(|control| of_control(control)));
    let read = controls.iter().filter(|c| shows(c)).count();
    if read > 0 {
        let words = match implementation.documents.len() {
            0 => plural(read, "control"),
            n => format!("{} and {}", plural(n, "document"), plural(read, "control")),
        };
        implementation = given(implementation, words);
    }
    implementation.gaps = controls.iter().filter(|c| c.counts.not_evidenced > 0).map(|c| unread(c)).collect();
    let mut review = documents("review", "Its review", &row.review);
    review.facts.extend(records.iter().map(|r| of_record(r)));
    if !records.is_empty() {
        let words =
            format!("{}, {}", plural(review.documents.len(), "document"), plural(records.len(), "record"));
        review = given(review, words);
    }
    let mut parts = vec![documents("policy", "The policy or procedure", &row.policy), implementation, review];
    parts.extend(alternative(inputs, &row.citation));
    parts
}

/// The alternative measure for an addressable specification, where one is recorded.
fn alternative(inputs: &ResponseInputs<'_>, citation: &str) -> Option<PlannedPart> {
    let facts: Vec<String> = inputs
        .dossier
        .controls
        .iter()
        .flat_map(|c| &c.alternatives)
        .filter(|a| a.citation == citation)
        .map(|a| {
            format!(
                "why not: {}; in its place: {}; approved by {} on {}",
                a.why_not, a.measure, a.approver, a.date
            )
        })
        .collect();
    let n = facts.len();
    let part = PlannedPart { facts, ..empty("alternative", "The alternative measure".into()) };
    (n > 0).then(|| given(part, plural(n, "record")))
}

/// What the item names.
pub fn named(inputs: &ResponseInputs<'_>, item: &RequestItem) -> Vec<PlannedPart> {
    let mut parts: Vec<PlannedPart> =
        item.documents.iter().map(|word| document(inputs, word, item.versions)).collect();
    parts.extend(item.controls.iter().map(|id| control(inputs, id)));
    parts.extend(item.records.iter().map(|kind| record(inputs, *kind)));
    parts.extend(item.populations.iter().map(|kind| population(inputs.populations.get(kind), *kind)));
    parts.extend(item.registers.iter().map(|kind| register(inputs, *kind)));
    parts
}

fn document(inputs: &ResponseInputs<'_>, word: &str, versions: VersionsWanted) -> PlannedPart {
    let lower = word.to_lowercase();
    let fits = |v: &&DocumentVersion| v.name().to_lowercase().contains(&lower);
    let all: Vec<DocumentVersion> = inputs.documents.values().flatten().filter(fits).cloned().collect();
    let current = all.iter().filter(|v| v.in_effect).count();
    let part = empty(word, format!("Documents named `{word}`"));
    let documents: Vec<DocumentVersion> =
        all.into_iter().filter(|v| v.in_effect || versions == VersionsWanted::All).collect();
    let part =
        PlannedPart { facts: documents.iter().map(DocumentVersion::words).collect(), documents, ..part };
    match (current, part.documents.len()) {
        (0, 0) => part,
        // an earlier version is handed over, and is no answer for the day
        (0, n) => PlannedPart {
            words: format!("none in effect on the day; {} of packages before it", plural(n, "version")),
            ..part
        },
        (n, all) => {
            let earlier =
                if all > n { format!(", {} before it", plural(all - n, "version")) } else { String::new() };
            given(part, format!("{} in effect{earlier}", plural(n, "document")))
        }
    }
}

fn control(inputs: &ResponseInputs<'_>, id: &str) -> PlannedPart {
    let found = inputs.dossier.controls.iter().find(|c| c.id == id);
    let part =
        empty(id, found.map_or_else(|| id.to_string(), |c| format!("Control {}: {}", c.number, c.title)));
    let Some(control) = found.filter(|c| shows(c)) else {
        return PlannedPart { facts: found.map(of_control).into_iter().collect(), ..part };
    };
    let mut facts = vec![of_control(control)];
    facts.extend(control.checks.iter().map(|check| {
        let exhibits = if check.evidence.is_empty() {
            String::new()
        } else {
            format!("; evidence {}", check.evidence.join(", "))
        };
        format!(
            "{} ({}): {}, {} rows{exhibits}",
            check.title,
            check.id,
            check.verdict.as_str(),
            check.rows_total
        )
    }));
    facts.extend(control.attestations.iter().map(|a| {
        let ended = if a.expired { ", which has ended" } else { "" };
        format!("{}, {}, stated on {}{ended}: {}", a.by, a.role, a.on, a.statement)
    }));
    let gaps = if control.counts.not_evidenced > 0 { vec![unread(control)] } else { Vec::new() };
    let words = format!("{}, as read for {}", control.verdict.as_str(), inputs.dossier.as_of);
    given(PlannedPart { facts, gaps, ..part }, words)
}

fn record(inputs: &ResponseInputs<'_>, kind: RecordKind) -> PlannedPart {
    let found: Vec<&RecordReport> =
        inputs.dossier.records.iter().filter(|r| r.kind == kind.as_str()).collect();
    let exhibits: Vec<String> = found.iter().flat_map(|r| r.evidence.clone()).collect();
    let name = serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(String::from)).unwrap_or_default();
    let part = PlannedPart {
        facts: found.iter().map(|r| of_record(r)).collect(),
        documents: exhibited(inputs, &exhibits),
        ..empty(&name, format!("Records of {}", kind.as_str()))
    };
    match found.len() {
        0 => unregistered(inputs, &name, part),
        n => given(part, plural(n, "record")),
    }
}

/// No record is kept of it. A document of that name may still be there, and whoever answers must know.
fn unregistered(inputs: &ResponseInputs<'_>, name: &str, part: PlannedPart) -> PlannedPart {
    let papers = document(inputs, name, VersionsWanted::Current).documents;
    if papers.is_empty() {
        return part;
    }
    let named: Vec<&str> = papers.iter().map(DocumentVersion::name).collect();
    let words = format!("no entry in the register of records; the package holds {}", named.join(", "));
    PlannedPart { words, ..part }
}

fn population(list: Option<&PopulationList>, kind: PopulationKind) -> PlannedPart {
    let part = empty(kind.as_str(), format!("Population: {}", kind.as_str()));
    let Some(list) = list else { return part };
    let part = PlannedPart {
        gaps: list.gaps.clone(),
        facts: vec![list.about.clone()],
        population: Some(kind),
        ..part
    };
    match (list.rows.len(), list.read && list.gaps.is_empty()) {
        (0, true) => PlannedPart {
            state: GivenState::Empty,
            words: "none: all of it was read, and there is nothing in it".into(),
            ..part
        },
        (0, false) => PlannedPart { population: None, ..part },
        (n, _) => given(part, plural(n, "row")),
    }
}

fn register(inputs: &ResponseInputs<'_>, kind: RegisterKind) -> PlannedPart {
    let d = inputs.dossier;
    let (title, n, facts): (&str, usize, Vec<String>) = match kind {
        RegisterKind::Risks => ("The risk register", d.risks.rows.len(), vec![d.risks.method.clone()]),
        RegisterKind::IncidentPlan => {
            let plan = &d.incident;
            let words = format!(
                "{}, version {}, approved by {} on {}, next review {}",
                plan.title, plan.version, plan.approved_by, plan.approved_at, plan.next_review
            );
            let lacks = plan.missing.iter().map(|m| format!("the plan still lacks: {m}"));
            (
                "The incident-response plan",
                usize::from(plan.present),
                std::iter::once(words).chain(lacks).collect(),
            )
        }
        RegisterKind::Agreements => {
            let lines =
                d.baa.agreements.iter().map(|a| {
                    format!("{} ({} agreement, account {}): {}", a.name, a.level, a.account, a.state)
                });
            let lines: Vec<String> = std::iter::once(d.baa.words.clone()).chain(lines).collect();
            ("Agreements with AWS, as AWS Artifact lists them", d.baa.agreements.len(), lines)
        }
        RegisterKind::AlternativeMeasures => {
            let all = d.controls.iter().flat_map(|c| &c.alternatives);
            let lines: Vec<String> = all
                .map(|a| format!("{}: {}; approved by {} on {}", a.citation, a.measure, a.approver, a.date))
                .collect();
            ("Alternative measures for addressable specifications", lines.len(), lines)
        }
    };
    let part = empty(kind.as_str(), title.into());
    if n == 0 {
        return part;
    }
    given(
        PlannedPart { facts, register: Some(kind), ..part },
        plural(n, "entry").replace("entrys", "entries"),
    )
}

/// Documents by exhibits of the package in effect.
fn exhibited(inputs: &ResponseInputs<'_>, exhibits: &[String]) -> Vec<DocumentVersion> {
    let all = inputs.documents.values().flatten();
    all.filter(|v| v.in_effect && exhibits.iter().any(|e| *e == v.exhibit || *e == v.path)).cloned().collect()
}

/// Whether anything about it was read.
fn shows(control: &ControlReport) -> bool {
    match control.verdict {
        Verdict::NotEvidenced => control.counts.met + control.counts.not_met + control.counts.accepted > 0,
        Verdict::Met | Verdict::NotMet | Verdict::Accepted | Verdict::Attested | Verdict::NotApplicable => {
            true
        }
    }
}

fn unread(control: &ControlReport) -> String {
    format!("{}: evidence for {} of its rows is missing", control.title, control.counts.not_evidenced)
}

fn of_control(control: &ControlReport) -> String {
    let c = &control.counts;
    format!(
        "Control {}, {}: {} ({} met, {} not met, {} not evidenced, {} accepted)",
        control.number,
        control.title,
        control.verdict.as_str(),
        c.met,
        c.not_met,
        c.not_evidenced,
        c.accepted
    )
}

fn of_record(record: &RecordReport) -> String {
    let over =
        if record.population.is_empty() { String::new() } else { format!(", over {}", record.population) };
    let result = if record.result.is_empty() { String::new() } else { format!(": {}", record.result) };
    let late = if record.overdue { "; overdue since then" } else { "" };
    format!("{} on {} by {}{over}{result}{late}", record.title, record.on, record.by)
}
