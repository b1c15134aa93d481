//! Paths and revocation at their edges, made anew for each test: what NIST's suite (`pkits.rs`) tries, in
//! small. Nothing that is not shown holds; revoked always counts; what is not settled says why.

use affiant::seal::verify::{Options, State, judge_signer};
use affiant::seal::{Certificate, Revocation, Trust};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use chrono::{DateTime, Duration, Utc};
use const_oid::db::rfc5912 as oid;
use der::asn1::{BitString, GeneralizedTime, Ia5String, Null, OctetString};
use der::{Decode, Encode};
use spki::AlgorithmIdentifierOwned;
use x509_cert::certificate::Version;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::{DistributionPoint, IssuingDistributionPoint, ReasonFlags, Reasons};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{CrlDistributionPoints, KeyUsages};
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspGeneralizedTime, OcspResponse, OcspResponseStatus,
    ResponderId, ResponseBytes, ResponseData, RevokedInfo, SingleResponse, Version as OcspVersion,
};

use super::authority::{
    self, Identity, Private, Wish, authority, extension, issue, noon, person, self_signed,
};

const HERE: &str = "http://crl.example/issuing.crl";

/// A root, an authority below it, and a person who is told where that one's list lies.
struct World {
    root: Identity,
    issuing: Identity,
    jordan: Identity,
}

fn world(between: Wish) -> World {
    let root = self_signed(&Wish { usage: None, ..authority("Example Root") });
    let issuing = issue(&between, &root);
    let point =
        DistributionPoint { distribution_point: Some(full_name(HERE)), reasons: None, crl_issuer: None };
    let points = extension("2.5.29.31", false, CrlDistributionPoints(vec![point]).to_der().unwrap());
    let jordan = issue(&Wish { more: vec![points], ..person("Jordan Example") }, &issuing);
    World { root, issuing, jordan }
}

/// It may sign certificates and lists.
fn issuing() -> Wish {
    Wish { usage: None, ..authority("Example Issuing") }
}

impl World {
    fn judged(&self, known: &Revocation) -> (State, String) {
        let trust = Trust::new(vec![self.root.certificate.clone()]);
        let options = Options { revocation: known, ..Options::new(&trust, noon(), &[]) };
        let answer =
            judge_signer(&self.jordan.certificate, std::slice::from_ref(&self.issuing.certificate), &options)
                .authenticity;
        (answer.state, answer.words)
    }
}

fn full_name(url: &str) -> DistributionPointName {
    DistributionPointName::FullName(vec![GeneralName::UniformResourceIdentifier(
        Ia5String::new(url).unwrap(),
    )])
}

/// What each authority above may not lack, and what may not be missing in it.
#[test]
fn a_path_through_an_authority_that_may_not_issue_does_not_hold() {
    // one permitted name, which is Jordan's own: it is not worked out, so nothing is said to hold
    let constraints = || {
        vec![
            0x30, 0x0f, 0xa0, 0x0d, 0x30, 0x0b, 0x82, 0x09, b'e', b'x', b'.', b'e', b'x', b'a', b'm', b'p',
            b'l',
        ]
    };
    let with = |more: Extension| Wish { more: vec![more], ..issuing() };
    let rows = [
        ("a good one", issuing(), State::Held),
        (
            "one with a policy that nothing asks for",
            with(extension("2.5.29.32", true, vec![0x30, 6, 0x30, 4, 6, 2, 0x2a, 3])),
            State::Held,
        ),
        (
            "no basic constraints",
            Wish { ca: None, usage: Some(KeyUsages::KeyCertSign), ..issuing() },
            State::Failed,
        ),
        (
            "a key that may sign lists alone",
            Wish { usage: Some(KeyUsages::CRLSign), ..issuing() },
            State::Failed,
        ),
        ("expired", Wish { until: noon() - Duration::seconds(1), ..issuing() }, State::Failed),
        ("not yet valid", Wish { from: noon() + Duration::seconds(1), ..issuing() }, State::Failed),
        ("critical name constraints", with(extension("2.5.29.30", true, constraints())), State::Unknown),
        ("name constraints", with(extension("2.5.29.30", false, constraints())), State::Unknown),
        ("a policy that must be mapped", with(extension("2.5.29.33", true, vec![0x30, 0])), State::Unknown),
        (
            "a policy that must be there",
            with(extension("2.5.29.36", true, vec![0x30, 3, 0x80, 1, 0])),
            State::Unknown,
        ),
        (
            "the same, not critical",
            with(extension("2.5.29.36", false, vec![0x30, 3, 0x80, 1, 0])),
            State::Unknown,
        ),
        ("a critical extension of its own", with(extension("1.2.3.4", true, vec![5, 0])), State::Unknown),
        (
            "name constraints in one that expired",
            Wish {
                until: noon() - Duration::seconds(1),
                more: vec![extension("2.5.29.30", true, constraints())],
                ..issuing()
            },
            State::Failed,
        ),
        (
            "the same extension twice",
            with(extension("2.5.29.19", true, vec![0x30, 3, 1, 1, 0xff])),
            State::Failed,
        ),
    ];
    for (what, between, expected) in rows {
        let (state, words) = world(between).judged(&Revocation::default());
        assert_eq!(state, expected, "{what}: {words}");
    }
}

