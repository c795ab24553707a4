"""SnapStart: events go to published versions, each change publishes one, no snapshot holds a container's state."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.template import FUNCTIONS, PARAMETERS, ROOT, TEMPLATE, translate_template
from tools.bench.cold_start import ENVIRONMENT

SHARED = TEMPLATE["Globals"]["Function"]
# Of a version's description, in characters.
MAX_DESCRIPTION = 256


def refs(value: Any) -> set[str]:
    """Return all names to which a value refers."""
    text = json.dumps(value)
    return set(re.findall(r'\{"Ref": "(\w+)"\}', text)) | set(re.findall(r"\$\{(\w+)\}", text))


def longest(parameter: dict[str, Any]) -> int:
    """Return the length of the longest allowed value. A number has at most two digits after its point."""
    if "AllowedValues" in parameter:
        return max(len(str(value)) for value in parameter["AllowedValues"])
    fraction = 3 if parameter["Type"] == "Number" and isinstance(parameter["MinValue"], float) else 0
    return int(parameter["MaxLength"]) if "MaxLength" in parameter else len(str(parameter["MaxValue"])) + fraction


def translated(snap_start: str) -> dict[str, Any]:
    resources: dict[str, Any] = translate_template(SnapStart=snap_start)["Resources"]
    return resources


@pytest.mark.parametrize("function", FUNCTIONS)
def test_changed_parameter_publishes_a_version_of_its_functions(function: str) -> None:
    """SAM publishes if the template changes, not if a parameter's value does, and the alias would keep the old one."""
    own = {name: value for name, value in FUNCTIONS[function].items() if name not in ("Events", "VersionDescription")}
    wanted = (refs(SHARED) | refs(own)) & set(PARAMETERS)
    assert wanted | {"SnapStart"} == refs(FUNCTIONS[function]["VersionDescription"])
    assert FUNCTIONS[function]["AutoPublishAliasAllProperties"] is True


@pytest.mark.parametrize("function", FUNCTIONS)
def test_description_has_room_for_the_longest_parameters(function: str) -> None:
    description = FUNCTIONS[function]["VersionDescription"]["Fn::Sub"]
    names = refs(FUNCTIONS[function]["VersionDescription"])
    assert (
        len(re.sub(r"\$\{\w+\}", "", description)) + sum(longest(PARAMETERS[name]) for name in names) <= MAX_DESCRIPTION
    )


def test_every_event_goes_to_the_alias() -> None:
    resources = translated("on")
    aliases = {name for name, r in resources.items() if r["Type"] == "AWS::Lambda::Alias"}
    assert aliases == {f"{name}Aliaslive" for name in FUNCTIONS}
    callers = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    targets = [given["FunctionName"]["Ref"] for given in callers]
    targets += [
        target["Arn"]["Ref"]
        for r in resources.values()
        if r["Type"] == "AWS::Events::Rule" and "ScheduleExpression" in r["Properties"]
        for target in r["Properties"]["Targets"]
    ]
    notified = resources["UploadBucket"]["Properties"]["NotificationConfiguration"]["LambdaConfigurations"]
    targets += [one["Function"]["Ref"] for one in notified]
    assert set(targets) == aliases
    permitted = [r["Properties"]["FunctionName"]["Ref"] for r in resources.values() if "Permission" in r["Type"]]
    assert set(permitted) <= aliases
    invoke = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::EventInvokeConfig"]
    assert [one["Qualifier"] for one in invoke] == ["live"]


def test_snapshots_are_optional_and_deleted_with_their_version() -> None:
    resources = translated("on")
    functions = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::Function"]
    wanted = {"ApplyOn": {"Fn::If": ["SnapStartIsOn", "PublishedVersions", "None"]}}
    assert [function["SnapStart"] for function in functions] == [wanted] * len(FUNCTIONS)
    assert TEMPLATE["Conditions"]["SnapStartIsOn"] == {"Fn::Equals": [{"Ref": "SnapStart"}, "on"]}
    assert PARAMETERS["SnapStart"]["Default"] == "off"
    versions = [r for r in resources.values() if r["Type"] == "AWS::Lambda::Version"]
    assert {version["DeletionPolicy"] for version in versions} == {"Delete"}


def test_no_property_excludes_snap_start() -> None:
    minor = int(SHARED["Runtime"].removeprefix("python3."))
    assert minor >= 12
    for function in [SHARED, *FUNCTIONS.values()]:
        assert not {"ProvisionedConcurrencyConfig", "FileSystemConfigs", "EphemeralStorage", "PackageType"} & set(
            function
        )


INITIALISED = """
import importlib, json, random, sys
connected = []
sys.addaudithook(lambda name, given: connected.append(str(given[1])) if name == "socket.connect" else None)
importlib.import_module(sys.argv[1])
import snapshot_restore_py
taken = random.getstate()
for hook in snapshot_restore_py.hooks:
    hook()
print(json.dumps({"connected": connected, "dice": taken != random.getstate()}))
"""
HOOKS = "hooks = []\nregister_after_restore = hooks.append\n"


@pytest.mark.parametrize("module", ["on_upload", "on_retry"])
def test_snapshot_holds_no_connection_and_no_random_state(tmp_path: Path, module: str) -> None:
    """Otherwise all its containers would share a dead connection, or wait the same random times."""
    (tmp_path / "snapshot_restore_py.py").write_text(HOOKS, encoding="utf-8")
    paths = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(tmp_path)])}
    argv = [sys.executable, "-c", INITIALISED, f"photodna_guard.handlers.{module}"]
    done = subprocess.run(argv, env={**ENVIRONMENT, **paths}, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"connected": [], "dice": True}
