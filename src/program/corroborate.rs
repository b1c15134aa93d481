//! Sets findings of other programs beside the rows of a package: agrees, disagrees, or not comparable, with
//! the reason. Nothing of it changes a verdict.

use std::collections::BTreeMap;

use crate::model::corroboration::{
    Compared, ForeignAgreement, ForeignFinding, ForeignRules, ForeignState, ForeignTells,
};
use crate::model::workpapers::JudgedRow;

/// Checks of ours by managed rule of AWS Config, and what of the rule is comparable.
pub type ConfigRules = BTreeMap<String, Vec<(String, ForeignTells)>>;

/// What is set beside the findings.
pub struct OwnRows<'a> {
    /// Rules of other programs, by the product's name.
    pub rules: &'a [ForeignRules],
    /// Managed rules of AWS Config, with the checks that they corroborate.
    pub config_rules: &'a ConfigRules,
    /// Every row of the checks concerned.
    pub rows: &'a BTreeMap<String, Vec<JudgedRow>>,
    /// ARNs by the type and id, or name, that AWS Config knows a resource by.
    pub resources: &'a BTreeMap<(String, String), Vec<String>>,
    /// The day for which the package speaks.
    pub day: &'a str,
}

/// The checks of ours that findings may be about.
pub fn checks(
    findings: &[ForeignFinding],
    rules: &[ForeignRules],
    config_rules: &ConfigRules,
) -> Vec<String> {
    let mut all: Vec<String> =
        findings.iter().flat_map(|f| candidates(f, rules, config_rules)).map(|(check, _)| check).collect();
    all.sort();
    all.dedup();
    all
}

