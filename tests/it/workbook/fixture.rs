//! Workbooks of our own with all that a careless program loses: macros, links to other files, tables,
//! threaded comments, rich text, protection, merged cells, both kinds of validation, shared and array
//! formulas, lists of numbers, hidden sheets and rows.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const THREADED: &str = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments";
const X14: &str = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main";
const XM: &str = "http://schemas.microsoft.com/office/excel/2006/main";
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n";

/// Parts by name, in the order of the archive.
pub type PartList = Vec<(String, Vec<u8>)>;

fn part(name: &str, text: impl Into<String>) -> (String, Vec<u8>) {
    (name.into(), format!("{HEAD}{}", text.into()).into_bytes())
}

fn links(rows: &[(&str, &str, &str)]) -> String {
    let row = |(id, kind, target): &(&str, &str, &str)| {
        let mode = if target.starts_with("file:") { " TargetMode=\"External\"" } else { "" };
        let kind = if kind.starts_with("http") { (*kind).to_string() } else { format!("{OFFICE}/{kind}") };
        format!("<Relationship Id=\"{id}\" Type=\"{kind}\" Target=\"{target}\"{mode}/>")
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<Relationships \
         xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{rows}</Relationships>"
    )
}

/// The sheet under protection.
const SECURITY: &str = concat!(
    r#"<sheetPr/><dimension ref="A1:E18"/><sheetViews><sheetView workbookViewId="0"/></sheetViews>
<cols><col min="3" max="5" width="20" style="1" customWidth="1"/></cols><sheetData>
<row r="1" spans="1:4"><c r="A1" t="inlineStr"><is><t>Vendor security</t></is></c></row>
<row r="2"><c r="A2" t="s"><v>0</v></c></row>
<row r="4" spans="1:5"><c r="A4" t="s"><v>1</v></c><c r="B4" t="s"><v>2</v></c><c r="C4" t="s"><v>3</v></c>"#,
    r#"<c r="D4" t="s"><v>4</v></c><c r="E4" t="s"><v>5</v></c></row>
<row r="5"><c r="A5" t="s"><v>6</v></c><c r="B5" t="str"><f>VLOOKUP(A5,Questions!$A$2:$B$3,2,FALSE)</f>"#,
    r#"<v>Is multi-factor authentication required for administrators?</v></c>"#,
    r#"<c r="C5" s="2"/><c r="D5" s="1"/><c r="E5" s="1"/></row>
<row r="6"><c r="A6" t="inlineStr"><is><t>SEC-02</t></is></c><c r="B6" t="s"><v>7</v></c>"#,
    r#"<c r="C6" s="2"/></row>
<row r="7"><c r="B7" t="inlineStr"><is><t>Is the data encrypted at rest?</t></is></c>"#,
    r#"<c r="C7" s="1"><f t="shared" ref="C7:C8" si="0">A7&amp;""</f><v></v></c></row>
<row r="8"><c r="B8" t="inlineStr"><is><t>Do all connections use TLS 1.2 or higher?</t></is></c>"#,
    r#"<c r="C8" s="1"><f t="shared" si="0"/><v></v></c></row>
<row r="9"><c r="B9" t="inlineStr"><is><t>Who manages the encryption keys?</t></is></c><c r="C9" s="0"/></row>
<row r="10" hidden="1"><c r="B10" t="inlineStr"><is>"#,
    r#"<t>Do you support single sign-on via SAML 2.0?</t></is></c><c r="C10" s="1"/></row>
<row r="11"><c r="B11" t="inlineStr"><is><t>How long are audit logs retained?</t></is></c>"#,
    r#"<c r="C11" s="1"/></row>
<row r="12"><c r="B12" t="inlineStr"><is>"#,
    r#"<t>How often are backups taken and where are they held?</t></is></c><c r="C12" s="1"/></row>
<row r="13"><c r="B13" t="inlineStr"><is>"#,
    r#"<t>Do you have a tested incident response plan? (1 to 5)</t></is></c><c r="C13" s="1"/></row>
<row r="14"><c r="B14" t="inlineStr"><is><t>Is a web application firewall in place?</t></is></c></row>
<row r="16"><c r="B16" t="inlineStr"><is><t>Are sessions ended after inactivity?</t></is></c>"#,
    r#"<c r="C16" s="1" t="inlineStr"><is><t>Yes</t></is></c></row>
<row r="17"><c r="B17" t="inlineStr"><is><t>List all subprocessors with access to our data.</t></is></c>"#,
    r#"<c r="C17" s="1"><f t="array" ref="C17:C17">A4:A4</f><v>ID</v></c></row>
<row r="18"><c r="B18" t="inlineStr"><is><t>Do you keep a risk register?</t></is></c><c r="C18" s="1"/></row>
</sheetData><sheetProtection algorithmName="SHA-512" hashValue="AAAA" saltValue="AAAA""#,
    r#" spinCount="100000" sheet="1" objects="1"/>
<mergeCells count="2"><mergeCell ref="A1:E1"/><mergeCell ref="C11:C12"/></mergeCells>
<dataValidations count="3"><dataValidation type="list" allowBlank="1" sqref="C13">"#,
    r#"<formula1>"1,2,3,4,5"</formula1></dataValidation><dataValidation type="list" sqref="C14">"#,
    r#"<formula1>Vocabulary</formula1></dataValidation><dataValidation type="custom" sqref="C18">"#,
    r#"<formula1>LEN(C18)&gt;2</formula1></dataValidation></dataValidations>
<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" xmlns:x14="X14">"#,
    r#"<x14:dataValidations xmlns:xm="XM" count="1"><x14:dataValidation type="list" allowBlank="1">"#,
    r#"<x14:formula1><xm:f>Lists!$A$1:$A$3</xm:f></x14:formula1>"#,
    r#"<xm:sqref>C5:C6 C10</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"#,
);

