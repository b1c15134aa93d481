//! `affiant controls new`: the file of a new check, laid out so that filling it in is all that is left.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, data, wrong};
use crate::assess::verdicts::cases::{Bench, IDENTITY};
use crate::diag::near;
use crate::model::catalog::{Catalog, Table};
use crate::pipeline::Error;
use crate::store::atomic::{self, Access, Existing};

#[derive(Debug, Args)]
pub struct NewArgs {
    /// The id of the check, such as rds.multi-az; the file is checks/rds/multi-az.yaml
    check: String,
    /// The catalog folder to write to
    #[arg(long, value_name = "DIR", default_value = "my-catalog")]
    into: PathBuf,
    /// A table that the check reads; its columns become the first case [default: one that is called like the
    /// service]
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    /// The column of that table that says whether all is well [default: its first that is no name]
    #[arg(long, value_name = "COLUMN")]
    column: Option<String>,
    /// The control that lists the check; its file is copied with the check added
    #[arg(long, value_name = "CONTROL")]
    control: Option<String>,
}

pub fn cmd_new(args: NewArgs, catalog: &Catalog) -> Result<Exit, Error> {
    let (service, name) = parts(&args.check)?;
    if catalog.checks.contains_key(&args.check) {
        return Err(wrong(
            format!("the catalog has a check `{}` already", args.check),
            "copy its file to change it, or choose another name",
        ));
    }
    let table = table(catalog, args.table.as_deref(), service)?;
    let columns = Bench::new(catalog)?.columns(&table.name)?;
    let column = column(args.column.as_deref(), table, &columns)?;
    let text = skeleton(&args.check, table, &column, &columns);
    let mut files = vec![(args.into.join(format!("checks/{service}/{name}.yaml")), text)];
    if let Some(id) = &args.control {
        files.push(control(catalog, id, &args.check, &args.into)?);
    }
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(wrong(
            format!("`{}` is there already", path.display()),
            "nothing was written; edit that file, or name another folder with --into",
        ));
    }
    for (path, text) in &files {
        let folder = path.parent().expect("a file in a folder");
        atomic::create_dir_all(folder, Access::Shared).map_err(Error::io("create", folder))?;
        atomic::write(path, text.as_bytes(), Access::Shared, Existing::Refuse)
            .map_err(Error::io("write", path))?;
        data(&format!("{}\n", path.display()));
    }
    data(&next(&args, catalog));
    Ok(Exit::Done)
}

/// `rds.multi-az` as its folder and file.
fn parts(id: &str) -> Result<(&str, &str), Error> {
    let fine = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    match id.split_once('.') {
        Some((service, name)) if fine(service) && fine(name) => Ok((service, name)),
        _ => Err(wrong(
            format!("`{id}` cannot name a check"),
            "write it as service.what-is-asked, in small letters: rds.multi-az",
        )),
    }
}

fn table<'a>(catalog: &'a Catalog, named: Option<&str>, service: &str) -> Result<&'a Table, Error> {
    let find = |wanted: &dyn Fn(&Table) -> bool| catalog.tables.iter().find(|t| wanted(t));
    match named {
        Some(name) => find(&|t| t.name == name).ok_or_else(|| {
            let names = || catalog.tables.iter().map(|t| t.name.as_str());
            let of: Vec<&str> = names().filter(|t| t.starts_with(&format!("{service}_"))).collect();
            let all = match of.is_empty() {
                true => "`affiant controls tables` lists them".to_string(),
                false => format!("tables of {service}: {}", of.join(", ")),
            };
            wrong(format!("no table is called `{name}`"), near::hint(name, names(), &all))
        }),
        None => find(&|t| t.name.starts_with(&format!("{service}_"))).ok_or_else(|| {
            let services = catalog.tables.iter().filter_map(|t| t.name.split('_').next());
            let hint =
                near::hint(service, services, "name one with --table; `affiant controls tables` lists them");
            wrong(format!("no table is called like the service `{service}`"), hint)
        }),
    }
}

fn column(named: Option<&str>, table: &Table, columns: &[String]) -> Result<String, Error> {
    let name = |c: &String| {
        IDENTITY.contains(&c.as_str())
            || ["phi_scope", "tags"].contains(&c.as_str())
            || c.ends_with("_id")
            || c.ends_with("name")
    };
    match named {
        Some(wanted) if columns.iter().any(|c| c == wanted) => Ok(wanted.to_string()),
        Some(wanted) => {
            let hint = near::hint(
                wanted,
                columns.iter().map(String::as_str),
                &format!("it has {}", columns.join(", ")),
            );
            Err(wrong(format!("the table `{}` has no column `{wanted}`", table.name), hint))
        }
        None => Ok(columns
            .iter()
            .find(|c| !name(c))
            .or_else(|| columns.last())
            .cloned()
            .unwrap_or_else(|| "arn".into())),
    }
}

