//! What is done to a seal after it was made: a timestamp fetched by another machine, renewals, and what ends
//! when. `data/` is never touched; a ZIP is written anew beside the old one and takes its place when it is
//! whole.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Error;
use crate::diag::Diagnostic;
use crate::seal::bag::care::{Care, care_until};
use crate::seal::bag::renewal::{self, ListHash, Renewal};
use crate::seal::bag::{CERTIFICATES, RENEWALS, TAG_MANIFEST_SIGNATURE, TIMESTAMP};
use crate::seal::signature::authorities::Authorities;
use crate::seal::signature::timestamp::{self, Question, Token};
use crate::seal::{Certificate, Trust};
use crate::store::atomic::{self, Access, Existing};
use crate::store::tree::Tree;
use crate::store::{BagPath, archive};

/// What a timestamp is to be put over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The seal that has no timestamp yet.
    Seal,
    /// The seal and everything that was added to it: a renewal.
    Renewal(ListHash),
}

/// Files to add and the one of them, or the seal, that the timestamp goes over.
struct Target {
    content: Vec<u8>,
    files: Vec<(String, Vec<u8>)>,
    token_path: String,
}

/// The most that one file of a seal may hold.
const MAX_SEAL_FILE: u64 = 512 << 20;

/// The question for a machine that has network, as `openssl ts -query` would write it.
pub fn request(path: &Path, over: Over) -> Result<Question, Error> {
    let tree = open(path)?;
    Ok(Question::about(&target(&tree, path, over)?.content))
}

/// Takes the answer in, if it is a token over this very seal (and answers `question`, if that is given).
pub fn apply(
    path: &Path,
    over: Over,
    answer: &[u8],
    question: Option<&[u8]>,
    trust: &Trust,
    now: DateTime<Utc>,
) -> Result<Token, Error> {
    let tree = open(path)?;
    let target = target(&tree, path, over)?;
    let refused = |why: String| {
        let problem = Diagnostic::new("AFS-001", format!("the timestamp is not taken: {why}"));
        Error::from(problem.hint(
            "give what an authority answered to the request of `affiant seal request` for this very seal",
        ))
    };
    let token = match question {
        Some(der) => Question::from_der(der)
            .and_then(|question| question.answered(answer))
            .map_err(|e| refused(e.to_string()))?,
        None => timestamp::verify(answer, &target.content).map_err(|e| refused(e.to_string()))?,
    };
    timestamp::verify(&token.der, &target.content).map_err(|e| refused(e.to_string()))?;
    let standing = trust.judge_authority(&token.authority, &token.others, now);
    if !trust.is_empty() && !standing.is_trusted() {
        return Err(refused(format!("the authority `{}` is {}", token.authority.name(), standing.words())));
    }
    finish(path, &tree, target, &token)?;
    Ok(token)
}

/// Asks the authorities and adds what the first good one answers.
pub fn renew(path: &Path, over: Over, authorities: &Authorities) -> Result<Token, Error> {
    let tree = open(path)?;
    let target = target(&tree, path, over)?;
    let token = authorities.stamp(&target.content, "renewal").ok_or_else(|| {
        let said: Vec<String> =
            authorities.attempts().iter().map(|a| format!("{}: {}", a.authority, a.words)).collect();
        let said = if said.is_empty() { "none is named".to_string() } else { said.join("; ") };
        Error::NoTimestamp(said)
    })?;
    finish(path, &tree, target, &token)?;
    Ok(token)
}

fn target(tree: &Tree, path: &Path, over: Over) -> Result<Target, Error> {
    match over {
        Over::Seal => {
            let renewed = tree
                .entries()
                .any(|(path, _)| path.as_str() == TIMESTAMP || path.as_str().starts_with(RENEWALS));
            if renewed {
                let problem = Diagnostic::new("AFS-003", "this seal has a timestamp already")
                    .file(path.display().to_string());
                return Err(problem.hint("give `--renew` to put another one over it").into());
            }
            let content = file(tree, TAG_MANIFEST_SIGNATURE, path)?;
            Ok(Target { content, files: Vec::new(), token_path: TIMESTAMP.into() })
        }
        Over::Renewal(hash) => {
            let Renewal { list_path, list, token_path, .. } =
                renewal::next(tree, hash).map_err(Error::io("read", path))?;
            file(tree, TAG_MANIFEST_SIGNATURE, path)?;
            Ok(Target { content: list.clone(), files: vec![(list_path, list)], token_path })
        }
    }
}

