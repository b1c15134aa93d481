//! A small package with everything a real one has: a run inside, reports, tables, all sealed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use affiant::seal::bag::{Extras, VERIFY_MD, is_outside, seal_bag_with};
use affiant::seal::pades::{self, Role};
use affiant::seal::verify::{Options, Report, State, verify};
use affiant::seal::verify_md;
use affiant::seal::{Contents, Signer, Trust, seal_bag, sign_detached};
use affiant::store::archive;
use affiant::store::atomic::{Access, Existing};
use affiant::store::bag::Payload;
use affiant::store::manifest::BagInfo;
use chrono::{DateTime, Utc};

use super::authority::noon;

pub const PDF: &[u8] = include_bytes!("../../fixtures/report.pdf");
pub const RUN_ID: &str = "2026-09-30T120000Z-0a1b2c3d";

pub use affiant::seal::verify::DESCRIPTIONS;

fn info(id: &str) -> BagInfo {
    BagInfo::new([
        ("Source-Organization", "Meridian Twin Systems (example)"),
        ("External-Identifier", id),
        ("Bagging-Date", "2026-09-30"),
        ("Affiant-Format", "1"),
    ])
}

fn description(id: &str) -> String {
    format!(r#"{{"format":1,"id":"{id}","organization":"Meridian Twin Systems (example)"}}"#)
}

fn run_at(parent: &Path, signer: &dyn Signer, at: DateTime<Utc>) -> PathBuf {
    let mut bag = Payload::create(parent, RUN_ID, Access::Private).unwrap();
    bag.add("data/run.json", &mut description(RUN_ID).as_bytes()).unwrap();
    bag.add("data/custody.jsonl", &mut &b"{\"path\":\"data/aws/x.json\"}\n"[..]).unwrap();
    bag.add(
        "data/aws/111122223333/us-east-1/rds/DescribeDBInstances.json",
        &mut &b"{\"DBInstances\":[]}"[..],
    )
    .unwrap();
    seal_bag(bag.close(info(RUN_ID)).unwrap(), signer, at, &[]).unwrap()
}

/// The package's folder.
pub fn package(parent: &Path, signer: &dyn Signer) -> PathBuf {
    package_of(
        parent,
        signer,
        &pades::sign(PDF, signer, noon(), Role::Certification, "Seals this report").unwrap(),
    )
}

pub fn package_of(parent: &Path, signer: &dyn Signer, pdf: &[u8]) -> PathBuf {
    package_with(parent, signer, pdf, &Extras::default(), noon())
}

pub fn package_with(
    parent: &Path,
    signer: &dyn Signer,
    pdf: &[u8],
    extras: &Extras<'_>,
    at: DateTime<Utc>,
) -> PathBuf {
    let runs = parent.join("runs");
    fs::create_dir_all(&runs).unwrap();
    let run = run_at(&runs, signer, at);
    let id = "meridian-2026-Q3";
    let html = b"<!doctype html><title>Report</title>";
    let mut bag = Payload::create(parent, id, Access::Shared).unwrap();
    bag.add("data/package.json", &mut description(id).as_bytes()).unwrap();
    bag.add("data/report/audit-package.pdf", &mut { pdf }).unwrap();
    bag.add("data/report/index.html", &mut &html[..]).unwrap();
    bag.add("data/report/index.html.p7s", &mut sign_detached(html, signer, at).unwrap().as_slice()).unwrap();
    bag.add("data/tables/evidence.sqlite", &mut &b"SQLite format 3\0"[..]).unwrap();
    for (path, bytes) in files(&run) {
        bag.add(&format!("data/evidence/{RUN_ID}/{path}"), &mut bytes.as_slice()).unwrap();
    }
    let instructions = verify_md(&Contents {
        id,
        certificate: signer.chain().signer(),
        pdf: Some("data/report/audit-package.pdf"),
        html: Some("data/report/index.html"),
        database: Some(("data/tables/evidence.sqlite", "SELECT count(*) FROM resource")),
        runs: &[&format!("data/evidence/{RUN_ID}")],
    });
    let tags = [(VERIFY_MD, instructions.as_bytes())];
    let extras = Extras {
        tags: &tags,
        authorities: extras.authorities,
        revocation: extras.revocation,
        previous: extras.previous,
    };
    seal_bag_with(bag.close(info(id)).unwrap(), signer, at, &extras).unwrap().path
}

/// A bag with no PDF: small, for tests that try every byte.
pub fn small(parent: &Path, signer: &dyn Signer) -> PathBuf {
    let mut bag = Payload::create(parent, "small", Access::Shared).unwrap();
    bag.add("data/package.json", &mut description("small").as_bytes()).unwrap();
    bag.add("data/a.gz", &mut &b"stored"[..]).unwrap();
    seal_bag(bag.close(info("small")).unwrap(), signer, noon(), &[]).unwrap()
}

pub fn zip(folder: &Path, target: &Path) -> PathBuf {
    archive::write(folder, "package", target, Existing::Replace).unwrap();
    target.to_owned()
}

pub fn check(path: &Path, trust: &Trust) -> Report {
    verify(path, &Options::new(trust, noon(), DESCRIPTIONS)).unwrap().report
}

/// The ids of failed steps, in order, without repeats in a row.
pub fn failures(report: &Report) -> Vec<&'static str> {
    let mut codes: Vec<_> = report
        .steps
        .iter()
        .filter(|s| s.outcome == affiant::seal::verify::Outcome::Fail)
        .map(|s| s.code.id())
        .collect();
    codes.dedup();
    codes
}

/// Fail closed: nobody may take this for a good package.
pub fn rejected(report: &Report) -> bool {
    report.integrity.state == State::Failed || report.authenticity.state == State::Failed
}

pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                found.insert(
                    path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

/// Rewrites the manifests of a folder so that every hash is right again: what an attacker does first.
pub fn rehash(folder: &Path) {
    use affiant::model::Digest;
    let all = files(folder);
    let listing = |keep: &dyn Fn(&str) -> bool, all: &BTreeMap<String, Vec<u8>>| -> String {
        all.iter()
            .filter(|(path, _)| keep(path))
            .map(|(path, bytes)| format!("{}  {path}\n", Digest::of(bytes)))
            .collect()
    };
    let payload = all.iter().filter(|(path, _)| path.starts_with("data/"));
    let (bytes, count) =
        payload.fold((0, 0), |(bytes, count), (_, content)| (bytes + content.len(), count + 1));
    let info = String::from_utf8(all["bag-info.txt"].clone()).unwrap();
    let info: String =
        info.lines().filter(|l| !l.starts_with("Payload-Oxum")).map(|l| format!("{l}\n")).collect();
    fs::write(folder.join("bag-info.txt"), format!("{info}Payload-Oxum: {bytes}.{count}\n")).unwrap();
    fs::write(folder.join("manifest-sha256.txt"), listing(&|path| path.starts_with("data/"), &all)).unwrap();
    let tags = |path: &str| !path.starts_with("data/") && !is_outside(path);
    fs::write(folder.join("tagmanifest-sha256.txt"), listing(&tags, &files(folder))).unwrap();
}

pub fn copy(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let target = to.join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
}
