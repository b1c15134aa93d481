//! `affiant seal`: the key that seals, and what is done to a seal afterwards.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};

use super::verify::{pins, target};
use super::{Context, Exit, data, say, wrong};
use crate::diag::{Diagnostic, Problems, printable};
use crate::pipeline::timestamps::{self, Over};
use crate::pipeline::{Error, declaration, keys};
use crate::seal::Authorities;
use crate::seal::bag::renewal::ListHash;
use crate::seal::keys::key::NewKey;
use crate::store::atomic::{self, Access, Existing};
use crate::store::given;

/// The key that seals packages and runs; timestamps, renewal, and what expires when
#[derive(Debug, Subcommand)]
pub enum SealCommand {
    Key(KeyArgs),
    Status(StatusArgs),
    Request(RequestArgs),
    Apply(ApplyArgs),
    Renew(RenewArgs),
    Declaration(DeclarationArgs),
}

/// Make a workspace key (P-256, self-signed, mode 0600, ignored by git), or a key with a request for an
/// authority
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// Write a certificate signing request (PKCS#10, PEM) instead of a self-signed certificate
    #[arg(long, value_name = "FILE", requires = "subject")]
    csr: Option<PathBuf>,
    /// Whose key it is, such as "CN=Jordan Example,O=Example Clinic"
    #[arg(long, value_name = "NAME", requires = "csr")]
    subject: Option<String>,
    /// Ask for a certificate of this key of AWS KMS (id, ARN or alias/NAME), which signs the request, instead
    /// of making a key
    #[arg(long, value_name = "KEY", requires = "csr", conflicts_with_all = ["kind", "key"])]
    kms: Option<String>,
    /// Kind of key for the request
    #[arg(long, value_enum, default_value_t = KeyKindArg::P256, requires = "csr")]
    kind: KeyKindArg,
    /// Where the requested key goes [default: .affiant/seal/requested.pem]
    #[arg(long, value_name = "FILE", requires = "csr")]
    key: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum KeyKindArg {
    P256,
    P384,
    Rsa3072,
    Rsa4096,
}

/// Show which certificate seals and when it ends; with PATH, what a package's seal rests on and until when it
/// needs no care
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// A package (ZIP or folder) or a run
    path: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What the timestamp is to go over
#[derive(Debug, Args)]
pub struct OverArgs {
    /// A renewal: over the seal and every timestamp it has
    #[arg(long)]
    renew: bool,
    /// A renewal with SHA-512 over every file, for when SHA-256 ages
    #[arg(long, requires = "renew")]
    sha512: bool,
}

/// Write the question for a timestamp authority to a file, to be carried to a machine with network
#[derive(Debug, Args)]
pub struct RequestArgs {
    /// A package (ZIP or folder) or a run
    path: PathBuf,
    /// Where the request goes (RFC 3161, .tsq)
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    over: OverArgs,
}

/// Add the answer of a timestamp authority to a seal
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// A package (ZIP or folder) or a run
    path: PathBuf,
    /// The answer (RFC 3161, .tsr)
    answer: PathBuf,
    /// The request it answers: its nonce is compared
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Pinned timestamp authorities, PEM
    #[arg(long, value_name = "PEM")]
    tsa_trust: Option<PathBuf>,
    #[command(flatten)]
    over: OverArgs,
}

/// Put a new timestamp over a seal before its certificates end; data/ is not touched
#[derive(Debug, Args)]
pub struct RenewArgs {
    /// A package (ZIP or folder) or a run
    path: PathBuf,
    /// A timestamp authority's URL; may be repeated [default: those of affiant.yaml]
    #[arg(long, value_name = "URL")]
    authority: Vec<String>,
    /// Seconds to wait for each authority
    #[arg(long, value_name = "N", default_value_t = 10)]
    seconds: u64,
    /// Pinned timestamp authorities, PEM
    #[arg(long, value_name = "PEM")]
    tsa_trust: Option<PathBuf>,
    /// List every file again with SHA-512, for when SHA-256 ages
    #[arg(long)]
    sha512: bool,
}

