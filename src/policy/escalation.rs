//! Known ways in which a holder of narrow rights gets wide ones: by rewriting policies, its own included, by
//! taking over stronger identities, by starting something under any role, or by reaching into what runs under
//! a stronger one.

use std::collections::{BTreeMap, BTreeSet};

use super::Answer;
use super::condition::Clause;
use super::power::UNNAMED;
use super::rights::{Boundary, Grant, Rights};

/// What runs under a role, and whoever can change or enter it acts with that role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkloadKind {
    Function,
    Instance,
    Task,
    Build,
    Notebook,
    Stack,
    StateMachine,
}

#[derive(Debug, Clone)]
pub struct Workload {
    pub kind: WorkloadKind,
    pub arn: String,
    /// Whether its role is an administrator's; unknown where the role was not read.
    pub strong: Answer,
    pub role: String,
}

/// Whom one statement of a trust policy names, and what it asks of them.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// Accounts, ARNs, or `*`.
    pub who: BTreeSet<String>,
    pub conditions: Vec<Clause>,
}

/// What is around a holder in its account.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Roles and users who hold every right.
    pub strong: BTreeSet<String>,
    /// Of each strong role, who may take it by its trust policy.
    pub trusting: BTreeMap<String, Vec<Trusted>>,
    pub workloads: Vec<Workload>,
    /// Customer managed policies that each holder has, by its ARN.
    pub held: BTreeMap<String, BTreeSet<String>>,
    /// Groups of each user, by its ARN.
    pub groups: BTreeMap<String, BTreeSet<String>>,
    /// True where stacks are in the evidence: then the roles that they run under are known.
    pub stacks: bool,
    /// False where the account is known to be a member, whose Identity Center stands elsewhere.
    pub assigns: bool,
}

/// One way that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationWay {
    pub way: String,
    pub answer: Answer,
    pub policy: String,
    pub because: String,
}

/// Actions on one resource that are enough by themselves, by the kind of resource.
const REWRITE: [(&str, &str, &str); 12] = [
    ("write a new version of a policy", "iam:createpolicyversion", "policy"),
    ("switch a policy to another version", "iam:setdefaultpolicyversion", "policy"),
    ("attach any policy to users", "iam:attachuserpolicy", "user"),
    ("attach any policy to groups", "iam:attachgrouppolicy", "group"),
    ("attach any policy to roles", "iam:attachrolepolicy", "role"),
    ("write policies into users", "iam:putuserpolicy", "user"),
    ("write policies into groups", "iam:putgrouppolicy", "group"),
    ("write policies into roles", "iam:putrolepolicy", "role"),
    ("join any group", "iam:addusertogroup", "group"),
    ("make access keys for others", "iam:createaccesskey", "user"),
    ("set passwords for others", "iam:createloginprofile", "user"),
    ("change passwords of others", "iam:updateloginprofile", "user"),
];

/// Actions that take over one administrator, by what it is.
const TAKE_OVER: [(&str, &str, &str); 4] = [
    ("rewrite who may take the administrator's role", "iam:updateassumerolepolicy", "role"),
    ("make access keys for the administrator", "iam:createaccesskey", "user"),
    ("set a password for the administrator", "iam:createloginprofile", "user"),
    ("change the password of the administrator", "iam:updateloginprofile", "user"),
];

/// Services that run what the holder wrote under a role that it passes.
const RUN: [(&str, &[&str]); 19] = [
    ("start an instance with any role", &["ec2:runinstances"]),
    ("run a function with any role", &["lambda:createfunction", "lambda:invokefunction"]),
    ("run a function with any role", &["lambda:createfunction", "lambda:createeventsourcemapping"]),
    ("run a function with any role", &["lambda:createfunction", "lambda:addpermission"]),
    ("run a task with any role", &["ecs:registertaskdefinition", "ecs:runtask"]),
    ("run a task with any role", &["ecs:registertaskdefinition", "ecs:createservice"]),
    ("make a stack with any role", &["cloudformation:createstack"]),
    ("make a stack with any role", &["cloudformation:createchangeset", "cloudformation:executechangeset"]),
    ("run a build with any role", &["codebuild:createproject", "codebuild:startbuild"]),
    ("run a build with any role", &["codebuild:updateproject", "codebuild:startbuild"]),
    ("make a stack with any role", &["cloudformation:updatestack"]),
    ("run a job with any role", &["glue:createjob", "glue:startjobrun"]),
    ("open a development endpoint with any role", &["glue:createdevendpoint"]),
    (
        "open a notebook with any role",
        &["sagemaker:createnotebookinstance", "sagemaker:createpresignednotebookinstanceurl"],
    ),
    ("run a training job with any role", &["sagemaker:createtrainingjob"]),
    ("run a processing job with any role", &["sagemaker:createprocessingjob"]),
    ("run a state machine with any role", &["states:createstatemachine", "states:startexecution"]),
    ("run a pipeline with any role", &["datapipeline:createpipeline", "datapipeline:putpipelinedefinition"]),
    ("run a batch job with any role", &["batch:registerjobdefinition", "batch:submitjob"]),
];

