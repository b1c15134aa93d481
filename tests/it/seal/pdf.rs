//! PDF signatures: several signers, and every way of changing a signed file that is known to
//! have fooled readers.

use affiant::seal::pades::{self, PdfProblem, PdfReport, Role};
use affiant::seal::{LocalKey, Trust};
use lopdf::{Dictionary, Document, IncrementalDocument, Object, Stream, dictionary};
use proptest::prelude::*;

use super::authority::{self, noon};
use super::fixture::{self, PDF};

const OBJECT_STREAMS: &[u8] = include_bytes!("../../fixtures/report-objstm.pdf");

fn signer(name: &'static str) -> LocalKey {
    authority::self_signed(&authority::person(name)).signer()
}

fn certified(pdf: &[u8]) -> Vec<u8> {
    pades::sign(pdf, &signer("Sealer"), noon(), Role::Certification, "Seals this report").unwrap()
}

fn holds(report: &PdfReport, signatures: usize) -> bool {
    report.problems.is_empty()
        && report.signatures.len() == signatures
        && report.signatures.iter().all(|s| s.facts.is_ok())
}

/// An update as an attacker would append it.
fn updated(pdf: &[u8], change: impl FnOnce(&mut IncrementalDocument)) -> Vec<u8> {
    let mut update = IncrementalDocument::create_from(pdf.to_vec(), Document::load_mem(pdf).unwrap());
    change(&mut update);
    let mut out = Vec::new();
    update.save_to(&mut out).unwrap();
    out
}

fn page(update: &IncrementalDocument) -> lopdf::ObjectId {
    update.get_prev_documents().page_iter().next().unwrap()
}

fn edit(update: &mut IncrementalDocument, id: lopdf::ObjectId) -> &mut Dictionary {
    update.opt_clone_object_to_new_document(id).unwrap();
    update.new_document.get_object_mut(id).unwrap().as_dict_mut().unwrap()
}

#[test]
fn certification_then_two_approvals_all_hold() {
    for original in [PDF, OBJECT_STREAMS] {
        let one = certified(original);
        assert!(one.starts_with(original));
        let report = pades::verify(&one);
        assert!(holds(&report, 1), "{report:#?}");
        assert_eq!(report.signatures[0].certifies, Some(2));
        let two = pades::sign(&one, &signer("Preparer"), noon(), Role::Approval, "Prepared").unwrap();
        let three =
            pades::sign(&two, &signer("Approver — ü"), noon(), Role::Approval, "Genehmigt — ünï").unwrap();
        let report = pades::verify(&three);
        assert!(holds(&report, 3), "{report:#?}");
        assert_eq!(report.signatures[2].reason, "Genehmigt — ünï");
        assert_eq!(report.signatures[1].claimed_at, Some(noon()));
        assert!(
            pades::sign(&one, &signer("Again"), noon(), Role::Certification, "x").is_err(),
            "a certification comes first"
        );
    }
}

#[test]
fn the_trailer_and_the_document_stay() {
    let (before, after) = (Document::load_mem(PDF).unwrap(), Document::load_mem(&certified(PDF)).unwrap());
    for key in [&b"ID"[..], b"Info", b"Root"] {
        assert_eq!(before.trailer.get(key).ok(), after.trailer.get(key).ok());
    }
    let form = after.catalog().unwrap().get_deref(b"AcroForm", &after).unwrap().as_dict().unwrap();
    assert_eq!(form.get(b"SigFlags").unwrap().as_i64().unwrap(), 3);
    let fields = form.get(b"Fields").unwrap().as_array().unwrap();
    let widget = after.get_dictionary(fields[0].as_reference().unwrap()).unwrap();
    assert_eq!(widget.get(b"F").unwrap().as_i64().unwrap(), 132);
    assert!(widget.has(b"TU") && widget.has(b"P") && widget.has(b"AP"));
    let page = after.get_dictionary(after.page_iter().next().unwrap()).unwrap();
    assert_eq!(page.get(b"Tabs").unwrap().as_name().unwrap(), b"S");
}

