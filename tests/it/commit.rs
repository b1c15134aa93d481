//! The commit that the program names is the one it was built from: on a branch, packed, in a worktree,
//! detached; and none elsewhere.

#[path = "../../build.rs"]
#[allow(dead_code)]
mod build;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

fn git(folder: &Path, args: &[&str]) -> String {
    let who =
        ["-c", "user.name=Ada Example", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").arg("-C").arg(folder).args(who).args(args).output().expect("git starts");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}

/// Whether `change` touches a file that cargo watches after `commit` was asked.
fn seen(folder: &Path, change: impl FnOnce()) -> bool {
    let (_, watched) = build::commit(folder).expect("a commit");
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    for path in &watched {
        fs::File::open(path).and_then(|file| file.set_modified(long_ago)).expect("its time can be set");
    }
    change();
    let newer = |path: &std::path::PathBuf| {
        fs::metadata(path).and_then(|m| m.modified()).is_ok_and(|at| at > long_ago)
    };
    watched.iter().any(newer)
}

#[test]
fn the_commit_is_the_one_that_is_checked_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("main");
    fs::create_dir_all(root.join("inner")).expect("a folder");
    assert_eq!(build::commit(&root), None, "no checkout");
    git(&root, &["init", "--quiet"]);
    let commit = |words: &str| git(&root, &["commit", "--quiet", "--allow-empty", "--message", words]);
    let named = |folder: &Path| build::commit(folder).map(|(commit, _)| commit);
    commit("one");
    let head = || git(&root, &["rev-parse", "HEAD"]);
    assert_eq!(named(&root), Some(head()));
    assert_eq!(named(&root.join("inner")), None, "sources inside of another repository");
    assert!(seen(&root, || drop(commit("two"))), "a commit is seen");
    git(&root, &["pack-refs", "--all"]);
    assert_eq!(named(&root), Some(head()), "packed");
    assert!(seen(&root, || drop(commit("three"))), "a commit on a packed branch is seen");
    let tree = dir.path().join("tree");
    git(&root, &["worktree", "add", "--quiet", "-b", "side", &tree.display().to_string(), "HEAD~1"]);
    assert_eq!(named(&tree), Some(git(&root, &["rev-parse", "HEAD~1"])), "a worktree");
    assert!(
        seen(&tree, || drop(git(&tree, &["commit", "--quiet", "--allow-empty", "--message", "aside"]))),
        "a commit in a worktree"
    );
    assert!(
        seen(&root, || drop(git(&root, &["checkout", "--quiet", "--detach", "HEAD~1"]))),
        "another checkout is seen"
    );
    assert_eq!(named(&root), Some(head()), "detached");
}
