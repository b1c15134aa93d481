//! Where a certificate says that word of its revocation is to be had.

use crate::seal::keys::certificate::Certificate;
use const_oid::db::rfc5280::ID_AD_OCSP;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityInfoAccessSyntax, CrlDistributionPoints};

pub(super) fn ocsp_url(certificate: &Certificate) -> Option<String> {
    let access = certificate.extension::<AuthorityInfoAccessSyntax>().ok().flatten()?;
    access.0.iter().find(|a| a.access_method == ID_AD_OCSP).and_then(|a| uri(&a.access_location))
}

pub(super) fn crl_urls(certificate: &Certificate) -> Vec<String> {
    let points = certificate.extension::<CrlDistributionPoints>().ok().flatten();
    let names = points.iter().flat_map(|p| &p.0).filter_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => Some(names),
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) | None => None,
    });
    names.flatten().filter_map(uri).collect()
}

fn uri(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::UniformResourceIdentifier(uri) if uri.as_str().starts_with("http") => {
            Some(uri.to_string())
        }
        _ => None,
    }
}
