//! The shareable edition, searched through every layer for what it must not hold; opened with stock tools;
//! joined to its original.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::harness::{Sandbox, files, unzip};

/// A package and the edition that was made of it.
struct Pair {
    sandbox: Sandbox,
    package: PathBuf,
    edition: PathBuf,
    link: PathBuf,
}

impl Pair {
    fn of(sandbox: Sandbox, package: PathBuf, recipient: &str) -> Pair {
        let (edition, link) = edition(&sandbox, &package, "county", recipient);
        Pair { sandbox, package, edition, link }
    }

    fn key(&self) -> PathBuf {
        self.link.with_file_name("key.hex")
    }

    fn verify(&self, more: &[&str]) -> crate::harness::Ran {
        let edition = self.edition.display().to_string();
        let mut args = vec!["verify", edition.as_str()];
        args.extend(more);
        self.sandbox.affiant(&args)
    }

    fn join(&self, link: &Path, original: &Path, key: &Path) -> crate::harness::Ran {
        let [link, original, key] = [link, original, key].map(|path| path.display().to_string());
        self.verify(&["--link", &link, "--original", &original, "--edition-key", &key])
    }
}

fn edition(sandbox: &Sandbox, package: &Path, audience: &str, recipient: &str) -> (PathBuf, PathBuf) {
    let package = package.display().to_string();
    let args =
        ["package", "--edition", "shareable", "--for", audience, "--recipient", recipient, "--of", &package];
    let made = sandbox.affiant(&args).exits(0);
    let named = |what: &str| {
        made.out.lines().find_map(|l| l.strip_prefix(what)).map(|p| sandbox.path().join(p.trim()))
    };
    (named("EDITION").expect("an edition"), named("LINK").expect("a link file"))
}

/// The sample's, made once.
fn sample() -> &'static Pair {
    static MADE: OnceLock<Pair> = OnceLock::new();
    MADE.get_or_init(|| {
        let sandbox = Sandbox::default().workspace();
        let package = sandbox.package_sample(1);
        Pair::of(sandbox, package, "Example County, procurement")
    })
}

/// Every byte of an archive, layer by layer: its own names, files, streams of the PDF, cells of the database.
fn layers(zip: &Path, scratch: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = unzip(zip, scratch);
    let mut all = files(&folder);
    let names = all.keys().cloned().collect::<Vec<_>>().join("\n")
        + &zip.file_name().expect("a name").to_string_lossy();
    all.insert("names".into(), names.into_bytes());
    let pdf = all.get("data/report/audit-package.pdf").cloned().unwrap_or_default();
    for (i, stream) in streams(&pdf).into_iter().enumerate() {
        all.insert(format!("pdf stream {i}"), stream);
    }
    let printed = Command::new("pdftotext")
        .args(["-raw", "data/report/audit-package.pdf", "-"])
        .current_dir(&folder)
        .output();
    if let Ok(output) = printed {
        // a name over two lines, or with a soft hyphen in it, is one word again
        let text = String::from_utf8_lossy(&output.stdout).replace(['\n', '\u{ad}', '\u{c}'], "");
        all.insert("pdf text".into(), text.into_bytes());
        all.insert("pdf lines".into(), output.stdout);
    }
    all
}

fn streams(pdf: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(&pdf[from..], b"stream") {
        let mut start = from + at + 6;
        start += pdf[start..].iter().take(2).take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let end = memchr::memmem::find(&pdf[start..], b"endstream").map_or(pdf.len(), |at| start + at);
        let mut inner = Vec::new();
        if flate2::read::ZlibDecoder::new(&pdf[start..end]).read_to_end(&mut inner).is_ok() {
            found.push(inner);
        }
        from = (end + 9).min(pdf.len());
    }
    found
}