/// Actions that change or enter what runs under a role.
const ENTER: [(WorkloadKind, &str, &[&str]); 14] = [
    (WorkloadKind::Function, "rewrite the code of", &["lambda:updatefunctioncode"]),
    (WorkloadKind::Function, "put a layer under", &["lambda:updatefunctionconfiguration"]),
    (WorkloadKind::Instance, "run commands on", &["ssm:sendcommand"]),
    (WorkloadKind::Instance, "open a session on", &["ssm:startsession"]),
    (WorkloadKind::Instance, "sign in by a pushed key on", &["ec2-instance-connect:sendsshpublickey"]),
    (
        WorkloadKind::Instance,
        "rewrite the start script of",
        &["ec2:modifyinstanceattribute", "ec2:startinstances"],
    ),
    (WorkloadKind::Task, "open a shell in", &["ecs:executecommand"]),
    (WorkloadKind::Build, "rewrite and run", &["codebuild:updateproject", "codebuild:startbuild"]),
    (WorkloadKind::Build, "run another script in", &["codebuild:startbuild"]),
    (WorkloadKind::Notebook, "open", &["sagemaker:createpresignednotebookinstanceurl"]),
    (WorkloadKind::Stack, "update", &["cloudformation:updatestack"]),
    (
        WorkloadKind::Stack,
        "change by a change set",
        &["cloudformation:createchangeset", "cloudformation:executechangeset"],
    ),
    (WorkloadKind::StateMachine, "rewrite", &["states:updatestatemachine", "states:startexecution"]),
    (WorkloadKind::StateMachine, "rewrite", &["states:updatestatemachine"]),
];

/// Ways through IAM Identity Center: each gives rights in every account of the organization.
const CENTER: [(&str, &[&str]); 5] = [
    ("assign any permission set", &["sso:createaccountassignment"]),
    (
        "write policies into permission sets",
        &["sso:putinlinepolicytopermissionset", "sso:provisionpermissionset"],
    ),
    (
        "attach policies to permission sets",
        &["sso:attachmanagedpolicytopermissionset", "sso:provisionpermissionset"],
    ),
    (
        "attach policies to permission sets",
        &["sso:attachcustomermanagedpolicyreferencetopermissionset", "sso:provisionpermissionset"],
    ),
    ("join any group of Identity Center", &["identitystore:creategroupmembership"]),
];

/// Every known way that is open to the holder, sure ones and those that hang on what is not known.
pub fn ways(rights: &Rights<'_>, around: &Surroundings) -> Vec<EscalationWay> {
    let mut found = BTreeMap::<String, EscalationWay>::new();
    let mut add = |way: String, grants: &[Grant<'_>]| {
        let Some(weakest) = grants.iter().min_by_key(|g| g.answer) else { return };
        if weakest.answer == Answer::No {
            return;
        }
        let policy = grants.iter().filter_map(|g| g.policy).min().unwrap_or_default().to_string();
        let new = EscalationWay {
            way: way.clone(),
            answer: weakest.answer,
            policy,
            because: weakest.because.clone(),
        };
        match found.get(&way) {
            Some(known) if known.answer >= new.answer => {}
            Some(_) | None => drop(found.insert(way, new)),
        }
    };
    rewriting(rights, around, &mut add);
    itself(rights, around, &mut add);
    taking(rights, around, &mut add);
    running(rights, around, &mut add);
    entering(rights, around, &mut add);
    stacks(rights, around, &mut add);
    for (way, actions) in CENTER {
        let mut grants: Vec<Grant<'_>> = actions.iter().map(|a| anywhere(rights, a)).collect();
        if !around.assigns {
            grants.iter_mut().for_each(|g| g.answer = g.answer.min(Answer::Unknown));
        }
        add(way.into(), &grants);
    }
    found.into_values().collect()
}

