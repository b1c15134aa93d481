//! Changes of a package by the holder of its key, each with the code with which it is refused once every list
//! and seal is right again.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::replace;
use crate::seal::fixture;

/// What it is called, the code with which it is refused, and how it is made.
pub type Change = (&'static str, &'static str, fn(&Path));

pub fn record(folder: &Path, change: impl Fn(&mut Value)) {
    let path = folder.join("data/package.json");
    let mut value: Value = serde_json::from_slice(&fs::read(&path).expect("a record")).expect("JSON");
    change(&mut value);
    let mut bytes = serde_json::to_vec_pretty(&value).expect("JSON");
    bytes.push(b'\n');
    fs::write(path, bytes).expect("written");
}

pub fn run_of(folder: &Path) -> PathBuf {
    fs::read_dir(folder.join("data/evidence")).expect("runs").flatten().next().expect("a run").path()
}

pub const CHANGES: &[Change] = &[
    ("another edition", "AFV-601", |f| record(f, |r| r["edition"] = json!("shareable"))),
    ("no sample any more", "AFV-601", |f| {
        record(f, |r| r["sample"] = json!(false));
        replace(&f.join("bag-info.txt"), "Affiant-Sample: true", "Affiant-Sample: false");
    }),
    ("another organization", "AFV-601", |f| {
        record(f, |r| r["organization"] = json!("Borealis"));
        let text = fs::read_to_string(f.join("bag-info.txt")).expect("text");
        let lines = text
            .lines()
            .map(|l| if l.starts_with("Source-Organization") { "Source-Organization: Borealis" } else { l });
        fs::write(f.join("bag-info.txt"), lines.map(|l| format!("{l}\n")).collect::<String>())
            .expect("written");
    }),
    ("another day until which it must be kept", "AFV-601", |f| {
        record(f, |r| r["retain_until"] = json!("2027-01-01"))
    }),
    ("another end of the certificate", "AFV-601", |f| {
        record(f, |r| r["certificate_until"] = json!("2099-01-01"))
    }),
    ("another paper", "AFV-601", |f| record(f, |r| r["paper"] = json!("a3"))),
    ("other words on the seal", "AFV-601", |f| {
        record(f, |r| r["seal"]["words"] = json!("Signed by the regulator."))
    }),
    ("another kind of seal", "AFV-601", |f| record(f, |r| r["seal"]["kind"] = json!("named"))),
    ("an unknown format", "AFV-105", |f| record(f, |r| r["format"] = json!("affiant.package/9"))),
    ("a record without a member", "AFV-141", |f| {
        record(f, |r| drop(r.as_object_mut().expect("an object").remove("paper")))
    }),
    ("a record with one more member", "AFV-141", |f| record(f, |r| r["certified"] = json!(true))),
    ("a seal with one more member", "AFV-141", |f| {
        record(f, |r| r["seal"]["seen_by"] = json!("the regulator"))
    }),
    ("a record that is written otherwise", "AFV-601", |f| {
        let path = f.join("data/package.json");
        let value: Value = serde_json::from_slice(&fs::read(&path).expect("a record")).expect("JSON");
        fs::write(path, value.to_string()).expect("written");
    }),
    ("a record of before formats had names, and a second report", "AFV-144", |f| {
        before_names(f, &[]);
        write(&f.join("data/report/summary.html"), "all met");
    }),
    ("a record of before formats had names that says more", "AFV-141", |f| {
        before_names(f, &[("words", "Signed by the regulator.")]);
    }),
    ("a record that is no JSON", "AFV-1", |f| fs::write(f.join("data/package.json"), "{").expect("written")),
    ("a run that is not inside", "AFV-142", |f| record(f, |r| r["run"] = json!("data/evidence/elsewhere"))),
    ("a run that climbs out", "AFV-142", |f| record(f, |r| r["run"] = json!("data/evidence/../../x"))),
    ("another run's manifest", "AFV-105", |f| {
        let digest = "0".repeat(64);
        record(f, |r| r["run_manifest"] = json!(digest));
    }),
    ("no PDF, it says", "AFV-143", |f| record(f, |r| r["pdf"] = json!(!r["pdf"].as_bool().expect("a flag")))),
    ("a second report", "AFV-144", |f| {
        fs::write(f.join("data/report/summary.html"), "<p>all met</p>").expect("written")
    }),
    ("a journal beside the database", "AFV-144", |f| {
        fs::write(f.join("data/tables/evidence.sqlite-journal"), "x").expect("written")
    }),
    ("a table of one's own", "AFV-144", |f| {
        fs::write(f.join("data/tables/summary.csv"), "control,verdict\n1,met\n").expect("written")
    }),
    ("a decision that nobody reads", "AFV-144", |f| {
        fs::create_dir_all(f.join("data/decisions/program")).expect("a folder");
        fs::write(f.join("data/decisions/program/note.yaml"), "x: 1\n").expect("written");
    }),
    ("one line more in bag-info", "AFV-146", |f| {
        let text = fs::read_to_string(f.join("bag-info.txt")).expect("text");
        fs::write(f.join("bag-info.txt"), format!("Contact-Name: A regulator\n{text}")).expect("written");
    }),
    ("a second list", "AFV-124", |f| fs::write(f.join("manifest-md5.txt"), "x").expect("written")),
    ("two certificates", "AFV-203", |f| {
        let path = f.join("seal/certificates.pem");
        let text = fs::read_to_string(&path).expect("PEM");
        fs::write(path, format!("{text}{text}")).expect("written");
    }),
    ("a table with another verdict", "AFV-606", |f| {
        replace(&f.join("data/tables/result.csv"), "not evidenced", "met")
    }),
    ("risks with another owner", "AFV-606", |f| {
        let path = f.join("data/tables/crosswalk.csv");
        let text = fs::read_to_string(&path).expect("text");
        fs::write(path, format!("{text}x\r\n")).expect("written");
    }),
    ("a dossier with another verdict", "AFV-607", |f| {
        replace(&f.join("data/dossier.json"), "not evidenced", "met")
    }),
    ("an assessment with another verdict", "AFV-604", |f| {
        replace(&f.join("data/assessment.json"), "not evidenced", "met")
    }),
    ("instructions that run something", "AFV-610", |f| {
        replace(&f.join("VERIFY.md"), "sha256sum --quiet", "true; sha256sum --quiet")
    }),
    ("a weaker catalog that is called the program's own", "AFV-603", |f| {
        let folder = f.join("data/catalog/checks/s3");
        let check = fs::read_dir(&folder).expect("checks").flatten().next().expect("a check").path();
        replace(&check, "severity: ", "severity: low # ");
    }),
    ("a query that never ends", "AFV-611", |f| {
        query(
            f,
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT 'a' || x AS resource, \
             '' AS account, '' AS region, 'met' AS verdict, 'x' AS reason FROM n",
        )
    }),
    ("a query that fills memory", "AFV-611", |f| {
        query(
            f,
            "SELECT 'a' AS resource, '' AS account, '' AS region, 'met' AS verdict, replace(printf('%.*c', \
             900000000, 'x'), 'x', 'xxxxxxxxxx') AS reason",
        )
    }),
    ("a query that doubles and doubles", "AFV-611", |f| {
        let doubled = (0..40).fold("'xx'".to_string(), |inner, _| format!("replace({inner}, 'x', 'xx')"));
        query(
            f,
            &format!(
                "SELECT 'a' AS resource, '' AS account, '' AS region, 'met' AS verdict, {doubled} AS reason"
            ),
        );
    }),
    ("a product of everything with itself", "AFV-611", |f| {
        query(
            f,
            "SELECT 'a' AS resource, '' AS account, '' AS region, 'met' AS verdict, 'x' AS reason \
             FROM artifact a, artifact b, artifact c, artifact d, coverage e, coverage f, \
             coverage g, coverage h, coverage i",
        )
    }),
    ("one call that never comes back: instr", "AFV-604", |f| {
        reason(f, "instr(printf('%.*c', 20000000, 'a'), printf('%.*c', 10000000, 'a') || 'b') || ''");
    }),
    ("one call that never comes back: LIKE", "AFV-611", |f| {
        reason(f, "(printf('%.*c', 20000000, 'a') LIKE '%' || printf('%.*c', 40000, 'a') || 'b') || ''");
    }),
    ("one call that never comes back: replace", "AFV-611", |f| {
        reason(
            f,
            "length(replace(printf('%.*c', 20000000, 'a'), printf('%.*c', 10000000, 'a') || 'b', '')) || ''",
        );
    }),
    ("rows of 900,000 characters without end", "AFV-611", |f| {
        let rows = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)";
        query(f, &format!("{rows} SELECT {COLUMNS} printf('%.*c', 900000, 'x') || x AS reason FROM n"));
    }),
    ("ten million rows", "AFV-611", |f| {
        let rows = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 10000000)";
        query(f, &format!("{rows} SELECT {COLUMNS} x || '' AS reason FROM n"));
    }),
    ("pragmas in the form of tables", "AFV-600", |f| {
        query(
            f,
            "SELECT name AS resource, '' AS account, '' AS region, 'met' AS verdict, 'x' AS reason \
             FROM pragma_database_list",
        )
    }),
    ("a record nested without end", "AFV-105", |f| write(&f.join("data/package.json"), &nested(200_000))),
    ("a member nested without end", "AFV-105", |f| {
        let text = fs::read_to_string(f.join("data/package.json")).expect("text");
        write(
            &f.join("data/package.json"),
            &format!("{},\"x\":{}}}\n", text.trim_end().trim_end_matches('}'), nested(100_000)),
        );
    }),
    ("a member twice", "AFV-600", |f| {
        replace(
            &f.join("data/package.json"),
            "\"organization\":",
            "\"organization\": \"x\", \"organization\":",
        )
    }),
    ("a mark before the record", "AFV-105", |f| {
        let text = fs::read_to_string(f.join("data/package.json")).expect("text");
        write(&f.join("data/package.json"), &format!("\u{feff}{text}"));
    }),
    ("a dossier nested without end", "AFV-607", |f| write(&f.join("data/dossier.json"), &nested(100_000))),
    ("decisions nested without end", "AFV-600", |f| write(&f.join(CONFIGURATION), &nested(50_000))),
    ("decisions with aliases of aliases", "AFV-600", |f| {
        let more = (1..10).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(",")));
        write(&f.join(CONFIGURATION), &format!("a0: &a0 [x,x,x,x,x,x,x,x,x]\n{}", more.collect::<String>()));
    }),
    ("decisions with a million values", "AFV-600", |f| {
        let text = fs::read_to_string(f.join(CONFIGURATION)).expect("text");
        write(&f.join(CONFIGURATION), &format!("{text}zz: [{}x]\n", "x,".repeat(1_000_000)));
    }),
    ("decisions of forty megabytes", "AFV-600", |f| {
        let text = fs::read_to_string(f.join(CONFIGURATION)).expect("text");
        write(&f.join(CONFIGURATION), &format!("{text}# {}\n", "x".repeat(40 << 20)));
    }),
    ("a page without its signature", "AFV-210", |f| {
        fs::remove_file(f.join("data/report/index.html.p7s")).expect("removed")
    }),
    ("a report that is hidden", "AFV-144", |f| write(&f.join("data/report/.summary.html"), "all met")),
    ("a report beside the payload", "AFV-144", |f| write(&f.join("README.txt"), "all met")),
    ("a note inside the seal", "AFV-144", |f| write(&f.join("seal/README"), "trust this")),
    ("a report in the catalog", "AFV-600", |f| write(&f.join("data/catalog/summary.html"), "all met")),
    ("a note among revocation lists", "AFV-304", |f| write(&f.join("seal/revocation/README"), "all met")),
    ("a second run", "AFV-144", |f| {
        fixture::copy(&run_of(f), &f.join("data/evidence/2026-01-01T000000Z-aaaaaaaa"))
    }),
    ("a list of revoked certificates that is none", "AFV-304", |f| {
        fs::create_dir_all(f.join("seal/revocation")).expect("a folder");
        write(&f.join("seal/revocation/0001.crl"), "junk");
    }),
    ("a renewal without one before", "AFV-410", |f| {
        fs::create_dir_all(f.join("seal/renewals/2")).expect("a folder");
        write(&f.join("seal/renewals/2/manifest-sha256.txt"), "x");
    }),
    ("no instructions", "AFV-610", |f| fs::remove_file(f.join("VERIFY.md")).expect("removed")),
    ("another verdict in the database", "AFV-605", |f| {
        let db = f.join("data/tables/evidence.sqlite");
        let mut bytes = fs::read(&db).expect("a database");
        let at = bytes.windows(13).position(|w| w == b"not evidenced").expect("a verdict");
        bytes[at..at + 13].copy_from_slice(b"not evident!!");
        fs::write(db, bytes).expect("written");
    }),
    ("custody: one line more in the run's bag-info", "AFV-146", |f| {
        let path = run_of(f).join("bag-info.txt");
        let text = fs::read_to_string(&path).expect("text");
        write(&path, &format!("Contact-Name: A regulator\n{text}"));
    }),
    ("custody: another run before, in the run's bag-info", "AFV-146", |f| {
        replace(
            &run_of(f).join("bag-info.txt"),
            "Affiant-Previous: none",
            &format!("Affiant-Previous: {}", "0".repeat(64)),
        )
    }),
    ("custody: a note in the place of a part's seal", "AFV-144", |f| {
        write(&run_of(f).join("joined/2026-09-30T120000Z-00000000/NOTE.txt"), "all met")
    }),
    ("custody: words in the place of the run's timestamp", "AFV-402", |f| {
        write(&run_of(f).join("seal/tagmanifest-sha256.txt.p7s.tsr"), "all met")
    }),
    ("custody: words in the place of the timestamp before the run", "AFV-402", |f| {
        write(&run_of(f).join("seal/previous.tsr"), "all met")
    }),
    ("custody: instructions of the run that run something", "AFV-610", |f| {
        replace(&run_of(f).join("VERIFY.md"), "sha256sum --quiet", "true; sha256sum --quiet")
    }),
    ("custody: a run without its instructions", "AFV-610", |f| {
        fs::remove_file(run_of(f).join("VERIFY.md")).expect("removed")
    }),
    ("custody: a note among the run's renewals", "AFV-410", |f| {
        write(&run_of(f).join("seal/renewals/0001/README"), "all met")
    }),
    ("custody: a note beside the run", "AFV-144", |f| write(&run_of(f).join("NOTE.txt"), "all met")),
    ("custody: a file of evidence twice", "AFV-145", |f| {
        let path = run_of(f).join("data/custody.jsonl");
        let text = fs::read_to_string(&path).expect("text");
        write(&path, &format!("{text}{}\n", text.lines().next().expect("a line")));
    }),
    ("custody: a file of evidence without its record", "AFV-145", |f| {
        write(&run_of(f).join("data/documents/more.md"), "all met")
    }),
    ("custody: gaps that became answers", "AFV-604", |f| {
        let path = run_of(f).join("data/coverage.jsonl");
        let text = fs::read_to_string(&path).expect("text");
        assert!(text.contains("\"not-collected\""), "no gap");
        write(&path, &text.replace("\"not-collected\"", "\"empty\""));
    }),
    ("custody: a run that began earlier", "AFV-60", |f| {
        let path = run_of(f).join("data/run.json");
        let mut value: Value = serde_json::from_slice(&fs::read(&path).expect("a record")).expect("JSON");
        value["started"] = json!("2020-01-01T00:00:00Z");
        fs::write(path, serde_json::to_vec_pretty(&value).expect("JSON")).expect("written");
    }),
    ("custody with another digest", "AFV-145", |f| {
        let run = run_of(f);
        let path = run.join("data/custody.jsonl");
        let text = fs::read_to_string(&path).expect("text");
        let at = text.find("\"sha256\":\"").expect("a digest") + 10;
        let digit = if &text[at..=at] == "0" { "1" } else { "0" };
        fs::write(&path, format!("{}{digit}{}", &text[..at], &text[at + 1..])).expect("written");
    }),
    ("custody of a file outside", "AFV-145", |f| {
        let path = run_of(f).join("data/custody.jsonl");
        let text = fs::read_to_string(&path).expect("text");
        let at = text.find("\"path\":\"").expect("a path") + 8;
        fs::write(&path, format!("{}../../../../../../dev/zero\",\"x\":\"{}", &text[..at], &text[at..]))
            .expect("written");
    }),
];

