//! Tests of the file above.

use super::*;

fn begin(parent: &Path) -> Payload {
    Payload::create(parent, "run", Access::Private).unwrap()
}

#[test]
fn a_bag_appears_whole_and_with_its_counts() {
    let dir = tempfile::tempdir().unwrap();
    let parent = dir.path().join("evidence");
    let mut bag = begin(&parent);
    let fixity = bag.add("data/aws/x.json", &mut &b"{}"[..]).unwrap();
    assert_eq!((fixity.len, fixity.digest), (2, Digest::of(b"{}")));
    bag.add("data/empty", &mut &b""[..]).unwrap();
    let mut closed = bag.close(BagInfo::new([("Bagging-Date", "2026-09-30")])).unwrap();
    closed.add_tag("VERIFY.md", b"how").unwrap();
    assert!(!parent.join("run").exists());
    let place = closed.finish(&[("seal/outer.p7s", b"x")]).unwrap();
    assert_eq!(fs::read_dir(&parent).unwrap().count(), 1);
    assert_eq!(
        fs::read_to_string(place.join("bag-info.txt")).unwrap(),
        "Bagging-Date: 2026-09-30\nPayload-Oxum: 2.2\n"
    );
    let listed = fs::read_to_string(place.join("tagmanifest-sha256.txt")).unwrap();
    assert!(listed.contains("VERIFY.md") && listed.contains("bag-info.txt") && !listed.contains("outer.p7s"));
    assert!(matches!(Payload::create(&parent, "run", Access::Private), Err(BagError::Exists(_))));
}

#[test]
fn what_is_dropped_leaves_nothing_and_what_is_kept_can_be_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let mut bag = begin(dir.path());
    drop(bag.file("data/half").unwrap());
    assert!(!bag.folder().join("data/half").exists());
    drop(bag);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    let mut bag = begin(dir.path());
    bag.add("data/a", &mut &b"a"[..]).unwrap();
    bag.keep(true);
    drop(bag);
    assert!(matches!(Payload::create(dir.path(), "run", Access::Private), Err(BagError::Exists(_))));
    let mut bag = Payload::resume(dir.path(), "run", Access::Private).unwrap();
    assert_eq!(bag.adopt("data/a").unwrap().len, 1);
    bag.close(BagInfo::default()).unwrap().finish(&[]).unwrap();
}

#[test]
fn names_that_cannot_live_everywhere_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut bag = begin(dir.path());
    bag.add("data/A/x", &mut &b""[..]).unwrap();
    assert!(matches!(bag.add("data/a/x", &mut &b""[..]), Err(BagError::Collision { .. })));
    assert!(matches!(bag.add("data/A/x", &mut &b""[..]), Err(BagError::Collision { .. })));
    assert!(matches!(bag.add("data/../x", &mut &b""[..]), Err(BagError::Name { .. })));
    assert!(matches!(bag.add("data/100%25", &mut &b""[..]), Err(BagError::Name { .. })));
    assert!(matches!(bag.add("x", &mut &b""[..]), Err(BagError::Place(_))));
    assert_eq!(bag.unoccupied("data/A/X").unwrap().as_str(), "data/A/X~2");
    let mut closed = bag.close(BagInfo::default()).unwrap();
    assert!(matches!(closed.add_tag("data/tag", b""), Err(BagError::Place(_))));
    assert!(matches!(closed.add_tag("bagit.txt", b""), Err(BagError::Collision { .. })));
    assert!(matches!(Payload::create(dir.path(), "../run", Access::Private), Err(BagError::Name { .. })));
}

#[cfg(unix)]
#[test]
fn links_are_not_adopted_and_private_means_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let mut bag = begin(dir.path());
    std::os::unix::fs::symlink("/etc/passwd", bag.folder().join("data/link")).unwrap();
    assert!(bag.adopt("data/link").is_err());
    bag.add("data/sub/a", &mut &b"a"[..]).unwrap();
    let mode = |path: &str| fs::metadata(bag.folder().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data/sub/a"), mode("data/sub"), mode("")), (0o600, 0o700, 0o700));
}
