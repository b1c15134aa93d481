//! `affiant controls export` and `controls tables`: the catalog that the program holds, on disk and as a
//! list.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::style::Style;
use super::{Exit, data, wrong};
use crate::assess::verdicts::cases::Bench;
use crate::model::catalog::Catalog;
use crate::pipeline::Error;
use crate::store::atomic::{self, Access, Existing};

/// Write the catalog's files to a folder, to read them or to change a copy
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Where; the folder must be empty or not there
    dir: PathBuf,
}

pub fn cmd_export(args: &ExportArgs, catalog: &Catalog) -> Result<Exit, Error> {
    let occupied = std::fs::read_dir(&args.dir).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || args.dir.is_file() {
        let message = format!("`{}` is not an empty folder", args.dir.display());
        return Err(wrong(message, "nothing was written; name a folder that is not there yet"));
    }
    for (path, bytes) in &catalog.files {
        let target = args.dir.join(path);
        let folder = target.parent().expect("it lies in a folder");
        atomic::create_dir_all(folder, Access::Shared).map_err(Error::io("create", folder))?;
        atomic::write(&target, bytes, Access::Shared, Existing::Refuse)
            .map_err(Error::io("write", &target))?;
    }
    data(&format!(
        "{} files of catalog {} in {}\nchange what you need, remove the rest, and use it with `--catalog \
         {}`\n",
        catalog.files.len(),
        catalog.digest.short(),
        args.dir.display(),
        args.dir.display()
    ));
    Ok(Exit::Done)
}

/// List the tables that checks read, with their columns
#[derive(Debug, Args)]
pub struct TablesArgs {
    /// Only tables whose name holds this text
    text: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = super::style::ListFormat::Text)]
    format: super::style::ListFormat,
}

pub fn cmd_tables(args: &TablesArgs, catalog: &Catalog, style: Style) -> Result<Exit, Error> {
    let wanted = |name: &str| args.text.as_deref().is_none_or(|text| name.contains(&text.to_lowercase()));
    let bench = Bench::new(catalog)?;
    let (mut out, mut all) = (String::new(), Vec::new());
    for table in catalog.tables.iter().filter(|table| wanted(&table.name)) {
        let columns = bench.columns(&table.name)?;
        let about = table.about.split_whitespace().collect::<Vec<_>>().join(" ");
        out.push_str(&format!("{}\n    {}\n", style.strong(&table.name), style.fit(&about, 110)));
        out.push_str(&format!(
            "    {}\n    from {}\n",
            columns.join(", "),
            style.faint(&table.sources.join(", "))
        ));
        all.push(
            json!({ "table": table.name, "about": about, "columns": columns, "sources": table.sources }),
        );
    }
    if all.is_empty() {
        let known: Vec<&str> = catalog.tables.iter().map(|table| table.name.as_str()).collect();
        let typed = args.text.as_deref().unwrap_or_default();
        let hint =
            crate::diag::near::hint(typed, known.iter().copied(), "leave the text out to list them all");
        return Err(wrong(format!("no table's name holds `{typed}`"), hint));
    }
    data(&match args.format {
        super::style::ListFormat::Text => out,
        super::style::ListFormat::Json => {
            format!("{:#}\n", json!({ "format": "affiant.tables/1", "tables": all }))
        }
    });
    Ok(Exit::Done)
}
