//! Figures as SVG, drawn once from the dossier and used by PDF and HTML alike.

use std::collections::BTreeMap;

use minijinja::context;

use super::engine::{environment, render, slug, value};
use super::{RenderError, Templates};
use crate::model::dossier::Dossier;

/// Figures by name: `board`, `risk-heat`, `clocks`, `readers`, `network`, `bar-<control>`,
/// `population-<check>`.
pub type Figures = BTreeMap<String, String>;

pub fn draw(dossier: &Dossier, templates: &Templates) -> Result<Figures, RenderError> {
    let env = environment(templates)?;
    let d = value(dossier);
    let mut figures = Figures::new();
    for name in ["board", "risk-heat", "clocks", "readers", "network"] {
        let svg = render(
            &env,
            &format!("figures/{name}.svg.jinja"),
            context! { d => d.clone(), prefix => format!("fig-{name}") },
        )?;
        figures.insert(name.to_string(), svg);
    }
    for control in &dossier.controls {
        let name = format!("bar-{}", slug(&control.id));
        let context = context! { d => d.clone(), control => value(control), prefix => name.clone() };
        figures.insert(name, render(&env, "figures/control-bar.svg.jinja", context)?);
        for check in &control.checks {
            let name = format!("population-{}", slug(&check.id));
            let context = context! { d => d.clone(), check => value(check), prefix => name.clone() };
            figures.insert(name, render(&env, "figures/population.svg.jinja", context)?);
        }
    }
    Ok(figures)
}
