//! Who comes in by the policies of buckets, keys, secrets, tables, queues, topics, functions, repositories
//! and roles, and of whatever else has one.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::documents::{Evidence, rows};
use super::others;
use crate::assess::input::Fault;
use crate::policy::audience::{Admission, Admits, AudienceQuestion, admissions, is_asked, is_source};
use crate::policy::condition::{Clause, Operator};
use crate::policy::document::{Effect, Listed, Policy, Principal, PrincipalKind, Statement};
use crate::policy::keys::{is_open, kind_of};
use crate::policy::reading::StoreKind;
use crate::policy::{Answer, rights, trust};

/// Resources with a policy of their own: kind, and a SELECT of ARN, account, region and the document.
const DOCUMENTS: [(&str, &str); 9] = [
    (
        "bucket",
        "SELECT arn, account, region, supplementary -> '$.BucketPolicy.policyText' FROM resource
         WHERE type = 'AWS::S3::Bucket' AND json_type(supplementary, '$.BucketPolicy.policyText') = 'object'
         ORDER BY arn",
    ),
    (
        "key",
        "SELECT arn, account, region, coalesce(supplementary -> '$.Policy.policy', supplementary -> \
         '$.Policy') FROM resource
         WHERE type = 'AWS::KMS::Key' AND json_type(supplementary, '$.Policy') IN ('object', 'array')
         ORDER BY arn",
    ),
    (
        "secret",
        "SELECT r.arn, r.account, r.region, a.body -> '$.ResourcePolicy' FROM resource AS r
         JOIN response AS a ON a.service = 'secretsmanager' AND a.operation = 'GetResourcePolicy'
           AND r.arn IN (a.key, a.body ->> '$.ARN')
         WHERE r.type = 'AWS::SecretsManager::Secret' AND json_type(a.body, '$.ResourcePolicy') = 'object'
         ORDER BY r.arn",
    ),
    (
        "table",
        "SELECT r.arn, r.account, r.region, a.body -> '$.Policy' FROM resource AS r
         JOIN response AS a ON a.service = 'dynamodb' AND a.operation = 'GetResourcePolicy'
          AND (a.key = r.arn OR substr(a.key, 1, length(r.arn) + 8) = r.arn || '/stream/')
         WHERE r.type = 'AWS::DynamoDB::Table' AND json_type(a.body, '$.Policy') = 'object' ORDER BY r.arn",
    ),
    (
        "queue",
        "SELECT arn, account, region, coalesce(configuration -> '$.Policy', configuration -> '$.policy') \
         FROM resource
         WHERE type = 'AWS::SQS::Queue' ORDER BY arn",
    ),
    (
        "topic",
        "SELECT arn, account, region, coalesce(configuration -> '$.Policy', configuration -> '$.policy') \
         FROM resource
         WHERE type = 'AWS::SNS::Topic' ORDER BY arn",
    ),
    (
        "function",
        "SELECT arn, account, region, coalesce(supplementary -> '$.Policy.policy', supplementary -> \
         '$.Policy') FROM resource
         WHERE type = 'AWS::Lambda::Function' AND json_type(supplementary, '$.Policy') IN ('object', 'array')
         ORDER BY arn",
    ),
    (
        "repository",
        "SELECT r.arn, r.account, r.region,
                coalesce(nullif(nullif(coalesce(r.configuration -> '$.RepositoryPolicyText',
                                                r.configuration -> '$.repositoryPolicyText'), '{}'), '\"\"'),
                         (SELECT a.body -> '$.policyText' FROM response AS a
                          WHERE a.service = 'ecr' AND a.operation = 'GetRepositoryPolicy'
                            AND a.account = r.account AND a.region = r.region
                            AND a.key = r.name))
         FROM resource AS r WHERE r.type = 'AWS::ECR::Repository' ORDER BY r.arn",
    ),
    (
        "role",
        "SELECT arn, account, region, configuration -> '$.assumeRolePolicyDocument' FROM resource
         WHERE type = 'AWS::IAM::Role'
           AND json_type(configuration, '$.assumeRolePolicyDocument') IN ('object', 'array') ORDER BY arn",
    ),
];

const INSERT: &str = "INSERT INTO policy_admission VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

struct Resource<'a> {
    arn: &'a str,
    account: &'a str,
    region: &'a str,
    kind: &'static str,
}

/// What a row says beside the admission itself.
struct Extra {
    purpose: &'static str,
    action: Option<String>,
    whole: bool,
    external_id: bool,
    /// `None` where a service that does not tell its source may come in too.
    source_bound: Option<bool>,
}

pub fn fill(db: &Connection, evidence: &Evidence) -> Result<(), Fault> {
    let elsewhere = others::DOCUMENTS.iter().map(|sql| (others::KIND, *sql));
    for (kind, sql) in DOCUMENTS.into_iter().chain(elsewhere) {
        let mut found = Vec::new();
        rows(db, sql, &mut |row| {
            found.push([row[0].clone(), row[1].clone(), row[2].clone(), row[3].clone()])
        })?;
        for [arn, account, region, document] in &found {
            let arn = &others::in_partition(arn, region);
            let resource = Resource { arn, account, region, kind };
            let value: Value = serde_json::from_str(document).unwrap_or_default();
            match Policy::read(&value) {
                Some(policy) => one(db, &resource, &policy, evidence)?,
                None if document.is_empty() || document == "null" => {}
                None => unread(db, &resource, 0)?,
            }
        }
    }
    Ok(())
}