#[test]
fn every_byte_outside_and_inside_the_signature_counts() {
    let pdf = certified(PDF);
    let step = if cfg!(debug_assertions) { 61 } else { 1 };
    for at in (0..pdf.len()).step_by(step) {
        let mut forged = pdf.clone();
        forged[at] ^= 1 << (at % 8);
        // In the gap, a hexadecimal digit's case carries nothing; the package's manifest covers even that.
        assert!(!holds(&pades::verify(&forged), 1) || forged.eq_ignore_ascii_case(&pdf), "byte {at}");
    }
}

#[test]
fn appended_bytes_are_seen() {
    let pdf = certified(PDF);
    for tail in [&b"\n"[..], b" ", b"%%EOF\n", b"\0"] {
        let report = pades::verify(&[&pdf[..], tail].concat());
        assert!(
            report.problems.iter().any(|p| matches!(p, PdfProblem::Appended(_) | PdfProblem::Unreadable(_))),
            "{report:#?}"
        );
    }
    let report = pades::verify(&[b"junk", &pdf[..]].concat());
    assert!(matches!(report.problems[..], [PdfProblem::Unreadable(_)]));
}

/// Every change that is not a signature, unsigned or hidden under a second signature.
#[test]
fn shadow_attacks_are_seen() {
    type Attack = fn(&mut IncrementalDocument);
    let attacks: [(&str, Attack); 9] = [
        ("replace a page's content", |u| {
            let id = page(u);
            let stream = u.new_document.add_object(Stream::new(Dictionary::new(), b"BT ET".to_vec()));
            edit(u, id).set("Contents", stream);
        }),
        ("overwrite a content stream in place", |u| {
            let id = page(u);
            let prev = u.get_prev_documents();
            let contents = prev.get_dictionary(id).unwrap().get(b"Contents").unwrap();
            let contents =
                contents.as_reference().or_else(|_| contents.as_array().unwrap()[0].as_reference()).unwrap();
            u.new_document.set_object(contents, Stream::new(Dictionary::new(), b"BT ET".to_vec()));
        }),
        ("replace a font", |u| {
            let fonts: Vec<_> = u
                .get_prev_documents()
                .objects
                .iter()
                .filter(|(_, o)| o.as_dict().is_ok_and(|d| d.has_type(b"Font")))
                .map(|(id, _)| *id)
                .collect();
            edit(u, fonts[0]).set("BaseFont", "Helvetica");
        }),
        ("add a free text annotation", |u| {
            let id = page(u);
            let note = u.new_document.add_object(dictionary! {
                "Type" => "Annot", "Subtype" => "FreeText",
                "Rect" => vec![0.into(), 0.into(), 500.into(), 500.into()]
            });
            edit(u, id).set("Annots", vec![note.into()]);
        }),
        ("another page tree", |u| {
            let root = u.get_prev_documents().trailer.get(b"Root").unwrap().as_reference().unwrap();
            let pages = u
                .new_document
                .add_object(dictionary! { "Type" => "Pages", "Kids" => Vec::<Object>::new(), "Count" => 0 });
            edit(u, root).set("Pages", pages);
        }),
        ("another catalog", |u| {
            let root = u.get_prev_documents().catalog().unwrap().clone();
            let id = u.new_document.add_object(root);
            u.new_document.trailer.set("Root", id);
        }),
        ("an action on opening", |u| {
            let root = u.get_prev_documents().trailer.get(b"Root").unwrap().as_reference().unwrap();
            edit(u, root)
                .set("OpenAction", dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("1") });
        }),
        ("the permissions taken away", |u| {
            let root = u.get_prev_documents().trailer.get(b"Root").unwrap().as_reference().unwrap();
            edit(u, root).remove(b"Perms");
        }),
        ("a text field in the form", |u| {
            let root = u.get_prev_documents().catalog().unwrap();
            let form = root.get(b"AcroForm").unwrap().as_reference().unwrap();
            let field =
                u.new_document.add_object(dictionary! { "FT" => "Tx", "T" => Object::string_literal("x") });
            edit(u, form).get_mut(b"Fields").unwrap().as_array_mut().unwrap().push(field.into());
        }),
    ];
    let pdf = certified(PDF);
    for (what, attack) in attacks {
        let forged = updated(&pdf, attack);
        let report = pades::verify(&forged);
        assert!(
            report.problems.iter().any(|p| matches!(p, PdfProblem::Changed { .. })),
            "{what}: {report:#?}"
        );
        let Ok(signed) = pades::sign(&forged, &signer("Mallory"), noon(), Role::Approval, "x") else {
            continue;
        };
        let report = pades::verify(&signed);
        assert!(
            report.problems.iter().any(|p| matches!(p, PdfProblem::Changed { .. })),
            "{what}, then signed: {report:#?}"
        );
    }
}

