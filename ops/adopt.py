"""Writes the files with which a new stack adopts what an earlier one left (python -m ops.adopt)."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from samtranslator.yaml_helper import yaml_parse

from ops.adoption import build_import_template, build_resources_to_import, find_importable
from ops.errors import AWS_ERRORS, CannotProceedError, describe_error

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_ABOUT = """\
Writes build/adopt/template.json and build/adopt/resources.json, for an import change set that makes a new stack of the
buckets, results, key and break-glass role that an earlier stack left. It prints the next steps, and changes nothing.
The names come from the earlier stack (--from, its ARN, for 90 days after its deletion) or from NAME=PHYSICAL-NAME."""
_ROOT = Path(__file__).resolve().parents[1]
_NEXT = """\
Look the two files up, then:
  aws cloudformation create-change-set --stack-name {stack} --change-set-name adopt --change-set-type IMPORT \\
    --template-body file://{folder}/template.json --resources-to-import file://{folder}/resources.json \\
    --capabilities CAPABILITY_IAM
  aws cloudformation wait change-set-create-complete --stack-name {stack} --change-set-name adopt
  aws cloudformation execute-change-set --stack-name {stack} --change-set-name adopt
  aws cloudformation wait stack-import-complete --stack-name {stack}
Then deploy the whole stack under the name {stack} (docs/stacks.md)."""


def main(arguments: Sequence[str] | None = None, client: "CloudFormationClient | None" = None) -> int:
    """Return the exit code: 0 if the files were written, and 1 if not."""
    options = _options(arguments)
    template: dict[str, Any] = yaml_parse((_ROOT / "template.yaml").read_text(encoding="utf-8"))
    try:
        names = _read_names(client or _make_client(), options.source) if options.source else {}
        names |= dict(_split_name(given, template) for given in options.names)
        _write(options.folder, template, names)
    except (CannotProceedError, *AWS_ERRORS) as error:
        print(f"adopt: {describe_error(error)}.", file=sys.stderr)
        return 1
    print(_NEXT.format(stack=options.stack, folder=options.folder))
    return 0


def _read_names(client: "CloudFormationClient", source: str) -> dict[str, str]:
    """Return the physical names of what the stack's deletion left. Raises CannotProceedError if it left nothing."""
    resources = client.describe_stack_resources(StackName=source)["StackResources"]
    left = {
        one["LogicalResourceId"]: one.get("PhysicalResourceId", "")
        for one in resources
        if one["ResourceStatus"] == "DELETE_SKIPPED"
    }
    if not left:
        raise CannotProceedError(f"The stack {source} left nothing: it is not deleted, or another application's")
    return left


def _split_name(given: str, template: dict[str, Any]) -> tuple[str, str]:
    logical, _, physical = given.partition("=")
    if logical not in find_importable(template):
        known = ", ".join(find_importable(template))
        raise CannotProceedError(f"{logical} is not one of {known}. Give NAME=PHYSICAL-NAME")
    return logical, physical


def _write(folder: Path, template: dict[str, Any], names: dict[str, str]) -> None:
    resources = build_resources_to_import(template, names)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("template", build_import_template(template)), ("resources", resources)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _make_client() -> "CloudFormationClient":
    # The AWS CLI reads AWS_REGION, and boto3 does not.
    return boto3.Session(region_name=os.environ.get("AWS_REGION")).client("cloudformation")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ops.adopt", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME=PHYSICAL-NAME", help="such as ResultsTable=photodna-guard-..."
    )
    parser.add_argument("--stack", required=True, help="the name of the stack to make")
    parser.add_argument("--from", dest="source", metavar="ARN", help="the ARN of the stack that was deleted")
    parser.add_argument("--folder", type=Path, default=Path("build/adopt"), help="where to write the files")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
