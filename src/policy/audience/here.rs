//! A resource's policy as it reads where it stands: what its conditions ask about the resource itself
//! (`aws:ResourceAccount`, `aws:ResourceOrgID`) is known, whoever calls.

use std::borrow::Cow;

use super::{AudienceQuestion, Ours};
use crate::policy::Answer;
use crate::policy::condition::{Clause, KeyValue, has_variable};
use crate::policy::document::{Policy, Statement};
use crate::policy::pattern;

/// Keys that tell of the resource, with the key that tells the same of the caller.
const PAIRS: [(&str, &str); 3] = [
    ("aws:resourceaccount", "aws:principalaccount"),
    ("aws:resourceorgid", "aws:principalorgid"),
    ("aws:resourceorgpaths", "aws:principalorgpaths"),
];

/// The policy with what it asks about the resource answered, and with the resource's own values in the place
/// of its variables.
pub fn here<'p>(policy: &'p Policy, asked: &AudienceQuestion<'_>, ours: &Ours) -> Cow<'p, Policy> {
    let about = |c: &Clause| {
        c.key.starts_with("aws:resource")
            || c.values.iter().any(|v| v.to_ascii_lowercase().contains("${aws:resource"))
    };
    if !policy.statements.iter().flat_map(|s| &s.conditions).any(about) {
        return Cow::Borrowed(policy);
    }
    let place =
        Place { account: asked.owner, organization: ours.organizations.get(asked.owner).map(String::as_str) };
    let statements = policy.statements.iter().map(|s| Statement {
        conditions: s.conditions.iter().map(|c| if about(c) { place.read(c) } else { c.clone() }).collect(),
        ..s.clone()
    });
    Cow::Owned(Policy { statements: statements.collect(), unread: policy.unread.clone() })
}

struct Place<'a> {
    account: &'a str,
    /// Empty where the account is in no organization; `None` where nobody knows.
    organization: Option<&'a str>,
}

impl Place<'_> {
    fn held(&self, key: &str) -> KeyValue {
        match (key, self.organization) {
            ("aws:resourceaccount", _) => KeyValue::Values(vec![self.account.to_string()]),
            ("aws:resourceorgid", Some("")) | ("aws:resourceorgpaths", Some("")) => KeyValue::Absent,
            ("aws:resourceorgid", Some(id)) => KeyValue::Values(vec![id.to_string()]),
            (_, _) => KeyValue::Unknown,
        }
    }

    fn read(&self, clause: &Clause) -> Clause {
        if let Some((_, of_caller)) = PAIRS.iter().find(|(own, _)| *own == clause.key) {
            return self.about_resource(clause, of_caller);
        }
        Clause { values: clause.values.iter().map(|v| self.filled(v)).collect(), ..clause.clone() }
    }

    /// A clause over the resource: answered, or turned round where it compares the resource with the caller.
    fn about_resource(&self, clause: &Clause, of_caller: &str) -> Clause {
        let variable = format!("${{{of_caller}}}");
        if let ([value], KeyValue::Values(own)) = (clause.values.as_slice(), self.held(&clause.key))
            && value.eq_ignore_ascii_case(&variable)
        {
            return Clause { key: of_caller.to_string(), values: own, ..clause.clone() };
        }
        if clause.values.iter().any(|v| has_variable(v)) {
            return clause.clone();
        }
        let answer = match (clause.key.as_str(), self.organization) {
            ("aws:resourceorgpaths", Some(id)) if !id.is_empty() => on_path(clause, id),
            _ => clause.answer(&|key| self.held(key)),
        };
        let decided = match answer {
            Answer::Yes => Some(true),
            Answer::No => Some(false),
            Answer::Unknown => None,
        };
        Clause { decided, ..clause.clone() }
    }

    /// A value with the resource's account and organization in the place of variables; one that is not known
    /// stays.
    fn filled(&self, value: &str) -> String {
        let mut out = value.to_string();
        for (key, _) in PAIRS {
            let variable = format!("${{{key}}}");
            let at = out.to_ascii_lowercase().find(&variable);
            if let (Some(at), KeyValue::Values(own)) = (at, self.held(key)) {
                out.replace_range(at..at + variable.len(), &own[0]);
            }
        }
        out
    }
}

/// Where in its organization an account stands is not asked: every path of it is a yes, a path of another a
/// no.
fn on_path(clause: &Clause, id: &str) -> Answer {
    let each = clause.values.iter().map(|value| {
        let (organization, below) = value.split_once('/').unwrap_or((value, ""));
        match (pattern::matches(organization, id), below.trim_matches(['*', '/']).is_empty()) {
            (false, _) => Answer::No,
            (true, true) => Answer::Yes,
            (true, false) => Answer::Unknown,
        }
    });
    let hit = each.fold(Answer::No, Answer::or);
    if clause.negated { !hit } else { hit }
}

