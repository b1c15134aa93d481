//! `affiant risks confirm|accept|close|add`: what a named person decides goes into `program/risks.yaml`, in
//! place.

use clap::{Args, ValueEnum};

use super::{Context, Exit, data, say, wrong};
use crate::diag::{Diagnostic, printable};
use crate::model::dossier::{Dossier, RiskReport};
use crate::model::shapes::SCALE;
use crate::pipeline::Error;
use crate::store::atomic::{self, Access, Existing};
use crate::workspace::register::{self, Change, EMPTY, Happening, RiskPlace};
use crate::workspace::{self, FILES, Workspace, named, same_person};
use crate::yaml::edit::{EditError, Value};

/// A level of likelihood or impact, after NIST SP 800-30.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RiskLevel {
    VeryLow,
    Low,
    Moderate,
    High,
    VeryHigh,
}

impl RiskLevel {
    fn as_str(self) -> &'static str {
        SCALE[self as usize]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Treatment {
    Mitigate,
    Transfer,
    Avoid,
    Accept,
}

impl Treatment {
    fn as_str(self) -> &'static str {
        match self {
            Treatment::Mitigate => "mitigate",
            Treatment::Transfer => "transfer",
            Treatment::Avoid => "avoid",
            Treatment::Accept => "accept",
        }
    }
}

/// What may be said of any risk.
#[derive(Debug, Args)]
pub struct RiskWords {
    /// The accountable person, by name
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    #[arg(long, value_enum)]
    treatment: Option<Treatment>,
    /// Cause may lead to event with impact
    #[arg(long)]
    title: Option<String>,
    /// What is done about it
    #[arg(long)]
    plan: Option<String>,
    /// The day by which it is done
    #[arg(long, value_name = "DAY")]
    due: Option<String>,
    /// Why the scores are what they are
    #[arg(long, value_name = "TEXT")]
    rationale: Option<String>,
    #[arg(long, value_enum)]
    likelihood: Option<RiskLevel>,
    #[arg(long, value_enum)]
    impact: Option<RiskLevel>,
    /// The day of the decision [default: today]
    #[arg(long, value_name = "DAY")]
    on: Option<String>,
}

#[derive(Debug, Args)]
pub struct ConfirmArgs {
    /// Its id, such as R-1a2b3c
    id: String,
    /// Who confirms the scores, by name
    #[arg(long, value_name = "NAME")]
    by: String,
    #[command(flatten)]
    said: RiskWords,
}

#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// Its id, such as R-1a2b3c
    id: String,
    /// Who accepts it: a named person with the authority, and not the owner
    #[arg(long, value_name = "NAME")]
    approver: String,
    /// Why it is accepted
    #[arg(long)]
    reason: String,
    /// The day on which the acceptance ends
    #[arg(long, value_name = "DAY")]
    expires: String,
    /// What is done instead, in the meantime
    #[arg(long, value_name = "TEXT")]
    compensating: Option<String>,
    #[command(flatten)]
    said: RiskWords,
}

#[derive(Debug, Args)]
pub struct CloseArgs {
    /// Its id, such as R-1a2b3c
    id: String,
    /// Who closes it, by name
    #[arg(long, value_name = "NAME")]
    by: String,
    /// What was seen
    #[arg(long)]
    reason: String,
    /// The day of the decision [default: today]
    #[arg(long, value_name = "DAY")]
    on: Option<String>,
}

#[derive(Debug, Args)]
pub struct AddArgs {
    /// Who adds it and gives the scores, by name
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Such as vendor, workforce, contingency
    #[arg(long)]
    category: Option<String>,
    /// A citation, such as 164.308(b)(1); may be repeated
    #[arg(long, value_name = "CITATION")]
    citation: Vec<String>,
    #[command(flatten)]
    said: RiskWords,
}

/// A risk of the register, and where a decision on it belongs.
struct Found<'a> {
    risk: &'a RiskReport,
    target: RiskPlace,
}

fn find<'a>(dossier: &'a Dossier, id: &str, said: Option<&RiskWords>) -> Result<Found<'a>, Error> {
    let risk = dossier.risks.rows.iter().find(|r| r.id.eq_ignore_ascii_case(id));
    let risk = risk.ok_or_else(|| wrong(format!("no risk has the id `{id}`"), "see `affiant risks list`"))?;
    let target = match (risk.entry, risk.origin.as_str(), &risk.control) {
        (Some(n), "program", _) => RiskPlace::Own(n as usize),
        (Some(n), _, _) => RiskPlace::Entry(n as usize),
        (None, "finding", Some(control)) => RiskPlace::New {
            id: risk.id.clone(),
            control: control.clone(),
            account: risk.account.clone(),
            asset_class: risk.asset_class.clone(),
            phi: risk.phi.unwrap_or(true),
            owner: said.and_then(|s| s.owner.clone()).unwrap_or_default(),
            treatment: said.and_then(|s| s.treatment).unwrap_or(Treatment::Mitigate).as_str().into(),
        },
        (None, _, _) => {
            return Err(wrong(
                format!("`{id}` comes from what was not read or not listed, and nobody can decide that away"),
                "collect what is missing, or name a risk of your own: `affiant risks add`",
            ));
        }
    };
    if let RiskPlace::New { owner, .. } = &target
        && !named(owner)
    {
        return Err(wrong(
            format!("nobody owns `{id}` yet"),
            "name the accountable person: --owner \"A. Example, application owner\"",
        ));
    }
    Ok(Found { risk, target })
}

