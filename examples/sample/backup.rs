//! AWS Backup: plans that keep seven years and one that does not, locked vaults, selections, recovery
//! points, restore tests.

use serde_json::{Value, json};

use crate::item::{Item, tags};
use crate::moment::{Moment, SNAPSHOT};
use crate::region::{ACCOUNT, LOG_ACCOUNT, Region};
use crate::story::Story;

const SEVEN_YEARS: u32 = 2557;

/// What a store fails in that no plan takes, each with its words.
pub const TAKEN_BY_NO_PLAN: [(&str, &str); 5] = [
    ("backup.phi-stores-selected", "is in no backup plan"),
    ("backup.store-retention", "is kept by nothing"),
    ("backup.recovery-point-kept", "has no recovery point"),
    ("backup.recent-recovery-point", "has no recovery point"),
    ("backup.copy-elsewhere", "is copied nowhere"),
];

pub fn build(region: &mut Region, story: &mut Story) {
    let vault = vault(region, story);
    let daily = plan(region, "twin-daily-seven-years", &vault, SEVEN_YEARS);
    select(
        region,
        &daily,
        "phi-by-tag",
        json!([]),
        json!([{
            "ConditionType": "STRINGEQUALS", "ConditionKey": "data-classification", "ConditionValue": "phi"
        }]),
    );
    let files: Vec<String> =
        region.stores.iter().filter(|store| store.kind == "EFS").map(|store| store.arn.clone()).collect();
    select(region, &daily, "file-systems-by-name", json!(files), json!([]));
    if region.primary && story.plants("backup.plan-retention") {
        let name = story.name("model-scratch");
        let days = *region.rng.pick(&[14, 30, 35, 90]);
        let short = plan(region, &name, &vault, days);
        let table = region.arn("dynamodb", "table/twin-device-registry*");
        select(region, &short, "device-registry", json!([table]), json!([]));
        let arn = region.arn("backup", &format!("backup-plan:{short}"));
        story.fault(
            "backup.plan-retention",
            arn,
            format!("plan {name} keeps its recovery points {days} days"),
        );
    }
    let points = points(region, &vault);
    restores(region, story, &points);
    let listed: Vec<Value> = points.iter().map(|point| listed(point.clone())).collect();
    story.answer_of(
        region.name,
        "backup",
        "ListRecoveryPointsByBackupVault",
        &vault,
        &json!({"RecoveryPoints": listed}),
    );
}

/// Points and restores of warehouses and shared folders, which are made after all other stores. They draw
/// from a well of their own.
pub fn late(region: &mut Region, story: &mut Story) {
    let late = |store: &&crate::region::Store| store.phi && ["Redshift", "FSx"].contains(&store.kind);
    let stores: Vec<(String, &str)> =
        region.stores.iter().filter(late).map(|store| (store.arn.clone(), store.kind)).collect();
    if stores.is_empty() {
        return;
    }
    let well = std::mem::replace(&mut region.rng, story.rng("late backups"));
    let vault = vault_name(region);
    let points = points_of(region, vault, &stores);
    let jobs: Vec<Value> =
        points.iter().step_by(2).map(|point| restore(region, point, "COMPLETED")).collect();
    region.rng = well;
    let listed: Vec<Value> = points.into_iter().map(listed).collect();
    crate::lapses::amend(story, region.name, "backup/ListRestoreJobs", |answer| {
        extend(&mut answer["RestoreJobs"], jobs)
    });
    let of_vault = format!("backup/ListRecoveryPointsByBackupVault/{vault}");
    crate::lapses::amend(story, region.name, &of_vault, |answer| {
        extend(&mut answer["RecoveryPoints"], listed)
    });
}

fn extend(list: &mut Value, more: Vec<Value>) {
    if let Some(list) = list.as_array_mut() {
        list.extend(more);
    }
}

/// The region's vault, locked for good; its name.
fn vault(region: &mut Region, story: &mut Story) -> String {
    let name = vault_name(region);
    let arn = vault_arn(region.name, name);
    let created = region.past(400, 900);
    let key = region.key("backup");
    let points = 2 * region.stores.iter().filter(|store| store.phi).count();
    let configuration = json!({
        "BackupVaultName": name, "BackupVaultArn": arn, "EncryptionKeyArn": key,
        "BackupVaultTags": {"Name": name, "data-classification": "phi"},
        "Notifications": {"SNSTopicArn": region.topics["twin-backup-events"],
            "BackupVaultEvents": ["BACKUP_JOB_FAILED", "RESTORE_JOB_COMPLETED"]}
    });
    let tags = tags(name, "phi", "prod", "data");
    region.push(
        Item::new("AWS::Backup::BackupVault", name, &arn, configuration)
            .named(name)
            .created(created)
            .tagged(&tags),
    );
    let listed = json!({
        "BackupVaultName": name, "BackupVaultArn": arn, "VaultType": "BACKUP_VAULT",
        "VaultState": "AVAILABLE", "CreationDate": created.cli(), "EncryptionKeyArn": key,
        "CreatorRequestId": region.rng.uuid(), "NumberOfRecoveryPoints": points, "Locked": true,
        "MinRetentionDays": 14, "MaxRetentionDays": 3653, "LockDate": created.plus_days(10).cli()
    });
    let mut vaults = vec![listed];
    if region.primary && story.plants("backup.vault-allows-retention") {
        vaults.push(short_vault(region, story));
    }
    story.answer(region.name, "backup", "ListBackupVaults", &json!({"BackupVaultList": vaults}));
    name.into()
}

