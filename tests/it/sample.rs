//! The sample environments: every deliberate fault is found, nothing healthy is reported, for several seeds;
//! the vendor's few lapses are owned; and the run that is committed is the one that the generator makes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::harness::{NOW, Sandbox, files, generate, repository, sample};
use crate::spine::json;

fn faults(text: &str) -> BTreeSet<(String, String)> {
    let field = |line: &str, name: &str| {
        let rest = &line[line.find(name)? + name.len()..];
        let rest = rest.trim_start_matches([' ', '"']);
        Some(rest[..rest.find(['"', ','])?].to_string())
    };
    text.lines()
        .filter(|l| l.starts_with("- {id:"))
        .map(|l| (field(l, "check:").expect("a check"), field(l, "resource:").expect("a resource")))
        .collect()
}

/// Check and resource of every row that fails, or that somebody accepted.
fn failing(box_: &Sandbox) -> BTreeSet<(String, String)> {
    let assessment = json(&box_.affiant(&["assess", "--format", "json"]).out);
    let mut found = BTreeSet::new();
    for check in assessment["controls"]
        .as_array()
        .expect("controls")
        .iter()
        .flat_map(|c| c["checks"].as_array().expect("checks"))
    {
        for row in check["rows"].as_array().expect("rows") {
            if ["not met", "accepted"].contains(&row["verdict"].as_str().expect("a verdict")) {
                found.insert((
                    check["id"].as_str().expect("an id").to_string(),
                    row["resource"].as_str().expect("a resource").to_string(),
                ));
            }
        }
    }
    found
}

#[test]
fn every_fault_is_found_and_nothing_healthy_is_reported() {
    for seed in [1, 2, 3] {
        let box_ = Sandbox::default().workspace();
        box_.collect_sample(seed);
        let found = failing(&box_);
        let planted = faults(&fs::read_to_string(sample(seed).join("faults.yaml")).expect("the list"));
        assert!(planted.len() >= 180, "seed {seed} plants {}", planted.len());
        assert_eq!(found, planted, "seed {seed}");
    }
}

#[test]
fn the_sample_is_large_enough_and_in_awss_own_forms() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let assessment = json(&box_.affiant(&["assess", "--format", "json"]).out);
    let inventory = assessment["inventory"].as_array().expect("an inventory");
    let types: BTreeSet<&str> =
        inventory.iter().map(|i| i["resource_type"].as_str().expect("a type")).collect();
    assert!(types.len() >= 45, "{} types", types.len());
    assert!(assessment["resources"].as_u64() >= Some(250));
}

/// The same items in every form: the same failures. Only a delivered snapshot shows that a type is empty, so
/// the other forms may pass less, never more.
#[test]
fn the_three_envelopes_say_the_same() {
    let judged = |form: &str| {
        let box_ = Sandbox::default().workspace();
        generate(&box_.path().join("in"), &["--seed", "1", "--format", form]);
        box_.affiant(&["collect", "--snapshot", "in"]);
        let assessment = json(&box_.affiant(&["assess", "--format", "json"]).out);
        let mut rows = BTreeSet::new();
        for check in assessment["controls"]
            .as_array()
            .expect("controls")
            .iter()
            .flat_map(|c| c["checks"].as_array().expect("checks"))
        {
            for row in check["rows"].as_array().expect("rows") {
                rows.insert((
                    row["verdict"].to_string(),
                    check["id"].to_string(),
                    row["resource"].to_string(),
                ));
            }
        }
        rows
    };
    let of = |rows: &BTreeSet<(String, String, String)>, verdict: &str| -> BTreeSet<(String, String)> {
        rows.iter().filter(|r| r.0 == format!("\"{verdict}\"")).map(|r| (r.1.clone(), r.2.clone())).collect()
    };
    let snapshot = judged("snapshot");
    assert!(of(&snapshot, "met").len() > 200);
    for form in ["api", "rows"] {
        let other = judged(form);
        let lost: Vec<_> = of(&snapshot, "not met").difference(&of(&other, "not met")).cloned().collect();
        assert!(lost.iter().all(|row| of(&other, "not evidenced").contains(row)), "{form} loses {lost:?}");
        // a broken alarm chain is one that was not found, which takes a delivered snapshot to know
        let (chains, rest): (Vec<_>, Vec<_>) = lost.iter().partition(|row| row.0.contains("alarm-chain"));
        assert!(rest.len() <= 4 && chains.len() <= 13, "{form} loses {lost:?}");
        assert!(of(&other, "not met").is_subset(&of(&snapshot, "not met")), "{form} fails more");
        assert!(of(&other, "met").is_subset(&of(&snapshot, "met")), "{form} passes more than the snapshot");
    }
}

