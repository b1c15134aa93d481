//! The evidence database's own tables: what loading fills before any table of the catalog is made.

use rusqlite::Connection;

use crate::assess::facts::policies;
use crate::assess::input::Fault;

/// Everything but the catalog's tables. Stock `sqlite3` (3.40 or later) reads it.
const TABLES: &str = "
CREATE TABLE artifact (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL, \
    collected_at TEXT NOT NULL,
  kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, service TEXT NOT NULL, \
    operation TEXT NOT NULL, key TEXT NOT NULL
) STRICT;
CREATE TABLE resource (
  id INTEGER PRIMARY KEY, arn TEXT NOT NULL, type TEXT NOT NULL, resource_id TEXT NOT NULL, \
    name TEXT, account TEXT NOT NULL,
  region TEXT NOT NULL, availability_zone TEXT, tags TEXT NOT NULL, phi_scope TEXT NOT NULL, \
    excluded INTEGER NOT NULL,
  status TEXT NOT NULL, captured_at TEXT NOT NULL, created_at TEXT NOT NULL, \
    configuration TEXT, supplementary TEXT,
  artifact INTEGER NOT NULL
) STRICT;
CREATE TABLE history (
  id INTEGER PRIMARY KEY, arn TEXT NOT NULL, type TEXT NOT NULL, resource_id TEXT NOT NULL, \
    name TEXT, account TEXT NOT NULL,
  region TEXT NOT NULL, availability_zone TEXT, tags TEXT NOT NULL, phi_scope TEXT NOT NULL, \
    excluded INTEGER NOT NULL,
  status TEXT NOT NULL, captured_at TEXT NOT NULL, created_at TEXT NOT NULL, \
    configuration TEXT, supplementary TEXT,
  artifact INTEGER NOT NULL
) STRICT;
CREATE TABLE episode (
  check_id TEXT NOT NULL, resource TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, \
    broken_at TEXT, reason TEXT NOT NULL,
  broken_artifact INTEGER, ended_at TEXT, ended TEXT, ended_artifact INTEGER
) STRICT;
CREATE TABLE response (
  id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, service TEXT NOT NULL, \
    operation TEXT NOT NULL,
  key TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL, artifact INTEGER NOT NULL
) STRICT;
CREATE TABLE coverage (
  account TEXT NOT NULL, region TEXT NOT NULL, \"table\" TEXT NOT NULL, source TEXT NOT NULL, state TEXT NOT \
                                                 NULL,
  expected INTEGER NOT NULL, read INTEGER NOT NULL, gap INTEGER NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE TABLE program_plan (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, title TEXT, version TEXT, \
    owner TEXT, approved_by TEXT,
  approved_at TEXT, next_review TEXT
) STRICT;
CREATE TABLE program_role (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, role TEXT, name TEXT, deputy TEXT, \
    contact TEXT, tested_at TEXT
) STRICT;
CREATE TABLE program_drill (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, drill_id TEXT, held_at TEXT, \
    scenario TEXT, plan_version TEXT,
  participants ANY
) STRICT;
CREATE TABLE baa_state (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, state TEXT, reason TEXT
) STRICT;
CREATE TABLE kind (
  type TEXT NOT NULL, control TEXT NOT NULL, nature TEXT, what TEXT, read INTEGER, answers TEXT, \
    tag TEXT, except_for TEXT
) STRICT;
CREATE TABLE kind_answer (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, type TEXT NOT NULL, source TEXT NOT NULL
) STRICT;
CREATE TABLE metric_filter_event (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, question TEXT NOT NULL, \
    event TEXT NOT NULL, matched TEXT NOT NULL,
  members TEXT NOT NULL, why TEXT NOT NULL
) STRICT;
CREATE TABLE events_rule_event (
  arn TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, question TEXT NOT NULL, \
    event TEXT NOT NULL, matched TEXT NOT NULL,
  why TEXT NOT NULL
) STRICT;
CREATE TABLE result (
  check_id TEXT NOT NULL, resource TEXT NOT NULL, account TEXT NOT NULL, \
    region TEXT NOT NULL, verdict TEXT NOT NULL,
  reason TEXT NOT NULL, sql_verdict TEXT NOT NULL, excluded INTEGER NOT NULL
) STRICT;
";

/// Opens a database for building: no journal, no sync, since it is made under a temporary name and renamed
/// when whole.
pub fn open(path: &std::path::Path) -> Result<Connection, Fault> {
    let db = Connection::open(path)?;
    db.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = \
         EXCLUSIVE;
         PRAGMA cache_size = -65536; PRAGMA temp_store = FILE;",
    )?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

pub fn create(db: &Connection) -> Result<(), Fault> {
    db.execute_batch(TABLES)?;
    policies::create(db, false)
}

/// Made after the load: an index costs less when it is built once.
pub fn index(db: &Connection) -> Result<(), Fault> {
    db.execute_batch(
        "CREATE INDEX resource_type_arn ON resource (type, arn, account, region, phi_scope, artifact, \
         resource_id);
         CREATE INDEX resource_arn ON resource (arn);
         CREATE INDEX response_operation ON response (service, operation, key);",
    )?;
    Ok(())
}
