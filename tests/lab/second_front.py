"""A front before the laboratory for the second population: what moto lacks and an AWS would answer (selections of a backup plan, recovery
points, the organization as its members see it, a trail of another account), and a book of what was asked and what was refused."""

import json
import re
import time
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from front import Front, Heard, Said
from second_planted import BARE, MAIN, ORG, ORGANIZATION, RECORDED, Account
from wire import Registry

ORG_TRAIL = f"arn:aws:cloudtrail:us-east-1:{ORG}:trail/organization"

Key = tuple[str, str, str]
"""Account, region and operation."""


@dataclass
class Second:
    """Answers between the program and the laboratory. `main` says what the population's things are called."""

    front: Front
    main: Account
    registry: Registry = field(default_factory=Registry)
    shut: set[str] = field(default_factory=set)
    """Regions in which everything is denied."""
    asked: dict[Key, int] = field(default_factory=dict)
    """How often, and in `refused` how often without success."""
    refused: dict[Key, int] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)

    def account(self, key: str) -> str:
        if key not in self.numbers:
            said = self.front.lab("sts", "", b"Action=GetCallerIdentity&Version=2011-06-15", key)
            self.numbers[key] = said.partition("<Account>")[2].partition("<")[0]
        return self.numbers[key]

    def between(self, heard: Heard) -> Said:
        """An answer of ours, or the laboratory's; noted either way."""
        account = self.account(heard.key)
        headers = {name.lower(): value for name, value in heard.headers.items()}
        name = self.registry.operation(heard.method, heard.path, headers, heard.body)
        note = account, heard.region, name
        self.asked[note] = self.asked.get(note, 0) + 1
        said = denied(name) if heard.region in self.shut and not name.startswith("sts:") else self.own(name, account, heard)
        if said is None:
            passed = {k: v for k, v in heard.headers.items() if k.lower() != "connection"}
            said = self.front.relay(heard.method, heard.path, passed, heard.body)
            said = self.trails(account, heard, said) if name == "cloudtrail:DescribeTrails" else said
            said = self.regions(said) if name == "s3:ListBuckets" and said.status == 200 else said
        if said.status >= 400:
            self.refused[note] = self.refused.get(note, 0) + 1
        return said

    def own(self, name: str, account: str, heard: Heard) -> Said | None:
        given = (
            getattr(self, name.partition(":")[2], None)
            if name.partition(":")[0] in ("backup", "healthlake", "organizations", "cloudtrail", "ssm", "wafv2")
            else None
        )
        found = given(account, heard) if given else None
        return None if found is None else Said(200, json.dumps(found).encode(), {"content-type": "application/x-amz-json-1.1"})

    def trails(self, account: str, heard: Heard, said: Said) -> Said:
        """The organization's trail shows in its member, in every region that asks for shadow trails."""
        if account != MAIN or said.status != 200 or json.loads(heard.body or b"{}").get("includeShadowTrails") is False:
            return said
        trail = {
            "Name": "organization",
            "S3BucketName": f"organization-trail-{ORG}",
            "IncludeGlobalServiceEvents": True,
            "IsMultiRegionTrail": True,
            "HomeRegion": "us-east-1",
            "TrailARN": ORG_TRAIL,
            "LogFileValidationEnabled": True,
            "HasCustomEventSelectors": True,
            "IsOrganizationTrail": True,
            "KmsKeyId": f"arn:aws:kms:us-east-1:{ORG}:key/00000000-0000-4000-8000-000000000000",
        }
        found = json.loads(said.body)
        return Said(
            200, json.dumps({**found, "trailList": [*found["trailList"], trail]}).encode(), {"content-type": "application/x-amz-json-1.1"}
        )

    def regions(self, said: Said) -> Said:
        """S3 names each bucket's region; moto leaves it out."""

        def named(found: re.Match[bytes]) -> bytes:
            home = self.main.homes.get(found[1].decode())
            return found[0] + (f"<BucketRegion>{home}</BucketRegion>".encode() if home else b"")

        return Said(200, re.sub(rb"<Name>([^<]+)</Name>", named, said.body), said.headers)

    # What the laboratory does not know

    def LookupEvents(self, account: str, heard: Heard) -> dict | None:
        """Nobody stopped anything, and of the services without resources none was used."""
        return {"Events": []}

    def ListFHIRDatastores(self, account: str, heard: Heard) -> dict | None:
        return {"DatastorePropertiesList": []}

    def DescribeInstanceInformation(self, account: str, heard: Heard) -> dict | None:
        """The workers have an agent, the jump host has none."""
        workers = {RECORDED: "worker", BARE: "worker-east"}
        found = [self.main.made[name].rpartition("/")[2] for region, name in workers.items() if account == MAIN and heard.region == region]
        return {"InstanceInformationList": [{"InstanceId": id, "PingStatus": "Online", "ResourceType": "EC2Instance"} for id in found]}

    def ListLoggingConfigurations(self, account: str, heard: Heard) -> dict | None:
        """Moto finds none of a web ACL of CloudFront."""
        if account != MAIN or json.loads(heard.body).get("Scope") != "CLOUDFRONT":
            return None
        row = {
            "ResourceArn": self.main.arns["edge-limited"],
            "LogDestinationConfigs": [f"arn:aws:logs:us-east-1:{MAIN}:log-group:aws-waf-logs-edge"],
            "ManagedByFirewallManager": False,
        }
        return {"LoggingConfigurations": [row]}

    def GetTrailStatus(self, account: str, heard: Heard) -> dict | None:
        if json.loads(heard.body)["Name"] != ORG_TRAIL:
            return None
        return {"IsLogging": True, "LatestDeliveryTime": time.time() - 600, "StartLoggingTime": time.time() - 9e6}

    def GetEventSelectors(self, account: str, heard: Heard) -> dict | None:
        if json.loads(heard.body)["TrailName"] != ORG_TRAIL:
            return None
        return {
            "TrailARN": ORG_TRAIL,
            "EventSelectors": [
                {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}
            ],
        }

    def DescribeOrganization(self, account: str, _: Heard) -> dict | None:
        if account not in (MAIN, ORG):
            return None
        arn = f"arn:aws:organizations::{ORG}:organization/{ORGANIZATION}"
        return {
            "Organization": {
                "Id": ORGANIZATION,
                "Arn": arn,
                "FeatureSet": "ALL",
                "MasterAccountId": ORG,
                "MasterAccountEmail": "root@example.com",
                "MasterAccountArn": f"arn:aws:organizations::{ORG}:account/{ORGANIZATION}/{ORG}",
            }
        }

    def ListAccounts(self, account: str, _: Heard) -> dict | None:
        if account != ORG:
            return None
        rows = [
            {
                "Id": n,
                "Arn": f"arn:aws:organizations::{ORG}:account/{ORGANIZATION}/{n}",
                "Email": f"{n}@example.com",
                "Name": n,
                "Status": "ACTIVE",
                "State": "ACTIVE",
                "JoinedMethod": "CREATED",
                "JoinedTimestamp": 1700000000,
            }
            for n in (MAIN, ORG)
        ]
        return {"Accounts": rows}

    def DescribeRegionSettings(self, *_: object) -> dict:
        kinds = ("Aurora", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "RDS", "Redshift", "S3")
        return {
            "ResourceTypeOptInPreference": dict.fromkeys(kinds, True),
            "ResourceTypeManagementPreference": {"DynamoDB": True, "EFS": True},
        }

    @property
    def taken(self) -> list[str]:
        """What the plan takes: some of the stores of its region, and every bucket."""
        at = f"{RECORDED}:{MAIN}"
        return [
            f"arn:aws:rds:{at}:db:charts",
            f"arn:aws:dynamodb:{at}:table/visits",
            f"arn:aws:elasticfilesystem:{at}:{self.main.made['dicom']}",
            f"arn:aws:redshift:{at}:cluster:analytics",
            "arn:aws:s3:::*",
            f"arn:aws:ec2:{at}:{self.main.made['disk']}",
        ]

    def ListBackupSelections(self, account: str, heard: Heard) -> dict:
        plan = unquote(urlsplit(heard.path).path).split("/")[3]
        if account != MAIN or f"backup-plan:{plan}" != self.main.made["clinical-plan"]:
            return {"BackupSelectionsList": []}
        row = {
            "SelectionId": "chosen",
            "SelectionName": "chosen",
            "BackupPlanId": plan,
            "CreationDate": 1780000000,
            "IamRoleArn": f"arn:aws:iam::{MAIN}:role/backup",
        }
        return {"BackupSelectionsList": [row]}

    def GetBackupSelection(self, _: str, heard: Heard) -> dict:
        plan = unquote(urlsplit(heard.path).path).split("/")[3]
        chosen = {
            "SelectionName": "chosen",
            "IamRoleArn": f"arn:aws:iam::{MAIN}:role/backup",
            "Resources": self.taken,
            "NotResources": [],
            "ListOfTags": [],
            "Conditions": {},
        }
        return {"BackupSelection": chosen, "SelectionId": "chosen", "BackupPlanId": plan, "CreationDate": 1780000000}

    def ListRecoveryPointsByBackupVault(self, account: str, heard: Heard) -> dict:
        vault = unquote(urlsplit(heard.path).path).split("/")[2]
        if account != MAIN or vault != "clinical-vault":
            return {"RecoveryPoints": []}
        made = time.time() - 40_000
        rows = [
            {
                "RecoveryPointArn": f"arn:aws:backup:{RECORDED}:{MAIN}:recovery-point:{number}",
                "BackupVaultName": vault,
                "ResourceArn": arn,
                "Status": "COMPLETED",
                "BackupVaultArn": f"arn:aws:backup:{RECORDED}:{MAIN}:backup-vault:{vault}",
                "CreationDate": made,
                "CompletionDate": made + 60,
                "IsEncrypted": True,
                "EncryptionKeyArn": f"arn:aws:kms:{RECORDED}:{MAIN}:{self.main.made[f'store-{RECORDED}']}",
                "Lifecycle": {"DeleteAfterDays": 3650},
                "BackupSizeInBytes": 1,
            }
            for number, arn in enumerate(self.taken)
            if "*" not in arn
        ]
        return {"RecoveryPoints": rows}

    def ListRestoreJobs(self, account: str, heard: Heard) -> dict:
        if account != MAIN or heard.region == BARE:
            return {"RestoreJobs": []}
        made = time.time() - 2_000_000
        row = {
            "AccountId": MAIN,
            "RestoreJobId": "r-1",
            "Status": "COMPLETED",
            "CreationDate": made,
            "CompletionDate": made + 900,
            "PercentDone": "100.00%",
            "RecoveryPointArn": f"arn:aws:backup:{RECORDED}:{MAIN}:recovery-point:0",
            "ResourceType": "RDS",
            "SourceResourceArn": self.taken[0],
        }
        return {"RestoreJobs": [row]}


def denied(name: str) -> Said:
    """What a policy of the organization that shuts a region says, in a form that every protocol's reader takes for a refusal."""
    service = name.partition(":")[0]
    if service in JSON:
        return Said(
            400,
            json.dumps({"__type": "AccessDeniedException", "message": "denied by a service control policy"}).encode(),
            {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": "AccessDeniedException"},
        )
    text = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>denied by a service control policy</Message></Error></ErrorResponse>"
    if service == "ec2":
        text = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>denied by a service control policy</Message></Error></Errors></Response>"
    if service == "s3":
        text = "<Error><Code>AccessDenied</Code><Message>denied by a service control policy</Message></Error>"
    return Said(403, text.encode(), {"content-type": "text/xml"})


JSON = {name for name, of in Registry().services.items() if of.get("protocol") not in ("query", "ec2", "rest-xml")}
"""Services that speak JSON."""
