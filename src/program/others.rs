//! What other programs found beside an earlier package, as an import kept it among the documents of the run.
//! It is told with its counts and bears on nothing.

use super::{Inputs, References};
use crate::model::corroboration::{Compared, ForeignAgreement};
use crate::model::dossier::{OTHERS, OtherDisagreement, OtherFindings};

pub fn found(inputs: &Inputs<'_>, refs: &References) -> Vec<OtherFindings> {
    let mut all: Vec<OtherFindings> = inputs
        .others
        .iter()
        .map(|(path, said)| {
            let of =
                |agreement: ForeignAgreement| said.compared.iter().filter(move |c| c.agreement == agreement);
            let mut products: Vec<String> =
                said.files.iter().flat_map(|file| file.products.clone()).collect();
            products.sort();
            products.dedup();
            OtherFindings {
                evidence: refs.of([path]),
                package: said.package.clone(),
                as_of: said.as_of.clone(),
                products,
                agrees: of(ForeignAgreement::Agrees).count() as u64,
                disagrees: of(ForeignAgreement::Disagrees).count() as u64,
                not_comparable: of(ForeignAgreement::NotComparable).count() as u64,
                rows: of(ForeignAgreement::Disagrees).take(OTHERS).map(row).collect(),
            }
        })
        .collect();
    all.sort_by(|a, b| (&b.as_of, &a.evidence).cmp(&(&a.as_of, &b.evidence)));
    all
}

fn row(c: &Compared) -> OtherDisagreement {
    OtherDisagreement {
        check: c.check.clone(),
        resource: c.finding.resource.clone(),
        ours: c.ours.clone(),
        theirs: c.finding.state.as_str().into(),
        product: c.finding.product.clone(),
    }
}
