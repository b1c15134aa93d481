//! What people and AWS Config may do to a verdict, and what they may not: exceptions, exclusions, statements,
//! a second opinion, and the dated list of services.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Ran, Sandbox, item, repository};
use crate::spine::{check, json as parse};

const VOLUME: &str = "ec2.volume-encrypted";

fn volumes() -> Vec<Value> {
    ["yes", "no"].map(|id| item("AWS::EC2::Volume", id, json!({ "encrypted": id == "yes" }))).to_vec()
}

fn evaluation(id: &str, compliance: &str, recorded: &str) -> Value {
    json!({
        "EvaluationResultIdentifier": { "EvaluationResultQualifier": { "ResourceType": "AWS::EC2::Volume",
            "ResourceId": id } },
        "ComplianceType": compliance, "ResultRecordedTime": recorded
    })
}

/// A workspace with two volumes, what AWS Config's rule says of them, and the rules as they are listed
/// (none: not asked).
fn with_rule(name: &str, results: &[Value], listed: Option<Value>) -> Sandbox {
    let box_ = Sandbox::default().workspace();
    box_.write("program/exceptions.yaml", "exceptions: []\n");
    box_.snapshot("in", &volumes());
    let folder = "in/aws/111122223333/us-east-1/config";
    if !results.is_empty() {
        let body = json!({ "EvaluationResults": results }).to_string();
        box_.write(&format!("{folder}/GetComplianceDetailsByConfigRule/{name}.json"), body);
    }
    if let Some(rules) = listed {
        box_.write(
            &format!("{folder}/DescribeConfigRules.json"),
            json!({ "ConfigRules": rules }).to_string(),
        );
    }
    box_.affiant(&["collect", "--snapshot", "in"]);
    box_
}

fn assessment(box_: &Sandbox) -> Value {
    parse(&box_.affiant(&["assess", "--format", "json"]).out)
}

fn opinion(box_: &Sandbox) -> Value {
    check(&assessment(box_), VOLUME)["corroboration"][0].clone()
}

fn rule(name: &str, identifier: &str, parameters: &str) -> Value {
    json!({
        "ConfigRuleName": name, "Source": { "Owner": "AWS", "SourceIdentifier": identifier },
        "InputParameters": parameters
    })
}

const LATER: &str = "2026-09-30T11:30:00Z";
const EARLIER: &str = "2026-09-30T10:30:00Z";

#[test]
fn a_rule_agrees_only_with_what_was_judged_and_evaluated_later() {
    let both = [evaluation("yes", "COMPLIANT", LATER), evaluation("no", "NON_COMPLIANT", LATER)];
    let said = opinion(&with_rule("encrypted-volumes", &both, None));
    assert_eq!((&said["state"], &said["agree"]), (&json!("agrees"), &json!(2)), "{said}");

    let old = [evaluation("yes", "COMPLIANT", EARLIER), evaluation("no", "COMPLIANT", EARLIER)];
    let said = opinion(&with_rule("encrypted-volumes", &old, None));
    assert_eq!((&said["state"], &said["older"]), (&json!("nothing to compare"), &json!(2)), "{said}");

    let other = [evaluation("elsewhere", "COMPLIANT", LATER)];
    assert_eq!(opinion(&with_rule("encrypted-volumes", &other, None))["state"], "nothing to compare");
    let undated = [evaluation("yes", "NON_COMPLIANT", "")];
    assert_eq!(opinion(&with_rule("encrypted-volumes", &undated, None))["state"], "nothing to compare");
}

#[test]
fn epochs_and_the_newest_evaluation_count() {
    let many = [evaluation("yes", "NON_COMPLIANT", EARLIER), evaluation("yes", "COMPLIANT", LATER)];
    let said = opinion(&with_rule("encrypted-volumes-conformance-pack-a1b2", &many, None));
    assert_eq!((&said["agree"], &said["disagree"]), (&json!(1), &json!(0)), "{said}");
    let mut epoch = evaluation("yes", "NON_COMPLIANT", "");
    epoch["ResultRecordedTime"] = json!(1_790_767_800.25);
    assert_eq!(opinion(&with_rule("encrypted-volumes", &[epoch], None))["state"], "disagrees");
}

