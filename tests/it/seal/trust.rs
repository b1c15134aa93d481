//! Whose seal it is: authorities, purposes, dates, and chains that must not be believed.

use affiant::seal::signature::trust::ChainStanding;
use affiant::seal::{RsaPadding, Trust};
use chrono::Duration;
use const_oid::ObjectIdentifier;
use x509_cert::ext::pkix::KeyUsages;

use super::authority::{Identity, Kind, Wish, authority, issue, noon, person, self_signed};
use super::fixture;

fn trust(identity: &Identity) -> Trust {
    Trust::new(vec![identity.certificate.clone()])
}

fn standing(signer: &Identity, between: &[&Identity], anchor: &Identity) -> ChainStanding {
    let pool: Vec<_> = between.iter().map(|i| i.certificate.clone()).collect();
    trust(anchor).judge(&signer.certificate, &pool, noon())
}

fn refused(standing: &ChainStanding) -> bool {
    matches!(standing, ChainStanding::Stranger | ChainStanding::Unfit(_))
}

#[test]
fn an_authority_vouches_directly_and_through_another() {
    let root = self_signed(&Wish { kind: Kind::Rsa, ..authority("Example Root") });
    let between = issue(&Wish { kind: Kind::P384, ..authority("Example Issuing") }, &root);
    let signer = issue(&person("Jordan Example"), &between);
    assert!(matches!(standing(&signer, &[&between], &root), ChainStanding::Issued(_)));
    assert!(matches!(standing(&signer, &[], &between), ChainStanding::Issued(_)));
    assert!(refused(&standing(&signer, &[], &root)), "the link between is missing");
    let dir = tempfile::tempdir().unwrap();
    let package = fixture::package(dir.path(), &signer.signer_with(&[&root, &between], RsaPadding::Pkcs1));
    let report = fixture::check(&package, &trust(&root));
    assert_eq!(fixture::failures(&report), Vec::<&str>::new(), "{report:#?}");
    assert!(report.authenticity.words.contains("Example Root"));
}

#[test]
fn who_may_not_issue_does_not_vouch() {
    let root = self_signed(&authority("Example Root"));
    let cases = [
        ("a person", person("Example Person")),
        (
            "no key usage for certificates",
            Wish { usage: Some(KeyUsages::DigitalSignature), ..authority("A") },
        ),
        ("an expired authority", Wish { until: noon() - Duration::days(1), ..authority("B") }),
    ];
    for (what, wish) in cases {
        let between = issue(&wish, &root);
        let signer = issue(&person("Jordan Example"), &between);
        assert!(refused(&standing(&signer, &[&between], &root)), "{what}");
    }
    // a critical extension that is not understood: nobody here can say that it forbids
    // nothing, nor that it does
    let between = issue(&Wish { critical_unknown: true, ..authority("C") }, &root);
    let signer = issue(&person("Jordan Example"), &between);
    assert!(matches!(standing(&signer, &[&between], &root), ChainStanding::Unsettled(_)));
    let narrow = self_signed(&Wish { ca: Some(Some(0)), ..authority("Narrow Root") });
    let between = issue(&authority("Between"), &narrow);
    let signer = issue(&person("Jordan Example"), &between);
    assert!(refused(&standing(&signer, &[&between], &narrow)), "path length 0");
    assert!(matches!(standing(&issue(&person("Direct"), &narrow), &[], &narrow), ChainStanding::Issued(_)));
}

#[test]
fn the_same_name_is_not_the_same_authority() {
    let (root, impostor) = (self_signed(&authority("Example Root")), self_signed(&authority("Example Root")));
    let signer = issue(&person("Jordan Example"), &impostor);
    assert!(refused(&standing(&signer, &[&impostor], &root)));
}

#[test]
fn a_hostile_pool_costs_little() {
    let root = self_signed(&authority("Example Root"));
    let twins: Vec<_> = (0..200).map(|_| self_signed(&authority("Twin")).certificate).collect();
    let signer = issue(&person("Jordan Example"), &self_signed(&authority("Twin")));
    assert!(refused(&trust(&root).judge(&signer.certificate, &twins, noon())));
}

#[test]
fn a_certificate_for_something_else_may_not_sign() {
    let cases = [
        Wish { usage: Some(KeyUsages::KeyEncipherment), ..person("A") },
        Wish { purposes: vec![ObjectIdentifier::new("1.3.6.1.5.5.7.3.1").unwrap()], ..person("B") },
        Wish { from: noon() + Duration::days(1), ..person("C") },
        Wish { until: noon() - Duration::days(1), ..person("D") },
    ];
    for wish in cases {
        let signer = self_signed(&wish);
        assert!(affiant::seal::sign_detached(b"x", &signer.signer(), noon()).is_err(), "{}", wish.cn);
        assert!(refused(&trust(&signer).judge(&signer.certificate, &[], noon())), "{}", wish.cn);
    }
    let odd = self_signed(&Wish { critical_unknown: true, ..person("E") });
    assert!(affiant::seal::sign_detached(b"x", &odd.signer(), noon()).is_err());
    assert!(matches!(trust(&odd).judge(&odd.certificate, &[], noon()), ChainStanding::Unsettled(_)));
    let no_usage = self_signed(&Wish { usage: None, ..person("F") });
    assert_eq!(trust(&no_usage).judge(&no_usage.certificate, &[], noon()), ChainStanding::Pinned);
}
