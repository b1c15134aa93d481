//! What a revocation list covers: all certificates of its issuer, or only some, or only changes (RFC 5280
//! sections 5.2.4, 5.2.5 and 6.3.3); and since when an entry counts. Whether it is signed and fresh is asked
//! elsewhere.

use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;
use der::Decode;
use der::asn1::GeneralizedTime;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::DistributionPointName;
use x509_cert::ext::pkix::{BasicConstraints, CrlDistributionPoints};

use crate::seal::keys::certificate::{Certificate, time};

/// The crate gives the type another extension's number.
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
const DELTA: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
const INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");

/// Why a list that does not name the certificate does not show that it is good, either; nothing if it does.
pub(super) fn beyond(list: &CertificateList, certificate: &Certificate) -> Option<&'static str> {
    let mut extensions = list.tbs_cert_list.crl_extensions.iter().flatten();
    extensions.find_map(|extension| match extension.extn_id {
        DELTA => Some("the list holds only changes"),
        ISSUING_DISTRIBUTION_POINT => {
            match IssuingDistributionPoint::from_der(extension.extn_value.as_bytes()) {
                Ok(scope) => outside(&scope, certificate),
                Err(_) => Some("what the list covers cannot be read"),
            }
        }
        _ if extension.critical => Some("the list holds a critical extension that is not worked out here"),
        _ => None,
    })
}

/// The day of revocation, or the earlier one from which the key is known or suspected to have been lost (RFC
/// 5280 section 5.3.2): what was signed in between is as doubtful as what was signed later.
pub(super) fn lost_at(entry: &RevokedCert) -> DateTime<Utc> {
    let revoked = time(&entry.revocation_date);
    let mut dates = entry.crl_entry_extensions.iter().flatten().filter(|e| e.extn_id == INVALIDITY_DATE);
    let lost = dates.next().and_then(|e| GeneralizedTime::from_der(e.extn_value.as_bytes()).ok());
    let lost = lost
        .and_then(|lost| DateTime::from_timestamp(i64::try_from(lost.to_unix_duration().as_secs()).ok()?, 0));
    lost.map_or(revoked, |lost| lost.min(revoked))
}

fn outside(scope: &IssuingDistributionPoint, certificate: &Certificate) -> Option<&'static str> {
    let authority =
        certificate.extension::<BasicConstraints>().ok().flatten().is_some_and(|constraints| constraints.ca);
    let other_kind =
        scope.only_contains_user_certs && authority || scope.only_contains_ca_certs && !authority;
    if scope.only_contains_attribute_certs || other_kind {
        Some("the list is about certificates of another kind")
    } else if scope.indirect_crl {
        Some("the list is about several issuers, which is not worked out here")
    } else if scope.only_some_reasons.is_some() {
        Some("the list holds only some reasons of revocation")
    } else {
        let named = scope.distribution_point.as_ref();
        named
            .filter(|named| !points_to(certificate, named))
            .map(|_| "the list is about certificates that point elsewhere")
    }
}

/// Whether the certificate says to look where the list says that it belongs, for any reason and from its own
/// issuer.
fn points_to(certificate: &Certificate, named: &DistributionPointName) -> bool {
    let points = certificate.extension::<CrlDistributionPoints>().ok().flatten();
    let whole = |point: &&DistributionPoint| point.reasons.is_none() && point.crl_issuer.is_none();
    points.iter().flat_map(|points| &points.0).filter(whole).any(|point| {
        match (&point.distribution_point, named) {
            (Some(DistributionPointName::FullName(own)), DistributionPointName::FullName(named)) => {
                own.iter().any(|name| named.contains(name))
            }
            (
                Some(DistributionPointName::NameRelativeToCRLIssuer(own)),
                DistributionPointName::NameRelativeToCRLIssuer(named),
            ) => own == named,
            (Some(_) | None, _) => false,
        }
    })
}