/// Room for no authority below, and one there.
#[test]
fn the_length_of_a_path_is_held_at_each_step() {
    for (room, expected) in [(0, State::Failed), (1, State::Held)] {
        let narrow = self_signed(&Wish { usage: None, ca: Some(Some(room)), ..authority("Example Root") });
        let between = issue(&issuing(), &narrow);
        let jordan = issue(&person("Jordan Example"), &between);
        let (state, words) = World { root: narrow, issuing: between, jordan }.judged(&Revocation::default());
        assert_eq!(state, expected, "{room}: {words}");
    }
}

fn signed(private: &Private, message: &[u8]) -> BitString {
    let Private::Ec(pair) = private else { unreachable!("authorities here have keys on a curve") };
    BitString::from_bytes(pair.sign(&SystemRandom::new(), message).unwrap().as_ref()).unwrap()
}

fn algorithm() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: oid::ECDSA_WITH_SHA_256, parameters: None }
}

fn serial(identity: &Identity) -> x509_cert::serial_number::SerialNumber {
    x509_cert::Certificate::from_der(identity.certificate.der()).unwrap().tbs_certificate.serial_number
}

/// A list in `issuer`'s name, signed by `key`.
fn list(
    issuer: &Identity,
    key: &Private,
    revoked: &[&Identity],
    extensions: Vec<Extension>,
    until: DateTime<Utc>,
) -> Vec<u8> {
    let entry = |identity: &&Identity| RevokedCert {
        serial_number: serial(identity),
        revocation_date: authority::time(noon() - Duration::days(5)),
        crl_entry_extensions: None,
    };
    let entries: Vec<RevokedCert> = revoked.iter().map(entry).collect();
    let tbs = TbsCertList {
        version: Version::V2,
        signature: algorithm(),
        issuer: issuer.name.clone(),
        this_update: authority::time(noon() - Duration::days(2)),
        next_update: Some(authority::time(until)),
        revoked_certificates: (!entries.is_empty()).then_some(entries),
        crl_extensions: (!extensions.is_empty()).then_some(extensions),
    };
    let signature = signed(key, &tbs.to_der().unwrap());
    CertificateList { tbs_cert_list: tbs, signature_algorithm: algorithm(), signature }.to_der().unwrap()
}

fn scope(change: impl Fn(&mut IssuingDistributionPoint)) -> Vec<Extension> {
    let mut scope = IssuingDistributionPoint {
        distribution_point: None,
        only_contains_user_certs: false,
        only_contains_ca_certs: false,
        only_some_reasons: None,
        indirect_crl: false,
        only_contains_attribute_certs: false,
    };
    change(&mut scope);
    vec![extension("2.5.29.28", true, scope.to_der().unwrap())]
}

fn delta() -> Vec<Extension> {
    vec![extension("2.5.29.27", true, vec![2, 1, 1])]
}

/// What a list covers, its extensions, whose key signs it, until when it holds, and what follows
/// if it names nobody.
type Cover<'a> = (&'a str, Vec<Extension>, &'a Private, DateTime<Utc>, State, &'a str);

