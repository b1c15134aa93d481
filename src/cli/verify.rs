//! `affiant verify`: three separate answers, and the reason for each.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use super::style::{Style, hanging};
use super::{Context, Exit, data, say, wrong};
use crate::diag::printable;
use crate::model::verdict::Verdict;
use crate::pipeline::Error;
use crate::pipeline::chain::{self, Walked};
use crate::pipeline::verify::{self, JoinWith, Pins, VerifyOutcome};
use crate::seal::verify::{AspectAnswer, Code, Outcome as StepOutcome, State, Step};
use crate::store::given;

/// Check a package or run: integrity, authenticity, time; with --recompute every verdict; with --chain years
/// of them
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A package (ZIP or folder) or a run (folder); with --chain, a folder that holds many
    path: PathBuf,
    /// Pinned certificates, PEM: the sealer's own, or those of its issuer
    #[arg(long, value_name = "PEM")]
    trust: Option<PathBuf>,
    /// Pinned timestamp authorities, PEM: their own certificates, or their roots
    #[arg(long, value_name = "PEM")]
    tsa_trust: Option<PathBuf>,
    /// Revocation lists or OCSP answers, beside those inside; may be repeated
    #[arg(long, value_name = "FILE")]
    revocation: Vec<PathBuf>,
    /// Derive everything again from the packaged bytes and compare
    #[arg(long)]
    recompute: bool,
    /// Walk every run and package below the folder: forks, gaps, rewritten runs, and when each must have
    /// existed
    #[arg(long, conflicts_with = "recompute")]
    chain: bool,
    /// The link file of a shareable edition, to join it to its original
    #[arg(long, value_name = "FILE", requires_all = ["original", "edition_key"])]
    link: Option<PathBuf>,
    /// The package that the edition was made from
    #[arg(long, value_name = "PACKAGE", requires = "link")]
    original: Option<PathBuf>,
    /// The key of the edition's audience
    #[arg(long, value_name = "FILE", requires = "link")]
    edition_key: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn cmd_verify(args: VerifyArgs, context: &Context) -> Result<Exit, Error> {
    let pins = pins(args.trust.as_deref(), args.tsa_trust.as_deref(), &args.revocation, context)?;
    target(&args.path, args.chain)?;
    let style = Style::of_stdout();
    if args.chain {
        let walked = chain::walk(&args.path, &pins, context.clock.now())?;
        match args.format {
            Format::Text => data(&chain_text(&walked, style)),
            Format::Json => {
                data(&format!("{}\n", serde_json::to_string_pretty(&walked).expect("a report serialises")))
            }
        }
        return Ok(match (walked.failed(), walked.authenticity_unknown()) {
            (true, _) => Exit::Refused,
            (false, true) => Exit::Incomplete,
            (false, false) => Exit::Done,
        });
    }
    let progress = context.progress();
    progress.step(if args.recompute {
        "checking the seal, and deriving everything again"
    } else {
        "checking every digest and signature"
    });
    let with = match (&args.link, &args.original, &args.edition_key) {
        (Some(link), Some(original), Some(key)) => Some(JoinWith { link, original, key }),
        (Some(_) | None, Some(_) | None, Some(_) | None) => None,
    };
    let outcome = verify::verify(&args.path, &pins, args.recompute, with.as_ref(), context.clock.now())?;
    drop(progress);
    if let Some(hint) = packed_anew(&args.path, &outcome) {
        say(&hint);
    }
    match args.format {
        Format::Text => data(&text(&outcome, style)),
        Format::Json => {
            data(&format!("{}\n", serde_json::to_string_pretty(&outcome).expect("a report serialises")))
        }
    }
    Ok(match (outcome.failed(), outcome.authenticity_unknown() || outcome.incomplete()) {
        (true, _) => Exit::Refused,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Done,
    })
}