/// Where any of `originals` stands; a page's embedded faces are chance and are left out.
fn hits(layers: &BTreeMap<String, Vec<u8>>, originals: &BTreeSet<String>) -> Vec<String> {
    let found = aho_corasick::AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(originals)
        .expect("an automaton");
    let originals: Vec<&String> = originals.iter().collect();
    let faces = regex::Regex::new(r"base64,[A-Za-z0-9+/=]+").expect("an expression");
    let mut all = Vec::new();
    for (name, bytes) in layers {
        let text = String::from_utf8_lossy(bytes);
        let shown = if name.ends_with(".html") {
            faces.replace_all(&text, "").into_owned().into_bytes()
        } else {
            bytes.clone()
        };
        // in what is no text, a few letters are chance
        let packed = name.starts_with("pdf stream") || name.ends_with(".pdf") || name.ends_with(".p7s");
        for hit in found.find_overlapping_iter(&shown) {
            if packed && hit.len() < 8 {
                continue;
            }
            let around = &shown[hit.start().saturating_sub(30)..(hit.end() + 30).min(shown.len())];
            all.push(format!(
                "{name}: {} in {:?}",
                originals[hit.pattern().as_usize()],
                String::from_utf8_lossy(around)
            ));
        }
    }
    all
}

/// Everything that names something in the original: resources, accounts, people, mail, runs, risks, digests.
fn originals(package: &Path, scratch: &Path) -> BTreeSet<String> {
    let all = files(&unzip(package, scratch));
    let mut out = BTreeSet::new();
    let mut rows = csv::Reader::from_reader(all["data/tables/resource.csv"].as_slice());
    for row in rows.records().map(|row| row.expect("a row")) {
        out.extend([0, 2, 3, 4].map(|i| row[i].to_string()));
    }
    let dossier: Value = serde_json::from_slice(&all["data/dossier.json"]).expect("JSON");
    let record: Value = serde_json::from_slice(&all["data/package.json"]).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    out.extend(
        [&dossier["run"]["id"], &dossier["package_id"], &dossier["short_id"], &dossier["run"]["manifest"]]
            .map(text),
    );
    out.extend(
        [
            &record["results"],
            &record["run_manifest"],
            &record["seal"]["fingerprint"],
            &record["seal"]["subject"],
        ]
        .map(text),
    );
    out.extend(dossier["risks"]["rows"].as_array().expect("rows").iter().map(|risk| text(&risk["id"])));
    for exhibit in dossier["evidence"].as_array().expect("exhibits") {
        out.extend([text(&exhibit["path"]), text(&exhibit["sha256"])]);
    }
    let program: String = all
        .iter()
        .filter(|(n, _)| n.starts_with("data/decisions/"))
        .map(|(_, b)| String::from_utf8_lossy(b))
        .collect();
    for expression in [
        r"\b(?:Avery|Casey|Emerson|Morgan|Peyton|Riley|Rowan|Jordan|Skyler) Example\b",
        r"[\w.-]+@[\w.-]+\.\w+",
        r"\b(?:INC|TT)-20\d\d-\d+\b",
    ] {
        let found = regex::Regex::new(expression).expect("an expression");
        out.extend(found.find_iter(&program).map(|m| m.as_str().to_string()));
    }
    let parties = regex::Regex::new(r"(?m)^ *- party: (.+)$").expect("an expression");
    out.extend(parties.captures_iter(&program).map(|party| party[1].trim().to_string()));
    // what AWS itself calls the roles of its services, and a stage that has no name
    out.into_iter()
        .filter(|name| {
            name.len() >= 4
                && !name.contains("AWSServiceRoleFor")
                && !["default", "$default"].contains(&name.as_str())
        })
        .collect()
}

/// Names that are also words of the catalog or the templates: they are looked for as the end of an ARN.
fn as_names(originals: BTreeSet<String>) -> BTreeSet<String> {
    let mut own = String::new();
    for folder in ["controls", "templates/html", "templates/pdf", "templates/figures"] {
        for (name, bytes) in files(&crate::harness::repository().join(folder)) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            own.push_str(&name);
            own.push_str(text.split("\ncases:").next().unwrap_or_default());
        }
    }
    let own = own.to_lowercase();
    let (words, names): (Vec<_>, Vec<_>) =
        originals.into_iter().partition(|name| own.contains(&name.to_lowercase()));
    assert!(words.len() < 60, "{words:?}");
    // every pseudonym of a name begins so
    let words: Vec<_> = words.into_iter().filter(|word| word != "name").collect();
    let ends = words.iter().flat_map(|word| {
        [format!(":db:{word}"), format!(":::{word}"), format!(":{word},"), format!("/{word},")]
    });
    names.into_iter().chain(ends).collect()
}

