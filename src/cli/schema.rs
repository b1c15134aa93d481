//! `affiant schema`: JSON Schema of every file that people write, made from the types that read them.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::schema_outputs::SchemaOutput;
use super::{Exit, data};
use crate::catalog::{Clocks, Operations};
use crate::model::agreements::Agreements;
use crate::model::answers::{QuestionnaireMap, Statements};
use crate::model::breach::StateClocks;
use crate::model::catalog::{Check, Control, SecurityRule, ServiceList, Table};
use crate::model::corroboration::Corroborated;
use crate::model::decisions::{
    Alternatives, ArtifactTerms, Attestations, Clearances, Exceptions, Plan, Risks, WorkspaceFacts,
};
use crate::model::kinds::ResourceKinds;
use crate::model::records::OperatingRecords;
use crate::model::request::{RegulatorRequest, ResponseRecord};
use crate::model::workbook_map::WorkbookMap;
use crate::pipeline::Error;
use crate::pipeline::edition::EditionLink;
use crate::yaml::{Strictness, schema_of};

/// Print the JSON Schema of a kind of file, for editors that check YAML while you type
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Which file [default: list them]
    kind: Option<SchemaKind>,
    /// Of what a command prints as JSON, in place of a file
    #[arg(long, value_enum, value_name = "NAME", conflicts_with = "kind")]
    output: Option<SchemaOutput>,
}

/// The kinds of files, by the name that people give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    Affiant,
    Exceptions,
    Attestations,
    Alternatives,
    Risks,
    IncidentResponse,
    Clearances,
    ArtifactTerms,
    Agreements,
    Answers,
    QuestionnaireMap,
    WorkbookMap,
    Records,
    Control,
    Check,
    Table,
    Operations,
    Kinds,
    SecurityRule,
    BreachClocks,
    StateClocks,
    Services,
    Link,
    Request,
    Response,
    Corroboration,
}

impl SchemaKind {
    /// Where such a file lies: in a workspace, or in a catalog.
    fn files(self) -> &'static str {
        match self {
            SchemaKind::Affiant => "affiant.yaml",
            SchemaKind::Exceptions => "program/exceptions.yaml",
            SchemaKind::Attestations => "program/attestations.yaml",
            SchemaKind::Alternatives => "program/alternatives.yaml",
            SchemaKind::Risks => "program/risks.yaml",
            SchemaKind::IncidentResponse => "program/incident-response.yaml",
            SchemaKind::Clearances => "program/clearances.yaml",
            SchemaKind::ArtifactTerms => "program/artifact-terms.yaml",
            SchemaKind::Agreements => "program/agreements.yaml",
            SchemaKind::Answers => "given to `answer --statements`",
            SchemaKind::QuestionnaireMap => "beside a buyer's CSV file",
            SchemaKind::WorkbookMap => "beside a buyer's workbook",
            SchemaKind::Records => "program/records.yaml",
            SchemaKind::Control => "catalog: technical/*.yaml",
            SchemaKind::Check => "catalog: checks/*/*.yaml",
            SchemaKind::Table => "catalog: tables/*/*.yaml",
            SchemaKind::Operations => "catalog: operations/*.yaml",
            SchemaKind::Kinds => "catalog: kinds/*.yaml",
            SchemaKind::SecurityRule => "catalog: hipaa/security-rule.yaml",
            SchemaKind::BreachClocks => "catalog: hipaa/breach-clocks.yaml",
            SchemaKind::StateClocks => "catalog: hipaa/state-clocks.yaml",
            SchemaKind::Services => "catalog: services/*.yaml",
            SchemaKind::Link => ".affiant/editions/*/*.link.json",
            SchemaKind::Request => "given to `package --request`",
            SchemaKind::Response => "data/package.json of a response",
            SchemaKind::Corroboration => "written by `import`",
        }
    }

    fn schema(self) -> Value {
        let (form, filled) = (Strictness::Shape, Strictness::Filled);
        match self {
            SchemaKind::Affiant => schema_of::<WorkspaceFacts>(filled),
            SchemaKind::Exceptions => schema_of::<Exceptions>(filled),
            SchemaKind::Attestations => schema_of::<Attestations>(filled),
            SchemaKind::Alternatives => schema_of::<Alternatives>(filled),
            SchemaKind::Risks => schema_of::<Risks>(filled),
            SchemaKind::IncidentResponse => schema_of::<Plan>(filled),
            SchemaKind::Clearances => schema_of::<Clearances>(filled),
            SchemaKind::ArtifactTerms => schema_of::<ArtifactTerms>(filled),
            SchemaKind::Agreements => schema_of::<Agreements>(filled),
            SchemaKind::Answers => schema_of::<Statements>(form),
            SchemaKind::QuestionnaireMap => schema_of::<QuestionnaireMap>(form),
            SchemaKind::WorkbookMap => schema_of::<WorkbookMap>(form),
            SchemaKind::Records => schema_of::<OperatingRecords>(filled),
            SchemaKind::Control => schema_of::<Control>(form),
            SchemaKind::Check => schema_of::<Check>(form),
            SchemaKind::Table => schema_of::<Table>(form),
            SchemaKind::Operations => schema_of::<Operations>(form),
            SchemaKind::Kinds => schema_of::<ResourceKinds>(form),
            SchemaKind::SecurityRule => schema_of::<SecurityRule>(form),
            SchemaKind::BreachClocks => schema_of::<Clocks>(form),
            SchemaKind::StateClocks => schema_of::<StateClocks>(form),
            SchemaKind::Services => schema_of::<ServiceList>(form),
            SchemaKind::Link => schema_of::<EditionLink>(form),
            SchemaKind::Request => schema_of::<RegulatorRequest>(filled),
            SchemaKind::Response => schema_of::<ResponseRecord>(form),
            SchemaKind::Corroboration => schema_of::<Corroborated>(form),
        }
    }
}

pub fn cmd_schema(args: SchemaArgs) -> Result<Exit, Error> {
    fn name(value: &impl ValueEnum) -> String {
        value.to_possible_value().map(|v| v.get_name().to_string()).unwrap_or_default()
    }
    match (args.output, args.kind) {
        (Some(output), _) => data(output.of().0),
        (None, Some(kind)) => {
            let text = serde_json::to_string_pretty(&kind.schema()).expect("a schema serialises");
            data(&format!("{text}\n"));
        }
        (None, None) => {
            SchemaKind::value_variants()
                .iter()
                .for_each(|kind| data(&format!("{:<18} {}\n", name(kind), kind.files())));
            for output in SchemaOutput::value_variants() {
                data(&format!(
                    "{:<24} printed by `affiant {}`\n",
                    format!("--output {}", name(output)),
                    output.of().1
                ));
            }
        }
    }
    Ok(Exit::Done)
}
