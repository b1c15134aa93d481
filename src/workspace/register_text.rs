//! What `affiant risks confirm|accept|close|add` do to the text of the register, over files as people write
//! them: any order of members, comments before and behind, blank lines, texts in three styles, lines with
//! either end. Every comment and every other byte stays.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::Value as Json;

use super::register::{self, Change, EMPTY, Happening, RiskPlace};
use crate::yaml::edit::{self, Value};

/// How one member is written.
#[derive(Debug, Clone)]
struct Style {
    form: u8,
    before: bool,
    behind: bool,
    blank: bool,
}

fn style() -> impl Strategy<Value = Style> {
    (0u8..5, any::<bool>(), any::<bool>(), prop::bool::weighted(0.2))
        .prop_map(|(form, before, behind, blank)| Style { form, before, behind, blank })
}

const MEMBERS: [(&str, &str); 9] = [
    ("title", "A may lead to B with C"),
    ("owner", "Riley Example, lead"),
    ("treatment", "mitigate"),
    ("plan", "First this, then that"),
    ("due", "2026-08-31"),
    ("likelihood", "low"),
    ("impact", "very high"),
    ("rationale", "It is so"),
    ("confirmed_by", "Casey Example"),
];

/// A line of the file, and which member of the target's entry it belongs to.
type Line = (String, Option<&'static str>);

/// Files made of entries, of which one is the target.
#[derive(Debug, Clone)]
struct Made {
    lines: Vec<Line>,
    comments: u32,
    /// Which lines end in CR LF: none, or every so many.
    crlf_every: usize,
    end: bool,
}

impl Made {
    fn text(&self) -> String {
        let mut text = String::new();
        for (n, (line, _)) in self.lines.iter().enumerate() {
            text.push_str(line);
            if n + 1 < self.lines.len() || self.end {
                text.push_str(if self.is_crlf(n) { "\r\n" } else { "\n" });
            }
        }
        text
    }

    fn is_crlf(&self, line: usize) -> bool {
        self.crlf_every > 0 && line.is_multiple_of(self.crlf_every)
    }

    fn comment(&mut self) -> String {
        self.comments += 1;
        format!("# c{}: all \"well\"; > | x", self.comments)
    }

    fn push(&mut self, line: String, of: Option<&'static str>) {
        self.lines.push((line, of));
    }

    /// One member in its style, its first line behind `lead` (which may hold the dash).
    fn member(&mut self, lead: &str, indent: usize, (name, text): (&'static str, &str), style: &Style) {
        let behind = if style.behind { format!(" {}", self.comment()) } else { String::new() };
        let deep = " ".repeat(indent + 2);
        let of = Some(name);
        match style.form {
            0 => self.push(format!("{lead}{name}: {text}{behind}"), of),
            1 => self.push(format!("{lead}{name}: '{text}'{behind}"), of),
            2 => self.push(format!("{lead}{name}: \"{text}\"{behind}"), of),
            3 => {
                self.push(format!("{lead}{name}: >-{behind}"), of);
                let half = text.find(' ').unwrap_or(text.len());
                self.push(format!("{deep}{}", &text[..half]), of);
                if half < text.len() {
                    self.push(format!("{deep}{}", &text[half + 1..]), of);
                }
            }
            _ => {
                self.push(format!("{lead}{name}: |-{behind}"), of);
                self.push(format!("{deep}{text}"), of);
            }
        }
    }

    fn entry(
        &mut self,
        first: &str,
        order: &[usize],
        styles: &[Style],
        dash: usize,
        acceptance: u8,
        target: bool,
    ) {
        let indent = dash + 2;
        let start = self.lines.len();
        self.push(format!("{}- {first}", " ".repeat(dash)), None);
        for (i, style) in order.iter().zip(styles) {
            if style.blank {
                self.push(String::new(), None);
            }
            if style.before {
                let comment = self.comment();
                self.push(format!("{}{comment}", " ".repeat(indent)), None);
            }
            self.member(&" ".repeat(indent), indent, MEMBERS[*i], style);
        }
        let pad = " ".repeat(indent);
        let c = self.comment();
        match acceptance {
            1 => {
                self.push(format!("{pad}acceptance: {c}"), Some("acceptance"));
                let d = self.comment();
                self.push(format!("{pad}  approver: Rowan Example {d}"), Some("acceptance"));
                for line in
                    ["reason: Old", "accepted: 2026-01-01", "expires: 2026-06-30", "compensating: A guard"]
                {
                    self.push(format!("{pad}  {line}"), Some("acceptance"));
                }
            }
            2 => {
                let flow =
                    "{ approver: Rowan Example, reason: Old, accepted: 2026-01-01, expires: 2026-06-30 }";
                self.push(format!("{pad}acceptance: {flow} {c}"), Some("acceptance"));
            }
            _ => self.push(format!("{pad}{c}"), None),
        }
        if !target {
            self.lines[start..].iter_mut().for_each(|(_, of)| *of = None);
        }
    }
}

fn made() -> impl Strategy<Value = (Made, usize)> {
    let order = Just((0..MEMBERS.len()).collect::<Vec<_>>()).prop_shuffle();
    let entry = (order, prop::collection::vec(style(), MEMBERS.len()), 0u8..3);
    (
        prop::collection::vec(entry, 1..4),
        0usize..3,
        prop::sample::select(vec![0usize, 1, 2, 3]),
        any::<bool>(),
        prop::bool::weighted(0.8),
        0u8..3,
    )
        .prop_map(|(entries, target, crlf_every, deep, end, own)| {
            let mut made = Made { lines: Vec::new(), comments: 0, crlf_every, end };
            let target = target % entries.len();
            let head = made.comment();
            made.push(head, None);
            made.push("format: affiant.risks/1".into(), None);
            made.push(String::new(), None);
            let behind = made.comment();
            made.push(format!("entries: {behind}"), None);
            for (n, (order, styles, acceptance)) in entries.iter().enumerate() {
                let first = format!("match: {{ control: encryption-at-rest, account: \"11112222333{n}\" }}");
                made.entry(&first, order, styles, if deep { 2 } else { 0 }, *acceptance, n == target);
                made.push(String::new(), None);
            }
            if own == 2 {
                let comment = made.comment();
                made.push(format!("own: [] {comment}"), Some("own"));
            }
            if own == 1 {
                let comment = made.comment();
                made.push(comment, None);
                made.push("own:".into(), None);
                made.push("  - id: R-P01".into(), None);
                made.push("    title: Another may be late".into(), None);
            }
            (made, target)
        })
}

/// Every line but those of the changed members is in the new text, in its order and to the byte; so is every
/// comment, once.
fn kept(made: &Made, new: &str, changed: &[&str]) -> Result<(), TestCaseError> {
    let old = made.text();
    let mut rest = new.split('\n');
    for (n, (line, of)) in made.lines.iter().enumerate() {
        if of.is_some_and(|of| changed.contains(&of)) || line.is_empty() {
            continue;
        }
        // the last line may have had no end, and get one
        let ended = made.end || n + 1 < made.lines.len();
        let whole = |l: &&str| match l.strip_suffix('\r') {
            Some(l) => l == line && (made.is_crlf(n) || !ended),
            None => l == line && !(made.is_crlf(n) && ended),
        };
        prop_assert!(
            rest.any(|l| whole(&l)),
            "a line was changed or lost: {line}\nbefore:\n{old}\nafter:\n{new}"
        );
    }
    for n in 1..=made.comments {
        let token = format!("# c{n}: all \"well\"; > | x");
        prop_assert_eq!(new.matches(&token).count(), 1, "{} in\n{}", token, new);
    }
    let blank = |text: &str| text.split('\n').filter(|l| l.trim_end_matches('\r').is_empty()).count();
    prop_assert_eq!(blank(&old), blank(new), "blank lines\n{}\nafter:\n{}", old, new);
    let ends = |text: &str| (text.matches("\r\n").count(), text.matches('\n').count());
    let (crlf, lf) = ends(new);
    let alike = match made.crlf_every {
        0 => crlf == 0,
        1 => crlf == lf,
        _ => true,
    };
    prop_assert!(alike, "ends of lines are mixed:\n{new:?}");
    prop_assert_eq!(old.ends_with('\n'), new.ends_with('\n'));
    Ok(())
}

/// Everything that is read from the old text is read from the new one, but for what was meant.
fn read_alike(old: &str, new: &str, list: &str, n: usize, changed: &[&str]) -> Result<Json, TestCaseError> {
    let (mut before, after) = (edit::json(old).expect("it parses"), edit::json(new).expect("it parses"));
    let entry = after[list][n].clone();
    let mut other = after;
    for name in changed.iter().chain(&["detail"]) {
        for side in [&mut before, &mut other] {
            side[list][n].as_object_mut().map(|map| map.remove(*name));
        }
    }
    prop_assert_eq!(before, other);
    Ok(entry)
}

fn event() -> Happening {
    Happening {
        on: "2026-11-30".into(),
        by: "Casey Example".into(),
        what: "decided: \"so\" # and not otherwise".into(),
    }
}

fn map(members: &[(&str, &str)]) -> Value {
    Value::Map(members.iter().map(|(k, v)| ((*k).to_string(), Value::text(*v))).collect())
}

/// Words as people type them, among them what YAML would read as something else.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\u{e9}]{1,60}"
            .prop_map(|t| t.trim().to_string())
            .prop_filter("says something", |t| !t.is_empty()),
        prop::sample::select(vec![
            "- x",
            "# y",
            "a: b",
            "yes",
            "2026-01-01",
            "{ }",
            "'",
            "|",
            "null",
            "  x",
            "x\ty",
            "=1+1"
        ])
        .prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(Config { cases: 160, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_confirmation_changes_the_scores_alone((made, n) in made(), rationale in words(), owner in words()) {
        let changes: Vec<Change> = vec![
            ("likelihood", Value::text("high")), ("impact", Value::text("low")),
            ("owner", Value::text(&owner)), ("rationale", Value::text(&rationale)),
            ("confirmed_by", Value::text("Casey Example")), ("confirmed_on", Value::text("2026-11-30")),
        ];
        let names = ["likelihood", "impact", "owner", "rationale", "confirmed_by", "confirmed_on"];
        let new =
            register::decide(&made.text(), &RiskPlace::Entry(n), &changes, &event()).expect("it is written");
        kept(&made, &new, &names)?;
        let entry = read_alike(&made.text(), &new, "entries", n, &names)?;
        prop_assert_eq!(entry["rationale"].as_str(), Some(rationale.as_str()));
        prop_assert_eq!(entry["owner"].as_str(), Some(owner.as_str()));
        prop_assert_eq!(&entry["detail"]["history"][0]["what"], &Json::from(event().what));
        // a second decision adds one line to the history and changes nothing else
        let again = register::decide(&new, &RiskPlace::Entry(n), &[], &event()).expect("it is written");
        let entry = read_alike(&new, &again, "entries", n, &[])?;
        prop_assert_eq!(entry["detail"]["history"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn an_acceptance_changes_the_acceptance_alone(
        (made, n) in made(), reason in words(), due in any::<bool>(),
    ) {
        let accepted = [
            ("approver", "Sam Example"), ("reason", reason.as_str()), ("accepted", "2026-11-30"),
            ("expires", "2027-03-31"),
        ];
        let mut changes: Vec<Change> = vec![("acceptance", map(&accepted))];
        let mut names = vec!["acceptance"];
        if due {
            changes.push(("due", Value::text("2027-01-31")));
            names.push("due");
        }
        let new =
            register::decide(&made.text(), &RiskPlace::Entry(n), &changes, &event()).expect("it is written");
        kept(&made, &new, &names)?;
        let entry = read_alike(&made.text(), &new, "entries", n, &names)?;
        prop_assert_eq!(entry["acceptance"]["reason"].as_str(), Some(reason.as_str()));
        prop_assert_eq!(entry["acceptance"]["expires"].as_str(), Some("2027-03-31"));
        prop_assert_eq!(entry["acceptance"]["compensating"].as_str().unwrap_or_default(), "");
    }

    #[test]
    fn a_closure_is_added_and_nothing_else((made, n) in made(), reason in words()) {
        let closed = [
            ("by", "Casey Example"), ("on", "2026-11-30"), ("reason", reason.as_str()),
            ("run", "2026-09-30T120000Z-a59ab7db"),
        ];
        let new = register::decide(
            &made.text(), &RiskPlace::Entry(n), &[("closed", map(&closed))], &event(),
        ).expect("it is written");
        kept(&made, &new, &["closed"])?;
        let entry = read_alike(&made.text(), &new, "entries", n, &["closed"])?;
        prop_assert_eq!(entry["closed"]["reason"].as_str(), Some(reason.as_str()));
    }

    #[test]
    fn a_risk_is_added_at_the_end_of_its_list((made, _) in made(), title in words(), bare in any::<bool>()) {
        let text = if bare { EMPTY.to_string() } else { made.text() };
        let members = [("id", "R-P09"), ("title", title.as_str()), ("owner", "Riley Example")];
        let members = members.map(|(k, v)| (k.to_string(), Value::text(v))).to_vec();
        let new = register::add(&text, members, &event()).expect("it is written");
        if !bare {
            kept(&made, &new, &["own"])?;
            prop_assert!(!new.contains("own: []"), "{}", new);
            prop_assert_eq!(made.text().contains("own: [] #"), new.contains("own: # c"), "{}", new);
        }
        let (mut before, mut after) =
            (edit::json(&text).expect("it parses"), edit::json(&new).expect("it parses"));
        let own = after["own"].as_array_mut().and_then(Vec::pop).expect("a risk");
        prop_assert_eq!(own["title"].as_str(), Some(title.as_str()));
        let list = before["own"].as_array().cloned().unwrap_or_default();
        before["own"] = Json::Array(list);
        prop_assert_eq!(before, after);
    }

    #[test]
    fn a_finding_nobody_decided_on_gets_an_entry_and_the_others_stay((made, _) in made(), owner in words()) {
        let place = RiskPlace::New {
            id: "R-1a2b3c".into(), control: "network-isolation".into(), account: "444455556666".into(),
            asset_class: "AWS::EC2::SecurityGroup".into(), phi: false, owner, treatment: "mitigate".into(),
        };
        let new = register::decide(
            &made.text(), &place, &[("due", Value::text("2027-01-31"))], &event(),
        ).expect("it is written");
        kept(&made, &new, &[])?;
        let (mut after, before) =
            (edit::json(&new).expect("it parses"), edit::json(&made.text()).expect("it parses"));
        let entry = after["entries"].as_array_mut().and_then(Vec::pop).expect("an entry");
        prop_assert_eq!(entry["match"]["account"].as_str(), Some("444455556666"));
        prop_assert_eq!(before, after);
    }
}
