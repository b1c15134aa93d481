//! IAM users and their credentials: the credential report, the account's summary and password policy,
//! and the MFA devices.

use serde_json::{Value, json};

use crate::identity::Holder;
use crate::moment::{ANSWERS, Moment, SNAPSHOT};
use crate::region::{ACCOUNT, Region};
use crate::story::{GLOBAL, Story};

pub struct Person {
    pub holder: Holder,
    pub group: &'static str,
    pub created: Moment,
    pub console: bool,
    pub mfa: bool,
    /// When the access key was made, and last used.
    pub key: Option<(Moment, Moment)>,
    /// Whether a second key is active beside it.
    pub second: bool,
}

/// Name and group of those who sign in to the console.
const CONSOLE: [(&str, &str); 7] = [
    ("jordan.example", "modelers"),
    ("riley.example", "modelers"),
    ("casey.example", "data-stewards"),
    ("avery.example", "data-stewards"),
    ("morgan.example", "support"),
    ("responder-one", "break-glass"),
    ("responder-two", "break-glass"),
];
/// Programs outside AWS that hold an access key.
const FEEDS: [&str; 4] = ["feed-hospital-elr", "feed-school-absence", "feed-wastewater", "feed-gis"];

const COLUMNS: [&str; 22] = [
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
];

impl Person {
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:user/{}", self.holder.name)
    }
}

/// Everyone, with the three slips that the seed hands out.
pub fn people(region: &mut Region, story: &mut Story) -> Vec<Person> {
    let mut people: Vec<Person> =
        CONSOLE.iter().map(|(name, group)| person(region, name, group, true)).collect();
    people.extend(FEEDS.iter().map(|name| person(region, name, "feeds", false)));
    let careless = region.rng.below(5);
    people[careless].mfa = false;
    if story.vendor() {
        people[careless].holder.name = "dakota.example".into(); // new, and in no document
    }
    story.fault(
        "iam.console-user-mfa",
        people[careless].arn(),
        format!("{} signs in to the console without MFA", people[careless].holder.name),
    );
    let old = CONSOLE.len() + region.rng.below(FEEDS.len());
    let days = region.rng.between(260, 700);
    people[old].key = Some((SNAPSHOT.minus_days(days), SNAPSHOT.minus_minutes(200)));
    people[old].created = SNAPSHOT.minus_days(days + 1);
    story.fault(
        "iam.access-key-age",
        people[old].arn(),
        format!("the access key of {} is {days} days old", people[old].holder.name),
    );
    let direct = CONSOLE.len() + region.rng.below(FEEDS.len());
    if story.plants("iam.no-user-attached-policy") {
        people[direct].holder.managed.push("AmazonS3ReadOnlyAccess");
        story.fault(
            "iam.no-user-attached-policy",
            people[direct].arn(),
            format!("{} holds a policy directly", people[direct].holder.name),
        );
        story.fault(
            "access.no-reader-of-all-phi",
            people[direct].arn(),
            "AmazonS3ReadOnlyAccess reads every bucket",
        );
    }
    let double = CONSOLE.len() + region.rng.below(FEEDS.len());
    if story.plants("iam.one-active-key") {
        people[double].second = true;
        story.fault(
            "iam.one-active-key",
            people[double].arn(),
            format!("{} has two active access keys", people[double].holder.name),
        );
    }
    if let Some(name) = story.spoiled("iam.unused-user", "quinn.example") {
        people.push(left(region, story, &name));
    }
    people
}

/// Somebody who left: the password and keys are gone, the user and its group are not.
fn left(region: &mut Region, story: &mut Story, name: &str) -> Person {
    let mut person = person(region, name, "modelers", false);
    person.key = None;
    story.fault(
        "iam.unused-user",
        person.arn(),
        format!("{} has no credential and was not removed", person.holder.name),
    );
    person
}

fn person(region: &mut Region, name: &str, group: &'static str, console: bool) -> Person {
    let (made, used) = (region.past(5, 80), Moment(SNAPSHOT.0 - region.rng.between(1, 20) * 3_600_000));
    Person {
        holder: Holder {
            kind: "AWS::IAM::User",
            id: format!("AIDA{}", region.rng.base32(17)),
            name: name.into(),
            policies: vec![],
            managed: vec![],
        },
        group,
        created: region.past(300, 900),
        console,
        mfa: console,
        key: (!console).then_some((made, used)),
        second: false,
    }
}

/// The answers about people that AWS Config does not have.
pub fn answer(region: &mut Region, story: &mut Story, people: &[Person]) {
    report(region, story, people);
    summary(region, story, people);
    devices(story, people);
    let caller = json!({
        "UserId": format!("AROA{}:affiant", region.rng.base32(17)), "Account": ACCOUNT,
        "Arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/affiant-read-only/affiant")
    });
    story.answer(GLOBAL, "sts", "GetCallerIdentity", &caller);
    let policy = json!({"PasswordPolicy": {
        "MinimumPasswordLength": 16, "RequireSymbols": true, "RequireNumbers": true,
        "RequireUppercaseCharacters": true,
        "RequireLowercaseCharacters": true, "AllowUsersToChangePassword": true, "ExpirePasswords": false,
        "PasswordReusePrevention": 24
    }});
    story.answer(GLOBAL, "iam", "GetAccountPasswordPolicy", &policy);
}

