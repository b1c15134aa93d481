//! Nothing is silent: what lies in the evidence and is read by no check is named in the controls that it
//! bears on, keeps its siblings' checks from `not applicable`, and is counted; what a check reads is not.

use serde_json::{Value, json};

use crate::harness::{Sandbox, item};
use crate::spine::json as parse;

const ACCOUNT: &str = "111122223333";

fn assessed(items: &[Value], answers: &[(&str, Value)]) -> (Sandbox, Value) {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", items);
    for (name, answer) in answers {
        box_.write(&format!("in/aws/{ACCOUNT}/us-east-1/{name}.json"), answer.to_string());
    }
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    let assessment = parse(&box_.affiant(&["assess", "--format", "json"]).out);
    (box_, assessment)
}

/// Check, resource, verdict and reason of every row.
fn rows(assessment: &Value) -> Vec<(String, String, String, String)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let mut out = Vec::new();
    for check in list(&assessment["controls"]).iter().flat_map(|control| list(&control["checks"])) {
        for row in list(&check["rows"]) {
            out.push((
                text(&check["id"]),
                text(&row["resource"]),
                text(&row["verdict"]),
                text(&row["reason"]),
            ));
        }
    }
    out
}

/// The checks that name `resource` as of a kind that none reads.
fn named(assessment: &Value, resource: &str) -> Vec<String> {
    let all = rows(assessment).into_iter();
    let silent = all.filter(|(_, r, v, why)| {
        r.contains(resource) && v == "not evidenced" && why.starts_with("no check reads this kind: ")
    });
    silent.map(|(check, ..)| check).collect()
}

fn tagged(mut item: Value, tags: Value) -> Value {
    item["tags"] = tags;
    item
}

#[test]
fn a_store_that_no_check_reads_is_named_in_the_controls_that_it_bears_on() {
    let stores = [
        ("AWS::HealthImaging::Datastore", "images", 4),
        ("AWS::S3Express::DirectoryBucket", "quick--use1-az4--x-s3", 4),
        ("AWS::Cassandra::Table", "visits|notes", 6),
        ("AWS::NeptuneGraph::Graph", "g-1", 6),
        ("AWS::Kinesis::Unheard", "no nature", 0),
        ("AWS::AppRunner::Service", "portal", 3),
        ("AWS::S3::AccessPoint", "partners", 3),
        ("AWS::Cognito::IdentityPool", "us-east-1:guests", 2),
        // by their names alone
        ("AWS::NewThing::Datastore", "fresh", 4),
        ("AWS::NewThing::DBCluster", "newer", 6),
    ];
    let items: Vec<Value> = stores.iter().map(|(kind, id, _)| item(kind, id, json!({}))).collect();
    let (_, assessment) = assessed(&items, &[]);
    for (kind, id, controls) in stores {
        let found = named(&assessment, id);
        assert_eq!(found.len(), controls, "{kind}: {found:?}");
        assert!(found.iter().all(|check| check.starts_with("kinds.")), "{found:?}");
    }
    assert!(named(&assessment, "images").contains(&"kinds.encryption-at-rest".to_string()));
    assert!(named(&assessment, "guests").contains(&"kinds.multi-factor-authentication".to_string()));
}

