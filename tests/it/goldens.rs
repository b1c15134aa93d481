//! What a reader sees of the sample, as text: the terminal's answers, and the HTML report without its tags.
//! Each golden is written anew with `AFFIANT_BLESS=1`, and read as a difference.

use std::fs;

use affiant::model::dossier::{Dossier, SealInfo};
use affiant::pipeline::assess;
use affiant::program::Inputs;
use affiant::render::{Templates, figures, html};
use affiant::store::run::{self, Reader};
use regex::Regex;

use crate::docs::pinned;
use crate::harness::{Sandbox, repository};

/// Rows of a table and items of a list that a golden shows; the others are counted.
const SHOWN: usize = 3;

/// The repository's workspace with its committed run.
fn sample() -> Sandbox {
    let box_ = Sandbox::default().vendor();
    for (name, bytes) in crate::harness::files(&repository().join("evidence")) {
        box_.write(&format!("evidence/{name}"), bytes);
    }
    box_
}

#[test]
fn what_assess_says_of_the_sample() {
    let box_ = sample();
    pinned("tests/goldens/assess.txt", &box_.affiant(&["assess"]).out);
    pinned("tests/goldens/risks.txt", &box_.affiant(&["risks", "list"]).out);
}

#[test]
fn what_verify_says_of_a_package_that_was_kept() {
    let box_ = Sandbox::default();
    let kept = repository().join("tests/fixtures/packages/0.1.0");
    for name in ["package.zip", "sealer.pem", "time-root.pem"] {
        box_.write(name, fs::read(kept.join(name)).expect("it is kept"));
    }
    // after its seal was made, and before its certificates end
    let said =
        |args: &[&str]| box_.affiant_with(args, &[("AFFIANT_PINNED_CLOCK", "2027-01-01T00:00:00Z")]).out;
    pinned("tests/goldens/verify.txt", &said(&["verify", "package.zip"]));
    let trusted = ["verify", "package.zip", "--trust", "sealer.pem", "--tsa-trust", "time-root.pem"];
    pinned("tests/goldens/verify-pinned.txt", &said(&trusted));
}

#[test]
fn what_the_report_of_the_sample_says() {
    let templates = Templates::new(affiant::catalog::templates());
    let dossier = dossier(&sample());
    let drawn = figures::draw(&dossier, &templates).expect("figures");
    let page = html::report(&dossier, &drawn, &templates).expect("a page");
    pinned("tests/goldens/report.txt", &text(&page));
}

fn dossier(box_: &Sandbox) -> Dossier {
    let workspace = affiant::workspace::open(box_.path()).expect("the sample's workspace");
    let catalog = affiant::catalog::load(None).expect("our own catalog");
    let run =
        Reader::open_run(&run::find(&workspace.evidence(), None).expect("a run")).expect("the committed run");
    let as_of = run.record.ended.clone();
    let cleared = assess::cleared(&workspace.decisions, &as_of);
    let derived = assess::redacted(
        run,
        &cleared,
        &box_.path().join("derived"),
        |_| Ok(None),
        |closed| Ok(closed.finish(&[])?),
    )
    .expect("a derived run");
    let assessment =
        assess::judge(&catalog, &workspace.decisions, &derived, None, &box_.path().join("evidence.sqlite"))
            .expect("judged");
    affiant::program::dossier(&Inputs {
        assessment: &assessment,
        decisions: &workspace.decisions,
        catalog: &catalog,
        catalog_version: "as it is",
        run: &derived.record,
        artifacts: &derived.artifacts,
        redactions: &derived.redactions,
        before: None,
        standing: &std::collections::BTreeMap::new(),
        others: &[],
        seal: SealInfo {
            kind: "workspace".into(),
            subject: "CN=a key".into(),
            fingerprint: String::new(),
            words: "Who sealed.".into(),
            time_words: "When.".into(),
        },
        package_id: "golden",
        program_version: "as it is",
    })
}

/// A page as text: a line for each block, ` | ` between cells, and of long tables and lists the first rows.
/// Digests, ids made of them and the queries say nothing to a reader and change with every word.
fn text(page: &str) -> String {
    let replace = |text: &str, pattern: &str, by: &str| {
        Regex::new(pattern).expect("a pattern").replace_all(text, by).into_owned()
    };
    let page = replace(page, r"(?s)<(style|script|svg|pre)\b.*?</(style|script|svg|pre)>", "");
    let page = replace(&page, r"<(tr|li)\b[^>]*>", "\n\u{1}");
    let page = replace(
        &page,
        r"</?(p|div|section|h\d|ul|ol|table|thead|tbody|details|summary|dt|dd|dl|nav|main|figure)\b[^>]*>",
        "\n",
    );
    let page = replace(&page, r"<(td|th)\b[^>]*>", " | ");
    let page = replace(&page, r"<[^>]+>", "");
    let page = replace(&page, r"\b[0-9a-f]{12,64}\b", "…");
    let plain =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    let page = plain.iter().fold(page, |page, (from, to)| page.replace(from, to));
    let mut out = String::new();
    let mut rows = 0;
    for line in page
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
    {
        match line.strip_prefix('\u{1}').map(str::trim) {
            Some(row) => {
                rows += 1;
                if rows <= SHOWN && !row.is_empty() {
                    out.push_str(&format!("  {row}\n"));
                }
            }
            None if rows <= SHOWN => {
                rows = 0;
                out.push_str(&format!("{line}\n"));
            }
            None => {
                out.push_str(&format!("  … {} more\n{line}\n", rows - SHOWN));
                rows = 0;
            }
        }
    }
    out
}
