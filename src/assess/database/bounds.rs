//! What the SQL of a catalog may cost, in steps, time, rows, bytes and memory. All of it grows with the
//! evidence that was loaded, so that a large estate is judged to its end and a small package cannot keep its
//! reader busy. What exceeds a bound is an error, never a shorter answer. The clock here only stops what runs
//! away: no result depends on it.

#![allow(clippy::disallowed_methods)] // a watchdog; no result depends on it

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use crate::assess::input::Fault;

/// SQLite's virtual machine is asked to report after so many steps.
const GRAIN: i32 = 1_000;

/// For one statement of a small package; a row of evidence adds to each.
const STEPS: u64 = 1_000_000_000;
const STEPS_A_ROW: u64 = 400_000;
const SECONDS: u64 = 15;
const ROWS_A_SECOND: u64 = 2_000;
/// For all statements together.
const SECONDS_IN_ALL: u64 = 180;
const ROWS_A_SECOND_IN_ALL: u64 = 500;
/// What the rows of one check may be.
const RESULTS: u64 = 100_000;
const RESULTS_A_ROW: u64 = 50;
const BYTES: u64 = 16 << 20;
const BYTES_A_ROW: u64 = 4 << 10;
/// One value of a result.
pub const MAX_VALUE: usize = 1 << 20;
/// SQLite's memory and the database's length: so much, and so many times the evidence's own bytes.
const HEAP: u64 = 80 << 20;
const HEAP_A_BYTE: u64 = 4;
const DATABASE: u64 = 256 << 20;
const DATABASE_A_BYTE: u64 = 60;
const PAGE: u64 = 8192;

/// How much evidence there is.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    rows: u64,
    bytes: u64,
}

impl Bounds {
    /// From what was loaded.
    pub fn of(db: &Connection) -> Result<Bounds, Fault> {
        let one = |sql: &str| {
            db.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|n| u64::try_from(n).unwrap_or(0))
        };
        let tables = ["resource", "response", "history", "coverage", "artifact"];
        let mut rows = 0;
        for table in tables {
            rows += one(&format!("SELECT count(*) FROM {table}"))?;
        }
        let pages = one("PRAGMA page_count")?;
        Ok(Bounds { rows, bytes: pages * PAGE })
    }

    /// For a walk of many small statements that is bounded as one: a hundred times as much.
    pub fn whole(self) -> Bounds {
        Bounds { rows: self.rows * 100 + 100_000, ..self }
    }

    /// How many rows a check may return.
    pub fn results(self) -> u64 {
        RESULTS + RESULTS_A_ROW * self.rows
    }

    /// How many bytes the rows of a check may hold.
    pub fn result_bytes(self) -> u64 {
        BYTES + BYTES_A_ROW * self.rows
    }

    /// Bounds SQLite's memory, for this whole process: it can only be lowered afterwards.
    pub fn heap(self, db: &Connection) -> Result<(), Fault> {
        let heap = HEAP + HEAP_A_BYTE * self.bytes;
        Ok(db.execute_batch(&format!("PRAGMA hard_heap_limit = {heap};"))?)
    }

    /// Puts bounds on every statement that follows, until the meter is dropped by [`unbound`].
    pub fn on(self, db: &mut Connection) -> Result<Meter, Fault> {
        let most = (DATABASE + DATABASE_A_BYTE * self.bytes) / PAGE;
        db.execute_batch(&format!("PRAGMA main.max_page_count = {most};"))?;
        let meter = Meter(Arc::new(Inner {
            begun: Instant::now(),
            steps: AtomicU64::new(0),
            started: AtomicU64::new(0),
        }));
        let inner = Arc::clone(&meter.0);
        let steps = STEPS + STEPS_A_ROW * self.rows;
        let each = Duration::from_secs(SECONDS + self.rows / ROWS_A_SECOND);
        let all = Duration::from_secs(SECONDS_IN_ALL + self.rows / ROWS_A_SECOND_IN_ALL);
        db.progress_handler(
            GRAIN,
            Some(move || {
                let done = inner.steps.fetch_add(GRAIN as u64, Ordering::Relaxed);
                let now = inner.begun.elapsed();
                let since = now.saturating_sub(Duration::from_millis(inner.started.load(Ordering::Relaxed)));
                done > steps || since > each || now > all
            }),
        )?;
        Ok(meter)
    }
}

/// Counts what a statement has cost so far.
pub struct Meter(Arc<Inner>);

struct Inner {
    begun: Instant,
    steps: AtomicU64,
    /// When the present statement was begun, in milliseconds since the first.
    started: AtomicU64,
}

impl Meter {
    /// A new statement begins.
    pub fn begin(&self) {
        self.0.steps.store(0, Ordering::Relaxed);
        let now = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.started.store(now, Ordering::Relaxed);
    }
}

pub fn unbound(db: &mut Connection) -> Result<(), Fault> {
    db.progress_handler(0, None::<fn() -> bool>)?;
    Ok(())
}

/// In words, if a statement ended because it asked for more than it may.
pub fn exceeded(error: &rusqlite::Error) -> Option<&'static str> {
    match error.sqlite_error_code()? {
        ErrorCode::OperationInterrupted => Some("it needs too many steps or too long"),
        ErrorCode::OutOfMemory => Some("it needs too much memory"),
        ErrorCode::TooBig => Some("a value in it grows too long"),
        ErrorCode::DiskFull => Some("it writes too much, or the disk is full"),
        _ => None,
    }
}
