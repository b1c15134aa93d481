//! What a run would ask, told before anything is asked.

use crate::collect::live::Target;
use crate::model::catalog::Catalog;
use crate::model::registry::OperationScope;

fn often(places: usize, per_resource: bool) -> String {
    match (places, per_resource) {
        (0, _) => "never: no account of affiant.yaml has `organization: true`".to_string(),
        (_, true) => "once for each".to_string(),
        (_, false) => format!("{places} and one a further page"),
    }
}

fn only(fills: &std::collections::BTreeSet<String>) -> String {
    if fills.is_empty() {
        String::new()
    } else {
        format!(
            "  only where AWS Config does not record {}",
            fills.iter().cloned().collect::<Vec<_>>().join(", ")
        )
    }
}

/// Calls in order, how often each is made, and a notice for those who watch the accounts.
pub fn dry_run(target: &Target, catalog: &Catalog) -> String {
    use std::fmt::Write as _;
    let (accounts, regions) = (target.accounts.len().max(1), target.regions.len().max(1));
    let mut text = String::from("What would be asked (nothing is asked now)\n\n");
    let (mut fixed, mut open) = (0, 0);
    for step in crate::collect::live::plan(catalog, &target.opt_in) {
        let places = match step.scope {
            OperationScope::Account => accounts,
            OperationScope::Region => accounts * regions,
            OperationScope::Organization => target.accounts.iter().filter(|a| a.organization).count(),
        } * step.times;
        if places > 0 && step.per_resource {
            open += 1;
        } else if step.fills.is_empty() {
            fixed += places;
        }
        let _ =
            writeln!(text, "  {:<58} {}{}", step.name, often(places, step.per_resource), only(&step.fills));
    }
    for report in &target.reports {
        let terms = target.terms.iter().find(|t| t.report == *report);
        let document = terms.map_or_else(String::new, |t| {
            format!(", GetTermForReport, GetReport and the document (terms: {}, {})", t.by, t.on)
        });
        let _ = writeln!(text, "  artifact:GetReportMetadata {report}{document}");
        fixed += if terms.is_some() { 4 } else { 1 };
    }
    let _ = write!(
        text,
        "\n{}\
         At least {fixed} calls beside it; {open} operations depend on how many resources there are.\n\
         Cost: AWS bills requests to S3, KMS and Secrets Manager by the thousand, at fractions of a \
         dollar{}.\n\n\
         For those who watch the accounts: read-only calls by user agent `{}` from {} in {}, within the hour \
         that follows the start.\n",
        config_first(target, accounts, regions),
        if target.opt_in.contains("cost-explorer") {
            ", but for Cost Explorer: 0.01 USD a request"
        } else {
            ""
        },
        crate::aws::USER_AGENT,
        match target.accounts.iter().filter_map(|a| a.role.clone()).collect::<Vec<_>>() {
            roles if roles.is_empty() => "the caller's own identity".to_string(),
            roles => roles.join(", "),
        },
        if target.regions.is_empty() {
            "the profile's region".to_string()
        } else {
            target.regions.join(", ")
        },
    );
    text
}

/// How AWS Config would be read: what is asked of it, or of its bucket, and how often.
fn config_first(target: &Target, accounts: usize, regions: usize) -> String {
    use std::fmt::Write as _;

    use crate::model::decisions::ConfigWay;

    let places = accounts * regions;
    let settings = format!("AWS Config first: {} calls for settings, status and counts", 3 * places);
    let many = if target.aws.organization {
        ", and as many for every account that the organization lists"
    } else {
        ""
    };
    let through = "one query for each hundred items; types that a query does not know take a list and a \
                   batch for each hundred";
    let mut text = match (target.use_config, target.aws.config) {
        (false, _) | (true, ConfigWay::None) => {
            format!(
                "AWS Config is passed by: every service is asked directly, and it only whether it records, \
                 in {} calls.\n",
                2 * places
            )
        }
        (true, ConfigWay::Account) => format!("{settings}{many}; then {through}.\n"),
        (true, ConfigWay::Auto | ConfigWay::Aggregator) => {
            let otherwise = match target.aws.config {
                ConfigWay::Aggregator => "what it does not cover is a gap",
                _ => "each account itself where there is none, or where it does not cover one",
            };
            let named = target
                .aws
                .aggregator
                .as_ref()
                .map_or("the organization's aggregator".into(), |a| format!("the aggregator {}", a.name));
            format!("{settings}{many}; then, through {named} ({otherwise}), {through}.\n")
        }
        (true, ConfigWay::Snapshot) => format!(
            "AWS Config by its bucket: {places} calls for delivery channels{many}, a few listings for each \
             place, and a request for each 8 MB of its newest snapshot.\n"
        ),
    };
    if target.opt_in.contains(crate::collect::live::DELIVER) {
        text.push_str(
            "config:DeliverConfigSnapshot has AWS Config write a snapshot to its bucket, for each place: the \
             one call that writes.\n",
        );
    }
    if let Some(since) = target.since {
        let _ = writeln!(
            text,
            "History since {since}: {places} delivery channels, a listing for each month and place, a \
             request for each file."
        );
    }
    text
}
