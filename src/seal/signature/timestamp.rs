//! Timestamp tokens (RFC 3161): the question, the answer, and what a token that holds says. Whether its
//! authority is to be believed is `trust`'s question; how the question travels is the caller's.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNED_DATA};
use der::asn1::{Any, BitString, Int, OctetString};
use der::{Decode, Encode, Sequence, Tag, Tagged};
use x509_tsp::{Accuracy, MessageImprint, TimeStampReq, TspVersion};

use crate::seal::keys::algorithm::{self, Hash};
use crate::seal::keys::certificate::Certificate;
use crate::seal::signature::attributes::{self as signatures, CmsProblem};

/// id-ct-TSTInfo.
const ID_CT_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// What a token that holds says. The authority is who holds the key of `authority`, whoever that is.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token itself: a ContentInfo in DER.
    pub der: Vec<u8>,
    pub authority: Certificate,
    /// The other certificates inside.
    pub others: Vec<Certificate>,
    pub at: DateTime<Utc>,
    /// The policy under which it was issued, as an object identifier.
    pub policy: String,
    /// How far the time may be off, if the authority says so.
    pub accuracy: Option<TimeDelta>,
    /// The token's number, hexadecimal.
    pub serial: String,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenProblem {
    #[error("it is not an RFC 3161 answer: {0}")]
    Syntax(String),
    #[error("the authority refused: {0}")]
    Refused(String),
    #[error("the token is over other bytes")]
    OtherContent,
    #[error("the answer is to another question: its nonce differs")]
    Nonce,
    #[error("the token's signature does not hold: {0}")]
    Signature(#[from] CmsProblem),
}

/// A question about one digest, with a nonce that no other question has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    der: Vec<u8>,
    nonce: Vec<u8>,
    hash: Hash,
    digest: Vec<u8>,
}

#[derive(Sequence)]
struct Response {
    status: StatusInfo,
    #[asn1(optional = "true")]
    token: Option<Any>,
}

/// PKIStatusInfo (RFC 3161 section 2.4.2).
#[derive(Sequence)]
struct StatusInfo {
    status: u8,
    #[asn1(optional = "true")]
    text: Option<Vec<Any>>,
    #[asn1(optional = "true")]
    failure: Option<BitString>,
}

/// TSTInfo (RFC 3161 section 2.4.2). The time may have fractions of a second, which the library's type does
/// not read.
#[derive(Sequence)]
struct TstInfo {
    version: u8,
    policy: ObjectIdentifier,
    imprint: MessageImprint,
    serial: Int,
    time: Any,
    #[asn1(optional = "true")]
    accuracy: Option<Accuracy>,
    #[asn1(default = "Default::default")]
    ordering: bool,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    authority: Option<Any>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    extensions: Option<Vec<Any>>,
}

impl Question {
    /// A question about `content`, hashed with SHA-256.
    pub fn about(content: &[u8]) -> Question {
        Question::new(Hash::Sha256, Hash::Sha256.of(content))
    }

    pub(in crate::seal) fn new(hash: Hash, digest: Vec<u8>) -> Question {
        let mut nonce = [0; 8];
        SystemRandom::new().fill(&mut nonce).expect("the system gives random numbers");
        // Positive, and no shorter form exists.
        nonce[0] = nonce[0] & 0x7f | 0x40;
        let request = TimeStampReq {
            version: TspVersion::V1,
            message_imprint: MessageImprint {
                hash_algorithm: hash.identifier(),
                hashed_message: OctetString::new(digest.clone()).expect("a digest is short"),
            },
            req_policy: None,
            nonce: Some(Int::new(&nonce).expect("eight bytes")),
            cert_req: true,
            extensions: None,
        };
        Question {
            der: request.to_der().expect("a question has few bytes"),
            nonce: nonce.to_vec(),
            hash,
            digest,
        }
    }

