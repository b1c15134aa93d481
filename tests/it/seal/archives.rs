//! ZIP archives: the same bytes twice, and every malformation with its own diagnostic.

use std::fs;
use std::io::Write;
use std::path::Path;

use affiant::seal::Trust;
use affiant::store::{Tree, archive, atomic::Existing};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::authority;
use super::fixture::{self, check, failures, rejected};

fn plain() -> SimpleFileOptions {
    SimpleFileOptions::default().last_modified_time(zip::DateTime::default()).unix_permissions(0o644)
}

/// An archive of a good package's files with a change of its making.
fn rezip(target: &Path, folder: &Path, change: impl FnOnce(&mut ZipWriter<fs::File>)) {
    let mut writer = ZipWriter::new(fs::File::create(target).unwrap());
    for (path, bytes) in fixture::files(folder) {
        writer.start_file(format!("package/{path}"), plain()).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    change(&mut writer);
    writer.finish().unwrap();
}

fn good(dir: &Path) -> std::path::PathBuf {
    fixture::small(dir, &authority::self_signed(&authority::person("Jordan Example")).signer())
}

#[test]
fn the_same_folder_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let folder = good(dir.path());
    let (a, b) = (dir.path().join("a.zip"), dir.path().join("b.zip"));
    fixture::zip(&folder, &a);
    for path in fixture::files(&folder).keys() {
        fs::File::options()
            .append(true)
            .open(folder.join(path))
            .unwrap()
            .set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
    }
    let fixity = archive::write(&folder, "package", &b, Existing::Refuse).unwrap();
    assert_eq!(fs::read(&a).unwrap(), fs::read(&b).unwrap());
    assert_eq!(fixity.digest, affiant::model::Digest::of(&fs::read(&b).unwrap()));
    assert!(archive::write(&folder, "package", &b, Existing::Refuse).is_err());
    assert_eq!(failures(&check(&b, &Trust::default())), Vec::<&str>::new());
}

#[test]
fn every_byte_of_the_archive_counts() {
    let dir = tempfile::tempdir().unwrap();
    let target = fixture::zip(&good(dir.path()), &dir.path().join("a.zip"));
    let bytes = fs::read(&target).unwrap();
    let unpacked = |path: &Path| -> Vec<(String, Vec<u8>)> {
        let tree = Tree::open_zip(path).unwrap();
        tree.entries().map(|(path, _)| (path.to_string(), tree.read(path, 1 << 20).unwrap())).collect()
    };
    let original = unpacked(&target);
    for at in 0..bytes.len() {
        let mut forged = bytes.clone();
        forged[at] ^= 1 << (at % 8);
        fs::write(&target, forged).unwrap();
        // Deflate can say the same in several ways; that is no change.
        assert!(rejected(&check(&target, &Trust::default())) || unpacked(&target) == original, "byte {at}");
    }
}

#[test]
fn hostile_entries_have_their_own_codes() {
    type Change = fn(&mut ZipWriter<fs::File>);
    let cases: [(&str, Change); 9] = [
        ("AFV-014", |w| w.start_file("package/../../etc/passwd", plain()).unwrap()),
        ("AFV-014", |w| w.start_file("/etc/passwd", plain()).unwrap()),
        ("AFV-014", |w| w.start_file("package/..\\x", plain()).unwrap()),
        ("AFV-015", |w| w.start_file("package/data/\u{202e}gpj.exe", plain()).unwrap()),
        ("AFV-015", |w| w.start_file("package/data/nul", plain()).unwrap()),
        ("AFV-016", |w| w.start_file("package/DATA/a.gz", plain()).unwrap()),
        ("AFV-017", |w| w.add_symlink("package/data/link", "/etc/passwd", plain()).unwrap()),
        ("AFV-018", |w| w.add_directory("package/data/empty", plain()).unwrap()),
        ("AFV-019", |w| w.start_file("other/data/x", plain()).unwrap()),
    ];
    let dir = tempfile::tempdir().unwrap();
    let folder = good(dir.path());
    let target = dir.path().join("x.zip");
    for (code, change) in cases {
        rezip(&target, &folder, change);
        let report = check(&target, &Trust::default());
        assert!(rejected(&report) && failures(&report).contains(&code), "{code}: {:?}", failures(&report));
    }
}

/// Edits of the bytes that no ZIP library would write.
#[test]
fn malformed_structure_has_its_own_codes() {
    let dir = tempfile::tempdir().unwrap();
    let target = fixture::zip(&good(dir.path()), &dir.path().join("x.zip"));
    let bytes = fs::read(&target).unwrap();
    let central = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let second = central + 1 + bytes[central + 1..].windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let edit = |at: usize, new: &[u8]| {
        let mut edited = bytes.clone();
        edited[at..at + new.len()].copy_from_slice(new);
        edited
    };
    let both = |local: usize, offset: usize, new: &[u8]| {
        let mut edited = edit(local, new);
        edited[central + offset..central + offset + new.len()].copy_from_slice(new);
        edited
    };
    let cases = [
        ("AFV-010", bytes[..bytes.len() - 30].to_vec()),
        ("AFV-010", b"not a zip at all, but long enough to hold an end record".to_vec()),
        ("AFV-011", [&bytes[..], b"tail"].concat()),
        ("AFV-012", [b"#!/bin/sh\n", &bytes[..]].concat()),
        ("AFV-020", edit(14, &[1, 2, 3, 4])),
        ("AFV-020", edit(30, b"P")),
        ("AFV-021", both(6, 8, &[8, 0])),
        ("AFV-022", both(6, 8, &[1, 0])),
        ("AFV-023", both(8, 10, &[12, 0])),
        ("AFV-012", edit(central + 42, &[1])),
        ("AFV-024", edit(second + 42, &[1])),
        ("AFV-025", edit(central + 24, &0x7000_0000u32.to_le_bytes())),
    ];
    for (code, forged) in cases {
        fs::write(&target, forged).unwrap();
        let report = check(&target, &Trust::default());
        assert_eq!(failures(&report), [code]);
    }
}

