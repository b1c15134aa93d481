//! What a reader must know beside the dates.

use super::Count;
use crate::model::numbers::plural;

/// Notes on the role, on what law enforcement asked for, and on what the dates are.
pub(super) fn remarks(count: &Count<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    match (count.incident.role.as_str(), count.incident.agent) {
        ("business associate", true) => notes.push(
            "As the covered entity's agent: what the business associate knew the covered entity knew, so its \
             clock began on the same day. Tell it at once; its notices follow."
                .to_string(),
        ),
        ("business associate", false) => notes.push(
            "Not an agent of the covered entity: the covered entity's own 60 days begin when it is told, or \
             when it knew or should have known. It tells individuals, HHS and media."
                .to_string(),
        ),
        ("subcontractor", true) => notes.push(
            "As the business associate's agent: its clock toward the covered entity began on the same day. \
             If it is in turn an agent of the covered entity, so did the covered entity's."
                .to_string(),
        ),
        ("subcontractor", false) => {
            notes.push("Not an agent: the business associate's own 60 days begin when it is told, or when it \
                        knew or should have known.".into());
        }
        _ => {}
    }
    if !count.holds.is_empty() {
        notes.push(
            "Notice is held as 164.412 says. The rule does not say that the 60 days stand still meanwhile: \
             the later of the limit and the end of the hold is printed, and notice is due without \
             unreasonable delay once the hold ends."
                .into(),
        );
    }
    if let Some((_, unplaced)) = count.individuals.filter(|(_, unplaced)| *unplaced > 0) {
        notes.push(format!(
            "The State of {} is not known: what its law asks for them is not counted here.",
            plural(unplaced, "individual")
        ));
    }
    if count.incident.role.starts_with("business") || count.incident.role == "subcontractor" {
        notes.push(
            "Counts are those of one covered entity: where several are affected, each has its own.".into(),
        );
    }
    notes.push(
        "The dates are outer limits. Whether this is a breach of unsecured PHI at all is a question for the \
         four-factor assessment (164.402), and its record is the burden of proof (164.414(b))."
            .into(),
    );
    notes
}