#[test]
fn no_layer_of_the_samples_edition_holds_an_original() {
    let pair = sample();
    let scratch = tempfile::tempdir().expect("a folder");
    let originals = as_names(originals(&pair.package, &scratch.path().join("original")));
    assert!(originals.len() > 1000, "{}", originals.len());
    let layers = layers(&pair.edition, &scratch.path().join("edition"));
    assert!(
        layers.keys().filter(|name| name.starts_with("pdf stream")).count() > 20,
        "the PDF was not opened"
    );
    let found = hits(&layers, &originals);
    assert!(
        found.is_empty(),
        "{} hits:\n{}",
        found.len(),
        found.iter().take(60).cloned().collect::<Vec<_>>().join("\n")
    );
    for part in ["data/evidence", "data/catalog", "data/decisions", "evidence.sqlite", "assessment.json"] {
        assert!(!layers["names"].windows(part.len()).any(|w| w == part.as_bytes()), "{part} is inside");
    }
    let number = regex::Regex::new(r"(?:^|[^0-9A-Za-z-])[0-9]{12}(?:[^0-9A-Za-z]|$)").expect("an expression");
    let html = String::from_utf8_lossy(&layers["data/report/index.html"]).into_owned();
    assert!(!number.is_match(&html), "{:?}", number.find(&html));
    for public in ["0.0.0.0/0", "us-east-1", "164.312(a)(1)"] {
        assert!(html.contains(public), "{public} is gone");
    }
    assert!(html.contains("SHAREABLE EDITION for Example County, procurement, 2026-09-30"));
    let pages = String::from_utf8_lossy(&layers["pdf lines"]).into_owned();
    let count = pages.matches('\u{c}').count();
    assert_eq!(
        pages.matches("SHAREABLE EDITION for Example County, procurement, 2026-09-30").count(),
        count,
        "of {count} pages"
    );
}

/// The same look at a pair that somebody made elsewhere: `AFFIANT_TEST_PACKAGE` and `AFFIANT_TEST_EDITION`
/// name the two archives.
#[test]
fn no_layer_of_a_given_edition_holds_an_original() {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(package), Some(edition)) = (named("AFFIANT_TEST_PACKAGE"), named("AFFIANT_TEST_EDITION"))
    else {
        println!("not run: AFFIANT_TEST_PACKAGE and AFFIANT_TEST_EDITION name no pair");
        return;
    };
    let scratch = tempfile::tempdir().expect("a folder");
    let originals = as_names(originals(&package, &scratch.path().join("original")));
    let layers = layers(&edition, &scratch.path().join("edition"));
    let bytes: usize = layers.values().map(Vec::len).sum();
    let found = hits(&layers, &originals);
    println!("{} originals, {} layers, {bytes} bytes, {} hits", originals.len(), layers.len(), found.len());
    assert!(
        found.is_empty(),
        "{} hits:\n{}",
        found.len(),
        found.iter().take(60).cloned().collect::<Vec<_>>().join("\n")
    );
}

/// The order of originals would tell which name comes before which.
#[test]
fn rows_stand_in_the_order_of_their_pseudonyms() {
    let pair = sample();
    let inside = files(&unzip(&pair.edition, &pair.sandbox.path().join("ordered")));
    for table in ["resource", "result", "phi_store_reader", "network_place"] {
        let mut reader = csv::Reader::from_reader(inside[&format!("data/tables/{table}.csv")].as_slice());
        let rows: Vec<Vec<String>> =
            reader.records().map(|row| row.expect("a row").iter().map(String::from).collect()).collect();
        assert!(rows.len() > 3 && rows.is_sorted(), "{table}");
    }
}

#[test]
fn an_edition_verifies_and_says_that_it_cannot_be_recomputed() {
    let pair = sample();
    let unknown = pair.verify(&[]).exits(3);
    assert!(
        unknown.out.contains("not recomputable") && unknown.out.contains("audience county"),
        "{}",
        unknown.out
    );
    let certificate = pair.link.with_file_name("seal-certificate.pem").display().to_string();
    pair.verify(&["--trust", &certificate]).exits(0);
    let again = pair.verify(&["--trust", &certificate, "--recompute"]).exits(3);
    assert!(
        again.out.contains("not recomputable: shareable edition") && !again.out.contains("differs"),
        "{}",
        again.out
    );
    let inside = files(&unzip(&pair.edition, &pair.sandbox.path().join("seen")));
    let record: Value = serde_json::from_slice(&inside["data/package.json"]).expect("JSON");
    assert_eq!((&record["edition"], &record["recomputable"]), (&json!("shareable"), &json!(false)));
    assert!(
        record["shared"]["removals"].as_array().is_some_and(|kinds| kinds.len() >= 6),
        "{}",
        record["shared"]["removals"]
    );
}

