//! The answers as PDF and HTML: certified for exactly the approved answers, watermarked and unsigned as a
//! draft, with an index whose digests are those of the package's files, and no text of a buyer or of a
//! statement that becomes markup.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use affiant::model::digest::Digest;

use crate::harness::{Ran, Sandbox};
use crate::machine::exported;

const HOSTILE: &str = "Everyone was checked </p><img src=x onerror=alert(1)// #panic(`x`) $1$ *b* \
                       [l](u) @a \\u{202e}{{ 7*7 }} & 漢字.";

/// The sheet of statements, with an approval of these answers where there is a digest.
fn statements(box_: &Sandbox, digest: &str) {
    let words = serde_json::to_string(HOSTILE).expect("JSON").replace("\\\\u{202e}", "\\u202e");
    let approved = match digest {
        "" => String::new(),
        digest => format!(
            "approved: {{ by: Rowan Example, role: Chief executive, on: 2026-09-30, \
             answers: \"{digest}\" }}\n"
        ),
    };
    let text = format!(
        "format: affiant.answers/1\nstatements:\n  - question: background-checks\n    \
         answer: yes\n    words: {words}\n    by: Casey Example\n    role: Security official\n    \
         on: 2026-09-01\n    valid_until: 2027-09-01\n{approved}"
    );
    box_.write("said.yaml", text);
}

fn answer(box_: &Sandbox, out: &str, more: &[&str]) -> Ran {
    let zip = exported().zip.display().to_string();
    box_.affiant(
        &[&["answer", &zip, "--statements", "said.yaml", "--output", out, "--pdf", "--html"], more].concat(),
    )
}

/// A workspace that drafted and then approved its answers, in `draft` and `out`.
fn approved() -> (Sandbox, String) {
    let box_ = Sandbox::default().workspace();
    statements(&box_, "");
    let draft = answer(&box_, "draft", &["--draft"]).exits(3);
    let digest = draft.err.split("answers: \"").nth(1).expect("a digest")[..12].to_string();
    statements(&box_, &digest);
    answer(&box_, "out", &[]).exits(3);
    (box_, digest)
}

