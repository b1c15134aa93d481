//! What each condition key says: of the caller, of the network, of the source that a service acts for.

/// What a key says, whoever calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMeaning {
    Organization,
    OrganizationPath,
    Account,
    PrincipalArn,
    /// Set when a service acts for a resource or an account: the confused-deputy keys.
    SourceAccount,
    SourceArn,
    SourceOrganization,
    SourceOrganizationPath,
    Network,
    Endpoint,
    /// The unique id of a principal, with the name of its session.
    UserId,
    AccessPointAccount,
    AccessPointArn,
    IsService,
    ServiceName,
    Mfa,
    Time,
    /// A secret that the caller must know.
    Token,
    /// Of the request or of the caller's own making.
    Free,
    /// A global key that we do not know.
    Other,
}

pub fn kind_of(key: &str) -> KeyMeaning {
    match key {
        "aws:principalorgid" => KeyMeaning::Organization,
        "aws:principalorgpaths" => KeyMeaning::OrganizationPath,
        "aws:principalaccount" | "kms:calleraccount" | "aws:sourceowner" => KeyMeaning::Account,
        "aws:principalarn" => KeyMeaning::PrincipalArn,
        "aws:sourceaccount" => KeyMeaning::SourceAccount,
        "aws:sourcearn" => KeyMeaning::SourceArn,
        "aws:sourceorgid" => KeyMeaning::SourceOrganization,
        "aws:sourceorgpaths" => KeyMeaning::SourceOrganizationPath,
        "aws:sourceip" => KeyMeaning::Network,
        "aws:sourcevpc" | "aws:sourcevpce" | "aws:sourcevpcarn" => KeyMeaning::Endpoint,
        "aws:vpceaccount" => KeyMeaning::Account,
        "aws:vpceorgid" => KeyMeaning::Organization,
        "aws:vpceorgpaths" => KeyMeaning::OrganizationPath,
        "aws:userid" => KeyMeaning::UserId,
        "s3:dataaccesspointaccount" => KeyMeaning::AccessPointAccount,
        "s3:dataaccesspointarn" => KeyMeaning::AccessPointArn,
        "aws:principalisawsservice" => KeyMeaning::IsService,
        "aws:principalservicename" | "aws:principalservicenameslist" => KeyMeaning::ServiceName,
        "aws:multifactorauthpresent" | "aws:multifactorauthage" => KeyMeaning::Mfa,
        "aws:currenttime" | "aws:epochtime" => KeyMeaning::Time,
        "lambda:eventsourcetoken" => KeyMeaning::Token,
        "aws:securetransport"
        | "aws:referer"
        | "aws:useragent"
        | "aws:username"
        | "aws:principaltype"
        | "aws:vpcsourceip"
        | "aws:requestedregion"
        | "aws:calledvia"
        | "aws:calledviafirst"
        | "aws:calledvialast"
        | "aws:viaawsservice"
        | "aws:tagkeys"
        | "aws:federatedprovider"
        | "aws:tokenissuetime"
        | "aws:sourceidentity" => KeyMeaning::Free,
        _ if key.starts_with("aws:principaltag/") || key.starts_with("aws:requesttag/") => KeyMeaning::Free,
        _ if key.starts_with("aws:") => KeyMeaning::Other,
        _ => KeyMeaning::Free,
    }
}