/// A field that waits for somebody is signed or stays as it is: what is drawn there alone looks like a
/// signature.
#[test]
fn what_is_drawn_into_an_empty_field_is_seen() {
    let mut field = (0, 0);
    let waiting = updated(PDF, |u| {
        let id = page(u);
        field = u.new_document.add_object(dictionary! {
            "Type" => "Annot", "Subtype" => "Widget", "FT" => "Sig",
            "T" => Object::string_literal("Approved by"),
            "Rect" => vec![100.into(), 100.into(), 300.into(), 150.into()], "P" => id
        });
        edit(u, id).set("Annots", vec![Object::Reference(field)]);
        let root = u.get_prev_documents().trailer.get(b"Root").unwrap().as_reference().unwrap();
        edit(u, root)
            .set("AcroForm", dictionary! { "Fields" => vec![Object::Reference(field)], "SigFlags" => 3 });
    });
    let pdf = certified(&waiting);
    assert!(holds(&pades::verify(&pdf), 1), "{:#?}", pades::verify(&pdf));
    for valued in [false, true] {
        let drawn = updated(&pdf, |u| {
            let bounds = vec![0.into(), 0.into(), 200.into(), 50.into()];
            let look = dictionary! { "Type" => "XObject", "Subtype" => "Form", "BBox" => bounds };
            let look = u.new_document.add_object(Stream::new(look, b"0 0 200 50 re f".to_vec()));
            let value = u.new_document.add_object(dictionary! { "Type" => "Sig" });
            let field = edit(u, field);
            field.set("AP", dictionary! { "N" => look });
            if valued {
                field.set("V", value);
            }
        });
        let signed = pades::sign(&drawn, &signer("Mallory"), noon(), Role::Approval, "x");
        for forged in [Some(drawn), signed.ok()].into_iter().flatten() {
            let report = pades::verify(&forged);
            let seen = report.problems.iter().any(|p| matches!(p, PdfProblem::Changed { .. }));
            assert!(seen, "with a value: {valued}: {report:#?}");
        }
    }
}

/// A program that signs may say which version of PDF its signature needs, and nothing else of the kind.
#[test]
fn a_version_that_a_signature_needs_is_no_change() {
    for (version, fits) in [("2.0", true), ("1.7", true), ("1.4", false), ("9.9", false)] {
        let pdf = updated(&certified(PDF), |u| {
            let root = u.get_prev_documents().trailer.get(b"Root").and_then(Object::as_reference).unwrap();
            edit(u, root).set("Version", Object::Name(version.as_bytes().to_vec()));
        });
        let report = pades::verify(&pdf);
        let changed = report.problems.iter().any(|p| matches!(p, PdfProblem::Changed { .. }));
        assert_eq!(changed, !fits, "{version}: {report:#?}");
    }
}

#[test]
fn a_package_with_a_changed_pdf_fails_although_its_hashes_are_right() {
    let identity = authority::self_signed(&authority::person("Sealer"));
    let pdf = updated(&certified(PDF), |u| {
        let id = page(u);
        edit(u, id).set("Rotate", 90);
    });
    for (pdf, code) in [(pdf.as_slice(), "AFV-222"), (PDF, "AFV-220")] {
        let dir = tempfile::tempdir().unwrap();
        let folder = fixture::package_of(dir.path(), &identity.signer(), pdf);
        let report = fixture::check(&folder, &Trust::new(vec![identity.certificate.clone()]));
        assert!(fixture::failures(&report).contains(&code), "{report:#?}");
    }
}

