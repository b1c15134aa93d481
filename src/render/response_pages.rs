//! The pages of a response to a regulator: one for each item, a statement of absence, the index by section of
//! the regulation, and the chapter on recognized security practices.

use super::handed::{HandedBlock, HandedCell, HandedDocument, HandedFact, HandedWidth};
use crate::diag::printable;
use crate::model::dossier::{Dossier, WithheldItem};
use crate::model::request::{
    GivenState, PracticesClaim, RegulatorRequest, ResponseFile, ResponseItem, ResponseRecord, ResponseSource,
};

/// What every page of a response has in common.
pub struct ResponseFacts<'a> {
    pub id: &'a str,
    pub request: &'a RegulatorRequest,
    /// Of the package in effect.
    pub dossier: &'a Dossier,
    pub source: &'a ResponseSource,
    /// The day that was asked about.
    pub day: &'a str,
    pub made: &'a str,
    pub sample: bool,
    pub seal: &'a str,
    pub unpinned: bool,
}

/// A part as its page shows it.
pub struct ShownPart<'a> {
    pub title: &'a str,
    pub state: GivenState,
    pub words: &'a str,
    pub facts: &'a [String],
    pub gaps: &'a [String],
}

fn page(
    facts: &ResponseFacts<'_>,
    name: &str,
    title: String,
    lead: String,
    own: Vec<HandedFact>,
    blocks: Vec<HandedBlock>,
) -> HandedDocument {
    let warned = [(facts.sample, "SAMPLE: synthetic or replayed evidence"), (facts.unpinned, "UNPINNED KEY")];
    let mut all = vec![
        HandedFact::text("Organization", &facts.dossier.organization.name),
        HandedFact::text("Asked by", printable(&facts.request.from)),
        HandedFact::text("Their reference", printable(&facts.request.reference)),
    ];
    all.extend(own);
    all.extend([
        HandedFact::text("As of", facts.day),
        HandedFact::text("Made on", facts.made),
        HandedFact::code(
            "Package in effect",
            format!("{}, speaks for {}", facts.source.id, facts.source.as_of),
        ),
        HandedFact::code("Its list of digests", &facts.source.manifest),
        HandedFact::text("Signature", facts.seal),
    ]);
    HandedDocument {
        ident: format!("{}-{name}", facts.id),
        title,
        lead,
        organization: facts.dossier.organization.name.clone(),
        period: printable(&facts.request.reference),
        short_id: facts.id.rsplit('-').next().unwrap_or(facts.id).into(),
        as_of: format!("{}T00:00:00Z", facts.day),
        draft: false,
        sample: facts.sample,
        warnings: warned.iter().filter(|(on, _)| *on).map(|(_, words)| (*words).to_string()).collect(),
        facts: all,
        blocks,
    }
}