fn unread(db: &Connection, of: &Resource<'_>, position: usize) -> Result<(), Fault> {
    db.prepare_cached(INSERT)?.execute(params![
        of.arn,
        of.account,
        of.region,
        of.kind,
        "any",
        position as i64,
        None::<&str>,
        None::<&str>,
        None::<&str>,
        None::<&str>,
        None::<&str>,
        None::<&str>,
        None::<i64>,
        "",
        None::<i64>,
        None::<&str>,
        None::<i64>,
        None::<i64>,
        None::<i64>
    ])?;
    Ok(())
}

fn one(db: &Connection, of: &Resource<'_>, policy: &Policy, evidence: &Evidence) -> Result<(), Fault> {
    for position in &policy.unread {
        unread(db, of, *position)?;
    }
    let guards = match of.kind {
        others::KIND if !others::is_guarded(of.arn) => Vec::new(),
        others::KIND | "bucket" | "key" | "secret" | "queue" | "repository" | "role" => {
            evidence.guards(of.account, "RESOURCE_CONTROL_POLICY")
        }
        _ => Vec::new(),
    };
    let service = if of.kind == others::KIND { others::service(of.arn) } else { service_of(of.kind) };
    if policy.unread.is_empty() && policy.statements.iter().all(|s| s.effect == Effect::Deny) {
        return nobody(db, of);
    }
    for statement in policy.statements.iter().filter(|s| s.effect == Effect::Allow) {
        let actions = own_actions(statement, service);
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        let asked =
            AudienceQuestion { actions: &actions, space: "*", owner: of.account, as_of: &evidence.as_of };
        let alone = Policy { statements: with_refusals(policy, statement), unread: Vec::new() };
        for admission in admissions(&alone, &guards, &asked, &evidence.ours) {
            let extra = Extra {
                purpose: "any",
                action: None,
                whole: rights::acts_whole(&statement.action, service),
                external_id: statement.conditions.iter().any(is_external_id),
                source_bound: bound_to_source(statement),
            };
            insert(db, of, &federated(admission, statement), &extra)?;
        }
    }
    readers(db, of, policy, &guards, evidence)
}

/// Whom the policy lets at the content, action by action.
fn readers(
    db: &Connection,
    of: &Resource<'_>,
    policy: &Policy,
    guards: &[&Policy],
    evidence: &Evidence,
) -> Result<(), Fault> {
    let Some(kind) = StoreKind::ALL.into_iter().find(|k| k.as_str() == of.kind) else { return Ok(()) };
    // whoever may grant the use of a key may decrypt with it; a grant that only services of AWS may get is
    // none of these
    let granting = (kind == StoreKind::Key).then(|| Policy {
        statements: policy.statements.iter().filter(|s| grants_to_anyone(s)).cloned().collect(),
        unread: Vec::new(),
    });
    let grant: (&str, &[&str]) = ("kms:creategrant", &[""]);
    let reading = kind.actions().iter().map(|asked| (policy, asked));
    for (policy, (action, parts)) in reading.chain(granting.iter().map(|granting| (granting, &grant))) {
        for part in *parts {
            let space = format!("{}{part}", of.arn);
            let asked = AudienceQuestion {
                actions: &[action],
                space: &space,
                owner: of.account,
                as_of: &evidence.as_of,
            };
            for admission in admissions(policy, guards, &asked, &evidence.ours) {
                let extra = Extra {
                    purpose: "read",
                    action: Some((*action).into()),
                    whole: false,
                    external_id: false,
                    source_bound: Some(false),
                };
                insert(db, of, &admission, &extra)?;
            }
        }
    }
    Ok(())
}

/// Whether grants by a statement may go to others than services of AWS (`kms:GrantIsForAWSResource`, KMS
/// Developer Guide).
fn grants_to_anyone(statement: &Statement) -> bool {
    let bound = |c: &Clause| {
        !c.negated
            && c.key == "kms:grantisforawsresource"
            && c.values.iter().all(|v| v.eq_ignore_ascii_case("true"))
    };
    statement.effect == Effect::Deny || !statement.conditions.iter().any(bound)
}

/// The one row of a policy that allows nothing: it was read, and lets in nobody.
fn nobody(db: &Connection, of: &Resource<'_>) -> Result<(), Fault> {
    let everyone = Principal { kind: PrincipalKind::Everyone, value: "*".into() };
    let admission = Admission {
        position: 0,
        sid: None,
        principal: everyone,
        admits: Admits::Nobody,
        who: None,
        certain: true,
        rests_on: "no statement allows anything".into(),
        conditional: false,
    };
    insert(
        db,
        of,
        &admission,
        &Extra { purpose: "any", action: None, whole: false, external_id: false, source_bound: Some(false) },
    )
}