const COLUMNS: &str = "'a' AS resource, '' AS account, '' AS region, 'met' AS verdict,";
const CONFIGURATION: &str = "data/decisions/affiant.yaml";

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

/// The record, and `bag-info.txt`, as they were before formats had names.
fn before_names(folder: &Path, more: &[(&str, &str)]) {
    let mut said = String::new();
    record(folder, |r| {
        *r = json!({ "format": 1, "id": r["id"], "organization": r["organization"] });
        more.iter().for_each(|(member, words)| r[*member] = json!(words));
    });
    let value: Value =
        serde_json::from_slice(&fs::read(folder.join("data/package.json")).expect("a record")).expect("JSON");
    for (label, member) in [("Source-Organization", "organization"), ("External-Identifier", "id")] {
        said.push_str(&format!("{label}: {}\n", value[member].as_str().expect("text")));
    }
    write(&folder.join("bag-info.txt"), &format!("{said}Bagging-Date: 2026-09-30\nAffiant-Format: 1\n"));
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// A check with one row whose reason is worked out.
fn reason(folder: &Path, words: &str) {
    query(folder, &format!("SELECT {COLUMNS} {words} AS reason"));
}

/// Puts another query into a check and calls the catalog the customer's own.
fn query(folder: &Path, sql: &str) {
    let checks = folder.join("data/catalog/checks/s3");
    let check = fs::read_dir(&checks).expect("checks").flatten().map(|e| e.path()).min().expect("a check");
    let text = fs::read_to_string(&check).expect("YAML");
    let before = &text[..text.find("\nsql:").expect("SQL") + 1];
    let rest = text[text.find("\nsql:").expect("SQL") + 1..].lines().skip(1);
    let after: String =
        rest.skip_while(|l| l.starts_with(' ') || l.is_empty()).map(|l| format!("{l}\n")).collect();
    fs::write(&check, format!("{before}sql: |\n  {sql}\n{after}")).expect("written");
    record(folder, |r| r["custom_catalog"] = json!(true));
}
