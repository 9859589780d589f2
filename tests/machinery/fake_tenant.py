"""A workspace and its account that remember what is set up in them, at the edge of HTTP.

What it assumes is documented at https://docs.databricks.com/api/workspace and https://docs.databricks.com/api/account:
SCIM (groups, service principals, entitlements), workspace assignment, rule sets, federation policies, Unity Catalog's
catalogs, schemas and grants, SQL warehouses and permissions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from urllib.parse import unquote

from fake_workspace import ACCOUNT_ID, RULES, SCIM, UNITY, USER, FakeWorkspace, Reply, Request, Route, error, person

_ACCOUNT = f"/api/2.0/accounts/{ACCOUNT_ID}"
_APPLICATION = "aaaabbbb-0000-1111-2222-{:012d}"

Handler = Callable[..., Any]


class FakeTenant(FakeWorkspace):
    """Starts empty: an administrator, one metastore, nothing else.

    Attributes:
        principals: Groups and service principals of the account by their ids.
        assigned: The ids of those in the workspace.
        entitlements: By id.
        policies: Federation policies by the id of the service principal.
        rules: Rule sets by name: the version, and the grant rules.
        securables: Existing catalogs, schemas and tables, by kind and name.
        grants: Privileges by securable and principal.
        warehouses: Names by id.
        users_of: Who may use a warehouse, by its id.
        handlers: What answers a method and a pattern of paths; the first that fits.
        denied: Patterns of `METHOD /path` that are answered with 403.
        before_write: Called before each request that changes something.
    """

    def __init__(self, routes: Mapping[Route, Reply] | None = None) -> None:
        super().__init__({("GET", f"{SCIM}/Me"): person(USER, "admins"), **(routes or {})})
        self.principals: dict[str, dict[str, str]] = {}
        self.assigned: set[str] = set()
        self.entitlements: dict[str, set[str]] = {}
        self.policies: dict[str, list[dict[str, Any]]] = {}
        self.rules: dict[str, tuple[int, list[dict[str, Any]]]] = {}
        self.securables: set[tuple[str, str]] = set()
        self.grants: dict[tuple[str, str], dict[str, set[str]]] = {}
        self.warehouses: dict[str, str] = {}
        self.users_of: dict[str, set[str]] = {}
        self.denied: list[str] = []
        self.before_write: Callable[[], object] = lambda: None
        self._numbers = count(1001)
        self.handlers: list[tuple[str, str, Handler]] = [
            ("GET", rf"{_ACCOUNT}/scim/v2/(Groups|ServicePrincipals)", self._in_account),
            ("POST", rf"{_ACCOUNT}/scim/v2/(Groups|ServicePrincipals)", self._create_principal),
            ("PUT", rf"{_ACCOUNT}/workspaces/900800700600/permissionassignments/principals/(\d+)", self._assign),
            ("GET", rf"{_ACCOUNT}/servicePrincipals/(\d+)/federationPolicies", self._list_policies),
            ("POST", rf"{_ACCOUNT}/servicePrincipals/(\d+)/federationPolicies", self._create_policy),
            ("GET", rf"{SCIM}/(Groups|ServicePrincipals)", self._in_workspace),
            ("GET", rf"{SCIM}/(?:Groups|ServicePrincipals)/(\d+)", self._record),
            ("PATCH", rf"{SCIM}/(?:Groups|ServicePrincipals)/(\d+)", self._entitle),
            ("GET", RULES, self._get_rules),
            ("PUT", RULES, self._put_rules),
            ("GET", rf"{UNITY}/(catalogs|schemas|tables)/([^/]+)", self._get_securable),
            ("POST", rf"{UNITY}/(catalogs|schemas)", self._create_securable),
            ("GET", rf"{UNITY}/effective-permissions/(\w+)/([^/]+)", self._effective),
            ("PATCH", rf"{UNITY}/permissions/(\w+)/([^/]+)", self._grant),
            ("GET", rf"{UNITY}/current-metastore-assignment", lambda _: {"metastore_id": "m1", "workspace_id": 1}),
            ("GET", "/api/2.0/sql/warehouses", lambda _: {"warehouses": self._listed_warehouses()}),
            ("POST", "/api/2.0/sql/warehouses", self._create_warehouse),
            ("GET", r"/api/2.0/permissions/warehouses/(\w+)", self._get_acl),
            ("PATCH", r"/api/2.0/permissions/warehouses/(\w+)", self._patch_acl),
            ("GET", "/api/2.0/workspace/export", lambda _: error(404, "RESOURCE_DOES_NOT_EXIST", "none")),
        ]

    @property
    def writes(self) -> list[str]:
        """The requests that changed something, in order."""
        return [f"{one.method} {one.path}" for one in self.requests if one.method != "GET"]

    def state(self) -> dict[str, Any]:
        """Return everything that is set up, without numbers that depend on the order of requests."""
        names = {number: one["displayName"] for number, one in self.principals.items()}
        known = {one.get("applicationId", number): names[number] for number, one in self.principals.items()}
        return {
            "principals": sorted(names.values()),
            "assigned": sorted(names[number] for number in self.assigned),
            "entitlements": {names[one]: sorted(held) for one, held in self.entitlements.items() if one in names},
            "policies": {names[number]: policies for number, policies in self.policies.items()},
            "rules": {name.split("/")[-3]: rules for name, (_, rules) in self.rules.items()},
            "securables": sorted(self.securables),
            "grants": {
                key: {known.get(who, who): sorted(held) for who, held in sorted(given.items())}
                for key, given in sorted(self.grants.items())
            },
            "warehouses": sorted(self.warehouses.values()),
            "users": sorted({known.get(who, who) for users in self.users_of.values() for who in users}),
        }

    def answer(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        """Return the answer of the first handler for the request, or else that of the routes."""
        call = f"{request.method} {request.path}"
        if any(re.fullmatch(pattern, call) for pattern in self.denied):
            self.routes[request.method, request.path] = error(403, "PERMISSION_DENIED", "you are not allowed to")
        elif request.method != "GET":
            self.before_write()
        for method, pattern, handler in self.handlers:
            match = re.fullmatch(pattern, request.path)
            if match and method == request.method and not any(re.fullmatch(denied, call) for denied in self.denied):
                words = [unquote(word) for word in match.groups()]
                self.routes[request.method, request.path] = handler(request, *words)
                break
        return super().answer(request)

    # SCIM

    def _in_account(self, request: Request, kind: str) -> object:
        return self._page(request, kind, list(self.principals))

    def _in_workspace(self, request: Request, kind: str) -> object:
        if 'displayName eq "users"' in request.query.get("filter", ""):
            everybody = {"id": "1", "displayName": "users", "entitlements": self._held("1")}
            return {"Resources": [everybody] if request.query["startIndex"] == "1" else []}
        return self._page(request, kind, [number for number in self.principals if number in self.assigned])

    def _page(self, request: Request, kind: str, numbers: list[str]) -> object:
        field, value = re.fullmatch(r'(\w+) eq "(.*)"', request.query["filter"]).groups()  # type: ignore[union-attr]
        match = [
            {"id": number, **self.principals[number]}
            for number in numbers
            if self.principals[number]["kind"] == kind and self.principals[number].get(field) == value
        ]
        return {"Resources": match if request.query["startIndex"] == "1" else []}

    def _create_principal(self, request: Request, kind: str) -> object:
        name = request.body["displayName"]
        if kind == "Groups" and any(one["displayName"] == name for one in self.principals.values()):
            return error(409, "RESOURCE_CONFLICT", f"Group with name {name} already exists")
        number = str(next(self._numbers))
        own = {"applicationId": _APPLICATION.format(int(number))} if kind == "ServicePrincipals" else {}
        self.principals[number] = {"kind": kind, "displayName": name, **own}
        return {"id": number, **self.principals[number]}

    def _record(self, _: Request, number: str) -> object:
        return {"id": number, **self.principals[number], "entitlements": self._held(number)}

    def _held(self, number: str) -> list[dict[str, str]]:
        return [{"value": name} for name in sorted(self.entitlements.get(number, ()))]

    def _entitle(self, request: Request, number: str) -> object:
        assert request.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        (operation,) = request.body["Operations"]
        assert (operation["op"], operation["path"]) == ("add", "entitlements")
        self.entitlements.setdefault(number, set()).update(one["value"] for one in operation["value"])
        return {}

    # the account

    def _assign(self, request: Request, number: str) -> object:
        assert request.body == {"permissions": ["USER"]}
        if number not in self.principals:
            return error(404, "RESOURCE_DOES_NOT_EXIST", f"no principal {number}")
        self.assigned.add(number)
        return {"principal": {"principal_id": int(number)}, "permissions": ["USER"]}

    def _list_policies(self, _: Request, number: str) -> object:
        return {"policies": [{"oidc_policy": policy} for policy in self.policies.get(number, [])]}

    def _create_policy(self, request: Request, number: str) -> object:
        self.policies.setdefault(number, []).append(request.body["oidc_policy"])
        return request.body

    def _get_rules(self, request: Request) -> object:
        name = request.query["name"]
        version, rules = self.rules.get(name, (0, []))
        return {"name": name, "etag": f"v{version}", "grant_rules": rules}

    def _put_rules(self, request: Request) -> object:
        name, rules = request.body["name"], request.body["rule_set"]
        version, _ = self.rules.get(name, (0, []))
        if rules["etag"] != f"v{version}":
            return error(409, "RESOURCE_CONFLICT", "the rule set has changed")
        self.rules[name] = (version + 1, rules["grant_rules"])
        return {"name": name, "etag": f"v{version + 1}", "grant_rules": rules["grant_rules"]}

    # Unity Catalog

    def _get_securable(self, _: Request, kind: str, name: str) -> object:
        if (kind, name) not in self.securables:
            return error(404, f"{kind[:-1].upper()}_DOES_NOT_EXIST", f"{name} does not exist")
        return {"name": name, "owner": USER}

    def _create_securable(self, request: Request, kind: str) -> object:
        name = request.body["name"]
        if kind == "schemas":
            name = f"{request.body['catalog_name']}.{name}"
        if (kind, name) in self.securables:
            return error(409, f"{kind[:-1].upper()}_ALREADY_EXISTS", f"{name} exists")
        self.securables.add((kind, name))
        return {"name": name}

    def _effective(self, _: Request, kind: str, name: str) -> object:
        given = self.grants.get((kind, name), {})
        entries = [
            {"principal": who, "privileges": [{"privilege": one} for one in held]} for who, held in given.items()
        ]
        return {"privilege_assignments": entries}

    def _grant(self, request: Request, kind: str, name: str) -> object:
        if (f"{kind.lower()}s", name) not in self.securables:
            return error(404, f"{kind}_DOES_NOT_EXIST", f"{name} does not exist")
        known = {one.get("applicationId", one["displayName"]) for one in self.principals.values()}
        for change in request.body["changes"]:
            if change["principal"] not in known:
                return error(404, "PRINCIPAL_DOES_NOT_EXIST", f"Could not find principal {change['principal']}")
            self.grants.setdefault((kind, name), {}).setdefault(change["principal"], set()).update(change["add"])
        return {}

    # SQL warehouses

    def _listed_warehouses(self) -> list[dict[str, str]]:
        return [{"id": number, "name": name} for number, name in self.warehouses.items()]

    def _create_warehouse(self, request: Request) -> object:
        number = f"w{next(self._numbers)}"
        self.warehouses[number] = request.body["name"]
        return {"id": number}

    def _get_acl(self, _: Request, number: str) -> object:
        names = {one.get("applicationId", one["displayName"]): one["kind"] for one in self.principals.values()}
        fields = {"Groups": "group_name", "ServicePrincipals": "service_principal_name"}
        level = {"all_permissions": [{"permission_level": "CAN_USE"}]}
        users = sorted(self.users_of.get(number, ()))
        # Workspace admins manage every warehouse, by inheritance.
        admins = {"group_name": "admins", "all_permissions": [{"permission_level": "CAN_MANAGE", "inherited": True}]}
        return {"access_control_list": [admins, *({fields[names.get(who, "Groups")]: who, **level} for who in users)]}

    def _patch_acl(self, request: Request, number: str) -> object:
        for entry in request.body["access_control_list"]:
            assert entry["permission_level"] == "CAN_USE"
            who = entry.get("group_name") or entry["service_principal_name"]
            self.users_of.setdefault(number, set()).add(who)
        return {}