/// A list of the issuing authority: what it covers, whether it names Jordan, and what follows.
#[test]
fn a_list_settles_only_what_it_covers_and_revoked_always_counts() {
    let world = world(issuing());
    let other = self_signed(&Wish { usage: None, ..authority("Example Issuing") });
    let (own, later) = (&world.issuing.private, noon() + Duration::days(5));
    let here = || scope(|s| s.distribution_point = Some(full_name(HERE)));
    let reasons: ReasonFlags = Reasons::KeyCompromise.into();
    let covers: [Cover<'_>; 11] = [
        ("everything", vec![], own, later, State::Held, ""),
        ("where Jordan is told to look", here(), own, later, State::Held, ""),
        ("people", scope(|s| s.only_contains_user_certs = true), own, later, State::Held, ""),
        (
            "another place",
            scope(|s| s.distribution_point = Some(full_name("http://crl.example/b"))),
            own,
            later,
            State::Unknown,
            "elsewhere",
        ),
        (
            "authorities",
            scope(|s| s.only_contains_ca_certs = true),
            own,
            later,
            State::Unknown,
            "another kind",
        ),
        (
            "attributes",
            scope(|s| s.only_contains_attribute_certs = true),
            own,
            later,
            State::Unknown,
            "another kind",
        ),
        (
            "one reason",
            scope(|s| s.only_some_reasons = Some(reasons)),
            own,
            later,
            State::Unknown,
            "some reasons",
        ),
        ("others too", scope(|s| s.indirect_crl = true), own, later, State::Unknown, "several issuers"),
        ("changes", delta(), own, later, State::Unknown, "only changes"),
        ("last month", vec![], own, noon() - Duration::days(1), State::Unknown, "had ended"),
        (
            "something new",
            vec![extension("1.2.3.4", true, vec![5, 0])],
            own,
            later,
            State::Unknown,
            "critical extension",
        ),
    ];
    for (what, extensions, key, until, expected, words) in covers {
        for (names, expected, words) in
            [(vec![], expected, words), (vec![&world.jordan], State::Failed, "revoked at")]
        {
            let mut known = Revocation::default();
            assert!(
                known.add(&list(&world.issuing, key, &names, extensions.clone(), until)),
                "{what} cannot be read"
            );
            let (state, said) = world.judged(&known);
            assert_eq!(state, expected, "a list of {what}, with {} names: {said}", names.len());
            assert!(said.contains(words), "{what}: {said}");
        }
    }
    for names in [vec![], vec![&world.jordan]] {
        let mut forged = Revocation::default();
        assert!(forged.add(&list(&world.issuing, &other.private, &names, vec![], later)));
        let (state, said) = world.judged(&forged);
        assert_eq!(state, State::Unknown, "a list that a stranger signed: {said}");
    }
    let mut both = Revocation::default();
    assert!(
        both.add(&list(&world.issuing, own, &[], vec![], later))
            && both.add(&list(&world.issuing, own, &[], delta(), later))
    );
    assert_eq!(world.judged(&both).0, State::Held, "a whole list beside one of changes settles it");
}

/// Somebody above was revoked, by the root.
#[test]
fn an_authority_that_was_revoked_vouches_for_nobody() {
    let world = world(issuing());
    let later = noon() + Duration::days(5);
    for (names, expected) in [(vec![], State::Held), (vec![&world.issuing], State::Failed)] {
        let mut known = Revocation::default();
        assert!(known.add(&list(&world.root, &world.root.private, &names, vec![], later)));
        assert!(known.add(&list(&world.issuing, &world.issuing.private, &[], vec![], later)));
        let (state, words) = world.judged(&known);
        assert_eq!(state, expected, "{words}");
    }
}