/// A statement by itself, with every refusal of its policy.
fn with_refusals(policy: &Policy, statement: &Statement) -> Vec<Statement> {
    let denies = policy.statements.iter().filter(|s| s.effect == Effect::Deny).cloned();
    std::iter::once(statement.clone()).chain(denies).collect()
}

fn service_of(kind: &str) -> &'static str {
    match kind {
        "bucket" => "s3",
        "key" => "kms",
        "secret" => "secretsmanager",
        "table" => "dynamodb",
        "queue" => "sqs",
        "topic" => "sns",
        "function" => "lambda",
        "repository" => "ecr",
        _ => "sts",
    }
}

/// Actions of a key that work from another account (KMS Developer Guide, "Allowing users in other accounts to
/// use a KMS key"); permission for any other has no effect there.
const ACROSS: [&str; 24] = [
    "kms:creategrant",
    "kms:decrypt",
    "kms:derivesharedsecret",
    "kms:describekey",
    "kms:encrypt",
    "kms:generatedatakey",
    "kms:generatedatakeypair",
    "kms:generatedatakeypairwithoutplaintext",
    "kms:generatedatakeywithoutplaintext",
    "kms:generatemac",
    "kms:getkeyrotationstatus",
    "kms:getpublickey",
    "kms:listgrants",
    "kms:reencryptfrom",
    "kms:reencryptto",
    "kms:retiregrant",
    "kms:revokegrant",
    "kms:sign",
    "kms:verify",
    "kms:verifymac",
    "kms:getparametersforimport",
    "kms:listkeyrotations",
    "kms:generaterandom",
    "kms:listretirablegrants",
];

/// Actions that stand for what a statement allows: those it names, or some that it does not leave out.
fn own_actions(statement: &Statement, service: &str) -> Vec<String> {
    if service == "kms" {
        return ACROSS
            .iter()
            .filter(|a| crate::policy::audience::acts(&statement.action, a))
            .map(ToString::to_string)
            .collect();
    }
    match &statement.action {
        Listed::These(list) => list.iter().map(|a| a.replace(['*', '?'], "\u{3}")).collect(),
        Listed::AllBut(_) => vec![format!("{service}:\u{3}")],
        Listed::Unsaid => Vec::new(),
    }
}

fn is_external_id(clause: &Clause) -> bool {
    clause.key == "sts:externalid"
        && is_asked(clause)
        && !is_open(clause, kind_of(&clause.key))
        && is_fixed(clause)
}

fn is_fixed(clause: &Clause) -> bool {
    clause.values.iter().all(|v| !v.is_empty() && !crate::policy::pattern::is_wild(v))
}

/// Whether a service must act for a source that is named. With ForAllValues a request that tells no source
/// meets the condition.
fn bound_to_source(statement: &Statement) -> Option<bool> {
    let named: Vec<&Clause> = statement
        .conditions
        .iter()
        .filter(|c| !c.negated && (!c.if_exists || c.present) && names_source(c))
        .collect();
    match named.is_empty() {
        true => Some(false),
        false => named.iter().any(|c| is_asked(c)).then_some(true),
    }
}

fn names_source(clause: &Clause) -> bool {
    let kind = kind_of(&clause.key);
    let token = clause.key == "lambda:eventsourcetoken" || clause.key.starts_with("kms:encryptioncontext:");
    clause.operator != Operator::Null
        && (token || (is_source(kind) && !is_open(clause, kind)) || is_own_caller(clause))
}

/// `kms:ViaService` with `kms:CallerAccount`, and other keys of the account for which a service acts.
fn is_own_caller(clause: &Clause) -> bool {
    let kind = kind_of(&clause.key);
    matches!(kind, crate::policy::keys::KeyMeaning::Account | crate::policy::keys::KeyMeaning::Organization)
        && !is_open(clause, kind)
}

/// For an identity provider, whether only identities of one's own come in.
fn federated(admission: Admission, statement: &Statement) -> Admission {
    if admission.principal.kind != PrincipalKind::Federated || admission.admits == Admits::Nobody {
        return admission;
    }
    let (answer, rests_on) = trust::federated(statement, &admission.principal.value);
    match answer {
        Answer::Yes => Admission { certain: true, rests_on, ..admission },
        Answer::Unknown => Admission { certain: false, rests_on, ..admission },
        Answer::No => Admission { admits: Admits::World, certain: true, rests_on, ..admission },
    }
}

fn insert(db: &Connection, of: &Resource<'_>, a: &Admission, extra: &Extra) -> Result<(), Fault> {
    db.prepare_cached(INSERT)?.execute(params![
        of.arn,
        of.account,
        of.region,
        of.kind,
        extra.purpose,
        a.position as i64,
        a.sid,
        a.principal.kind.as_str(),
        a.principal.value,
        a.principal.account(),
        a.admits.as_str(),
        a.who,
        a.certain,
        a.rests_on,
        a.conditional,
        extra.action,
        extra.whole,
        extra.external_id,
        extra.source_bound
    ])?;
    Ok(())
}
