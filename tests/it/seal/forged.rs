//! The corpus of forgeries: recipes in `tests/fixtures/forged/recipes.json`, applied to the release's package
//! in `tests/fixtures/packages/`; each must be rejected with its own diagnostic. The package itself must
//! verify for ever.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use affiant::seal::bag::renewal::{self, ListHash};
use affiant::seal::bag::{Extras, SIGNATURE_SUFFIX, TIMESTAMP};
use affiant::seal::pades::{self, Role};
use affiant::seal::signature::timestamp::Question;
use affiant::seal::verify::{Options, Report, State, verify};
use affiant::seal::{Trust, sign_detached};
use affiant::store::{Tree, archive, atomic::Existing};
use chrono::{DateTime, TimeZone, Utc};
use lopdf::{Document, IncrementalDocument, Stream, dictionary};
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::authority::{self, noon};
use super::fixture::{self, DESCRIPTIONS, PDF, failures};
use super::tsa::Tsa;
use crate::harness::Sandbox;

const PACKAGES: &str = "tests/fixtures/packages";
/// When the packages of all releases are looked at.
fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 1, 15, 12, 0, 0).unwrap()
}

fn check(path: &Path, release: &Path) -> Report {
    let pinned = |name: &str| Trust::from_pem(&fs::read_to_string(release.join(name)).unwrap()).unwrap();
    let (trust, authorities) = (pinned("sealer.pem"), pinned("time-root.pem"));
    verify(path, &Options { authorities: &authorities, ..Options::new(&trust, now(), DESCRIPTIONS) })
        .unwrap()
        .report
}

fn releases() -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(PACKAGES).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// `AFFIANT_NEW_FIXTURE=1` writes the package of this version, once; a package that is there
/// is never replaced.
#[test]
fn the_packages_of_all_releases_verify() {
    let own = Path::new(PACKAGES).join(env!("CARGO_PKG_VERSION"));
    if std::env::var_os("AFFIANT_NEW_FIXTURE").is_some() && !own.exists() {
        make(&own);
    }
    assert!(
        own.join("package.zip").exists(),
        "this version has no package; run with AFFIANT_NEW_FIXTURE=1 and commit it"
    );
    for release in releases() {
        let report = check(&release.join("package.zip"), &release);
        assert_eq!(failures(&report), Vec::<&str>::new(), "{}: {report:#?}", release.display());
        let states = [report.integrity.state, report.authenticity.state, report.time.state];
        assert_eq!(states, [State::Held; 3], "{}: {report:#?}", release.display());
        let (zip, root) = (release.join("package.zip"), crate::harness::repository());
        let at = |name: &str| root.join(&release).join(name).display().to_string();
        let zip = root.join(zip).display().to_string();
        Sandbox::default()
            .affiant(&["verify", &zip, "--trust", &at("sealer.pem"), "--tsa-trust", &at("time-root.pem")])
            .exits(0);
    }
}

fn make(own: &Path) {
    fs::create_dir_all(own).unwrap();
    let tsa = Tsa::start();
    let identity = authority::self_signed(&authority::person("Jordan Example"));
    let dir = tempfile::tempdir().unwrap();
    let authorities = tsa.authorities();
    let pdf = pades::sign(PDF, &identity.signer(), noon(), Role::Certification, "Seals this report").unwrap();
    let extras = Extras { authorities: Some(&authorities), ..Extras::default() };
    let folder = fixture::package_with(dir.path(), &identity.signer(), &pdf, &extras, noon());
    archive::write(&folder, "package", &own.join("package.zip"), Existing::Refuse).unwrap();
    fs::write(own.join("sealer.pem"), identity.certificate.to_pem()).unwrap();
    fs::copy(tsa.root(), own.join("time-root.pem")).unwrap();
}