fn report(region: &mut Region, story: &mut Story, people: &[Person]) {
    let mut rows = vec![root_row()];
    rows.extend(people.iter().map(|person| row(region, person)));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect("writing to memory");
    for row in rows {
        writer
            .write_record(COLUMNS.iter().map(|column| row[*column].as_str().unwrap_or("N/A")))
            .expect("writing to memory");
    }
    let bytes = writer.into_inner().expect("writing to memory");
    story.keep(format!("aws/{ACCOUNT}/{GLOBAL}/iam/GetCredentialReport.csv"), bytes);
}

/// The root user: a hardware key, no access key, last seen when the account was made.
fn root_row() -> Value {
    json!({
        "user": "<root_account>", "arn": format!("arn:aws:iam::{ACCOUNT}:root"),
        "user_creation_time": SNAPSHOT.minus_days(1500).report(),
        "password_enabled": "not_supported", "password_last_used": SNAPSHOT.minus_days(400).report(),
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported", "mfa_active": "true", "access_key_1_active": "false",
        "access_key_2_active": "false", "cert_1_active": "false", "cert_2_active": "false"
    })
}

fn row(region: &mut Region, person: &Person) -> Value {
    let mut row = json!({
        "user": person.holder.name, "arn": person.arn(), "user_creation_time": person.created.report(),
        "password_enabled": person.console.to_string(), "mfa_active": person.mfa.to_string(),
        "access_key_1_active": person.key.is_some().to_string(),
        "access_key_2_active": person.second.to_string(), "cert_1_active": "false", "cert_2_active": "false"
    });
    if person.second {
        row["access_key_2_last_rotated"] = json!(region.past(5, 60).report());
        row["access_key_2_last_used_date"] = json!(region.past(1, 4).report());
        row["access_key_2_last_used_region"] = json!(region.name);
        row["access_key_2_last_used_service"] = json!("s3");
    }
    if person.console {
        row["password_last_used"] = json!(region.past(0, 20).report());
        row["password_last_changed"] = json!(region.past(30, 85).report());
    }
    if let Some((made, used)) = person.key {
        row["access_key_1_last_rotated"] = json!(made.report());
        row["access_key_1_last_used_date"] = json!(used.report());
        row["access_key_1_last_used_region"] = json!(region.name);
        row["access_key_1_last_used_service"] = json!("kinesis");
    }
    row
}

fn summary(region: &Region, story: &mut Story, people: &[Person]) {
    let count = |kind: &str| region.items.iter().filter(|item| item.kind == kind).count();
    let devices = people.iter().filter(|person| person.mfa).count();
    let map = json!({
        "Users": people.len(), "Groups": count("AWS::IAM::Group"), "Roles": count("AWS::IAM::Role"),
        "Policies": count("AWS::IAM::Policy"),
        "MFADevices": devices + 1, "MFADevicesInUse": devices + 1, "AccountMFAEnabled": 1,
        "AccountAccessKeysPresent": 0, "AccountPasswordPresent": 1,
        "AccountSigningCertificatesPresent": 0, "ServerCertificates": 0, "InstanceProfiles": 1,
        "Providers": 2, "UsersQuota": 5000, "RolesQuota": 1000,
        "GroupsQuota": 300, "PoliciesQuota": 1500, "GroupsPerUserQuota": 10, "AccessKeysPerUserQuota": 2,
        "SigningCertificatesPerUserQuota": 2,
        "AttachedPoliciesPerUserQuota": 10, "AttachedPoliciesPerRoleQuota": 10,
        "AttachedPoliciesPerGroupQuota": 10, "VersionsPerPolicyQuota": 5,
        "UserPolicySizeQuota": 2048, "GroupPolicySizeQuota": 5120, "PolicySizeQuota": 6144,
        "AssumeRolePolicySizeQuota": 2048,
        "PolicyVersionsInUse": 60, "PolicyVersionsInUseQuota": 10000, "ServerCertificatesQuota": 20,
        "InstanceProfilesQuota": 1000, "GlobalEndpointTokenVersion": 2
    });
    story.answer(GLOBAL, "iam", "GetAccountSummary", &json!({"SummaryMap": map}));
}

/// Virtual devices of the users; the root user's is hardware and so not in this list.
fn devices(story: &mut Story, people: &[Person]) {
    let devices: Vec<Value> = people
        .iter()
        .filter(|person| person.mfa)
        .map(|person| {
            let user = json!({
                "Path": "/", "UserName": person.holder.name, "UserId": person.holder.id,
                "Arn": person.arn(), "CreateDate": person.created.cli()
            });
            let serial = format!("arn:aws:iam::{ACCOUNT}:mfa/{}", person.holder.name);
            json!({
                "SerialNumber": serial, "User": user, "EnableDate": Moment(person.created.0 + 3_600_000).cli()
            })
        })
        .collect();
    story.answer(GLOBAL, "iam", "ListVirtualMFADevices", &json!({"VirtualMFADevices": devices}));
}

/// The Business Associate Addendum, accepted in AWS Artifact when the account was made.
pub fn agreement(region: &mut Region, story: &mut Story) {
    let id = format!("customer-agreement-{}", region.rng.upper(16));
    let agreement = json!({
        "name": "AWS Business Associate Addendum",
        "arn": format!("arn:aws:artifact::{ACCOUNT}:customer-agreement/{id}"), "id": id,
        "agreementArn": format!("arn:aws:artifact:::agreement/agreement-{}", region.rng.upper(16)),
        "awsAccountId": ACCOUNT,
        "effectiveStart": ANSWERS.minus_days(1480).cli(), "state": "ACTIVE", "type": "DEFAULT"
    });
    story.answer(GLOBAL, "artifact", "ListCustomerAgreements", &json!({"customerAgreements": [agreement]}));
}
