//! What `affiant.yaml` says of the period, of accounts and regions, and of what is out of scope.

use super::Checker;
use crate::model::decisions::{AccountFacts, Decisions, Exclude};
use crate::model::device_names::reserved;
use crate::model::regions;
use crate::workspace::FILES;

impl Checker<'_> {
    pub(super) fn workspace(&mut self, decisions: &Decisions) {
        let file = FILES[0];
        let w = &decisions.workspace;
        let (start, end) = (("start", w.period.start.as_str()), ("end", w.period.end.as_str()));
        self.span(
            file,
            "period",
            start,
            end,
            "write the first day of the period as `start`, and its last as `end`",
        );
        self.label(&w.period.label);
        self.excluded(&w.exclude);
        if w.phi.tag.to_lowercase().starts_with("aws:") {
            let message = format!("only AWS sets tags that begin with `aws:`, and `{}` is one", w.phi.tag);
            let hint = "name the tag by which your people mark PHI, such as `data-classification`";
            self.doubt(file, "phi/tag", "AFW-102", message, hint);
        }
        self.accounts(&w.accounts, w.aws.organization);
        for (list, values) in [("regions", &w.regions), ("profiles", &w.profiles)] {
            for (i, value) in values.iter().enumerate().filter(|(i, value)| values[..*i].contains(value)) {
                let message = format!("`{value}` is named twice");
                self.twice(file, &format!("{list}/{i}"), message);
            }
        }
        let mut partitions: Vec<&str> =
            w.regions.iter().filter_map(|region| regions::partition_of(region)).collect();
        partitions.dedup();
        if let Some(i) =
            w.regions.iter().position(|r| regions::partition_of(r).is_some_and(|p| p != partitions[0]))
        {
            let message = format!(
                "`{}` lies in the partition {}, and regions before it in {}",
                w.regions[i], partitions[1], partitions[0]
            );
            let hint = "credentials hold in one partition only; keep a workspace for each";
            self.complain(file, &format!("regions/{i}"), "AFW-029", message, hint);
        }
        self.aws(&w.aws, &w.accounts);
    }

    /// Packages go into a folder of this name, which has to be one on every system that they are read on.
    fn label(&mut self, label: &str) {
        if reserved(label) || label.ends_with([' ', '.']) {
            let message = format!("Windows can have no folder named `{label}`");
            let hint = "packages go into a folder of this name: write something like `2026-Q3`";
            self.complain(FILES[0], "period/label", "AFW-097", message, hint);
        }
    }

    /// An exclusion that names nothing but wildcards would take everything out of scope.
    fn excluded(&mut self, exclude: &[Exclude]) {
        for (i, e) in exclude.iter().enumerate() {
            let place = |member: &str| format!("exclude/{i}/{member}");
            self.date(FILES[0], &place("on"), &e.on);
            let after_partition = match e.pattern.strip_prefix("arn:") {
                Some(rest) => rest.split_once(':').map_or("", |(_, rest)| rest),
                None => e.pattern.as_str(),
            };
            if !after_partition.contains(|c: char| c.is_alphanumeric()) {
                let message = format!("`{}` takes every resource out of scope", e.pattern);
                let hint = "name what is out of scope: a service, an account, a resource";
                self.complain(FILES[0], &place("match"), "AFW-098", message, hint);
            }
        }
    }

    fn accounts(&mut self, accounts: &[AccountFacts], asks_organization: bool) {
        let file = FILES[0];
        self.once(file, "accounts", "id", accounts.iter().map(|a| &a.id));
        for (i, _) in accounts.iter().enumerate().filter(|(_, a)| a.id == "000000000000") {
            let message = "AWS has no account `000000000000`".to_string();
            let hint = "write the twelve digits that `aws sts get-caller-identity` prints as `Account`";
            self.complain(file, &format!("accounts/{i}/id"), "AFW-099", message, hint);
        }
        // where the organization is asked for its accounts, two are an error already
        let speakers = accounts.iter().enumerate().filter(|(_, a)| a.organization && !asks_organization);
        for (i, second) in speakers.skip(1) {
            let message = format!("`{}` is a second account that speaks for the organization", second.id);
            let hint =
                "keep `organization: true` beside one account: what both answer is asked and counted twice";
            self.doubt(file, &format!("accounts/{i}/organization"), "AFW-100", message, hint);
        }
    }
}
