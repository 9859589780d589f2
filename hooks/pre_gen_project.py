"""Rejects answers that cannot give a working project: one sentence per invalid answer on stderr, and exit code 1.

Cookiecutter creates the project's folder before it runs this hook, and removes only that folder when the hook fails.
For a name such as `a/b`, the folder `a` would be left behind. So cookiecutter.json turns `project_name` into a plain
folder name before anything is created, and passes what was typed to this hook as `__typed_name`.

Cookiecutter also renders answers that come from the command line or from a configuration file. The delimiters in which
it does so contain a NUL (cookiecutter.json), so that every other answer reaches this hook as it was typed.
"""

import difflib
import functools
import json
import keyword
import re
import sys
import unicodedata
import zoneinfo
from collections.abc import Iterable, Mapping

Faults = tuple[tuple[str, str], ...]

ENVIRONMENTS = ("dev", "staging", "prod")

# The maximum length of a label in a domain name, and so of the name of a serving endpoint.
NAME_LENGTH = 63
# Its online store is called as the project and the environment, and the name is part of a host name.
SERVED_NAME_LENGTH = NAME_LENGTH - len("-staging")
# git keeps a branch in a file of its name, with .lock while it changes; file names have at most 255 bytes.
BRANCH_LENGTH = 250
# A message repeats at most this many characters of an answer.
SHOWN_LENGTH = 300
# https://docs.databricks.com/aws/en/data-governance/unity-catalog/requirements
CATALOG_LENGTH = 255

NAME_FAULTS: Faults = (
    (r"\A\Z", "is empty"),
    (r"[^\x00-\x7f]", "contains a character outside ASCII"),
    (r"\s", "contains a space"),
    (r"[A-Z]", "contains an upper-case letter"),
    (r"[^a-z0-9_-]", "contains a character other than a-z, 0-9, - and _"),
    (r"\A[0-9]", "starts with a digit"),
    (r"\A[-_]|[-_]\Z", "starts or ends with - or _"),
    (r"[-_]{2}", "has two separators in a row"),
    (rf"\A.{{{NAME_LENGTH + 1}}}", f"has more than {NAME_LENGTH} characters"),
)
# The maximum length of a domain name.
HOST_LENGTH = 253
HOST_LABEL = f"[a-z0-9](?:[a-z0-9-]{{0,{NAME_LENGTH - 2}}}[a-z0-9])?"
HOST_FAULTS: Faults = (
    (r"\A\Z", "is empty"),
    (r"\s", "contains a space"),
    (r"\A(?!https://)", "does not start with https://"),
    (r"@", "contains a user name"),
    (r"[?#]", "contains more than the address of a workspace"),
    (r"\Ahttps://[^/]*/.", "contains a path"),
    (r"\Ahttps://[^/]*:", "contains a port"),
    (rf"\A(?!https://{HOST_LABEL}(?:\.{HOST_LABEL})+/?\Z)", "is not the address of a host"),
    (rf"\Ahttps://[^/]{{{HOST_LENGTH + 1}}}", f"has more than {HOST_LENGTH} characters"),
)
CATALOG_FAULTS: Faults = (
    (r"\A\Z", "is empty"),
    (r"\s", "contains a space"),
    (r"[A-Z]", "contains an upper-case letter, and Unity Catalog stores names in lower case"),
    (r"[^a-z0-9_-]", "contains a character other than a-z, 0-9, _ and -"),
    (rf"\A.{{{CATALOG_LENGTH + 1}}}", f"has more than {CATALOG_LENGTH} characters"),
)

PRINCIPAL = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PRINCIPAL_FAULTS: Faults = (
    (r"\A\Z", "is empty"),
    (rf"\A(?!{PRINCIPAL}\Z)", "is not the application id of a service principal, which is a UUID in lower case"),
)
GROUP_FAULTS: Faults = (
    (r"\A\Z", "is empty"),
    (r"\A\s|\s\Z", "starts or ends with a space"),
    (r"[\"`\\${}]", "contains a quote, a backtick, a backslash, a $ or a brace"),
    (r"<[%#<]|\A#:", "contains the syntax of a template"),
    (r"(?i)\A(?:users|admins)\Z", "is a workspace group, which cannot have privileges in Unity Catalog"),
)
BRANCH_FAULTS: Faults = (
    (r"\A\Z", "is empty"),
    (r"[^A-Za-z0-9._/-]", "contains a character other than letters, digits, . _ - and /"),
    (r"\A[-./]|[./]\Z|//|\.\.|/\.|\.lock(?:/|\Z)", "is not a valid name for a git branch"),
    (rf"\A.{{{BRANCH_LENGTH + 1}}}", f"has more than {BRANCH_LENGTH} characters"),
)