#[test]
fn what_a_check_reads_and_what_aws_makes_everywhere_is_not_named() {
    let items = [
        item("AWS::S3::Bucket", "records", json!({ "name": "records" })),
        item("AWS::RDS::DBInstance", "db-1", json!({ "engine": "postgres" })),
        // read by what its own API answers
        item("AWS::MemoryDB::Cluster", "quick", json!({})),
        item("AWS::Events::EventBus", "default", json!({})),
        item("AWS::Cassandra::Keyspace", "system_schema", json!({})),
        item("AWS::Athena::WorkGroup", "primary", json!({})),
        item("AWS::CloudFormation::Stack", "stack", json!({})),
        tagged(
            item("AWS::HealthImaging::Datastore", "demo", json!({})),
            json!({ "data-classification": "public" }),
        ),
        // a setting, whatever its tags say
        tagged(
            item("AWS::CloudFormation::Stack", "tagged", json!({})),
            json!({ "data-classification": "phi" }),
        ),
        // of a type that the catalog does not know, and not said to hold PHI
        item("AWS::Unheard::Of", "plain", json!({})),
    ];
    let cluster = json!({
        "Clusters": [{ "Name": "quick", "ARN": "arn:aws:memorydb:us-east-1:111122223333:cluster/quick" }]
    });
    let (_, assessment) = assessed(&items, &[("memorydb/DescribeClusters", cluster)]);
    let silent: Vec<_> = rows(&assessment)
        .into_iter()
        .filter(|(_, _, _, why)| why.starts_with("no check reads this kind"))
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn an_item_whose_own_api_did_not_answer_is_named() {
    let (_, assessment) = assessed(&[item("AWS::MemoryDB::Cluster", "quick", json!({}))], &[]);
    let why = |check: &str| {
        rows(&assessment).into_iter().find(|(id, r, ..)| id == check && r.contains("quick")).map(|row| row.3)
    };
    let reason = why("kinds.encryption-at-rest").expect("a row");
    assert!(reason.contains("is read by memorydb:DescribeClusters, which did not answer here"), "{reason}");
}

#[test]
fn an_unknown_type_that_is_tagged_as_phi_is_named() {
    let (_, assessment) = assessed(
        &[tagged(item("AWS::Unheard::Of", "x-1", json!({})), json!({ "data-classification": "phi" }))],
        &[],
    );
    assert_eq!(named(&assessment, "x-1").len(), 3, "{:?}", rows(&assessment));
}

#[test]
fn not_applicable_is_not_said_beside_a_sibling() {
    let collection = item("AWS::OpenSearchServerless::Collection", "notes", json!({}));
    let (_, with) = assessed(&[collection], &[]);
    let (_, without) = assessed(&[item("AWS::EC2::Volume", "vol-1", json!({}))], &[]);
    // the workspace names a second region, of which nothing was read
    let here = |assessment: &Value, check: &str| -> Vec<String> {
        let all = rows(assessment).into_iter();
        all.filter(|(id, resource, ..)| id == check && resource.contains("us-east-1"))
            .map(|(_, _, verdict, why)| format!("{verdict}: {why}"))
            .collect()
    };
    for check in ["opensearch.in-vpc", "opensearch.audit-logs", "opensearch.customer-key"] {
        let said = here(&with, check);
        assert_eq!(said.len(), 1, "{check}: {said:?}");
        assert!(
            said[0].starts_with(
                "not evidenced: no check reads this kind: 1 x AWS::OpenSearchServerless::Collection"
            ),
            "{said:?}"
        );
        assert!(here(&without, check).is_empty(), "{check}: nothing there, and no sibling");
    }
    for check in ["msk.customer-key", "opensearch.dashboard-session-timeout"] {
        assert!(
            here(&with, check).is_empty(),
            "{check}: no sibling of its own, or none that bears on its control"
        );
    }
}

#[test]
fn things_in_answers_that_nobody_knows_are_named_too() {
    let arn = "arn:aws:medical-imaging:us-east-1:111122223333:datastore/0123456789abcdef0123456789abcdef";
    let summary = json!({
        "datastoreId": "0123456789abcdef0123456789abcdef", "datastoreArn": arn, "datastoreStatus": "ACTIVE"
    });
    let answer =
        json!({ "datastoreSummaries": [summary], "kmsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/1" });
    let (box_, assessment) = assessed(
        &[item("AWS::EC2::Volume", "vol-1", json!({}))],
        &[("medical-imaging/ListDatastores", answer)],
    );
    assert_eq!(named(&assessment, arn).len(), 4);
    let unread = assessment["unread"].as_array().expect("a list");
    assert!(
        unread.iter().any(|u| u["source"] == "medical-imaging:ListDatastores" && u["items"] == 1),
        "{unread:?}"
    );
    assert!(named(&assessment, "key/1").is_empty());
    let table = box_.affiant(&["assess"]).out;
    assert!(table.contains("stored, and read by no table"), "{table}");
}

#[test]
fn coverage_counts_what_no_table_reads() {
    let items = [
        item("AWS::SecurityLake::DataLake", "a", json!({})),
        tagged(
            item("AWS::SecurityLake::DataLake", "b", json!({})),
            json!({ "data-classification": "public" }),
        ),
        item("AWS::Unheard::Of", "c", json!({})),
        item("AWS::EC2::Volume", "vol-1", json!({})),
    ];
    let (box_, assessment) = assessed(&items, &[]);
    let unread = &assessment["unread"];
    let expected = json!([
        { "source": "AWS::SecurityLake::DataLake", "nature": "store", "items": 2, "phi": 1 },
        { "source": "AWS::Unheard::Of", "nature": "", "items": 1, "phi": 1 },
    ]);
    assert_eq!(*unread, expected);
    let folder = crate::harness::unzip(&box_.package(), &box_.path().join("x"));
    let html = std::fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    assert!(
        html.contains("Stored, and read by no table")
            && html.contains("AWS::<wbr>SecurityLake::<wbr>DataLake"),
        "the report names them"
    );
}

#[test]
fn a_catalog_whose_kinds_name_what_is_not_there_is_refused() {
    let box_ = Sandbox::default().workspace();
    let ours = std::fs::read_to_string(crate::harness::repository().join("controls/kinds/aws.yaml"))
        .expect("a file");
    for (from, to) in [
        ("  - nature: database\n", "  - nature: nonesuch\n"),
        ("beside: [opensearch]", "beside: [nonesuch]"),
        ("controls: [network-isolation, least-privilege, audit-logging]", "controls: [nonesuch]"),
    ] {
        assert!(ours.contains(from), "{from}");
        box_.write("own/kinds/aws.yaml", ours.replacen(from, to, 1));
        let ran = box_.affiant(&["--catalog", "own", "controls", "list"]).exits(2);
        assert!(
            ran.err.contains("AFC-017")
                && ran.err.contains("nonesuch")
                && ran.err.contains("kinds/aws.yaml:"),
            "{}",
            ran.err
        );
    }
}
