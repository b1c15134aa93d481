//! The HTML report: one file that asks the network for nothing, under a content security policy made of
//! digests.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::Value;

use super::engine::{environment, render, value};
use super::figures::Figures;
use super::{RenderError, Templates};
use crate::model::digest::Digest;
use crate::model::dossier::Dossier;

/// Family, weight and file of each embedded face.
const FACES: [(&str, u32, &str); 4] = [
    ("IBM Plex Sans", 400, "IBMPlexSans-Regular-Latin1.woff2"),
    ("IBM Plex Sans", 600, "IBMPlexSans-SemiBold-Latin1.woff2"),
    ("IBM Plex Mono", 400, "IBMPlexMono-Regular-Latin1.woff2"),
    ("IBM Plex Serif", 600, "IBMPlexSerif-SemiBold-Latin1.woff2"),
];

pub fn report(dossier: &Dossier, figures: &Figures, templates: &Templates) -> Result<String, RenderError> {
    page("html/index.html.jinja", dossier, figures, templates)
}

/// The incident-response plan alone.
pub fn plan(dossier: &Dossier, figures: &Figures, templates: &Templates) -> Result<String, RenderError> {
    page("html/plan.html.jinja", dossier, figures, templates)
}

/// The incident card: a page for a telephone that prints on two sheets.
pub fn card(dossier: &Dossier, templates: &Templates) -> Result<String, RenderError> {
    alone("html/card.html.jinja", &["html/card.css"], context! { d => value(dossier) }, templates)
}

fn page(
    template: &str,
    dossier: &Dossier,
    figures: &Figures,
    templates: &Templates,
) -> Result<String, RenderError> {
    let env = environment(templates)?;
    let fonts = fonts(templates)? + &render(&env, "html/marks.css.jinja", context! {})?;
    let css = templates.text("html/report.css")?;
    let js = templates.text("html/report.js")?;
    let csp = format!(
        "default-src 'none'; style-src {} {}; script-src {}; font-src data:; img-src data:; base-uri 'none'; \
         form-action 'none'",
        source(&fonts),
        source(css),
        source(js)
    );
    let safe = |text: &str| Value::from_safe_string(text.to_string());
    // Within HTML the name space of SVG goes without saying.
    let inline = |svg: &str| safe(&svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1));
    let figures: BTreeMap<&str, Value> =
        figures.iter().map(|(name, svg)| (name.as_str(), inline(svg))).collect();
    let html = render(
        &env,
        template,
        context! {
            d => value(dossier), figures => figures, fonts_css => safe(&fonts), css => safe(css),
            js => safe(js), csp => safe(&csp)
        },
    )?;
    Ok(without_needless_ends(&html))
}

/// A page without script: faces, marks and the style sheets named, under a policy of their digests. The
/// template gets them as `fonts_css`, `css` and `csp` beside what `data` holds.
pub(super) fn alone(
    template: &str,
    sheets: &[&str],
    data: Value,
    templates: &Templates,
) -> Result<String, RenderError> {
    let env = environment(templates)?;
    let fonts = fonts(templates)? + &render(&env, "html/marks.css.jinja", context! {})?;
    let css = sheets.iter().map(|name| templates.text(name)).collect::<Result<Vec<_>, _>>()?.join("\n");
    let policy = format!(
        "default-src 'none'; style-src {} {}; font-src data:; img-src data:; base-uri 'none'; form-action \
         'none'",
        source(&fonts),
        source(&css)
    );
    let safe = |text: String| Value::from_safe_string(text);
    render(
        &env,
        template,
        context! { fonts_css => safe(fonts), css => safe(css), csp => safe(policy), ..data },
    )
}

/// Leaves out the end tags that HTML does not ask for between items and cells (HTML Standard, 13.1.2.4): a
/// twentieth of the file. All text is escaped, so nothing but the templates' own tags is touched; the script,
/// whose digest is named, is not.
fn without_needless_ends(html: &str) -> String {
    let (body, script) = html.rsplit_once("<script>").unwrap_or((html, ""));
    let ends = ["</td>", "</th>", "</tr>", "</tbody>", "</thead>", "</li>", "</dt>", "</dd>"];
    let short = ends.iter().fold(body.to_string(), |html, end| html.replace(end, ""));
    short + if script.is_empty() { "" } else { "<script>" } + script
}

fn fonts(templates: &Templates) -> Result<String, RenderError> {
    let mut css = String::new();
    for (family, weight, file) in FACES {
        let data = base64(templates.bytes(&format!("fonts/{file}"))?);
        css.push_str(&format!(
            "@font-face{{font-family:\"{family}\";font-weight:{weight};font-display:swap;\
             src:url(data:font/woff2;base64,{data}) format(\"woff2\")}}\n"
        ));
    }
    Ok(css)
}

/// A CSP source expression: the digest of an inline block (CSP Level 3, section 2.3.1).
fn source(text: &str) -> String {
    format!("'sha256-{}'", base64(Digest::of(text.as_bytes()).as_bytes()))
}

/// Standard base64 with padding (RFC 4648 section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().enumerate().fold(0u32, |n, (i, b)| n | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            let digit = ALPHABET[(group >> (18 - 6 * i)) as usize & 63];
            out.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_as_in_rfc_4648() {
        for (plain, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(super::base64(plain.as_bytes()), encoded);
        }
    }
}