TIMEZONE_FAULTS: Faults = (
    (r"\A\Z", "is empty"),
    (r"[^A-Za-z0-9+._/-]", "contains a character other than letters, digits, + . _ - and /"),
)

# Distribution names and import names: a project with one of these names would hide or replace its own dependency.
DEPENDENCIES = """
    cloudpickle cookiecutter croniter databricks databricks-bundles databricks-connect
    databricks-feature-engineering databricks-sdk delta delta-spark grpc
    grpcio hatchling hypothesis ipython joblib lightgbm locust markdown matplotlib mlflow mlflow-skinny
    mlflow-tracing mypy nbstripout numba numpy optuna packaging pandas pandas-stubs pip pre-commit pre_commit
    pyarrow pydantic pydantic-core pysail pyspark pyspark-client pyspark-connect pytest pytest-cov pytest-xdist
    pytest_cov pytest_xdist pyyaml rich ruff scikit-learn scipy setuptools shap sklearn skops sqlalchemy
    threadpoolctl types-markdown types-pyyaml uv wheel yaml
""".split()
# What these install in turn.
TRANSITIVE = """
    alembic altair annotated-doc annotated-types anyio attr attrs blinker cachetools certifi cffi cfgv
    charset-normalizer click cloudpickle colorlog contourpy coverage cryptography cycler dateutil distlib docker
    dotenv fastapi fastjsonschema filelock flask flask-cors fonttools git gitdb gitpython google google-auth
    googleapis-common-protos graphene graphql graphql-core graphql-relay greenlet grpc-status grpcio-status gunicorn
    h11 huey identify idna importlib-metadata iniconfig itsdangerous jinja2 jsonschema jsonschema-specifications
    jupyter jupyter-core jupyter_core kiwisolver librt mako markdown-it markdown-it-py markupsafe marshmallow mdurl
    mistune mpl-toolkits mypy-extensions mypyc narwhals nbformat nodeenv opentelemetry opentelemetry-api
    opentelemetry-proto opentelemetry-sdk opentelemetry-semantic-conventions pathspec pil pillow platformdirs pluggy
    protobuf py pyasn1 pyasn1-modules pycparser pygments pylab pyparsing python-dateutil python-dotenv pytz
    referencing requests rpds rpds-py rsa ruamel ruamel-yaml rust six slicer smmap sniffio sortedcontainers sqlparse
    starlette tomlkit tqdm traitlets trove-classifiers types-pytz typing-extensions tzdata tzlocal urllib3 uvicorn
    virtualenv werkzeug zipp
""".split()
# The folders and modules of a project, the distribution of its machinery, and folders that commands write.
FOLDERS = """
    baseline build bundle_tools ci conftest dashboards dist docs hatch_build machinery mlops mlops_local
    mlops-template-machinery notebooks resources src tests
""".split()
WINDOWS = ["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))]
YAML_WORDS = "y n yes no on off true false null".split()
RESERVED_NAMES: tuple[tuple[str, Iterable[str]], ...] = (
    ("is a Python keyword", (*keyword.kwlist, *keyword.softkwlist)),
    # Python's own list leaves out its tests, which can be imported all the same.
    ("is a module of Python's standard library", {*sys.stdlib_module_names, "test"}),
    ("is a package that the project depends on", (*DEPENDENCIES, *TRANSITIVE)),
    ("is a folder of the project", FOLDERS),
    ("is a name that Windows reserves", WINDOWS),
    ("is a word that YAML does not read as text", YAML_WORDS),
)
YES_OR_NO = ("serving",)
RESERVED_CATALOGS = ("hive_metastore", "samples", "spark_catalog", "system")
RESERVED_SCHEMAS = ("global_temp", "information_schema")


def main(answers: Mapping[str, str], unrendered: Mapping[str, object] | None = None) -> int:
    """Print one sentence for each invalid answer and return the exit code of the hook."""
    found = text_problems(answers, unrendered or {}) or problems(answers)
    for sentence in found:
        print(sentence, file=sys.stderr)
    return 1 if found else 0


def problems(answers: Mapping[str, str]) -> list[str]:
    """Return one sentence for each invalid answer, in the order of the questions; it ends with what to type instead."""
    catalogs = {environment: answers[f"{environment}_catalog"] for environment in ENVIRONMENTS}
    found = [name_problem(answers["__typed_name"]) or replay_problem(answers) or served_name_problem(answers)]
    found += [host_problem(f"{environment}_host", answers[f"{environment}_host"]) for environment in ENVIRONMENTS]
    found += [
        catalog_problem(f"{environment}_catalog", catalog, RESERVED_CATALOGS, environment)
        for environment, catalog in catalogs.items()
    ]
    found += shared_catalog_problems(catalogs)
    found.append(catalog_problem("schema", answers["schema"], RESERVED_SCHEMAS, "nyc_taxi"))
    principals = [f"{environment}_service_principal" for environment in ENVIRONMENTS[1:]]
    found += [principal_problem(key, answers[key]) for key in principals]
    found += group_problems(answers["data_scientists_group"], answers["ml_engineers_group"])
    found.append(branch_problem(answers["release_branch"]))
    found.append(timezone_problem(answers["timezone"]))
    return [problem for problem in found if problem]


def text_problems(answers: Mapping[str, object], unrendered: Mapping[str, object]) -> list[str]:
    """Return a sentence for each answer of the wrong type: YAML reads `yes` as true, `null` as nothing, `0x1f` as 31.

    Cookiecutter makes text of numbers, but also hands over the answers before that. What a person has typed at the
    prompt since then is text.
    """
    found = []
    for key, answer in answers.items():
        number = unrendered.get(key)
        is_number = isinstance(number, int | float) and str(number) == answer
        if key in YES_OR_NO:
            if not isinstance(answer, bool):
                found.append(f"{key} {json.dumps(answer)} is neither true nor false: write one of them unquoted.")
        elif not key.startswith("_") and (is_number or not isinstance(answer, str)):
            found.append(f"{key} {json.dumps(number if is_number else answer)} is not text: put it into quotes.")
    return found


def replay_problem(answers: Mapping[str, str]) -> str | None:
    """Say that a replay file has another name in one place than in another: Cookiecutter does not derive them again."""
    typed = answers["__typed_name"]
    for key, expected in (("project_name", typed), ("__package", typed.replace("-", "_"))):
        if answers[key] != expected:
            what = f"does not belong to the name {shown(typed)} in the replay file"
            return sentence(key, answers[key], what, expected)
    return None


def name_problem(name: str) -> str | None:
    """Say why a name is not valid for the folder, bundle, wheel and Python package; None if it is valid."""
    what = first_fault(name, NAME_FAULTS) or reserved_as(name)
    return what and sentence("project_name", name, what, suggested_name(name))


def served_name_problem(answers: Mapping[str, object]) -> str | None:
    """Say that a name is too long for the online store of a project that serves its champion; None if it is not."""
    name = str(answers["project_name"])
    if not answers.get("serving") or len(name) <= SERVED_NAME_LENGTH:
        return None
    what = f"has more than {SERVED_NAME_LENGTH} characters, which are too many for the online store of serving"
    return sentence("project_name", name, what, suggested_name(name[:SERVED_NAME_LENGTH]))


def reserved_as(name: str) -> str | None:
    """Say what this name is already used for."""
    package = name.replace("-", "_")
    for what, names in RESERVED_NAMES:
        if package in {reserved.replace("-", "_").lower() for reserved in names}:
            return what
    return None


def suggested_name(name: str) -> str:
    """Return the closest valid name."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    separated = re.sub(r"[^a-z0-9_]+", "-", ascii_name)
    single = re.sub(r"[-_]*([-_])", r"\1", separated)
    near = re.sub(r"\A[^a-z]+", "", single)[:NAME_LENGTH].rstrip("-_") or "nyc-taxi"
    return f"{near}-model" if reserved_as(near) else near


def host_problem(key: str, host: str) -> str | None:
    """Say why an answer is not the https address of a workspace, or None if it is; a trailing / is allowed."""
    what = first_fault(host, HOST_FAULTS)
    return what and sentence(key, host, what, suggested_host(host))


def suggested_host(host: str) -> str:
    """Return the address that the answer contains, or an example."""
    authority = re.sub(r"\A\s*(?:\w*:)?/*", "", host.lower()).rpartition("@")[2]
    match = re.match(rf"{HOST_LABEL}(?:\.{HOST_LABEL})+(?![^/?#:\s])", authority)
    near = f"https://{match[0]}" if match else ""
    return "https://adb-1111111111111111.1.azuredatabricks.net" if first_fault(near, HOST_FAULTS) else near


def catalog_problem(key: str, name: str, reserved: tuple[str, ...], example: str) -> str | None:
    """Say why a name is not valid for a user's own catalog or schema in Unity Catalog, or None if it is."""
    if what := first_fault(name, CATALOG_FAULTS):
        near = re.sub(r"[^a-z0-9_-]+", "_", name.lower())[:CATALOG_LENGTH].strip("_")
        return sentence(key, name, what, example if is_reserved(near, reserved) or not near else near)
    if is_reserved(name, reserved):
        return sentence(key, name, "belongs to Databricks", example)
    return None


def is_reserved(name: str, reserved: tuple[str, ...]) -> bool:
    """Return whether the platform reserves this name."""
    return name in reserved or name.startswith("__databricks")


def shared_catalog_problems(catalogs: Mapping[str, str]) -> list[str]:
    """Return a sentence for each environment whose catalog an earlier one has: runs in one would write to the other."""
    found = []
    owners: dict[str, str] = {}
    for environment, catalog in catalogs.items():
        owner = owners.setdefault(catalog, environment)
        if owner != environment and first_fault(catalog, CATALOG_FAULTS) is None:
            what = f"is already the catalog of {owner}"
            found.append(sentence(f"{environment}_catalog", catalog, what, f"{catalog[:200]}_{environment}"))
    return found


def principal_problem(key: str, principal: str) -> str | None:
    """Say why an answer is not a valid application id of a service principal, or None if it is."""
    what = first_fault(principal, PRINCIPAL_FAULTS)
    near = principal.strip().lower()
    instead = near if re.fullmatch(PRINCIPAL, near) else "12345678-9abc-def0-1234-56789abcdef0"
    return what and sentence(key, principal, what, instead)


def group_problems(readers: str, managers: str) -> list[str | None]:
    """Return a sentence for each group that cannot be granted what the project grants to it."""
    groups = {"data_scientists_group": (readers, "data-scientists"), "ml_engineers_group": (managers, "ml-engineers")}
    found = [
        what and sentence(key, group, what, example)
        for key, (group, example) in groups.items()
        for what in [first_fault(group, GROUP_FAULTS) or invisible(group)]
    ]
    if readers == managers and not any(found):
        what = "is also the group that may read, so all its members could change production"
        found.append(sentence("ml_engineers_group", managers, what, f"{managers}-leads"))
    return found


def invisible(text: str) -> str | None:
    """Name the first character that cannot be seen, such as a control character; YAML reads some as line ends."""
    found = next((character for character in text if not character.isprintable()), None)
    return found and f"contains U+{ord(found):04X}, a character that cannot be seen"


def branch_problem(branch: str) -> str | None:
    """Say why an answer is not a valid branch name, or None if it is."""
    what = first_fault(branch, BRANCH_FAULTS)
    near = re.sub(r"[^A-Za-z0-9_-]+", "-", branch)[:BRANCH_LENGTH].strip("-")
    return what and sentence("release_branch", branch, what, near or "release")


def timezone_problem(name: str) -> str | None:
    """Say why an answer is not a valid time zone, or None if it is; without a database, check only its characters."""
    known = known_timezones()
    what = first_fault(name, TIMEZONE_FAULTS)
    if what is None and (name in known or not known):
        return None
    ends = {zone.rpartition("/")[2].lower(): zone for zone in sorted(known)}
    near = difflib.get_close_matches(name.rpartition("/")[2].replace(" ", "_").lower(), ends, n=1)
    what = what or "is not a time zone in the IANA database"
    return sentence("timezone", name, what, ends[near[0]] if near else "Europe/Berlin")


@functools.cache
def known_timezones() -> frozenset[str]:
    """Return the names in the time zone database; finding them opens every file of it."""
    return frozenset(zoneinfo.available_timezones())


def first_fault(text: str, faults: Faults) -> str | None:
    """Return the fault of the first pattern that matches."""
    return next((what for pattern, what in faults if re.search(pattern, text)), None)


def sentence(key: str, answer: str, what: str, instead: str) -> str:
    """Return the message for an invalid answer."""
    return f"{key} {shown(answer)} {what}: type {json.dumps(instead)} instead."


def shown(answer: str) -> str:
    """Return an answer in quotes on one line, shortened, and with every character that cannot be seen escaped."""
    short = answer if len(answer) <= SHOWN_LENGTH else f"{answer[:SHOWN_LENGTH]}…"
    quoted = json.dumps(short, ensure_ascii=False)
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in quoted)


if __name__ == "__main__":
    # JSON escapes every quote and backslash inside an answer, so no answer can end this raw string.
    given = json.loads(r"""<< cookiecutter | jsonify >>""")
    # Cruft does not pass the answers before they were rendered.
    sys.exit(main(given, json.loads(r"""<< _cookiecutter | default({}) | jsonify >>""")))
