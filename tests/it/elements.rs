//! OCR's nine elements of a risk analysis: each says where it stands in the report, and each that is taken
//! away shows, itself and no other.

use std::collections::BTreeMap;

use affiant::model::assessment::Assessment;
use affiant::model::catalog::Catalog;
use affiant::model::decisions::{Decisions, Measure, RiskDetail};
use affiant::model::dossier::{AnalysisElement, Dossier, SealInfo};
use affiant::model::run::Artifact;
use affiant::pipeline::assess;
use affiant::program::Inputs;
use affiant::render::{Templates, figures, html};
use affiant::store::run::{self, Reader};

use crate::harness::{Sandbox, repository};

/// All that a dossier is made of, so that a part can be taken away.
struct Analysis {
    assessment: Assessment,
    decisions: Decisions,
    catalog: Catalog,
    run: Reader,
}

impl Analysis {
    /// The repository's own sample, with a policy on risk analysis beside it and one risk
    /// written out in full.
    fn of_sample() -> Analysis {
        let box_ = Sandbox::default().vendor();
        for (name, bytes) in crate::harness::files(&repository().join("evidence")) {
            box_.write(&format!("evidence/{name}"), bytes);
        }
        let mut decisions = affiant::workspace::open(box_.path()).expect("the sample's workspace").decisions;
        // one risk of which everything is written
        let detail = &mut decisions.risks.own.first_mut().expect("a risk that people name").detail;
        (detail.threat_source, detail.threat_event) =
            ("adversarial".into(), "Phishing of a person who may read records".into());
        detail.measures = vec![Measure { measure: "Second factors".into(), evidence: "E1".into() }];
        detail.next_review = "2026-12-31".into();
        decisions.risks.tolerance_level = Some("moderate".into());
        let catalog = affiant::catalog::load(None).expect("our own catalog");
        let evidence = box_.path().join("evidence");
        let mut run =
            Reader::open_run(&run::find(&evidence, None).expect("a run")).expect("the committed run");
        let ended = run.record.ended.clone();
        let cleared = assess::cleared(&decisions, &ended);
        let copy = box_.path().join("derived");
        run = assess::redacted(run, &cleared, &copy, |_| Ok(None), |closed| Ok(closed.finish(&[])?))
            .expect("a derived run");
        let assessment =
            assess::judge(&catalog, &decisions, &run, None, &box_.path().join("evidence.sqlite"))
                .expect("judged");
        let document = run
            .artifacts
            .iter()
            .find(|a| a.path.starts_with("documents/"))
            .expect("the sample has documents")
            .clone();
        run.artifacts.push(Artifact { path: POLICY.into(), ..document });
        Analysis { assessment, decisions, catalog, run }
    }

    fn dossier(&self) -> Dossier {
        let none = String::new;
        affiant::program::dossier(&Inputs {
            assessment: &self.assessment,
            decisions: &self.decisions,
            catalog: &self.catalog,
            catalog_version: "1",
            run: &self.run.record,
            artifacts: &self.run.artifacts,
            redactions: &[],
            before: None,
            standing: &BTreeMap::new(),
            others: &[],
            seal: SealInfo {
                kind: "none".into(),
                subject: none(),
                fingerprint: none(),
                words: none(),
                time_words: none(),
            },
            package_id: "elements",
            program_version: "1",
        })
    }

    fn elements(&self) -> Vec<AnalysisElement> {
        self.dossier().risks.elements
    }

    fn details(&mut self) -> impl Iterator<Item = &mut RiskDetail> {
        let risks = &mut self.decisions.risks;
        risks.entries.iter_mut().map(|e| &mut e.detail).chain(risks.own.iter_mut().map(|o| &mut o.detail))
    }
}

const POLICY: &str = "documents/risk-management-policy-2026.md";

fn rank(state: &str) -> usize {
    ["none supplied", "in part", "supplied"]
        .iter()
        .position(|s| *s == state)
        .unwrap_or_else(|| panic!("{state} is no state"))
}