#[test]
fn a_disagreement_is_a_finding_of_its_own_and_changes_no_verdict() {
    let box_ = with_rule("encrypted-volumes", &[evaluation("yes", "NON_COMPLIANT", LATER)], None);
    let all = assessment(&box_);
    assert_eq!(all["disagreements"][0]["check"], VOLUME);
    assert_eq!(
        (&all["disagreements"][0]["ours"], &all["disagreements"][0]["theirs"]),
        (&json!("met"), &json!("NON_COMPLIANT"))
    );
    assert_eq!(check(&all, VOLUME)["counts"]["met"], 1);
    let risks = box_.affiant(&["risks"]).out;
    assert!(risks.contains("AWS Config says the opposite of ec2.volume-encrypted on 1 resource"), "{risks}");
    let table = box_.affiant(&["assess"]).out;
    assert!(table.contains("AWS Config's rules contradict 1 row: ec2.volume-encrypted"), "{table}");
}

#[test]
fn not_deployed_is_said_only_where_the_rules_were_listed() {
    assert_eq!(opinion(&with_rule("", &[], None))["state"], "not collected");
    assert_eq!(
        opinion(&with_rule("", &[], Some(json!([rule("mine", "ENCRYPTED_VOLUMES", "{}")]))))["state"],
        "not collected"
    );
    assert_eq!(
        opinion(&with_rule("", &[], Some(json!([rule("other", "EC2_IMDSV2_CHECK", "{}")]))))["state"],
        "not deployed"
    );
}

