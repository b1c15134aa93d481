//! Keys that stay in AWS KMS, as the seal takes them: a public key and a function that signs.

use super::Error;
use crate::aws::Kms;
use crate::clock::Clock;
use crate::seal::{Algorithm, Remote};

/// The key that `key` names: an ARN, a key id, or `alias/NAME`. Asks kms:GetPublicKey now and kms:Sign for each signature.
pub fn kms(key: &str, clock: Clock) -> Result<Remote, Error> {
    let opened = Kms::open(key, clock).map_err(|refusal| Error::Kms { key: key.to_string(), words: refusal.words() })?;
    let public_key = opened.public_key().to_vec();
    let sign =
        move |algorithm: Algorithm, message: &[u8]| opened.sign(algorithm.kms_name(), message).map_err(|refusal| refusal.words().into());
    Ok(Remote { public_key, sign: Box::new(sign) })
}
