//! What the policies in the evidence say, as tables that checks join: who comes in by the policies of
//! resources, how wide those of people and roles are, what they read, how they can raise themselves, and what
//! an organization refuses. `policy` answers; this reads the documents and writes the rows, each with the
//! values that it rests on.

mod admissions;
mod documents;
mod holders;
mod organization;
mod others;
mod permission_sets;
mod written_by_aws;

use rusqlite::Connection;

use crate::assess::input::Fault;
use documents::Evidence;
pub use documents::rows;

/// Names of the tables, for what else has to know them.
pub const TABLES: [&str; 6] = [
    "policy_admission",
    "policy_power",
    "policy_escalation",
    "policy_reading",
    "policy_refusal",
    "policy_transport",
];

/// What policies are read from: a change of an item of these types changes the tables.
pub const SOURCES: [&str; 15] = [
    "AWS::IAM::User",
    "AWS::IAM::Group",
    "AWS::IAM::Role",
    "AWS::IAM::Policy",
    "AWS::S3::Bucket",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::Lambda::Function",
    "AWS::ECR::Repository",
    "AWS::EC2::Instance",
    "AWS::ECS::TaskDefinition",
    "AWS::Cognito::IdentityPool",
];

/// `policy_admission`: one row for each principal of each Allow statement of a resource's policy, and each
/// kind of caller who comes in by it; `purpose` read asks for actions that give out content, any for whatever
/// the statement allows. `admits` is NULL where the statement could not be read.
const ADMISSION: &str = "policy_admission (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL, purpose TEXT NOT NULL, \
    position INTEGER NOT NULL,
  sid TEXT, principal_type TEXT, principal TEXT, principal_account TEXT, admits TEXT, who TEXT, \
    certain INTEGER, rests_on TEXT,
  conditional INTEGER, action TEXT, whole INTEGER, external_id INTEGER, source_bound INTEGER
)";

/// `policy_power`: what a policy document gives that is too much to name; `arn` is the policy's, of an inline
/// one its holder's. `question` is everything, everything but, identity, service or pass role, and `read` a
/// row that says the document was read.
const POWER: &str = "policy_power (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, policy TEXT, question TEXT NOT NULL, \
    what TEXT, answer TEXT, why TEXT
)";

/// `policy_escalation`: a way in which a user, role or permission set can raise its rights; `way` is NULL in
/// the one row that says that all its policies were looked at.
const ESCALATION: &str = "policy_escalation (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, way TEXT, \
    answer TEXT NOT NULL, policy TEXT, why TEXT
)";

/// `policy_reading`: a store, or every store of a kind, that a user or role may read by the policies that it
/// holds; `but` lists, of every store, those that it may not, or not surely.
const READING: &str = "policy_reading (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, holder_kind TEXT NOT NULL, \
    store_kind TEXT NOT NULL, store TEXT,
  answer TEXT NOT NULL, policy TEXT, found_by TEXT NOT NULL, action TEXT, everything INTEGER NOT NULL,
  why TEXT, but TEXT
)";

/// `policy_refusal`: whether service control policies refuse an action to every member of an organization.
const REFUSAL: &str = "policy_refusal (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, action TEXT NOT NULL, \
    answer TEXT NOT NULL, why TEXT
)";

/// `policy_transport`: whether a resource control policy keeps requests without TLS from the resources of an
/// account.
const TRANSPORT: &str = "policy_transport (
  account TEXT NOT NULL, service TEXT NOT NULL, answer TEXT NOT NULL, why TEXT
)";

/// Creates the tables, empty.
pub fn create(db: &Connection, temporary: bool) -> Result<(), Fault> {
    let kind = if temporary { "TEMP TABLE" } else { "TABLE" };
    for table in [ADMISSION, POWER, ESCALATION, READING, REFUSAL, TRANSPORT] {
        db.execute_batch(&format!("CREATE {kind} {table} STRICT"))?;
    }
    db.execute_batch(
        "CREATE INDEX policy_admission_arn ON policy_admission (kind, arn);
         CREATE INDEX policy_reading_store ON policy_reading (store_kind, account, store);",
    )?;
    Ok(())
}

/// Fills the tables from `resource` and `response` as they stand, or from what shadows them.
pub fn fill(db: &Connection, as_of: &str) -> Result<(), Fault> {
    let evidence = Evidence::read(db, as_of)?;
    admissions::fill(db, &evidence)?;
    holders::fill(db, &evidence)?;
    permission_sets::fill(db, &evidence)?;
    organization::fill(db, &evidence)
}

/// Drops the temporary tables that shadow those of the run.
pub fn unshadow(db: &Connection) -> Result<(), Fault> {
    for table in TABLES {
        db.execute_batch(&format!("DROP TABLE IF EXISTS temp.{table}"))?;
    }
    Ok(())
}