/// Write the certification of a qualified person under FRE 902(13) and (14), filled in, to be read, completed
/// and signed
#[derive(Debug, Args)]
pub struct DeclarationArgs {
    /// A package (ZIP or folder)
    path: PathBuf,
    /// Where the text goes [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Pinned certificates, PEM: the sealer's own, or those of its issuer
    #[arg(long, value_name = "PEM")]
    trust: Option<PathBuf>,
    /// Pinned timestamp authorities, PEM
    #[arg(long, value_name = "PEM")]
    tsa_trust: Option<PathBuf>,
}

pub fn cmd_seal(command: SealCommand, context: &Context) -> Result<Exit, Error> {
    match command {
        SealCommand::Key(args) => key(&args, context),
        SealCommand::Status(args) => match &args.path {
            Some(path) => status(path, args.json),
            None => own(context),
        },
        SealCommand::Request(args) => request(&args),
        SealCommand::Apply(args) => apply(&args, context),
        SealCommand::Renew(args) => renew(&args, context),
        SealCommand::Declaration(args) => declare(&args, context),
    }
}

fn key(args: &KeyArgs, context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    if let (Some(csr), Some(subject), Some(kms)) = (&args.csr, &args.subject, &args.kms) {
        context.reaching(|reach| keys::request_for(kms, csr, subject, reach))?;
        data(&format!("request  {}\n", csr.display()));
        say("send the request to your authority; then name `kms` and `certificate` under `seal` in \
             affiant.yaml");
        return Ok(Exit::Done);
    }
    if let (Some(csr), Some(subject)) = (&args.csr, &args.subject) {
        let kind = match args.kind {
            KeyKindArg::P256 => NewKey::P256,
            KeyKindArg::P384 => NewKey::P384,
            KeyKindArg::Rsa3072 => NewKey::Rsa3072,
            KeyKindArg::Rsa4096 => NewKey::Rsa4096,
        };
        let place = args.key.clone().unwrap_or_else(|| workspace.private().join("seal/requested.pem"));
        keys::request(&workspace, &place, csr, subject, kind)?;
        data(&format!("request  {}\nkey      {}\n", csr.display(), place.display()));
        say("send the request to your authority; then name key and certificate under `seal` in affiant.yaml");
        return Ok(Exit::Done);
    }
    let (key, _) = keys::paths(&workspace);
    if key.exists() {
        return Err(wrong(
            format!("there is a key in `{}` already", key.display()),
            "a key is never replaced; move it away first",
        ));
    }
    keys::make(&workspace, context.clock.now())?;
    own(context)
}

fn own(context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    let sealer = context.sealer(&workspace)?;
    let certificate = sealer.certificate();
    let (_, own) = keys::paths(&workspace);
    data(&printable(&format!(
        "certificate  {}\nfingerprint  sha256 {}\nvalid until  {}\n{}\n",
        certificate.subject(),
        certificate.fingerprint(),
        certificate.not_after().format("%Y-%m-%d"),
        sealer.info().words
    )));
    if certificate.is_workspace_key() {
        data(&format!("give others    {}\n", own.display()));
    }
    Ok(Exit::Done)
}

fn status(path: &Path, json: bool) -> Result<Exit, Error> {
    target(path, false)?;
    let status = timestamps::status(path)?;
    if json {
        data(&format!("{}\n", serde_json::to_string_pretty(&status).expect("a status serialises")));
        return Ok(Exit::Done);
    }
    let mut out = String::new();
    for part in &status.parts {
        let at = part.at.map_or_else(String::new, |at| format!(", {}", at.format("%Y-%m-%dT%H:%M:%SZ")));
        out.push_str(&format!(
            "{:<13} until {}  {}{at}\n",
            part.what,
            part.ends.format("%Y-%m-%d"),
            part.who
        ));
    }
    out.push_str(&format!(
        "no care until {}: then {}\n",
        status.care.until.format("%Y-%m-%d"),
        status.care.words
    ));
    if let Some(until) = &status.retain_until {
        out.push_str(&format!(
            "keep at least until {until}; longer for what is still in effect, six years from the last day in \
             effect (164.316(b)(2)(i))\n"
        ));
    }
    data(&printable(&out));
    Ok(Exit::Done)
}

