//! Measures what loading, judging and rendering cost, as ratios to a bare reference in the same run: these
//! machines are noisy, ratios are not. Not a test: it never fails for being slow.
//!
//! ```text
//! cargo run --release --example bench -- 10000 100000      items: collect, redact, load and assess
//! cargo run --release --example bench -- --queries 50000 100000
//!                                                          the SELECT of each table and each check by
//!                                                          itself, and how it grows
//! cargo run --release --example bench -- --pages 10 100 600 [DOSSIER.json ...]
//!                                                          a bare typst table of so many pages; the
//!                                                          report of a dossier
//! ```
//!
//! Each size runs in a process of its own, so that its peak memory is its own.

#![allow(clippy::disallowed_methods)] // a program of its own

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use affiant::clock::Clock;
use affiant::evidence::config_files::{self, Found};
use affiant::evidence::config_item;
use affiant::evidence::encodings;
use affiant::model::decisions::Decisions;
use affiant::pipeline::keys::KeyReach;
use affiant::pipeline::{assess, collect};
use affiant::store::run::{self, Reader};
use affiant::{catalog, workspace};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--one", step, folder] => println!("{}", one(step, Path::new(folder))),
        ["--pdf", what] => println!("{}", pdf(what)),
        ["--passes", what] => println!("{}", passes(what)),
        ["--pages", ref sizes @ ..] => pages(sizes),
        ["--queries", ref sizes @ ..] => queries(sizes),
        ref sizes => items_table(sizes),
    }
}

/// CPU seconds, wall seconds and peak memory of one step in a process of its own.
struct Cost {
    cpu: f64,
    wall: f64,
    megabytes: f64,
    note: String,
}

fn step(args: &[&str]) -> Cost {
    let output =
        Command::new(std::env::current_exe().expect("this program")).args(args).output().expect("it starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let line = String::from_utf8_lossy(&output.stdout).trim().to_string();
    let mut parts = line.splitn(4, ' ');
    let mut number = || parts.next().and_then(|p| p.parse().ok()).expect("a number");
    Cost {
        cpu: number(),
        wall: number(),
        megabytes: number(),
        note: parts.next().unwrap_or_default().to_string(),
    }
}

/// What this process has used: user and system time, and the high-water mark of its memory (proc(5)).
fn used(started: Instant, note: impl std::fmt::Display) -> String {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().expect("utime") + fields[12].parse::<f64>().expect("stime");
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).expect("a peak");
    let kilobytes: f64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    format!("{:.2} {:.2} {:.1} {note}", ticks / 100.0, started.elapsed().as_secs_f64(), kilobytes / 1024.0)
}

fn items_table(sizes: &[&str]) {
    println!("{:>9} {:>22} {:>9} {:>9} {:>9} {:>7}", "items", "step", "CPU s", "wall s", "MB", "ratio");
    for size in sizes {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().to_str().expect("UTF-8");
        generate(&dir.path().join("in"), size);
        let mut reference = None;
        for name in ["reference", "collect", "search", "assess", "scan", "head", "undo"] {
            let cost = step(&["--one", name, folder]);
            let base = *reference.get_or_insert(cost.cpu);
            let ratio = cost.cpu / base.max(0.01);
            println!(
                "{size:>9} {name:>22} {:>9.2} {:>9.2} {:>9.1} {ratio:>7.2}  {}",
                cost.cpu, cost.wall, cost.megabytes, cost.note
            );
        }
    }
}

fn generate(target: &Path, items: &str) {
    let example = std::env::current_exe().expect("this program").with_file_name("sample");
    let status = Command::new(example)
        .arg(target)
        .args(["--items", items])
        .status()
        .expect("build the sample example first");
    assert!(status.success(), "the generator failed");
}

