//! The environment's part of the plan: the names that a responder needs, out of the evidence of the run; what
//! is missing there or in the plan's file; and the commands that keep evidence, filled with those names.

mod commands;
mod words;

use super::{Inputs, plural};
use crate::model::decisions::{Plan, PlanEnvironment};
use crate::model::dossier::{Means, MeansFound, MeansGap, MeansThing, ResponseEnvironment, ResponseRow};

pub use words::{citations, event, lacking};

pub fn environment(inputs: &Inputs<'_>) -> ResponseEnvironment {
    let absent = Plan::default();
    let plan = inputs.decisions.incident.as_ref().unwrap_or(&absent);
    let mut rows = vec![places(inputs, plan)];
    rows.extend(inputs.assessment.response.iter().map(|found| row(found, &plan.environment)));
    if let Some(row) = rows.iter_mut().find(|row| row.means == Means::Bucket) {
        row.defects.extend(destination(plan, inputs));
    }
    let made = commands::all(&rows, plan);
    for (means, name) in made.refused {
        if let Some(row) = rows.iter_mut().find(|row| row.means == means) {
            row.defects.push(format!(
                "`{name}` has characters that no name of its kind can have, so no command is made of it"
            ));
        }
    }
    ResponseEnvironment {
        words: summary(&rows, inputs),
        rows,
        commands: made.commands,
        preamble: made.preamble,
    }
}

/// The accounts and regions of the run, and what the plan's scope leaves out.
fn places(inputs: &Inputs<'_>, plan: &Plan) -> ResponseRow {
    let facts = &inputs.decisions.workspace;
    let run = inputs.run;
    let named =
        |id: &str| facts.accounts.iter().find(|a| a.id == id).map(|a| a.name.clone()).unwrap_or_default();
    let things: Vec<MeansThing> = run
        .accounts
        .iter()
        .map(|id| {
            let count: u64 =
                inputs.assessment.inventory.iter().filter(|i| i.account == *id).map(|i| i.count).sum();
            let (name, regions) = (named(id), run.regions.join(", "));
            let called = if name.is_empty() { String::new() } else { format!("{name}; ") };
            let facts = format!("{called}{} in {regions}", plural(count, "resource"));
            MeansThing { name: id.clone(), account: id.clone(), facts, ..MeansThing::default() }
        })
        .collect();
    let mut defects = Vec::new();
    if inputs.decisions.incident.is_some() {
        let told =
            |id: &str, name: &str| plan.scope.contains(id) || (!name.is_empty() && plan.scope.contains(name));
        let out: Vec<&String> = run.accounts.iter().filter(|id| !told(id, &named(id))).collect();
        defects.extend(left_out("account", &out, run.accounts.len()));
        let out: Vec<&String> =
            run.regions.iter().filter(|region| !plan.scope.contains(region.as_str())).collect();
        defects.extend(left_out("region", &out, run.regions.len()));
    }
    let account =
        facts.accounts.iter().filter(|a| !run.accounts.contains(&a.id)).map(|a| format!("account {}", a.id));
    let region = facts.regions.iter().filter(|r| !run.regions.contains(r)).map(|r| format!("region {r}"));
    let unread = account
        .chain(region)
        .map(|place| format!("{place}: affiant.yaml names it, and nothing of it is in the evidence"));
    ResponseRow {
        means: Means::Place,
        label: words::label(Means::Place).into(),
        total: things.len() as u64,
        things,
        defects,
        unread: unread.collect(),
    }
}

/// `The plan's scope names 1 of 3 accounts, and not 444455556666, …`
fn left_out(what: &str, out: &[&String], all: usize) -> Option<String> {
    if out.is_empty() {
        return None;
    }
    let some: Vec<&str> = out.iter().take(6).map(|s| s.as_str()).collect();
    let more =
        if out.len() > some.len() { format!(" and {} more", out.len() - some.len()) } else { String::new() };
    Some(format!(
        "the plan's scope names {} of {}, and not {}{more}",
        all - out.len(),
        plural(all, what),
        some.join(", ")
    ))
}

