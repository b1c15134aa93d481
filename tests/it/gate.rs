//! What gates a pipeline: exit codes that say one thing, drafts that say what they are, and the
//! recipe of the book.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::harness::{Sandbox, item};

/// Evidence of one volume, where only volumes are recorded: all else is a gap.
fn volume(box_: &Sandbox, folder: &str, encrypted: bool) {
    box_.snapshot(folder, &[item("AWS::EC2::Volume", "vol-1", json!({ "encrypted": encrypted }))]);
    // who records what is not in the evidence
    let recorders = box_
        .path()
        .join(folder)
        .join("aws/111122223333/us-east-1/config/DescribeConfigurationRecorders.json");
    fs::remove_file(recorders).expect("written beside the snapshot");
}

/// A run with one failing volume, and gaps: only one type of one region was delivered.
fn failing() -> Sandbox {
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    volume(&box_, "in", false);
    box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
    box_
}

#[test]
fn findings_win_over_what_is_missing_and_gaps_can_be_allowed() {
    let box_ = failing();
    for (args, code) in [
        (&[][..], 3),
        (&["--fail-on", "critical"], 3),
        (&["--fail-on", "high"], 1),
        (&["--fail-on", "low", "--allow-gaps"], 1),
        (&["--fail-on", "critical", "--allow-gaps"], 0),
        (&["--allow-gaps"], 0),
        (&["--max-gaps", "100000"], 0),
        (&["--max-gaps", "0"], 3),
    ] {
        let all: Vec<&str> = ["assess"].iter().chain(args).copied().collect();
        assert_eq!(box_.affiant(&all).code, code, "{args:?}");
    }
    let help = box_.affiant(&["--help"]).exits(0).out;
    for line in ["Exit codes:", "1  findings at or above --fail-on", "5  could not finish"] {
        assert!(help.contains(line), "{line}:\n{help}");
    }
}

#[test]
fn lost_output_is_no_success_and_a_closed_pipe_is_no_fault() {
    let run = |args: &[&str], out: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_affiant"));
        command.args(args).env_clear().stdout(out).stderr(Stdio::piped());
        crate::harness::ran(command.output().expect("the program starts"))
    };
    for args in [&["controls", "list"][..], &["--help"], &["help", "assess"], &["--version"]] {
        let Ok(full) = fs::File::options().write(true).open("/dev/full") else { return };
        let ran = run(args, full.into());
        assert_eq!(ran.code, 5, "{args:?}: {}", ran.err);
        assert!(ran.err.contains("standard output could not be written"), "{args:?}: {}", ran.err);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        assert_eq!(run(args, writer.into()).code, 0, "{args:?}");
    }
}

#[test]
fn quiet_says_nothing_but_data_and_problems() {
    let box_ = failing();
    let quiet = box_.affiant(&["--quiet", "package"]).exits(0).err;
    // a warning with its place, its line and what to write
    assert!(quiet.lines().all(|line| line.starts_with("warning: ") || line.starts_with("  ")), "{quiet}");
    let ran = box_.affiant(&["--quiet", "assess", "no-such-run"]).exits(2);
    assert!(ran.err.contains("no run `no-such-run`"), "{}", ran.err);
    let coloured = box_.affiant(&["--color", "always", "assess"]).out;
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    assert!(!box_.affiant(&["assess"]).out.contains("\u{1b}["));
}

/// A starter with a few values filled in is not sealed; a draft of it says what it is on every page
/// and in every record.
#[test]
fn a_placeholder_is_not_sealed_and_a_draft_says_so() {
    let box_ = failing();
    let small = fs::read_to_string(box_.path().join("affiant.yaml")).expect("a file");
    box_.write("affiant.yaml", small.replace("name: Small Example", "name: \"<organization>\""));
    box_.write(
        "program/risks.yaml",
        "format: affiant.risks/1\nentries:\n  - match: { control: encryption-at-rest }\n    owner: A B\n    \
         treatment: mitigate\n    confirmed_by: <name>\n    confirmed_on: <YYYY-MM-DD>\n",
    );
    for command in ["package", "lint"] {
        let ran = box_.affiant(&[command]).exits(2);
        for place in ["affiant.yaml:2:", "program/risks.yaml:6:19:", "program/risks.yaml:7:19:"] {
            assert!(ran.err.contains(place), "{command} {place}: {}", ran.err);
        }
    }
    assert!(!box_.path().join("packages").exists(), "nothing was made");
    let made = box_.affiant(&["package", "--draft"]).exits(0);
    let zip = box_.path().join(made.out.lines().find_map(|l| l.strip_prefix("ZIP")).expect("a ZIP").trim());
    assert!(zip.to_string_lossy().ends_with("-draft.zip"), "{}", zip.display());
    let folder = zip.with_extension("");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect(name);
    assert!(read("bag-info.txt").contains("Affiant-Draft: true"));
    assert_eq!(crate::spine::json(&read("data/package.json"))["draft"], json!(true));
    let page = read("data/report/index.html");
    assert!(page.contains("<b>DRAFT.</b>") && page.contains("<title>DRAFT: "));
    let again = box_.affiant(&["verify", zip.to_str().expect("UTF-8"), "--recompute"]);
    assert!(again.code == 3 && !again.out.contains("differs"), "{}{}", again.out, again.err);
}