#[test]
fn a_name_twice_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = good(dir.path());
    let target = dir.path().join("x.zip");
    // The library refuses to write a name twice, so write another of the same length and
    // rename it in the bytes.
    rezip(&target, &folder, |w| {
        w.start_file("package/data/b.gz", plain()).unwrap();
        w.write_all(b"other").unwrap();
    });
    let mut bytes = fs::read(&target).unwrap();
    let places: Vec<_> =
        bytes.windows(17).enumerate().filter(|(_, w)| w == b"package/data/b.gz").map(|(at, _)| at).collect();
    places.iter().for_each(|at| bytes[at + 13] = b'a');
    fs::write(&target, bytes).unwrap();
    assert!(failures(&check(&target, &Trust::default())).contains(&"AFV-013"));
}

/// A gigabyte of zeros in a megabyte, honestly declared; and the same lying about its length.
#[test]
fn bombs_are_not_unpacked() {
    let dir = tempfile::tempdir().unwrap();
    let folder = good(dir.path());
    let target = dir.path().join("bomb.zip");
    rezip(&target, &folder, |w| {
        w.start_file("package/data/zeros", plain()).unwrap();
        let zeros = vec![0; 1 << 20];
        (0..1024).for_each(|_| w.write_all(&zeros).unwrap());
    });
    let started = std::time::Instant::now();
    assert_eq!(failures(&check(&target, &Trust::default())), ["AFV-025"]);
    assert!(started.elapsed().as_millis() < 500);
}

/// Records that repeat what the short fields say, or take their place where they would do.
#[test]
fn zip64_records_that_are_not_needed_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = fs::read(fixture::zip(&good(dir.path()), &dir.path().join("a.zip"))).unwrap();
    let (rest, end) = bytes.split_at(bytes.len() - 22);
    let count = u64::from(u16::from_le_bytes([end[10], end[11]]));
    let number = |at: usize| u64::from(u32::from_le_bytes([end[at], end[at + 1], end[at + 2], end[at + 3]]));
    let mut records = b"PK\x06\x06".to_vec();
    records.extend(44u64.to_le_bytes());
    records.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    [count, count, number(12), number(16)].iter().for_each(|n| records.extend(n.to_le_bytes()));
    records.extend(b"PK\x06\x07\0\0\0\0");
    records.extend((rest.len() as u64).to_le_bytes());
    records.extend([1, 0, 0, 0]);
    let mut elsewhere = end.to_vec();
    elsewhere[8..20].fill(0xff);
    let target = dir.path().join("b.zip");
    for end in [end, &elsewhere] {
        fs::write(&target, [rest, &records, end].concat()).unwrap();
        assert_eq!(failures(&check(&target, &Trust::default())), ["AFV-023"]);
    }
}

#[test]
fn large_entries_get_zip64_fields_that_are_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("x.zip");
    let mut writer = ZipWriter::new(fs::File::create(&target).unwrap());
    for name in ["package/a", "package/b"] {
        writer.start_file(name, plain().large_file(true)).unwrap();
        writer.write_all(b"content").unwrap();
    }
    writer.finish().unwrap();
    let tree = Tree::open_zip(&target).unwrap();
    assert_eq!(tree.problems(), []);
    for (path, len) in tree.entries() {
        assert_eq!((len, tree.read(path, 100).unwrap().as_slice()), (7, &b"content"[..]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn damaged_archives_never_panic(
        edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8), cut in 0usize..400,
    ) {
        thread_local! {
            static ARCHIVE: (tempfile::TempDir, Vec<u8>) = {
                let dir = tempfile::tempdir().unwrap();
                let bytes = fs::read(fixture::zip(&good(dir.path()), &dir.path().join("a.zip"))).unwrap();
                (dir, bytes)
            };
        }
        ARCHIVE.with(|(dir, original)| {
            let mut bytes = original.clone();
            let n = bytes.len();
            // Most edits go to the directory at the end, where the structure is.
            edits.iter().for_each(|(at, value)| {
                bytes[if at % 3 == 0 { at % n } else { n - 1 - at % 600 }] = *value
            });
            bytes.truncate(n - cut % 3 * cut);
            let target = dir.path().join("damaged.zip");
            fs::write(&target, &bytes).unwrap();
            let report = check(&target, &Trust::default());
            prop_assert!(bytes == *original || rejected(&report));
            Ok(())
        })?;
    }
}