/// The sheet with a table.
const ACCESS: &str = concat!(
    r#"<sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>Ref</t></is></c><c r="B1" t="inlineStr"><is>"#,
    r#"<t>Requirement</t></is></c><c r="C1" t="inlineStr"><is><t>Vendor response</t></is></c>"#,
    r#"<c r="D1" t="inlineStr"><is><t>Notes</t></is></c></row>
<row r="2"><c r="A2"><v>1</v></c>"#,
    r#"<c r="B2" t="inlineStr"><is><t>Background screening of employees before hire</t></is></c></row>
<row r="3"/>
<row r="4"><c r="A4"><v>2</v></c><c r="B4" t="inlineStr"><is>"#,
    r#"<t>Is multi-factor authentication required for administrators</t></is></c>"#,
    r#"<c r="C4"/><c r="D4" t="inlineStr"><is><t></t></is></c></row>
</sheetData><dataValidations count="2">"#,
    r#"<dataValidation type="list" sqref="C2:C4"><formula1>"Yes,No,Partial,N/A"</formula1></dataValidation>"#,
    r#"<dataValidation type="textLength" operator="lessThanOrEqual" sqref="D2">"#,
    r#"<formula1>40</formula1></dataValidation></dataValidations><legacyDrawing r:id="rId3"/>"#,
    r#"<tableParts count="1"><tablePart r:id="rId1"/></tableParts>"#,
);

const LISTS: &str = concat!(
    r#"<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Yes</t></is></c><c r="B1" t="inlineStr">"#,
    r#"<is><t>Yes</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>No</t></is></c>"#,
    r#"<c r="B2" t="inlineStr"><is><t>Partially</t></is></c></row><row r="3"><c r="A3" t="inlineStr">"#,
    r#"<is><t>N/A</t></is></c><c r="B3" t="inlineStr"><is><t>No</t></is></c></row></sheetData>"#,
);

const QUESTIONS: &str = concat!(
    r#"<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>ID</t></is></c><c r="B1" t="inlineStr">"#,
    r#"<is><t>Question</t></is></c><c r="C1" t="inlineStr"><is><t>Answer</t></is></c></row>"#,
    r#"<row r="2"><c r="A2" t="inlineStr"><is><t>SEC-01</t></is></c><c r="B2" t="inlineStr"><is>"#,
    r#"<t>Is multi-factor authentication required for administrators?</t></is></c><c r="C2"/></row>"#,
    r#"<row r="3"><c r="A3" t="inlineStr"><is><t>SEC-02</t></is></c></row></sheetData>"#,
);

const STRINGS: &str = concat!(
    r#"<si><t>Please give an answer to each question in column C.</t></si><si><t>ID</t></si><si>"#,
    r#"<t>Question</t></si><si><t>Answer</t></si><si><t>Comments</t></si><si><t>Evidence</t></si>"#,
    r#"<si><t>SEC-01</t></si><si><r><t xml:space="preserve">Do you sign a </t></r><r><rPr>"#,
    r#"<b/></rPr><t>business associate</t></r><r><t xml:space="preserve"> agreement?</t></r>"#,
    r#"<rPh sb="0" eb="1"><t>no</t></rPh></si>"#,
);

const STYLES: &str = concat!(
    r#"<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill>"#,
    r#"<patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>"#,
    r#"<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>"#,
    r#"<cellXfs count="3"><xf/><xf applyProtection="1"><protection locked="0"/></xf>"#,
    r#"<xf numFmtId="49" applyNumberFormat="1" applyProtection="1"><protection locked="0"/></xf></cellXfs>"#,
    r#"<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>"#,
);

