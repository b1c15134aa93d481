//! The PDF's signatures, all of them before the bag's seal: the sealer's certification, then each person's on
//! the sign-off page, then what lets them be checked when nobody can be asked any more, then a timestamp over
//! all of it.

use chrono::{DateTime, Utc};

use super::Error;
use super::keys::{Level, Person, Sealer};
use crate::render::Templates;
use crate::seal::pades::{self, Held, PadesError, Role, Signing};
use crate::seal::{Certificate, Revocation, Signer, Trust};

/// A signed PDF and what happened on the way, in words.
pub struct SignedPdf {
    pub bytes: Vec<u8>,
    pub notes: Vec<String>,
}

/// What the certification says that it is for.
pub fn certification_reason(id: &str) -> String {
    format!("Certifies the audit package {id}")
}

/// Signs `pdf` as of `now`, as far as the sealer's level goes and authorities answer.
pub fn sign(
    pdf: &[u8],
    sealer: &Sealer,
    now: DateTime<Utc>,
    id: &str,
    templates: &Templates,
) -> Result<SignedPdf, Error> {
    let authorities = (sealer.level >= Level::Stamped).then_some(&sealer.authorities);
    let mut bytes = pades::prepare_fields(pdf)?;
    let certification = Signing {
        signer: &*sealer.key,
        at: now,
        role: Role::Certification,
        reason: &certification_reason(id),
        field: None,
        appearance: None,
        authorities,
    };
    bytes = pades::sign_with(&bytes, &certification)?;
    let mut notes = Vec::new();
    for person in &sealer.people {
        let waiting = pades::empty_fields(&bytes);
        let field = waiting.iter().find(|name| **name == person.role).map(String::as_str);
        if field.is_none() {
            notes.push(format!(
                "the sign-off page has no free place for `{}`; that signature is invisible",
                person.role
            ));
        }
        let shown = field.map(|_| picture(&*person.key, &person.role, now, templates)).transpose()?.flatten();
        let reason = format!("{}: the audit package {id}", person.role);
        let signing = Signing {
            signer: &*person.key,
            at: now,
            role: Role::Approval,
            reason: &reason,
            field,
            appearance: shown.as_deref(),
            authorities,
        };
        bytes = pades::sign_with(&bytes, &signing)?;
    }
    finished(bytes, sealer, &sealer.people, notes)
}

/// Certifies a document that no person's signature field is in, such as the answers to a buyer. `reason` says
/// what for.
pub fn certify(pdf: &[u8], sealer: &Sealer, now: DateTime<Utc>, reason: &str) -> Result<SignedPdf, Error> {
    let authorities = (sealer.level >= Level::Stamped).then_some(&sealer.authorities);
    let certification = Signing {
        signer: &*sealer.key,
        at: now,
        role: Role::Certification,
        reason,
        field: None,
        appearance: None,
        authorities,
    };
    finished(pades::sign_with(pdf, &certification)?, sealer, &[], Vec::new())
}

/// What lets the signatures be checked when nobody can be asked any more, and the last timestamp, as far as
/// the level goes.
fn finished(
    mut bytes: Vec<u8>,
    sealer: &Sealer,
    people: &[Person],
    mut notes: Vec<String>,
) -> Result<SignedPdf, Error> {
    if sealer.level >= Level::LongTerm {
        bytes = with_validation(&bytes, sealer, people, &mut notes)?;
    }
    if sealer.level == Level::Archival {
        match pades::add_timestamp(&bytes, &sealer.authorities)? {
            Some(stamped) => bytes = stamped,
            None => notes.push("no authority stamped the PDF as a whole".to_string()),
        }
    }
    Ok(SignedPdf { bytes, notes })
}

/// Adds the chains of everybody who signed or stamped so far, and what their issuers say of revocation.
fn with_validation(
    pdf: &[u8],
    sealer: &Sealer,
    people: &[Person],
    notes: &mut Vec<String>,
) -> Result<Vec<u8>, PadesError> {
    let mut chains: Vec<Vec<Certificate>> = vec![chain_of(&*sealer.key)];
    chains.extend(people.iter().map(|person| chain_of(&*person.key)));
    for signature in pades::verify(pdf).signatures {
        let token = match signature.facts {
            Ok(Held::Signature(facts)) => facts.token,
            Ok(Held::Timestamp(token)) => Some(token),
            Err(_) => None,
        };
        chains.extend(token.map(|token| climb(token.authority, &token.others, sealer.authorities.trust())));
    }
    let mut revocation = sealer.revocation.clone();
    let mut certificates = Vec::new();
    for chain in chains {
        let unknown = chain.windows(2).any(|pair| revocation.knows(&pair[0], &pair[1]).is_none());
        if unknown {
            let (found, words) = Revocation::fetch(&chain, sealer.limit);
            revocation.merge(found);
            notes.extend(words);
        }
        certificates.extend(chain);
    }
    pades::add_validation(pdf, &certificates, &revocation)
}

/// The signer's chain for the bag's seal: what its issuers say of revocation, from files or fetched.
pub fn revocation_of(sealer: &Sealer) -> Revocation {
    let mut known = sealer.revocation.clone();
    if sealer.level >= Level::LongTerm {
        known.merge(Revocation::fetch(&chain_of(&*sealer.key), sealer.limit).0);
    }
    known
}

fn chain_of(signer: &dyn Signer) -> Vec<Certificate> {
    signer.chain().certificates().to_vec()
}

/// From an authority's certificate up, through what came with the token and what is pinned.
fn climb(first: Certificate, others: &[Certificate], trust: &Trust) -> Vec<Certificate> {
    let mut chain = vec![first];
    while chain.len() < 8 {
        let last = chain.last().expect("it has one");
        let above = others
            .iter()
            .chain(trust.anchors())
            .find(|c| !last.is_self_signed() && last.is_issued_by(c) && !chain.contains(c));
        let Some(above) = above.cloned() else { break };
        chain.push(above);
    }
    chain
}

/// What the sign-off page shows for a signature, where this build can draw it.
#[cfg(feature = "pdf")]
fn picture(
    signer: &dyn Signer,
    role: &str,
    now: DateTime<Utc>,
    templates: &Templates,
) -> Result<Option<Vec<u8>>, Error> {
    let certificate = signer.chain().signer();
    let lines = serde_json::json!({
        "role": role,
        "name": certificate.name(),
        "issuer": certificate.issuer(),
        "at": now.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        "fingerprint": certificate.fingerprint().to_string(),
    });
    Ok(Some(crate::render::pdf::signature_block(&lines, templates)?))
}

#[cfg(not(feature = "pdf"))]
fn picture(_: &dyn Signer, _: &str, _: DateTime<Utc>, _: &Templates) -> Result<Option<Vec<u8>>, Error> {
    Ok(None)
}
