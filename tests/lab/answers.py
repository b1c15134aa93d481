"""Answers made from botocore's models: a value for each member of the output shape, and its bytes in each protocol."""

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

ACCOUNT = "111122223333"
TOKENS = re.compile(r"(?i)^(next|pagination|continuation)?_?(page)?(token|marker)$|^(Next|NextContinuation|NextPage|NextForward)\w*(Token|Marker)$|^position$|^LastEvaluated")
START = datetime(2026, 9, 30, 8, 0, tzinfo=UTC)
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "a b/ü+%"}]})
TABLE = "user,arn,mfa_active\nexample,arn:aws:iam::111122223333:user/example,true\n"

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Maker:
    """Makes values. `seed` turns enumerations, unions and lengths of lists; `wishes` are the values to prefer among those that the
    model allows, by member, since the program goes on asking only about some."""

    seed: int = 0
    wishes: dict[str, list[str]] = field(default_factory=dict)
    echo: dict[str, object] = field(default_factory=dict)
    full: bool = True
    count: int = 0

    def value(self, shape: Shape, name: str, stack: tuple[str, ...] = (), index: int = 0, service: str = "") -> object:
        self.count += 1
        if isinstance(shape, StructureShape):
            return self.structure(shape, stack, index, service)
        if isinstance(shape, ListShape):
            return self.several(shape, name, stack, service)
        if isinstance(shape, MapShape):
            if stack.count(shape.name) > 1:
                return {}
            keys = shape.key.enum[:2] if getattr(shape.key, "enum", None) else [f"{name}-Key-1", f"{name}-key-2"]
            return {key: self.value(shape.value, name, (*stack, shape.name), i, service) for i, key in enumerate(keys)}
        return self.plain(shape, name, index)

    def structure(self, shape: StructureShape, stack: tuple[str, ...], index: int, service: str) -> object:
        if getattr(shape, "is_document_type", False):
            return {"example": ["document", 1]}
        if stack.count(shape.name) > (1 if len(shape.members) < 4 else 0) or len(stack) > 14:
            return {}
        names, sure = list(shape.members), [shape.serialization.get("payload")]
        if getattr(shape, "is_tagged_union", False) and names:
            names = sure = [names[(self.seed + index) % len(names)]]
        inner = (*stack, shape.name)
        made = {}
        for name in names:
            member = shape.members[name]
            if len(stack) < 2 and TOKENS.search(name) and member.type_name in ("string", "map"):
                continue
            if not self.full and name not in (*shape.required_members, *sure) and (self.count + self.seed) % 3 == 0:
                self.count += 1
                continue
            if not stack and name in self.echo and member.type_name == "string":
                made[name] = self.echo[name]
                continue
            value = self.value(member, name, inner, index, service)
            # a structure that ends its own circle has nothing to say
            if value == {} and isinstance(member, StructureShape) and member.name in inner:
                continue
            made[name] = value
        return made

    def several(self, shape: ListShape, name: str, stack: tuple[str, ...], service: str) -> object:
        if isinstance(shape.member, StructureShape) and stack.count(shape.member.name) > 0:
            return []
        depth = len(stack)
        length = 2 if depth < 3 else 1 + (self.count + self.seed) % 2
        if not self.full and (self.count + self.seed) % 5 == 0:
            length = 0
        return [self.value(shape.member, name, stack, i, service) for i in range(length)]

    def plain(self, shape: Shape, name: str, index: int) -> object:
        kind = shape.type_name
        turn = index + self.seed
        if kind == "boolean":
            return name == "IsTruncated" and False or (name not in ("IsTruncated", "HasMoreTerms", "HasMore", "isTruncated") and turn % 2 == 0)
        if kind == "integer":
            return 7 + turn % 5
        if kind == "long":
            return 12_345_678_901 + turn % 5
        if kind in ("float", "double"):
            return 1.5 + turn % 5
        if kind == "timestamp":
            return START + timedelta(days=self.count % 28, seconds=turn % 50, milliseconds=125 * (turn % 3))
        if kind == "blob":
            return TABLE.encode()
        return self.text(shape, name, index)

    def text(self, shape: Shape, name: str, index: int) -> str:
        wished = self.wishes.get(name[:1].lower() + name[1:], [])
        turn = index + self.seed
        if getattr(shape, "enum", None):
            fit = [w for w in wished if w in shape.enum]
            return fit[turn % len(fit)] if fit and index == 0 else shape.enum[turn % len(shape.enum)]
        if wished and index == 0:
            return wished[self.seed % len(wished)]
        low = name.lower()
        if "policydocument" in shape.name.lower() or low in ("policy", "policydocument", "inlinepolicy", "policytext", "resourcepolicy"):
            return DOCUMENT
        if low.endswith(("accountid", "ownerid", "owner")) or low in ("account", "accountids", "awsaccountid"):
            return ACCOUNT
        if low.endswith("region") or low in ("regions", "bucketregion", "locationconstraint"):
            return "us-east-1"
        if low.endswith(("arn", "arns")):
            return f"arn:aws:example:us-east-1:{ACCOUNT}:regional/{low}/a-{turn % 7}"
        plain = low == "bucket" or low.endswith(("id", "name"))
        made = f"{low}-{turn % 7}" if plain else f"{name} <{turn % 7}> & \"ü\""
        return made + "0" * (shape.metadata.get("min", 0) - len(made))


