//! `affiant lint`: every problem of the workspace at once, the same that `package` refuses.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Context, Exit, data, say};
use crate::diag::{Diagnostic, Gravity, Problems};
use crate::pipeline::{Error, assess, lint};
use crate::store::run::{self, Reader};

/// Check affiant.yaml, program/ and the catalog; print every problem with file, line and column
#[derive(Debug, Args)]
pub struct LintArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn cmd_lint(args: LintArgs, context: &Context) -> Result<Exit, Error> {
    let found = found(context)?;
    let (stops, warnings): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|problem| problem.level != Gravity::Warning);
    let (errors, open): (Vec<_>, Vec<_>) = stops.iter().partition(|problem| problem.level == Gravity::Error);
    match args.format {
        Format::Json => {
            let all: Vec<_> = stops.iter().chain(&warnings).map(as_json).collect();
            let report = json!({ "format": "affiant.lint/1", "problems": all });
            data(&format!("{report:#}\n"));
        }
        Format::Text => {
            print(&stops, &warnings);
            data(&match (errors.len(), open.len(), warnings.len()) {
                (0, 0, 0) => "no problems\n".to_string(),
                (0, 0, n) => format!("no problems, {}\n", count(n, "warning")),
                (errors, open, warnings) => {
                    let parts = [(errors, "error"), (open, "placeholder"), (warnings, "warning")];
                    let parts: Vec<String> =
                        parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| count(*n, word)).collect();
                    format!("{}\n", parts.join(", "))
                }
            });
        }
    }
    Ok(if stops.is_empty() { Exit::Done } else { Exit::Usage })
}

/// All of it: the form of the files, what they refer to, and what the newest run shows.
fn found(context: &Context) -> Result<Vec<Diagnostic>, Error> {
    let (catalog, workspace) = match (context.catalog(), context.workspace()) {
        (Ok(catalog), Ok(workspace)) => (catalog, workspace),
        (Err(Error::Problems(a)), Err(Error::Problems(b))) => {
            return Ok(a.0.into_iter().chain(b.0).collect());
        }
        (Err(Error::Problems(found)), Ok(_)) | (Ok(_), Err(Error::Problems(found))) => return Ok(found.0),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let run = run::find(&workspace.evidence(), None).ok().and_then(|path| Reader::open_run(&path).ok());
    let mut found = lint::references(&workspace, &catalog, run.as_ref(), None);
    if let Some(run) = &run
        && assess::check_parameters(&workspace, &catalog).is_ok()
    {
        found.extend(lint::after(&workspace, &catalog, run, &assess::seen_in(&workspace, &catalog, run)?));
    }
    found.sort_by(|a, b| (&a.file, a.place, a.code).cmp(&(&b.file, b.place, b.code)));
    Ok(found)
}

/// So many placeholders are shown with their lines; of more, as a new workspace has them, each is one line.
const FEW: usize = 5;

/// Problems on stderr, with the lines they are about.
pub fn print(stops: &[Diagnostic], warnings: &[Diagnostic]) {
    let few = stops.iter().filter(|problem| problem.level == Gravity::Unfinished).count() <= FEW;
    for problem in stops.iter().chain(warnings) {
        match problem.level {
            Gravity::Error | Gravity::Warning => {
                super::complain(&Problems(vec![problem.clone()]).to_string())
            }
            Gravity::Unfinished => super::complain(&placeholder(problem, few)),
        }
    }
    if stops.iter().any(|problem| problem.level == Gravity::Unfinished) {
        say("  hint: write what is true in the place of each `<…>`, or remove the entry; `affiant package \
             --draft` packages it as it is");
    }
}

fn placeholder(problem: &Diagnostic, quoted: bool) -> String {
    let excerpt = problem.excerpt.clone().filter(|_| quoted);
    let short = Diagnostic { hint: None, excerpt, ..problem.clone() };
    Problems(vec![short]).to_string()
}

fn as_json(problem: &Diagnostic) -> serde_json::Value {
    json!({
        "level": problem.level,
        "code": problem.code,
        "file": problem.file,
        "line": problem.place.map(|(line, _)| line),
        "column": problem.place.map(|(_, column)| column),
        "message": problem.message,
        "hint": problem.hint,
        "text": problem.excerpt.as_ref().map(|excerpt| &excerpt.line),
    })
}

fn count(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}