/// The second recipe: what is known stops no pipeline, what is worse than before does.
#[test]
fn what_is_worse_than_before_gates_alone() {
    let page = fs::read_to_string(crate::harness::repository().join("docs/src/pipeline.md")).expect("a page");
    let line = page.split("```sh\n").nth(2).and_then(|rest| rest.lines().next()).expect("a script");
    let typed = line.split(" #").next().unwrap_or_default().trim();
    let args: Vec<&str> = typed.split_whitespace().skip(1).collect();
    assert!(typed.starts_with("affiant ") && args.contains(&"--fail-on"), "{line}");
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    for (minute, encrypted, code) in
        [(0, true, None), (1, true, Some(0)), (2, false, Some(1)), (3, false, Some(0))]
    {
        volume(&box_, "export", encrypted);
        let now = format!("2026-09-30T12:0{minute}:00Z");
        let pinned = [("AFFIANT_PINNED_CLOCK", now.as_str())];
        box_.affiant_with(&["collect", "--snapshot", "export"], &pinned).exits(3);
        if let Some(code) = code {
            let ran = box_.affiant_with(&args, &pinned);
            assert_eq!(ran.code, code, "{minute}: {}{}", ran.out, ran.err);
        }
    }
}

/// The commands of the book's recipe, in order: a new critical finding stops the pipeline, an
/// accepted one does not.
#[test]
fn the_recipe_of_the_book_runs() {
    let page = fs::read_to_string(crate::harness::repository().join("docs/src/pipeline.md")).expect("a page");
    let script = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a script");
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    // a minute apart, so that the newest run is the one just made
    let run = |minute: u8, encrypted: bool| {
        let now = format!("2026-09-30T12:0{minute}:00Z");
        volume(&box_, "export", encrypted);
        let path = format!(
            "{}:{}",
            env!("CARGO_BIN_EXE_affiant").rsplit_once('/').expect("a folder").0,
            "/usr/bin:/bin"
        );
        let mut command = Command::new("sh");
        command
            .args(["-eu", "-c", script])
            .current_dir(box_.path())
            .env_clear()
            .env("PATH", path)
            .env("AFFIANT_PINNED_CLOCK", now);
        crate::harness::ran(command.output().expect("sh"))
    };
    let bad = run(0, false);
    assert_eq!(bad.code, 1, "{}{}", bad.out, bad.err);
    let report = crate::spine::json(
        &fs::read_to_string(box_.path().join("affiant-assessment.json")).expect("published"),
    );
    assert_eq!(report["format"], "affiant.assessment/1");
    let exception = |check: &str, resource: &str| {
        format!(
            "  - check: {check}\n    resource: \"{resource}\"\n    approver: A B\n    owner: C D\n    \
             reason: r\n    accepted: 2026-09-01\n    expires: 2026-12-31\n"
        )
    };
    let disk = exception("ec2.volume-encrypted", "arn:aws:ec2:us-east-1:111122223333:vol-1");
    box_.write("program/exceptions.yaml", format!("exceptions:\n{disk}"));
    let accepted = run(1, false);
    assert_eq!(accepted.code, 0, "{}{}", accepted.out, accepted.err);
    box_.write("program/exceptions.yaml", "exceptions: []\n");
    let sound = run(2, true);
    assert_eq!(sound.code, 0, "{}{}", sound.out, sound.err);
    assert!(
        fs::read_dir(box_.path().join("packages/2026-Q3")).expect("packages").count() > 0,
        "the package is kept"
    );
}
