//! Whether a certificate had been revoked, by lists (RFC 5280 section 5) and answers (RFC 6960) that travel
//! with a seal. Each is believed only if the certificate's own issuer, or whom it delegated, signed it.

mod addresses;

use std::time::Duration;

use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_CE_CRL_REASONS;
use der::asn1::{Any, Null, OctetString};
use der::{Decode, Encode};
use spki::AlgorithmIdentifierOwned;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, KeyUsages};
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspRequest, OcspResponse, OcspResponseStatus, Request,
    TbsRequest, Version,
};

use crate::seal::keys::algorithm;
use crate::seal::keys::certificate::{Certificate, time};
use crate::seal::signature::list_scope;
use addresses::{crl_urls, ocsp_url};

/// Revocation lists and answers as received, in DER.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revocation {
    pub crls: Vec<Vec<u8>>,
    /// Whole OCSP responses.
    pub answers: Vec<Vec<u8>>,
}

/// What is known of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Not revoked, by what was issued at this time.
    Good(DateTime<Utc>),
    Revoked(DateTime<Utc>),
    /// Nothing that may be believed speaks of it.
    Unknown,
}

const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
const BASIC_RESPONSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
/// Which question an answer belongs to (RFC 8954): nothing hangs on it where answers travel with a seal.
const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
/// The entry extension that names another issuer than the list's (RFC 5280 section 5.3.3).
const CERTIFICATE_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");
const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
/// Reason removeFromCRL: the entry takes a revocation back.
const REMOVED: &[u8] = &[0x0a, 1, 8];

impl Revocation {
    pub fn is_empty(&self) -> bool {
        self.crls.is_empty() && self.answers.is_empty()
    }

    /// Takes in a list or an answer, in DER or a list in PEM; false if it is neither.
    pub fn add(&mut self, bytes: &[u8]) -> bool {
        let pem = std::str::from_utf8(bytes).ok().filter(|text| text.contains("BEGIN X509 CRL"));
        let from_pem = pem
            .and_then(|text| crate::seal::keys::pem::blocks(text).find(|(label, _)| *label == "X509 CRL")?.1);
        let der = from_pem.as_deref().unwrap_or(bytes).to_vec();
        let place = if CertificateList::from_der(&der).is_ok() {
            &mut self.crls
        } else if OcspResponse::from_der(&der).is_ok() {
            &mut self.answers
        } else {
            return false;
        };
        if !place.contains(&der) {
            place.push(der);
        }
        true
    }

    pub fn merge(&mut self, other: Revocation) {
        for der in other.crls.iter().chain(&other.answers) {
            self.add(der);
        }
    }

    /// `at`: when the certificate was used. What had gone stale by then does not count; a revocation always
    /// does.
    pub fn status(&self, certificate: &Certificate, issuer: &Certificate, at: DateTime<Utc>) -> Status {
        let known: Vec<Status> = self.heard(certificate, issuer, at).filter_map(Result::ok).collect();
        let revoked = known.iter().find(|status| matches!(status, Status::Revoked(_)));
        let newest = known
            .iter()
            .filter_map(|status| if let Status::Good(at) = status { Some(*at) } else { None })
            .max();
        revoked.cloned().or(newest.map(Status::Good)).unwrap_or(Status::Unknown)
    }