fn finish(path: &Path, tree: &Tree, target: Target, token: &Token) -> Result<(), Error> {
    let mut files = target.files;
    files.push((target.token_path, timestamp::as_response(token)));
    if path.is_dir() {
        for (name, bytes) in &files {
            let place = path.join(name);
            let folder = place.parent().expect("it lies in the bag");
            atomic::create_dir_all(folder, Access::Shared).map_err(Error::io("create", folder))?;
            atomic::write(&place, bytes, Access::Shared, Existing::Refuse)
                .map_err(Error::io("write", &place))?;
        }
        return Ok(());
    }
    let added: Result<Vec<_>, _> =
        files.into_iter().map(|(name, bytes)| BagPath::new(&name).map(|path| (path, bytes))).collect();
    let added = added.expect("names of ours are portable");
    archive::extend(path, tree, added)?;
    Ok(())
}

/// A bag of ours, whole in form; its content is `verify`'s matter.
fn open(path: &Path) -> Result<Tree, Error> {
    let tree = Tree::open_any(path)?;
    match tree.problems().first() {
        None => Ok(tree),
        Some(problem) => {
            Err(Diagnostic::new("AFS-004", format!("this is no package or run of ours: {problem}"))
                .file(path.display().to_string())
                .into())
        }
    }
}

fn file(tree: &Tree, name: &str, path: &Path) -> Result<Vec<u8>, Error> {
    let inner = BagPath::new(name).expect("a name of ours");
    tree.read(&inner, MAX_SEAL_FILE).map_err(|_| {
        Diagnostic::new("AFS-004", format!("this is no sealed package or run: it has no {name}"))
            .file(path.display().to_string())
            .into()
    })
}

/// One line of `seal status`.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    pub what: String,
    pub who: String,
    pub at: Option<DateTime<Utc>>,
    pub ends: DateTime<Utc>,
}

/// What a seal rests on and when each part ends.
#[derive(Debug, Clone, Serialize)]
pub struct SealStatus {
    pub parts: Vec<Part>,
    pub care: Care,
    /// The day until which the package must be kept, if it says so.
    pub retain_until: Option<String>,
}

/// Reads, without judging, what the seal of the bag at `path` rests on.
pub fn status(path: &Path) -> Result<SealStatus, Error> {
    let tree = open(path)?;
    let pem = String::from_utf8_lossy(&file(&tree, CERTIFICATES, path)?).into_owned();
    let unreadable =
        |what: String| Error::from(Diagnostic::new("AFS-004", what).file(path.display().to_string()));
    let chain = Certificate::all_from_pem(&pem).map_err(|e| unreadable(e.to_string()))?;
    let signer = chain[0].clone();
    let mut parts =
        vec![Part { what: "seal".into(), who: signer.name(), at: None, ends: signer.not_after() }];
    let mut newest: Option<Token> = None;
    let mut names: Vec<String> = tree
        .entries()
        .map(|(p, _)| p.to_string())
        .filter(|p| p == TIMESTAMP || p.starts_with(RENEWALS))
        .collect();
    names.retain(|name| name.ends_with(".tsr"));
    names.sort_by_key(|name| name != TIMESTAMP);
    for name in names {
        let token = timestamp::verify_alone(&file(&tree, &name, path)?)
            .map_err(|e| unreadable(format!("{name}: {e}")))?;
        let what = if name == TIMESTAMP {
            "timestamp".to_string()
        } else {
            format!("renewal {}", &name[RENEWALS.len()..][..4])
        };
        parts.push(Part {
            what,
            who: token.authority.name(),
            at: Some(token.at),
            ends: token.authority.not_after(),
        });
        newest = Some(token);
    }
    let record = BagPath::new("data/package.json").ok().and_then(|p| tree.read(&p, MAX_SEAL_FILE).ok());
    let record = record.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let retain_until = record.and_then(|json| json["retain_until"].as_str().map(str::to_string));
    Ok(SealStatus { parts, care: care_until(&signer, newest.as_ref()), retain_until })
}
