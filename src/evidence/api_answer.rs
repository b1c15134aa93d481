//! What an answer of an AWS API says, whichever way it came: as it was on the wire, or saved as the CLI
//! prints it. It judges nothing but whether there are elements, none, an error, or bytes that are no answer.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::evidence::protocols;
use crate::evidence::stand_in;
use crate::model::catalog::Catalog;
use crate::model::registry::Operation;
use crate::model::run::State;

/// An answer, read.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The whole answer, as the CLI prints it.
    Body(Value),
    /// A table inside the answer, a row an element.
    Rows(Vec<Value>),
    /// The API's own word for "there is none".
    Absent(String),
    /// A refusal that is a gap: AWS's code, and what became of the call.
    Error(String, State),
    Unreadable(String),
}

/// An answer longer than this is kept and not looked into (AWS's own limit is far lower).
pub const MAX_ANSWER: u64 = 256 << 20;

/// Codes that mean that the caller may not ask.
pub const DENIED: [&str; 8] = [
    "AccessDenied",
    "AccessDeniedException",
    "AccessDeniedForDependencyException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
];

/// Reads an answer of `service:operation`. `custody` tells one that this program received from one that was
/// saved elsewhere; `csv` a table saved as such.
pub fn read(
    bytes: &[u8],
    service: &str,
    name: &str,
    custody: &BTreeMap<String, String>,
    csv: bool,
    catalog: &Catalog,
) -> Answer {
    let operation = catalog.operations.get(&format!("{service}:{name}"));
    if csv {
        return rows(bytes);
    }
    let received = custody.get("status").and_then(|s| s.parse::<u16>().ok());
    if let Some(status) = received.filter(|s| *s >= 300) {
        let (code, message) =
            protocols::error(bytes, custody.get("error-type").map_or("", String::as_str)).unwrap_or_default();
        let code = if code.is_empty() { format!("HTTP {status}") } else { code };
        return refusal(code, &message, operation);
    }
    let body = match (received, catalog.apis.get(service), operation) {
        (Some(_), Some(api), Some(operation)) => protocols::to_json(bytes, name, api, operation),
        _ => plain(bytes),
    };
    let body = match body {
        Ok(body) => body,
        Err(why) => return Answer::Unreadable(why),
    };
    if let Some(code) = body.get("Error").and_then(|e| e.get("Code")).and_then(Value::as_str) {
        let message = body["Error"]["Message"].as_str().unwrap_or_default();
        return refusal(code.to_string(), message, operation);
    }
    match operation.and_then(|o| o.decode.as_deref()).and_then(|d| d.strip_prefix("base64-csv:")) {
        Some(member) => {
            match body.get(member).and_then(Value::as_str).and_then(|text| STANDARD.decode(text.trim()).ok())
            {
                Some(table) => rows(&table),
                None => Answer::Unreadable(format!("no table in member `{member}`")),
            }
        }
        None => Answer::Body(body),
    }
}

fn plain(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_string())?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| e.to_string())
}

fn refusal(code: String, message: &str, operation: Option<&Operation>) -> Answer {
    if operation.is_some_and(|o| o.means_absent(&code, message)) {
        return Answer::Absent(code);
    }
    let state = if DENIED.contains(&code.as_str()) { State::Denied } else { State::Failed };
    Answer::Error(code, state)
}

fn rows(bytes: &[u8]) -> Answer {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let read = reader.deserialize::<BTreeMap<String, String>>().filter_map(Result::ok);
    let rows: Vec<Value> = read
        .map(|row| Value::Object(row.into_iter().map(|(k, v)| (k, Value::String(v))).collect()))
        .collect();
    match bytes.iter().all(u8::is_ascii_whitespace) {
        true => Answer::Unreadable("the file is empty".into()),
        false => Answer::Rows(rows),
    }
}

impl Answer {
    /// The elements, one a row of `response`; `{"_absent": code}` where the API said that there is none.
    pub fn elements(&self, operation: Option<&Operation>) -> Vec<Value> {
        match self {
            Answer::Rows(rows) => rows.clone(),
            Answer::Absent(code) => vec![serde_json::json!({ "_absent": code })],
            Answer::Body(body) => stand_in::elements(body, operation.and_then(|o| o.list.as_deref()))
                .into_iter()
                .cloned()
                .collect(),
            Answer::Error(..) | Answer::Unreadable(_) => Vec::new(),
        }
    }

    /// What it means for coverage, and the reason.
    pub fn state(&self, operation: Option<&Operation>) -> (State, String) {
        match self {
            Answer::Rows(rows) if rows.is_empty() => (State::Empty, String::new()),
            Answer::Rows(_) => (State::Read, String::new()),
            Answer::Absent(code) => (State::Absent, code.clone()),
            Answer::Error(code, state) => (*state, code.clone()),
            Answer::Unreadable(why) => (State::Unreadable, why.clone()),
            Answer::Body(body) => match operation.and_then(|o| o.list.as_deref()) {
                None => (State::Read, String::new()),
                Some(list) if stand_in::elements(body, Some(list)).is_empty() => match has(body, list) {
                    true => (State::Empty, String::new()),
                    false => (State::Unreadable, format!("no member `{list}`")),
                },
                Some(_) => (State::Read, String::new()),
            },
        }
    }
}

/// Whether the first member of a list's path is there; the rest may be missing where the list is empty.
fn has(body: &Value, list: &str) -> bool {
    body.get(list.split('.').next().unwrap_or(list)).is_some_and(|v| v.is_array() || v.is_object())
}