    /// Why what is here about the certificate, or in its issuer's name, does not settle it; nothing if
    /// nothing is.
    pub fn unsettled(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: DateTime<Utc>,
    ) -> Option<&'static str> {
        self.heard(certificate, issuer, at).find_map(Result::err)
    }

    fn heard(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: DateTime<Utc>,
    ) -> impl Iterator<Item = Heard> {
        let lists = self.crls.iter().filter_map(move |der| by_list(der, certificate, issuer, at));
        lists.chain(self.answers.iter().filter_map(move |der| by_answer(der, certificate, issuer, at)))
    }

    /// Whether a list or answer names the certificate as revoked whose own signature cannot be checked here,
    /// since the issuer's certificate is missing. It proves nothing, and it may not be passed over.
    pub fn claims(&self, certificate: &Certificate) -> bool {
        let tbs = &certificate.x509().tbs_certificate;
        let listed = |der: &Vec<u8>| {
            CertificateList::from_der(der).is_ok_and(|list| {
                let mut entries = list.tbs_cert_list.revoked_certificates.iter().flatten();
                list.tbs_cert_list.issuer == tbs.issuer
                    && entries.any(|entry| entry.serial_number == tbs.serial_number)
            })
        };
        let answered = |der: &Vec<u8>| {
            let response = OcspResponse::from_der(der).ok().and_then(|response| response.response_bytes);
            let basic =
                response.and_then(|bytes| BasicOcspResponse::from_der(bytes.response.as_bytes()).ok());
            basic.is_some_and(|basic| {
                let revoked = |status: &CertStatus| matches!(status, CertStatus::Revoked(_));
                basic
                    .tbs_response_data
                    .responses
                    .iter()
                    .any(|s| s.cert_id.serial_number == tbs.serial_number && revoked(&s.cert_status))
            })
        };
        self.crls.iter().any(listed) || self.answers.iter().any(answered)
    }

    /// Whether anything here speaks of the certificate, however old it is.
    pub fn knows(&self, certificate: &Certificate, issuer: &Certificate) -> Option<Status> {
        Some(self.status(certificate, issuer, DateTime::<Utc>::MIN_UTC))
            .filter(|status| *status != Status::Unknown)
    }

    /// Asks where each certificate says to ask, the answer service first; `chain` has each issuer after its
    /// certificate. What was done comes back in words. Only in builds with HTTP.
    pub fn fetch(chain: &[Certificate], limit: Duration) -> (Revocation, Vec<String>) {
        let (mut found, mut words) = (Revocation::default(), Vec::new());
        for pair in chain.windows(2) {
            let [certificate, issuer] = pair else { continue };
            let answer = ocsp_url(certificate).map(|url| (ask(&url, certificate, issuer, limit), url));
            if let Some((outcome, url)) = answer {
                words.push(format!(
                    "{url}: {}",
                    outcome.as_ref().map_or_else(Clone::clone, |_| "an OCSP answer".to_owned())
                ));
                if outcome.is_ok_and(|der| found.add(&der)) {
                    continue;
                }
            }
            for url in crl_urls(certificate) {
                let outcome = get(&url, limit);
                words.push(format!(
                    "{url}: {}",
                    outcome.as_ref().map_or_else(Clone::clone, |_| "a revocation list".to_owned())
                ));
                if outcome.is_ok_and(|der| found.add(&der)) {
                    break;
                }
            }
        }
        (found, words)
    }
}

/// What one list or answer says of a certificate, or why nothing.
type Heard = Result<Status, &'static str>;

/// Nothing if the list is another issuer's.
fn by_list(der: &[u8], certificate: &Certificate, issuer: &Certificate, at: DateTime<Utc>) -> Option<Heard> {
    let list = CertificateList::from_der(der).ok()?;
    let (subject, tbs) = (&certificate.x509().tbs_certificate, &list.tbs_cert_list);
    if tbs.issuer != subject.issuer || !certificate.is_issued_by(issuer) {
        return None;
    }
    if !signed_by(&list, issuer) {
        return Some(Err(
            "the list is not signed by the certificate's issuer, or by a key that may sign lists",
        ));
    }
    let own = |entry: &RevokedCert| {
        // an entry of an indirect list may be about another issuer's certificate
        let elsewhere = entry.crl_entry_extensions.iter().flatten().any(|e| e.extn_id == CERTIFICATE_ISSUER);
        entry.serial_number == subject.serial_number && !elsewhere
    };
    let removed = |entry: &RevokedCert| {
        let mut reasons =
            entry.crl_entry_extensions.iter().flatten().filter(|e| e.extn_id == ID_CE_CRL_REASONS);
        reasons.any(|e| e.extn_value.as_bytes() == REMOVED)
    };
    let mut entries = tbs.revoked_certificates.iter().flatten();
    if let Some(entry) = entries.find(|entry| own(entry) && !removed(entry)) {
        return Some(Ok(Status::Revoked(list_scope::lost_at(entry))));
    }
    // A list for some certificates only, or of changes only, cannot show that one is good. That it names one
    // as revoked counts.
    Some(match list_scope::beyond(&list, certificate) {
        Some(words) => Err(words),
        None if tbs.next_update.as_ref().is_some_and(|next| time(next) < at) => {
            Err("the list had ended when the certificate was used")
        }
        None if tbs.next_update.is_none() && time(&tbs.this_update) + chrono::Duration::hours(1) < at => {
            Err("the list does not say until when it holds, and is older than the use of the certificate")
        }
        None => Ok(Status::Good(time(&tbs.this_update))),
    })
}

