//! `affiant collect`: a run from files, from AWS, or both.

#[cfg(feature = "aws")]
mod dry_run;
mod gaps;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
#[cfg(feature = "aws")]
use std::time::Duration;

use clap::Args;

use super::{Context, Exit, data, say, wrong};
use crate::diag::printable;
use crate::model::catalog::Catalog;
use crate::model::decisions::WorkspaceFacts;
use crate::model::run::{Coverage, ITEMS, State};
use crate::pipeline::{Error, collect};
#[cfg(feature = "aws")]
use crate::workspace::Workspace;

/// Gather evidence into a new run in evidence/
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// A file of AWS Config items (.json, .json.gz) or a folder of evidence; may be repeated
    #[arg(long, value_name = "PATH", num_args = 1..)]
    snapshot: Vec<PathBuf>,
    /// A folder of answers that the script of `affiant policy --script` saved; may be repeated
    #[arg(long, value_name = "DIR")]
    cli_json: Vec<PathBuf>,
    /// Collect this account alone, as a part that `affiant join` makes one run of; may be repeated
    #[arg(long, value_name = "ID")]
    account: Vec<String>,
    /// How to print what was made
    #[arg(long, value_enum, default_value_t = super::style::ListFormat::Text)]
    format: super::style::ListFormat,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    aws: AwsArgs,
}

/// How AWS is asked
#[cfg(feature = "aws")]
#[derive(Debug, Args)]
pub struct AwsArgs {
    /// Ask AWS, with the usual credential chain
    #[arg(long)]
    aws: bool,
    /// The credentials' profile
    #[arg(long, value_name = "NAME", requires = "aws")]
    profile: Option<String>,
    /// A region to ask; may be repeated [default: `regions` of affiant.yaml, then the profile's]
    #[arg(long, value_name = "REGION", requires = "aws")]
    region: Vec<String>,
    /// Go on with the run that was cut short last, or with this one
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "", requires = "aws")]
    resume: Option<String>,
    /// Say what would be asked, and ask nothing
    #[arg(long, requires = "aws")]
    dry_run: bool,
    /// Pass AWS Config by and ask every service directly
    #[arg(long, requires = "aws")]
    no_config: bool,
    /// Also ask what is asked only on request
    #[arg(long, value_name = "NAME", value_parser = ["cost-explorer"], requires = "aws")]
    opt_in: Vec<String>,
    /// Have AWS Config write a new snapshot to its bucket first: the one thing that writes at AWS
    #[arg(long, requires = "aws")]
    deliver_snapshot: bool,
    /// Also read what AWS Config delivered as history from this day on: what was broken and repaired since
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = super::values::day, requires = "aws")]
    since: Option<chrono::NaiveDate>,
    /// Seconds that one attempt may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = super::values::some,
        requires = "aws")]
    call_timeout: u64,
    /// Attempts that a call gets when AWS throttles or fails
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = super::values::attempts,
        requires = "aws")]
    attempts: u16,
    /// Calls under way at once
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = super::values::parallel,
        requires = "aws")]
    parallel: u16,
    /// Minutes after which nothing new is asked; what is missing then is a gap
    #[arg(long, value_name = "MINUTES", value_parser = super::values::some, requires = "aws")]
    time_limit: Option<u64>,
}

pub fn cmd_collect(args: CollectArgs, context: &Context) -> Result<Exit, Error> {
    if nothing_asked(&args) {
        return Err(wrong("nothing to collect from", "give `--snapshot PATH`, or `--aws` to ask AWS itself"));
    }
    let workspace = context.workspace()?;
    #[cfg(feature = "aws")]
    if args.aws.aws {
        askable(&args.aws, &workspace, context.clock.now().date_naive())?;
    }
    let catalog = context.catalog()?;
    let files: Vec<PathBuf> = args.snapshot.iter().chain(&args.cli_json).cloned().collect();
    let part: BTreeSet<String> = args.account.iter().cloned().collect();
    known_accounts(&part, &workspace.decisions.workspace)?;
    #[cfg(feature = "aws")]
    let target = args.aws.aws.then(|| in_part(target(&args.aws, &workspace), &part));
    #[cfg(feature = "aws")]
    if let Some(target) = target.as_ref().filter(|_| args.aws.dry_run) {
        data(&dry_run::dry_run(target, &catalog));
        return Ok(Exit::Done);
    }
    #[cfg(feature = "aws")]
    let resume = match &args.aws.resume {
        Some(named) => Some(unfinished(&workspace, named)?),
        None => None,
    };
    let sealer = context.sealer(&workspace)?;
    let watch = context.progress();
    watch.step("gathering evidence");
    #[cfg(feature = "aws")]
    let watching = |progress: crate::collect::live::Progress| {
        watch.show(&progress.to_string());
    };
    let inputs = collect::Origins {
        files: &files,
        #[cfg(feature = "aws")]
        live: target.as_ref().map(|target| crate::collect::Live { target, resume, watch: &watching }),
        part,
    };
    let made = collect::run(&workspace, &catalog, inputs, context.clock, context.command.clone(), &sealer);
    drop(watch);
    let made = made?;
    Ok(tell(&made, &catalog, &files, args.format))
}

