//! Evidence as the tables read it: snapshots with their items, and answers of AWS in JSON, XML and CSV.
#![no_main]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use affiant::catalog;
use affiant::evidence::config_files::{self, Found, ItemsFault};
use affiant::evidence::{api_answer, config_item, encodings};
use affiant::model::catalog::Catalog;
use libfuzzer_sys::fuzz_target;

/// One operation of each wire protocol: JSON, query, EC2, REST-JSON, REST-XML, and a table inside an answer.
const ASKED: [(&str, &str); 6] = [
    ("kms", "ListAliases"),
    ("rds", "DescribeDBInstances"),
    ("ec2", "DescribeVolumes"),
    ("efs", "DescribeFileSystems"),
    ("s3", "GetBucketEncryption"),
    ("iam", "GetCredentialReport"),
];

fn known() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| catalog::load(None).expect("the catalog inside"))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let (service, name) = ASKED[usize::from(*first) % ASKED.len()];
    let status = if first & 0x80 == 0 { "200" } else { "400" };
    let received = BTreeMap::from([("status".to_string(), status.to_string())]);
    for custody in [&received, &BTreeMap::new()] {
        let read = api_answer::read(rest, service, name, custody, first & 0x40 != 0, known());
        let operation = known().operations.get(&format!("{service}:{name}"));
        read.elements(operation).into_iter().for_each(|element| drop(encodings::element(element)));
    }
    let _ = config_files::walk(rest, |found: Found<'_>| {
        if let Found::Item(raw) = found
            && let Ok(read) = config_item::parse(raw, None)
        {
            let _ = (
                read.arn(),
                read.account(),
                read.region(),
                read.standing(),
                read.captured_at(),
                read.created_at(),
            );
        }
        Ok::<(), ItemsFault>(())
    });
});
