//! What the policies of an organization refuse to its members, and whether they keep plain HTTP from
//! resources.

use rusqlite::{Connection, params};

use super::documents::Evidence;
use crate::assess::input::Fault;
use crate::policy::Answer;
use crate::policy::refusal::{Attached, refusal, refuses_plain};

/// Actions whose refusal protects evidence, keys and data; checks ask for some of them.
pub const PROTECTED: [&str; 24] = [
    "cloudtrail:stoplogging",
    "cloudtrail:deletetrail",
    "cloudtrail:updatetrail",
    "cloudtrail:puteventselectors",
    "kms:schedulekeydeletion",
    "kms:disablekey",
    "s3:putaccountpublicaccessblock",
    "s3:putencryptionconfiguration",
    "s3:putbucketpublicaccessblock",
    "s3:deletebucketpolicy",
    "s3:putbucketpolicy",
    "guardduty:deletedetector",
    "guardduty:updatedetector",
    "guardduty:disassociatefromadministratoraccount",
    "guardduty:disassociatefrommasteraccount",
    "guardduty:stopmonitoringmembers",
    "config:deleteconfigurationrecorder",
    "config:stopconfigurationrecorder",
    "config:deletedeliverychannel",
    "securityhub:disablesecurityhub",
    "organizations:leaveorganization",
    "ec2:deleteflowlogs",
    "logs:deleteloggroup",
    "backup:deleterecoverypoint",
];

/// Services whose resources a resource control policy holds, with actions that stand for all.
const HELD: [(&str, &[&str], &str); 4] = [
    ("s3", &["s3:getobject", "s3:putobject", "s3:listbucket", "s3:deleteobject"], "arn:aws:s3:::*"),
    ("sqs", &["sqs:sendmessage", "sqs:receivemessage"], "arn:aws:sqs:*"),
    ("kms", &["kms:decrypt", "kms:encrypt"], "arn:aws:kms:*"),
    ("secretsmanager", &["secretsmanager:getsecretvalue"], "arn:aws:secretsmanager:*"),
];

pub fn fill(db: &Connection, evidence: &Evidence) -> Result<(), Fault> {
    for (account, tree) in &evidence.trees {
        let policies: Vec<Attached<'_>> = evidence
            .organization
            .iter()
            .filter(|p| p.account == *account && p.kind == "SERVICE_CONTROL_POLICY")
            .map(|p| Attached { id: &p.id, name: &p.name, policy: &p.policy, targets: p.targets.clone() })
            .collect();
        let mut insert = db.prepare_cached("INSERT INTO policy_refusal VALUES (?,?,?,?,?,?)")?;
        for action in PROTECTED {
            let found = refusal(action, &policies, tree);
            insert.execute(params![
                account,
                account,
                "aws-global",
                action,
                found.answer.as_str(),
                found.why
            ])?;
        }
        drop(insert);
        for member in &tree.members {
            transport(db, evidence, account, member)?;
        }
    }
    Ok(())
}

/// One row for each service whose resources in the account never answer plain HTTP, or perhaps not.
fn transport(db: &Connection, evidence: &Evidence, management: &str, member: &str) -> Result<(), Fault> {
    let tree = &evidence.trees[management];
    for (service, actions, space) in HELD {
        let mut best = (Answer::No, "");
        for held in evidence
            .organization
            .iter()
            .filter(|p| p.account == *management && p.kind == "RESOURCE_CONTROL_POLICY")
        {
            let answer = refuses_plain(&held.policy, actions, space).and(tree.holds(member, &held.targets));
            if answer > best.0 {
                best = (answer, &held.name);
            }
        }
        if best.0 != Answer::No {
            db.prepare_cached("INSERT INTO policy_transport VALUES (?,?,?,?)")?.execute(params![
                member,
                service,
                best.0.as_str(),
                best.1
            ])?;
        }
    }
    Ok(())
}
