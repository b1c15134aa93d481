//! Findings, failed backups and topics: what tells of them must end at a person.

use serde_json::{Value, json};

use super::{Estate, MAIN, TOPIC, arned, rule, try_all};
use crate::harness::item;

#[test]
fn findings_and_failed_backups_must_end_at_a_person() {
    let detector = |e: &mut Estate| {
        let arn = "arn:aws:guardduty:us-east-1:111122223333:detector/d1";
        e.items
            .push(arned(item("AWS::GuardDuty::Detector", "d1", json!({ "Id": "d1", "Enable": true })), arn));
    };
    let findings = |pattern: Value| {
        move |e: &mut Estate| {
            detector(e);
            e.items.push(rule("findings", pattern.clone(), TOPIC));
        }
    };
    let by_hub = json!({
        "source": ["aws.securityhub"],
        "detail-type": ["Security Hub Findings - Imported"],
        "detail": { "findings": { "Severity": { "Label": ["HIGH", "CRITICAL"] } } }
    });
    let through_hub = findings(by_hub);
    let hub_is = |answer: Value| {
        let through_hub = &through_hub;
        move |e: &mut Estate| {
            through_hub(e);
            e.answers.push((MAIN, "us-east-1/securityhub/DescribeHub", answer.clone()));
        }
    };
    let guardduty = |more: Value| {
        let mut pattern = json!({ "source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"] });
        pattern.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        findings(pattern)
    };
    try_all(
        "guardduty.findings-reach-person",
        "detector/d1",
        &[
            ("all", &guardduty(json!({})), "met", "rule findings, arn:aws:sns"),
            ("high", &guardduty(json!({ "detail": { "severity": [{ "numeric": [">=", 7] }] } })), "met", ""),
            (
                "low",
                &guardduty(json!({ "detail": { "severity": [{ "numeric": ["<", 4] }] } })),
                "not met",
                "no rule takes in",
            ),
            (
                "scans",
                &guardduty(json!({ "detail-type": ["GuardDuty Malware Protection Object Scan Result"] })),
                "not met",
                "no rule takes in",
            ),
            (
                "one kind",
                &guardduty(json!({ "detail": { "type": [{ "prefix": "CryptoCurrency" }] } })),
                "not evidenced",
                "detail.type",
            ),
            (
                "hub",
                &hub_is(json!({ "HubArn": "arn:aws:securityhub:us-east-1:111122223333:hub/default" })),
                "met",
                "",
            ),
            ("hub, not asked about", &through_hub, "not evidenced", "whether that is on"),
            (
                "another product",
                &findings(json!({
                    "source": ["aws.securityhub"], "detail": { "findings": { "ProductName": ["Inspector"] } }
                })),
                "not met",
                "",
            ),
            (
                "administered, unread",
                &|e| {
                    detector(e);
                    e.answers.push((
                        MAIN,
                        "us-east-1/guardduty/GetAdministratorAccount/d1",
                        json!({
                            "Administrator": { "AccountId": "123456789012", "RelationshipStatus": "Enabled" }
                        }),
                    ));
                },
                "not evidenced",
                "123456789012 administers",
            ),
            (
                "no longer administered",
                &|e| {
                    detector(e);
                    e.answers.push((
                        MAIN,
                        "us-east-1/guardduty/GetAdministratorAccount/d1",
                        json!({
                            "Administrator": { "AccountId": "123456789012", "RelationshipStatus": "Resigned" }
                        }),
                    ));
                },
                "not met",
                "no rule takes in",
            ),
        ],
    );
    let vault = |e: &mut Estate, notes: Value| {
        let arn = "arn:aws:backup:us-east-1:111122223333:backup-vault:example";
        let listed = json!({
            "BackupVaultList": [{ "BackupVaultName": "example", "BackupVaultArn": arn,
                "NumberOfRecoveryPoints": 3 }]
        });
        e.answers.push((MAIN, "us-east-1/backup/ListBackupVaults", listed));
        e.items.push(arned(
            item(
                "AWS::Backup::BackupVault",
                "example",
                json!({ "BackupVaultName": "example", "Notifications": notes }),
            ),
            arn,
        ));
    };
    let told = json!({ "SNSTopicArn": TOPIC, "BackupVaultEvents": ["BACKUP_JOB_COMPLETED"] });
    let by_rule = |pattern: Value| {
        move |e: &mut Estate| {
            vault(e, Value::Null);
            e.items.push(rule("backups", pattern.clone(), TOPIC));
        }
    };
    try_all(
        "backup.failures-told",
        "backup-vault:example",
        &[
            ("vault", &|e| vault(e, told.clone()), "met", "told by vault notifications, arn:aws:sns"),
            (
                "to nobody",
                &|e| {
                    vault(e, told.clone());
                    e.subscriptions = json!([]);
                },
                "not met",
                "no confirmed subscription",
            ),
            (
                "of restores",
                &|e| {
                    vault(e, json!({ "SNSTopicArn": TOPIC, "BackupVaultEvents": ["RESTORE_JOB_COMPLETED"] }))
                },
                "not met",
                "nothing tells",
            ),
            (
                "rule",
                &by_rule(json!({
                    "source": ["aws.backup"], "detail-type": ["Backup Job State Change"],
                    "detail": { "state": ["FAILED"] }
                })),
                "met",
                "rule backups",
            ),
            (
                "rule of restores",
                &by_rule(json!({
                    "source": ["aws.backup"], "detail-type": ["Restore Job State Change"],
                    "detail": { "status": ["FAILED"] }
                })),
                "not met",
                "nothing tells",
            ),
            (
                "rule of finished jobs",
                &by_rule(json!({ "source": ["aws.backup"], "detail": { "state": ["COMPLETED"] } })),
                "not met",
                "nothing tells",
            ),
            (
                "alarm",
                &|e| {
                    vault(e, Value::Null);
                    e.alarm["namespace"] = json!("AWS/Backup");
                    e.alarm["metricName"] = json!("NumberOfBackupJobsFailed");
                },
                "met",
                "alarm keys",
            ),
            (
                "alarm on restores",
                &|e| {
                    vault(e, Value::Null);
                    e.alarm["namespace"] = json!("AWS/Backup");
                    e.alarm["metricName"] = json!("NumberOfRestoreJobsFailed");
                },
                "not met",
                "nothing tells",
            ),
        ],
    );
}

#[test]
fn a_topic_to_which_nothing_publishes_alerts_nobody() {
    let named = |e: &mut Estate| {
        let arn = "arn:aws:sns:us-east-1:111122223333:security";
        e.items.push(arned(
            item("AWS::SNS::Topic", "security", json!({ "TopicArn": arn, "TopicName": "security" })),
            arn,
        ));
        e.subscriptions[0]["TopicArn"] = json!(arn);
    };
    try_all(
        "incident.alert-reaches-person",
        ":root",
        &[
            ("nothing publishes", &named, "not met", "no alarm and no rule publishes"),
            (
                "an alarm does",
                &|e| {
                    named(e);
                    e.alarm["alarmActions"] = json!(["arn:aws:sns:us-east-1:111122223333:security"]);
                },
                "met",
                "trail main, filter keys, alarm keys",
            ),
            (
                "an alarm of that name",
                &|e| e.alarm["alarmName"] = json!("Security-keys"),
                "met",
                "reaches a person by email",
            ),
        ],
    );
}
