"""What the second population holds: another organization in two regions, planted through AWS's API. Each thing has a name under which
second_population.yaml says what must become of it."""

import http.client
import io
import json
import zipfile
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

MAIN = "444455556666"
"""The account with the faults, a member of the organization."""

ORG = "777788889999"
"""The organization's management account, which also owns the organization's trail."""

STRANGER = "999900001111"
RECORDED, BARE, AWAY = "us-west-2", "us-east-2", "us-east-1"
"""The region with a recorder, the one without, and the one out of scope, where what belongs to no region is at home."""

ORGANIZATION = "o-second0000"
"""The organization's id, as second_front.py says it."""

EXCLUDED = [
    "AWS::EC2::Volume",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::FlowLog",
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Instance",
    "AWS::RDS::DBSnapshot",
    "AWS::Backup::BackupSelection",
    "AWS::CloudWatch::Alarm",
    "AWS::ECR::Repository",
    "AWS::ECS::TaskDefinition",
    "AWS::ECS::Service",
    "AWS::Lambda::Function",
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::DynamoDB::Table",
    "AWS::EFS::FileSystem",
    "AWS::SecretsManager::Secret",
]
"""The 18 types that the recorder leaves out."""

CONFIG = Config(retries={"max_attempts": 1}, max_pool_connections=4, s3={"addressing_style": "path"}, inject_host_prefix=False)
SHUT = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
LB_TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str] = "*", **more: object) -> dict:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return 200\n")
    return packed.getvalue()


def tags(name: str) -> list[dict[str, str]]:
    return [{"Key": "Name", "Value": name}]


@dataclass
class Account:
    """Clients of one account, and what was made in it: name to a part of its ARN that no other has."""

    number: str
    session: boto3.Session
    endpoint: str
    made: dict[str, str] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    """Bucket to region."""
    arns: dict[str, str] = field(default_factory=dict)
    """Whole ARNs of what second_front.py must name."""
    clients: dict[tuple[str, str], object] = field(default_factory=dict)

    def ask(self, service: str, region: str = RECORDED):  # noqa: ANN201 - a client of boto3 has no type
        key = service, region
        if key not in self.clients:
            self.clients[key] = self.session.client(service, endpoint_url=self.endpoint, region_name=region, config=CONFIG)
        return self.clients[key]


def account(number: str, endpoint: str) -> Account:
    """Any account of the laboratory takes on any role."""
    own = boto3.Session("testing", "testing", region_name=RECORDED)
    sts = own.client("sts", endpoint_url=endpoint, config=CONFIG)
    key = sts.assume_role(RoleArn=f"arn:aws:iam::{number}:role/AffiantReadOnly", RoleSessionName="second")["Credentials"]
    return Account(number, boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"], region_name=RECORDED), endpoint)


# Storage


def block_account(to: Account, given: dict[str, bool]) -> None:
    """The account's public access block. Its host's name has the account's number, which this machine may not resolve."""
    held, at = to.session.get_credentials().get_frozen_credentials(), urlsplit(to.endpoint)
    body = "".join(f"<{name}>{str(on).lower()}</{name}>" for name, on in given.items())
    text = (
        f'<PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">{body}</PublicAccessBlockConfiguration>'
    )
    scope = f"AWS4-HMAC-SHA256 Credential={held.access_key}/20260101/{RECORDED}/s3/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Host": f"{to.number}.s3-control.{RECORDED}.amazonaws.com", "x-amz-account-id": to.number, "Authorization": scope}
    asked = http.client.HTTPConnection(str(at.hostname), at.port, timeout=30)
    asked.request("PUT", "/v20180820/configuration/publicAccessBlock", body=text, headers=headers)
    status = asked.getresponse().status
    asked.close()
    if status >= 300:
        raise RuntimeError(f"the account's public access block: {status}")


def key(to: Account, region: str, name: str, rotate: bool = True, policy: str | None = None) -> str:
    kms = to.ask("kms", region)
    more = {"Policy": policy} if policy else {}
    made = kms.create_key(Description=name, **more)["KeyMetadata"]
    if rotate:
        kms.enable_key_rotation(KeyId=made["KeyId"])
    to.made[name] = f"key/{made['KeyId']}"
    return made["Arn"]


