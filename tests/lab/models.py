"""AWS's APIs as botocore's models describe them, and nothing else: which operation a request asks, whether its members are those of
the model, and the request members by name."""

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

Members = dict[str, object]


@dataclass
class Asked:
    """A request that was understood, and what the model says against it."""

    service: str
    operation: str
    protocol: str
    model: OperationModel
    members: Members = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


class NotAsked(Exception):
    """No operation of the models fits a request."""


class Models:
    """The models of some services."""

    def __init__(self, services: Iterable[str]) -> None:
        self.session = botocore.session.get_session()
        self.services: dict[str, ServiceModel] = {name: self.session.get_service_model(name) for name in services}
        self.signed: dict[str, list[str]] = {}
        for name, model in self.services.items():
            self.signed.setdefault(model.signing_name, []).append(name)

    def operation(self, service: str, name: str) -> OperationModel:
        return self.services[service].operation_model(name)

    def protocols(self, service: str) -> list[str]:
        """The protocols that a service speaks; those that speak CBOR alone speak their older JSON protocol too."""
        model = self.services[service]
        known = list(model.metadata.get("protocols") or [model.metadata["protocol"]])
        return known if known != ["smithy-rpc-v2-cbor"] else [*known, "json"]

    # Requests

    def asked(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Asked:
        """The operation a request asks. Header names are in lower case."""
        scope = re.search(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request", headers.get("authorization", ""))
        if not scope:
            raise NotAsked(f"{method} {path} is not signed")
        services = self.signed.get(scope.group(2), [])
        if not services:
            raise NotAsked(f"no model signs as {scope.group(2)}")
        if "x-amz-target" in headers:
            found = self.by_target(services, headers)
        elif b"Action=" in body:
            found = self.by_action(services, body)
        else:
            found = self.by_path(services, method, path)
        if found.protocol not in self.protocols(found.service):
            found.wrong.append(f"{found.service} does not speak {found.protocol}")
        read = {"json": self.read_json, "query": self.read_query, "ec2": self.read_query}.get(found.protocol, self.read_rest)
        read(found, path, headers, body)
        self.validate(found)
        return found

    def by_target(self, services: list[str], headers: dict[str, str]) -> Asked:
        prefix, _, name = headers["x-amz-target"].rpartition(".")
        for service in services:
            model = self.services[service]
            if model.metadata.get("targetPrefix") == prefix and name in model.operation_names:
                found = Asked(service, name, "json", model.operation_model(name))
                said, wanted = headers.get("content-type", ""), f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.0')}"
                # CloudWatch and others of several protocols take both versions
                if said != wanted and len(self.protocols(service)) == 1:
                    found.wrong.append(f"content type {said}, not {wanted}")
                return found
        raise NotAsked(f"no model has the target {headers['x-amz-target']}")

    def by_action(self, services: list[str], body: bytes) -> Asked:
        form = parse_qs(body.decode(), keep_blank_values=True)
        action, version = form["Action"][0], form.get("Version", [""])[0]
        for service in services:
            model = self.services[service]
            if action in model.operation_names and model.api_version == version:
                return Asked(service, action, "ec2" if "ec2" in self.protocols(service) else "query", model.operation_model(action))
        raise NotAsked(f"no model has {action} of {version}")

    def by_path(self, services: list[str], method: str, path: str) -> Asked:
        given = urlsplit(path)
        marks = set(parse_qs(given.query, keep_blank_values=True))
        best: tuple[int, Asked] | None = None
        for service in services:
            model = self.services[service]
            if not self.protocols(service)[0].startswith("rest"):
                continue
            for name in model.operation_names:
                operation = model.operation_model(name)
                uri = urlsplit(operation.http["requestUri"])
                if operation.http["method"] != method or not re.fullmatch(shape_of(uri.path), given.path):
                    continue
                fixed = parse_qs(uri.query, keep_blank_values=True)
                if not all(key in marks and parse_qs(given.query, keep_blank_values=True)[key] == value for key, value in fixed.items()):
                    continue
                weight = 1000 * len(fixed) + len(re.sub(r"\{[^}]*\}", "", uri.path)) + 10 * (required_query(operation) <= marks) - operation.deprecated
                if best is None or weight > best[0]:
                    best = weight, Asked(service, name, self.protocols(service)[0], operation)
        if best is None:
            raise NotAsked(f"no model of {', '.join(services)} has {method} {given.path}")
        return best[1]

    def read_json(self, found: Asked, _: str, __: dict[str, str], body: bytes) -> None:
        found.members = self.members(found, found.model.input_shape, json.loads(body or b"{}"), "")

    def members(self, found: Asked, shape: Shape | None, value: object, at: str) -> object:
        """A JSON value with the model's member names; what the model does not know is told."""
        if isinstance(shape, StructureShape) and isinstance(value, dict):
            by_wire = {member.serialization.get("name", name): name for name, member in shape.members.items()}
            found.wrong += [f"no member {at}{name}" for name in value if name not in by_wire]
            return {by_wire[n]: self.members(found, shape.members[by_wire[n]], v, f"{at}{n}.") for n, v in value.items() if n in by_wire}
        if isinstance(shape, ListShape) and isinstance(value, list):
            return [self.members(found, shape.member, one, at) for one in value]
        if isinstance(shape, MapShape) and isinstance(value, dict):
            return {name: self.members(found, shape.value, one, at) for name, one in value.items()}
        if shape is None and value:
            found.wrong.append(f"takes no members, got {value}")
        return base64.b64decode(str(value)) if shape is not None and shape.type_name == "blob" else value

    def read_query(self, found: Asked, path: str, _: dict[str, str], body: bytes) -> None:
        pairs = dict(parse_qsl(body.decode(), keep_blank_values=True))
        pairs.pop("Action"), pairs.pop("Version")
        if path != "/":
            found.wrong.append(f"the path is {path}")
        left = dict(pairs)
        shape = found.model.input_shape
        found.members = {} if shape is None else self.unflattened(shape, "", pairs, left, found.protocol == "ec2") or {}
        found.wrong += [f"no member {name}" for name in left]

    def unflattened(self, shape: Shape, prefix: str, pairs: dict[str, str], left: dict[str, str], ec2: bool) -> object:
        """The value under `prefix` in a form; what is used up goes from `left`."""
        if isinstance(shape, StructureShape):
            values = {}
            for name, member in shape.members.items():
                own = query_name(name, member, ec2)
                value = self.unflattened(member, f"{prefix}.{own}" if prefix else own, pairs, left, ec2)
                if value is not None:
                    values[name] = value
            return values or None
        if isinstance(shape, ListShape):
            flat = ec2 or shape.serialization.get("flattened")
            tag = "" if flat else "." + shape.member.serialization.get("name", "member")
            if flat and not ec2 and shape.member.serialization.get("name"):
                prefix = ".".join([*prefix.split(".")[:-1], shape.member.serialization["name"]])
            found = []
            for index in range(1, 10_000):
                value = self.unflattened(shape.member, f"{prefix}{tag}.{index}", pairs, left, ec2)
                if value is None:
                    return found or None
                found.append(value)
        text = pairs.get(prefix)
        left.pop(prefix, None)
        return None if text is None else scalar(shape, text)

    def read_rest(self, found: Asked, path: str, headers: dict[str, str], body: bytes) -> None:
        shape = found.model.input_shape
        uri, given = urlsplit(found.model.http["requestUri"]), urlsplit(path)
        placed = re.fullmatch(shape_of(uri.path), given.path)
        names = re.findall(r"\{([^}+]*)\+?\}", uri.path)
        in_path = dict(zip(names, map(unquote, placed.groups() if placed else []), strict=False))
        query = parse_qs(given.query, keep_blank_values=True)
        for fixed in parse_qs(uri.query, keep_blank_values=True):
            query.pop(fixed, None)
        values: Members = {}
        for name, member in (shape.members if shape else {}).items():
            where, own = member.serialization.get("location"), member.serialization.get("name", name)
            if where == "uri" and own in in_path:
                values[name] = scalar(member, in_path[own])
            elif where == "querystring" and own in query:
                many = query.pop(own)
                values[name] = many if isinstance(member, ListShape) else scalar(member, many[0])
            elif where == "header" and own.lower() in headers:
                values[name] = scalar(member, headers[own.lower()])
        # s3control names the account in a header; the signer of the program sets it
        found.wrong += [f"no query member {name}" for name in query]
        sent = json.loads(body) if body else {}
        if sent and found.protocol == "rest-json":
            payload = shape.serialization.get("payload") if shape else None
            if payload:
                values[payload] = self.members(found, shape.members[payload], sent, "")
            else:
                read = self.members(found, shape, sent, "")
                values |= read if isinstance(read, dict) else {}
        found.members = values

    def validate(self, found: Asked) -> None:
        """Types, required members, ranges and enumerations."""
        shape = found.model.input_shape
        if shape is None:
            return
        report = ParamValidator().validate(found.members, shape)
        if report.has_errors():
            found.wrong.append(report.generate_report().replace("\n", "; "))
        found.wrong += enum_faults(shape, found.members, "")


def enum_faults(shape: Shape, value: object, at: str) -> list[str]:
    """Values that are none of an enumeration."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return [bad for n, v in value.items() if n in shape.members for bad in enum_faults(shape.members[n], v, f"{at}.{n}")]
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [bad for one in value for bad in enum_faults(shape.member, one, at)]
    if isinstance(value, str) and getattr(shape, "enum", None) and value not in shape.enum:
        return [f"{at} is {value}, none of {', '.join(shape.enum[:4])} ..."]
    return []


def scalar(shape: Shape, text: str) -> object:
    """A text of the wire in the type of the model, or as it stands where it is none."""
    try:
        if shape.type_name in ("integer", "long"):
            return int(text)
        if shape.type_name in ("float", "double"):
            return float(text)
    except ValueError:
        return text
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def query_name(name: str, shape: Shape, ec2: bool) -> str:
    own = shape.serialization.get("queryName") if ec2 else None
    if own:
        return own
    named = shape.serialization.get("name", name)
    return named[0].upper() + named[1:] if ec2 else named


def required_query(operation: OperationModel) -> set[str]:
    shape = operation.input_shape
    if shape is None:
        return set()
    need = (shape.members[name] for name in shape.required_members)
    return {m.serialization.get("name", m.name) for m in need if m.serialization.get("location") == "querystring"}


def shape_of(path: str) -> str:
    """A path pattern as a regular expression with a group for each member."""
    parts = re.split(r"(\{[^}]*\})", path)
    made = "".join("(.+)" if p.endswith("+}") else "([^/]+)" if p.startswith("{") else re.escape(p) for p in parts)
    return made if made.endswith("/") else made + "/?" if made else "/"
