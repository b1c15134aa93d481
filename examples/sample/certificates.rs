//! AWS Certificate Manager: who vouches for the twin's names, and one certificate that nobody renews.

use serde_json::json;

use crate::item::{Item, lower_tags, tags};
use crate::moment::{Moment, SNAPSHOT};
use crate::region::Region;
use crate::story::Story;

/// Certificates end with the day: from the snapshot at 11:40:00 to 23:59:59.
const TO_MIDNIGHT: i64 = (12 * 3600 + 19 * 60 + 59) * 1000;

pub fn build(region: &mut Region, story: &mut Story) {
    let days = region.rng.between(120, 330);
    let portal = certificate(region, "portal.twin.example.org", days, false);
    let days = region.rng.between(90, 300);
    let inside = certificate(region, "internal.twin.example.net", days, false);
    region.certificates.insert("portal", portal);
    region.certificates.insert("internal", inside);
    if region.primary {
        let days = region.rng.between(150, 330);
        let edge = certificate(region, "www.twin.example.org", days, false);
        region.certificates.insert("edge", edge);
        let left = region.rng.between(4, 21);
        let old = certificate(region, "sftp.county-intake.example.org", left, true);
        story.fault(
            "acm.certificate-not-expiring",
            old,
            format!("the imported certificate of sftp.county-intake.example.org ends in {left} days"),
        );
    }
}

/// `left` days of validity; an imported one is not renewed by AWS.
fn certificate(region: &mut Region, domain: &str, left: i64, imported: bool) -> String {
    let id = region.rng.uuid();
    let arn = region.arn("acm", &format!("certificate/{id}"));
    let tags = tags(domain, "internal", "prod", "platform");
    let end = Moment(SNAPSHOT.plus_days(left).0 + TO_MIDNIGHT);
    let start = end.minus_days(395);
    let mut configuration = json!({
        "certificateArn": arn, "domainName": domain, "subjectAlternativeNames": [domain],
        "subject": format!("CN={domain}"),
        "issuer": if imported { "Example Public CA" } else { "Amazon" }, "createdAt": start.iso(),
        "status": "ISSUED", "notBefore": start.iso(), "notAfter": end.iso(), "keyAlgorithm": "RSA-2048",
        "signatureAlgorithm": "SHA256WITHRSA",
        "serial": region.rng.hex(32), "type": if imported { "IMPORTED" } else { "AMAZON_ISSUED" },
        "inUseBy": [region.arn("elasticloadbalancing", "loadbalancer/app/twin")],
        "keyUsages": [{"name": "DIGITAL_SIGNATURE"}, {"name": "KEY_ENCIPHERMENT"}],
        "extendedKeyUsages": [{"name": "TLS_WEB_SERVER_AUTHENTICATION", "oID": "1.3.6.1.5.5.7.3.1"}],
        "renewalEligibility": if imported { "INELIGIBLE" } else { "ELIGIBLE" },
        "options": {"certificateTransparencyLoggingPreference": "ENABLED"}
    });
    if imported {
        configuration["importedAt"] = json!(start.iso());
    } else {
        configuration["issuedAt"] = json!(start.iso());
        configuration["domainValidationOptions"] = json!([{
            "domainName": domain, "validationDomain": domain, "validationStatus": "SUCCESS",
            "validationMethod": "DNS"
        }]);
    }
    let extra = json!({"Tags": lower_tags(&tags)});
    let item = Item::new("AWS::ACM::Certificate", &arn, &arn, configuration)
        .named(domain)
        .created(start)
        .tagged(&tags);
    region.push(item.supplementary(extra));
    arn
}
