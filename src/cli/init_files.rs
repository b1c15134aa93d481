//! The starter files with what a person said in them. What nobody said and no file can do without stays a
//! placeholder; the rest is left empty, and the report says that it is missing.

use chrono::NaiveDate;
use serde_json::Value as Json;

use super::init_said::{PLAN, Starter, plan_roles, quarter};
use crate::workspace::named;
use crate::yaml::edit::{self, EditError, PathStep, Value};

/// The settings among the starter files.
pub const SETTINGS: &str = "affiant.yaml";
const RISKS: &str = "program/risks.yaml";

/// A file by its name in the workspace.
pub type StarterFile = (String, Vec<u8>);

/// Puts what was said into the files.
pub fn fill(files: &mut [StarterFile], said: &Starter, today: NaiveDate) -> Result<(), EditError> {
    if said.is_empty() {
        return Ok(());
    }
    let settings = settings(said, &text(files, SETTINGS), today)?;
    let plan = plan(said, &text(files, PLAN), &edit::json(&settings)?)?;
    let risks = risks(&text(files, RISKS))?;
    for (name, made) in [(SETTINGS, settings), (PLAN, plan), (RISKS, risks)] {
        put(files, name, &made);
    }
    Ok(())
}

/// The text of one of the files instead of what is there.
pub fn put(files: &mut [StarterFile], name: &str, text: &str) {
    for (_, bytes) in files.iter_mut().filter(|(n, _)| n == name) {
        *bytes = text.as_bytes().to_vec();
    }
}

fn text(files: &[StarterFile], name: &str) -> String {
    let found = files.iter().find(|(n, _)| n == name);
    found.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
}

fn settings(said: &Starter, starter: &str, today: NaiveDate) -> Result<String, EditError> {
    let organization = [PathStep::Member("organization".into())];
    let mut text = starter.to_string();
    for (member, words) in [
        ("name", &said.organization),
        ("role", &said.role),
        ("system", &said.system),
        ("description", &said.description),
        ("contact", &said.contact),
    ] {
        if let Some(words) = words {
            text = edit::set(&text, &organization, member, &Value::text(words))?;
        }
    }
    let period = said.period.clone().unwrap_or_else(|| quarter(today));
    let (start, end) = (period.start.to_string(), period.end.to_string());
    for (member, words) in [("label", period.label), ("start", start), ("end", end)] {
        text = edit::set(&text, &[PathStep::Member("period".into())], member, &Value::text(words))?;
    }
    if !edit::json(&text)?["accounts"][0]["id"].as_str().is_some_and(named) {
        text = accounts(said, text)?;
    }
    if !said.regions.is_empty() {
        let regions = said.regions.iter().map(Value::text).collect();
        text = edit::set(&text, &[], "regions", &Value::List(regions))?;
    }
    Ok(text)
}

fn accounts(said: &Starter, mut text: String) -> Result<String, EditError> {
    let first = [PathStep::Member("accounts".into()), PathStep::Item(0)];
    for (n, (id, name)) in said.accounts.iter().enumerate() {
        let name = if name.is_empty() { "<name>" } else { name.as_str() };
        let members = [("id", id.as_str()), ("name", name)];
        if n > 0 {
            let account = members.map(|(k, v)| (k.to_string(), Value::text(v))).to_vec();
            text = edit::push(&text, &[], "accounts", &Value::Map(account))?;
            continue;
        }
        for (member, words) in members {
            text = edit::set(&text, &first, member, &Value::text(words))?;
        }
    }
    Ok(text)
}

/// The plan with its people. What they can only say of it later, such as who approves it, is empty.
fn plan(said: &Starter, starter: &str, settings: &Json) -> Result<String, EditError> {
    let mut text = starter.to_string();
    for member in ["approved_by", "approved_at", "next_review"] {
        text = edit::set(&text, &[], member, &Value::text(""))?;
    }
    for (place, title) in plan_roles().iter().enumerate() {
        let at = [PathStep::Member("roles".into()), PathStep::Item(place)];
        let person = said.people.iter().rfind(|p| p.role == place).cloned().unwrap_or_default();
        if title.starts_with("Security official") && !person.name.is_empty() {
            let owner = format!("{}, security official", person.name);
            text = edit::set(&text, &[], "owner", &Value::text(owner))?;
        }
        let members = [
            ("name", person.name),
            ("deputy", person.deputy),
            ("contact", person.telephone),
            ("out_of_band", person.channel),
            ("tested", String::new()),
        ];
        for (member, words) in members {
            text = edit::set(&text, &at, member, &Value::text(words))?;
        }
    }
    match scope(settings) {
        Some(scope) => edit::set(&text, &[], "scope", &Value::text(scope)),
        None => Ok(text),
    }
}

