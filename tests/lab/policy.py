"""The policy that `affiant policy` prints, before public linters: parliament for its form, policy_sentry for what each action may do."""

import json

from cases import Bench, refuse_if
from laboratory import Refused
from wire import Registry

MEANT = {"RESOURCE_STAR"}
"""What parliament says of every policy that reads a whole account: its statements are for all resources, and only Read and List."""

MOST = 6144
"""Characters of a managed policy (IAM quota, without white space)."""


def policy_linted(bench: Bench) -> str:
    """No finding; every action exists, only reads or lists, and is one that the registry uses."""
    from parliament import analyze_policy_string
    from policy_sentry.querying.actions import get_action_data

    done = bench.workspace("policy").run("policy")
    if done.code != 0:
        raise Refused(f"policy: exit {done.code}: {done.err[-200:]}")
    used = {action.lower() for operation in Registry().operations.values() for action in operation.get("iam") or []}
    wrong, actions = [], set()
    for line in done.out.splitlines():
        wrong += [f"{len(line)} characters"] if len(line) > MOST else []
        wrong += [str(finding) for finding in analyze_policy_string(line).findings if finding.issue not in MEANT]
        for statement in json.loads(line)["Statement"]:
            actions |= set(statement["Action"])
            wrong += [] if statement["Effect"] == "Allow" else [f"effect {statement['Effect']}"]
    for action in sorted(actions):
        service, name = action.split(":")
        known = (get_action_data(service, name) or {}).get(service, [])
        levels = {row["access_level"] for row in known if row["action"].lower() == action.lower()}
        wrong += [] if levels and levels <= {"Read", "List"} else [f"{action}: {levels or 'unknown'}"]
        wrong += [] if action.lower() in used else [f"{action}: no operation of the registry uses it"]
    refuse_if(wrong + ([] if len(actions) > 100 else [f"only {len(actions)} actions"]))
    return f"{len(done.out.splitlines())} policies, {len(actions)} actions, all Read or List"


def archive_policy_linted(bench: Bench) -> str:
    """What `affiant archive` needs: no finding, and nothing that could delete or shorten is allowed."""
    from parliament import analyze_policy_string
    from policy_sentry.querying.actions import get_action_data

    done = bench.workspace("archive-policy").run("policy", "--archive", "example-archive/clinic")
    if done.code != 0:
        raise Refused(f"policy --archive: exit {done.code}: {done.err[-200:]}")
    wrong = [str(finding) for finding in analyze_policy_string(done.out).findings]
    statements = json.loads(done.out)["Statement"]
    allowed = [action for statement in statements if statement["Effect"] == "Allow" for action in statement["Action"]]
    wrong += [f"{action} is allowed" for action in allowed if "Delete" in action or "Bypass" in action or "*" in action]
    for action in allowed:
        service, name = action.split(":")
        wrong += [] if (get_action_data(service, name) or {}).get(service) else [f"{action} is unknown"]
    wrong += [f"{resource} is too wide" for statement in statements for resource in statement["Resource"] if resource == "*"]
    refuse_if(wrong)
    return f"{len(allowed)} actions"


CASES = [policy_linted, archive_policy_linted]
