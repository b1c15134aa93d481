//! A review of access: principals beside the list of leavers and the review before, and what reviewers filled
//! in, taken back only when it is about the same people.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{printable, safe_cell};
use crate::evidence::workbook::{Grid, cell_name};
use crate::model::access::{
    AccessPopulation, AccessPrincipal, AccessVerdict, NOT_CARRIED_OUT, PastAccess, REVIEW_HEADS, ReviewLine,
};

/// Somebody who left or changed duties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    pub name: String,
    pub left: String,
    /// Names under which the person signs in, where the list has them.
    pub users: Vec<String>,
}

/// The record of an earlier review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PastReview {
    /// `2026-06-30`
    pub day: String,
    pub lines: Vec<PastAccess>,
}

/// Reads a list of leavers: CSV with the heads `name` and `left`, and `user` where it is known.
pub fn leavers(bytes: &[u8]) -> Result<Vec<Leaver>, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let heads = reader.headers().map_err(|e| e.to_string())?.clone();
    let at =
        |name: &str| heads.iter().position(|h| h.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name));
    let (Some(name), Some(left)) = (at("name"), at("left")) else {
        return Err("its first line must name the columns `name` and `left`".into());
    };
    let mut found = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        let cell = |i: usize| record.get(i).unwrap_or_default().to_string();
        let users = at("user").map(cell).unwrap_or_default();
        if !cell(name).is_empty() {
            let users = users.split([';', ' ']).filter(|u| !u.is_empty()).map(String::from).collect();
            found.push(Leaver { name: cell(name), left: cell(left), users });
        }
    }
    Ok(found)
}

/// Every principal with what the leavers and the review before say of it, and who is gone.
pub fn lines(
    population: &AccessPopulation,
    leavers: Option<&[Leaver]>,
    before: Option<&PastReview>,
) -> (Vec<ReviewLine>, Vec<PastAccess>) {
    let line = |p: &AccessPrincipal| ReviewLine {
        leaver: leaver(p, leavers),
        since: since(p, before),
        principal: p.clone(),
        decision: None,
        reason: String::new(),
        reviewer: String::new(),
    };
    let there: BTreeSet<String> = population.principals.iter().map(|p| safe_cell(&p.id)).collect();
    let gone =
        before.into_iter().flat_map(|b| &b.lines).filter(|past| !there.contains(&past.id)).cloned().collect();
    (population.principals.iter().map(line).collect(), gone)
}

fn leaver(p: &AccessPrincipal, leavers: Option<&[Leaver]>) -> String {
    let Some(leavers) = leavers else { return "unknown: no list of leavers was supplied".into() };
    if !p.kind.is_person() {
        return "not one person".into();
    }
    let told = |l: &Leaver, word: &str| {
        format!("{word}{}, left {}", l.name, if l.left.is_empty() { "on no day given" } else { &l.left })
    };
    let names = spellings(&p.name);
    let is_user = |l: &Leaver| l.users.iter().any(|u| names.iter().any(|name| u.eq_ignore_ascii_case(name)));
    let sure = leavers.iter().find(|l| is_user(l) || names.iter().any(|name| same_name(&l.name, name)));
    let near = || leavers.iter().find(|l| names.iter().any(|name| near_name(&l.name, name)));
    match (sure, near()) {
        (Some(l), _) => told(l, "LEFT: "),
        (None, Some(l)) => told(l, "perhaps: "),
        (None, None) => "not on the list by name".into(),
    }
}

/// A person's sign-in name and display name, where one stands in parentheses after the other.
fn spellings(name: &str) -> Vec<&str> {
    match name.strip_suffix(')').and_then(|rest| rest.split_once(" (")) {
        Some((user, display)) => vec![user, display],
        None => vec![name],
    }
}

/// The words of a name, without a domain: `jordan.example@example.org` has two.
fn name_words(name: &str) -> Vec<String> {
    let local = name.split('@').next().unwrap_or_default();
    local.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

fn same_name(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (name_words(a), name_words(b));
    a.sort();
    b.sort();
    !a.is_empty() && a == b
}

/// `jexample`, `j.example`, `jordane` or `jordanexample` for Jordan Example.
fn near_name(full: &str, user: &str) -> bool {
    let (words, user) = (name_words(full), name_words(user).concat());
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    if words.len() < 2 {
        return false;
    }
    let (f, l) = (first.chars().take(1).collect::<String>(), last.chars().take(1).collect::<String>());
    [
        format!("{f}{last}"),
        format!("{first}{l}"),
        words.concat(),
        format!("{last}{f}"),
        format!("{last}{first}"),
    ]
    .contains(&user)
}

fn since(p: &AccessPrincipal, before: Option<&PastReview>) -> String {
    let Some(before) = before else { return "no review before this one is in the workspace".into() };
    let day = &before.day;
    let Some(past) = before.lines.iter().find(|past| past.id == safe_cell(&p.id)) else {
        return format!("new since {day}");
    };
    let same = past.through == safe_cell(&p.through) && past.stores == safe_cell(&p.stores);
    match (past.decision.as_str(), same) {
        ("remove", _) => format!(
            "{NOT_CARRIED_OUT}: on {day} {} decided to remove it, and it is still there",
            past.reviewer
        ),
        ("change", true) => format!(
            "{NOT_CARRIED_OUT}: on {day} {} decided to change its access, and it is the same",
            past.reviewer
        ),
        (decided, false) => {
            let mut parts = Vec::new();
            if past.through != safe_cell(&p.through) {
                parts.push(format!("it was through {}", past.through));
            }
            if past.stores != safe_cell(&p.stores) {
                parts.push(format!("it could read {}", past.stores));
            }
            format!("changed since {day} ({decided}): {}", parts.join("; "))
        }
        (decided, true) => format!("as on {day} ({decided})"),
    }
}

/// Something in a filled-in workbook that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    /// `C12`; empty where it is about the sheet.
    pub cell: String,
    pub words: String,
    pub hint: &'static str,
}