/// Says what a run holds and what it lacks.
fn tell(
    made: &collect::Collected,
    catalog: &Catalog,
    files: &[PathBuf],
    format: super::style::ListFormat,
) -> Exit {
    for name in made.skipped.iter().take(5) {
        say(&format!("skipped: {} is no evidence of a kind this version knows", printable(name)));
    }
    if made.skipped.len() > 5 {
        say(&format!("skipped: {} more files", made.skipped.len() - 5));
    }
    let gaps: Vec<&Coverage> = made.coverage.iter().filter(|c| c.state.is_gap()).collect();
    say(&format!(
        "{} artifacts, {} items; {} of {} sources read",
        made.artifacts,
        made.items,
        made.coverage.len() - gaps.len(),
        made.coverage.len()
    ));
    if !made.coverage.is_empty() && files.is_empty() {
        say(&by_service(&made.coverage));
    }
    for way in &made.ways {
        say(&printable(way));
    }
    say(&gaps::words(&gaps, catalog));
    data(&match format {
        super::style::ListFormat::Text => format!("{}\n", made.path.display()),
        super::style::ListFormat::Json => {
            let report = serde_json::json!({
                "format": "affiant.collected/1", "run": made.id, "folder": made.path.display().to_string(),
                "artifacts": made.artifacts,
                "items": made.items, "sources": made.coverage.len(), "gaps": gaps, "skipped": made.skipped,
            });
            format!("{report:#}\n")
        }
    });
    if gaps.is_empty() { Exit::Done } else { Exit::Incomplete }
}

/// Refuses to ask for accounts and regions that are not filled in, or that are none.
#[cfg(feature = "aws")]
fn askable(args: &AwsArgs, workspace: &Workspace, today: chrono::NaiveDate) -> Result<(), Error> {
    use crate::diag::{Diagnostic, Problems, near};
    use crate::model::regions;
    use crate::workspace::FILES;
    use crate::yaml::is_placeholder;
    let mut found = Problems::default();
    for region in args.region.iter().filter(|region| regions::partition_of(region).is_none()) {
        let hint = near::hint(region, regions::all(), "write the code of a region, such as us-east-1");
        found.push(Diagnostic::new("AFU-004", format!("`{region}` is not a region of AWS")).hint(hint));
    }
    if let Some(since) = args.since.filter(|since| *since > today) {
        let problem = Diagnostic::new(
            "AFU-002",
            format!("--since: {since} is yet to come, so there is no history since then"),
        );
        found.push(problem.hint("write the first day that is to be read"));
    }
    let facts = &workspace.decisions.workspace;
    let ids = facts.accounts.iter().enumerate().map(|(i, a)| (format!("accounts/{i}/id"), &a.id));
    let roles = facts
        .accounts
        .iter()
        .enumerate()
        .filter_map(|(i, a)| Some((format!("accounts/{i}/role"), a.role.as_ref()?)));
    let regions = facts.regions.iter().enumerate().map(|(i, region)| (format!("regions/{i}"), region));
    for (path, value) in ids.chain(roles).chain(regions).filter(|(_, value)| is_placeholder(value)) {
        let problem =
            Diagnostic::new("AFU-005", format!("`{value}` is not filled in, so AWS cannot be asked"));
        found.push(workspace.mark(
            FILES[0],
            &path,
            problem.hint("write what is true in its place, or remove the entry"),
        ));
    }
    Ok(found.or(())?)
}

/// Refuses accounts that `affiant.yaml` neither names nor reaches through its organization.
fn known_accounts(part: &BTreeSet<String>, facts: &WorkspaceFacts) -> Result<(), Error> {
    let reached = facts.aws.organization && facts.aws.role.is_some();
    let named = |id: &String| facts.accounts.iter().any(|account| account.id == *id);
    let digits = |id: &String| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
    match part.iter().find(|id| !(named(id) || (reached && digits(id)))) {
        None => Ok(()),
        Some(id) if !digits(id) => {
            Err(wrong(format!("--account: `{id}` is not an account's number"), "write its twelve digits"))
        }
        Some(id) => Err(wrong(
            format!("--account: affiant.yaml does not name the account {id}"),
            "add it to `accounts`, or set `aws.organization` and `aws.role`",
        )),
    }
}