def bucket(to: Account, region: str, name: str, *statements: dict, kms: str | None, log: str | None, **less: object) -> str:
    """A bucket with everything, less what `less` says is False."""
    s3, full = to.ask("s3", region), f"{name}-{to.number}"
    given = {} if region == AWAY else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=full, ObjectLockEnabledForBucket=bool(less.get("lock")), **given)
    if kms:
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms}, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(Bucket=full, ServerSideEncryptionConfiguration={"Rules": [rule]})
    else:
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(Bucket=full, ServerSideEncryptionConfiguration={"Rules": [rule]})
    if less.get("versions", True):
        s3.put_bucket_versioning(Bucket=full, VersioningConfiguration={"Status": "Enabled"})
    if less.get("shut", True):
        s3.put_public_access_block(Bucket=full, PublicAccessBlockConfiguration=SHUT)
    if log:
        s3.put_bucket_logging(Bucket=full, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": log, "TargetPrefix": f"{name}/"}})
    if less.get("lock"):
        retention = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 2600}}
        s3.put_object_lock_configuration(Bucket=full, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention})
    if less.get("days"):
        kept = {
            "ID": "short",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": less["days"]},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        }
        s3.put_bucket_lifecycle_configuration(Bucket=full, LifecycleConfiguration={"Rules": [kept]})
    # the laboratory checks the log target's policy: one resource, and no bare star
    below = f"arn:aws:s3:::{full}/*"
    own = [{**s, "Resource": below if less.get("target") else [f"arn:aws:s3:::{full}", below]} for s in statements]
    if less.get("tls", True):
        who = {"AWS": "*"} if less.get("target") else "*"
        own.append(
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": who,
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{full}", f"arn:aws:s3:::{full}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        )
    if own:
        s3.put_bucket_policy(Bucket=full, Policy=document(*own))
    to.made[name] = f":::{full}"
    to.homes[full] = region
    return full


OUR_ORG = {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}


def buckets(to: Account, keys: dict[str, str]) -> None:
    def store(region: str, name: str, *statements: dict, **less: object) -> str:
        log = less.pop("log", f"access-logs-{region}-{to.number}")
        return bucket(to, region, name, *statements, kms=less.pop("kms", keys[region]), log=log, **less)  # type: ignore[arg-type]

    for region in (RECORDED, BARE):
        writer = {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Condition": {"StringEquals": {"aws:SourceAccount": to.number}},
        }
        bucket(to, region, f"access-logs-{region}", writer, kms=None, log=None, target=True)
    read = {"Effect": "Allow", "Action": "s3:GetObject"}
    store(RECORDED, "imaging-plain", kms=None)
    store(BARE, "claims-unversioned", versions=False)
    store(RECORDED, "referrals-open", {**read, "Principal": "*"}, shut=False)
    store(BARE, "export-http", tls=False)
    store(BARE, "export-silent", log=None)
    store(RECORDED, "imaging-partner", {**read, "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"}})
    store(
        RECORDED, "foreign-organization", {**read, "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-otherorg00"}}}
    )
    store(BARE, "labs-purged", days=30)
    store(RECORDED, "labs-purged-after-backup", days=30)
    store(
        BARE,
        "denied-to-nobody",
        {**read, "Principal": {"AWS": "*"}, "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}},
        shut=False,
    )
    # healthy, whatever the names say
    store(RECORDED, "public-website-assets", {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"})
    store(RECORDED, "shared-with-organization", {**read, "Principal": "*", "Condition": OUR_ORG}, shut=False)
    store(BARE, "shared-with-own-account", {**read, "Principal": {"AWS": f"arn:aws:iam::{ORG}:root"}})
    store(BARE, "locked-ledger", lock=True)
    outside = {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
    store(RECORDED, "denied-outside", {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": outside})
    served = {"StringEquals": {"AWS:SourceArn": f"arn:aws:cloudfront::{to.number}:distribution/EDFDVBD6EXAMPLE"}}
    store(RECORDED, "portal-origin", {**read, "Principal": {"Service": "cloudfront.amazonaws.com"}, "Condition": served})
    block_account(to, {**SHUT, "BlockPublicPolicy": False, "RestrictPublicBuckets": False})
    to.made["account"] = f"iam::{to.number}:root"


def data_stores(to: Account, keys: dict[str, str]) -> None:
    dynamo_key = [{"AttributeName": "id", "KeyType": "HASH"}]
    for region, name, good in (
        (RECORDED, "visits", True),
        (BARE, "visits-east", True),
        (RECORDED, "triage", False),
        (BARE, "triage-east", False),
    ):
        dynamo = to.ask("dynamodb", region)
        more = (
            {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": keys[region]}, "DeletionProtectionEnabled": True}
            if good
            else {}
        )
        dynamo.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=dynamo_key,
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
        if good:
            dynamo.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
        to.made[name] = f"table/{name}"
    for region, name, good in ((RECORDED, "dicom", True), (BARE, "scans-plain", False)):
        more = {"Encrypted": True, "KmsKeyId": keys[region]} if good else {"Encrypted": False}
        made = to.ask("efs", region).create_file_system(CreationToken=name, Tags=tags(name), **more)
        to.made[name] = f"file-system/{made['FileSystemId']}"
    for region, name, good in ((RECORDED, "gateway/token", True), (BARE, "fax/password", False)):
        secrets = to.ask("secretsmanager", region)
        more = {"KmsKeyId": keys[region]} if good else {}
        arn = secrets.create_secret(Name=name, SecretString="x", **more)["ARN"]
        if good:
            function = f"arn:aws:lambda:{region}:{to.number}:function:{to.made['rotator'].rpartition(':')[2]}"
            secrets.rotate_secret(
                SecretId=arn, RotationLambdaARN=function, RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=False
            )
        to.made[name] = arn
    for region, name, kind in ((RECORDED, "vitals", "KMS"), (BARE, "vitals-plain", "")):
        kinesis = to.ask("kinesis", region)
        kinesis.create_stream(StreamName=name, ShardCount=1)
        if kind:
            kinesis.start_stream_encryption(StreamName=name, EncryptionType=kind, KeyId=keys[region])
        to.made[name] = f"stream/{name}"


def databases(to: Account, keys: dict[str, str], networks: dict[str, dict[str, str]]) -> None:
    base = {
        "DBInstanceClass": "db.r6g.large",
        "Engine": "postgres",
        "EngineVersion": "15.5",
        "MasterUsername": "dba",
        "AllocatedStorage": 100,
        "MasterUserPassword": "laboratory-only-9",
        "AutoMinorVersionUpgrade": True,
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
    }
    good = {
        "StorageEncrypted": True,
        "MultiAZ": True,
        "BackupRetentionPeriod": 35,
        "DeletionProtection": True,
        "PubliclyAccessible": False,
        "EnableCloudwatchLogsExports": ["postgresql"],
        "EnableIAMDatabaseAuthentication": True,
    }
    bad = {"StorageEncrypted": False, "MultiAZ": False, "BackupRetentionPeriod": 0, "DeletionProtection": False, "PubliclyAccessible": True}
    settings = {
        "shared_preload_libraries": "pgaudit",
        "pgaudit.log": "all",
        "pgaudit.log_parameter": "0",
        "rds.force_ssl": "1",
        "log_connections": "1",
        "log_disconnections": "1",
    }
    for region in (RECORDED, BARE):
        rds = to.ask("rds", region)
        rds.create_db_subnet_group(
            DBSubnetGroupName="data", DBSubnetGroupDescription="data", SubnetIds=[networks[region]["inner"], networks[region]["inner-b"]]
        )
        for group, force in (("strict", "1"), ("lax", "0")):
            rds.create_db_parameter_group(DBParameterGroupName=group, DBParameterGroupFamily="postgres15", Description=group)
            rows = [
                {"ParameterName": n, "ParameterValue": force if n == "rds.force_ssl" else v, "ApplyMethod": "immediate"}
                for n, v in settings.items()
            ]
            rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=rows)

    def make(region: str, name: str, group: str = "strict", **more: object) -> None:
        given = {
            **base,
            **good,
            "KmsKeyId": keys[region],
            "DBSubnetGroupName": "data",
            "DBParameterGroupName": group,
            "VpcSecurityGroupIds": [networks[region]["database-group"]],
            **more,
        }
        to.ask("rds", region).create_db_instance(DBInstanceIdentifier=name, **{k: v for k, v in given.items() if v is not None})
        to.made[name] = f"db:{name}"

    make(RECORDED, "charts")
    make(RECORDED, "billing-lax", "lax")
    make(BARE, "charts-east")
    make(BARE, "legacy-open", KmsKeyId=None, EnableCloudwatchLogsExports=None, EnableIAMDatabaseAuthentication=False, **bad)
    to.ask("rds").create_db_instance_read_replica(DBInstanceIdentifier="charts-replica", SourceDBInstanceIdentifier="charts")
    to.made["charts-replica"] = "db:charts-replica"
    for name, region, source, who in (("charts-given-away", RECORDED, "charts", STRANGER), ("charts-for-archive", RECORDED, "charts", ORG)):
        rds = to.ask("rds", region)
        rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=source)
        rds.modify_db_snapshot_attribute(DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=[who])
        to.made[name] = f"snapshot:{name}"
