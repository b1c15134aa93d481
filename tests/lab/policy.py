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


CASES = [policy_linted]