type Add<'f> = dyn FnMut(String, &[Grant<'_>]) + 'f;

fn iam(rights: &Rights<'_>, kind: &str, name: &str) -> String {
    format!("arn:{}:iam::{}:{kind}/{name}", rights.partition(), rights.account)
}

/// The action on something of its service, whatever it is.
fn anywhere<'a>(rights: &Rights<'a>, action: &str) -> Grant<'a> {
    rights.can(action, "*")
}

/// Whatever kind of thing that no policy names: all of them, or all but some.
fn rewriting(rights: &Rights<'_>, around: &Surroundings, add: &mut Add<'_>) {
    for (way, action, kind) in REWRITE {
        add(way.into(), &[rights.can(action, &iam(rights, kind, UNNAMED))]);
    }
    add(
        "rewrite who may take a role".into(),
        &[rights.can("iam:updateassumerolepolicy", &iam(rights, "role", UNNAMED))],
    );
    for (way, action, kind) in TAKE_OVER.into_iter().filter(|(_, action, _)| rights.names(action)) {
        for strong in around
            .strong
            .iter()
            .filter(|s| s.as_str() != rights.arn && s.contains(":role/") == (kind == "role"))
        {
            let (_, name) = strong.rsplit_once('/').unwrap_or(("", strong));
            add(format!("{way} {name}"), &[rights.can(action, strong)]);
        }
    }
}

/// Its own role, user, groups and policies.
fn itself(rights: &Rights<'_>, around: &Surroundings, add: &mut Add<'_>) {
    let own = rights.arn;
    let (kind, verbs): (&str, [&str; 2]) = if own.contains(":user/") {
        ("user", ["iam:attachuserpolicy", "iam:putuserpolicy"])
    } else {
        ("role", ["iam:attachrolepolicy", "iam:putrolepolicy"])
    };
    add(format!("attach any policy to its own {kind}"), &[rights.can(verbs[0], own)]);
    add(format!("write policies into its own {kind}"), &[rights.can(verbs[1], own)]);
    for group in around.groups.get(own).into_iter().flatten() {
        add("attach any policy to its own group".into(), &[rights.can("iam:attachgrouppolicy", group)]);
        add("write policies into its own group".into(), &[rights.can("iam:putgrouppolicy", group)]);
    }
    for policy in around.held.get(own).into_iter().flatten() {
        add(
            "write a new version of a policy that it holds".into(),
            &[rights.can("iam:createpolicyversion", policy)],
        );
        let mut switched = rights.can("iam:setdefaultpolicyversion", policy);
        if switched.answer == Answer::Yes {
            switched.answer = Answer::Unknown;
            switched.because = "what earlier versions allow, which is not read".into();
        }
        add("switch a policy that it holds to another version".into(), &[switched]);
    }
    if !matches!(rights.boundary, Boundary::None) {
        let verbs = if kind == "user" {
            ["iam:deleteuserpermissionsboundary", "iam:putuserpermissionsboundary"]
        } else {
            ["iam:deleterolepermissionsboundary", "iam:putrolepermissionsboundary"]
        };
        add("take off its own permissions boundary".into(), &[rights.can(verbs[0], own)]);
        add("change its own permissions boundary".into(), &[rights.can(verbs[1], own)]);
        if let Boundary::Read(name, _) = rights.boundary {
            add(
                "rewrite its own permissions boundary".into(),
                &[rights.can("iam:createpolicyversion", name)],
            );
        }
    }
}