/// One step over the folder's evidence.
fn one(name: &str, folder: &Path) -> String {
    let started = Instant::now();
    let note = match name {
        "reference" => reference(folder),
        "scan" => scan(folder, |_| 0),
        "head" => scan(folder, |bytes| {
            config_item::parse(bytes, None).map_or(0, |i| i.arn().len() + i.captured_at().len())
        }),
        "undo" => scan(folder, |bytes| config_item::parse(bytes, None).map_or(0, |item| undone(&item))),
        "collect" => gather(folder),
        "search" => search(folder),
        "assess" => assess(folder),
        other => panic!("no step is called {other}"),
    };
    used(started, note)
}

fn snapshots(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("in/snapshots")).expect("snapshots").flatten();
    entries.map(|e| e.path()).collect()
}

/// gunzip, and serde's `IgnoredAny` over each item: what any reader of this evidence must pay at least.
fn reference(folder: &Path) -> String {
    let mut count = 0u64;
    for path in snapshots(folder) {
        let input = run::plain(&path).expect("a snapshot");
        let walked = config_files::walk(input, |found| -> Result<(), config_files::ItemsFault> {
            if let Found::Item(bytes) = found {
                serde_json::from_slice::<serde::de::IgnoredAny>(bytes).expect("JSON");
                count += 1;
            }
            Ok(())
        });
        walked.expect("whole");
    }
    format!("gunzip + IgnoredAny per item, {count} items")
}

/// gunzip, our own splitting into items, and something with each: what loading pays before
/// anything is written.
fn scan(folder: &Path, mut each: impl FnMut(&[u8]) -> usize) -> String {
    let (mut count, mut bytes) = (0u64, 0);
    for path in snapshots(folder) {
        let input = run::plain(&path).expect("a snapshot");
        let walked = config_files::walk(input, |found| -> Result<(), config_files::ItemsFault> {
            if let Found::Item(item) = found {
                count += 1;
                bytes += each(item);
            }
            Ok(())
        });
        walked.expect("whole");
    }
    format!("gunzip + our item splitter, {count} items, {bytes} bytes of them looked at")
}

/// How long an item's two documents are as loading stores them.
fn undone(item: &config_item::Item<'_>) -> usize {
    let text = |raw: Option<&serde_json::value::RawValue>, undo: fn(&str, bool) -> Cow<'_, str>| {
        raw.map_or(0, |r| undo(r.get(), false).len())
    };
    text(item.configuration, encodings::document)
        + text(item.supplementary_configuration, encodings::supplementary)
}

fn open(folder: &Path) -> workspace::Workspace {
    workspace::open(folder).expect("a workspace")
}

fn gather(folder: &Path) -> String {
    let catalog = catalog::load(None).expect("the catalog");
    let workspace = open(folder);
    let reach = KeyReach { password: &|_, _| Ok(String::new().into()), kms: None };
    let sealer = affiant::pipeline::keys::sealer(
        &workspace,
        &workspace.decisions.workspace.seal,
        Clock::System.now(),
        &reach,
    )
    .expect("a key");
    let made = collect::run(
        &workspace,
        &catalog,
        collect::Origins {
            files: &[folder.join("in")],
            #[cfg(feature = "aws")]
            live: None,
            part: std::collections::BTreeSet::new(),
        },
        Clock::System,
        vec!["bench".into()],
        &sealer,
    )
    .expect("a run");
    format!("{} items stored and tallied", made.items)
}

fn the_run(folder: &Path) -> Reader {
    Reader::open_run(&run::find(&folder.join("evidence"), None).expect("a run")).expect("a run")
}

fn search(folder: &Path) -> String {
    let reader = the_run(folder);
    let scratch = folder.join("derived");
    std::fs::create_dir_all(&scratch).expect("a folder");
    let derived = assess::redacted(
        reader,
        &assess::cleared(&Decisions::default(), ""),
        &scratch,
        |_| Ok(None),
        |closed| Ok(closed.finish(&[])?),
    )
    .expect("a derived run");
    format!("secrets searched and replaced in {} files", derived.redactions.len())
}

