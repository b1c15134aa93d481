//! `affiant schema`: JSON Schema of every file that people write, made from the types that read them.

use clap::{Args, ValueEnum};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::{Exit, data};
use crate::catalog::{Clocks, Operations};
use crate::model::catalog::{Check, Control, SecurityRule, ServiceList, Table};
use crate::model::decisions::{Alternatives, ArtifactTerms, Attestations, Clearances, Exceptions, Plan, Risks, Workspace};
use crate::pipeline::Error;

/// Print the JSON Schema of a kind of file, for editors that check YAML while you type
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Which file [default: list them]
    kind: Option<Kind>,
}

/// The kinds of files, by the name that people give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Affiant,
    Exceptions,
    Attestations,
    Alternatives,
    Risks,
    IncidentResponse,
    Clearances,
    ArtifactTerms,
    Control,
    Check,
    Table,
    Operations,
    SecurityRule,
    BreachClocks,
    Services,
}

impl Kind {
    /// Where such a file lies: in a workspace, or in a catalog.
    fn files(self) -> &'static str {
        match self {
            Kind::Affiant => "affiant.yaml",
            Kind::Exceptions => "program/exceptions.yaml",
            Kind::Attestations => "program/attestations.yaml",
            Kind::Alternatives => "program/alternatives.yaml",
            Kind::Risks => "program/risks.yaml",
            Kind::IncidentResponse => "program/incident-response.yaml",
            Kind::Clearances => "program/clearances.yaml",
            Kind::ArtifactTerms => "program/artifact-terms.yaml",
            Kind::Control => "catalog: technical/*.yaml",
            Kind::Check => "catalog: checks/*/*.yaml",
            Kind::Table => "catalog: tables/*/*.yaml",
            Kind::Operations => "catalog: operations/*.yaml",
            Kind::SecurityRule => "catalog: hipaa/security-rule.yaml",
            Kind::BreachClocks => "catalog: hipaa/breach-clocks.yaml",
            Kind::Services => "catalog: services/*.yaml",
        }
    }

    fn schema(self) -> Schema {
        match self {
            Kind::Affiant => of::<Workspace>(),
            Kind::Exceptions => of::<Exceptions>(),
            Kind::Attestations => of::<Attestations>(),
            Kind::Alternatives => of::<Alternatives>(),
            Kind::Risks => of::<Risks>(),
            Kind::IncidentResponse => of::<Plan>(),
            Kind::Clearances => of::<Clearances>(),
            Kind::ArtifactTerms => of::<ArtifactTerms>(),
            Kind::Control => of::<Control>(),
            Kind::Check => of::<Check>(),
            Kind::Table => of::<Table>(),
            Kind::Operations => of::<Operations>(),
            Kind::SecurityRule => of::<SecurityRule>(),
            Kind::BreachClocks => of::<Clocks>(),
            Kind::Services => of::<ServiceList>(),
        }
    }
}

/// Draft 7, which every editor knows.
fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>()
}

pub fn cmd_schema(args: SchemaArgs) -> Result<Exit, Error> {
    let name = |kind: Kind| kind.to_possible_value().map(|v| v.get_name().to_string()).unwrap_or_default();
    match args.kind {
        Some(kind) => {
            let text = serde_json::to_string_pretty(&kind.schema()).expect("a schema serialises");
            data(&format!("{text}\n"));
        }
        None => Kind::value_variants().iter().for_each(|kind| data(&format!("{:<18} {}\n", name(*kind), kind.files()))),
    }
    Ok(Exit::Done)
}