/// Takes one part away, by its number.
type Removal = (&'static [u64], fn(&mut Analysis));

const REMOVALS: [Removal; 9] = [
    (&[1], |a| a.decisions.attestations.attestations.retain(|s| s.id != "stores-outside-aws")),
    (&[2], |a| a.assessment.coverage.read = 0),
    (&[3], |a| a.details().for_each(|d| (d.threat_source, d.threat_event) = (String::new(), String::new()))),
    (&[4], |a| a.details().for_each(|d| d.measures.clear())),
    // a person confirms both scores at once; a confirmed risk may stand for suggestions, which then come back
    (&[5, 6], |a| {
        let alone = a.decisions.risks.entries.iter_mut().filter(|e| e.detail.in_place_of.is_empty());
        alone.for_each(|e| e.confirmed_by = None);
    }),
    (&[5, 6], |a| {
        let alone = a.decisions.risks.own.iter_mut().filter(|o| o.detail.in_place_of.is_empty());
        alone.for_each(|o| o.confirmed_by = None);
    }),
    (&[7], |a| a.decisions.risks.tolerance_level = None),
    (&[8], |a| a.run.artifacts.retain(|file| file.path != POLICY)),
    (&[9], |a| a.details().for_each(|d| d.next_review.clear())),
];

#[test]
fn each_element_that_is_taken_away_shows_and_no_other() {
    let mut analysis = Analysis::of_sample();
    let whole = analysis.elements();
    assert_eq!(whole.iter().map(|e| e.number).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
    let (decisions, assessment, artifacts) =
        (analysis.decisions.clone(), analysis.assessment.clone(), analysis.run.artifacts.clone());
    for (numbers, remove) in REMOVALS {
        remove(&mut analysis);
        let left = analysis.elements();
        for (had, has) in whole.iter().zip(&left) {
            let changed = (&had.state, &had.words) != (&has.state, &has.words);
            assert_eq!(
                changed,
                numbers.contains(&had.number),
                "without {numbers:?}, element {}: {} -> {}",
                had.number,
                had.words,
                has.words
            );
            assert!(
                rank(&has.state) <= rank(&had.state),
                "element {} got better: {} -> {}",
                had.number,
                had.state,
                has.state
            );
        }
        (analysis.decisions, analysis.assessment) = (decisions.clone(), assessment.clone());
        analysis.run.artifacts.clone_from(&artifacts);
    }
    // with nothing that people did, none is called supplied but what a machine reads
    for (_, remove) in REMOVALS {
        remove(&mut analysis);
    }
    let bare = analysis.elements();
    let supplied: Vec<u64> = bare.iter().filter(|e| e.state == "supplied").map(|e| e.number).collect();
    assert!(supplied.is_empty(), "{supplied:?}");
    for number in [2, 9] {
        assert_eq!(bare[number - 1].state, "none supplied", "{}", bare[number - 1].words);
    }
}

#[test]
fn each_element_leads_to_where_it_stands() {
    let dossier = Analysis::of_sample().dossier();
    let templates = Templates::new(affiant::catalog::templates());
    let page = html::report(&dossier, &figures::draw(&dossier, &templates).expect("figures"), &templates)
        .expect("a page");
    for element in &dossier.risks.elements {
        assert!(
            page.contains(&format!("id=\"{}\"", element.anchor)),
            "element {} leads to `{}`",
            element.number,
            element.anchor
        );
        assert!(
            page.contains(&format!("<a href=\"#{}\">{}</a>", element.anchor, element.name)),
            "{} is not in the report",
            element.name
        );
        for exhibit in &element.evidence {
            assert!(dossier.evidence.iter().any(|e| e.id == *exhibit), "{exhibit} is no exhibit");
        }
    }
    let named: Vec<&str> =
        dossier.risks.elements.iter().filter_map(|e| e.words.split("data/tables/").nth(1)).collect();
    assert!(named.iter().all(|rest| rest.starts_with("risk.csv")), "a table that no package has: {named:?}");
}