/// One item: what was asked, and each part with what was found.
pub fn item(
    facts: &ResponseFacts<'_>,
    item: &ResponseItem,
    row: (&str, &str),
    parts: &[ShownPart<'_>],
) -> HandedDocument {
    let (title, status) = row;
    let named = if title.is_empty() {
        item.citation.clone()
    } else {
        format!("{}: {title} ({status})", item.citation)
    };
    let own = vec![
        HandedFact::text("Item", printable(&item.id)),
        HandedFact::text("45 CFR", named),
        HandedFact::text("What was asked", printable(&item.ask)),
        HandedFact::text("What is given", item.state.as_str()),
    ];
    let mut blocks = Vec::new();
    for part in parts {
        blocks.push(HandedBlock::section(part.title));
        blocks.push(HandedBlock::table(
            &["State", "What it rests on"],
            &[HandedWidth::points(110), HandedWidth::share(1)],
            vec![vec![
                HandedCell::marked(part.state.mark(), part.state.as_str()),
                HandedCell::text(printable(part.words)),
            ]],
        ));
        if !part.facts.is_empty() {
            blocks
                .push(HandedBlock::Points { items: part.facts.iter().map(|fact| printable(fact)).collect() });
        }
        if !part.gaps.is_empty() {
            blocks.push(HandedBlock::text(format!(
                "More may exist: {} sources were asked for and not read.",
                part.gaps.len()
            )));
            blocks.push(HandedBlock::Points {
                items: part.gaps.iter().take(MOST_GAPS).map(|gap| printable(gap)).collect(),
            });
        }
    }
    if !item.files.is_empty() {
        blocks.push(HandedBlock::section("Files with this item"));
        blocks.push(files(&item.files));
    }
    page(
        facts,
        &format!("item-{}", item.id),
        format!("Item {}", printable(&item.id)),
        printable(&item.ask),
        own,
        blocks,
    )
}

/// So many gaps are written out; all are in the record.
const MOST_GAPS: usize = 40;

/// What a named person says does not exist; the seal of the sender is over it.
pub fn absence(facts: &ResponseFacts<'_>, item: &ResponseItem) -> HandedDocument {
    let mut blocks = vec![HandedBlock::text(format!(
        "Of item {} ({}) the following does not exist as of {}, as the persons below state. The package in \
         effect was searched for it, and holds none. What nobody looked for is not on this page.",
        printable(&item.id),
        item.citation,
        facts.day
    ))];
    let said = item.parts.iter().filter_map(|part| part.absent.as_ref().map(|absent| (part, absent)));
    for (part, absent) in said {
        blocks.push(HandedBlock::section(format!("Absent: {}", printable(&part.part))));
        blocks.push(HandedBlock::text(printable(&absent.words)));
        blocks.push(HandedBlock::text(format!(
            "Stated by {}, {}, on {}.",
            printable(&absent.by),
            printable(&absent.role),
            printable(&absent.on)
        )));
    }
    let own = vec![
        HandedFact::text("Item", printable(&item.id)),
        HandedFact::text("What was asked", printable(&item.ask)),
    ];
    page(
        facts,
        &format!("absence-{}", item.id),
        "Statement of absence".into(),
        printable(&item.ask),
        own,
        blocks,
    )
}

fn index_row(item: &ResponseItem) -> Vec<HandedCell> {
    let open: Vec<&str> =
        item.parts.iter().filter(|p| p.state == GivenState::NotEvidenced).map(|p| p.part.as_str()).collect();
    let mut words = printable(&item.ask);
    if !open.is_empty() {
        words.push_str(&format!(" (not evidenced: {})", printable(&open.join(", "))));
    }
    vec![
        HandedCell::text(&item.citation),
        HandedCell::text(printable(&item.id)),
        HandedCell { text: words, code: item.folder.clone(), ..HandedCell::default() },
        HandedCell::marked(item.state.mark(), item.state.as_str()),
    ]
}

/// How many items are in each state.
fn counts(record: &ResponseRecord) -> String {
    let count = |state: GivenState| record.items.iter().filter(|i| i.state == state).count();
    format!(
        "{} items: {} given, {} in part, {} stated absent, {} not evidenced.",
        record.items.len(),
        count(GivenState::Given),
        count(GivenState::InPart),
        count(GivenState::Absent),
        count(GivenState::NotEvidenced)
    )
}

/// Every item by section of the regulation, what is given for each, and what is kept back.
pub fn index(
    facts: &ResponseFacts<'_>,
    record: &ResponseRecord,
    withheld: &[WithheldItem],
) -> HandedDocument {
    let mut blocks = vec![
        HandedBlock::text(
            "One folder for each item, in the order of the regulation; `response.pdf` in it says what was \
             found. Stated absent: a named person says that it does not exist. Not evidenced: it is not in \
             the package, and nobody has said that it does not exist.",
        ),
        HandedBlock::section("Items"),
        HandedBlock::table(
            &["45 CFR", "Item", "What was asked, and where", "Given"],
            &[
                HandedWidth::points(92),
                HandedWidth::points(40),
                HandedWidth::share(1),
                HandedWidth::points(96),
            ],
            record.items.iter().map(index_row).collect(),
        ),
        HandedBlock::section("Packages drawn from"),
        HandedBlock::table(
            &["Package", "Speaks for", "List of digests"],
            &[HandedWidth::points(106), HandedWidth::points(86), HandedWidth::share(1)],
            record
                .packages
                .iter()
                .map(|p| [&p.id, &p.as_of, &p.manifest].map(HandedCell::code).to_vec())
                .collect(),
        ),
    ];
    if !withheld.is_empty() {
        blocks.push(HandedBlock::section("Kept back"));
        blocks.push(HandedBlock::text(
            "These exist, are kept out of every package as privileged, and are not in this response.",
        ));
        blocks.push(HandedBlock::table(
            &["Title", "Of", "On what the privilege rests"],
            &[HandedWidth::share(1), HandedWidth::points(70), HandedWidth::share(1)],
            withheld
                .iter()
                .map(|w| [&w.title, &w.on, &w.basis].map(|t| HandedCell::text(printable(t))).to_vec())
                .collect(),
        ));
    }
    let lead = counts(record);
    let own = vec![
        HandedFact::text("Received", &facts.request.received),
        HandedFact::text("Due", or_none(&facts.request.due)),
    ];
    page(facts, "index", "Response to a request".into(), lead, own, blocks)
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "no day is named".into() } else { text.into() }
}

