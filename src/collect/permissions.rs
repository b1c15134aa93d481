//! The permissions page: every operation that a run may ask, what the caller must be permitted for it, and
//! which tables and checks read the answer. Made from the operations registry and the catalog; a test
//! compares it with docs/src/permissions.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::archive_policy::section;
use super::policy::{LIMIT, Wanted, length, policies};
use crate::model::catalog::Catalog;
use crate::model::registry::{Operation, OperationScope};

/// The page, in Markdown.
pub fn page(catalog: &Catalog) -> String {
    let readers = Readers::of(catalog);
    let mut out = String::from(
        "# Permissions\n\nEvery operation that `affiant collect --aws` may ask, made from the operations \
         registry. All of them read or list; `affiant policy` prints the policy, `affiant policy --missing` \
         what the last run was denied. A call that is refused is a gap, never an error.\n\n*Asked*: once an \
         account, once a region, or once for the organization, from the account that `affiant.yaml` marks \
         with `organization: true`; \"each\" marks what is asked for each resource or name that another \
         answer held.\n",
    );
    let mut service = "";
    for (name, operation) in &catalog.operations {
        let (of, api) = name.split_once(':').unwrap_or((name, ""));
        if of != service {
            service = of;
            let _ = write!(
                out,
                "\n## {service}\n\n| operation | IAM actions | asked | why |\n|---|---|---|---|\n"
            );
        }
        let iam = operation.iam.iter().map(|a| format!("`{a}`")).collect::<Vec<_>>().join(", ");
        let iam = if iam.is_empty() { "none".to_string() } else { iam };
        let _ =
            writeln!(out, "| `{api}` | {iam} | {} | {} |", asked(operation), readers.why(name, operation));
    }
    out.push_str(&documents(catalog));
    out.push_str(&section());
    let _ = writeln!(
        out,
        "\n## `affiant init --from-aws`\n\nAsks {}. What is refused is told and stays a placeholder; nothing \
         is stored but `affiant.yaml`. The policy above holds all of them but `ec2:DescribeRegions`, which \
         any read-only policy of AWS permits.",
        SURVEY.map(|action| format!("`{action}`")).join(", ")
    );
    out
}

/// What a new workspace is made from. The first is allowed to every caller.
pub const SURVEY: [&str; 4] = [
    "sts:GetCallerIdentity",
    "organizations:DescribeOrganization",
    "organizations:ListAccounts",
    "ec2:DescribeRegions",
];

fn asked(operation: &Operation) -> String {
    let place = match operation.scope {
        OperationScope::Account => "account",
        OperationScope::Region => "region",
        OperationScope::Organization => "organization",
    };
    let each =
        if operation.each.iter().any(|e| !e.from.is_empty() && e.values.is_empty()) { ", each" } else { "" };
    format!("{place}{each}")
}

/// The policies themselves, as `affiant policy` splits them.
fn documents(catalog: &Catalog) -> String {
    let wanted = Wanted { partition: "aws".into(), fill: true, opt_in: BTreeSet::new() };
    let documents = policies(catalog, &wanted);
    let mut out = format!(
        "\n## The policies\n\nIAM takes {LIMIT} characters a managed policy, white space not counted; so \
         there {}. `--recorded` leaves out what stands in for AWS Config, `--opt-in` adds what is asked only \
         on request.\n",
        if documents.len() == 1 {
            "is one".to_string()
        } else {
            format!("are {}, to be attached together", documents.len())
        }
    );
    for (index, document) in documents.iter().enumerate() {
        let _ = write!(
            out,
            "\n### Part {} ({} characters)\n\n```json\n{document:#}\n```\n",
            index + 1,
            length(document)
        );
    }
    out
}

/// Who reads an operation's answer: tables by source, checks by table.
struct Readers<'a> {
    tables: BTreeMap<&'a str, Vec<&'a str>>,
    checks: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Operations that take values from one.
    children: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Readers<'a> {
    fn of(catalog: &'a Catalog) -> Self {
        let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut below: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for table in &catalog.tables {
            table.sources.iter().for_each(|source| tables.entry(source).or_default().push(&table.name));
            // tables come in the order of their making, so those that this one is made from are known
            let mut all = BTreeSet::from([table.name.as_str()]);
            table
                .uses
                .iter()
                .for_each(|used| all.extend(below.get(used.as_str()).into_iter().flatten().copied()));
            below.insert(&table.name, all);
        }
        let mut checks: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (id, check) in &catalog.checks {
            let words =
                check.sql.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect::<BTreeSet<_>>();
            for table in words.iter().filter_map(|word| below.get(word)).flatten() {
                checks.entry(table).or_default().insert(id);
            }
        }
        let mut children: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, operation) in &catalog.operations {
            let parents = operation.each.iter().map(|e| e.from.as_str()).filter(|from| !from.is_empty());
            for parent in parents.chain(operation.before.as_deref()) {
                children.entry(parent).or_default().insert(name);
            }
        }
        Readers { tables, checks, children }
    }

    fn why(&self, name: &str, operation: &Operation) -> String {
        let mut words = Vec::new();
        if let Some(switch) = &operation.opt_in {
            words.push(format!("only on request (`{switch}`)"));
        }
        let types: BTreeSet<&str> =
            operation.fill.iter().map(|f| f.resource_type.as_str()).filter(|t| !t.is_empty()).collect();
        if !types.is_empty() {
            words.push(format!("stands in for {} where AWS Config holds none", list(types.iter().copied())));
        }
        let sources = std::iter::once(name).chain(types.iter().copied());
        let tables: BTreeSet<&str> =
            sources.flat_map(|s| self.tables.get(s).into_iter().flatten().copied()).collect();
        if !tables.is_empty() {
            let checks: BTreeSet<&str> =
                tables.iter().flat_map(|t| self.checks.get(t).into_iter().flatten().copied()).collect();
            let read = match checks.len() {
                0 => "no check".to_string(),
                _ => format!(
                    "{} {}",
                    if checks.len() == 1 { "check" } else { "checks" },
                    list(checks.into_iter())
                ),
            };
            words.push(format!("tables {}; {read}", list(tables.into_iter())));
        }
        if let Some(children) = self.children.get(name) {
            words.push(format!("names what {} ask about", list(children.iter().copied())));
        }
        if words.is_empty() {
            "how AWS Config is read, who is asked, or what is in use".into()
        } else {
            words.join("; ")
        }
    }
}

/// At most four by name, and how many more.
fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let all: Vec<String> = names.map(|n| format!("`{n}`")).collect();
    match all.len() {
        0..=4 => all.join(", "),
        n => format!("{} and {} more", all[..4].join(", "), n - 4),
    }
}