pub fn cmd_confirm(args: &ConfirmArgs, context: &Context, dossier: &Dossier) -> Result<Exit, Error> {
    let found = find(dossier, &args.id, Some(&args.said))?;
    let on = day(args.said.on.as_deref(), context)?;
    person(&args.by, "--by")?;
    let likelihood = args.said.likelihood.map_or(found.risk.likelihood.as_str(), |l| l.as_str());
    let impact = args.said.impact.map_or(found.risk.impact.as_str(), |l| l.as_str());
    if args.said.rationale.is_none() && found.risk.suggested {
        return Err(wrong(
            "a score that a person confirms needs that person's reason",
            "say why: --rationale TEXT",
        ));
    }
    let mut changes: Vec<Change> =
        vec![("likelihood", Value::text(likelihood)), ("impact", Value::text(impact))];
    changes.extend(said(&args.said, &found.target)?);
    changes.extend([("confirmed_by", Value::text(&args.by)), ("confirmed_on", Value::text(&on))]);
    let what = format!("scores confirmed: likelihood {likelihood}, impact {impact}");
    write(context, &found, &changes, Happening { on, by: args.by.clone(), what })
}

pub fn cmd_accept(args: &AcceptArgs, context: &Context, dossier: &Dossier) -> Result<Exit, Error> {
    let found = find(dossier, &args.id, Some(&args.said))?;
    let on = day(args.said.on.as_deref(), context)?;
    let expires = day(Some(&args.expires), context)?;
    person(&args.approver, "--approver")?;
    let owner = args.said.owner.as_ref().unwrap_or(&found.risk.owner);
    if same_person(&args.approver, owner) {
        return Err(wrong(
            format!("`{}` owns the risk and cannot accept it", args.approver),
            "name a second person as --approver",
        ));
    }
    if expires <= on || !named(&args.reason) {
        return Err(wrong(
            "an acceptance needs a reason and ends after the day on which it begins",
            "write --reason TEXT and a later --expires",
        ));
    }
    let mut acceptance: Vec<(String, Value)> =
        [("approver", &args.approver), ("reason", &args.reason), ("accepted", &on), ("expires", &expires)]
            .into_iter()
            .map(|(k, v)| (k.to_string(), Value::text(v)))
            .collect();
    acceptance.extend(args.compensating.iter().map(|c| ("compensating".to_string(), Value::text(c))));
    let mut changes = said(&args.said, &found.target)?;
    changes.push(("acceptance", Value::Map(acceptance)));
    let cited = dossier
        .controls
        .iter()
        .filter(|c| Some(&c.id) == found.risk.control.as_ref())
        .flat_map(|c| &c.citations);
    let required: Vec<&str> = cited.filter(|c| c.status == "required").map(|c| c.citation.as_str()).collect();
    if !required.is_empty() {
        say(&format!(
            "warning: {} is required (164.306(d)(2)): the risk is accepted, the specification cannot be, and \
             the verdict stays not met",
            required.join(", ")
        ));
    }
    let what = format!("accepted until {expires}: {}", args.reason);
    write(context, &found, &changes, Happening { on, by: args.approver.clone(), what })
}

pub fn cmd_close(args: &CloseArgs, context: &Context, dossier: &Dossier) -> Result<Exit, Error> {
    let found = find(dossier, &args.id, None)?;
    let on = day(args.on.as_deref(), context)?;
    person(&args.by, "--by")?;
    if found.risk.origin != "program" && found.risk.status != "remediation observed" {
        return Err(wrong(
            format!(
                "`{}` is {} in the run {}: a finding that is still there cannot be closed",
                args.id, found.risk.status, dossier.run.id
            ),
            "mend it and collect again, or accept it: `affiant risks accept`",
        ));
    }
    let member = |k: &str, v: &str| (k.to_string(), Value::text(v));
    let closed = vec![
        member("by", &args.by),
        member("on", &on),
        member("reason", &args.reason),
        member("run", &dossier.run.id),
    ];
    let what = format!("closed, as seen in the run {}: {}", dossier.run.id, args.reason);
    write(context, &found, &[("closed", Value::Map(closed))], Happening { on, by: args.by.clone(), what })
}