fn read(box_: &Sandbox, name: &str) -> Vec<u8> {
    fs::read(box_.path().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn pdf_text(path: &Path) -> String {
    let ran =
        Command::new("pdftotext").arg("-raw").arg(path).arg("-").output().expect("pdftotext is installed");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[test]
fn approved_answers_are_certified_and_a_draft_is_marked_and_unsigned() {
    let (box_, digest) = approved();
    let report = affiant::seal::pades::verify(&read(&box_, "out/answers.pdf"));
    assert_eq!(report.signatures.len(), 1);
    assert!(report.problems.is_empty() && report.signatures[0].facts.is_ok(), "{:?}", report.problems);
    assert!(
        affiant::seal::pades::verify(&read(&box_, "draft/answers-draft.pdf")).signatures.is_empty(),
        "nobody signs a draft"
    );
    assert!(!box_.path().join("draft/answers-draft.html.p7s").exists());
    let text = pdf_text(&box_.path().join("out/answers.pdf"));
    assert!(
        text.contains("Rowan Example, Chief executive, on 2026-09-30") && text.contains(&digest),
        "{text}"
    );
    assert!(!text.contains("DRAFT"));
    let draft = pdf_text(&box_.path().join("draft/answers-draft.pdf"));
    let pages = draft.matches('\u{c}').count();
    assert!(
        pages > 5 && draft.matches("DRAFT: approved by nobody").count() == pages,
        "every page says so at its foot"
    );
    // turned letters come one by one
    assert!(draft.matches("D\nR\nA").count() >= pages, "and across it");
    // stock openssl checks the page by its signature
    let certificate = box_.path().join(".affiant/seal/certificate.pem").display().to_string();
    let args = [
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "answers.html.p7s",
        "-content",
        "answers.html",
        "-CAfile",
    ];
    let check = || {
        let mut command = Command::new("openssl");
        command
            .args(args)
            .arg(&certificate)
            .args(["-purpose", "any", "-out", "/dev/null"])
            .current_dir(box_.path().join("out"));
        command.output().expect("openssl is installed").status.success()
    };
    assert!(check());
    let page = String::from_utf8(read(&box_, "out/answers.html")).expect("UTF-8");
    box_.write("out/answers.html", page.replace("Rowan Example", "Robin Example"));
    assert!(!check(), "another approver is another page");
    // an approval of other answers gives nothing
    statements(&box_, "0123456789ab");
    answer(&box_, "none", &[]).exits(2);
    assert!(!box_.path().join("none").exists());
}

#[test]
fn the_index_names_the_files_of_the_package_and_every_reference_leads_into_it() {
    let (box_, _) = approved();
    let html = String::from_utf8(read(&box_, "out/answers.html")).expect("UTF-8").replace("<wbr>", "");
    let row = regex::Regex::new(r#"(?s)<tr id="(X\d+)">.*?<code>([^\n<]+)\n([0-9a-f]{64})</code>"#)
        .expect("a pattern");
    let folder = exported().zip.with_extension("");
    let (mut rows, mut opened) = (BTreeSet::new(), 0);
    for found in row.captures_iter(&html) {
        rows.insert(found[1].to_string());
        if &found[2] == "said.yaml" {
            assert_eq!(Digest::of(&read(&box_, "said.yaml")).to_string(), found[3]);
            continue;
        }
        let bytes = fs::read(folder.join(&found[2])).unwrap_or_else(|e| panic!("{}: {e}", &found[2]));
        assert_eq!(Digest::of(&bytes).to_string(), found[3], "{}", &found[2]);
        opened += 1;
    }
    assert!(opened > 30, "{opened}");
    let link = regex::Regex::new(r##"href="#(X\d+)""##).expect("a pattern");
    let links: BTreeSet<String> = link.captures_iter(&html).map(|c| c[1].to_string()).collect();
    assert_eq!(links, rows, "each row is cited, and each citation has its row");
    let text = pdf_text(&box_.path().join("out/answers.pdf"));
    for name in &rows {
        assert!(text.contains(&format!("\n{name}")), "{name} is in the PDF's index");
    }
}

#[test]
fn text_of_a_buyer_or_of_a_statement_stays_text() {
    let box_ = Sandbox::default().workspace();
    statements(&box_, "");
    let asked = "Is </td><script>alert(1)</script> #import \"/etc/passwd\" $x$ required for administrators, \
                 {% include 'x' %}?";
    let quoted = asked.replace('"', "\"\"");
    box_.write(
        "buyer.csv",
        format!("No,Question,Response,Comments\n1,\"{quoted}\",,\n2,\"{}\",,\n", "W".repeat(3000)),
    );
    let zip = exported().zip.display().to_string();
    box_.affiant(&["answer", &zip, "--questionnaire", "buyer.csv"]).exits(0);
    let map = fs::read_to_string(box_.path().join("buyer.csv.affiant.yaml")).expect("a map");
    box_.write("buyer.csv.affiant.yaml", map.replacen("pick: \"\"", "pick: mfa", 1));
    answer(&box_, "out", &["--draft", "--questionnaire", "buyer.csv"]).exits(3);
    let html = String::from_utf8(read(&box_, "out/answers-draft.html")).expect("UTF-8");
    for tag in ["<script", "<img", "{{", "onerror=\""] {
        assert!(!html.replace("{{ 7*7 }}", "").contains(tag), "{tag}");
    }
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt;")
            && html.contains("{{ 7*7 }}")
            && html.contains("\\u{202e}")
    );
    assert!(
        html.contains("Content-Security-Policy")
            && html.contains("default-src 'none'")
            && !html.contains("unsafe-inline")
    );
    let text = pdf_text(&box_.path().join("out/answers-draft.pdf"));
    let flat = text.replace('\n', " ");
    for piece in ["#import", "$x$ required", "#panic(`x`)", "$1$ *b* [l](u) @a", "[U+6F22]"] {
        assert!(flat.contains(piece) || flat.contains(&piece.replace('`', "")), "{piece}: {text}");
    }
    // the same answers give the same bytes
    answer(&box_, "again", &["--draft", "--questionnaire", "buyer.csv"]).exits(3);
    for name in ["answers-draft.html", "answers-draft.pdf"] {
        assert_eq!(read(&box_, &format!("out/{name}")), read(&box_, &format!("again/{name}")), "{name}");
    }
}

const INQUIRY: &str = r#"{"queries": [
  {"queryIdentifier": 1, "query": "Are data centers guarded?",
   "response": "=1+1 <b onclick=x>Yes</b> #panic()", "reviewType": "HUMAN",
   "status": "COMPLETED", "createdAt": "2026-09-01T10:00:00Z",
    "citations": [{"sourceLabel": "SOC 2 report", "sourceLink": ""}]},
  {"queryIdentifier": 2, "query": "Still open?", "status": "PROCESSING",
   "createdAt": "2026-09-01T10:00:00Z"}]}"#;

/// What AWS answered is quoted with its day and source, is part of what is approved, and bears on no answer.
#[test]
fn answers_of_aws_are_quoted_and_change_none_of_ours() {
    let box_ = Sandbox::default().workspace();
    statements(&box_, "");
    box_.write("inquiry.json", INQUIRY);
    let plain = answer(&box_, "plain", &["--draft"]).exits(3);
    let quoted = answer(&box_, "out", &["--draft", "--aws-answers", "inquiry.json"]).exits(3);
    let digest = |ran: &Ran| ran.err.split("answers: \"").nth(1).expect("a digest")[..12].to_string();
    assert_ne!(digest(&plain), digest(&quoted), "another file of AWS is another approval");
    assert_eq!(
        read(&box_, "plain/answers-draft.csv"),
        read(&box_, "out/answers-draft.csv"),
        "no answer changes"
    );
    assert!(!box_.path().join("plain/aws-answers-draft.csv").exists(), "never unasked");
    let csv = String::from_utf8(read(&box_, "out/aws-answers-draft.csv")).expect("UTF-8");
    assert!(
        csv.lines().count() == 2
            && csv.contains("HUMAN,2026-09-01,SOC 2 report,inquiry.json")
            && !csv.contains(",=1+1"),
        "{csv}"
    );
    let html = String::from_utf8(read(&box_, "out/answers-draft.html")).expect("UTF-8");
    assert!(
        html.contains("&lt;b onclick=x&gt;Yes&lt;/b&gt;")
            && html.contains("reviewed by a person of AWS")
            && !html.contains("<b onclick")
    );
    let text = pdf_text(&box_.path().join("out/answers-draft.pdf")).replace('\n', " ");
    assert!(text.contains("Queries without a finished answer: 1"), "{text}");
    box_.write("inquiry.json", "{}");
    let refused = answer(&box_, "none", &["--draft", "--aws-answers", "inquiry.json"]).exits(2);
    assert!(refused.err.contains("AFU-088"), "{}", refused.err);
}
