"""Starts Prowler with its AWS part alone: names of the SDKs of other clouds, which are not installed, are given out as empty classes.

usage: prowler_aws.py ARGUMENTS OF PROWLER
"""

import sys

sys.dont_write_bytecode = True

import importlib.abc
import importlib.machinery
import types

OTHERS = (
    "Tea",
    "alibabacloud",
    "azure",
    "cloudflare",
    "darabonba",
    "dulwich",
    "github",
    "google",
    "huaweicloud",
    "keystoneauth1",
    "kiota",
    "kubernetes",
    "linode",
    "msgraph",
    "oci",
    "okta",
    "openstack",
    "scaleway",
    "stackit",
)
"""How the names of their packages begin."""


class Empty(type):
    """A class whose every attribute is another one."""

    def __getattr__(cls, name: str) -> type:
        return absent(name)


def absent(name: str) -> type:
    if name.startswith("__"):
        raise AttributeError(name)
    return Empty(name, (Exception,), {})


class Absent(types.ModuleType):
    __path__: list[str] = []

    def __getattr__(self, name: str) -> type:
        return absent(name)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if not name.split(".")[0].startswith(OTHERS):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return Absent(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing in it."""


if __name__ == "__main__":
    sys.path.pop(0)  # the modules of this folder are not Prowler's
    sys.meta_path.insert(0, Finder())
    sys.argv[0] = "prowler"
    from prowler.__main__ import prowler

    sys.exit(prowler())
