//! The starter `affiant.yaml` with what AWS said in place of its placeholders. What only a person can say
//! stays a placeholder.

use chrono::NaiveDate;

use super::init_said::quarter;
use crate::collect::live::survey::Surveyed;
use crate::diag::is_hazard;
use crate::model::regions;

/// What to do with many regions. Nothing is missing by it.
pub fn advice(said: &Surveyed) -> Option<String> {
    let known = said.regions.iter().filter(|region| regions::partition_of(region).is_some()).count();
    let words = "regions are switched on; strike those out that you do not use: each one is asked";
    (known > FEW_REGIONS).then(|| format!("{known} {words}"))
}

/// The file, and what is not in it and why.
pub fn settings(starter: &str, said: &Surveyed, today: NaiveDate) -> (String, Vec<String>) {
    let mut notes = said.notes.clone();
    let (known, strange): (Vec<&String>, Vec<&String>) =
        said.regions.iter().partition(|r| regions::partition_of(r).is_some());
    notes
        .extend(strange.iter().map(|r| format!("the region {r} is newer than this version and is left out")));
    notes.extend(said.inactive.iter().map(|(id, state)| format!("account {id} is {state} and is left out")));
    let mut out = String::new();
    let mut skipping = false;
    for line in starter.lines() {
        if skipping && (line.starts_with("  ") || line.starts_with("    #")) {
            continue;
        }
        skipping = false;
        if line.starts_with("accounts:") {
            out.push_str(&accounts(said));
            skipping = true;
        } else if line.starts_with("regions:") && !known.is_empty() {
            let all: Vec<&str> = known.iter().map(|r| r.as_str()).collect();
            out.push_str(&wrapped(&all));
        } else if line.starts_with("# aws:") && said.accounts.len() > 1 {
            out.push_str(
                "aws:\n  organization: true\n  role: \"<name of the role that may read each account>\"\n",
            );
        } else if line.starts_with("  label:") {
            out.push_str(&format!("  label: {} # names the folder below packages/\n", quarter(today).label));
        } else if line.starts_with("  start:") {
            out.push_str(&format!("  start: {}\n", quarter(today).start));
        } else if line.starts_with("  end:") {
            out.push_str(&format!("  end: {}\n", quarter(today).end));
        } else {
            out.push_str(&format!("{line}\n"));
        }
    }
    (out, notes)
}

/// As many as people use; an account has a score switched on that nobody asked for.
const FEW_REGIONS: usize = 4;

/// The accounts with their names, the one that may speak for the organization marked.
fn accounts(said: &Surveyed) -> String {
    let own = vec![(said.account.clone(), String::new())];
    let all = if said.accounts.is_empty() { &own } else { &said.accounts };
    let management = said.organization.as_ref().map(|(_, management)| management.as_str());
    let mut out = String::from("accounts:\n");
    for (id, name) in all {
        let name = if name.is_empty() { "\"<name>\"".to_string() } else { text(name) };
        out.push_str(&format!("  - id: \"{id}\"\n    name: {name}\n"));
        // whoever could list the accounts may be asked for the whole
        if !said.accounts.is_empty()
            && (*id == said.account || (management == Some(id) && said.account.is_empty()))
        {
            out.push_str("    organization: true\n");
        }
    }
    out
}

/// A list of at most 110 columns a line.
fn wrapped(regions: &[&str]) -> String {
    let one = format!("regions: [{}]\n", regions.join(", "));
    if one.len() <= 110 {
        return one;
    }
    let mut out = String::from(
        "# All that are switched on. Strike out those that you do not use: each one named is asked, and what \
         does\n# not answer is a gap.\nregions:\n",
    );
    regions.iter().for_each(|region| out.push_str(&format!("  - {region}\n")));
    out
}

/// A name as a YAML string in double quotes: it is untrusted, and `<` would make a placeholder of it.
fn text(name: &str) -> String {
    let mut out = String::from("\"");
    for c in name.chars().filter(|c| !matches!(c, '<' | '>')) {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if is_hazard(c) || c.is_control() => out.push_str(&format!("\\U{:08X}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTER: &str = "period:\n  label: \"<2026-Q4>\" # x\n  start: \"<a>\"\n  end: \
                           \"<b>\"\naccounts:\n  - id: \"<twelve digits>\" # keep the quotes\n    \
        # role: arn\nregions: [\"<us-east-1>\"]\n\n# aws:\n#   organization: true\nphi:\n  tag: x\n";

    fn said(accounts: &[(&str, &str)]) -> Surveyed {
        let own = |(id, name): &(&str, &str)| ((*id).to_string(), (*name).to_string());
        Surveyed {
            account: "111122223333".into(),
            organization: Some(("o-1".into(), "111122223333".into())),
            accounts: accounts.iter().map(own).collect(),
            regions: vec!["us-east-1".into(), "xx-new-9".into()],
            ..Surveyed::default()
        }
    }

    #[test]
    fn what_aws_said_stands_in_place_of_placeholders() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 30).expect("a day");
        let (text, notes) =
            settings(STARTER, &said(&[("111122223333", "main"), ("444455556666", "a\"b\n<c>")]), day);
        assert_eq!(
            text,
            "period:\n  label: 2026-Q4 # names the folder below packages/\n  start: 2026-10-01\n  end: \
             2026-12-31\naccounts:\n  - id: \"111122223333\"\n    \
             name: \"main\"\n    organization: true\n  - id: \"444455556666\"\n    name: \
             \"a\\\"b\\U0000000Ac\"\nregions: [us-east-1]\n\naws:\n  organization: true\n  \
             role: \"<name of the role that may read each account>\"\n#   organization: true\nphi:\n  tag: \
             x\n"
        );
        assert_eq!(notes, ["the region xx-new-9 is newer than this version and is left out"]);
        let (text, _) = settings(STARTER, &said(&[]), day);
        assert!(
            text.contains("- id: \"111122223333\"\n    name: \"<name>\"\nregions") && text.contains("# aws:"),
            "{text}"
        );
        let mut many = said(&[]);
        many.regions = crate::model::regions::all().iter().map(ToString::to_string).collect();
        let (text, notes) = settings(STARTER, &many, day);
        assert!(text.contains("Strike out those that you do not use") && text.contains("\n  - us-east-1\n"));
        assert!(notes.is_empty(), "{notes:?}");
        assert!(advice(&many).is_some_and(|advice| advice.contains("regions are switched on")));
        assert_eq!(advice(&said(&[])), None);
    }
}