/// Of two runs, all but what no two keys share.
fn same_but_for_the_seal(made: &Path, committed: &Path) {
    let ours =
        |name: &String| !name.starts_with("seal/") && name != "VERIFY.md" && name != "tagmanifest-sha256.txt";
    let (a, b) = (files(made), files(committed));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in a.iter().filter(|(name, _)| ours(name)) {
        assert!(bytes == &b[name], "{name} differs from the committed run");
    }
}

/// The committed runs of two quarters, made again: the same bytes but for its seal, which no two keys share.
#[test]
fn the_committed_runs_are_what_the_generator_makes() {
    let box_ = Sandbox::default().vendor();
    fs::remove_dir_all(box_.path().join("documents")).expect("its papers come with the sample");
    generate(&box_.path().join("target/earlier"), &["--seed", "1", "--story", "--earlier"]);
    generate(&box_.path().join("target/sample"), &["--seed", "1", "--story"]);
    for (folder, now) in [("target/earlier", "2026-06-30T12:00:00Z"), ("target/sample", NOW)] {
        let clock = [("AFFIANT_PINNED_CLOCK", now)];
        let ran = box_.affiant_with(&["collect", "--snapshot", folder], &clock);
        let made = std::path::PathBuf::from(ran.out.trim());
        let committed = repository().join("evidence").join(made.file_name().expect("a name"));
        assert!(committed.is_dir(), "{} is not committed; see docs/src/evidence.md", committed.display());
        same_but_for_the_seal(&made, &committed);
    }
    let listed = fs::read_to_string(repository().join("evidence/sample-faults.yaml")).expect("committed");
    assert_eq!(
        faults(&listed),
        faults(&fs::read_to_string(box_.path().join("target/sample/faults.yaml")).expect("made"))
    );
}

/// The well-run vendor: exactly its lapses fail, three controls have none, and each failing row's risk has an
/// owner, a confirmed score and a date to come.
#[test]
fn the_vendor_fails_in_its_lapses_alone_and_owns_them() {
    for seed in ["1", "2", "3"] {
        let box_ = Sandbox::default().vendor();
        generate(&box_.path().join("in"), &["--seed", seed, "--story"]);
        box_.affiant(&["collect", "--snapshot", "in"]);
        let planted = faults(&fs::read_to_string(box_.path().join("in/faults.yaml")).expect("the list"));
        assert!((20..=30).contains(&planted.len()), "seed {seed} plants {}", planted.len());
        assert_eq!(failing(&box_), planted, "seed {seed}");
    }
}

/// The quarter before fails in its own lapses alone, and none of its times is later than itself.
#[test]
fn the_quarter_before_fails_in_its_own_lapses_alone() {
    let later = regex::Regex::new("2026-0[7-9]-[0-3][0-9]T").expect("a pattern");
    for seed in ["1", "2", "3"] {
        let box_ = Sandbox::default().vendor();
        let folder = box_.path().join("in");
        generate(&folder, &["--seed", seed, "--story", "--earlier"]);
        let clock = [("AFFIANT_PINNED_CLOCK", "2026-06-30T12:00:00Z")];
        box_.affiant_with(&["collect", "--snapshot", "in"], &clock);
        let planted = faults(&fs::read_to_string(folder.join("faults.yaml")).expect("the list"));
        assert_eq!(failing(&box_), planted, "seed {seed}");
        for (name, bytes) in files(&folder) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(!later.is_match(&text), "{name} is of a later time: {:?}", later.find(&text));
        }
    }
}

#[test]
fn everything_open_at_the_vendor_is_owned_scored_and_dated() {
    let box_ = Sandbox::default().vendor();
    for (name, bytes) in files(&repository().join("evidence")) {
        box_.write(&format!("evidence/{name}"), bytes);
    }
    let lint = box_.affiant(&["lint"]).exits(0);
    assert_eq!(lint.out.trim(), "no problems", "{}", lint.err);
    let assessment = json(&box_.affiant(&["assess", "--format", "json"]).out);
    let clean = |control: &&serde_json::Value| {
        let checks = control["checks"].as_array().expect("checks").iter();
        checks.flat_map(|c| c["rows"].as_array().expect("rows")).all(|row| row["verdict"] != "not met")
    };
    let clean = assessment["controls"].as_array().expect("controls").iter().filter(clean).count();
    assert!((3..=4).contains(&clean), "{clean} controls have no failing row");
    let listed = json(&box_.affiant(&["risks", "list", "--format", "json"]).out);
    for risk in listed["risks"].as_array().expect("risks") {
        let owned = !risk["owner"].as_str().unwrap_or_default().is_empty()
            && !risk["confirmed"].as_str().unwrap_or_default().is_empty();
        assert!(owned && risk["due"].as_str() > Some("2026-09-30"), "{risk}");
    }
}
