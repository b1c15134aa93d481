//! Writes a statement into the text of `program/attestations.yaml`, and leaves every comment and every other
//! byte alone.

use crate::model::decisions::Attestation;
use crate::yaml::edit::{self, EditError, PathStep, Value};

/// The file of a workspace that has none yet.
pub const NO_STATEMENTS: &str = "# What no API can show, said by a named person. `affiant attest` writes \
                                 here.\nformat: affiant.attestations/1\n";

const LIST: &str = "attestations";

/// The text with the statement in it: in the place of the one with its id, else at the end.
pub fn put(text: &str, said: &Attestation) -> Result<String, EditError> {
    let all = edit::json(text)?;
    let there = all[LIST].as_array().into_iter().flatten().position(|entry| entry["id"] == said.id.as_str());
    let members = members(said);
    let Some(n) = there else {
        let whole = members.into_iter().filter(|(name, value)| *name == "evidence" || !is_nothing(value));
        return edit::push(
            text,
            &[],
            LIST,
            &Value::Map(whole.map(|(name, value)| (name.to_string(), value)).collect()),
        );
    };
    let entry = [PathStep::Member(LIST.into()), PathStep::Item(n)];
    let had = edit::members(text, &entry)?;
    let mut text = text.to_string();
    for (name, value) in members {
        if !is_nothing(&value) || had.iter().any(|h| h == name) {
            text = edit::set(&text, &entry, name, &value)?;
        }
    }
    Ok(text)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Text(text) | Value::Plain(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(members) => members.is_empty(),
    }
}

fn members(said: &Attestation) -> Vec<(&'static str, Value)> {
    let map = |members: &[(&str, String)]| {
        Value::Map(members.iter().map(|(k, v)| ((*k).to_string(), Value::text(v))).collect())
    };
    let files = said.files.iter().map(|f| map(&[("path", f.path.clone()), ("sha256", f.sha256.to_string())]));
    let before = said
        .supersedes
        .iter()
        .map(|s| map(&[("by", s.by.clone()), ("on", s.on.clone()), ("sha256", s.sha256.to_string())]));
    let decided = said.decided.iter().map(|d| {
        let access = d.access.clone();
        map(&[
            ("principal", d.principal.clone()),
            ("decision", d.decision.clone()),
            ("by", d.by.clone()),
            ("access", access),
        ])
    });
    let signed = said.signatures.iter().map(|s| map(&[("role", s.role.clone()), ("cms", s.cms.clone())]));
    vec![
        ("id", Value::text(&said.id)),
        ("statement", Value::text(&said.statement)),
        ("by", Value::text(&said.by)),
        ("role", Value::text(&said.role)),
        ("on", Value::text(&said.on)),
        ("valid_until", Value::text(&said.valid_until)),
        ("evidence", Value::List(said.evidence.iter().map(Value::text).collect())),
        ("scope", Value::text(&said.scope)),
        ("next_review", Value::text(&said.next_review)),
        ("files", Value::List(files.collect())),
        ("supersedes", Value::List(before.collect())),
        ("decided", Value::List(decided.collect())),
        ("signatures", Value::List(signed.collect())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# ours\nformat: affiant.attestations/1\nattestations:\n  # four\n  - id: a # \
                        first\n    statement: >-\n      It is\n      so.\n    by: \
        A. Example\n    role: Owner\n    on: 2026-01-31\n    valid_until: 2026-12-31 # a year\n    evidence: \
        [documents/a.md]\n\n  # five\n  - id: b\n    \
        statement: x\n    by: B\n    role: R\n    on: 2026-01-31\n    valid_until: 2026-12-31\n";

    fn said(id: &str) -> Attestation {
        let json = serde_json::json!({ "id": id, "statement": "All: \"well\" # so",
            "by": "C. Example", "role": "Official", "on": "2026-11-30",
            "valid_until": "2027-02-28", "evidence": ["documents/b.md"] });
        serde_json::from_value(json).expect("a statement")
    }

    #[test]
    fn a_statement_is_replaced_where_it_stands_and_comments_stay() {
        let made = put(FILE, &said("a")).expect("it is written");
        for kept in [
            "# ours\n",
            "  # four\n  - id: a # first\n",
            "valid_until: 2027-02-28 # a year\n",
            "\n  # five\n  - id: b\n    statement: x\n",
        ] {
            assert!(made.contains(kept), "`{kept}` is gone: {made}");
        }
        let read = edit::json(&made).expect("it parses");
        assert_eq!(read["attestations"][0]["statement"], "All: \"well\" # so");
        assert_eq!(read["attestations"][0]["evidence"][0], "documents/b.md");
        assert_eq!(read["attestations"][1]["by"], "B");
    }

    #[test]
    fn a_new_statement_goes_to_the_end_of_the_file_or_of_none() {
        let made = put(FILE, &said("c")).expect("it is written");
        assert!(made.starts_with(FILE), "{made}");
        let first = put(NO_STATEMENTS, &said("c")).expect("it is written");
        assert_eq!(edit::json(&first).expect("it parses")["attestations"][0]["id"], "c");
    }
}