#[test]
fn a_rule_with_other_parameters_asks_another_question() {
    let both = [evaluation("yes", "NON_COMPLIANT", LATER)];
    let listed =
        json!([rule("mine", "ENCRYPTED_VOLUMES", r#"{"kmsId":"arn:aws:kms:us-east-1:111122223333:key/1"}"#)]);
    let said = opinion(&with_rule("mine", &both, Some(listed)));
    assert_eq!(said["state"], "other parameters", "{said}");
    assert!(said["detail"].as_str().expect("words").contains("kmsId"), "{said}");
    let said = opinion(&with_rule("mine", &both, Some(json!([rule("mine", "ENCRYPTED_VOLUMES", "{}")]))));
    assert_eq!(said["state"], "disagrees", "known by its identifier: {said}");
}

#[test]
fn parameters_of_a_rule_are_compared_with_ours() {
    let box_ = Sandbox::default();
    let own =
        fs::read_to_string(repository().join("controls/checks/ec2/volume-encrypted.yaml")).expect("a check");
    let own = own.replace(
        "corroborated_by: [encrypted-volumes]",
        "corroborated_by: [ { rule: encrypted-volumes, parameters: { days: access_key_days } } ]",
    );
    assert!(own.contains("parameters:"));
    for (value, state) in [("90", "agrees"), ("30", "other parameters")] {
        let box_ = with_rule(
            "encrypted-volumes",
            &[evaluation("yes", "COMPLIANT", LATER)],
            Some(json!([rule(
                "encrypted-volumes",
                "ENCRYPTED_VOLUMES",
                &json!({ "days": value }).to_string()
            )])),
        );
        box_.write("own/checks/ec2/volume-encrypted.yaml", &own);
        let all = parse(&box_.affiant(&["--catalog", "own", "assess", "--format", "json"]).out);
        assert_eq!(check(&all, VOLUME)["corroboration"][0]["state"], state, "{value}");
    }
    drop(box_);
}

// Exceptions

fn excepted(extra: &str, check_id: &str, catalog: Option<&dyn Fn(&Sandbox)>) -> Value {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &volumes());
    box_.affiant(&["collect", "--snapshot", "in"]);
    let head = format!(
        "exceptions:\n  - {{ check: {check_id}, resource: \"arn:aws:ec2:us-east-1:111122223333:*\", \
         approver: \"Ada Example, chief\", owner: Bo Example, reason: r, "
    );
    box_.write("program/exceptions.yaml", format!("{head}{extra} }}\n"));
    let args = ["assess", "--format", "json", "--catalog", "own"];
    let args = match catalog {
        Some(make) => {
            make(&box_);
            &args[..]
        }
        None => &args[..3],
    };
    check(&parse(&box_.affiant(args).out), VOLUME).clone()
}

#[test]
fn an_exception_covers_until_it_expires() {
    let fresh = excepted("accepted: 2026-09-01, expires: 2026-12-31", VOLUME, None);
    assert_eq!(fresh["counts"]["accepted"], 1, "{fresh}");
    for (name, when) in [
        ("expired", "accepted: 2026-01-01, expires: 2026-09-29"),
        ("not yet made", "accepted: 2026-10-01, expires: 2026-12-31"),
    ] {
        let lapsed = excepted(when, VOLUME, None);
        assert_eq!(
            (&lapsed["counts"]["accepted"], &lapsed["counts"]["not_met"]),
            (&json!(0), &json!(1)),
            "{name}"
        );
    }
    let last_day = excepted("accepted: 2026-01-01, expires: 2026-09-30", VOLUME, None);
    assert_eq!(last_day["counts"]["accepted"], 1, "its last day counts");
}

/// A required specification among the control's citations: the row stays `not met` beside its acceptance.
#[test]
fn a_required_specification_never_reads_accepted() {
    let control = "controls/technical/02-encryption-at-rest.yaml";
    let ours = fs::read_to_string(repository().join(control)).expect("a control");
    for (from, to) in [("164.312(a)(2)(iv)", "164.312(a)(2)(i)"), ("164.312(c)(1)", "164.312(a)(2)(i)")] {
        let changed = ours.replace(from, to);
        assert_ne!(changed, ours);
        let make = |box_: &Sandbox| drop(box_.write("own/technical/02-encryption-at-rest.yaml", &changed));
        let row = excepted("accepted: 2026-09-01, expires: 2026-12-31", VOLUME, Some(&make));
        assert_eq!((&row["counts"]["accepted"], &row["counts"]["not_met"]), (&json!(0), &json!(1)), "{from}");
        let reason = row["rows"][0]["reason"].as_str().expect("a reason");
        assert!(reason.contains("accepted by Ada Example") && reason.contains("required"), "{reason}");
    }
}

fn refused(name: &str, text: &str) -> Ran {
    let box_ = Sandbox::default().workspace();
    box_.write(name, text);
    box_.affiant(&["lint"]).exits(2)
}

#[test]
fn nobody_approves_their_own_exception() {
    let record = |approver: &str, owner: &str, reason: &str, dates: &str| {
        format!(
            "exceptions:\n  - {{ check: {VOLUME}, resource: \"arn:aws:ec2:us-east-1:111122223333:*\", \
             approver: \"{approver}\", owner: \"{owner}\", reason: \"{reason}\", {dates} }}\n"
        )
    };
    let dates = "accepted: 2026-09-01, expires: 2026-12-31";
    for (approver, owner, code) in [
        ("Ada Example", "Ada Example", "AFW-004"),
        ("Ada Example, chief", "ada example, owner", "AFW-004"),
        ("", "Bo Example", "AFC-026"),
        ("<name>", "Bo Example", "AFC-027"),
    ] {
        let ran = refused("program/exceptions.yaml", &record(approver, owner, "r", dates));
        assert!(ran.err.contains(code), "{approver}/{owner}: {}", ran.err);
    }
    assert!(
        refused("program/exceptions.yaml", &record("Ada Example", "Bo Example", "", dates))
            .err
            .contains("AFC-026")
    );
    let backwards = "accepted: 2026-09-01, expires: 2026-08-31";
    assert!(
        refused("program/exceptions.yaml", &record("Ada Example", "Bo Example", "r", backwards))
            .err
            .contains("AFW-021")
    );
}

#[test]
fn nobody_accepts_their_own_risk() {
    let text = "entries:\n  - match: { control: encryption-at-rest }\n    owner: Ada Example\n    \
                treatment: accept\n    acceptance: { approver: \"Ada Example, chief\", reason: r, \
                accepted: 2026-09-01, expires: 2026-12-31 }\n";
    assert!(refused("program/risks.yaml", text).err.contains("AFW-004"));
}

// Scope and statements

#[test]
fn untagged_is_in_scope_until_a_named_person_excludes_it() {
    let table = |exclude: &str, tags: Value| {
        let box_ = Sandbox::default().workspace();
        let text = fs::read_to_string(box_.path().join("affiant.yaml")).expect("a workspace");
        let kept: Vec<&str> = text.split("exclude:").collect();
        let after = kept[1].find("\nparameters").map(|at| &kept[1][at..]).expect("parameters follow");
        box_.write("affiant.yaml", format!("{}exclude: {exclude}{after}", kept[0]));
        let mut table = item("AWS::DynamoDB::Table", "t", json!({ "tableName": "t" }));
        table["tags"] = tags;
        box_.snapshot("in", &[table]);
        box_.affiant(&["collect", "--snapshot", "in"]);
        box_
    };
    let phi = |box_: &Sandbox| assessment(box_)["inventory"][0]["phi"].clone();
    assert_eq!(phi(&table("[]", json!({}))), 1, "untagged");
    assert_eq!(phi(&table("[]", json!({ "data-classification": "phi" }))), 1, "tagged");
    assert_eq!(phi(&table("[]", json!({ "data-classification": "public" }))), 0, "tagged otherwise");
    let by = "[ { match: \"*:t\", by: Ada Example, on: 2026-09-01, reason: holds test data only } ]";
    let box_ = table(by, json!({}));
    assert_eq!((phi(&box_), assessment(&box_)["excluded"][0].clone()), (json!(0), json!(1)));
    let folder = crate::harness::unzip(&box_.package(), &box_.path().join("x"));
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    for printed in ["Ada Example", "holds test data only"] {
        assert!(html.contains(printed), "{printed} is not printed");
    }
    for (exclude, code) in [
        ("[ { match: \"*:t\", by: \"\", on: 2026-09-01, reason: r } ]", "AFC-026"),
        ("[ { match: \"*:t\", by: Ada, on: 2026-09-01, reason: \"\" } ]", "AFC-026"),
        ("[ { match: \"*:t\", by: Ada, on: soon, reason: r } ]", "AFC-026"),
        ("[ { match: \"*\", by: Ada, on: 2026-09-01, reason: r } ]", "AFC-026"),
    ] {
        let box_ = Sandbox::default().workspace();
        let text = fs::read_to_string(box_.path().join("affiant.yaml")).expect("a workspace");
        let before = text.split("exclude:").next().expect("text");
        box_.write("affiant.yaml", format!("{before}exclude: {exclude}\n"));
        let ran = box_.affiant(&["lint"]).exits(2);
        assert!(ran.err.contains(code), "{exclude}: {}", ran.err);
    }
}

#[test]
fn a_statement_counts_no_longer_than_the_catalog_lets_it() {
    let attested = |on: &str, until: &str| {
        let box_ = Sandbox::default().workspace();
        let id = "session.application-idle-timeout";
        let text = fs::read_to_string(repository().join("controls/technical/07-session-timeout.yaml"))
            .expect("a control");
        let id = text.lines().find_map(|l| l.trim().strip_prefix("- id: ")).unwrap_or(id).to_string();
        box_.write(
            "program/attestations.yaml",
            format!(
                "attestations:\n  \
                 - {{ id: {id}, statement: s, by: Ada Example, role: r, on: {on}, valid_until: {until} }}\n"
            ),
        );
        box_.snapshot("in", &volumes());
        box_.affiant(&["collect", "--snapshot", "in"]);
        let all = assessment(&box_);
        all["controls"][6]["attested"].as_array().expect("a list").len()
    };
    assert_eq!(attested("2026-09-01", "2027-08-31"), 1);
    assert_eq!(attested("2026-09-01", "2026-09-29"), 0, "lapsed");
    assert_eq!(attested("2026-10-01", "2027-08-31"), 0, "made later");
    assert_eq!(attested("2020-09-01", "2035-08-31"), 0, "no statement holds for fifteen years");
}

#[test]
fn every_listing_of_verdicts_says_as_of_when() {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &volumes());
    box_.affiant(&["collect", "--snapshot", "in"]);
    let at = ["--as-of", "2026-10-15T08:00:00Z"];
    assert!(box_.affiant(&["assess", at[0], at[1]]).out.contains("as of 2026-10-15T08:00:00Z"));
    let csv = box_.affiant(&["assess", "--format", "csv", at[0], at[1]]).out;
    assert!(
        csv.lines().count() > 10 && csv.lines().skip(1).all(|l| l.ends_with(",2026-10-15T08:00:00Z")),
        "{csv}"
    );
    assert_eq!(
        parse(&box_.affiant(&["assess", "--format", "json", at[0], at[1]]).out)["as_of"],
        "2026-10-15T08:00:00Z"
    );
    let folder = crate::harness::unzip(&box_.package(), &box_.path().join("x"));
    let table = fs::read_to_string(folder.join("data/tables/result.csv")).expect("a table");
    assert!(table.lines().next().expect("a head").ends_with(",as_of"), "{table}");
    assert!(table.lines().skip(1).all(|l| l.ends_with(",2026-09-30T12:00:00Z")));
}

// Services

fn service_list(date: &str, ec2: &str) -> String {
    format!(
        "format: affiant.services/1\nlist_date: {date}\nsource: A list for a test\nservices:\n  \
         - {{ name: Amazon EC2, status: {ec2}, types: [\"AWS::EC2::\"] }}\n"
    )
}

#[test]
fn services_are_said_to_be_on_the_list_of_its_date() {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[volumes()[0].clone(), item("AWS::Unheard::Of", "x", json!({}))]);
    box_.affiant(&["collect", "--snapshot", "in"]);
    let ours = box_.affiant(&["services"]).exits(0);
    for printed in [
        "on the list dated 2026-05-22",
        "unknown to the list dated 2026-05-22",
        "sha256",
        "HIPAA Eligible Services Reference",
    ] {
        assert!(ours.out.contains(printed), "{printed}:\n{}", ours.out);
    }
    assert!(
        ours.err.contains("warning: the list is dated 2026-05-22"),
        "ours is more than 90 days old: {}",
        ours.err
    );

    box_.write("new.yaml", service_list("2026-09-01", "listed"));
    let newer = box_.affiant(&["services", "--list", "new.yaml"]).exits(0);
    assert!(
        newer.out.contains("on the list dated 2026-09-01") && !newer.err.contains("warning"),
        "{}{}",
        newer.out,
        newer.err
    );
    box_.write("edge.yaml", service_list("2026-07-02", "listed"));
    assert!(
        !box_.affiant(&["services", "--list", "edge.yaml"]).err.contains("warning"),
        "90 days are not more than 90"
    );
    box_.write("old.yaml", service_list("2026-07-01", "listed"));
    assert!(box_.affiant(&["services", "--list", "old.yaml"]).err.contains("warning"), "91 days are");

    box_.write("off.yaml", service_list("2026-09-01", "not listed"));
    let off = box_.affiant(&["services", "--list", "off.yaml"]).exits(1);
    assert!(off.out.contains("not on the list dated 2026-09-01"), "{}", off.out);
    box_.write("word.yaml", service_list("2026-09-01", "eligible"));
    let word = box_.affiant(&["services", "--list", "word.yaml"]).exits(2);
    assert!(
        word.err.contains("word.yaml:5:") && word.err.contains("eligible"),
        "a status of no meaning is refused: {}",
        word.err
    );
    box_.write("bad.yaml", "format: affiant.services/1\n");
    assert!(box_.affiant(&["services", "--list", "bad.yaml"]).exits(2).err.contains("bad.yaml"));
}