/// Every finding with what we know of the same, disagreements first.
pub fn compare(findings: &[ForeignFinding], own: &OwnRows<'_>) -> Vec<Compared> {
    let mut all: Vec<Compared> = findings.iter().map(|finding| one(finding, own)).collect();
    all.sort_by(|a, b| {
        let key = |c: &Compared| {
            (
                c.agreement,
                c.check.clone(),
                c.finding.resource.clone(),
                c.finding.rule.clone(),
                c.finding.at.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    all
}

fn candidates(
    finding: &ForeignFinding,
    rules: &[ForeignRules],
    config_rules: &ConfigRules,
) -> Vec<(String, ForeignTells)> {
    let of_product = rules
        .iter()
        .filter(|list| list.product.eq_ignore_ascii_case(&finding.product))
        .flat_map(|list| &list.rules);
    let mut all: Vec<(String, ForeignTells)> = of_product
        .filter(|rule| rule.rule == finding.rule)
        .map(|rule| (rule.check.clone(), rule.tells))
        .collect();
    all.extend(config_rules.get(&finding.config_rule).into_iter().flatten().cloned());
    all
}

fn one(finding: &ForeignFinding, own: &OwnRows<'_>) -> Compared {
    let made = |check: &str, ours: &str, agreement, words: String| Compared {
        finding: finding.clone(),
        check: check.into(),
        ours: ours.into(),
        agreement,
        words,
    };
    let candidates = candidates(finding, own.rules, own.config_rules);
    let Some((first, _)) = candidates.first() else {
        let words = "no check of this program is known to ask what this rule asks";
        return made("", "", ForeignAgreement::NotComparable, words.into());
    };
    // one rule may stand for several checks: the one that has a row on the resource is meant
    for (check, tells) in &candidates {
        if let Some(row) = row_of(finding, own, check) {
            let (agreement, words) = judged(finding, row, *tells, own.day);
            return made(check, &row.verdict, agreement, words);
        }
    }
    made(
        first,
        "",
        ForeignAgreement::NotComparable,
        "the package has no row of this check on this resource".into(),
    )
}

/// The worst row of a check on the resource, in the account that the finding names. What we say of the
/// account, or of a region of it, is meant whatever stand-in the finding names.
fn row_of<'a>(finding: &ForeignFinding, own: &OwnRows<'a>, check: &str) -> Option<&'a JudgedRow> {
    let key = (finding.resource_type.clone(), finding.resource.clone());
    let known = own.resources.get(&key).map(Vec::as_slice).unwrap_or_default();
    // an id that stands for several resources stands for none
    let resource = if known.len() == 1 { &known[0] } else { &finding.resource };
    let spelled = plain(resource);
    let place = |row: &&JudgedRow| {
        (finding.account.is_empty() || row.account == finding.account)
            && (finding.region.is_empty()
                || row.region.is_empty()
                || row.region == "aws-global"
                || row.region == finding.region)
    };
    let worst = |row: &&JudgedRow| match row.verdict.as_str() {
        "not met" => 0,
        "accepted" => 1,
        "not evidenced" => 2,
        _ => 3,
    };
    let here = || own.rows.get(check).into_iter().flatten().filter(place);
    let same = here().filter(|row| row.resource == *resource || row.resource == spelled).min_by_key(worst);
    same.or_else(|| here().filter(|row| is_place(row)).min_by_key(worst))
}

/// Whether a row is about its account, or about a region of it.
fn is_place(row: &JudgedRow) -> bool {
    let of_region =
        row.resource.starts_with("AWS::") && row.resource.split('/').nth(1) == Some(row.account.as_str());
    of_region || row.resource.ends_with(&format!(":iam::{}:root", row.account))
}

/// An ARN as we write it: without `:*` after a log group, and without an account in that of a snapshot or
/// image of EC2, as AWS has it.
fn plain(resource: &str) -> String {
    let mut parts: Vec<&str> = resource.strip_suffix(":*").unwrap_or(resource).split(':').collect();
    let thing = parts.last().copied().unwrap_or_default();
    if parts.len() == 6
        && parts[2] == "ec2"
        && (thing.starts_with("snapshot/") || thing.starts_with("image/"))
    {
        parts[4] = "";
    }
    parts.join(":")
}

fn judged(
    finding: &ForeignFinding,
    row: &JudgedRow,
    tells: ForeignTells,
    day: &str,
) -> (ForeignAgreement, String) {
    use ForeignAgreement::{Agrees, Disagrees, NotComparable};
    let when = match finding.at.get(..10) {
        Some(then) if then != day => format!("; theirs is of {then}, ours of {day}"),
        Some(_) => String::new(),
        None => "; theirs has no time".into(),
    };
    let because = |words: &str| format!("{words}: {}{when}", row.reason);
    if row.excluded {
        return (NotComparable, because("a named person took the resource out of scope here"));
    }
    match (row.verdict.as_str(), finding.state, tells) {
        ("met" | "not met" | "accepted", ForeignState::Pass, ForeignTells::Fail) => (
            NotComparable,
            because("their rule is narrower than this check, and says nothing where it passes"),
        ),
        ("met" | "not met" | "accepted", _, ForeignTells::Nothing) => {
            (NotComparable, because("their rule has parameters that the file does not tell"))
        }
        ("met", ForeignState::Pass, ForeignTells::Both) => (Agrees, because("both find it in order")),
        ("not met", ForeignState::Fail, _) => (Agrees, because("both find it not in order")),
        ("accepted", ForeignState::Fail, _) => {
            (Agrees, because("both find it not in order, and an approved exception covers it here"))
        }
        ("met", ForeignState::Fail, _) => (Disagrees, because("they fail it, and here it is met")),
        ("not met", ForeignState::Pass, _) => (Disagrees, because("they pass it, and here it is not met")),
        ("accepted", ForeignState::Pass, _) => {
            (Disagrees, because("they pass it, and here an exception covers what is not met"))
        }
        (verdict, _, _) => (NotComparable, because(&format!("here it is {verdict}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::corroboration::ForeignRule;

    fn finding(state: ForeignState, resource: &str) -> ForeignFinding {
        ForeignFinding {
            file: 0,
            product: "prowler".into(),
            rule: "rule_a".into(),
            config_rule: "rule-a".into(),
            resource: resource.into(),
            resource_type: "AWS::S3::Bucket".into(),
            account: "111122223333".into(),
            region: "us-east-1".into(),
            state,
            at: "2026-09-30T10:00:00Z".into(),
            words: String::new(),
        }
    }

    fn compared(verdict: &str, excluded: bool, tells: ForeignTells, finding: &ForeignFinding) -> Compared {
        let row = |resource: &str, verdict: &str| JudgedRow {
            resource: resource.into(),
            account: "111122223333".into(),
            region: "us-east-1".into(),
            verdict: verdict.into(),
            reason: "because".into(),
            excluded,
            ..JudgedRow::default()
        };
        let rules = [ForeignRules {
            format: String::new(),
            product: "Prowler".into(),
            checked: String::new(),
            rules: vec![ForeignRule { rule: "rule_a".into(), check: "s3.a".into(), tells }],
        }];
        let rows = BTreeMap::from([(
            "s3.a".to_string(),
            vec![row("arn:a", "met"), row("arn:a", verdict), row("arn:b", "met")],
        )]);
        let resources = BTreeMap::from([
            (("AWS::S3::Bucket".to_string(), "a".to_string()), vec!["arn:a".to_string()]),
            (
                ("AWS::S3::Bucket".to_string(), "ab".to_string()),
                vec!["arn:a".to_string(), "arn:b".to_string()],
            ),
        ]);
        let none = BTreeMap::new();
        let own = OwnRows {
            rules: &rules,
            config_rules: &none,
            rows: &rows,
            resources: &resources,
            day: "2026-09-30",
        };
        compare(std::slice::from_ref(finding), &own).remove(0)
    }

    #[test]
    fn only_what_both_judged_is_compared() {
        use ForeignAgreement::{Agrees, Disagrees, NotComparable};
        use ForeignState::{Fail, Pass};
        let both = ForeignTells::Both;
        for (verdict, state, agreement) in [
            ("met", Pass, Agrees),
            ("met", Fail, Disagrees),
            ("not met", Fail, Agrees),
            ("not met", Pass, Disagrees),
            ("accepted", Fail, Agrees),
            ("accepted", Pass, Disagrees),
            ("not evidenced", Fail, NotComparable),
            ("not evidenced", Pass, NotComparable),
        ] {
            assert_eq!(
                compared(verdict, false, both, &finding(state, "arn:a")).agreement,
                agreement,
                "{verdict} {state:?}"
            );
        }
        assert_eq!(
            compared("not met", false, ForeignTells::Fail, &finding(Pass, "arn:a")).agreement,
            NotComparable,
            "a narrower rule"
        );
        let untold = compared("not met", false, ForeignTells::Nothing, &finding(Fail, "arn:a"));
        assert_eq!(untold.agreement, NotComparable, "parameters are not in the file");
        assert_eq!(
            compared("not met", true, both, &finding(Pass, "arn:a")).agreement,
            NotComparable,
            "out of scope"
        );
        assert_eq!(
            compared("not met", false, both, &finding(Pass, "a")).agreement,
            Disagrees,
            "by the id of AWS Config"
        );
        assert_eq!(
            compared("not met", false, both, &finding(Pass, "ab")).agreement,
            NotComparable,
            "an id of two resources"
        );
        let elsewhere = ForeignFinding { account: "444455556666".into(), ..finding(Pass, "arn:a") };
        assert_eq!(compared("not met", false, both, &elsewhere).agreement, NotComparable, "another account");
        let unknown = ForeignFinding { rule: "rule_b".into(), ..finding(Pass, "arn:a") };
        let unknown = compared("not met", false, both, &unknown);
        assert_eq!((unknown.agreement, unknown.check.as_str()), (NotComparable, ""));
        let other = ForeignFinding { product: "Another".into(), ..finding(Pass, "arn:a") };
        assert_eq!(
            compared("not met", false, both, &other).check,
            "",
            "the same name of another program is another rule"
        );
    }

    #[test]
    fn a_resource_is_known_by_their_spelling_and_an_account_by_any_stand_in() {
        use ForeignAgreement::{Agrees, Disagrees, NotComparable};
        let row = |resource: &str| JudgedRow {
            resource: resource.into(),
            account: "111122223333".into(),
            region: "us-east-1".into(),
            verdict: "not met".into(),
            ..JudgedRow::default()
        };
        let said = |ours: &str, theirs: &str, state| {
            let rules = [ForeignRules {
                format: String::new(),
                product: "Prowler".into(),
                checked: String::new(),
                rules: vec![ForeignRule {
                    rule: "rule_a".into(),
                    check: "s3.a".into(),
                    tells: ForeignTells::Both,
                }],
            }];
            let rows = BTreeMap::from([("s3.a".to_string(), vec![row(ours)])]);
            let (none, resources) = (BTreeMap::new(), BTreeMap::new());
            let own = OwnRows {
                rules: &rules,
                config_rules: &none,
                rows: &rows,
                resources: &resources,
                day: "2026-09-30",
            };
            compare(&[finding(state, theirs)], &own).remove(0).agreement
        };
        let group = "arn:aws:logs:us-east-1:111122223333:log-group:/a";
        assert_eq!(said(group, &format!("{group}:*"), ForeignState::Fail), Agrees);
        assert_eq!(
            said(group, "arn:aws:logs:us-east-1:111122223333:log-group:/ab:*", ForeignState::Fail),
            NotComparable
        );
        let theirs = "arn:aws:ec2:us-east-1:111122223333:snapshot/snap-1";
        assert_eq!(said("arn:aws:ec2:us-east-1::snapshot/snap-1", theirs, ForeignState::Pass), Disagrees);
        assert_eq!(said("arn:aws:ec2:us-east-1::snapshot/snap-2", theirs, ForeignState::Pass), NotComparable);
        for ours in
            ["arn:aws:iam::111122223333:root", "AWS::EC2::EBSEncryptionByDefault/111122223333/us-east-1"]
        {
            assert_eq!(
                said(ours, "arn:aws:s3:us-east-1:111122223333:account", ForeignState::Fail),
                Agrees,
                "{ours}"
            );
        }
        assert_eq!(
            said(
                "arn:aws:iam::444455556666:root",
                "arn:aws:s3:us-east-1:111122223333:account",
                ForeignState::Fail
            ),
            NotComparable
        );
    }
}