fn vault_name(region: &Region) -> &'static str {
    if region.primary { "twin-vault" } else { "twin-recovery-vault" }
}

/// A locked vault without use yet, whose lock refuses what is kept for years.
fn short_vault(region: &mut Region, story: &mut Story) -> Value {
    let name = story.name("model-vault");
    let arn = vault_arn(region.name, &name);
    let created = region.past(100, 300);
    let key = region.key("backup");
    let configuration = json!({
        "BackupVaultName": name, "BackupVaultArn": arn, "EncryptionKeyArn": key,
        "BackupVaultTags": {"Name": name}
    });
    let tags = tags(&name, "internal", "prod", "modeling");
    region.push(
        Item::new("AWS::Backup::BackupVault", &name, &arn, configuration)
            .named(&name)
            .created(created)
            .tagged(&tags),
    );
    story.fault("backup.vault-allows-retention", &arn, format!("the lock of {name} allows at most 365 days"));
    story.answer_of(
        region.name,
        "backup",
        "ListRecoveryPointsByBackupVault",
        &name,
        &json!({"RecoveryPoints": []}),
    );
    json!({
        "BackupVaultName": name, "BackupVaultArn": arn, "VaultType": "BACKUP_VAULT",
        "VaultState": "AVAILABLE",
        "CreationDate": created.cli(), "EncryptionKeyArn": key, "NumberOfRecoveryPoints": 0,
        "Locked": true, "MinRetentionDays": 7,
        "MaxRetentionDays": 365, "LockDate": created.plus_days(10).cli()
    })
}

fn vault_arn(region: &str, name: &str) -> String {
    format!("arn:aws:backup:{region}:{ACCOUNT}:backup-vault:{name}")
}

/// A daily plan that keeps its points for some days; its id.
fn plan(region: &mut Region, name: &str, vault: &str, days: u32) -> String {
    let id = region.rng.uuid();
    let arn = region.arn("backup", &format!("backup-plan:{id}"));
    let created = region.past(200, 900);
    let mut rule = json!({
        "RuleName": "daily", "ScheduleExpression": "cron(0 5 * * ? *)",
        "ScheduleExpressionTimezone": "Etc/UTC", "StartWindowMinutes": 60,
        "CompletionWindowMinutes": 480, "TargetBackupVault": vault, "EnableContinuousBackup": false,
        "Lifecycle": {"DeleteAfterDays": days}, "CopyActions": []
    });
    if days == SEVEN_YEARS {
        rule["Lifecycle"]["MoveToColdStorageAfterDays"] = json!(90);
    }
    if days == SEVEN_YEARS && region.primary {
        rule["CopyActions"] = json!([{
            "DestinationBackupVaultArn": vault_arn("us-west-2", "twin-recovery-vault"),
            "Lifecycle": {"DeleteAfterDays": days, "MoveToColdStorageAfterDays": 90}
        }]);
    }
    if days == SEVEN_YEARS && !region.primary {
        let archive = format!("arn:aws:backup:{}:{LOG_ACCOUNT}:backup-vault:example-archive", region.name);
        rule["CopyActions"] = json!([{
            "DestinationBackupVaultArn": archive,
            "Lifecycle": {"DeleteAfterDays": days, "MoveToColdStorageAfterDays": 90}
        }]);
    }
    let configuration = json!({
        "BackupPlanId": id, "BackupPlanArn": arn, "VersionId": region.rng.lower(48), "BackupPlanTags": {},
        "BackupPlan": {"BackupPlanName": name, "BackupPlanRule": [rule], "AdvancedBackupSettings": []}
    });
    region.push(Item::new("AWS::Backup::BackupPlan", &id, arn, configuration).named(&id).created(created));
    id
}

fn select(region: &mut Region, plan: &str, name: &str, resources: Value, any: Value) {
    let id = region.rng.uuid();
    let own = format!("{plan}_{id}");
    let configuration = json!({
        "Id": own, "BackupPlanId": plan, "SelectionId": id,
        "BackupSelection": {"SelectionName": name,
            "IamRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-backup"), "Resources": resources,
            "NotResources": [], "ListOfTags": any, "Conditions": {}}
    });
    let item = Item::new(
        "AWS::Backup::BackupSelection",
        &own,
        region.arn("backup", &format!("backup-plan:{plan}/selection/{id}")),
        configuration,
    );
    region.push(item.named(&own));
}

