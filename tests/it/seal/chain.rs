//! Years of runs in one folder: a whole chain, and the ways in which one can be broken.

use std::fs;
use std::path::{Path, PathBuf};

use affiant::model::Digest;
use affiant::pipeline::chain::{Walked, walk};
use affiant::pipeline::verify::Pins;
use affiant::seal::bag::{Extras, TIMESTAMP, seal_bag_with};
use affiant::seal::{Authorities, Signer};
use affiant::store::atomic::Access;
use affiant::store::bag::Payload;
use affiant::store::manifest::BagInfo;
use chrono::{Duration, Utc};

use super::authority::{self, Identity};
use super::fixture;
use super::tsa::Tsa;

struct Years {
    dir: tempfile::TempDir,
    identity: Identity,
}

impl Years {
    fn new() -> Years {
        Years {
            dir: tempfile::tempdir().unwrap(),
            identity: authority::self_signed(&authority::person("Jordan Example")),
        }
    }

    /// A run of a month of 2026; returns its folder and manifest.
    fn run(
        &self,
        month: u32,
        note: &str,
        previous: Option<Digest>,
        authorities: Option<&Authorities>,
        before: Option<&Path>,
    ) -> (PathBuf, Digest) {
        let id = format!("2026-{month:02}-01T120000Z-0a1b2c3d");
        let catalog = Digest::of(b"catalog");
        let record = serde_json::json!({
            "format": "affiant.run/1", "id": id, "sample": false, "command": [note],
            "configuration": null, "catalog": catalog,
            "program": { "name": "affiant", "version": "0.1.0", "commit": "none", "binary": null },
            "callers": [], "started": format!("2026-{month:02}-01T12:00:00Z"),
            "ended": format!("2026-{month:02}-01T12:30:00Z"), "clock": "system",
            "accounts": ["111122223333"], "regions": ["us-east-1"], "previous": previous,
            "derived_from": null, "redactor": null,
        });
        let parent = self.dir.path().join(note);
        let mut bag = Payload::create(&parent, &id, Access::Private).unwrap();
        bag.add("data/run.json", &mut record.to_string().as_bytes()).unwrap();
        let info = BagInfo::new([
            ("External-Identifier", id.as_str()),
            ("Affiant-Format", "affiant.run/1"),
            ("Affiant-Clock", "system"),
            ("Affiant-Sample", "false"),
            ("Affiant-Catalog", &catalog.to_string()),
        ]);
        let previous = before.and_then(|run| fs::read(run.join(TIMESTAMP)).ok());
        let extras = Extras { authorities, previous: previous.as_deref(), ..Extras::default() };
        let signer = self.identity.signer();
        let path = seal_bag_with(bag.close(info).unwrap(), &signer as &dyn Signer, Utc::now(), &extras)
            .unwrap()
            .path;
        let manifest = Digest::of(&fs::read(path.join("manifest-sha256.txt")).unwrap());
        (path, manifest)
    }

    fn walk(&self, tsa: Option<&Tsa>) -> Walked {
        let pem = self.identity.certificate.to_pem();
        let root = tsa.map(|tsa| fs::read_to_string(tsa.root()).unwrap());
        walk(
            self.dir.path(),
            &Pins::read(Some(&pem), root.as_deref(), &[]).unwrap(),
            Utc::now() + Duration::minutes(1),
        )
        .unwrap()
    }
}

fn kinds(walked: &Walked) -> Vec<&'static str> {
    walked.findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn a_whole_chain_bounds_each_run_between_two_timestamps() {
    let (years, tsa) = (Years::new(), Tsa::start());
    let (authorities, mut before, mut previous) = (tsa.authorities(), None, None);
    for month in 1..=4 {
        let (path, manifest) = years.run(month, "evidence", previous, Some(&authorities), before.as_deref());
        (before, previous) = (Some(path), Some(manifest));
    }
    fixture::zip(&before.unwrap(), &years.dir.path().join("copy.zip"));
    let walked = years.walk(Some(&tsa));
    assert_eq!(kinds(&walked), Vec::<&str>::new(), "{walked:#?}");
    assert_eq!(walked.links.len(), 4);
    assert_eq!(walked.links[3].places.len(), 2, "the archive is the same run");
    assert!(
        walked.links[0].sealed_after.is_none() && walked.links.iter().all(|link| link.existed_by.is_some())
    );
    for pair in walked.links.windows(2) {
        assert!(pair[1].sealed_after.unwrap() <= pair[0].existed_by.unwrap());
    }
}

#[test]
fn forks_gaps_and_rewritten_runs_are_named() {
    let years = Years::new();
    let (_, first) = years.run(1, "evidence", None, None, None);
    let (second_path, second) = years.run(2, "evidence", Some(first), None, None);
    years.run(3, "evidence", Some(second), None, None);
    assert_eq!(kinds(&years.walk(None)), Vec::<&str>::new());
    years.run(4, "fork", Some(second), None, None);
    assert_eq!(kinds(&years.walk(None)), ["fork"]);
    fs::remove_dir_all(years.dir.path().join("fork")).unwrap();
    years.run(2, "rewritten", Some(first), None, None);
    assert_eq!(kinds(&years.walk(None)), ["rewritten"]);
    fs::remove_dir_all(years.dir.path().join("rewritten")).unwrap();
    years.run(12, "later", Some(Digest::of(b"nowhere")), None, None);
    assert_eq!(kinds(&years.walk(None)), ["gap"]);
    fs::remove_dir_all(years.dir.path().join("later")).unwrap();
    fs::remove_dir_all(&second_path).unwrap();
    assert_eq!(kinds(&years.walk(None)), ["gap"]);
    years.run(2, "evidence", Some(first), None, None);
    let third = years.dir.path().join("evidence/2026-03-01T120000Z-0a1b2c3d/data/run.json");
    fs::write(&third, fs::read_to_string(&third).unwrap().replace("us-east-1", "us-west-2")).unwrap();
    assert_eq!(kinds(&years.walk(None)), ["failed"]);
}

#[test]
fn a_run_that_began_before_its_predecessor_ended_is_named() {
    let years = Years::new();
    let (_, june) = years.run(6, "evidence", None, None, None);
    years.run(5, "evidence", Some(june), None, None);
    assert_eq!(kinds(&years.walk(None)), ["order"]);
}