#[test]
fn only_link_file_and_key_join_an_edition_to_its_original() {
    let pair = sample();
    let joined = pair.join(&pair.link, &pair.package, &pair.key()).exits(3);
    assert!(joined.out.contains("byte for byte") && !joined.out.contains("FAILED"), "{}", joined.out);
    pair.verify(&[
        "--link",
        &pair.link.display().to_string(),
        "--original",
        &pair.package.display().to_string(),
    ])
    .exits(2);
    let other = pair.sandbox.write("other/key.hex", format!("{}\n", "5".repeat(64)));
    set_private(&other);
    let refused = pair.join(&pair.link, &pair.package, &other).exits(4);
    assert!(refused.out.contains("AFV-702"), "{}", refused.out);
    let text = fs::read_to_string(&pair.link).expect("a link file");
    let forged = pair.sandbox.write("other/forged.link.json", text.replacen("file-", "fi1e-", 1));
    fs::copy(pair.link.with_extension("json.p7s"), pair.sandbox.path().join("other/forged.link.json.p7s"))
        .expect("copied");
    let refused = pair.join(&forged, &pair.package, &pair.key()).exits(4);
    assert!(refused.out.contains("AFV-701"), "{}", refused.out);
    let refused = pair.join(&pair.link, &pair.edition, &pair.key()).exits(4);
    assert!(refused.out.contains("AFV-700"), "{}", refused.out);
}

#[cfg(unix)]
fn set_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

#[cfg(not(unix))]
fn set_private(_: &Path) {}

#[test]
fn one_commitment_opens_with_stock_tools() {
    let pair = sample();
    let original = unzip(&pair.package, &pair.sandbox.path().join("opened"));
    let inside = unzip(&pair.edition, &pair.sandbox.path().join("closed"));
    let link: Value = serde_json::from_slice(&fs::read(&pair.link).expect("a link file")).expect("JSON");
    let file = link["files"]
        .as_array()
        .expect("files")
        .iter()
        .find(|f| f["path"] == "data/assessment.json")
        .expect("the assessment");
    let said = fs::read_to_string(inside.join("VERIFY.md")).expect("VERIFY.md");
    let command = said.lines().find(|line| line.starts_with("(printf")).expect("the command");
    let script = format!(
        "FILE='{}'; SALT={}\n{command}",
        original.join("data/assessment.json").display(),
        file["salt"].as_str().expect("a salt")
    );
    let output = Command::new("sh").args(["-c", &script]).output().expect("sh");
    let digest = String::from_utf8_lossy(&output.stdout)[..64].to_string();
    assert_eq!(digest, file["commitment"].as_str().expect("a commitment"), "{script}");
    let list = fs::read_to_string(inside.join("data/commitments.csv")).expect("the list");
    assert!(list.contains(&format!("{},{digest}", file["token"].as_str().expect("a token"))));
    assert_eq!(list.lines().count() - 1, link["files"].as_array().expect("files").len());
}

#[test]
fn one_audience_has_the_same_pseudonyms_and_another_has_others() {
    let pair = sample();
    let (first, _) = edition(&pair.sandbox, &pair.package, "auditor", "A");
    let (second, _) = edition(&pair.sandbox, &pair.package, "auditor", "B");
    let read = |zip: &Path, name: &str| files(&unzip(zip, &pair.sandbox.path().join(name)));
    let (county, a, b) = (read(&pair.edition, "c"), read(&first, "a"), read(&second, "b"));
    let resources = "data/tables/resource.csv";
    assert_eq!(a[resources], b[resources]);
    assert_eq!(a["data/tables/edition.sqlite"], b["data/tables/edition.sqlite"]);
    assert_ne!(a[resources], county[resources]);
    assert_ne!(a["data/commitments.csv"], b["data/commitments.csv"], "a salt is of its edition");
    let tokens = |bytes: &[u8]| -> BTreeSet<String> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        regex::Regex::new(r"\b(?:acct|name|id)-[0-9a-f]{10}\b")
            .expect("an expression")
            .find_iter(&text)
            .map(|m| m.as_str().to_string())
            .collect()
    };
    assert!(
        tokens(&a[resources]).len() > 500 && tokens(&a[resources]).is_disjoint(&tokens(&county[resources]))
    );
}