/// Load into SQLite, make the tables, ask every check.
fn assess(folder: &Path) -> String {
    let derived = std::fs::read_dir(folder.join("derived")).into_iter().flatten().flatten().next();
    let reader = derived.map_or_else(|| the_run(folder), |d| Reader::open_run(&d.path()).expect("a run"));
    let catalog = catalog::load(None).expect("the catalog");
    let database = folder.join("evidence.sqlite");
    let assessment =
        assess::judge(&catalog, &Decisions::default(), &reader, None, &database).expect("an assessment");
    let rows: u64 = assessment.controls.iter().map(|c| c.counts.total()).sum();
    let size = std::fs::metadata(&database).map_or(0, |m| m.len()) >> 20;
    format!("{} resources loaded, {rows} results, database {size} MB", assessment.resources)
}

/// Times every query of tables and checks on the finished database of each size, slowest first. What it costs
/// to write the answers is not in it.
fn queries(sizes: &[&str]) {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for size in sizes {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().to_str().expect("UTF-8");
        generate(&dir.path().join("in"), size);
        for name in ["collect", "assess"] {
            let cost = step(&["--one", name, folder]);
            eprintln!("{size} items, {name}: {:.2} CPU s, {}", cost.cpu, cost.note);
        }
        for (query, seconds) in timed(&dir.path().join("evidence.sqlite")) {
            all.entry(query).or_default().push(seconds);
        }
    }
    println!(
        "{:>48} {}",
        "CPU milliseconds, by items",
        sizes.iter().map(|s| format!("{s:>9}")).collect::<String>()
    );
    let mut slowest: Vec<(&String, &Vec<f64>)> = all.iter().collect();
    slowest.sort_by(|a, b| b.1.last().partial_cmp(&a.1.last()).expect("times are numbers"));
    for (query, times) in slowest {
        let power = |pair: &[(f64, f64)]| (pair[1].1 / pair[0].1).ln() / (pair[1].0 / pair[0].0).ln();
        let points: Vec<(f64, f64)> =
            sizes.iter().map(|s| s.parse().expect("a number of items")).zip(times.iter().copied()).collect();
        let growth = points.windows(2).map(|pair| format!("  n^{:.1}", power(pair))).collect::<String>();
        println!(
            "{query:>48} {}{growth}",
            times.iter().map(|t| format!("{:>9.1}", t * 1000.0)).collect::<String>()
        );
    }
    for (at, size) in sizes.iter().enumerate() {
        println!(
            "{size} items: {:.2} CPU s in all",
            all.values().filter_map(|times| times.get(at)).sum::<f64>()
        );
    }
}

/// CPU seconds of this process so far (proc(5): nanoseconds on a processor).
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    text.split(' ').next().and_then(|n| n.parse::<f64>().ok()).expect("nanoseconds") / 1e9
}

/// Every query that made the database, which carries them, and what it costs to read its rows.
fn timed(database: &Path) -> Vec<(String, f64)> {
    let db = rusqlite::Connection::open(database).expect("the database");
    db.execute_batch(
        "PRAGMA cache_size = -65536; PRAGMA temp_store = FILE; SELECT sum(length(tags)) FROM resource;",
    )
    .expect("a database");
    let all = "SELECT 'table ' || name, sql FROM table_sql UNION ALL SELECT DISTINCT 'check ' || check_id, \
               sql FROM check_sql";
    let mut statement = db.prepare(all).expect("the queries are in it");
    let queries = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .expect("rows");
    let mut out = Vec::new();
    for (name, sql) in queries.map(|row| row.expect("text")) {
        let once = || {
            let started = processor();
            let mut asked = db.prepare(&sql).expect("it compiled before");
            let mut rows = asked.query([]).expect("it ran before");
            while rows.next().expect("it ran before").is_some() {}
            processor() - started
        };
        let first = once();
        out.push((name, if first < 1.0 { first.min(once()) } else { first }));
    }
    out
}

