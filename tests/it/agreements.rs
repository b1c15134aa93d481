//! The Business Associate Addendum: five states, each with its own statement in the terminal, the data,
//! the page and the PDF.

use serde_json::{Value, json};

use crate::harness::Sandbox;

const ACCOUNT: &str = "111122223333";

/// A run whose only evidence is what AWS Artifact and AWS Organizations answered.
fn with(agreements: Option<&str>, organization: &str) -> Sandbox {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[crate::harness::item("AWS::EC2::Volume", "vol-1", json!({ "encrypted": true }))]);
    if let Some(body) = agreements {
        box_.write(&format!("in/aws/{ACCOUNT}/aws-global/artifact/ListCustomerAgreements.json"), body);
    }
    box_.write(&format!("in/aws/{ACCOUNT}/aws-global/organizations/DescribeOrganization.json"), organization);
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    box_
}

fn listed(state: &str, end: Option<&str>) -> String {
    let mut agreement = json!({
        "name": "AWS Business Associate Addendum", "id": "customer-agreement-0000000000000001",
        "awsAccountId": ACCOUNT, "state": state,
        "arn": format!("arn:aws:artifact::{ACCOUNT}:customer-agreement/customer-agreement-0000000000000001"),
        "type": "DEFAULT", "effectiveStart": "2025-02-03T17:04:05Z",
    });
    if let Some(end) = end {
        agreement["effectiveEnd"] = json!(end);
    }
    json!({ "customerAgreements": [agreement] }).to_string()
}

const NONE: &str = r#"{"customerAgreements": []}"#;
const ALONE: &str = r#"{"Error": {"Code": "AWSOrganizationsNotInUseException", "Message": "not in use"}}"#;
const MEMBER: &str = concat!(
    r#"{"Organization": {"Id": "o-example123", "#,
    r#""Arn": "arn:aws:organizations::123456789012:organization/o-example123", "#,
    r#""MasterAccountId": "123456789012", "FeatureSet": "ALL"}}"#,
);
const REFUSED: &str = r#"{"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}"#;

/// State, words of the terminal, words of the reports, verdict of the check.
const EXPECTED: [(&str, &str, &str, &str); 5] = [
    ("in force", "in force: account agreement, active since 2025-02-03", "as active since 2025-02-03", "met"),
    (
        "terminated",
        "terminated: ended on 2026-06-30 by the customer",
        "as terminated by the customer: it ended on 2026-06-30",
        "not met",
    ),
    (
        "none found",
        "none found in AWS Artifact; one signed elsewhere must be filed",
        "One signed elsewhere must be filed",
        "not evidenced",
    ),
    (
        "unknown",
        "unknown: nothing listed in a member account; ask 123456789012",
        "this is a member account",
        "not evidenced",
    ),
    (
        "denied",
        "denied: the call artifact:ListCustomerAgreements was refused",
        "The call that lists agreements was refused",
        "not evidenced",
    ),
];

#[test]
fn five_states_make_five_statements_in_every_output() {
    let ended = listed("CUSTOMER_TERMINATED", Some("2026-06-30T00:00:00Z"));
    let active = listed("ACTIVE", None);
    let given = [(&*active, ALONE), (&*ended, ALONE), (NONE, ALONE), (NONE, MEMBER), (REFUSED, ALONE)];
    for ((state, terminal, report, verdict), (agreements, organization)) in EXPECTED.iter().zip(given) {
        let box_ = with(Some(agreements), organization);
        let table = box_.affiant(&["assess"]).out;
        assert!(table.contains(&format!("BAA {ACCOUNT}  {terminal}")), "{state}: {table}");
        assert!(table.lines().filter(|l| l.starts_with("BAA ")).all(|l| l.chars().count() <= 80), "{table}");
        let data: Value =
            serde_json::from_str(&box_.affiant(&["assess", "--format", "json"]).out).expect("JSON");
        assert_eq!(data["baa"][0]["state"], **state);
        assert!(data["baa"][0]["words"].as_str().is_some_and(|w| w.contains(report)), "{}", data["baa"]);
        let checks = data["controls"]
            .as_array()
            .expect("controls")
            .iter()
            .flat_map(|c| c["checks"].as_array().expect("checks"));
        let check = checks.into_iter().find(|c| c["id"] == "artifact.baa-in-force").expect("the check");
        assert_eq!(check["rows"][0]["verdict"], **verdict, "{state}");
        let zip = box_.package();
        let package = zip.with_extension("");
        let page = std::fs::read_to_string(package.join("data/report/index.html")).expect("a page");
        let pdf = text_of(&package.join("data/report/audit-package.pdf"));
        for (place, text) in [("HTML", words(&page)), ("PDF", words(&pdf))] {
            assert!(text.contains(report), "{state}: {place} lacks \"{report}\"");
            let others = EXPECTED.iter().filter(|(other, ..)| other != state);
            others.for_each(|(other, _, said, _)| {
                assert!(!text.contains(said), "{state}: {place} also says that of {other}")
            });
        }
    }
}

#[test]
fn what_was_not_asked_is_unknown() {
    let box_ = with(None, ALONE);
    let table = box_.affiant(&["assess"]).out;
    assert!(table.contains(&format!("BAA {ACCOUNT}  unknown: AWS Artifact was not asked")), "{table}");
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of a PDF by poppler, which the judges need too.
fn text_of(pdf: &std::path::Path) -> String {
    let out = std::process::Command::new("pdftotext").arg(pdf).arg("-").output().expect("pdftotext is there");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}