fn request(args: &RequestArgs) -> Result<Exit, Error> {
    target(&args.path, false)?;
    let question = timestamps::request(&args.path, args.over.over())?;
    atomic::write(&args.output, question.der(), Access::Shared, Existing::Refuse)
        .map_err(Error::io("write", &args.output))?;
    data(&format!("{}\n", args.output.display()));
    say("send it with: curl -H 'Content-Type: application/timestamp-query' --data-binary \
         @FILE URL > ANSWER.tsr");
    Ok(Exit::Done)
}

fn apply(args: &ApplyArgs, context: &Context) -> Result<Exit, Error> {
    target(&args.path, false)?;
    let read = |path: &Path| given::read(path).map_err(Error::io("read", path));
    let question = args.request.as_deref().map(read).transpose()?;
    let trust = pins(None, args.tsa_trust.as_deref(), &[], context)?.authorities;
    let answer = read(&args.answer)?;
    let named = |problem: Diagnostic| match problem.file {
        None => problem.file(args.answer.display().to_string()),
        Some(_) => problem,
    };
    let in_file = |error| match error {
        Error::Problems(Problems(found)) => Error::Problems(Problems(found.into_iter().map(named).collect())),
        other => other,
    };
    let over = args.over.over();
    let token =
        timestamps::apply(&args.path, over, &answer, question.as_deref(), &trust, context.clock.now())
            .map_err(in_file)?;
    data(&printable(&format!("{}\n", token.words())));
    Ok(Exit::Done)
}

fn renew(args: &RenewArgs, context: &Context) -> Result<Exit, Error> {
    target(&args.path, false)?;
    let authorities = match args.authority.is_empty() {
        true => keys::authorities(&context.workspace()?)?,
        false => {
            let trust = pins(None, args.tsa_trust.as_deref(), &[], context)?.authorities;
            Authorities::new(args.authority.clone(), Duration::from_secs(args.seconds.clamp(1, 120)), trust)
        }
    };
    if authorities.is_empty() {
        let problem = Diagnostic::new("AFS-006", "no timestamp authority is named");
        let hint = "name one with `--authority`, or under `seal.timestamp.authorities` in affiant.yaml; \
                    without a network, use `affiant seal request` and `affiant seal apply`";
        return Err(problem.hint(hint).into());
    }
    let token =
        timestamps::renew(&args.path, OverArgs { renew: true, sha512: args.sha512 }.over(), &authorities)?;
    data(&printable(&format!("{}\n", token.words())));
    status(&args.path, false)
}

fn declare(args: &DeclarationArgs, context: &Context) -> Result<Exit, Error> {
    target(&args.path, false)?;
    let pins = pins(args.trust.as_deref(), args.tsa_trust.as_deref(), &[], context)?;
    let Some(text) = declaration::text(&args.path, &pins, context.clock.now())? else {
        say("the package does not verify, so nothing can be declared of it; see `affiant verify`");
        return Ok(Exit::Refused);
    };
    match &args.output {
        Some(path) => atomic::write(path, text.as_bytes(), Access::Shared, Existing::Refuse)
            .map_err(Error::io("write", path))?,
        None => data(&text),
    }
    Ok(Exit::Done)
}

impl OverArgs {
    fn over(&self) -> Over {
        match (self.renew, self.sha512) {
            (false, _) => Over::Seal,
            (true, false) => Over::Renewal(ListHash::Sha256),
            (true, true) => Over::Renewal(ListHash::Sha512),
        }
    }
}