/// Whether the issuer's key made the list's signature and may sign lists.
fn signed_by(list: &CertificateList, issuer: &Certificate) -> bool {
    let may = issuer
        .extension::<KeyUsage>()
        .is_ok_and(|usage| usage.is_none_or(|usage| usage.0.contains(KeyUsages::CRLSign)));
    let key = &issuer.x509().tbs_certificate.subject_public_key_info;
    let signature = list.signature.as_bytes().unwrap_or_default();
    let holds = |message: Vec<u8>| {
        algorithm::verify(key, &list.signature_algorithm, None, &message, signature).is_ok()
    };
    may && list.tbs_cert_list.signature == list.signature_algorithm
        && list.tbs_cert_list.to_der().is_ok_and(holds)
}

/// Nothing if the answer is about other certificates.
fn by_answer(
    der: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    at: DateTime<Utc>,
) -> Option<Heard> {
    let response = OcspResponse::from_der(der).ok()?;
    let bytes = response.response_bytes.filter(|bytes| bytes.response_type == BASIC_RESPONSE)?;
    let basic = BasicOcspResponse::from_der(bytes.response.as_bytes()).ok()?;
    // of several answers about it, that it is revoked
    let about = || {
        let answers = basic.tbs_response_data.responses.iter();
        answers.filter(move |single| names(&single.cert_id, certificate, issuer))
    };
    let revoked = about().find(|single| matches!(single.cert_status, CertStatus::Revoked(_)));
    let single = revoked.or_else(|| about().next())?;
    let extensions =
        single.single_extensions.iter().chain(&basic.tbs_response_data.response_extensions).flatten();
    let critical = extensions.filter(|e| e.extn_id != NONCE).any(|e| e.critical);
    if !certificate.is_issued_by(issuer) {
        return None;
    }
    if !answered_by(&basic, issuer) {
        return Some(Err(
            "the answer is not signed by the certificate's issuer, or by one whom it made for that",
        ));
    }
    match &single.cert_status {
        CertStatus::Revoked(info) => seconds(&info.revocation_time).map(|when| Ok(Status::Revoked(when))),
        CertStatus::Good(_) if critical => {
            Some(Err("the answer holds a critical extension that is not worked out here"))
        }
        CertStatus::Good(_) => {
            let given = seconds(&single.this_update)?;
            Some(match &single.next_update {
                Some(next) if seconds(next).is_some_and(|next| next >= at) => Ok(Status::Good(given)),
                Some(_) => Err("the answer had ended when the certificate was used"),
                // it speaks of its own moment, give or take what clocks differ by
                None if given + chrono::Duration::hours(1) >= at => Ok(Status::Good(given)),
                None => Err("the answer does not say until when it holds, and is older than the use of the \
                             certificate"),
            })
        }
        CertStatus::Unknown(_) => Some(Err("the service that was asked does not know the certificate")),
    }
}