/// A check of one column that is 1 when all is well. The texts are left to fill in; `controls test` names
/// those that are not.
fn skeleton(id: &str, table: &Table, column: &str, columns: &[String]) -> String {
    let name = &table.name;
    let arn = format!("arn:aws:{}:us-east-1:111122223333:example", id.split('.').next().unwrap_or_default());
    let row =
        |more: &str| format!("{{ arn: \"{arn}\", account: \"111122223333\", region: us-east-1{more} }}");
    let (scope, filter) = match columns.iter().any(|c| c == "phi_scope") {
        true => (", phi_scope: in", "\n    WHERE phi_scope = 'in'"),
        false => ("", ""),
    };
    let outside = match scope {
        "" => String::new(),
        _ => format!(
            "  - name: what lies outside PHI scope is not judged\n    given: {{ {name}: [ {} ] \
             }}\n    expect: []\n",
            row(&format!(", phi_scope: out, {column}: 0"))
        ),
    };
    format!(
        "# Made by `affiant controls new`. For help while typing: affiant schema check > check.schema.json
# yaml-language-server: $schema=check.schema.json
id: {id}
title: <what holds where the check is met, in one line>
severity: medium # low, medium, high or critical
why: <what danger to ePHI it is about>
fix: <how to put it right, and the catch in it>
corroborated_by: [] # AWS Config managed rules that ask nearly the same
null_ok: {{}} # a column, and why it may be unknown in a row that is met
# {name}: {about}
# columns: {columns}
sql: |
  WITH judged AS (
    SELECT arn, account, region,
           CASE WHEN {column} = 1 THEN json_array('met', 'good: {column}')
                WHEN {column} = 0 THEN json_array('not met', 'bad: {column}')
                ELSE json_array('not evidenced', 'not in the evidence: {column}') END AS finding
    FROM {name}{filter})
  SELECT arn AS resource, account, region, finding ->> 0 AS verdict, finding ->> 1 AS reason
  FROM judged
cases:
  - name: what is good is met
    given: {{ {name}: [ {good} ] }}
    expect: [ {{ resource: \"{arn}\", verdict: met, reason_has: \"good: {column}\" }} ]
  - name: what is bad is not met
    given: {{ {name}: [ {bad} ] }}
    expect: [ {{ resource: \"{arn}\", verdict: not met, reason_has: \"bad: {column}\" }} ]
  - name: what the item does not say is not evidenced
    given: {{ {name}: [ {bare} ] }}
    expect: [ {{ resource: \"{arn}\", verdict: not evidenced }} ]
{outside}  - name: nothing there, no rows
    given: {{ {name}: [] }}
    expect: []
",
        about = table.about.split_whitespace().collect::<Vec<_>>().join(" "),
        columns = columns.join(", "),
        good = row(&format!("{scope}, {column}: 1")),
        bad = row(&format!("{scope}, {column}: 0")),
        bare = row(scope),
    )
}

/// The control's own file with the check added.
fn control(catalog: &Catalog, id: &str, check: &str, into: &Path) -> Result<(PathBuf, String), Error> {
    let control = catalog.controls.iter().find(|c| c.id == id || c.number.to_string() == id);
    let control = control.ok_or_else(|| {
        let ids: Vec<&str> = catalog.controls.iter().map(|c| c.id.as_str()).collect();
        wrong(
            format!("no control is called `{id}`"),
            near::hint(id, ids.iter().copied(), &format!("the controls are: {}", ids.join(", "))),
        )
    })?;
    let needle = format!("control: {}", control.id);
    let files = catalog.files.iter().filter(|(path, _)| path.starts_with("technical/"));
    let found = files
        .map(|(path, bytes)| (path, String::from_utf8_lossy(bytes)))
        .find(|(_, text)| text.lines().any(|l| l == needle));
    let (path, text) = found.ok_or_else(|| {
        wrong(format!("the file of `{}` was not found", control.id), "add the check to it by hand")
    })?;
    Ok((into.join(path), format!("{}\n  - {check}\n", text.trim_end())))
}

fn next(args: &NewArgs, catalog: &Catalog) -> String {
    let folder = args.into.display();
    let listed = match &args.control {
        Some(_) => String::new(),
        None => {
            let ids: Vec<&str> = catalog.controls.iter().map(|c| c.id.as_str()).collect();
            format!(
                "add {} to the `checks` of a control, or run again with --control ({})\n",
                args.check,
                ids.join(", ")
            )
        }
    };
    format!("\nnext: fill it in, then `affiant --catalog {folder} controls test {}`\n{listed}", args.check)
}