#[test]
fn a_service_off_the_list_with_phi_is_a_finding() {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[volumes()[0].clone()]);
    box_.affiant(&["collect", "--snapshot", "in"]);
    box_.write("own/services/aws-2026-09-01.yaml", service_list("2026-09-01", "not listed"));
    let risks = box_.affiant(&["--catalog", "own", "risks"]).out;
    assert!(
        risks.contains("Amazon EC2 is not on the list dated 2026-09-01 and has 1 resource in PHI scope"),
        "{risks}"
    );
}

/// What AWS Config does not record is in use all the same: off the list, it is open whether it handles ePHI;
/// on it, it is found by what its API is called.
#[test]
fn a_service_off_the_list_without_resources_is_an_open_question() {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[volumes()[0].clone()]);
    let cluster =
        json!({ "ClusterName": "quick", "ClusterArn": "arn:aws:dax:us-east-1:111122223333:cache/quick" });
    box_.write(
        "in/aws/111122223333/us-east-1/dax/DescribeClusters.json",
        json!({ "Clusters": [cluster] }).to_string(),
    );
    let policies = json!({ "SslPolicies": [{ "Name": "p", "SslProtocols": ["TLSv1.2"] }] });
    box_.write("in/aws/111122223333/us-east-1/elbv2/DescribeSSLPolicies.json", policies.to_string());
    box_.affiant(&["collect", "--snapshot", "in"]);
    let seen = box_.affiant(&["services"]).exits(0).out;
    let line = |name: &str| {
        seen.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name}:\n{seen}")).to_string()
    };
    assert!(line("Amazon DynamoDB Accelerator").contains("not on the list dated 2026-05-22"), "{seen}");
    assert!(line("Amazon DynamoDB Accelerator").ends_with("no resource read, PHI scope not known"), "{seen}");
    assert!(line("Elastic Load Balancing").contains("on the list dated"), "{seen}");
    let risks = box_.affiant(&["risks"]).out;
    assert!(risks.contains("(DAX) is not on the list dated 2026-05-22 and is in use"), "{risks}");
}

