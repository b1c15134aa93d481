//! The resources of a risk as the PDF names them: few, by the run that first had them. It draws nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::breaks::breakable;
use super::fields::{list, object, text};

/// Resources of a risk that are named for each run that first had some; the HTML report names all.
const CHILDREN: usize = 6;
/// Characters of such a name.
const CHILD_NAME: usize = 120;

/// A risk's resources by the run that first had them, and by the last where they are gone: days only where
/// there was an earlier run. Of each group so many names stand, the rest is counted.
pub(super) fn children(risk: &mut Value, earlier: bool) {
    let members = std::mem::take(list(risk, "members"));
    let mut groups: BTreeMap<(bool, String, String), Vec<String>> = BTreeMap::new();
    for member in &members {
        let here = member["here"] == json!(true);
        let day = |key: &str, said: bool| match text(member, key).get(..10) {
            Some(day) if earlier && said => day.to_string(),
            _ => String::new(),
        };
        let of = (!here, day("first_seen", here), day("last_seen", !here));
        let name: String = short(text(member, "resource")).chars().take(CHILD_NAME + 1).collect();
        let cut = name.chars().count() > CHILD_NAME;
        let name: String = name.chars().take(CHILD_NAME).chain(cut.then_some('\u{2026}')).collect();
        groups.entry(of).or_default().push(breakable(&name));
    }
    let told = groups.into_iter().map(|((_, since, last), names)| {
        let first = &names[..names.len().min(CHILDREN)];
        json!({ "since": since, "last": last, "total": names.len(), "names": first })
    });
    let told: Vec<Value> = told.collect();
    object(risk).insert("children".into(), json!(told));
}

/// The part of an ARN that people know a thing by; the whole stands with the finding.
pub(super) fn short(resource: &str) -> String {
    let tail = if resource.starts_with("arn:") {
        resource.splitn(6, ':').nth(5).unwrap_or(resource)
    } else {
        resource
    };
    tail.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_of_a_risk_stand_by_their_first_and_last_run() {
        let member = |name: &str, first: &str, last: &str, here: bool| {
            json!({ "resource": format!("arn:aws:rds:us-east-1:111122223333:db:{name}"), "first_seen": first,
                "last_seen": last, "here": here })
        };
        let (old, now) = ("2026-06-30T12:00:00Z", "2026-09-30T12:00:00Z");
        let mut members: Vec<Value> = (0..8).map(|i| member(&format!("n{i}"), now, now, true)).collect();
        members.extend([member("gone", old, old, false), member("kept", old, now, true)]);
        let told = |earlier: bool| {
            let mut risk = json!({ "members": members.clone() });
            children(&mut risk, earlier);
            risk["children"].as_array().expect("a list").clone()
        };
        let groups = told(true);
        let heads: Vec<_> =
            groups.iter().map(|g| (text(g, "since"), text(g, "last"), g["total"].as_u64())).collect();
        assert_eq!(
            heads,
            [("2026-06-30", "", Some(1)), ("2026-09-30", "", Some(8)), ("", "2026-06-30", Some(1))]
        );
        assert_eq!(groups[0]["names"], json!(["db:kept"]));
        assert_eq!(groups[1]["names"].as_array().map(Vec::len), Some(CHILDREN), "the rest is counted");
        let first = told(false);
        assert!(first.iter().all(|g| text(g, "since").is_empty()), "one run knows no days: {first:?}");
    }
}
