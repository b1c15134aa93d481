//! DB parameter groups: the answers of DescribeDBParameters, which AWS Config does not record.

use serde_json::{Value, json};

use crate::region::Region;
use crate::story::Story;

/// A parameter group with the settings that the story may spoil.
pub struct Group {
    pub name: &'static str,
    /// PostgreSQL's major version.
    major: u32,
    pub force_ssl: bool,
    pub pgaudit: bool,
    /// Whether pgaudit records reads.
    pub reads: bool,
    /// Whether pgaudit writes the values of statements.
    pub values: bool,
}

impl Group {
    pub fn new(name: &'static str, version: &str) -> Group {
        let major = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(16);
        Group { name, major, force_ssl: true, pgaudit: true, reads: true, values: false }
    }
}

/// Name, value (none: the engine decides), data type, and what it does.
type Plain = (&'static str, Option<&'static str>, &'static str, &'static str);

const ENGINE: [Plain; 12] = [
    ("autovacuum", Some("1"), "boolean", "Starts the autovacuum subprocess."),
    (
        "checkpoint_timeout",
        Some("300"),
        "integer",
        "(s) Sets the maximum time between automatic WAL checkpoints.",
    ),
    (
        "idle_in_transaction_session_timeout",
        Some("86400000"),
        "integer",
        "(ms) Sets the maximum allowed idle time between queries, when in a transaction.",
    ),
    (
        "log_autovacuum_min_duration",
        Some("10000"),
        "integer",
        "(ms) Sets the minimum execution time above which autovacuum actions will be logged.",
    ),
    ("log_destination", Some("stderr"), "list", "Sets the destination for server log output."),
    ("log_hostname", Some("0"), "boolean", "Logs the host name in the connection logs."),
    (
        "max_connections",
        Some("LEAST({DBInstanceClassMemory/9531392},5000)"),
        "integer",
        "Sets the maximum number of concurrent connections.",
    ),
    ("password_encryption", Some("scram-sha-256"), "string", "Encrypt passwords."),
    ("rds.logical_replication", Some("0"), "boolean", "Enables logical decoding."),
    (
        "shared_buffers",
        Some("{DBInstanceClassMemory/32768}"),
        "integer",
        "(8kB) Sets the number of shared memory buffers used by the server.",
    ),
    (
        "ssl_min_protocol_version",
        Some("TLSv1.2"),
        "string",
        "Sets the minimum SSL/TLS protocol version to use.",
    ),
    ("work_mem", None, "integer", "(kB) Sets the maximum memory to be used for query workspaces."),
];

const SET: [Plain; 5] = [
    ("log_connections", Some("1"), "boolean", "Logs each successful connection."),
    ("log_disconnections", Some("1"), "boolean", "Logs end of a session, including duration."),
    ("log_statement", Some("ddl"), "string", "Sets the type of statements logged."),
    (
        "log_min_duration_statement",
        Some("5000"),
        "integer",
        "(ms) Sets the minimum execution time above which statements will be logged.",
    ),
    (
        "rds.log_retention_period",
        Some("4320"),
        "integer",
        "Amazon RDS will delete PostgreSQL log that are older than N minutes.",
    ),
];

pub fn answer(region: &Region, story: &mut Story, group: &Group) {
    let mut parameters: Vec<Value> =
        ENGINE.iter().map(|plain| parameter(*plain, "engine-default", "dynamic")).collect();
    parameters.extend(SET.iter().map(|plain| parameter(*plain, "user", "dynamic")));
    parameters.push(force_ssl(group));
    parameters.extend(auditing(group));
    parameters.sort_by_key(|parameter| parameter["ParameterName"].as_str().map(String::from));
    story.answer_of(
        region.name,
        "rds",
        "DescribeDBParameters",
        group.name,
        &json!({"Parameters": parameters}),
    );
}

/// From PostgreSQL 15 on the engine demands TLS by itself; before, somebody must have set it.
fn force_ssl(group: &Group) -> Value {
    let value = if group.force_ssl { "1" } else { "0" };
    let source = if group.force_ssl && group.major >= 15 { "engine-default" } else { "user" };
    parameter(("rds.force_ssl", Some(value), "boolean", "Force SSL connections."), source, "dynamic")
}

fn auditing(group: &Group) -> Vec<Value> {
    let (libraries, source) =
        if group.pgaudit { ("pg_stat_statements,pgaudit", "user") } else { ("pg_stat_statements", "system") };
    let mut parameters = vec![parameter(
        (
            "shared_preload_libraries",
            Some(libraries),
            "list",
            "Lists shared libraries to preload into server.",
        ),
        source,
        "static",
    )];
    let log = match (group.pgaudit, group.reads) {
        (true, true) => Some("ddl,read,role,write"),
        (true, false) => Some("ddl,role,write"),
        (false, _) => Some("none"),
    };
    let role = if group.pgaudit && group.reads { Some("rds_pgaudit") } else { None };
    let source = if group.pgaudit { "user" } else { "engine-default" };
    parameters.push(parameter(
        (
            "pgaudit.log",
            log,
            "list",
            "Specifies which classes of statements will be logged by session audit logging.",
        ),
        source,
        "dynamic",
    ));
    parameters.push(parameter(
        ("pgaudit.role", role, "string", "Specifies the master role to use for object audit logging."),
        source,
        "dynamic",
    ));
    parameters.push(parameter(
        (
            "pgaudit.log_parameter",
            Some(if group.values { "1" } else { "0" }),
            "boolean",
            "Specifies that audit logging should include the parameters.",
        ),
        if group.values { "user" } else { "engine-default" },
        "dynamic",
    ));
    parameters
}

fn parameter((name, value, kind, about): Plain, source: &str, apply: &str) -> Value {
    let mut parameter = json!({
        "ParameterName": name, "Description": about, "Source": source, "ApplyType": apply,
        "DataType": kind, "IsModifiable": true,
        "ApplyMethod": if apply == "static" { "pending-reboot" } else { "immediate" }
    });
    if let Some(value) = value {
        parameter["ParameterValue"] = json!(value);
    }
    if kind == "boolean" {
        parameter["AllowedValues"] = json!("0,1");
    }
    parameter
}