#[test]
fn services_without_resources_are_seen_by_their_traces() {
    let box_ = Sandbox::default().workspace();
    let mut role = item("AWS::IAM::Role", "AWSServiceRoleForAmazonMacie", json!({}));
    role["ARN"] = json!(
        "arn:aws:iam::111122223333:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
    );
    box_.snapshot("in", &[role]);
    box_.affiant(&["collect", "--snapshot", "in"]);
    let seen = box_.affiant(&["services"]).out;
    assert!(seen.contains("seen by: the service-linked role AWSServiceRoleForAmazonMacie"), "{seen}");
    assert!(seen.contains("hint at use; they do not show what it holds"), "{seen}");
}

// What stands beside the law

#[test]
fn the_proposal_is_off_unless_asked_for_and_never_law() {
    let made = |profiles: &str| {
        let box_ = Sandbox::default().workspace();
        let text = fs::read_to_string(box_.path().join("affiant.yaml")).expect("a workspace");
        box_.write("affiant.yaml", text.replace("profiles: []", profiles));
        box_.snapshot("in", &volumes());
        box_.affiant(&["collect", "--snapshot", "in"]);
        box_
    };
    let html = |box_: &Sandbox| {
        let folder = crate::harness::unzip(&box_.package(), &box_.path().join("x"));
        fs::read_to_string(folder.join("data/report/index.html")).expect("HTML")
    };
    let (without, with) = (made("profiles: []"), made("profiles: [proposal-2025]"));
    assert!(!html(&without).contains("2025 proposal"));
    let page = html(&with);
    assert!(
        page.contains("Not law: The 2025 proposal to change the HIPAA Security Rule")
            && page.contains("It changes no verdict"),
        "not printed"
    );
    assert_eq!(assessment(&without)["controls"], assessment(&with)["controls"]);
    let ran = made("profiles: [proposal-2031]").affiant(&["lint"]).exits(2);
    assert!(ran.err.contains("AFW-025") && ran.err.contains("proposal-2025"), "{}", ran.err);
    let ours = fs::read_to_string(repository().join("controls/hipaa/proposal-2025.yaml")).expect("a file");
    let box_ = Sandbox::default();
    box_.write("own/hipaa/proposal-2025.yaml", ours.replace("status: not law", "status: law"));
    assert!(box_.affiant(&["--catalog", "own", "controls", "list"]).exits(2).err.contains("AFC-014"));
}