/// Signature wrapping: the byte range skips more than the signature.
#[test]
fn byte_ranges_that_hide_something_are_refused() {
    let pdf = certified(PDF);
    let at = pdf.windows(13).rposition(|w| w == b"/ByteRange[0 ").unwrap();
    let end = at + pdf[at..].iter().position(|&b| b == b']').unwrap();
    let numbers: Vec<usize> =
        String::from_utf8_lossy(&pdf[at + 11..end]).split_whitespace().map(|n| n.parse().unwrap()).collect();
    let [_, start, gap_end, len] = numbers[..] else { panic!() };
    for wrong in [
        [0, start - 9, gap_end, len],
        [0, start, gap_end + 1, len - 1],
        [1, start - 1, gap_end, len],
        [0, start, gap_end, len - 7],
        [0, start, gap_end, len + 9],
    ] {
        let mut forged = pdf.clone();
        let range = format!("[{} {} {} {}]", wrong[0], wrong[1], wrong[2], wrong[3]);
        let place = at + 10..end + 1;
        let width = place.len();
        forged[place].copy_from_slice(format!("{range:<width$}").as_bytes());
        let report = pades::verify(&forged);
        assert!(matches!(report.signatures[0].facts, Err(PdfProblem::Coverage(_))), "{wrong:?}: {report:#?}");
    }
}

#[test]
fn something_hidden_in_the_padding_is_seen() {
    let mut pdf = certified(PDF);
    let gap = pdf.windows(3).rposition(|w| w == b"00>").unwrap();
    pdf[gap] = b'1';
    assert!(matches!(pades::verify(&pdf).signatures[0].facts, Err(PdfProblem::Coverage(_))));
}

/// Many object streams, each small on disk and large unpacked.
#[test]
fn object_stream_bombs_are_not_unpacked_without_end() {
    use std::io::Write;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![b' '; 7 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    let mut bomb = Document::load_mem(PDF).unwrap();
    for _ in 0..200 {
        let dictionary =
            dictionary! { "Type" => "ObjStm", "N" => 0, "First" => 0, "Filter" => "FlateDecode" };
        bomb.add_object(Stream::new(dictionary, packed.clone()).with_compression(false));
    }
    // The writer drops object streams; write them as another type of the same length and rename
    // them in the bytes.
    bomb.objects
        .values_mut()
        .filter_map(|o| o.as_stream_mut().ok())
        .filter(|s| s.dict.has_type(b"ObjStm"))
        .for_each(|s| s.dict.set("Type", "ObjXtm"));
    let mut pdf = Vec::new();
    bomb.save_to(&mut pdf).unwrap();
    let places: Vec<_> =
        pdf.windows(6).enumerate().filter(|(_, w)| w == b"ObjXtm").map(|(at, _)| at).collect();
    places.iter().for_each(|at| pdf[at + 3] = b'S');
    assert_eq!(places.len(), 200);
    let report = pades::verify(&pdf);
    assert!(
        matches!(&report.problems[..], [PdfProblem::Unreadable(why)] if why.contains("unpack to too much")),
        "{report:#?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_files_never_panic_and_never_hold(
        cut in 0usize..60_000, edits in proptest::collection::vec((0usize..60_000, any::<u8>()), 1..6),
    ) {
        thread_local! { static SIGNED: Vec<u8> = certified(PDF); }
        let original = SIGNED.with(Clone::clone);
        let mut pdf = original.clone();
        let n = pdf.len();
        for (at, value) in edits {
            pdf[at % n] = value;
        }
        pdf.truncate(n - cut % n.min(2000));
        prop_assert!(pdf == original || !holds(&pades::verify(&pdf), 1));
    }

    #[test]
    fn junk_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = pades::verify(&bytes);
        let _ = pades::verify(&[b"%PDF-1.7\n", &bytes[..]].concat());
    }
}