fn pages(sizes: &[&str]) {
    println!("{:>6} {:>9} {:>9} {:>9}", "pages", "CPU s", "MB", "ms/page");
    for size in sizes {
        let cost = step(&["--pdf", size]);
        // counted in a second process: what typst records for that takes more memory than the pages
        let passes = step(&["--passes", size]).note;
        let (made, words) = cost.note.split_once(' ').unwrap_or((&cost.note, ""));
        let count: f64 = made.parse().unwrap_or(1.0);
        println!(
            "{made:>6} {:>9.2} {:>9.1} {:>9.1}  {words}, {passes}",
            cost.cpu,
            cost.megabytes,
            cost.cpu * 1000.0 / count
        );
    }
}

#[cfg(feature = "pdf")]
fn pdf(what: &str) -> String {
    let started = Instant::now();
    let note = match what.parse() {
        Ok(pages) => bench_pdf::table(pages),
        Err(_) => bench_pdf::report(what),
    };
    used(started, note)
}

#[cfg(feature = "pdf")]
fn passes(what: &str) -> String {
    typst_timing::enable();
    pdf(what);
    used(Instant::now(), bench_pdf::passes())
}

#[cfg(not(feature = "pdf"))]
fn passes(_: &str) -> String {
    used(Instant::now(), "0 layout passes")
}

#[cfg(not(feature = "pdf"))]
fn pdf(_: &str) -> String {
    used(Instant::now(), "0 this build renders no PDF")
}

#[cfg(feature = "pdf")]
mod bench_pdf {
    //! A bare typst table over our fonts, and the report of a dossier, to compare their cost per page.

    use affiant::catalog;
    use affiant::model::dossier::Dossier;
    use affiant::render::{Templates, figures, pdf};

    fn templates() -> Templates {
        Templates::new(catalog::templates())
    }

    fn words(bytes: &[u8], what: &str) -> String {
        let pages = lopdf::Document::load_mem(bytes).expect("a PDF").get_pages().len();
        format!("{pages} {what}, {} kB", bytes.len() >> 10)
    }

    /// About as many pages of a bare table as asked for.
    pub fn table(pages: usize) -> String {
        let rows = pages * 47;
        let source = format!(
            "#set document(title: \"bench\")\n#set text(lang: \"en\", font: \"IBM Plex Sans\", size: 8pt)\n\
             #set page(paper: \"us-letter\")\n#for start in range(0, {rows}, step: 200) {{ table(columns: \
             (60pt, 1fr, 60pt), table.header([a], [b], [c]), ..range(start, calc.min(start + 200, {rows}\
             )).map(i => ([#i], [arn:aws:ec2:us-east-1:111122223333:volume/vol-#i], [met])).flatten()) }}"
        );
        let files = vec![("/bench.typ".into(), source.into_bytes())];
        let bytes =
            pdf::document("/bench.typ", files, "bench", "2026-09-30T12:00:00Z", &templates()).expect("a PDF");
        words(&bytes, "bare table")
    }

    pub fn report(dossier: &str) -> String {
        let text = std::fs::read(dossier).expect("a dossier");
        let dossier: Dossier = serde_json::from_slice(&text).expect("a dossier");
        let figures = figures::draw(&dossier, &templates()).expect("figures");
        let bytes = pdf::report(&dossier, &figures, &[], "us-letter", &templates()).expect("a PDF");
        words(&bytes, "report")
    }

    /// How often typst laid the whole document out until its pages answered their own questions alike.
    pub fn passes() -> String {
        let mut events = Vec::new();
        typst_timing::export_json(&mut events, |_| (String::new(), 0)).expect("memory takes all");
        let events: Vec<serde_json::Value> = serde_json::from_slice(&events).expect("JSON");
        let starts = events.iter().filter(|e| e["ph"] == "B");
        let mut names: Vec<&str> =
            starts.filter_map(|e| e["name"].as_str()).filter(|n| n.starts_with("iter (")).collect();
        names.sort_unstable();
        names.dedup();
        format!("{} layout passes", names.len())
    }
}
