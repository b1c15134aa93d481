//! What a check cannot speak of: places whose evidence is missing, and resources that stand beside what was
//! read.

use rusqlite::{Connection, params};

use super::Asked;
use crate::assess::database::coverage::Gaps;
use crate::assess::database::part_gaps::{self, PartGaps};
use crate::assess::input::Fault;
use crate::assess::verdicts::check_tally::{CheckTally, Judged};
use crate::model::verdict::Verdict;

impl Asked<'_> {
    /// One row that says what is missing, stored and counted.
    fn not_evidenced(
        &self,
        db: &Connection,
        (resource, account, region): (&str, &str, &str),
        reason: &str,
        tally: &mut CheckTally,
    ) -> Result<(), Fault> {
        let mut insert =
            db.prepare_cached("INSERT INTO result VALUES (?,?,?,?,'not evidenced',?,'not evidenced',0)")?;
        insert.execute(params![self.check.id, resource, account, region, reason])?;
        let verdict = Verdict::NotEvidenced;
        tally.add(Judged { resource, account, region, verdict, reason, excluded: false });
        Ok(())
    }

    /// A row for each resource that lacks a part and that the check says nothing of.
    pub(super) fn passed_over(
        &self,
        db: &Connection,
        parts: &PartGaps<'_>,
        tally: &mut CheckTally,
    ) -> Result<(), Fault> {
        let mut judged = db.prepare_cached("SELECT 1 FROM result WHERE check_id = ? AND resource = ?")?;
        let mut judges = db.prepare_cached(
            "SELECT 1 FROM result AS j JOIN resource AS r ON r.arn = j.resource WHERE j.check_id = ? AND \
             r.type = ?",
        )?;
        let check = self.check.id.as_str();
        for (resource, part) in parts.lacking() {
            if judged.exists([check, resource])? {
                continue;
            }
            // a check that only looks such resources up, as keys of what they encrypt, does not judge them
            if part.is_whole() && !judges.exists([check, part.resource_type.as_str()])? {
                continue;
            }
            let reason = format!("evidence is missing: {}", part_gaps::words(part));
            self.not_evidenced(db, (resource, part.account.as_str(), part.region.as_str()), &reason, tally)?;
        }
        Ok(())
    }

    /// A row for each account and region with a gap and no row of its own, so that the gap is counted where
    /// it is.
    pub(super) fn missing(&self, db: &Connection, gaps: &Gaps, tally: &mut CheckTally) -> Result<(), Fault> {
        let empty: Vec<_> =
            gaps.places().filter(|(account, region, _)| !tally.places.has(account, region)).collect();
        for (account, region, words) in empty {
            let resource =
                if account.is_empty() { "unknown origin".to_string() } else { format!("{account}/{region}") };
            let reason = format!("evidence is missing: {words}");
            self.not_evidenced(db, (&resource, account, region), &reason, tally)?;
        }
        Ok(())
    }

    /// A row for each place where the check found nothing of its own, but a sibling of a kind that no check
    /// reads: "not applicable" would pass it over.
    pub(super) fn siblings(&self, db: &Connection, tally: &mut CheckTally) -> Result<(), Fault> {
        let beside = self.silent.beside(self.input.catalog, &self.control.id, &self.check.id);
        let empty: Vec<_> = beside.filter(|(account, region, _)| !tally.said.has(account, region)).collect();
        for (account, region, reason) in empty {
            let resource = format!("{account}/{region}");
            self.not_evidenced(db, (&resource, account, region), &reason, tally)?;
        }
        Ok(())
    }

    /// What SQL makes of evidence of an unexpected form may be an error: then nothing that the check said
    /// counts, and one row says why.
    pub(super) fn lost(&self, db: &Connection, what: &str, tally: &mut CheckTally) -> Result<(), Fault> {
        db.execute("DELETE FROM result WHERE check_id = ?", [&self.check.id])?;
        let reason = format!("the query failed over this evidence: {what}");
        self.not_evidenced(db, ("unknown origin", "", ""), &reason, tally)
    }
}