/// Refuses what is neither package nor run, and says what it is: a wrong name is no tampering. What has any
/// part of a bag is looked at by the verifier itself.
pub fn target(path: &Path, chain: bool) -> Result<(), Error> {
    let shown = path.display();
    let what = "name a package (ZIP or folder) or a run (folder)";
    if !path.exists() {
        return Err(wrong(format!("there is no `{shown}`"), what));
    }
    if chain && !path.is_dir() {
        let hint = "`--chain` walks a folder that holds many; leave it out to check this one";
        return Err(wrong(format!("`{shown}` is no folder"), hint));
    }
    if path.is_dir() {
        let part = |name: &str| path.join(name).exists();
        if chain
            || ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "seal"]
                .iter()
                .any(|name| part(name))
        {
            return Ok(());
        }
        let inner = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let bag = |inner: &PathBuf| {
            inner.join("bagit.txt").is_file() || inner.extension().is_some_and(|end| end == "zip")
        };
        let mut bags: Vec<PathBuf> = inner.filter(bag).collect();
        bags.sort();
        return Err(match bags.last() {
            Some(newest) => wrong(
                format!("`{shown}` is no package and no run: it holds {} of them", bags.len()),
                format!(
                    "`affiant verify {}`, or all of them with `affiant verify {shown} --chain`",
                    newest.display()
                ),
            ),
            None => wrong(format!("`{shown}` is no package and no run: it has no bagit.txt"), what),
        });
    }
    let mut start = [0; 4];
    let read = given::open(path).and_then(|mut file| std::io::Read::read(&mut file, &mut start)).unwrap_or(0);
    let named = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip"));
    match &start[..read] {
        [b'P', b'K', ..] if holds_no_bag(path) => Err(wrong(
            format!("`{shown}` is a ZIP, and holds no package: no part of one is in it"),
            "name the ZIP that `affiant package` wrote, or its folder",
        )),
        [b'P', b'K', ..] => Ok(()),
        _ if named => Ok(()),
        b"%PDF" => Err(wrong(
            format!("`{shown}` is a PDF; its evidence and its seal are in the ZIP beside which it was made"),
            format!("verify that ZIP; the PDF's own signatures: `pdfsig {shown}`"),
        )),
        _ => Err(wrong(format!("`{shown}` is neither a ZIP nor a folder"), what)),
    }
}

/// Whether the directory of a whole archive names no part of a package: one of which parts were taken away is
/// still judged, and fails.
fn holds_no_bag(path: &Path) -> bool {
    const MOST: u64 = 8 << 20;
    const PARTS: [&str; 6] =
        ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "VERIFY.md", "/data/", "/seal/"];
    let tail = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(length.saturating_sub(MOST)))?;
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes)?;
        Ok(bytes)
    };
    let Ok(bytes) = tail() else { return false };
    let text = String::from_utf8_lossy(&bytes);
    // one that is cut short has no directory, and is told as that
    text.contains("PK\u{5}\u{6}") && !PARTS.iter().any(|part| text.contains(part))
}

/// Of an archive that only has another shape than ours: somebody packed it anew, which changes no file in it.
fn packed_anew(path: &Path, outcome: &VerifyOutcome) -> Option<String> {
    const SHAPE: [Code; 7] = [
        Code::Container,
        Code::Special,
        Code::SeveralTops,
        Code::DataDescriptor,
        Code::Unsupported,
        Code::Layout,
        Code::HeaderMismatch,
    ];
    let mut wrong = outcome.report.steps.iter().filter(|s| s.outcome == StepOutcome::Fail).peekable();
    if path.is_dir() || wrong.peek().is_none() || !wrong.all(|step| SHAPE.contains(&step.code)) {
        return None;
    }
    let shown = path.display();
    Some(format!(
        "hint: `{shown}` is not the archive as `affiant package` wrote it: another program may have packed \
         it anew. Get the ZIP as it was sealed; or unpack this one and verify the folder with bagit.txt: the \
         seal covers its files all the same"
    ))
}

/// What the options pin.
pub fn pins(
    trust: Option<&Path>,
    authorities: Option<&Path>,
    revocation: &[PathBuf],
    context: &Context,
) -> Result<Pins, Error> {
    let read = |option: &str, path: &Path| {
        given::read(path)
            .map_err(|e| wrong(format!("{option} {}: {e}", path.display()), "name a file that can be read"))
    };
    let text = |option: &str, path: Option<&Path>| -> Result<Option<String>, Error> {
        path.map(|path| Ok(String::from_utf8_lossy(&read(option, path)?).into_owned())).transpose()
    };
    let lists: Result<Vec<_>, Error> =
        revocation.iter().map(|path| Ok((path.display().to_string(), read("--revocation", path)?))).collect();
    let pins = Pins::read(
        text("--trust", trust)?.as_deref(),
        text("--tsa-trust", authorities)?.as_deref(),
        &lists?,
    )?;
    Ok(Pins { pinned_clock: context.clock.is_pinned(), ..pins })
}

fn chain_text(walked: &Walked, style: Style) -> String {
    let mut out = String::new();
    for link in &walked.links {
        let (verdict, word) = match link.failed() {
            true => (Verdict::NotMet, "wrong"),
            false => (Verdict::Met, "holds"),
        };
        out.push_str(&printable(&format!(
            "{} {word}  {}  {}\n",
            style.mark(verdict),
            link.id,
            link.interval()
        )));
        for place in &link.places {
            let held = if place.failed { "FAILED " } else { "" };
            out.push_str(&printable(&format!("           {held}{}: {}\n", place.path, place.words)));
        }
    }
    for finding in &walked.findings {
        let mark = style.paint(Verdict::NotMet, style.mark(Verdict::NotMet));
        out.push_str(&format!(
            "{mark} {}\n",
            printable(&format!("{} {}: {}", finding.code.id(), finding.kind, finding.words))
        ));
    }
    out.push_str(&format!(
        "{} runs in {} places, {} findings\n",
        walked.links.len(),
        walked.links.iter().map(|link| link.places.len()).sum::<usize>(),
        walked.findings.len()
    ));
    out
}