fn row(found: &MeansFound, named: &PlanEnvironment) -> ResponseRow {
    let mut defects: Vec<String> =
        found.missing.iter().map(|gap| format!("no {}{}", without_article(&gap.reason), at(gap))).collect();
    let faulty = found.things.iter().filter(|t| !t.fault.is_empty());
    defects.extend(faulty.map(|t| format!("`{}`: {}", t.name, t.fault)));
    defects.extend(unnamed(found, named));
    let unread = found.unread.iter().map(|gap| format!("{}{}", gap.reason, at(gap)));
    ResponseRow {
        means: found.means,
        label: words::label(found.means).into(),
        things: found.things.clone(),
        total: found.total,
        defects,
        unread: unread.collect(),
    }
}

/// `no a trail` is no English; what the plan or the evidence names stays as it is.
fn without_article(reason: &str) -> &str {
    ["a ", "an "].iter().find_map(|article| reason.strip_prefix(article)).unwrap_or(reason)
}

fn at(gap: &MeansGap) -> String {
    match (gap.account.as_str(), gap.region.as_str()) {
        ("", _) => String::new(),
        (account, "" | crate::model::run::GLOBAL) => format!(" (account {account})"),
        (account, region) => format!(" (account {account}, {region})"),
    }
}

/// What the plan's file should name, and does not.
fn unnamed(found: &MeansFound, named: &PlanEnvironment) -> Option<String> {
    let candidate = || match found.things.first() {
        Some(thing) => format!("; `{}` is called so in the evidence: name it if it is meant", thing.name),
        None => String::new(),
    };
    match found.means {
        Means::Quarantine if named.quarantine_groups.is_empty() => Some(format!(
            "the plan's file names no quarantine group (`environment`, `quarantine_groups`){}",
            candidate()
        )),
        Means::BreakGlass if named.break_glass.is_empty() => Some(format!(
            "the plan's file names no role or user for an emergency (`environment`, `break_glass`){}",
            candidate()
        )),
        Means::Quarantine
        | Means::BreakGlass
        | Means::Place
        | Means::Topic
        | Means::Trail
        | Means::Bucket
        | Means::LogGroup
        | Means::Detector
        | Means::Vault
        | Means::Key => None,
    }
}

/// Where copies go.
fn destination(plan: &Plan, inputs: &Inputs<'_>) -> Vec<String> {
    let told = |text: &str| !text.trim().is_empty() && !text.contains('<');
    let e = &plan.environment;
    let mut out = Vec::new();
    if !told(&e.evidence_bucket) {
        out.push(
            "the plan's file names no bucket for evidence (`environment`, `evidence_bucket`)".to_string(),
        );
    }
    if !told(&e.evidence_account) {
        out.push(
            "the plan's file names no account for evidence, apart from those examined (`environment`, \
                  `evidence_account`)"
                .into(),
        );
    } else if inputs.run.accounts.len() == 1 && inputs.run.accounts[0] == e.evidence_account {
        out.push(format!(
            "evidence goes to account {}, which is the one examined: an intruder there reaches it",
            e.evidence_account
        ));
    }
    out
}

fn summary(rows: &[ResponseRow], inputs: &Inputs<'_>) -> String {
    let count = |of: fn(&ResponseRow) -> usize| rows.iter().map(of).sum::<usize>() as u64;
    let (defects, unread) = (count(|r| r.defects.len()), count(|r| r.unread.len()));
    let lacks = match defects {
        0 => "Nothing that a responder needs was found missing.".to_string(),
        1 => "1 thing is missing, or of no use as it stands; it feeds the risk register.".to_string(),
        n => format!("{n} things are missing, or of no use as they stand; they feed the risk register."),
    };
    let open = match unread {
        0 => String::new(),
        1 => " 1 thing is not evidenced: nobody can say from this run whether it is there.".to_string(),
        n => format!(" {n} things are not evidenced: nobody can say from this run whether they are there."),
    };
    format!(
        "Names out of the evidence of run {}, as it was on {}. {lacks}{open}",
        inputs.run.id,
        inputs.assessment.as_of.get(..10).unwrap_or_default()
    )
}
