//! Altered packages: whatever is flipped, dropped, added or swapped, `verify` must exit with 4.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::harness::{Sandbox, files, unzip};

/// A small workspace and its package's ZIP.
fn packed() -> (Sandbox, PathBuf) {
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    let bucket = crate::harness::item("AWS::S3::Bucket", "b", serde_json::json!({ "name": "b" }));
    box_.snapshot("in", &[bucket]);
    box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
    let zip = box_.package();
    (box_, zip)
}

/// The same, unpacked: small, since each attack verifies it anew.
fn small() -> (Sandbox, PathBuf) {
    let (box_, zip) = packed();
    let folder = unzip(&zip, &box_.path().join("x"));
    (box_, folder)
}

#[track_caller]
fn refused(box_: &Sandbox, path: &Path, what: &str) {
    let ran =
        box_.affiant(&["verify", path.to_str().expect("UTF-8"), "--trust", ".affiant/seal/certificate.pem"]);
    assert_eq!(ran.code, 4, "{what} was not refused:\n{}{}", ran.out, ran.err);
    assert!(ran.out.contains("AFV-"), "{what} has no diagnostic:\n{}", ran.out);
}

/// Every file, but of the hundreds of the catalog, which are all listed and hashed alike, one in forty; all
/// of them under `./test --long`.
fn some_of_a_kind(all: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let long = std::env::var_os("AFFIANT_LONG").is_some();
    let chosen = |(index, (name, _)): &(usize, (String, Vec<u8>))| {
        long || !name.starts_with("data/catalog/") || index % 40 == 0
    };
    all.into_iter().enumerate().filter(chosen).map(|(_, file)| file).collect()
}

#[test]
fn any_flipped_byte_is_seen() {
    let (box_, folder) = small();
    box_.affiant(&["verify", folder.to_str().expect("UTF-8"), "--trust", ".affiant/seal/certificate.pem"])
        .exits(0);
    for (name, bytes) in some_of_a_kind(files(&folder)) {
        let path = folder.join(&name);
        // The first, the last, and one in the middle (in each quarter under --long):
        // headers, bodies, trailers.
        let parts = if std::env::var_os("AFFIANT_LONG").is_some() { 4 } else { 2 };
        let mut places: Vec<usize> =
            (0..parts).map(|q| bytes.len() * q / parts).chain([bytes.len().saturating_sub(1)]).collect();
        places.dedup();
        for at in places.into_iter().filter(|at| *at < bytes.len()) {
            let mut forged = bytes.clone();
            forged[at] ^= 0x01;
            fs::write(&path, &forged).expect("written");
            refused(&box_, &folder, &format!("{name} flipped at {at} of {}", bytes.len()));
        }
        fs::write(&path, &bytes).expect("restored");
    }
    box_.affiant(&["verify", folder.to_str().expect("UTF-8"), "--trust", ".affiant/seal/certificate.pem"])
        .exits(0);
}

#[test]
fn dropped_added_and_swapped_files_are_seen() {
    let (box_, folder) = small();
    let all = files(&folder);
    for (name, bytes) in &some_of_a_kind(all.clone()) {
        let path = folder.join(name);
        fs::remove_file(&path).expect("removed");
        refused(&box_, &folder, &format!("{name} removed"));
        fs::write(&path, b"").expect("emptied");
        refused(&box_, &folder, &format!("{name} emptied"));
        fs::write(&path, bytes).expect("restored");
    }
    for name in ["data/extra.txt", "data/report/other.html", "seal/other.p7s", "extra.txt"] {
        fs::write(folder.join(name), b"x").expect("added");
        refused(&box_, &folder, &format!("{name} added"));
        fs::remove_file(folder.join(name)).expect("removed");
    }
    let names: Vec<&String> = all.keys().filter(|n| n.starts_with("data/catalog/checks/")).collect();
    let (a, b) = (folder.join(names[0]), folder.join(names[1]));
    fs::write(&a, &all[names[1]]).expect("swapped");
    fs::write(&b, &all[names[0]]).expect("swapped");
    refused(&box_, &folder, "two files swapped");
}

/// A forger who makes the manifests fit still lacks the key.
#[test]
fn a_regenerated_manifest_is_seen() {
    let (box_, folder) = small();
    let target = folder.join("data/assessment.json");
    let text = fs::read_to_string(&target).expect("JSON").replace("not evidenced", "met");
    fs::write(&target, &text).expect("forged");
    relist(&folder, "manifest-sha256.txt", "data/assessment.json");
    relist(&folder, "tagmanifest-sha256.txt", "manifest-sha256.txt");
    refused(&box_, &folder, "a regenerated manifest");
}

