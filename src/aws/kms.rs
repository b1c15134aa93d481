//! An asymmetric signing key of AWS KMS: its public half, and signatures by the half that never leaves it
//! (KMS API: GetPublicKey, Sign). The caller says which algorithm, in AWS's words.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::reply::{Kind, Refusal};
use super::{Ask, Session, Settings};
use crate::clock::Clock;
use crate::model::registry::{Api, Operation};

/// The longest message that KMS signs as it is (Sign, MessageType RAW), in bytes.
const LONGEST: usize = 4096;

/// One key, and the session that asks for its signatures.
pub struct Kms {
    session: Session,
    region: String,
    /// The ARN that KMS answered with: an alias may point elsewhere by the next request.
    arn: String,
    public_key: Vec<u8>,
}

impl Kms {
    /// `key` is an ARN of a key or alias, a key id, or `alias/NAME`. Without an ARN the region is the
    /// environment's or profile's. Asks kms:GetPublicKey, and refuses a key that is not for signing.
    pub fn open(key: &str, clock: Clock) -> Result<Kms, Refusal> {
        let limit = Duration::from_secs(30);
        let settings = Settings {
            connect_timeout: Duration::from_secs(10),
            call_timeout: limit,
            attempts: 4,
            width: 1,
            time_limit: None,
            clock,
        };
        let named = key
            .strip_prefix("arn:")
            .and_then(|rest| rest.split(':').nth(2))
            .filter(|region| !region.is_empty());
        let session = Session::connect(None, named, settings)
            .map_err(|e| Refusal::ours(Kind::Transient, "runtime", e.to_string()))?;
        let region = named.map(str::to_string).or_else(|| session.region());
        let region = region.ok_or_else(|| {
            Refusal::ours(Kind::Service, "no region", "name the key by its ARN, or set AWS_REGION")
        })?;
        let mut opened = Kms { session, region, arn: key.to_string(), public_key: Vec::new() };
        let answer = opened.ask("GetPublicKey", json!({ "KeyId": key }))?;
        if text(&answer, "KeyUsage")? != "SIGN_VERIFY" {
            return Err(Refusal::ours(Kind::Service, "key usage", "the key is not one for signing"));
        }
        opened.public_key = bytes(&answer, "PublicKey")?;
        opened.arn = text(&answer, "KeyId")?.to_string();
        Ok(opened)
    }

    /// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// A signature over `message` itself, which KMS hashes; DER for ECDSA, octets for RSA. `algorithm` is a
    /// SigningAlgorithm of kms:Sign. Repeating a request does no harm, so it is retried as any other.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, Refusal> {
        if message.len() > LONGEST {
            return Err(Refusal::ours(
                Kind::Service,
                "too long",
                format!("{} bytes to sign, KMS takes {LONGEST}", message.len()),
            ));
        }
        let members = json!({
            "KeyId": self.arn, "Message": STANDARD.encode(message), "MessageType": "RAW",
            "SigningAlgorithm": algorithm
        });
        let answer = self.ask("Sign", members)?;
        if text(&answer, "SigningAlgorithm")? != algorithm {
            return Err(malformed("SigningAlgorithm"));
        }
        bytes(&answer, "Signature")
    }

    fn ask(&self, name: &str, members: Value) -> Result<Value, Refusal> {
        let read = "the description of the KMS API is well formed";
        let api: Api =
            serde_json::from_value(json!({ "protocol": "json", "target": "TrentService", "json": "1.1" }))
                .expect(read);
        let operation: Operation = serde_json::from_value(json!({ "scope": "region" })).expect(read);
        let members = if let Value::Object(map) = members { map } else { Map::new() };
        let identity = self.session.identity();
        let (account, region) = (String::new(), self.region.clone());
        let ask = Ask {
            identity,
            account,
            region,
            service: "kms",
            name,
            api: &api,
            operation: &operation,
            members,
        };
        let reply = self.session.call(&ask)?;
        serde_json::from_slice(&reply.body).map_err(|_| malformed("JSON"))
    }
}

fn text<'a>(answer: &'a Value, member: &str) -> Result<&'a str, Refusal> {
    answer.get(member).and_then(Value::as_str).ok_or_else(|| malformed(member))
}

fn bytes(answer: &Value, member: &str) -> Result<Vec<u8>, Refusal> {
    STANDARD.decode(text(answer, member)?).map_err(|_| malformed(member))
}

fn malformed(what: &str) -> Refusal {
    Refusal::ours(Kind::Transient, "malformed answer", format!("the answer of KMS holds no usable {what}"))
}
