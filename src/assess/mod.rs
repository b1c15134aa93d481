//! Judges a run: loads it into SQLite, makes the catalog's tables, asks every check, and rolls up. Pure:
//! catalog, run, decisions and a time give the same database and the same assessment. It renders nothing.

pub mod database;
mod facts;
mod identity_center;
pub mod input;
pub mod population;
pub mod principals;
pub mod verdicts;

use std::collections::BTreeSet;
use std::path::Path;

use self::input::{Fault, Input};
use crate::model::assessment::{AgreementFacts, Assessment, BaaFacts, CoverageTotals, FORMAT};
use crate::model::catalog::{Catalog, Tighten};
use crate::model::decisions::Decisions;
use crate::model::digest::Digest;
use crate::model::run::Coverage;
use crate::store::run::Reader;
use rusqlite::Connection;

/// Assesses a run, leaving the evidence database at `database` (which must not exist).
pub fn assess(input: &Input<'_>, database: &Path) -> Result<Assessment, Fault> {
    let mut db = database::schema::open(database)?;
    db.execute_batch("BEGIN")?;
    let mut run = input.run.clone();
    build(&mut db, input, &mut run)?;
    let input = &Input { run: &run, ..*input };
    let assessment = judge(&mut db, input)?;
    database::export::describe(&db, input, &assessment)?;
    db.execute_batch("COMMIT")?;
    Ok(assessment)
}

/// Everything before the first check: evidence, coverage, decisions, the catalog's tables. What turns out not
/// to be readable in full joins the coverage of `run`, where there is no gap of its source yet.
fn build(db: &mut Connection, input: &Input<'_>, run: &mut Reader) -> Result<(), Fault> {
    database::schema::create(db)?;
    database::guard::functions(db)?;
    let mut direct = database::load::load(db, input.run, input.catalog, input.decisions)?;
    database::schema::index(db)?;
    let deleted = std::mem::take(&mut direct.deleted);
    let known = |line: &Coverage| input.run.coverage.iter().any(|k| k.state.is_gap() && same_source(k, line));
    run.unread_parts = direct.insert(db, input.catalog, input.decisions)?;
    let left_out: Vec<Coverage> =
        database::stand_ins::lines(&run.unread_parts).into_iter().filter(|line| !known(line)).collect();
    run.coverage.retain(|k| !left_out.iter().any(|line| same_source(k, line)));
    run.coverage.extend(left_out);
    run.coverage.extend(database::scope::gaps(&run.record, input.decisions));
    database::load::settle(db, &deleted)?;
    database::coverage::fill(db, run, input.catalog)?;
    database::tables::program(db, input.decisions)?;
    database::tables::parameters(db, input.catalog, input.decisions, input.as_of)?;
    facts::policies::fill(db, input.as_of)?;
    database::bounds::Bounds::of(db)?.heap(db)?;
    let late = database::tables::late(input.catalog);
    let mut broken = database::tables::make_those(db, input.catalog, |name| !late.contains(name))?;
    facts::kinds::fill(db, input.catalog, input.decisions)?;
    broken.extend(database::tables::make_those(db, input.catalog, |name| late.contains(name))?);
    if !broken.is_empty() {
        database::coverage::lose(run, input.catalog, &broken);
        db.execute_batch("DELETE FROM coverage")?;
        database::coverage::fill(db, run, input.catalog)?;
    }
    Ok(())
}

fn same_source(a: &Coverage, b: &Coverage) -> bool {
    (&a.account, &a.region, &a.source) == (&b.account, &b.region, &b.source)
}

fn judge(db: &mut Connection, input: &Input<'_>) -> Result<Assessment, Fault> {
    let sources = facts::sources(input.run);
    let agreements = facts::agreements(db)?;
    let baa = addendum(db, input, &agreements)?;
    let (controls, disagreements) = verdicts::engine::controls(db, input)?;
    let history = verdicts::history::judge(db, input, &controls)?;
    let (findings, inventory) = (facts::findings(db, input.catalog)?, facts::inventory(db)?);
    let unread = facts::kinds::unread(db, input.catalog, &inventory)?;
    let totals = CoverageTotals {
        expected: sources.len() as u64,
        read: sources.iter().filter(|s| !s.state.is_gap()).count() as u64,
        gaps: sources.iter().filter(|s| s.state.is_gap()).count() as u64,
    };
    Ok(Assessment {
        format: FORMAT.into(),
        run: input.run.record.id.clone(),
        manifest: input.run.manifest,
        sample: input.run.record.sample || input.decisions.workspace.sample,
        catalog: input.catalog.digest,
        custom_catalog: input.catalog.custom,
        decisions: Digest::of(&serde_json::to_vec(input.decisions).expect("decisions serialise")),
        as_of: input.as_of.to_string(),
        controls,
        coverage: totals,
        resources: db.query_row("SELECT count(*) FROM resource", [], |row| row.get(0))?,
        findings,
        disagreements,
        history,
        stops: verdicts::history::stops(db, input.catalog)?,
        inventory,
        readers: facts::readers_and_network::readers(db, input.catalog)?,
        network: facts::readers_and_network::network(db, input.catalog)?,
        response: facts::response::means(db, input)?,
        traces: facts::usage::traces(db, &input.catalog.services)?,
        engines: facts::usage::engines(db)?,
        usage: facts::usage::billed(db)?,
        unread,
        sources,
        agreements,
        baa,
        excluded: facts::excluded(db, input.decisions)?,
        phi_asked: facts::phi_asked(db, input.decisions)?,
        undone: principals::undone(db, &input.decisions.attestations, input.as_of)?,
        results: verdicts::engine::digest(db)?,
    })
}

/// The addendum's state in every account, also as the table `baa_state` for checks.
fn addendum(
    db: &Connection,
    input: &Input<'_>,
    agreements: &[AgreementFacts],
) -> Result<Vec<BaaFacts>, Fault> {
    let states = facts::baa::states(&facts::baa::BaaEvidence {
        accounts: accounts(input.run),
        agreements,
        coverage: &input.run.coverage,
        places: facts::baa::places(db)?,
        pinned: &input.decisions.workspace.artifact.baa,
        today: input.as_of.get(..10).unwrap_or_default(),
    });
    let mut insert =
        db.prepare("INSERT INTO baa_state VALUES ('aws-baa/' || ?1, ?1, 'aws-global', ?2, ?3)")?;
    for facts in &states {
        insert.execute([&facts.account, facts.state.as_str(), &facts.summary])?;
    }
    drop(insert);
    Ok(states)
}

/// The accounts of a run, also those that could not be entered.
fn accounts(run: &Reader) -> BTreeSet<String> {
    let named = run.record.accounts.iter().chain(run.coverage.iter().map(|line| &line.account));
    named.filter(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit())).cloned().collect()
}

/// Checks the parameters of `affiant.yaml` against the catalog: known, and not looser than its default.
pub fn parameter_problems(catalog: &Catalog, decisions: &Decisions) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    for (name, value) in &decisions.workspace.parameters {
        match catalog.parameters().find(|p| &p.name == name) {
            None => problems.push((name.clone(), "no control has such a parameter".to_string())),
            Some(p) => {
                let looser = match p.tighten {
                    Tighten::Up => *value < p.default,
                    Tighten::Down => *value > p.default,
                };
                if *value < 0.0 {
                    problems.push((name.clone(), format!("{value} is less than nothing")));
                } else if looser || !value.is_finite() {
                    problems.push((
                        name.clone(),
                        format!("{value} is looser than the catalog's {} {}", p.default, p.unit),
                    ));
                }
            }
        }
    }
    problems
}
