//! Workpapers of a run: it is judged anew, and of each check asked for the whole population is read from the
//! database.

use super::Error;
use super::assess::{check_parameters, cleared, judge, redacted, scratch};
use crate::assess::population;
use crate::model::assessment::CheckResult;
use crate::model::catalog::Catalog;
use crate::model::workpapers::{JudgedRow, Workpaper, WorkpaperFile};
use crate::program::workpapers::draw;
use crate::store::run::Reader;
use crate::workspace::Workspace;

/// Which checks, and how the sample is drawn.
pub struct SampleRequest<'a> {
    /// By id, in the catalog's order.
    pub checks: Vec<&'a str>,
    pub size: u64,
    /// The run's manifest digest where none is given: nobody chose it.
    pub seed: Option<String>,
}

pub fn workpapers(
    workspace: &Workspace,
    catalog: &Catalog,
    run: Reader,
    asked: &SampleRequest<'_>,
) -> Result<WorkpaperFile, Error> {
    check_parameters(workspace, catalog)?;
    let folder = scratch(workspace)?;
    let (record, manifest) = (run.record.clone(), run.manifest.to_string());
    let run = redacted(
        run,
        &cleared(&workspace.decisions, &record.ended),
        folder.path(),
        |_| Ok(None),
        |closed| Ok(closed.finish(&[])?),
    )?;
    let database = folder.path().join("evidence.sqlite");
    let assessment = judge(catalog, &workspace.decisions, &run, None, &database)?;
    let seed = asked.seed.clone().unwrap_or_else(|| manifest.clone());
    let judged: Vec<&CheckResult> = assessment.controls.iter().flat_map(|c| &c.checks).collect();
    let populations = population::populations(&database, &asked.checks)?;
    let paper = |(check, rows): (&&str, Vec<JudgedRow>)| {
        paper(catalog, check, &judged, draw(&seed, check, asked.size, rows))
    };
    Ok(WorkpaperFile {
        papers: asked.checks.iter().zip(populations).filter_map(paper).collect(),
        run: record.id,
        manifest,
        catalog: catalog.digest.to_string(),
        as_of: assessment.as_of.clone(),
        seed,
        size: asked.size,
    })
}

fn paper(
    catalog: &Catalog,
    id: &str,
    judged: &[&CheckResult],
    rows: Vec<crate::model::workpapers::DrawnRow>,
) -> Option<Workpaper> {
    let (check, control) = (catalog.checks.get(id)?, catalog.control_of(id)?);
    let result = judged.iter().find(|c| c.id == id);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Workpaper {
        check: id.to_string(),
        title: check.title.clone(),
        control: format!("{} {}", control.number, control.title),
        objective: format!("{} {}", words(&control.demand), words(&check.why)),
        citations: control.citations.iter().map(ToString::to_string).collect(),
        verdict: result.map(|r| r.verdict.as_str().to_string()).unwrap_or_default(),
        gaps: result.map(|r| r.gaps.clone()).unwrap_or_default(),
        sql: check.sql.trim().to_string(),
        rows,
    })
}