    /// A question that was written to a file.
    pub fn from_der(der: &[u8]) -> Result<Question, TokenProblem> {
        let request = TimeStampReq::from_der(der).map_err(syntax)?;
        let hash = Hash::from_identifier(&request.message_imprint.hash_algorithm)
            .map_err(|e| TokenProblem::Syntax(e.to_string()))?;
        let nonce = request.nonce.map(|nonce| nonce.as_bytes().to_vec()).unwrap_or_default();
        Ok(Question {
            der: der.to_vec(),
            nonce,
            hash,
            digest: request.message_imprint.hashed_message.as_bytes().to_vec(),
        })
    }

    /// What is sent: `application/timestamp-query`.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The token out of an answer (`application/timestamp-reply`), if it answers this question.
    pub fn answered(&self, response: &[u8]) -> Result<Token, TokenProblem> {
        let (token, nonce) =
            read(&granted(response)?, |hash, imprint| hash == self.hash && imprint == self.digest)?;
        if nonce.unwrap_or_default() != self.nonce {
            return Err(TokenProblem::Nonce);
        }
        Ok(token)
    }
}

impl Token {
    /// For people: time, authority, policy and accuracy.
    pub fn words(&self) -> String {
        let accuracy = match self.accuracy {
            Some(off) => format!("accurate to {} s", off.num_milliseconds() as f64 / 1000.0),
            None => "accuracy not stated".to_owned(),
        };
        format!(
            "`{}` attests {} (policy {}, {accuracy})",
            self.authority.name(),
            self.at.format("%Y-%m-%dT%H:%M:%SZ"),
            self.policy
        )
    }

    /// The last moment at which what is stamped can have come into being.
    pub fn latest(&self) -> DateTime<Utc> {
        self.at + self.accuracy.unwrap_or_default()
    }
}

/// A token over `content`. `der` is a bare token, or a whole answer as `openssl ts -reply` writes it.
pub fn verify(der: &[u8], content: &[u8]) -> Result<Token, TokenProblem> {
    verify_imprint(der, |hash, imprint| hash.of(content) == imprint)
}

/// A token over something that is not here: only its signature is checked.
pub fn verify_alone(der: &[u8]) -> Result<Token, TokenProblem> {
    verify_imprint(der, |_, _| true)
}

/// A token whose hash and digest `fits` accepts.
pub(in crate::seal) fn verify_imprint(
    der: &[u8],
    fits: impl FnOnce(Hash, &[u8]) -> bool,
) -> Result<Token, TokenProblem> {
    let bare = ContentInfo::from_der(der).is_ok();
    let token = if bare { der.to_vec() } else { granted(der)? };
    read(&token, fits).map(|(token, _)| token)
}

/// A whole answer around a bare token: what `openssl ts -verify -in` reads.
pub fn as_response(token: &Token) -> Vec<u8> {
    let status = StatusInfo { status: 0, text: None, failure: None };
    let token = Any::from_der(&token.der).expect("a token that was read is DER");
    Response { status, token: Some(token) }.to_der().expect("it was decoded before")
}

/// The token of an answer that grants one.
fn granted(response: &[u8]) -> Result<Vec<u8>, TokenProblem> {
    let response = Response::from_der(response).map_err(syntax)?;
    match (response.status.status, response.token) {
        (0 | 1, Some(token)) => token.to_der().map_err(syntax),
        (0 | 1, None) => Err(TokenProblem::Syntax("it grants a token and holds none".to_owned())),
        (status, _) => {
            let said = response.status.text.unwrap_or_default();
            let said: Vec<_> =
                said.iter().map(|text| String::from_utf8_lossy(text.value()).into_owned()).collect();
            let why = if said.is_empty() { format!("status {status}") } else { said.join("; ") };
            Err(TokenProblem::Refused(crate::store::manifest::clean(&why)))
        }
    }
}