/// Roles of administrators that trust it.
fn taking(rights: &Rights<'_>, around: &Surroundings, add: &mut Add<'_>) {
    if !rights.names("sts:assumerole") {
        return;
    }
    for (role, statements) in around.trusting.iter().filter(|(role, _)| *role != rights.arn) {
        let (_, name) = role.rsplit_once('/').unwrap_or(("", role));
        let named = |t: &&Trusted| [rights.account, "*", rights.arn].iter().any(|who| t.who.contains(*who));
        for trusted in statements.iter().filter(named) {
            let (answer, because) = rights.conditions(&trusted.conditions);
            let trust = Grant { answer, policy: None, because };
            add(
                format!("take the administrator's role {name}"),
                &[rights.can("sts:assumerole", role), trust],
            );
        }
    }
}

/// Passing any role, or an administrator's, to something that it starts.
fn running(rights: &Rights<'_>, around: &Surroundings, add: &mut Add<'_>) {
    if !rights.names("iam:passrole") {
        return;
    }
    let any = rights.can("iam:passrole", &iam(rights, "role", UNNAMED));
    let strong: Vec<Grant<'_>> = around
        .strong
        .iter()
        .filter(|s| s.contains(":role/"))
        .map(|s| rights.can("iam:passrole", s))
        .collect();
    let strongest = strong.into_iter().max_by_key(|g| g.answer);
    for (way, actions) in RUN {
        let grants: Vec<Grant<'_>> = actions.iter().map(|a| anywhere(rights, a)).collect();
        let with = |pass: &Grant<'_>| -> Vec<Grant<'_>> {
            grants
                .iter()
                .cloned()
                .chain([Grant { answer: pass.answer, policy: None, because: pass.because.clone() }])
                .collect()
        };
        add(way.into(), &with(&any));
        if let Some(pass) = &strongest {
            add(way.replace("any role", "an administrator's role"), &with(pass));
        }
    }
}

/// What runs under a stronger role, and can be changed or entered.
fn entering(rights: &Rights<'_>, around: &Surroundings, add: &mut Add<'_>) {
    for (kind, verb, actions) in
        ENTER.into_iter().filter(|(_, _, actions)| actions.iter().all(|a| rights.names(a)))
    {
        for workload in around
            .workloads
            .iter()
            .filter(|w| w.kind == kind && w.strong != Answer::No && w.role != rights.arn)
        {
            let mut grants: Vec<Grant<'_>> = actions.iter().map(|a| entered(rights, a, workload)).collect();
            if workload.strong == Answer::Unknown {
                for grant in grants.iter_mut().filter(|g| g.answer == Answer::Yes) {
                    grant.answer = Answer::Unknown;
                    grant.because = format!("what the role {} may do, which is not read", workload.role);
                }
            }
            let (_, name) = workload.arn.rsplit_once(['/', ':']).unwrap_or(("", &workload.arn));
            let role = workload.role.rsplit('/').next().unwrap_or_default();
            add(format!("{verb} {name}, which runs under {role}"), &grants);
        }
    }
}

/// Stacks that were not read: whoever may change every stack acts with the role of each that has one.
fn stacks(rights: &Rights<'_>, around: &Surroundings, add: &mut Add<'_>) {
    if around.stacks {
        return;
    }
    let (partition, account) = (rights.partition(), rights.account);
    let stack = format!("arn:{partition}:cloudformation:{UNNAMED}:{account}:stack/{UNNAMED}/{UNNAMED}");
    for (_, _, actions) in ENTER.iter().filter(|(kind, _, _)| *kind == WorkloadKind::Stack) {
        let mut grants: Vec<Grant<'_>> = actions.iter().map(|a| rights.can(a, &stack)).collect();
        for grant in grants.iter_mut().filter(|g| g.answer == Answer::Yes) {
            grant.answer = Answer::Unknown;
            grant.because = "the stacks of the account and their roles, which are not in the evidence".into();
        }
        add("change any stack that runs under a role of its own".into(), &grants);
    }
}

/// Tasks run where nobody listed them, so any task may be meant; of all else the thing itself is asked.
fn entered<'a>(rights: &Rights<'a>, action: &str, workload: &Workload) -> Grant<'a> {
    match workload.kind {
        WorkloadKind::Task => anywhere(rights, action),
        WorkloadKind::Function
        | WorkloadKind::Instance
        | WorkloadKind::Build
        | WorkloadKind::Notebook
        | WorkloadKind::Stack
        | WorkloadKind::StateMachine => rights.can(action, &workload.arn),
    }
}

#[cfg(test)]
mod tests;
