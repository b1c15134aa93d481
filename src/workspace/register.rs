//! Writes a decision on a risk into the text of `program/risks.yaml`, and leaves every comment and every
//! other byte alone.

use crate::yaml::edit::{self, EditError, PathStep, Value};

/// Whose entry it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RiskPlace {
    /// The place of an entry in `entries`.
    Entry(usize),
    /// The place of a risk in `own`.
    Own(usize),
    /// A finding that nobody has decided on yet.
    New {
        id: String,
        control: String,
        account: String,
        asset_class: String,
        phi: bool,
        owner: String,
        treatment: String,
    },
}

/// What happened, for the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    pub on: String,
    pub by: String,
    pub what: String,
}

/// A member of an entry, and what it shall say.
pub type Change = (&'static str, Value);

/// The file of a workspace that has none yet.
pub const EMPTY: &str = "# The risk register: what people decided about findings, and the risks that no \
                         finding shows.\nformat: affiant.risks/1\n";

/// The text with the changes made and the event added.
pub fn decide(
    text: &str,
    target: &RiskPlace,
    changes: &[Change],
    event: &Happening,
) -> Result<String, EditError> {
    match target {
        RiskPlace::Entry(n) => changed(text, "entries", *n, changes, event),
        RiskPlace::Own(n) => changed(text, "own", *n, changes, event),
        RiskPlace::New { id, control, account, asset_class, phi, owner, treatment } => {
            let mut matches = vec![("control".to_string(), Value::text(control))];
            for (name, value) in [("account", account), ("asset_class", asset_class)] {
                if !value.is_empty() {
                    matches.push((name.into(), Value::text(value)));
                }
            }
            matches.push(("phi".into(), Value::Plain(phi.to_string())));
            let mut members = vec![
                ("match".to_string(), Value::Map(matches)),
                ("id".into(), Value::text(id)),
                ("owner".into(), Value::text(owner)),
                ("treatment".into(), Value::text(treatment)),
            ];
            for (name, value) in changes {
                match members.iter_mut().find(|(n, _)| n == name) {
                    Some((_, there)) => *there = value.clone(),
                    None => members.push(((*name).into(), value.clone())),
                }
            }
            members.push((
                "detail".into(),
                Value::Map(vec![("history".into(), Value::List(vec![history(event)]))]),
            ));
            edit::push(text, &[], "entries", &Value::Map(members))
        }
    }
}

/// A risk that people name themselves, at the end of `own`.
pub fn add(text: &str, members: Vec<(String, Value)>, event: &Happening) -> Result<String, EditError> {
    let mut members = members;
    members.push(("detail".into(), Value::Map(vec![("history".into(), Value::List(vec![history(event)]))])));
    edit::push(text, &[], "own", &Value::Map(members))
}

fn changed(
    text: &str,
    list: &str,
    n: usize,
    changes: &[Change],
    event: &Happening,
) -> Result<String, EditError> {
    let entry = vec![PathStep::Member(list.into()), PathStep::Item(n)];
    let mut text = text.to_string();
    for (member, value) in changes {
        text = set(&text, &entry, member, value)?;
    }
    let detail: Vec<PathStep> = entry.iter().cloned().chain([PathStep::Member("detail".into())]).collect();
    match edit::json(&text)?[list][n]["detail"].is_object() {
        true => edit::push(&text, &detail, "history", &history(event)),
        false => {
            let made = Value::Map(vec![("history".into(), Value::List(vec![history(event)]))]);
            edit::set(&text, &entry, "detail", &made)
        }
    }
}

/// A mapping that is there already is changed member by member, so that what people wrote beside it stays; a
/// member that the new one does not have says nothing any more.
fn set(text: &str, path: &[PathStep], member: &str, value: &Value) -> Result<String, EditError> {
    let at = path.iter().cloned().chain([PathStep::Member(member.into())]).collect::<Vec<_>>();
    let there = edit::members(text, &at)?;
    let Value::Map(new) = value else { return edit::set(text, path, member, value) };
    if there.is_empty() {
        return edit::set(text, path, member, value);
    }
    let mut text = text.to_string();
    for gone in there.iter().filter(|name| new.iter().all(|(n, _)| n != *name)) {
        text = edit::set(&text, &at, gone, &Value::text(""))?;
    }
    new.iter().try_fold(text, |text, (name, value)| edit::set(&text, &at, name, value))
}

fn history(event: &Happening) -> Value {
    let member = |name: &str, value: &str| (name.to_string(), Value::text(value));
    Value::Map(vec![member("on", &event.on), member("by", &event.by), member("what", &event.what)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "format: affiant.risks/1\nentries: # decided\n  - match: { control: a } # \
                        broad\n    owner: A. Example\n    treatment: mitigate\n";

    fn event() -> Happening {
        Happening { on: "2026-11-30".into(), by: "C. Example".into(), what: "confirmed".into() }
    }

    #[test]
    fn a_decision_is_added_to_its_entry_with_its_history() {
        let changes = [("confirmed_by", Value::text("C. Example"))];
        let once = decide(FILE, &RiskPlace::Entry(0), &changes, &event()).expect("it is written");
        let detail = "    confirmed_by: C. Example\n    detail:\n      history:\n        - on: \
                      2026-11-30\n          by: C. Example\n          what: confirmed\n";
        assert_eq!(once, format!("{FILE}{detail}"));
        let twice = decide(&once, &RiskPlace::Entry(0), &changes, &event()).expect("it is written");
        assert_eq!(
            twice,
            format!("{once}        - on: 2026-11-30\n          by: C. Example\n          what: confirmed\n")
        );
    }

    #[test]
    fn a_second_acceptance_keeps_what_stands_beside_the_first() {
        let first = "    acceptance: # by the board\n      approver: R. Example # chair\n      reason: \
                     Old\n      compensating: A guard\n";
        let file = format!("{FILE}{first}");
        let new = ["approver", "reason"].map(|name| (name.to_string(), Value::text("New"))).to_vec();
        let made = decide(&file, &RiskPlace::Entry(0), &[("acceptance", Value::Map(new))], &event())
            .expect("it is written");
        let second = "    acceptance: # by the board\n      approver: New # chair\n      reason: \
                      New\n      compensating: \"\"\n";
        assert!(made.starts_with(&format!("{FILE}{second}")), "{made}");
    }

    #[test]
    fn a_finding_that_nobody_decided_on_gets_an_entry_of_its_own() {
        let text = |t: &str| t.to_string();
        let new = RiskPlace::New {
            id: text("R-1a2b3c"),
            control: text("encryption-at-rest"),
            account: text("111122223333"),
            asset_class: text("AWS::RDS::DBInstance"),
            phi: true,
            owner: text("P. Example"),
            treatment: text("mitigate"),
        };
        let made =
            decide(EMPTY, &new, &[("due", Value::text("2027-01-31"))], &event()).expect("it is written");
        assert!(made.starts_with(EMPTY), "{made}");
        let json = edit::json(&made).expect("it parses");
        assert_eq!(json["entries"][0]["match"]["account"], "111122223333");
        assert_eq!(json["entries"][0]["due"], "2027-01-31");
        assert_eq!(json["entries"][0]["detail"]["history"][0]["what"], "confirmed");
    }
}