/// Names as hostile as AWS takes them, and some that it does not.
const HOSTILE: [&str; 40] = [
    "prod db with spaces",
    "two  spaces inside",
    "a%20b%2Fescaped",
    "100%25-sure-thing",
    "UPPER-CASE-STORE",
    "MixedCaseStoreName",
    "logs-111122223333-use1",
    "111122223333-first",
    "x111122223333y",
    "records",
    "backup",
    "encryption",
    "Grüße-Datenbank",
    "診療記録-保存先",
    "naïve-café-naming",
    "пациенты-архив",
    "twin-core",
    "twin-core-db",
    "twin-core-db-replica",
    "twin-core-dbx",
    "casey.smith@clinic.example",
    "o'brien+billing@clinic.example",
    "jane_doe_payroll",
    "st.mary.hospital.feed",
    "db-10-20-30-40-main",
    "ip-203-0-113-77-box",
    "name=with=equals",
    "name+with+plus",
    "comma,separated,name",
    "semi;colon;name",
    "quote'single'name",
    "paren(thesis)name",
    "brace{curly}name",
    "slash/separated/name",
    "colon:separated:name",
    "hash#mark#name",
    "amp&ersand&name",
    "less<than>name",
    "tilde~wave~name",
    "averyveryverylongnamethatgoesonandonandonandonandonandonandonandonandonandonandon-end",
];

fn bucket(i: usize, name: &str) -> Value {
    json!({
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-09-30T11:38:00.000Z",
        "configurationItemStatus": "OK",
        "configurationStateId": i.to_string(), "awsAccountId": "111122223333",
        "resourceType": "AWS::S3::Bucket", "resourceId": name,
        "resourceName": name, "ARN": format!("arn:aws:s3:::{name}"), "awsRegion": "us-east-1",
        "availabilityZone": "Regional", "resourceCreationTime": "2024-01-01T00:00:00.000Z",
        "tags": { "Name": name, "data-classification": "phi" }, "relatedEvents": [], "relationships": [],
        "configuration": { "name": name, "owner": { "displayName": name } }, "supplementaryConfiguration": {},
    })
}

#[test]
fn forty_hostile_names_are_nowhere_in_any_layer() {
    let sandbox = Sandbox::default().workspace();
    let items: Vec<Value> = HOSTILE.iter().enumerate().map(|(i, name)| bucket(i, name)).collect();
    sandbox.snapshot("import", &items);
    let plan = fs::read_to_string(sandbox.path().join("program/risks.yaml")).expect("risks");
    sandbox.write("program/risks.yaml", plan);
    let ran = sandbox.affiant(&["collect", "--snapshot", "import"]);
    assert!([0, 3].contains(&ran.code), "{}", ran.err);
    let package = sandbox
        .affiant(&["package"])
        .exits(0)
        .out
        .lines()
        .find_map(|l| l.strip_prefix("ZIP"))
        .expect("a ZIP")
        .trim()
        .to_string();
    let pair = Pair::of(sandbox, PathBuf::from(package), "Somebody");
    let layers = layers(&pair.edition, &pair.sandbox.path().join("layers"));
    // words of the report's own are looked for where they can only be names
    let words = ["records", "backup", "encryption"];
    let mut wanted: BTreeSet<String> =
        HOSTILE.iter().filter(|name| !words.contains(name)).map(|name| (*name).to_string()).collect();
    let encoded = |name: &str| {
        percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    wanted.extend(HOSTILE.iter().map(|name| format!(":::{name}")));
    wanted.extend(HOSTILE.iter().filter(|name| !words.contains(name)).map(|name| encoded(name)));
    wanted.insert("111122223333".into());
    wanted.extend(
        HOSTILE
            .iter()
            .filter(|n| n.contains(['&', '<', '\'']))
            .map(|n| n.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&#x27;")),
    );
    let found = hits(&layers, &wanted);
    assert!(
        found.is_empty(),
        "{} hits:\n{}",
        found.len(),
        found.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
    pair.join(&pair.link, &pair.package, &pair.key()).exits(3);
}