fn text(outcome: &VerifyOutcome, style: Style) -> String {
    let report = &outcome.report;
    let mut out = String::new();
    if outcome.sample {
        out.push_str("SAMPLE: synthetic or replayed evidence\n\n");
    }
    for (name, answer) in
        [("integrity", &report.integrity), ("authenticity", &report.authenticity), ("time", &report.time)]
    {
        out.push_str(&line(name, answer, style));
    }
    if let Some(sealer) = &report.sealer {
        out.push_str(&printable(&format!(
            "\nsealed by  {}\n           sha256 {}\n",
            sealer.name, sealer.fingerprint
        )));
    }
    if let Some(by) = report.existed_by {
        out.push_str(&format!("existed    by {}, everything inside\n", stamp(by)));
    }
    if let Some(after) = report.sealed_after {
        out.push_str(&format!(
            "made       after {}, the timestamp of the run before is inside\n",
            stamp(after)
        ));
    }
    if let Some(chain) = &outcome.chain {
        let words = hanging(&printable(&format!("{}: {}", chain.state, chain.words)), 11);
        out.push_str(&format!("chain      {words}\n"));
    }
    if let Some(shared) = &outcome.edition {
        let whose =
            if shared.recipient.is_empty() { String::new() } else { format!(", for {}", shared.recipient) };
        let words = format!(
            "edition    shareable, audience {}{whose}, {}; not recomputable\n",
            shared.audience, shared.date
        );
        out.push_str(&printable(&words));
    }
    steps(outcome, &mut out);
    out
}

/// Step by step: how an edition was joined, what was made again, and why an answer is not *held*.
fn steps(outcome: &VerifyOutcome, out: &mut String) {
    if let Some(joined) = &outcome.joined {
        out.push_str("\njoined\n");
        for step in &joined.steps {
            let (word, code) = if step.holds {
                ("holds", String::new())
            } else {
                ("FAILED", format!(" [{}]", step.code.id()))
            };
            let words = hanging(&printable(&format!("{}{code}", step.words)), 35);
            out.push_str(&format!("  {word:<13} {:<18} {words}\n", step.what));
        }
    }
    if let Some(again) = &outcome.recompute {
        out.push_str("\nrecomputed\n");
        for c in &again.comparisons {
            let code = if c.outcome == "same" { String::new() } else { format!(" [{}]", c.code.id()) };
            let words = hanging(&printable(&format!("{}{code}", c.words)), 35);
            out.push_str(&format!("  {:<13} {:<18} {words}\n", c.outcome, c.what));
        }
    }
    let worth =
        outcome.report.steps.iter().filter(|s| matches!(s.outcome, StepOutcome::Fail | StepOutcome::Unknown));
    let lines: Vec<String> = worth
        .take(40)
        .map(|s| {
            let word = if s.outcome == StepOutcome::Fail { "wrong" } else { "open" };
            let subject = if s.subject.is_empty() { String::new() } else { format!("{}: ", s.subject) };
            let words = hanging(&printable(&format!("{subject}{}", s.words)), 17);
            format!("  {word:<6} {} {words}", s.code.id())
        })
        .collect();
    if !lines.is_empty() {
        out.push_str(&format!("\nwhy\n{}\n", lines.join("\n")));
    }
    noted(outcome, out);
}

/// What changes no answer and is yet to be known: who else signed, and what in the seals' bytes anybody could
/// have changed.
fn noted(outcome: &VerifyOutcome, out: &mut String) {
    const TOLD: [Code; 3] = [Code::SealForm, Code::OtherSigner, Code::Approver];
    let told = |step: &&Step| step.outcome == StepOutcome::Note && TOLD.contains(&step.code);
    let lines = outcome.report.steps.iter().filter(told).take(40);
    let lines: Vec<String> = lines
        .map(|step| {
            let words = hanging(&printable(&format!("{}: {}", step.subject, step.words)), 10);
            format!("  {} {words}", step.code.id())
        })
        .collect();
    if !lines.is_empty() {
        out.push_str(&format!("\nnoted\n{}\n", lines.join("\n")));
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn line(name: &str, answer: &AspectAnswer, style: Style) -> String {
    let (verdict, word) = match answer.state {
        State::Held => (Verdict::Met, "held"),
        State::Failed => (Verdict::NotMet, "FAILED"),
        State::Unknown => (Verdict::NotEvidenced, "unknown"),
    };
    format!(
        "{} {name:<13}{}  {}\n",
        style.paint(verdict, style.mark(verdict)),
        style.paint(verdict, &format!("{word:<8}")),
        hanging(&printable(&answer.words), 25)
    )
}

/// Whether a path names what `affiant package` wrote.
pub fn is_package(path: &Path) -> bool {
    path.join("data/package.json").is_file()
        || (path.is_file() && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip")))
}
