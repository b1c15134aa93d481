//! `affiant policy`: what the caller must be permitted, and the script for sites that run no new tool.

use std::collections::BTreeSet;

use clap::Args;

use super::{Context, Exit, data, say, wrong};
use crate::collect::{archive_policy, policy, role, script};
use crate::diag::printable;
use crate::model::catalog::Catalog;
use crate::model::partition::Partition;
use crate::pipeline::Error;
use crate::pipeline::archive::place::NamedPlace;

/// The least-privilege IAM policy that `collect --aws` needs
#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// Print a shell script that collects with the AWS CLI instead
    #[arg(long, conflicts_with_all = ["missing", "part"])]
    script: bool,
    /// Print the role, its trust and its policies as Terraform, ready to apply
    #[arg(long, conflicts_with_all = ["script", "missing", "part", "cloudformation"])]
    terraform: bool,
    /// Print them as a CloudFormation template (JSON)
    #[arg(long, conflicts_with_all = ["script", "missing", "part"])]
    cloudformation: bool,
    /// Name the actions that a run was denied [default: the newest run]
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "", conflicts_with = "part")]
    missing: Option<String>,
    /// Leave out what is asked only where AWS Config does not record a type
    #[arg(long)]
    recorded: bool,
    /// Also permit what is asked only on request
    #[arg(long, value_name = "NAME", value_parser = [
        "cost-explorer", "delivered", "deliver-snapshot", "artifact-reports", "artifact-documents"
    ])]
    opt_in: Vec<String>,
    /// The partition of the policy's ARNs
    #[arg(long, value_name = "NAME", default_value = "aws", value_parser = Partition::NAMES)]
    partition: String,
    /// Print only this one of several policies
    #[arg(long, value_name = "N")]
    part: Option<usize>,
    /// Print what `affiant archive` needs, a policy of its own for another caller
    #[arg(long, value_name = "BUCKET[/PREFIX]", conflicts_with_all = [
        "script", "terraform", "cloudformation", "missing", "recorded", "opt_in", "part"
    ])]
    archive: Option<String>,
}

/// Actions that were denied in a run.
fn missing(named: &str, catalog: &Catalog, context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    let named = Some(named).filter(|name| !name.is_empty());
    let run = context.run(&workspace, named)?;
    let missing = policy::missing(catalog, &run.coverage);
    for (action, places) in &missing {
        data(&format!("{action}\n"));
        places.iter().take(3).for_each(|place| say(&format!("  {}", printable(place))));
    }
    say(&format!("{} actions were denied in run {}", missing.len(), run.record.id));
    Ok(if missing.is_empty() { Exit::Done } else { Exit::Incomplete })
}

pub fn cmd_policy(args: PolicyArgs, context: &Context) -> Result<Exit, Error> {
    if let Some(named) = &args.archive {
        let named = named.strip_prefix("s3://").unwrap_or(named);
        let NamedPlace::Bucket { bucket, prefix } = NamedPlace::parse(&format!("s3://{named}"))? else {
            return Err(wrong(format!("`{named}` is no bucket"), "write BUCKET or BUCKET/PREFIX"));
        };
        data(&format!("{:#}\n", archive_policy::archive_policy(&args.partition, &bucket, &prefix)));
        return Ok(Exit::Done);
    }
    let catalog = context.catalog()?;
    if args.script {
        data(&script::script(&catalog));
        return Ok(Exit::Done);
    }
    if let Some(named) = &args.missing {
        return missing(named, &catalog, context);
    }
    let wanted = policy::Wanted {
        partition: args.partition,
        fill: !args.recorded,
        opt_in: args.opt_in.into_iter().collect::<BTreeSet<_>>(),
    };
    let documents = policy::policies(&catalog, &wanted);
    if args.terraform || args.cloudformation {
        data(&match args.terraform {
            true => role::terraform(&documents),
            false => format!("{:#}\n", role::cloudformation(&documents)),
        });
        return Ok(Exit::Done);
    }
    match (args.part, documents.as_slice()) {
        (Some(part), documents) => match part.checked_sub(1).and_then(|index| documents.get(index)) {
            Some(document) => data(&format!("{document:#}\n")),
            None => {
                return Err(wrong(
                    format!("there is no part {part}"),
                    format!("name one from 1 to {}", documents.len()),
                ));
            }
        },
        (None, [one]) => data(&format!("{one:#}\n")),
        (None, several) => {
            several.iter().for_each(|document| data(&format!("{document}\n")));
            say(&format!(
                "{} policies, one a line, since IAM takes {} characters a policy: attach them all. `--part \
                 N` prints one.",
                several.len(),
                policy::LIMIT
            ));
        }
    }
    Ok(Exit::Done)
}