/// An answer about Jordan, once for each status, signed by the issuing authority.
fn answer(
    world: &World,
    statuses: Vec<CertStatus>,
    single: Vec<Extension>,
    whole: Vec<Extension>,
) -> Vec<u8> {
    let at = |days: i64| {
        let seconds = u64::try_from((noon() + Duration::days(days)).timestamp()).unwrap();
        OcspGeneralizedTime(
            GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds)).unwrap(),
        )
    };
    let above = x509_cert::Certificate::from_der(world.issuing.certificate.der()).unwrap().tbs_certificate;
    let hash = |bytes: &[u8]| OctetString::new(digest(&SHA256, bytes).as_ref()).unwrap();
    let cert_id = CertId {
        hash_algorithm: AlgorithmIdentifierOwned { oid: oid::ID_SHA_256, parameters: None },
        issuer_name_hash: hash(&above.subject.to_der().unwrap()),
        issuer_key_hash: hash(above.subject_public_key_info.subject_public_key.raw_bytes()),
        serial_number: serial(&world.jordan),
    };
    let some = |extensions: Vec<Extension>| (!extensions.is_empty()).then_some(extensions);
    let response = |cert_status| SingleResponse {
        cert_id: cert_id.clone(),
        cert_status,
        this_update: at(-1),
        next_update: Some(at(5)),
        single_extensions: some(single.clone()),
    };
    let tbs_response_data = ResponseData {
        version: OcspVersion::V1,
        responder_id: ResponderId::ByName(world.issuing.name.clone()),
        produced_at: at(-1),
        responses: statuses.into_iter().map(response).collect(),
        response_extensions: some(whole),
    };
    let signature = signed(&world.issuing.private, &tbs_response_data.to_der().unwrap());
    let basic =
        BasicOcspResponse { tbs_response_data, signature_algorithm: algorithm(), signature, certs: None };
    let response = OctetString::new(basic.to_der().unwrap()).unwrap();
    let response_type = const_oid::ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
    let response_bytes = Some(ResponseBytes { response_type, response });
    OcspResponse { response_status: OcspResponseStatus::Successful, response_bytes }.to_der().unwrap()
}

/// Whatever an answer carries beside: revoked is revoked, and good is good only if nothing
/// critical qualifies it.
#[test]
fn an_answer_with_critical_extensions_never_hides_a_revocation() {
    let world = world(issuing());
    let nonce = || vec![extension("1.3.6.1.5.5.7.48.1.2", true, vec![4, 1, 7])];
    let strange = || vec![extension("1.2.3.4", true, vec![5, 0])];
    let revoked = || {
        CertStatus::Revoked(RevokedInfo {
            revocation_time: OcspGeneralizedTime(
                GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(1_750_000_000)).unwrap(),
            ),
            revocation_reason: None,
        })
    };
    let rows = [
        ("good", CertStatus::Good(Null), vec![], vec![], State::Held),
        ("good, with a critical nonce", CertStatus::Good(Null), vec![], nonce(), State::Held),
        ("good, under a condition", CertStatus::Good(Null), strange(), vec![], State::Unknown),
        ("good, all under a condition", CertStatus::Good(Null), vec![], strange(), State::Unknown),
        ("not known", CertStatus::Unknown(Null), vec![], vec![], State::Unknown),
        ("revoked", revoked(), vec![], vec![], State::Failed),
        ("revoked, with a critical nonce", revoked(), vec![], nonce(), State::Failed),
        ("revoked, under a condition", revoked(), strange(), strange(), State::Failed),
    ];
    for (what, status, single, whole, expected) in rows {
        let mut known = Revocation::default();
        assert!(known.add(&answer(&world, vec![status], single, whole)), "{what} cannot be read");
        let (state, words) = world.judged(&known);
        assert_eq!(state, expected, "{what}: {words}");
    }
    for statuses in [vec![CertStatus::Good(Null), revoked()], vec![revoked(), CertStatus::Good(Null)]] {
        let mut known = Revocation::default();
        assert!(known.add(&answer(&world, statuses, vec![], vec![])));
        assert_eq!(world.judged(&known).0, State::Failed, "good and revoked in one answer");
    }
}

/// Nothing of an unreadable certificate is taken for a certificate.
#[test]
fn a_certificate_that_is_not_in_canonical_form_is_not_read() {
    let world = world(issuing());
    let der = world.jordan.certificate.der();
    assert!(Certificate::from_der(der).is_ok() && Certificate::from_der(&[der, &[0]].concat()).is_err());
    assert!(Certificate::from_der(&der[..der.len() - 1]).is_err());
}
