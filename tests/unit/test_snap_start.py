"""SnapStart: events go to published versions, each change publishes one, and no snapshot holds what is one's own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.aws import template
from tools.bench.cold_start import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
SAM = template.load(ROOT / "template.yaml")
SHARED = SAM["Globals"]["Function"]
FUNCTIONS = {n: r["Properties"] for n, r in SAM["Resources"].items() if r["Type"] == "AWS::Serverless::Function"}
MOST = 256  # characters of a version's description


def refs(value: Any) -> set[str]:
    """All that a value refers to."""
    text = json.dumps(value)
    return set(re.findall(r'\{"Ref": "(\w+)"\}', text)) | set(re.findall(r"\$\{(\w+)\}", text))


def longest(parameter: dict[str, Any]) -> int:
    """Characters of the longest value that is allowed, a number's fractions being at most two digits."""
    if "AllowedValues" in parameter:
        return max(len(str(value)) for value in parameter["AllowedValues"])
    fraction = 3 if parameter["Type"] == "Number" and isinstance(parameter["MinValue"], float) else 0
    return int(parameter["MaxLength"]) if "MaxLength" in parameter else len(str(parameter["MaxValue"])) + fraction


def translated(snap_start: str) -> dict[str, Any]:
    sam = template.load(ROOT / "template.yaml")
    path = ROOT / "template.yaml"
    plain = template.translate(sam, path, {"SnapStart": snap_start}, "us-east-1").cloudformation
    resources: dict[str, Any] = plain["Resources"]
    return resources


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_changed_parameter_publishes_a_version_of_each_function_that_has_it(function: str) -> None:
    """SAM publishes where the template changes, not where a parameter's value does: the alias would keep the old."""
    own = {name: value for name, value in FUNCTIONS[function].items() if name not in ("Events", "VersionDescription")}
    wanted = (refs(SHARED) | refs(own)) & set(SAM["Parameters"])
    assert wanted | {"SnapStart"} == refs(FUNCTIONS[function]["VersionDescription"])
    assert FUNCTIONS[function]["AutoPublishAliasAllProperties"] is True


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_versions_description_has_room_for_the_longest_parameters(function: str) -> None:
    description = FUNCTIONS[function]["VersionDescription"]["Fn::Sub"]
    names = refs(FUNCTIONS[function]["VersionDescription"])
    assert len(re.sub(r"\$\{\w+\}", "", description)) + sum(longest(SAM["Parameters"][name]) for name in names) <= MOST


def test_every_event_goes_to_the_alias_and_none_to_the_function_itself() -> None:
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


def test_snapshots_are_taken_only_where_they_are_asked_for_and_go_with_their_version() -> None:
    resources = translated("on")
    functions = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::Function"]
    wanted = {"ApplyOn": {"Fn::If": ["SnapStartIsOn", "PublishedVersions", "None"]}}
    assert [function["SnapStart"] for function in functions] == [wanted] * len(FUNCTIONS)
    assert SAM["Conditions"]["SnapStartIsOn"] == {"Fn::Equals": [{"Ref": "SnapStart"}, "on"]}
    assert SAM["Parameters"]["SnapStart"]["Default"] == "off"
    versions = [r for r in resources.values() if r["Type"] == "AWS::Lambda::Version"]
    assert {version["DeletionPolicy"] for version in versions} == {"Delete"}


def test_nothing_is_asked_for_that_snap_start_does_not_go_with() -> None:
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
def test_a_snapshot_holds_no_connection_and_no_dice_of_its_own(tmp_path: Path, module: str) -> None:
    """Else all containers of it would share a connection that is dead, or wait the same random times."""
    (tmp_path / "snapshot_restore_py.py").write_text(HOOKS, encoding="utf-8")
    paths = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(tmp_path)])}
    argv = [sys.executable, "-c", INITIALISED, f"photodna_guard.handlers.{module}"]
    done = subprocess.run(argv, env={**ENVIRONMENT, **paths}, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"connected": [], "dice": True}