/// The system, its accounts and its regions; nothing while one of them is not said.
fn scope(settings: &Json) -> Option<String> {
    let said = |value: &Json| value.as_str().filter(|text| named(text)).map(String::from);
    let system = said(&settings["organization"]["system"])?;
    let account = |account: &Json| {
        let id = said(&account["id"])?;
        Some(said(&account["name"]).map_or(id.clone(), |name| format!("{id} ({name})")))
    };
    let accounts: Vec<String> =
        settings["accounts"].as_array()?.iter().map(account).collect::<Option<_>>()?;
    let regions: Vec<String> = settings["regions"].as_array()?.iter().map(said).collect::<Option<_>>()?;
    let word = if accounts.len() == 1 { "account" } else { "accounts" };
    Some(format!("{system}: {word} {} in {}", accounts.join(", "), regions.join(", ")))
}

/// The register without a risk of its own; those of the starter stay as comments.
fn risks(starter: &str) -> Result<String, EditError> {
    let mut text = starter.to_string();
    for member in ["method", "tolerance"] {
        text = edit::set(&text, &[], member, &Value::text(""))?;
    }
    let (head, own) = text.split_once("\nown:\n").ok_or(EditError::Unsure)?;
    let own: String = own.lines().map(|line| format!("#{line}\n")).collect();
    Ok(format!("{head}\nown: []\n{own}"))
}

#[cfg(test)]
mod tests {
    use super::super::init_said::StarterPerson;
    use super::*;
    use crate::catalog;

    fn starters() -> Vec<StarterFile> {
        let name =
            |name: &str| if name.ends_with(SETTINGS) { SETTINGS.to_string() } else { name.to_string() };
        let all = catalog::templates().iter().filter(|(name, _)| name.starts_with("program/"));
        all.map(|(n, bytes)| (name(n), bytes.to_vec())).collect()
    }

    fn said() -> Starter {
        let text = |text: &str| Some(text.to_string());
        Starter {
            organization: text("Example: Clinic #1"),
            role: text("covered entity"),
            system: text("Records"),
            description: text("It keeps \"records\". Clinics use it."),
            contact: text("security@example.com"),
            period: None,
            accounts: vec![
                ("012345678901".into(), "production".into()),
                ("111122223333".into(), "archive".into()),
            ],
            regions: vec!["us-east-1".into(), "us-west-2".into()],
            people: vec![StarterPerson { role: 1, name: "Casey Example".into(), ..StarterPerson::default() }],
        }
    }

    #[test]
    fn what_was_said_stands_in_the_files_and_no_placeholder_is_left() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 30).expect("a day");
        let (before, mut files) = (starters(), starters());
        fill(&mut files, &said(), day).expect("it is written");
        let settings = edit::json(&text(&files, SETTINGS)).expect("it parses");
        assert_eq!(settings["organization"]["name"], "Example: Clinic #1");
        assert_eq!(settings["period"]["start"], "2026-10-01");
        assert_eq!(settings["accounts"][0]["id"], "012345678901");
        assert_eq!(settings["accounts"][1]["name"], "archive");
        let plan = edit::json(&text(&files, PLAN)).expect("it parses");
        assert_eq!(plan["owner"], "Casey Example, security official");
        assert_eq!(plan["roles"][0]["name"], "");
        assert_eq!(
            plan["scope"],
            "Records: accounts 012345678901 (production), 111122223333 (archive) in us-east-1, us-west-2"
        );
        for (name, bytes) in &files {
            let json = edit::json(&String::from_utf8_lossy(bytes)).expect("it parses").to_string();
            assert!(!json.contains('<'), "{name}: {json}");
        }
        // every comment of the starters is there, and the risks of the register's starter became some
        for (name, old) in &before {
            let new = text(&files, name);
            let comments = |text: &str| text.lines().filter(|l| l.trim_start().starts_with('#')).count();
            assert!(comments(&new) >= comments(&String::from_utf8_lossy(old)), "{name}:\n{new}");
        }
        assert!(text(&files, RISKS).contains("\nown: []\n#  - id: R-P01\n"), "{}", text(&files, RISKS));
    }

    #[test]
    fn nothing_said_changes_nothing_and_what_is_not_said_stays_a_placeholder() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 30).expect("a day");
        let mut files = starters();
        fill(&mut files, &Starter::default(), day).expect("it is written");
        assert_eq!(files, starters());
        let only = Starter { organization: Some("Example Clinic".into()), ..Starter::default() };
        fill(&mut files, &only, day).expect("it is written");
        let settings = text(&files, SETTINGS);
        assert!(
            settings.contains("name: Example Clinic\n") && settings.contains("role: \"<role>\""),
            "{settings}"
        );
        assert!(text(&files, PLAN).contains("owner: \"<name>, security official\""));
    }
}
