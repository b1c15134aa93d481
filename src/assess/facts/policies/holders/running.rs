//! What runs under a role: instances, functions, tasks and the like, each with the role that it acts by.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::Value;

use super::super::documents::{Evidence, member, rows, text};
use crate::assess::input::Fault;
use crate::policy::Answer;
use crate::policy::escalation::{Workload, WorkloadKind};

/// What runs under a role: its account, and itself with the role's ARN.
pub(super) fn workloads(db: &Connection, evidence: &Evidence) -> Result<Vec<(String, Workload)>, Fault> {
    let mut profiles = BTreeMap::<String, String>::new();
    for role in evidence.principals.iter().filter(|p| p.kind == "role") {
        profiles.extend(role.profiles.iter().map(|p| (p.clone(), role.arn.clone())));
    }
    let by_name: BTreeMap<(&str, &str), &str> = evidence
        .principals
        .iter()
        .filter(|p| p.kind == "role")
        .map(|p| ((p.account.as_str(), p.arn.rsplit('/').next().unwrap_or_default()), p.arn.as_str()))
        .collect();
    let mut out = Vec::new();
    rows(
        db,
        "SELECT type, account, arn, configuration FROM resource
         WHERE type IN ('AWS::Lambda::Function', 'AWS::EC2::Instance',
                        'AWS::ECS::TaskDefinition', 'AWS::CodeBuild::Project',
                        'AWS::SageMaker::NotebookInstance', 'AWS::CloudFormation::Stack',
                        'AWS::StepFunctions::StateMachine')
         ORDER BY arn",
        &mut |row| {
            let configuration: Value = serde_json::from_str(&row[3]).unwrap_or_default();
            let role = |names: &[&str]| names.iter().find_map(|n| text(&configuration, n));
            let (kind, role) = match row[0].as_str() {
                "AWS::Lambda::Function" => (WorkloadKind::Function, role(&["role"])),
                "AWS::ECS::TaskDefinition" => (WorkloadKind::Task, role(&["taskRoleArn"])),
                "AWS::CodeBuild::Project" => (WorkloadKind::Build, role(&["serviceRole"])),
                "AWS::SageMaker::NotebookInstance" => (WorkloadKind::Notebook, role(&["roleArn"])),
                "AWS::CloudFormation::Stack" => (WorkloadKind::Stack, role(&["roleARN", "roleArn"])),
                "AWS::StepFunctions::StateMachine" => (WorkloadKind::StateMachine, role(&["roleArn"])),
                _ => {
                    let profile = text(member(&configuration, "iamInstanceProfile"), "arn");
                    (WorkloadKind::Instance, profile.map(|p| instance_role(&p, &row[1], &profiles, &by_name)))
                }
            };
            if let Some(role) = role.filter(|r| !r.is_empty()) {
                let role = match by_name.get(&(row[1].as_str(), role.as_str())) {
                    Some(arn) => (*arn).to_string(),
                    None => role,
                };
                out.push((row[1].clone(), Workload { kind, arn: row[2].clone(), strong: Answer::Yes, role }));
            }
        },
    )?;
    Ok(out)
}

/// The role in an instance profile: as the role's item says, else the role of the same name, as the console
/// makes both.
pub(super) fn instance_role(
    profile: &str,
    account: &str,
    profiles: &BTreeMap<String, String>,
    by_name: &BTreeMap<(&str, &str), &str>,
) -> String {
    if let Some(role) = profiles.get(profile) {
        return role.clone();
    }
    let name = profile.rsplit('/').next().unwrap_or_default();
    by_name.get(&(account, name)).map_or_else(|| profile.to_string(), |role| (*role).to_string())
}