/// A token whose signature holds and whose imprint fits; and its nonce.
fn read(
    der: &[u8],
    fits: impl FnOnce(Hash, &[u8]) -> bool,
) -> Result<(Token, Option<Vec<u8>>), TokenProblem> {
    signatures::few_certificates(der)?;
    let content = ContentInfo::from_der(der).map_err(syntax)?;
    if content.content_type != ID_SIGNED_DATA {
        return Err(TokenProblem::Syntax("not SignedData".to_owned()));
    }
    let signed: SignedData = content.content.decode_as().map_err(syntax)?;
    if signed.encap_content_info.econtent_type != ID_CT_TST_INFO {
        return Err(TokenProblem::Syntax("not a timestamp token".to_owned()));
    }
    let inner = signed
        .encap_content_info
        .econtent
        .as_ref()
        .ok_or_else(|| TokenProblem::Syntax("it holds nothing".to_owned()))?;
    let inner: OctetString = inner.decode_as().map_err(syntax)?;
    let info = TstInfo::from_der(inner.as_bytes()).map_err(syntax)?;
    let (authority, others) = check_signature(&signed, inner.as_bytes())?;
    let hash = Hash::from_identifier(&info.imprint.hash_algorithm).map_err(CmsProblem::from)?;
    if info.version != 1 || !fits(hash, info.imprint.hashed_message.as_bytes()) {
        return Err(TokenProblem::OtherContent);
    }
    let token = Token {
        der: der.to_vec(),
        authority,
        others,
        at: time(&info.time)?,
        policy: info.policy.to_string(),
        accuracy: info.accuracy.as_ref().map(accuracy),
        serial: info.serial.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    Ok((token, info.nonce.map(|nonce| nonce.as_bytes().to_vec())))
}

/// One signer, whose certificate is inside and named by the signed attributes.
fn check_signature(
    signed: &SignedData,
    content: &[u8],
) -> Result<(Certificate, Vec<Certificate>), CmsProblem> {
    let [info] = signed.signer_infos.0.as_slice() else {
        return Err(CmsProblem::Syntax("not exactly one signer".to_owned()));
    };
    let certificates = signatures::certificates(signed)?;
    let signer = signatures::find_signer(info, &certificates).ok_or(CmsProblem::NoCertificate)?.clone();
    let hash = Hash::from_identifier(&info.digest_alg)?;
    let attributes = info.signed_attrs.as_ref().ok_or(CmsProblem::Attribute("signed attributes"))?;
    if signatures::attribute::<ObjectIdentifier>(attributes, ID_CONTENT_TYPE, "content-type")?
        != ID_CT_TST_INFO
    {
        return Err(CmsProblem::Attribute("content-type"));
    }
    signatures::check_token_certificate(attributes, &signer)?;
    let message = attributes.to_der().map_err(|e| CmsProblem::Syntax(e.to_string()))?;
    let public = &signer.x509().tbs_certificate.subject_public_key_info;
    algorithm::verify(public, &info.signature_algorithm, Some(hash), &message, info.signature.as_bytes())?;
    let digest: OctetString = signatures::attribute(attributes, ID_MESSAGE_DIGEST, "message-digest")?;
    if hash.of(content) != digest.as_bytes() {
        return Err(CmsProblem::Digest);
    }
    let others = certificates.into_iter().filter(|c| *c != signer).collect();
    Ok((signer, others))
}

/// GeneralizedTime in UTC, with or without fractions (RFC 3161 section 2.4.2).
fn time(value: &Any) -> Result<DateTime<Utc>, TokenProblem> {
    let wrong = || TokenProblem::Syntax("its time cannot be read".to_owned());
    if value.tag() != Tag::GeneralizedTime {
        return Err(wrong());
    }
    let text = std::str::from_utf8(value.value()).map_err(|_| wrong())?;
    let text = text.strip_suffix('Z').ok_or_else(wrong)?;
    let parsed = NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S%.f").map_err(|_| wrong())?;
    Ok(parsed.and_utc())
}

fn accuracy(accuracy: &Accuracy) -> TimeDelta {
    let seconds = accuracy.seconds.and_then(|s| i64::try_from(s).ok()).unwrap_or(0).min(1 << 31);
    let small = |n: Option<i16>| i64::from(n.unwrap_or(0).clamp(0, 999));
    TimeDelta::seconds(seconds)
        + TimeDelta::milliseconds(small(accuracy.millis))
        + TimeDelta::microseconds(small(accuracy.micros))
}

fn syntax(e: der::Error) -> TokenProblem {
    TokenProblem::Syntax(e.to_string())
}