fn relist(folder: &Path, manifest: &str, name: &str) {
    use sha2::Digest;
    let digest: String = sha2::Sha256::digest(fs::read(folder.join(name)).expect("read"))
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let path = folder.join(manifest);
    let text = fs::read_to_string(&path).expect("a manifest");
    let lines: Vec<String> = text
        .lines()
        .map(|l| if l.ends_with(&format!(" {name}")) { format!("{digest}  {name}") } else { l.to_string() })
        .collect();
    fs::write(path, lines.join("\n") + "\n").expect("written");
}

/// Sealed anew, whole and consistent, but by another key.
#[test]
fn a_package_sealed_by_another_key_is_not_the_pinned_ones() {
    let (box_, _) = small();
    let (other, folder) = small();
    let trust = box_.path().join(".affiant/seal/certificate.pem");
    let ran = other
        .affiant(&["verify", folder.to_str().expect("UTF-8"), "--trust", trust.to_str().expect("UTF-8")])
        .exits(4);
    assert!(
        ran.out.contains("authenticity FAILED")
            || ran.out.contains("authenticity") && ran.out.contains("FAILED"),
        "{}",
        ran.out
    );
}

#[test]
fn hostile_archives_are_refused_each_with_its_code() {
    let (box_, folder) = small();
    let all = files(&folder);
    let top = folder.file_name().expect("a name").to_str().expect("UTF-8").to_string();
    let build = |extra: &dyn Fn(&mut zip::ZipWriter<fs::File>)| -> PathBuf {
        let path = box_.path().join("forged.zip");
        let mut zip = zip::ZipWriter::new(fs::File::create(&path).expect("a file"));
        for (name, bytes) in &all {
            zip.start_file(format!("{top}/{name}"), zip::write::SimpleFileOptions::default())
                .expect("an entry");
            zip.write_all(bytes).expect("written");
        }
        extra(&mut zip);
        zip.finish().expect("a ZIP");
        path
    };
    let entry = |name: &'static str, bytes: &'static [u8]| {
        move |zip: &mut zip::ZipWriter<fs::File>| {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("an entry");
            zip.write_all(bytes).expect("written");
        }
    };
    for (what, name) in [
        ("a traversal", "../../etc/passwd"),
        ("an absolute path", "/etc/passwd"),
        ("a second top", "other/file"),
        ("a bare file", "file"),
    ] {
        refused(&box_, &build(&entry(name, b"x")), what);
    }
    let collision = format!("{top}/DATA/package.json");
    refused(
        &box_,
        &build(&|zip| {
            zip.start_file(collision.as_str(), zip::write::SimpleFileOptions::default()).expect("an entry");
            zip.write_all(b"x").expect("written");
        }),
        "a case collision",
    );
    let link = format!("{top}/link");
    refused(
        &box_,
        &build(&|zip| {
            zip.add_symlink(link.as_str(), "/etc/passwd", zip::write::SimpleFileOptions::default())
                .expect("a link")
        }),
        "a link",
    );
    let clean = build(&|_| {});
    let bytes = fs::read(&clean).expect("a ZIP");
    for (what, forged) in [
        ("trailing data", [bytes.clone(), b"trailing".to_vec()].concat()),
        ("prepended data", [b"MZ stub".to_vec(), bytes.clone()].concat()),
        ("a cut archive", bytes[..bytes.len() / 2].to_vec()),
        ("no archive", b"PK nothing".to_vec()),
    ] {
        let path = box_.write("forged2.zip", forged);
        refused(&box_, &path, what);
    }
}

/// A bomb is refused before it is unpacked: time and memory stay small.
#[test]
fn a_bomb_is_refused() {
    let (box_, folder) = small();
    let top = folder.file_name().expect("a name").to_str().expect("UTF-8").to_string();
    let path = box_.path().join("bomb.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).expect("a file"));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    zip.start_file(format!("{top}/data/zeros"), options).expect("an entry");
    for _ in 0..512 {
        zip.write_all(&vec![0; 1 << 20]).expect("written");
    }
    zip.finish().expect("a ZIP");
    refused(&box_, &path, "a bomb");
}

/// Dates may not be moved back: the run says that its clock was pinned, and everything made
/// of it says SAMPLE.
#[test]
fn a_pinned_clock_cannot_pass_for_real() {
    let (box_, zip) = packed();
    let ran = box_.affiant(&["verify", zip.to_str().expect("UTF-8")]).exits(3);
    assert!(ran.out.starts_with("SAMPLE"), "{}", ran.out);
    let html = fs::read_to_string(files_named(&box_, "index.html")).expect("HTML");
    assert!(html.contains("SAMPLE"));
}

fn files_named(box_: &Sandbox, name: &str) -> PathBuf {
    let packages = box_.path().join("packages");
    let found = files(&packages).into_keys().find(|n| n.ends_with(name)).expect("it is there");
    packages.join(found)
}