fn files(all: &[ResponseFile]) -> HandedBlock {
    let row = |file: &ResponseFile| {
        let words = format!("{}, from {}", file.kind, printable(&file.source));
        let path = format!("{}\n{}", file.path, file.sha256);
        vec![HandedCell { text: words, code: path, ..HandedCell::default() }, HandedCell::text(&file.as_of)]
    };
    let widths = [HandedWidth::share(1), HandedWidth::points(64)];
    HandedBlock::table(
        &["File, path in this response, SHA-256", "As of"],
        &widths,
        all.iter().map(row).collect(),
    )
}

/// What the packages of twelve months show, as lines of text.
pub struct PracticesShown<'a> {
    pub from: &'a str,
    pub to: &'a str,
    pub whole: bool,
    pub gaps: &'a [String],
    /// Title, NIST's controls, and the verdicts over time.
    pub controls: Vec<[&'a str; 3]>,
    pub records: &'a [String],
    pub documents: &'a [String],
    pub sources: &'a [ResponseSource],
}

/// What the law gives recognized security practices.
const PRACTICES: &str = "Pub. L. 116-321 (42 U.S.C. 17941) has HHS consider, when it decides on fines, on \
                         the end of an audit and on remedies, whether a covered entity or business associate \
                         has adequately demonstrated that recognized security practices were in place for \
                         not less than the previous 12 months. Such practices are those under section \
                         2(c)(15) of the NIST Act, those of section 405(d) of the Cybersecurity Act of 2015, \
                         and other programs recognized by law. It is a matter of mitigation; nobody has to \
                         choose any. This chapter lays out what sealed packages show, and does not say that \
                         the practices were in place.";

/// The chapter that Pub. L. 116-321 makes worth having.
pub fn practices(
    facts: &ResponseFacts<'_>,
    shown: &PracticesShown<'_>,
    claim: Option<&PracticesClaim>,
) -> HandedDocument {
    let points =
        |items: &[String]| HandedBlock::Points { items: items.iter().map(|item| printable(item)).collect() };
    let mut blocks = vec![
        HandedBlock::text(PRACTICES),
        HandedBlock::section("Which practices"),
        match claim {
            Some(c) => HandedBlock::text(printable(&format!(
                "{}, in place since {}, as {}, {}, stated on {}: {}",
                c.practices, c.since, c.by, c.role, c.on, c.words
            ))),
            None => HandedBlock::text(
                "Not evidenced: nobody has stated which recognized security practices were chosen.",
            ),
        },
        HandedBlock::section(format!("From {} to {}", shown.from, shown.to)),
        HandedBlock::text(if shown.whole {
            "A package speaks for the first day of the twelve months, or for the time just before it."
        } else {
            "The packages do not reach back to the first day of the twelve months: for what lies before them \
             this shows nothing."
        }),
    ];
    if !shown.gaps.is_empty() {
        blocks.push(points(shown.gaps));
    }
    blocks.push(HandedBlock::table(
        &["Package", "Speaks for", "List of digests"],
        &[HandedWidth::points(106), HandedWidth::points(86), HandedWidth::share(1)],
        shown.sources.iter().map(|p| [&p.id, &p.as_of, &p.manifest].map(HandedCell::code).to_vec()).collect(),
    ));
    blocks.push(HandedBlock::section("Controls over the time"));
    blocks.push(HandedBlock::table(
        &["Control", "NIST SP 800-53, by NIST's own mapping", "Verdict by day"],
        &[HandedWidth::points(110), HandedWidth::share(1), HandedWidth::share(1)],
        shown
            .controls
            .iter()
            .map(|cells| cells.map(|cell| HandedCell::text(printable(cell))).to_vec())
            .collect(),
    ));
    let none = || HandedBlock::text("Not evidenced: the packages hold none.");
    blocks.push(HandedBlock::section("What was done on a day"));
    blocks.push(if shown.records.is_empty() { none() } else { points(shown.records) });
    blocks.push(HandedBlock::section("Documents, and how long each version stands"));
    blocks.push(if shown.documents.is_empty() { none() } else { points(shown.documents) });
    let packages = if shown.sources.len() == 1 { "package shows" } else { "packages show" };
    let lead =
        format!("What {} sealed {packages} for the twelve months before {}.", shown.sources.len(), shown.to);
    page(facts, "practices", "Recognized security practices".into(), lead, Vec::new(), blocks)
}