/// Last night's and the night before's points of every store that holds PHI.
fn points(region: &mut Region, vault: &str) -> Vec<Value> {
    let stores: Vec<(String, &str)> =
        region.stores.iter().filter(|store| store.phi).map(|store| (store.arn.clone(), store.kind)).collect();
    points_of(region, vault, &stores)
}

fn points_of(region: &mut Region, vault: &str, stores: &[(String, &str)]) -> Vec<Value> {
    let mut points = Vec::new();
    for (arn, kind) in stores {
        for night in 0..2 {
            let at = Moment(SNAPSHOT.minus_days(night).0 - region.rng.between(320, 395) * 60_000);
            let point = point(region, vault, arn, kind, at);
            points.push(point);
        }
    }
    points
}

/// One completed point, as an item and for the answer.
fn point(region: &mut Region, vault: &str, store: &str, kind: &str, at: Moment) -> Value {
    let id = region.rng.uuid();
    let arn = region.arn("backup", &format!("recovery-point:{id}"));
    let end = Moment(at.0 + region.rng.between(2, 90) * 60_000);
    let configuration = json!({
        "RecoveryPointArn": arn, "BackupVaultName": vault, "BackupVaultArn": vault_arn(region.name, vault),
        "ResourceArn": store, "ResourceType": kind,
        "Status": "COMPLETED", "CreationDate": at.iso(), "CompletionDate": end.iso(),
        "BackupSizeInBytes": region.rng.between(4_000_000, 700_000_000_000),
        "CalculatedLifecycle": {"MoveToColdStorageAt": at.plus_days(90).iso(),
            "DeleteAt": at.plus_days(2557).iso()},
        "Lifecycle": {"MoveToColdStorageAfterDays": 90, "DeleteAfterDays": 2557},
        "EncryptionKeyArn": region.key("backup"), "IsEncrypted": true,
        "IamRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-backup"), "StorageClass": "WARM"
    });
    let item =
        Item::new("AWS::Backup::RecoveryPoint", &arn, &arn, configuration.clone()).created(at).discovered();
    region.push(item.link("AWS::Backup::BackupVault", vault, "Is contained in "));
    configuration
}

/// The same point as the AWS CLI prints it.
fn listed(mut point: Value) -> Value {
    let cli = |text: &Value| json!(text.as_str().unwrap_or_default().replace('Z', "000+00:00"));
    for member in ["CreationDate", "CompletionDate"] {
        point[member] = cli(&point[member]);
    }
    for member in ["MoveToColdStorageAt", "DeleteAt"] {
        point["CalculatedLifecycle"][member] = cli(&point["CalculatedLifecycle"][member]);
    }
    point["IsParent"] = json!(false);
    point["VaultType"] = json!("BACKUP_VAULT");
    point
}

/// A restore test of every store within the year, and one that failed before its repeat.
fn restores(region: &mut Region, story: &mut Story, points: &[Value]) {
    let mut jobs: Vec<Value> =
        points.iter().step_by(2).map(|point| restore(region, point, "COMPLETED")).collect();
    jobs.extend(points.first().map(|point| restore(region, point, "FAILED")));
    story.answer(region.name, "backup", "ListRestoreJobs", &json!({"RestoreJobs": jobs}));
}

fn restore(region: &mut Region, point: &Value, status: &str) -> Value {
    let began =
        region.past(if status == "FAILED" { 200 } else { 20 }, if status == "FAILED" { 300 } else { 190 });
    let ended = Moment(began.0 + region.rng.between(10, 240) * 60_000);
    let id = region.rng.uuid();
    let mut job = json!({
        "AccountId": ACCOUNT, "RestoreJobId": region.rng.uuid(),
        "RecoveryPointArn": region.arn("backup", &format!("recovery-point:{id}")),
        "SourceResourceArn": point["ResourceArn"], "BackupVaultArn": point["BackupVaultArn"],
        "CreationDate": began.cli(), "CompletionDate": ended.cli(),
        "RecoveryPointCreationDate": began.minus_days(1).cli(), "Status": status,
        "ResourceType": point["ResourceType"], "BackupSizeInBytes": point["BackupSizeInBytes"],
        "PercentDone": "100.00%", "IamRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-backup"),
        "CreatedBy": {"RestoreTestingPlanArn": region.arn("backup", "restore-testing-plan:twin_half_yearly")}
    });
    if status == "COMPLETED" {
        job["ValidationStatus"] = json!("SUCCESSFUL");
        job["DeletionStatus"] = json!("SUCCESSFUL");
    } else {
        job["StatusMessage"] = json!("The subnet group of the test was gone");
    }
    job
}