/// How many columns of facts there are; those before the last two come from the run alone.
const FACTS: u32 = 11;
const FROM_RUN: u32 = 9;
const WRITE_AGAIN: &str = "fill in the columns Decision, Reason and Reviewer alone; `affiant review access` \
                           writes the workbook anew";

/// What reviewers filled in, by principal; every fault at once. `beside` asks whether the columns that come
/// from other files than the run must be as they were.
pub fn filled(lines: &[ReviewLine], grid: &Grid, beside: bool) -> Result<Vec<ReviewLine>, Vec<CellFault>> {
    let mut faults = heads(grid);
    if !faults.is_empty() {
        return Err(faults);
    }
    let fault =
        |row: u32, column: u32, words: String, hint| CellFault { cell: cell_name(row, column), words, hint };
    for (row, column) in grid.formulas.iter().filter(|(_, column)| *column < 14) {
        faults.push(fault(*row, *column, "it holds a formula".into(), "write the value itself"));
    }
    let expected: BTreeMap<String, &ReviewLine> = lines.iter().map(|l| (shown(l.facts()[0]), l)).collect();
    let mut seen: BTreeMap<String, ReviewLine> = BTreeMap::new();
    for row in 1..grid.rows() {
        let id = shown(grid.text(row, 0));
        if id.is_empty() && (0..14).all(|c| grid.text(row, c).trim().is_empty()) {
            continue;
        }
        let Some(line) = expected.get(&id) else {
            faults.push(fault(row, 0, format!("`{id}` is not among the principals of the run"), WRITE_AGAIN));
            continue;
        };
        if seen.contains_key(&id) {
            faults.push(fault(row, 0, format!("`{id}` stands here a second time"), "keep one line for each"));
            continue;
        }
        let until = if beside { FACTS } else { FROM_RUN };
        for (column, fact) in (0..until).zip(line.facts()) {
            if shown(grid.text(row, column)) != shown(fact) {
                let words = format!("`{}` of `{id}` was changed", REVIEW_HEADS[column as usize]);
                faults.push(fault(row, column, words, WRITE_AGAIN));
            }
        }
        seen.insert(id, decided(line, grid, row, &mut faults));
    }
    let missing: Vec<&String> = expected.keys().filter(|id| !seen.contains_key(*id)).collect();
    if let Some(first) = missing.first() {
        let words =
            format!("{} of {} principals are missing, among them `{first}`", missing.len(), expected.len());
        faults.push(CellFault { cell: String::new(), words, hint: WRITE_AGAIN });
    }
    if faults.is_empty() {
        Ok(lines.iter().filter_map(|l| seen.remove(&shown(l.facts()[0]))).collect())
    } else {
        Err(faults)
    }
}

fn heads(grid: &Grid) -> Vec<CellFault> {
    let wrong = (0u32..).zip(REVIEW_HEADS).filter(|(column, head)| grid.text(0, *column).trim() != *head);
    wrong
        .map(|(column, head)| CellFault {
            cell: cell_name(0, column),
            words: format!("the head `{head}` is not here"),
            hint: WRITE_AGAIN,
        })
        .collect()
}