fn seconds(time: &x509_ocsp::OcspGeneralizedTime) -> Option<DateTime<Utc>> {
    i64::try_from(time.0.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
}

/// Whether the issuer, or somebody whom it made for answering, signed the answer.
fn answered_by(basic: &BasicOcspResponse, issuer: &Certificate) -> bool {
    let (Ok(message), Some(produced)) =
        (basic.tbs_response_data.to_der(), seconds(&basic.tbs_response_data.produced_at))
    else {
        return false;
    };
    let responders =
        basic.certs.iter().flatten().filter_map(|c| Certificate::from_der(&c.to_der().ok()?).ok());
    let mut allowed = responders.filter(|c| delegated(c, issuer, produced)).chain([issuer.clone()]);
    allowed.any(|responder| {
        let key = &responder.x509().tbs_certificate.subject_public_key_info;
        let signature = basic.signature.as_bytes().unwrap_or_default();
        algorithm::verify(key, &basic.signature_algorithm, None, &message, signature).is_ok()
    })
}

/// A certificate that the issuer made for answering in its name (RFC 6960 section 4.2.2.2).
fn delegated(responder: &Certificate, issuer: &Certificate, at: DateTime<Utc>) -> bool {
    let purposes = responder.extension::<ExtendedKeyUsage>().ok().flatten();
    purposes.is_some_and(|p| p.0.contains(&OCSP_SIGNING))
        && responder.is_issued_by(issuer)
        && responder.unfit_at(at).is_empty()
}

fn names(id: &CertId, certificate: &Certificate, issuer: &Certificate) -> bool {
    let own = |hash: &dyn Fn(&[u8]) -> Vec<u8>| cert_id(certificate, issuer, id.hash_algorithm.clone(), hash);
    let wanted = match algorithm::Hash::from_identifier(&id.hash_algorithm) {
        Ok(hash) => own(&|bytes| hash.of(bytes)),
        Err(_) if id.hash_algorithm.oid == SHA_1 => own(&sha_1),
        Err(_) => None,
    };
    wanted.is_some_and(|wanted| {
        wanted.issuer_name_hash == id.issuer_name_hash
            && wanted.issuer_key_hash == id.issuer_key_hash
            && wanted.serial_number == id.serial_number
    })
}

/// SHA-1 only names the certificate that is asked about; the answer's own signature rests on a stronger hash.
fn sha_1(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

fn cert_id(
    certificate: &Certificate,
    issuer: &Certificate,
    hash_algorithm: AlgorithmIdentifierOwned,
    hash: &dyn Fn(&[u8]) -> Vec<u8>,
) -> Option<CertId> {
    let above = &issuer.x509().tbs_certificate;
    Some(CertId {
        hash_algorithm,
        issuer_name_hash: OctetString::new(hash(&above.subject.to_der().ok()?)).ok()?,
        issuer_key_hash: OctetString::new(hash(above.subject_public_key_info.subject_public_key.as_bytes()?))
            .ok()?,
        serial_number: certificate.x509().tbs_certificate.serial_number.clone(),
    })
}

fn ask(
    url: &str,
    certificate: &Certificate,
    issuer: &Certificate,
    limit: Duration,
) -> Result<Vec<u8>, String> {
    let sha_1_id = AlgorithmIdentifierOwned { oid: SHA_1, parameters: Any::encode_from(&Null).ok() };
    let id = cert_id(certificate, issuer, sha_1_id, &sha_1).ok_or("the certificate cannot be named")?;
    let request = Request { req_cert: id, single_request_extensions: None };
    let tbs = TbsRequest {
        version: Version::V1,
        requestor_name: None,
        request_list: vec![request],
        request_extensions: None,
    };
    let question =
        OcspRequest { tbs_request: tbs, optional_signature: None }.to_der().map_err(|e| e.to_string())?;
    let answer = post(url, &question, limit)?;
    let response = OcspResponse::from_der(&answer).map_err(|e| e.to_string())?;
    match response.response_status {
        OcspResponseStatus::Successful => Ok(answer),
        other => Err(format!("it answered {other:?}")),
    }
}

#[cfg(feature = "http")]
fn get(url: &str, limit: Duration) -> Result<Vec<u8>, String> {
    super::http::get(url, limit)
}

#[cfg(feature = "http")]
fn post(url: &str, question: &[u8], limit: Duration) -> Result<Vec<u8>, String> {
    super::http::post(url, "application/ocsp-request", question, limit)
}

#[cfg(not(feature = "http"))]
fn get(_: &str, _: Duration) -> Result<Vec<u8>, String> {
    Err("this build asks nobody over the network".to_owned())
}

#[cfg(not(feature = "http"))]
fn post(_: &str, _: &[u8], _: Duration) -> Result<Vec<u8>, String> {
    Err("this build asks nobody over the network".to_owned())
}