#[test]
fn physical_safeguards_are_inherited_and_name_the_reports() {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &volumes());
    box_.affiant(&["collect", "--snapshot", "in"]);
    let folder = crate::harness::unzip(&box_.package(), &box_.path().join("x"));
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    let row = html.split("<tr").find(|r| r.contains("164.310(a)(1)")).expect("a row");
    for part in ["inherited", "AWS data centers", "AWS SOC 2 Type 2 report: CC6.4"] {
        assert!(row.contains(part), "{part}: {row}");
    }
}

/// A row of the whole account rests on every region: a gap in one of them takes `met` away, however the
/// row spells `global`.
#[test]
fn a_gap_in_one_region_bears_on_a_row_of_the_whole_account() {
    let role = "arn:aws:iam::111122223333:role/worker";
    let verdict = |types: &[&str]| {
        let box_ = Sandbox::default();
        box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
        box_.snapshot(
            "in",
            &[item("AWS::Lambda::Function", "f", json!({ "functionName": "f", "role": role }))],
        );
        let group = json!({
            "allSupported": false, "recordingStrategy": { "useOnly": "INCLUSION_BY_RESOURCE_TYPES" },
            "resourceTypes": types
        });
        let recorders = json!({ "ConfigurationRecorders": [{ "name": "default", "recordingGroup": group }] });
        box_.write(
            "in/aws/111122223333/us-east-1/config/DescribeConfigurationRecorders.json",
            recorders.to_string(),
        );
        box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
        let rows = check(&assessment(&box_), "iam.role-not-shared")["rows"].clone();
        let row = rows
            .as_array()
            .expect("rows")
            .iter()
            .find(|row| row["resource"] == role)
            .expect("the role's row")
            .clone();
        format!(
            "{}: {}",
            row["verdict"].as_str().unwrap_or_default(),
            row["reason"].as_str().unwrap_or_default()
        )
    };
    let whole = verdict(&["AWS::Lambda::Function", "AWS::ECS::TaskDefinition", "AWS::EC2::Instance"]);
    assert!(whole.starts_with("met: "), "{whole}");
    let lost = verdict(&["AWS::Lambda::Function", "AWS::EC2::Instance"]);
    assert!(
        lost.starts_with("not evidenced: ") && lost.contains("AWS::ECS::TaskDefinition not recorded"),
        "{lost}"
    );
}
