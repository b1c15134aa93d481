//! Puts the estate on disk: one stream of items for each region, the answers, the documents, and the lists
//! of what was planted.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};

use crate::clones::Clones;
use crate::documents;
use crate::earlier;
use crate::envelope::{Format, encode};
use crate::estate::Estate;
use crate::ledger;
use crate::moment::SNAPSHOT;
use crate::options::Options;
use crate::region::{ACCOUNT, Region};
use crate::rng::Rng;

/// Bytes collected before they go to the compressor.
const CHUNK: usize = 256 * 1024;

pub fn write(options: &Options) -> io::Result<()> {
    let mut estate = Estate::furnish(options.seed, options.story);
    if options.earlier {
        earlier::rewind(&mut estate);
    }
    let mut paths = Vec::new();
    let extra = options.items.map_or(0, |wanted| wanted.saturating_sub(estate.east.items.len()));
    for (region, extra) in [(&mut estate.east, extra), (&mut estate.west, 0)] {
        let path = told(options, item_path(options, region));
        items(options, region, &path, extra)?;
        eprintln!("{}: {} items", region.name, region.items.len() + extra);
        paths.push((region.name, path));
    }
    // many items measure what there is now; history would be judged beside them
    let wanted = |path: &str| options.items.is_none() || !path.contains("_ConfigHistory_");
    for (path, bytes) in estate.story.answers.iter().filter(|(path, _)| wanted(path)) {
        match std::str::from_utf8(bytes) {
            Ok(text) if options.earlier => file(&options.out, path, earlier::back(text).as_bytes())?,
            _ => file(&options.out, path, bytes)?,
        }
    }
    // what people wrote is kept once, with the latest quarter
    for (name, text) in documents::of(options.story).into_iter().filter(|_| !options.earlier) {
        file(&options.out, &format!("documents/{name}"), text.as_bytes())?;
    }
    file(&options.out, "faults.yaml", ledger::faults(&estate.story).as_bytes())?;
    file(&options.out, "secrets.yaml", ledger::secrets(&estate, &paths).as_bytes())
}

/// A text as it was in the quarter that is asked for.
fn told(options: &Options, text: String) -> String {
    if options.earlier { earlier::back(&text) } else { text }
}

/// Where the items of a region go, below the output folder: named as AWS Config names a delivered snapshot,
/// so that the account and region show.
fn item_path(options: &Options, region: &Region) -> String {
    let id = Rng::labelled(options.seed, &format!("snapshot {}", region.name)).uuid();
    let (kind, end) = match options.format {
        Format::Snapshot => ("ConfigSnapshot", "json.gz"),
        Format::Api => ("ConfigItems", "json"),
        Format::Rows => ("ConfigRows", "json"),
    };
    format!("snapshots/{ACCOUNT}_Config_{}_{kind}_{}_{id}.{end}", region.name, SNAPSHOT.compact())
}

fn items(options: &Options, region: &mut Region, path: &str, extra: usize) -> io::Result<()> {
    let full = prepare(&options.out, path)?;
    let file = BufWriter::with_capacity(CHUNK, File::create(full)?);
    let (head, tail) = frame(options.format, path);
    if options.format != Format::Snapshot {
        return stream(options, region, file, (&head, tail), extra)?.flush();
    }
    let level = if extra > 0 { Compression::fast() } else { Compression::default() };
    let gzip = GzBuilder::new().mtime(0).write(file, level);
    stream(options, region, gzip, (&head, tail), extra)?.finish()?.flush()
}

/// What stands before and after the list.
fn frame(format: Format, path: &str) -> (String, &'static str) {
    match format {
        Format::Snapshot => {
            let id = path.rsplit('_').next().unwrap_or_default().trim_end_matches(".json.gz");
            (
                format!("{{\"fileVersion\":\"1.0\",\"configSnapshotId\":\"{id}\",\"configurationItems\":["),
                "]}",
            )
        }
        Format::Api => ("{\"configurationItems\": [\n".into(), "\n]}\n"),
        Format::Rows => (
            "{\"Results\": [\n".into(),
            concat!(
                "\n], \"QueryInfo\": {\"SelectFields\": [",
                "{\"Name\": \"accountId\"}, {\"Name\": \"awsRegion\"}, {\"Name\": \"arn\"}, \
                 {\"Name\": \"availabilityZone\"}, ",
                "{\"Name\": \"configurationItemCaptureTime\"}, {\"Name\": \"configurationItemStatus\"}, \
                 {\"Name\": \"configurationStateId\"}, ",
                "{\"Name\": \"resourceCreationTime\"}, {\"Name\": \"resourceId\"}, \
                 {\"Name\": \"resourceName\"}, {\"Name\": \"resourceType\"}, ",
                "{\"Name\": \"version\"}, {\"Name\": \"configuration\"}, {\"Name\": \
                 \"supplementaryConfiguration\"}, {\"Name\": \"tags\"}, {\"Name\": \"relationships\"}]}}\n"
            ),
        ),
    }
}

/// Head, the region's own items, `extra` clones, tail.
fn stream<W: Write>(
    options: &Options,
    region: &mut Region,
    mut out: W,
    (head, tail): (&str, &str),
    extra: usize,
) -> io::Result<W> {
    let own: Vec<String> = region
        .items
        .iter()
        .filter_map(|item| encode(item, options.format))
        .map(|text| told(options, text))
        .collect();
    let mut text = Vec::with_capacity(2 * CHUNK);
    text.extend_from_slice(head.as_bytes());
    text.extend_from_slice(own.join(",\n").as_bytes());
    if extra > 0 {
        clones(options, region, &mut out, &mut text, extra)?;
    }
    text.extend_from_slice(tail.as_bytes());
    out.write_all(&text)?;
    Ok(out)
}

fn clones<W: Write>(
    options: &Options,
    region: &mut Region,
    out: &mut W,
    text: &mut Vec<u8>,
    mut left: usize,
) -> io::Result<()> {
    let mut clones = Clones::new(region, options.format, Rng::labelled(options.seed, "clones"));
    while left > 0 {
        left -= clones.next(text, left);
        if text.len() >= CHUNK {
            out.write_all(text)?;
            text.clear();
        }
    }
    Ok(())
}

fn file(out: &Path, path: &str, bytes: &[u8]) -> io::Result<()> {
    fs::write(prepare(out, path)?, bytes)
}

/// The full path, its folder made.
fn prepare(out: &Path, path: &str) -> io::Result<PathBuf> {
    let full = out.join(path);
    if let Some(folder) = full.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(full)
}