/// A cell as both sides of a comparison show it.
fn shown(text: &str) -> String {
    printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn decided(line: &ReviewLine, grid: &Grid, row: u32, faults: &mut Vec<CellFault>) -> ReviewLine {
    let text = |column: u32| grid.text(row, column).trim().to_string();
    let (decision, reason, reviewer) = (text(11), text(12), text(13));
    let mut fault = |column: u32, words: String, hint| {
        faults.push(CellFault { cell: cell_name(row, column), words, hint })
    };
    let id = &line.principal.id;
    let verdict = AccessVerdict::parse(&decision.to_lowercase());
    match (verdict, decision.is_empty()) {
        (Some(_), _) => {}
        (None, true) => {
            fault(11, format!("nothing is decided on `{id}`"), "choose keep, change, remove or unknown")
        }
        (None, false) => {
            fault(11, format!("`{decision}` is not a decision"), "choose keep, change, remove or unknown")
        }
    }
    if reviewer.is_empty() {
        fault(13, format!("nobody is named who decided on `{id}`"), "write the reviewer's name");
    }
    if reason.is_empty() && verdict.is_some_and(|v| v != AccessVerdict::Keep) {
        fault(12, format!("`{decision}` has no reason"), "say why; `keep` alone needs no reason");
    }
    ReviewLine { decision: verdict, reason, reviewer, ..line.clone() }
}

/// The record of a review, as CSV.
const RECORD: [&str; 14] = [
    "principal",
    "kind",
    "name",
    "account",
    "through",
    "last_used",
    "mfa",
    "access_keys",
    "stores_holding_phi",
    "leaver",
    "since",
    "decision",
    "reason",
    "reviewer",
];

pub fn record(lines: &[ReviewLine]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    writer.write_record(RECORD).expect(memory);
    for line in lines {
        let decision = line.decision.map_or("", AccessVerdict::as_str);
        let cells = line.facts().into_iter().chain([decision, &line.reason, &line.reviewer]);
        writer.write_record(cells.map(safe_cell)).expect(memory);
    }
    writer.into_inner().expect(memory)
}

/// Reads a record back; none where the file is not one.
pub fn past(day: &str, bytes: &[u8]) -> Option<PastReview> {
    let mut reader = csv::Reader::from_reader(bytes);
    if reader.headers().ok()?.iter().ne(RECORD) {
        return None;
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.ok()?;
        let cell = |i: usize| record.get(i).unwrap_or_default().to_string();
        lines.push(PastAccess {
            id: cell(0),
            kind: cell(1),
            name: cell(2),
            account: cell(3),
            through: cell(4),
            stores: cell(8),
            decision: cell(11),
            reviewer: cell(13),
        });
    }
    Some(PastReview { day: day.to_string(), lines })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::access::HolderKind;

    fn person(name: &str) -> AccessPrincipal {
        let text = |t: &str| t.to_string();
        AccessPrincipal {
            id: format!("arn:aws:iam::111122223333:user/{name}"),
            kind: HolderKind::IamUser,
            name: name.into(),
            account: text("111122223333"),
            through: text("groups: g"),
            stores: text("none"),
            ..AccessPrincipal::default()
        }
    }

    #[test]
    fn leavers_are_joined_by_name_and_no_further() {
        let list = leavers(b"name,left,user\nJordan Example,2026-08-01,\nRiley Other,,rother; ro\n")
            .expect("a list");
        let told = |name: &str| leaver(&person(name), Some(&list));
        assert!(told("jordan.example").starts_with("LEFT: Jordan Example, left 2026-08-01"));
        assert!(told("Example.Jordan@example.org").starts_with("LEFT"));
        assert!(told("RO").starts_with("LEFT: Riley Other, left on no day given"));
        assert!(told("jexample").starts_with("perhaps: Jordan"));
        assert_eq!(told("jordan.exampleson"), "not on the list by name");
        assert!(
            told("je4711 (Jordan Example)").starts_with("LEFT: Jordan Example")
                && told("ro (R. O.)").starts_with("LEFT: Riley Other")
        );
        assert_eq!(told("0a1b-2c (its name was not read)"), "not on the list by name");
        assert!(leaver(&person("x"), None).contains("no list of leavers was supplied"));
        assert!(leavers(b"who,when\na,b\n").is_err());
    }

    #[test]
    fn what_was_decided_and_not_done_is_told() {
        let population = |names: &[&str]| AccessPopulation {
            principals: names.iter().map(|n| person(n)).collect(),
            ..AccessPopulation::default()
        };
        let (mut lines, _) = lines(&population(&["a", "b", "c", "d", "=e"]), None, None);
        for (line, decision) in lines.iter_mut().zip(["remove", "change", "keep", "remove", "remove"]) {
            (line.decision, line.reviewer) = (AccessVerdict::parse(decision), "C. Example".into());
        }
        let before = past("2026-06-30", &record(&lines)).expect("a record");
        let mut now = population(&["a", "b", "c", "new", "=e"]);
        now.principals[2].stores = "1 of 2: bucket x".into();
        let (after, gone) = super::lines(&now, None, Some(&before));
        let said: Vec<&str> = after.iter().map(|l| l.since.as_str()).collect();
        assert!(
            said[0].starts_with(NOT_CARRIED_OUT) && said[0].contains("C. Example decided to remove"),
            "{said:?}"
        );
        assert!(said[1].starts_with(NOT_CARRIED_OUT) && said[1].contains("it is the same"), "{said:?}");
        assert!(said[2].starts_with("changed since 2026-06-30 (keep): it could read none"), "{said:?}");
        assert_eq!(said[3], "new since 2026-06-30");
        assert!(
            said[4].starts_with(NOT_CARRIED_OUT),
            "a name that looks like a formula is the same name: {said:?}"
        );
        assert_eq!(gone.iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["d"]);
    }
}