fn sheet(inner: &str) -> String {
    let inner = inner
        .replace("xmlns:x14=\"X14\"", &format!("xmlns:x14=\"{X14}\""))
        .replace("xmlns:xm=\"XM\"", &format!("xmlns:xm=\"{XM}\""));
    format!("<worksheet xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\">{inner}</worksheet>")
}

const TYPES: [(&str, &str); 16] = [
    ("/xl/workbook.xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
    (
        "/xl/worksheets/sheet1.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml",
    ),
    (
        "/xl/worksheets/sheet2.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml",
    ),
    (
        "/xl/worksheets/sheet3.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml",
    ),
    (
        "/xl/worksheets/sheet4.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml",
    ),
    (
        "/xl/sharedStrings.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml",
    ),
    ("/xl/styles.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"),
    ("/xl/vbaProject.bin", "application/vnd.ms-office.vbaProject"),
    (
        "/xl/externalLinks/externalLink1.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml",
    ),
    ("/xl/tables/table1.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.table+xml"),
    ("/xl/comments1.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"),
    ("/xl/threadedComments/threadedComment1.xml", "application/vnd.ms-excel.threadedcomments+xml"),
    ("/xl/persons/person.xml", "application/vnd.ms-excel.person+xml"),
    ("/xl/calcChain.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"),
    ("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"),
    ("/customXml/item1.xml", "application/xml"),
];

/// A workbook with macros that holds all of it.
pub fn parts() -> PartList {
    let types: String = TYPES
        .iter()
        .map(|(name, kind)| format!("<Override PartName=\"{name}\" ContentType=\"{kind}\"/>"))
        .collect();
    let types = format!(
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default \
         Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/><Default Extension=\"vml\" \
         ContentType=\"application/vnd.openxmlformats-officedocument.vmlDrawing\"/>{types}</Types>"
    );
    let names = "<definedNames><definedName name=\"Vocabulary\">Lists!$B$1:$B$3</definedName></definedNames>";
    let tabs = [
        ("Security", 1, ""),
        ("Access", 2, ""),
        ("Lists", 3, " state=\"hidden\""),
        ("Questions", 4, " state=\"veryHidden\""),
    ];
    let tabs: String = tabs
        .iter()
        .map(|(name, id, state)| format!("<sheet name=\"{name}\" sheetId=\"{id}\"{state} r:id=\"rId{id}\"/>"))
        .collect();
    let book = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><workbookPr/><sheets>{tabs}</sheets>\
         <externalReferences><externalReference r:id=\"rId7\"/></externalReferences>{names}\
         <calcPr calcId=\"191029\"/></workbook>"
    );
    let book_links = links(&[
        ("rId1", "worksheet", "worksheets/sheet1.xml"),
        ("rId2", "worksheet", "/xl/worksheets/sheet2.xml"),
        ("rId3", "worksheet", "worksheets/sheet3.xml"),
        ("rId4", "worksheet", "worksheets/sheet4.xml"),
        ("rId5", "sharedStrings", "sharedStrings.xml"),
        ("rId6", "styles", "styles.xml"),
        ("rId7", "externalLink", "externalLinks/externalLink1.xml"),
        ("rId8", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin"),
        ("rId9", "http://schemas.microsoft.com/office/2017/10/relationships/person", "persons/person.xml"),
        ("rId10", "calcChain", "calcChain.xml"),
    ]);
    let access_links = links(&[
        ("rId1", "table", "../tables/table1.xml"),
        ("rId2", "comments", "../comments1.xml"),
        ("rId3", "vmlDrawing", "../drawings/vmlDrawing1.vml"),
        (
            "rId4",
            "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment",
            "../threadedComments/threadedComment1.xml",
        ),
    ]);
    let id = "{00000000-0000-4000-8000-000000000001}";
    let vml = "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:\
               office\" xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><v:shapetype id=\"_x0000_t202\" \
               coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\"/>\
               <v:shape id=\"_x0000_s1025\" type=\"#_x0000_t202\"><x:ClientData ObjectType=\"Note\">\
               <x:Row>3</x:Row><x:Column>2</x:Column></x:ClientData></v:shape></xml>";
    vec![
        part("[Content_Types].xml", types),
        part(
            "_rels/.rels",
            links(&[
                ("rId1", "officeDocument", "xl/workbook.xml"),
                (
                    "rId2",
                    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
                    "docProps/core.xml",
                ),
            ]),
        ),
        part("xl/workbook.xml", book),
        part("xl/_rels/workbook.xml.rels", book_links),
        part("xl/worksheets/sheet1.xml", sheet(SECURITY)),
        part("xl/worksheets/sheet2.xml", sheet(ACCESS)),
        part("xl/worksheets/_rels/sheet2.xml.rels", access_links),
        part("xl/worksheets/sheet3.xml", sheet(LISTS)),
        part("xl/worksheets/sheet4.xml", sheet(QUESTIONS)),
        part("xl/sharedStrings.xml", format!("<sst xmlns=\"{MAIN}\">{STRINGS}</sst>")),
        part("xl/styles.xml", format!("<styleSheet xmlns=\"{MAIN}\">{STYLES}</styleSheet>")),
        (
            "xl/vbaProject.bin".into(),
            (0..4096_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect(),
        ),
        part(
            "xl/externalLinks/externalLink1.xml",
            format!(
                "<externalLink xmlns=\"{MAIN}\"><externalBook xmlns:r=\"{OFFICE}\" r:id=\"rId1\"><sheetNames>\
                 <sheetName val=\"Rates\"/></sheetNames></externalBook></externalLink>"
            ),
        ),
        part(
            "xl/externalLinks/_rels/externalLink1.xml.rels",
            links(&[("rId1", "externalLinkPath", "file:///C:/example/rates.xlsx")]),
        ),
        part(
            "xl/tables/table1.xml",
            format!(
                "<table xmlns=\"{MAIN}\" id=\"1\" name=\"Table1\" displayName=\"Table1\" ref=\"A1:D4\">\
                 <autoFilter ref=\"A1:D4\"/><tableColumns count=\"4\"><tableColumn id=\"1\" name=\"Ref\"/>\
                 <tableColumn id=\"2\" name=\"Requirement\"/><tableColumn id=\"3\" name=\"Vendor response\"/>\
                 <tableColumn id=\"4\" name=\"Notes\"/></tableColumns></table>"
            ),
        ),
        part(
            "xl/comments1.xml",
            format!(
                "<comments xmlns=\"{MAIN}\"><authors><author>tc={id}</author></authors><commentList>\
                 <comment ref=\"C4\" authorId=\"0\"><text><t>[Threaded comment] Please say \
                 which.</t></text></comment></commentList></comments>"
            ),
        ),
        part(
            "xl/threadedComments/threadedComment1.xml",
            format!(
                "<ThreadedComments xmlns=\"{THREADED}\">\
                 <threadedComment ref=\"C4\" dT=\"2026-09-01T00:00:00.00\" personId=\"{id}\" id=\"{id}\">\
                 <text>Please say which.</text></threadedComment></ThreadedComments>"
            ),
        ),
        part(
            "xl/persons/person.xml",
            format!(
                "<personList xmlns=\"{THREADED}\"><person displayName=\"Casey Example\" id=\"{id}\" \
                 userId=\"casey\" providerId=\"None\"/></personList>"
            ),
        ),
        part("xl/drawings/vmlDrawing1.vml", vml),
        part(
            "xl/calcChain.xml",
            format!("<calcChain xmlns=\"{MAIN}\"><c r=\"B5\" i=\"1\"/><c r=\"C7\" i=\"1\"/></calcChain>"),
        ),
        part(
            "docProps/core.xml",
            "<cp:coreProperties \
             xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\"/>",
        ),
        part("customXml/item1.xml", "<a xmlns=\"urn:example\"/>"),
    ]
}

/// The archive; some parts are packed and some are not, so that packing them anew would show.
pub fn zipped(parts: &PartList) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (index, (name, bytes)) in parts.iter().enumerate() {
        let method = if index % 5 == 3 { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let day =
            DateTime::from_date_and_time(2026, 9, 1 + u8::try_from(index % 20).expect("small"), 12, 0, 2)
                .expect("a day");
        let level = (method == CompressionMethod::Deflated).then_some(1);
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .compression_level(level)
            .last_modified_time(day);
        zip.start_file(name.as_str(), options).expect("a part");
        zip.write_all(bytes).expect("memory takes all");
    }
    zip.finish().expect("memory takes all").into_inner()
}

/// What an archive holds of each part as it lies there: method, day, checksum, packed bytes.
pub fn packed(bytes: &[u8]) -> BTreeMap<String, (String, String, u32, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut all = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index_raw(index).expect("a part");
        let name = file.name().expect("a name").into_owned();
        let about =
            (format!("{:?}", file.compression()), format!("{:?}", file.last_modified()), file.crc32());
        let mut raw = Vec::new();
        file.read_to_end(&mut raw).expect("packed bytes");
        all.insert(name, (about.0, about.1, about.2, raw));
    }
    all
}

/// A part as text.
pub fn text(bytes: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut out = String::new();
    archive.by_name(name).expect("the part").read_to_string(&mut out).expect("text");
    out
}

/// The parts with one of them changed.
pub fn with(name: &str, change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut parts = parts();
    let (_, bytes) = parts.iter_mut().find(|(known, _)| known == name).expect("the part");
    *bytes = change(std::str::from_utf8(bytes).expect("text")).into_bytes();
    zipped(&parts)
}