pub fn cmd_add(args: &AddArgs, context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    let on = day(args.said.on.as_deref(), context)?;
    person(&args.by, "--by")?;
    let need = |value: Option<String>, flag: &str| {
        value
            .filter(|v| named(v))
            .ok_or_else(|| wrong(format!("a risk needs {flag}"), "see `affiant risks add --help`"))
    };
    let level = |value: Option<RiskLevel>, flag: &str| need(value.map(|l| l.as_str().to_string()), flag);
    let s = &args.said;
    let taken = |id: &str| workspace.decisions.risks.own.iter().any(|r| r.id == id);
    let id = (1u32..).map(|n| format!("R-P{n:02}")).find(|id| !taken(id)).expect("numbers do not end");
    let mut members = vec![
        ("id".to_string(), Value::text(&id)),
        ("title".into(), Value::text(need(s.title.clone(), "--title")?)),
    ];
    members.extend(args.category.iter().map(|c| ("category".to_string(), Value::text(c))));
    for (name, value) in [
        ("likelihood", level(s.likelihood, "--likelihood")?),
        ("impact", level(s.impact, "--impact")?),
        ("rationale", need(s.rationale.clone(), "--rationale")?),
        ("owner", need(s.owner.clone(), "--owner")?),
        ("treatment", s.treatment.unwrap_or(Treatment::Mitigate).as_str().to_string()),
    ] {
        members.push((name.into(), Value::text(value)));
    }
    members.extend(s.plan.iter().map(|p| ("plan".to_string(), Value::text(p))));
    if let Some(due) = &s.due {
        members.push(("due".into(), Value::text(day(Some(due), context)?)));
    }
    members.extend([
        ("confirmed_by".to_string(), Value::text(&args.by)),
        ("confirmed_on".to_string(), Value::text(&on)),
    ]);
    if !args.citation.is_empty() {
        members.push(("citations".into(), Value::List(args.citation.iter().map(Value::text).collect())));
    }
    let event = Happening { on, by: args.by.clone(), what: "added".into() };
    let text = register::add(&text(&workspace)?, members, &event).map_err(refused)?;
    store(&workspace, text)?;
    data(&format!("{id}\n"));
    Ok(Exit::Done)
}

/// What was said beside the decision itself.
fn said(said: &RiskWords, target: &RiskPlace) -> Result<Vec<Change>, Error> {
    let mut changes: Vec<Change> = Vec::new();
    for (name, value) in
        [("owner", &said.owner), ("title", &said.title), ("plan", &said.plan), ("rationale", &said.rationale)]
    {
        changes.extend(value.iter().map(|v| (name, Value::text(v))));
    }
    if let (Some(treatment), false) = (said.treatment, matches!(target, RiskPlace::New { .. })) {
        changes.push(("treatment", Value::text(treatment.as_str())));
    }
    if let Some(due) = &said.due {
        changes.push(("due", Value::text(date(due)?)));
    }
    for (name, level) in [("likelihood", said.likelihood), ("impact", said.impact)] {
        changes.extend(level.map(|l| (name, Value::text(l.as_str()))));
    }
    Ok(changes)
}

fn write(context: &Context, found: &Found<'_>, changes: &[Change], event: Happening) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    let text = register::decide(&text(&workspace)?, &found.target, changes, &event).map_err(refused)?;
    store(&workspace, text)?;
    say(&printable(&format!("{}  {}: {}, by {}", FILES[4], found.risk.id, event.what, event.by)));
    if let RiskPlace::Entry(n) = found.target
        && workspace.decisions.risks.entries.get(n).is_some_and(|entry| entry.matches.all)
    {
        say(&format!(
            "note: entry {} says `all: true`; the decision holds for every risk that it matches",
            n + 1
        ));
    }
    Ok(Exit::Done)
}

fn text(workspace: &Workspace) -> Result<String, Error> {
    let bytes = workspace.files.get(FILES[4]).map_or(EMPTY.as_bytes(), Vec::as_slice);
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Diagnostic::new("AFU-006", format!("not UTF-8: {e}")).file(FILES[4]))?;
    Ok(text.to_string())
}

fn refused(error: EditError) -> Error {
    let problem = Diagnostic::new("AFU-007", format!("{error}")).file(FILES[4]);
    problem.hint("nothing was written; make this change by hand").into()
}

/// Reads the new text as the workspace would, and only then writes it.
fn store(workspace: &Workspace, text: String) -> Result<(), Error> {
    let mut files = workspace.files.clone();
    files.insert(FILES[4].into(), text.clone().into_bytes());
    workspace::decisions(&files)?;
    let path = workspace.root.join(FILES[4]);
    let folder = path.parent().expect("a file in a folder");
    atomic::create_dir_all(folder, Access::Shared).map_err(Error::io("create", folder))?;
    atomic::write(&path, text.as_bytes(), Access::Shared, Existing::Replace)
        .map_err(Error::io("write", &path))?;
    Ok(())
}

fn person(name: &str, flag: &str) -> Result<(), Error> {
    if named(name) { Ok(()) } else { Err(wrong(format!("{flag} names nobody"), "write a person's name")) }
}

fn date(text: &str) -> Result<String, Error> {
    let day =
        crate::program::breach::dates::day(text).map_err(|what| wrong(what, "write dates as 2026-09-30"))?;
    Ok(day.to_string())
}

fn day(text: Option<&str>, context: &Context) -> Result<String, Error> {
    text.map_or_else(|| Ok(context.clock.now().format("%Y-%m-%d").to_string()), date)
}
