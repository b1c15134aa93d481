//! Statements that people make: written into the workspace, signed by the seal's signers, and asked later
//! whether they are still what was signed.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::Error;
use super::keys::Sealer;
use crate::diag::Diagnostic;
use crate::model::decisions::{Attestation, Decisions, StatementSignature, SupersededStatement};
use crate::model::dossier::StatementStanding;
use crate::seal::keys::key::Signer;
use crate::seal::sign_detached;
use crate::seal::signature::attributes::Ess;
use crate::seal::signature::cms::verify as verify_cms;
use crate::store::atomic::{self, Access, Existing};
use crate::workspace::{self, FILES, Workspace, statements};
use crate::yaml::edit::EditError;

/// Those who sign: the people that `affiant.yaml` names, or the seal's own key where it names none.
pub fn signers(sealer: &Sealer) -> Vec<(String, &dyn Signer)> {
    match sealer.people.is_empty() {
        true => vec![("seal".to_string(), &*sealer.key)],
        false => sealer.people.iter().map(|person| (person.role.clone(), &*person.key)).collect(),
    }
}

/// Writes the statement in place, in the place of an earlier one of its id, and signs it; without a sealer it
/// stays typed.
pub fn put(
    workspace: &Workspace,
    said: Attestation,
    sealer: Option<&Sealer>,
    now: DateTime<Utc>,
) -> Result<Attestation, Error> {
    let mut said = said;
    if let Some(before) = workspace.decisions.attestations.attestations.iter().find(|a| a.id == said.id) {
        said.supersedes = before.supersedes.clone();
        said.supersedes.push(SupersededStatement {
            by: before.by.clone(),
            on: before.on.clone(),
            sha256: before.digest(),
        });
    }
    let file = FILES[2];
    let bytes = workspace.files.get(file).map_or(statements::NO_STATEMENTS.as_bytes(), Vec::as_slice);
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Diagnostic::new("AFU-006", format!("not UTF-8: {e}")).file(file))?;
    let typed = statements::put(text, &said).map_err(refused)?;
    let mut said = read_again(workspace, &typed, &said.id)?;
    let mut whole = typed;
    if let Some(sealer) = sealer {
        let content = said.signed_text();
        for (role, key) in signers(sealer) {
            let cms =
                sign_detached(content.as_bytes(), key, now).map_err(crate::seal::bag::SealError::from)?;
            said.signatures.push(StatementSignature { role, cms: STANDARD.encode(cms) });
        }
        whole = statements::put(&whole, &said).map_err(refused)?;
        said = read_again(workspace, &whole, &said.id)?;
    }
    let path = workspace.root.join(file);
    let folder = path.parent().expect("a file in a folder");
    atomic::create_dir_all(folder, Access::Shared).map_err(Error::io("create", folder))?;
    atomic::write(&path, whole.as_bytes(), Access::Shared, Existing::Replace)
        .map_err(Error::io("write", &path))?;
    Ok(said)
}

fn refused(error: EditError) -> Error {
    let problem = Diagnostic::new("AFU-007", format!("{error}")).file(FILES[2]);
    problem.hint("nothing was written; make this change by hand").into()
}

/// The statement as the workspace would read it from the new text.
fn read_again(workspace: &Workspace, text: &str, id: &str) -> Result<Attestation, Error> {
    let mut files = workspace.files.clone();
    files.insert(FILES[2].into(), text.as_bytes().to_vec());
    let mut read = workspace::decisions(&files)?;
    let all = &mut read.attestations.attestations;
    let at = all.iter().position(|a| a.id == id).expect("it was just written");
    Ok(all.swap_remove(at))
}

/// What is to be said of the signatures of every statement that has any.
pub fn standing(decisions: &Decisions) -> BTreeMap<String, StatementStanding> {
    let signed = decisions.attestations.attestations.iter().filter(|a| !a.signatures.is_empty());
    signed.map(|a| (a.id.clone(), standing_of(a))).collect()
}

fn standing_of(said: &Attestation) -> StatementStanding {
    let content = said.signed_text();
    let mut names = Vec::new();
    for signature in &said.signatures {
        let der = STANDARD.decode(signature.cms.trim());
        let checked = der.map_err(|e| e.to_string()).and_then(|der| {
            verify_cms(&der, &mut content.as_bytes(), Ess::Required).map_err(|e| e.to_string())
        });
        match checked {
            Ok(facts) => {
                let at = facts
                    .signing_time
                    .map(|t| format!(", its clock at {}", t.format("%Y-%m-%d %H:%M UTC")))
                    .unwrap_or_default();
                names.push(match facts.signer.is_workspace_key() {
                    true => format!("the workspace\u{2019}s own key, which names no person{at}"),
                    false => format!(
                        "{} ({}, certificate {}{at})",
                        facts.signer.name(),
                        signature.role,
                        facts.signer.fingerprint()
                    ),
                });
            }
            Err(_) => {
                let words =
                    "Changed after it was signed: the signature does not fit what stands here.".to_string();
                return StatementStanding { holds: false, words };
            }
        }
    }
    StatementStanding { holds: true, words: format!("Signed by {}.", names.join("; and by ")) }
}