#[cfg(test)]
mod tests {
    use super::super::{Admits, admissions};
    use super::*;

    const OWNER: &str = "111122223333";

    fn ours(organization: Option<&str>) -> Ours {
        let mut ours = Ours::default();
        ours.accounts.extend([OWNER.to_string(), "444455556666".to_string()]);
        if let Some(id) = organization {
            ours.organizations.insert(OWNER.into(), id.into());
            ours.complete.insert(OWNER.into());
        }
        ours
    }

    /// The worst that one statement for `principal` under `condition` lets in.
    fn worst(principal: &serde_json::Value, condition: &serde_json::Value, ours: &Ours) -> (Admits, bool) {
        let statement = serde_json::json!({
            "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*",
            "Condition": condition
        });
        let policy = Policy::read(&serde_json::json!({"Statement": statement})).expect("a policy");
        let asked = AudienceQuestion {
            actions: &["s3:getobject"],
            space: "*",
            owner: OWNER,
            as_of: "2026-09-30T12:00:00Z",
        };
        admissions(&policy, &[], &asked, ours)
            .into_iter()
            .map(|a| (a.admits, a.certain))
            .max()
            .expect("an admission")
    }

    #[test]
    fn what_is_asked_about_the_resource_is_known() {
        let star = serde_json::json!("*");
        let own = ours(Some("o-exampleorgid"));
        for (condition, admits) in [
            (serde_json::json!({"StringEquals": {"aws:ResourceAccount": OWNER}}), Admits::World),
            (serde_json::json!({"StringEquals": {"aws:ResourceAccount": "777788889999"}}), Admits::Nobody),
            (serde_json::json!({"StringNotEquals": {"aws:ResourceAccount": OWNER}}), Admits::Nobody),
            (serde_json::json!({"StringEquals": {"aws:ResourceOrgID": "o-exampleorgid"}}), Admits::World),
            (serde_json::json!({"StringEquals": {"aws:ResourceOrgID": "o-otherorgid1"}}), Admits::Nobody),
            (
                serde_json::json!({"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": "o-exampleorgid/*"}}),
                Admits::World,
            ),
            (
                serde_json::json!({"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": "o-otherorgid1/*"}}),
                Admits::Nobody,
            ),
            // the caller is held to the resource's own account and organization
            (
                serde_json::json!({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}),
                Admits::Own,
            ),
            (
                serde_json::json!({"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}),
                Admits::Own,
            ),
            (
                serde_json::json!({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}),
                Admits::Own,
            ),
            (
                serde_json::json!({"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}),
                Admits::Own,
            ),
            (serde_json::json!({"StringEquals": {"aws:PrincipalAccount": "${aws:username}"}}), Admits::World),
        ] {
            assert_eq!(worst(&star, &condition, &own), (admits, true), "{condition}");
        }
    }

    #[test]
    fn an_organization_that_nobody_knows_decides_nothing_but_what_is_its_own() {
        let (star, unknown) = (serde_json::json!("*"), ours(None));
        let named = serde_json::json!({"StringEquals": {"aws:ResourceOrgID": "o-exampleorgid"}});
        assert_eq!(worst(&star, &named, &unknown), (Admits::World, false));
        let own = serde_json::json!({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}});
        assert_eq!(worst(&star, &own, &unknown).0, Admits::Own);
        let none = serde_json::json!({"StringEquals": {"aws:ResourceOrgID": "o-exampleorgid"}});
        assert_eq!(worst(&star, &none, &ours(Some(""))), (Admits::Nobody, true));
    }

    #[test]
    fn a_stranger_is_in_no_organization_of_ours() {
        let foreign = serde_json::json!({"AWS": "arn:aws:iam::777788889999:root"});
        let own = ours(Some("o-exampleorgid"));
        for (condition, admits) in [
            (
                serde_json::json!({"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}),
                (Admits::Nobody, true),
            ),
            (
                serde_json::json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"}}),
                (Admits::Foreign, false),
            ),
            (
                serde_json::json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}),
                (Admits::Foreign, true),
            ),
            (
                serde_json::json!({
                    "StringEquals": {"aws:PrincipalOrgID": ["o-exampleorgid", "o-otherorgid1"]}
                }),
                (Admits::Foreign, false),
            ),
            (serde_json::json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}), (Admits::Foreign, true)),
            (
                serde_json::json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-exampleorgid/*"}}),
                (Admits::Nobody, true),
            ),
            (
                serde_json::json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-otherorgid1/*"}}),
                (Admits::Foreign, false),
            ),
        ] {
            assert_eq!(worst(&foreign, &condition, &own), admits, "{condition}");
        }
        // where the organization was not listed he may be one of it
        let condition = serde_json::json!({"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}});
        assert_eq!(worst(&foreign, &condition, &ours(None)), (Admits::Unplaced, false));
    }

    #[test]
    fn a_key_that_must_be_there_is_not_left_out() {
        let (star, own) = (serde_json::json!("*"), ours(Some("o-exampleorgid")));
        let all = serde_json::json!({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}});
        assert_eq!(worst(&star, &all, &own), (Admits::World, true));
        let both = serde_json::json!({
            "ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"},
            "Null": {"aws:PrincipalOrgID": "false"}
        });
        assert_eq!(worst(&star, &both, &own), (Admits::Own, true));
        let other = serde_json::json!({
            "StringEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"},
            "Null": {"aws:PrincipalArn": "false"}
        });
        assert_eq!(worst(&star, &other, &own), (Admits::World, true));
        // some source must be told, and any service tells one
        let told = serde_json::json!({"Null": {"aws:SourceArn": "false"}});
        assert_eq!(worst(&star, &told, &own).0, Admits::World);
        let ours = serde_json::json!({
            "Null": {"aws:SourceAccount": "false"}, "StringEquals": {"aws:SourceAccount": OWNER}
        });
        assert_eq!(worst(&star, &ours, &own).0, Admits::Service);
    }

    #[test]
    fn an_account_with_a_wildcard_is_any_account() {
        let (star, own) = (serde_json::json!("*"), ours(Some("o-exampleorgid")));
        for (arn, admits) in [
            ("arn:aws:iam::111122223333:role/*", Admits::Own),
            ("arn:aws:iam::1111222233??:role/app", Admits::World),
            ("arn:aws:iam::1111*:role/app", Admits::World),
        ] {
            assert_eq!(
                worst(&star, &serde_json::json!({"ArnLike": {"aws:PrincipalArn": arn}}), &own).0,
                admits,
                "{arn}"
            );
        }
    }

    #[test]
    fn a_refusal_to_all_but_a_role_leaves_that_role() {
        let policy = Policy::read(&serde_json::json!({"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
             "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app"}}},
        ]}))
        .expect("a policy");
        let asked = AudienceQuestion {
            actions: &["s3:getobject"],
            space: "*",
            owner: OWNER,
            as_of: "2026-09-30T12:00:00Z",
        };
        let found: Vec<Admits> = admissions(&policy, &[], &asked, &ours(Some("o-exampleorgid")))
            .into_iter()
            .map(|a| a.admits)
            .collect();
        assert_eq!(found, [Admits::Own]);
    }

    #[test]
    fn a_service_is_held_by_the_surest_of_its_sources() {
        let events = serde_json::json!({"Service": "events.amazonaws.com"});
        let (own, unknown) = (ours(Some("o-exampleorgid")), ours(None));
        let account = |id: &str| serde_json::json!({"StringEquals": {"aws:SourceAccount": id}});
        assert_eq!(worst(&events, &account("777788889999"), &own).0, Admits::Foreign);
        assert_eq!(worst(&events, &account("777788889999"), &unknown).0, Admits::Unplaced);
        assert_eq!(worst(&events, &account("444455556666"), &unknown).0, Admits::Service);
        let bucket = serde_json::json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::intake"}});
        assert_eq!(worst(&events, &bucket, &unknown).0, Admits::Service);
        let both = |id: &str| {
            serde_json::json!({
                "ArnLike": {"aws:SourceArn": "arn:aws:s3:::intake"}, "StringEquals": {"aws:SourceAccount": id}
            })
        };
        assert_eq!(worst(&events, &both(OWNER), &own).0, Admits::Service);
        assert_eq!(worst(&events, &both("777788889999"), &own).0, Admits::Foreign);
        assert_eq!(worst(&events, &both("777788889999"), &unknown).0, Admits::Unplaced);
        let two = serde_json::json!({"StringEquals": {"aws:SourceAccount": [OWNER, "777788889999"]}});
        assert_eq!(worst(&events, &two, &own).0, Admits::Foreign);
        // that a source is told at all names none
        let told = serde_json::json!({"Null": {"aws:SourceAccount": "false"}});
        assert_eq!(worst(&events, &told, &own).0, Admits::Service);
    }
}