# Bytes

def stamp(when: datetime, how: str) -> object:
    if how == "unixtimestamp":
        seconds = when.timestamp()
        return seconds if when.microsecond else int(seconds)
    if how == "rfc822":
        return when.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return when.strftime("%Y-%m-%dT%H:%M:%S") + (f".{when.microsecond // 1000:03}" if when.microsecond else "") + "Z"


def as_json(shape: Shape, value: object) -> object:
    """A value as JSON protocols write it."""
    if isinstance(shape, StructureShape) and not getattr(shape, "is_document_type", False):
        return {shape.members[n].serialization.get("name", n): as_json(shape.members[n], v) for n, v in value.items()}
    if isinstance(shape, ListShape):
        return [as_json(shape.member, one) for one in value]
    if isinstance(shape, MapShape):
        return {key: as_json(shape.value, one) for key, one in value.items()}
    if isinstance(value, datetime):
        return stamp(value, shape.serialization.get("timestampFormat", "unixTimestamp").lower())
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if shape.serialization.get("jsonvalue"):
        return json.dumps(value)
    return value


def xml_text(shape: Shape, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return str(stamp(value, shape.serialization.get("timestampFormat", "iso8601").lower()))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    # IAM percent-encodes its documents
    if isinstance(value, str) and shape.name == "policyDocumentType":
        return quote(value, safe="")
    return escape(str(value))


def element(tag: str, shape: Shape, value: object) -> str:
    """A member as an XML element, or several where its list is flat."""
    if isinstance(shape, ListShape):
        inner = shape.member.serialization.get("name", "member")
        if shape.serialization.get("flattened"):
            own = shape.member.serialization.get("name") or tag
            return "".join(element(own, shape.member, one) for one in value)
        return f"<{tag}>{''.join(element(inner, shape.member, one) for one in value)}</{tag}>"
    if isinstance(shape, MapShape):
        key, held = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        entries = [f"<{key}>{escape(k)}</{key}>{element(held, shape.value, v)}" for k, v in value.items()]
        if shape.serialization.get("flattened"):
            return "".join(f"<{tag}>{e}</{tag}>" for e in entries)
        return f"<{tag}>{''.join(f'<entry>{e}</entry>' for e in entries)}</{tag}>"
    if isinstance(shape, StructureShape):
        attributes, children = "", ""
        for name, one in value.items():
            member = shape.members[name]
            own = member.serialization.get("name", name)
            if member.serialization.get("xmlAttribute"):
                prefix = own.split(":")[0]
                space = f' xmlns:{prefix}="http://www.w3.org/2001/XMLSchema-instance"' if ":" in own else ""
                attributes += f"{space} {own}={quoteattr(str(one))}"
            else:
                children += element(own, member, one)
        return f"<{tag}{attributes}>{children}</{tag}>"
    return f"<{tag}>{xml_text(shape, value)}</{tag}>"


def members_as_xml(shape: StructureShape, value: dict[str, object]) -> str:
    inside = [(n, v) for n, v in value.items() if shape.members[n].serialization.get("location") is None]
    return "".join(element(shape.members[n].serialization.get("name", n), shape.members[n], v) for n, v in inside)


def in_headers(shape: StructureShape, value: dict[str, object]) -> dict[str, str]:
    """Members that stand in headers of the answer."""
    made = {}
    for name, one in value.items():
        where, own = shape.members[name].serialization.get("location"), shape.members[name].serialization.get("name", name)
        if where == "header":
            how = shape.members[name].serialization.get("timestampFormat", "rfc822").lower()
            made[own] = str(stamp(one, how)) if isinstance(one, datetime) else str(one).encode("ascii", "replace").decode()
        elif where == "headers":
            made |= {own + key: "example" for key in one}
    return made


def serialized(operation: OperationModel, protocol: str, value: dict[str, object]) -> Answer:
    """An answer as the service writes it: status, headers, body."""
    shape, headers = operation.output_shape, {}
    if protocol == "json":
        body = json.dumps(as_json(shape, value) if shape else {}, ensure_ascii=False).encode()
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, body
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    if protocol in ("query", "ec2"):
        inner = members_as_xml(shape, value) if shape else ""
        ids = "55555555-5555-4555-8555-555555555555"
        if protocol == "ec2":
            text = f'<requestId>{ids}</requestId>{inner}'
        else:
            wrapper = shape.serialization.get("resultWrapper") if shape else None
            text = f"<{wrapper}>{inner}</{wrapper}>" if wrapper else inner
            text += f"<ResponseMetadata><RequestId>{ids}</RequestId></ResponseMetadata>"
        space = operation.service_model.metadata.get("xmlNamespace", "http://ec2.amazonaws.com/doc/2016-11-15/")
        return 200, {"Content-Type": "text/xml"}, f'{head}<{operation.name}Response xmlns="{space}">{text}</{operation.name}Response>'.encode()
    if shape is None:
        return 200, {}, b""
    headers = in_headers(shape, value)
    payload = shape.serialization.get("payload")
    if protocol == "rest-json":
        if payload and not isinstance(shape.members[payload], StructureShape):
            return 200, headers, value[payload] if isinstance(value[payload], bytes) else str(value[payload]).encode()
        whole = shape.members[payload] if payload else shape
        inside = value.get(payload, {}) if payload else {n: v for n, v in value.items() if shape.members[n].serialization.get("location") is None}
        return 200, headers | {"Content-Type": "application/json"}, json.dumps(as_json(whole, inside), ensure_ascii=False).encode()
    headers["Content-Type"] = "application/xml"
    if operation.name == "GetBucketLocation":  # the model leaves out that its answer has no element around it
        return 200, headers, f'{head}<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{value["LocationConstraint"]}</LocationConstraint>'.encode()
    if payload and not isinstance(shape.members[payload], StructureShape):
        return 200, headers, value[payload] if isinstance(value[payload], bytes) else str(value[payload]).encode()
    whole = shape.members[payload] if payload else shape
    inside = value.get(payload, {}) if payload else {n: v for n, v in value.items() if shape.members[n].serialization.get("location") is None}
    tag = whole.serialization.get("name", whole.name)
    return 200, headers, (head + element(tag, whole, inside)).encode()