/// The target for a part of the accounts: what another account would have to answer for is asked of each
/// account itself.
#[cfg(feature = "aws")]
fn in_part(target: crate::collect::live::Target, part: &BTreeSet<String>) -> crate::collect::live::Target {
    use crate::model::decisions::{AccountFacts, ConfigWay};
    if part.is_empty() {
        return target;
    }
    let facts = |id: &String| {
        let named = target.accounts.iter().find(|account| account.id == *id).cloned();
        named.unwrap_or_else(|| AccountFacts { id: id.clone(), ..AccountFacts::default() })
    };
    let accounts: Vec<AccountFacts> = part.iter().map(facts).collect();
    let mut aws = target.aws.clone();
    aws.organization = false;
    let aggregator = aws.aggregator.as_ref().and_then(|a| a.account.clone());
    let asks = accounts
        .iter()
        .any(|a| if aggregator.is_some() { aggregator.as_ref() == Some(&a.id) } else { a.organization });
    if !asks && matches!(aws.config, ConfigWay::Auto | ConfigWay::Aggregator) {
        aws.config = ConfigWay::Account;
    }
    crate::collect::live::Target { accounts, aws, ..target }
}

fn nothing_asked(args: &CollectArgs) -> bool {
    #[cfg(feature = "aws")]
    let aws = args.aws.aws;
    #[cfg(not(feature = "aws"))]
    let aws = false;
    args.snapshot.is_empty() && args.cli_json.is_empty() && !aws
}

#[cfg(feature = "aws")]
fn target(args: &AwsArgs, workspace: &Workspace) -> crate::collect::live::Target {
    let facts = &workspace.decisions.workspace;
    crate::collect::live::Target {
        profile: args.profile.clone().or_else(super::aws_profile),
        regions: if args.region.is_empty() { facts.regions.clone() } else { args.region.clone() },
        accounts: facts.accounts.clone(),
        aws: facts.aws.clone(),
        opt_in: args
            .opt_in
            .iter()
            .cloned()
            .chain(args.deliver_snapshot.then(|| crate::collect::live::DELIVER.to_string()))
            .collect(),
        since: args.since,
        reports: facts.artifact.reports.clone(),
        terms: workspace.decisions.terms.accepted.clone(),
        documents: Some(workspace.private().join("artifact-reports")),
        use_config: !args.no_config,
        call_timeout: Duration::from_secs(args.call_timeout.max(1)),
        attempts: u32::from(args.attempts),
        width: usize::from(args.parallel),
        time_limit: args.time_limit.map(|minutes| Duration::from_secs(minutes * 60)),
    }
}

/// The unfinished run that is meant.
#[cfg(feature = "aws")]
fn unfinished(workspace: &Workspace, named: &str) -> Result<String, Error> {
    let runs = crate::store::run::unfinished(&workspace.evidence());
    let known = || match runs.is_empty() {
        true => "no run was cut short here; leave out --resume".to_string(),
        false => format!("unfinished here: {}", runs.join(", ")),
    };
    let wanted = named.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    match (wanted.is_empty(), runs.last()) {
        (true, Some(last)) => Ok(last.clone()),
        (false, _) if runs.iter().any(|r| r == wanted) => Ok(wanted.to_string()),
        _ => Err(wrong("there is no such run to resume", known())),
    }
}

/// One line a service: expected, read, and what became of the rest.
fn by_service(coverage: &[Coverage]) -> String {
    let mut rows: BTreeMap<&str, [u64; 7]> = BTreeMap::new();
    for line in coverage {
        let service = match line.source.strip_prefix("AWS::") {
            Some(_) => "AWS Config items",
            None => match line.source.split(':').next().unwrap_or_default() {
                "resourcegroupstaggingapi" => "tagging",
                name => name,
            },
        };
        let row = rows.entry(if line.source == ITEMS { line.source_words() } else { service }).or_default();
        row[0] += 1;
        row[match line.state {
            State::Read => 1,
            State::Empty | State::Absent => 2,
            State::Denied => 3,
            State::Failed | State::Unreadable | State::Stale => 4,
            State::NotRecorded => 5,
            State::NotCollected => 6,
        }] += 1;
    }
    let mut text = format!(
        "{:<20}{:>9}{:>8}{:>8}{:>8}{:>8}{:>9}{:>10}\n{:>70}{:>10}",
        "sources", "expected", "read", "none", "denied", "failed", "not", "not", "recorded", "collected"
    );
    for (service, row) in rows {
        let [expected, read, none, denied, failed, not_recorded, not_collected] = row;
        text.push_str(&format!(
            "\n{:<20}{expected:>9}{read:>8}{none:>8}{denied:>8}{failed:>8}{not_recorded:>9}\
             {not_collected:>10}",
            printable(service)
        ));
    }
    text
}