#[test]
fn every_forgery_is_rejected_with_its_own_diagnostic() {
    let recipes: Vec<Value> =
        serde_json::from_slice(&fs::read("tests/fixtures/forged/recipes.json").unwrap()).unwrap();
    assert!(recipes.len() >= 140, "only {} recipes", recipes.len());
    let release = releases().pop().unwrap();
    let other = Tsa::start();
    let mut wrong = Vec::new();
    for recipe in &recipes {
        let name = recipe["name"].as_str().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("package");
        unpack(&release.join("package.zip"), &folder);
        for step in recipe["do"].as_array().unwrap() {
            apply(&folder, step.as_array().unwrap(), &other);
        }
        let path = match recipe.get("zip") {
            Some(how) => rezip(&folder, dir.path(), how.as_array().unwrap()),
            None => folder,
        };
        let report = check(&path, &release);
        let failed =
            [report.integrity.state, report.authenticity.state, report.time.state].contains(&State::Failed);
        let expected = recipe["expect"].as_str().unwrap();
        if !failed || !failures(&report).contains(&expected) {
            wrong.push(format!("{name}: expected {expected}, got {:?}", failures(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn unpack(zip: &Path, folder: &Path) {
    let tree = Tree::open_zip(zip).unwrap();
    for (path, _) in tree.entries() {
        write(folder, path.as_str(), &tree.read(path, 64 << 20).unwrap());
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let place = folder.join(name);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, bytes).unwrap();
}

fn apply(folder: &Path, step: &[Value], other: &Tsa) {
    let text = |i: usize| step.get(i).and_then(Value::as_str).unwrap_or_default();
    let file = |i: usize| folder.join(text(i));
    let read = |i: usize| fs::read(file(i)).unwrap();
    match text(0) {
        "flip" => {
            let mut bytes = read(1);
            bytes[step[2].as_u64().unwrap() as usize] ^= 1;
            fs::write(file(1), bytes).unwrap();
        }
        "delete" => fs::remove_file(file(1)).unwrap(),
        "write" => write(folder, text(1), text(2).as_bytes()),
        "append" => write(folder, text(1), &[read(1), text(2).as_bytes().to_vec()].concat()),
        "replace" => {
            write(folder, text(1), String::from_utf8(read(1)).unwrap().replace(text(2), text(3)).as_bytes())
        }
        "copy" => write(folder, text(2), &read(1)),
        "swap" => {
            let (a, b) = (read(1), read(2));
            fs::write(file(1), b).unwrap();
            fs::write(file(2), a).unwrap();
        }
        "rename-folder" => fs::rename(file(1), file(2)).unwrap(),
        "rehash" => fixture::rehash(folder),
        "tail" => write(folder, text(1), &[read(1), vec![0; 8]].concat()),
        "forge" => forge(folder, text(1)),
        "reseal" => reseal(folder, &step[1..]),
        "token" => {
            let content = if text(2) == "other" {
                b"another file".to_vec()
            } else {
                fs::read(folder.join(TIMESTAMP).with_extension("")).unwrap()
            };
            write(folder, text(1), &other.answer(Question::about(&content).der()));
        }
        "renewal" => {
            let next = renewal::next(&Tree::open_folder(folder).unwrap(), ListHash::Sha256).unwrap();
            let list = String::from_utf8(next.list).unwrap();
            let list = if text(1) == "short" {
                list.lines().skip(1).map(|l| format!("{l}\n")).collect()
            } else {
                list
            };
            write(folder, &next.list_path, list.as_bytes());
        }
        "pdf" => {
            let name = "data/report/audit-package.pdf";
            let forged = forge_pdf(&fs::read(folder.join(name)).unwrap(), text(1));
            write(folder, name, &forged);
        }
        other => panic!("no such step: {other}"),
    }
}

/// New signatures by a key of the same name over the lists, in the order given.
fn reseal(folder: &Path, lists: &[Value]) {
    let forger = authority::self_signed(&authority::person("Jordan Example")).signer();
    for list in lists {
        let list = list.as_str().unwrap();
        if lists.len() > 1 && list.starts_with("tag") {
            fixture::rehash(folder);
        }
        let signature = sign_detached(&fs::read(folder.join(list)).unwrap(), &forger, noon()).unwrap();
        write(folder, &format!("seal/{list}{SIGNATURE_SUFFIX}"), &signature);
    }
}

/// Everything sealed anew by another key, and a file of certificates that shows more, or
/// others, than the seal's.
fn forge(folder: &Path, how: &str) {
    let forger = authority::self_signed(&authority::person("Jordan Example"));
    let own = forger.certificate.to_pem();
    let victim = fs::read_to_string(folder.join("seal/certificates.pem")).unwrap();
    let shown = match how {
        "victim-first" => format!("{victim}{own}"),
        "forger-first" => format!("{own}{victim}"),
        "victim-alone" => victim,
        "text" => format!("Subject: the organization that you know\n{own}"),
        "twice" => format!("{own}{own}"),
        "none" => String::new(),
        other => panic!("no such file of certificates: {other}"),
    };
    write(folder, "seal/certificates.pem", shown.as_bytes());
    for list in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        fixture::rehash(folder);
        let signature =
            sign_detached(&fs::read(folder.join(list)).unwrap(), &forger.signer(), noon()).unwrap();
        write(folder, &format!("seal/{list}{SIGNATURE_SUFFIX}"), &signature);
    }
}

fn forge_pdf(pdf: &[u8], how: &str) -> Vec<u8> {
    let updated = |change: &dyn Fn(&mut IncrementalDocument, lopdf::ObjectId)| {
        let mut update = IncrementalDocument::create_from(pdf.to_vec(), Document::load_mem(pdf).unwrap());
        let page = update.get_prev_documents().page_iter().next().unwrap();
        update.opt_clone_object_to_new_document(page).unwrap();
        change(&mut update, page);
        let mut out = Vec::new();
        update.save_to(&mut out).unwrap();
        out
    };
    let set = |update: &mut IncrementalDocument, page, key: &str, value: lopdf::Object| {
        update.new_document.get_object_mut(page).unwrap().as_dict_mut().unwrap().set(key, value);
    };
    match how {
        "rotate" => updated(&|update, page| set(update, page, "Rotate", 90.into())),
        "annotation" => updated(&|update, page| {
            let rect = vec![0.into(), 0.into(), 500.into(), 500.into()];
            let note = update
                .new_document
                .add_object(dictionary! { "Type" => "Annot", "Subtype" => "FreeText", "Rect" => rect });
            set(update, page, "Annots", vec![note.into()].into());
        }),
        "content" => updated(&|update, page| {
            let stream =
                update.new_document.add_object(Stream::new(lopdf::Dictionary::new(), b"BT ET".to_vec()));
            set(update, page, "Contents", stream.into());
        }),
        "action" => updated(&|update, page| {
            let action =
                dictionary! { "S" => "URI", "URI" => lopdf::Object::string_literal("https://example.com/") };
            set(update, page, "AA", dictionary! { "O" => action }.into());
        }),
        "script" => updated(&|update, _| {
            let root = update.get_prev_documents().trailer.get(b"Root").unwrap().as_reference().unwrap();
            update.opt_clone_object_to_new_document(root).unwrap();
            let action =
                dictionary! { "S" => "JavaScript", "JS" => lopdf::Object::string_literal("app.alert(1)") };
            set(update, root, "OpenAction", action.into());
        }),
        "pages" => updated(&|update, _| {
            let root = update.get_prev_documents().trailer.get(b"Root").unwrap().as_reference().unwrap();
            update.opt_clone_object_to_new_document(root).unwrap();
            let pages = update.new_document.add_object(
                dictionary! { "Type" => "Pages", "Kids" => Vec::<lopdf::Object>::new(), "Count" => 0 },
            );
            set(update, root, "Pages", pages.into());
        }),
        how if how.starts_with("cover") || how == "field-script" => updated(&|update, page| {
            let annots = |d: &Document| {
                d.get_dictionary(page)
                    .unwrap()
                    .get_deref(b"Annots", d)
                    .and_then(lopdf::Object::as_array)
                    .cloned()
            };
            let mut list = annots(update.get_prev_documents()).unwrap_or_default();
            let rect: Vec<lopdf::Object> = match how {
                "cover" => [0, 0, 500, 500].map(lopdf::Object::from).to_vec(),
                "cover-five" => [0, 0, 500, 500, 0].map(lopdf::Object::from).to_vec(),
                "cover-line" => [0.0, 700.0, 600.0, 700.4f32].map(lopdf::Object::from).to_vec(),
                "cover-referred" => {
                    let edges = [0, 0, 500, 500].map(|edge| update.new_document.add_object(edge));
                    edges.map(lopdf::Object::Reference).to_vec()
                }
                _ => [0; 4].map(lopdf::Object::from).to_vec(),
            };
            let mut field = dictionary! {
                "Type" => "Annot", "Subtype" => "Widget", "FT" => "Sig", "T" => lopdf::text_string("x"),
                "Rect" => rect
            };
            if how == "field-script" {
                field.set(
                    "A",
                    dictionary! {
                        "S" => "JavaScript", "JS" => lopdf::Object::string_literal("app.alert(1)")
                    },
                );
            }
            list.push(update.new_document.add_object(field).into());
            set(update, page, "Annots", list.into());
        }),
        "byte" => {
            // In a comment line behind the header: harmless to every reader, and signed.
            let mut forged = pdf.to_vec();
            let at = pdf.windows(2).position(|w| w == b"\n%").unwrap() + 3;
            forged[at] ^= 1;
            forged
        }
        "unsigned" => PDF.to_vec(),
        "approval" => {
            let signer = authority::self_signed(&authority::person("Jordan Example")).signer();
            pades::sign(PDF, &signer, noon(), Role::Approval, "x").unwrap()
        }
        other => panic!("no such change of a PDF: {other}"),
    }
}

fn rezip(folder: &Path, dir: &Path, how: &[Value]) -> PathBuf {
    let target = dir.join("forged.zip");
    let text = |i: usize| how.get(i).and_then(Value::as_str).unwrap_or_default();
    let number = |i: usize| how[i].as_u64().unwrap() as usize;
    type Extra = Box<dyn Fn(&mut ZipWriter<fs::File>)>;
    let mut extra: Option<Extra> = None;
    let name = text(1).to_owned();
    match text(0) {
        "entry" => extra = Some(Box::new(move |w| w.start_file(name.as_str(), options()).unwrap())),
        "entry-twice" => {
            extra = Some(Box::new(|w| w.start_file("package/data/package.jsom", options()).unwrap()))
        }
        "link" => {
            extra = Some(Box::new(move |w| w.add_symlink(name.as_str(), "/etc/passwd", options()).unwrap()))
        }
        "folder" => extra = Some(Box::new(move |w| w.add_directory(name.as_str(), options()).unwrap())),
        "zeros" => {
            let megabytes = number(1);
            extra = Some(Box::new(move |w| {
                w.start_file("package/data/zeros", options()).unwrap();
                (0..megabytes).for_each(|_| w.write_all(&vec![0; 1 << 20]).unwrap());
            }));
        }
        _ => {}
    }
    let mut files: BTreeMap<String, Vec<u8>> = fixture::files(folder);
    let mut writer = ZipWriter::new(fs::File::create(&target).unwrap());
    while let Some((path, bytes)) = files.pop_first() {
        writer.start_file(format!("package/{path}"), options()).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    if let Some(extra) = extra {
        extra(&mut writer);
    }
    writer.finish().unwrap();
    let mut bytes = fs::read(&target).unwrap();
    let central = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let second = central + 1 + bytes[central + 1..].windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
    };
    let put = |bytes: &mut Vec<u8>, at: usize, new: &[u8]| bytes[at..at + new.len()].copy_from_slice(new);
    match text(0) {
        "append" => bytes.extend(text(1).bytes()),
        "prepend" => bytes = [text(1).as_bytes(), &bytes].concat(),
        "cut" => bytes.truncate(bytes.len() - 30),
        "entry-twice" => {
            let old = b"package/data/package.jsom";
            let places: Vec<_> =
                bytes.windows(old.len()).enumerate().filter(|(_, w)| w == old).map(|(at, _)| at).collect();
            places.iter().for_each(|at| bytes[at + old.len() - 1] = b'n');
        }
        "local" => put(&mut bytes, number(1), &hex(text(2))),
        "central" => put(&mut bytes, central + number(1), &hex(text(2))),
        "second" => put(&mut bytes, second + number(1), &hex(text(2))),
        "both" => {
            put(&mut bytes, number(1), &hex(text(3)));
            put(&mut bytes, central + number(2), &hex(text(3)));
        }
        _ => {}
    }
    fs::write(&target, bytes).unwrap();
    target
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().last_modified_time(zip::DateTime::default()).unix_permissions(0o644)
}
