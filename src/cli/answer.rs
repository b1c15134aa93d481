//! `affiant answer`: a buyer's questions answered from a verified package.

use std::path::PathBuf;

use clap::Args;

use super::buyer::{Buyer, read};
use super::key::KeyFlags;
use super::machine::{vacant, write};
use super::{Context, Exit, data, say, verify, wrong};
use crate::diag::{Diagnostic, printable};
use crate::model::answers::{AnswerSheet, AnswerWord};
use crate::pipeline::Error;
use crate::pipeline::answer::{self, StatementsFile};
use crate::pipeline::answer_pages::{self, PagesWanted};
use crate::pipeline::handed::{self, HeldPackage};
use crate::render::answers;

/// Answer a buyer's questions from a package: our 64, or a workbook or CSV file of theirs
///
/// Writes answers.csv, answers.yaml and evidence.csv. A file of a buyer is filled in two steps: the first
/// call writes the map with three proposals for each of its questions, a person picks in it (and confirms
/// sheets and columns of a workbook), and the second call fills the file. A workbook is edited in place: all
/// that is not an answer stays, byte for byte. Without an approval that names exactly these answers there is
/// a draft and nothing else.
#[derive(Debug, Args)]
pub struct AnswerArgs {
    /// A package: ZIP or folder
    package: PathBuf,
    /// Where; the folder must be empty or not there
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// What people state beside the package, and who approves the answers, YAML
    #[arg(long, value_name = "FILE")]
    statements: Option<PathBuf>,
    /// A buyer's questions: XLSX, XLSM or CSV
    #[arg(long, value_name = "FILE")]
    questionnaire: Option<PathBuf>,
    /// Which of our questions stands behind each of theirs, YAML; written with proposals where it is not
    /// there yet [default: the questionnaire's name and `.affiant.yaml`]
    #[arg(long, value_name = "FILE", requires = "questionnaire")]
    map: Option<PathBuf>,
    /// What AWS answered to a compliance inquiry of AWS Artifact, JSON of list-compliance-inquiry-queries:
    /// quoted beside the answers
    #[arg(long, value_name = "FILE")]
    aws_answers: Option<PathBuf>,
    /// Also answers.pdf, certified by the key that seals packages; a draft has DRAFT across each page and is
    /// not signed
    #[arg(long)]
    pdf: bool,
    /// Also answers.html, one page that asks the network for nothing, with its signature beside it
    #[arg(long)]
    html: bool,
    /// Templates laid over the built-in ones, file by file
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    #[command(flatten)]
    key: KeyFlags,
    /// Write answers that nobody has approved; each says DRAFT
    #[arg(long)]
    draft: bool,
    /// After how many days the evidence of a package is old: a yes is then partial
    #[arg(long, value_name = "DAYS", default_value_t = 92, value_parser = super::values::days)]
    max_age: i64,
    /// Pinned certificates, PEM: what none of them sealed is refused
    #[arg(long, value_name = "PEM")]
    trust: Option<PathBuf>,
}

pub fn cmd_answer(args: &AnswerArgs, context: &Context) -> Result<Exit, Error> {
    let set = answer::questions()?;
    let buyer =
        args.questionnaire.as_deref().map(|path| Buyer::read(path, args.map.as_deref())).transpose()?;
    if let Some(buyer) = buyer.as_ref().filter(|buyer| !buyer.is_mapped()) {
        return buyer.propose(&set);
    }
    let output = args
        .output
        .as_deref()
        .ok_or_else(|| wrong("no folder to write to", "name one with `--output DIR`"))?;
    verify::target(&args.package, false)?;
    vacant(output)?;
    let said = match &args.statements {
        Some(path) => StatementsFile::read(&path.display().to_string(), &read(path)?, &set)?,
        None => StatementsFile::none(),
    };
    let pins = verify::pins(args.trust.as_deref(), None, &[], context)?;
    let now = context.clock.now();
    let package = handed::open(&args.package, &pins, now)?;
    let aws = args.aws_answers.as_deref().map(answer::aws_quotes).transpose()?;
    let sheet = answer::sheet(&package, &set, &said, aws, &now.format("%Y-%m-%d").to_string(), args.max_age);
    if sheet.draft && !args.draft {
        return Err(unapproved(&sheet));
    }
    let mark = if sheet.draft { "-draft" } else { "" };
    let mut files = vec![
        (format!("answers{mark}.csv"), answers::csv(&sheet)),
        (format!("answers{mark}.yaml"), answers::yaml(&sheet).into_bytes()),
        (format!("evidence{mark}.csv"), answers::evidence(&sheet)),
    ];
    if let Some(buyer) = &buyer {
        files.extend(buyer.filled(&sheet, mark)?);
    }
    files.extend(sheet.aws.as_ref().map(|aws| (format!("aws-answers{mark}.csv"), answers::aws(&sheet, aws))));
    files.extend(pages(args, context, &package, &sheet, buyer.as_ref())?);
    for (name, bytes) in &files {
        write(output, name, bytes)?;
        data(&format!("{}\n", output.join(name).display()));
    }
    Ok(told(&sheet))
}

/// The PDF and the HTML page, if they are asked for. Only what somebody approved needs a key.
fn pages(
    args: &AnswerArgs,
    context: &Context,
    package: &HeldPackage,
    sheet: &AnswerSheet,
    buyer: Option<&Buyer>,
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    if !args.pdf && !args.html {
        return Ok(Vec::new());
    }
    let templates = super::package::templates(args.templates.as_deref())?;
    let sealer = match sheet.draft {
        true => None,
        false => Some(context.sealer_by(&context.workspace()?, &args.key)?),
    };
    let asked = buyer.map(Buyer::asked).transpose()?.unwrap_or_default();
    let wanted = PagesWanted {
        pdf: args.pdf,
        html: args.html,
        templates: &templates,
        sealer: sealer.as_ref(),
        asked: &asked,
        max_age: args.max_age,
        now: context.clock.now(),
    };
    let made = answer_pages::pages(package, sheet, &wanted)?;
    made.notes.iter().for_each(|note| say(&printable(note)));
    Ok(made.files)
}

/// How many of each word, and what an approval must name.
fn told(sheet: &AnswerSheet) -> Exit {
    let count = |word: AnswerWord| sheet.answers.iter().filter(|a| a.answer == word).count();
    let words: Vec<String> =
        AnswerWord::ALL.iter().map(|word| format!("{} {}", count(*word), word.as_str())).collect();
    say(&format!("{} questions: {}", sheet.answers.len(), words.join(", ")));
    if sheet.draft {
        say(&format!(
            "DRAFT: nobody approved these answers; an approval names them as `answers: \"{}\"`",
            sheet.digest
        ));
    }
    if count(AnswerWord::Unknown) > 0 { Exit::Incomplete } else { Exit::Done }
}

fn unapproved(sheet: &AnswerSheet) -> Error {
    let problem = Diagnostic::new("AFU-032", "nobody has approved these answers, and nothing was written");
    let hint = format!(
        "read them with `--draft`; then a named person writes into the file of `--statements`: approved: {{ \
         by: NAME, role: ROLE, on: DAY, answers: \"{}\" }}",
        sheet.digest
    );
    problem.hint(hint).into()
}
