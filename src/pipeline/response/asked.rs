//! The request as a person wrote it: read, and refused while placeholders or days to come are in it.

use crate::diag::{Diagnostic, Problems};
use crate::model::request::{REQUEST, RegulatorRequest};
use crate::pipeline::{Error, answer};
use crate::program::response::RequestProblem;
use crate::yaml::{Document, is_placeholder, yaml};
use chrono::{DateTime, NaiveDate, Utc};

/// Every text of a request goes to `text` with its path; its days come back with theirs.
fn said<'a>(request: &'a RegulatorRequest, text: &mut dyn FnMut(String, &str)) -> Vec<(String, &'a str)> {
    let mut days = vec![("received".to_string(), request.received.as_str())];
    text("reference".into(), &request.reference);
    text("from".into(), &request.from);
    for (at, item) in request.items.iter().enumerate() {
        // these are words of theirs, and may hold what looks like a placeholder
        if item.ask.trim().is_empty() {
            text(format!("items/{at}/ask"), "");
        }
        for (i, word) in item.documents.iter().enumerate() {
            text(format!("items/{at}/documents/{i}"), word);
        }
        for (i, said) in item.absent.iter().enumerate() {
            let path = |member: &str| format!("items/{at}/absent/{i}/{member}");
            for (member, value) in [("words", &said.words), ("by", &said.by), ("role", &said.role)] {
                text(path(member), value);
            }
            days.push((path("on"), said.on.as_str()));
        }
    }
    if let Some(claim) = &request.recognized_practices {
        let path = |member: &str| format!("recognized_practices/{member}");
        for (member, value) in [
            ("practices", &claim.practices),
            ("words", &claim.words),
            ("by", &claim.by),
            ("role", &claim.role),
        ] {
            text(path(member), value);
        }
        days.push((path("on"), claim.on.as_str()));
        days.push((path("since"), claim.since.as_str()));
    }
    days
}

fn day_of(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| day.to_string() == text)
}

/// What is wrong with the day by which they want it, which may be left out and lie ahead.
fn due(request: &RegulatorRequest) -> Option<String> {
    let text = request.due.trim();
    match day_of(text) {
        _ if text.is_empty() => None,
        None => Some(format!("`{text}` is no day")),
        Some(due) if day_of(&request.received).is_some_and(|received| due < received) => {
            Some(format!("`{text}` is before the request was received, on {}", request.received))
        }
        Some(_) => None,
    }
}

/// The request, without placeholders or days that have not come.
pub fn request(name: &str, bytes: &[u8], now: DateTime<Utc>) -> Result<RegulatorRequest, Error> {
    let request: RegulatorRequest = yaml(name, bytes).map_err(Problems)?;
    answer::format_is(name, bytes, &request.format, REQUEST)?;
    let today = now.format("%Y-%m-%d").to_string();
    let mut problems = Vec::new();
    let mut text = |path: String, value: &str| {
        if is_placeholder(value) || value.trim().is_empty() {
            let words = format!("`{value}` is still to be filled in");
            problems.push((path, words, "write what is so, or strike the entry"));
        }
    };
    let days = said(&request, &mut text);
    for (path, day) in days {
        let words = match day_of(day) {
            None => format!("`{day}` is no day"),
            Some(_) if day > today.as_str() => format!("`{day}` is no day that has come"),
            Some(_) => continue,
        };
        problems.push((path, words, "write the day on which it was so: 2026-09-30"));
    }
    problems.extend(due(&request).map(|words| ("due".to_string(), words, "write the last day to answer on")));
    if problems.is_empty() {
        return Ok(request);
    }
    let made = problems.into_iter().map(|(path, words, hint)| RequestProblem {
        path,
        code: "AFU-076",
        words,
        hint: hint.into(),
    });
    Err(told(name, bytes, made.collect()))
}

/// Problems with the lines that they are about.
pub(super) fn told(name: &str, bytes: &[u8], problems: Vec<RequestProblem>) -> Error {
    let document = Document::read(name, bytes).ok().map(|(document, _)| document);
    let one = |p: RequestProblem| {
        let problem = Diagnostic::new(p.code, p.words).hint(p.hint);
        match &document {
            Some(document) => document.mark(problem, &p.path),
            None => problem.file(name),
        }
    };
    Problems(problems.into_iter().map(one).collect()).into()
}
