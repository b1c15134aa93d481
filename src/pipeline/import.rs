//! Findings of other programs beside a package that verified: read, compared and written as files of their
//! own. The package stays as it was sealed.

use std::path::Path;

use super::handed::HeldPackage;
use super::record::{CATALOG, DATABASE, pretty};
use super::{Error, temporary};
use crate::assess::population;
use crate::catalog;
use crate::diag::{Diagnostic, Problems, safe_cell};
use crate::evidence::foreign::{self, MAX_FILE};
use crate::model::corroboration::{
    CORROBORATION, Compared, Corroborated, ForeignFile, ForeignFinding, ForeignRules, ForeignTells,
};
use crate::model::digest::Digest;
use crate::program::corroborate::{ConfigRules, OwnRows, checks, compare};
use crate::redact;
use crate::render::corroboration_pages;
use crate::render::{Templates, handed};
use crate::store::given;
use crate::yaml::yaml;

/// The files to write, by name.
pub struct ImportMade {
    pub corroborated: Corroborated,
    pub files: Vec<(&'static str, Vec<u8>)>,
}

/// Reads `files`, and sets what they say beside the package.
pub fn import(package: &HeldPackage, files: &[&Path], templates: &Templates) -> Result<ImportMade, Error> {
    let (mut findings, mut sources) = (Vec::new(), Vec::new());
    for (at, path) in (0u32..).zip(files) {
        let (source, found) = read(path, at)?;
        sources.push(source);
        findings.extend(found);
    }
    let corroborated = Corroborated {
        format: CORROBORATION.into(),
        package: package.record.id.clone(),
        as_of: package.record.as_of.clone(),
        manifest: package.manifest(),
        sample: package.record.sample,
        files: sources,
        compared: compared(package, &findings)?,
    };
    let page = handed::page(&corroboration_pages::document(&corroborated, &package.dossier), templates)?;
    let files = vec![
        ("corroboration.json", pretty(&corroborated)),
        ("corroboration.csv", csv(&corroborated)),
        ("corroboration.html", page.into_bytes()),
    ];
    for (name, bytes) in &files {
        // what is written here is handed on: it is searched like a package
        if let Ok(Some(rule)) = redact::search_layer(bytes.as_slice()) {
            let problem =
                Diagnostic::new("AFU-086", format!("{rule} is in what these files say; nothing was written"));
            return Err(problem
                .file(*name)
                .hint("take it out of the findings, and change it where it is used")
                .into());
        }
    }
    Ok(ImportMade { corroborated, files })
}

fn read(path: &Path, at: u32) -> Result<(ForeignFile, Vec<ForeignFinding>), Error> {
    let shown = path.display().to_string();
    let refused = |words: String| {
        let problem = Diagnostic::new("AFU-085", words).file(shown.clone());
        Error::from(problem.hint(
            "name JSON of Prowler (OCSF or ASFF), of Security Hub (ASFF), or of AWS \
                                  Config (compliance details)",
        ))
    };
    let size = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
    if size > MAX_FILE {
        return Err(refused(format!("{}", foreign::ForeignProblem::Size)));
    }
    let bytes = given::read(path).map_err(Error::io("read", path))?;
    let found = foreign::read(&bytes, at).map_err(|problem| refused(problem.to_string()))?;
    let Some(format) = found.format else { return Err(refused("it holds no finding".into())) };
    let times = || found.findings.iter().map(|f| f.at.as_str()).filter(|at| !at.is_empty());
    let source = ForeignFile {
        name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        sha256: Digest::of(&bytes).to_string(),
        size,
        format,
        products: found.products.clone(),
        first: times().min().unwrap_or_default().into(),
        last: times().max().unwrap_or_default().into(),
        findings: found.findings.len() as u64,
        unread: found.unread,
    };
    Ok((source, found.findings))
}

fn compared(package: &HeldPackage, findings: &[ForeignFinding]) -> Result<Vec<Compared>, Error> {
    let rules = rules()?;
    let catalog = catalog::from_files(
        super::bag_files::files_below(package.bag(), CATALOG)?,
        package.record.custom_catalog,
    )?;
    let mut config_rules = ConfigRules::new();
    for check in catalog.checks.values() {
        for by in &check.corroborated_by {
            let tells = if by.parameters.is_empty() { ForeignTells::Both } else { ForeignTells::Nothing };
            config_rules.entry(by.rule.clone()).or_default().push((check.id.clone(), tells));
        }
    }
    let scratch = temporary()?;
    let database = scratch.path().join("evidence.sqlite");
    if !package.copy(DATABASE, &database)? {
        let problem = Diagnostic::new("AFU-024", format!("`{}` holds no {DATABASE}", package.record.id));
        return Err(problem.hint("name a full package").into());
    }
    let wanted = checks(findings, &rules, &config_rules);
    let ids: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let rows = wanted.iter().cloned().zip(population::populations(&database, &ids)?).collect();
    let resources = population::by_config_id(&database)?;
    let day = package.record.as_of.get(..10).unwrap_or_default();
    Ok(compare(
        findings,
        &OwnRows { rules: &rules, config_rules: &config_rules, rows: &rows, resources: &resources, day },
    ))
}

/// Our lists of rules of other programs.
pub fn rules() -> Result<Vec<ForeignRules>, Error> {
    catalog::foreign()
        .iter()
        .map(|(name, bytes)| yaml(name, bytes).map_err(|problems| Problems(problems).into()))
        .collect()
}

fn csv(made: &Corroborated) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    let heads = [
        "agreement",
        "check",
        "ours",
        "theirs",
        "product",
        "rule",
        "resource",
        "account",
        "region",
        "at",
        "why",
        "their_words",
        "file",
        "sha256",
    ];
    writer.write_record(heads).expect(memory);
    for c in &made.compared {
        let f = &c.finding;
        let file = &made.files[f.file as usize];
        let cells = [
            c.agreement.as_str(),
            &c.check,
            &c.ours,
            f.state.as_str(),
            &f.product,
            &f.rule,
            &f.resource,
            &f.account,
            &f.region,
            &f.at,
            &c.words,
            &f.words,
            &file.name,
            &file.sha256,
        ];
        writer.write_record(cells.map(safe_cell)).expect(memory);
    }
    writer.into_inner().expect(memory)
}
