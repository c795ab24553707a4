"""moto's DynamoDB computes the same expressions and shapes at each request; here each of them is computed once."""

import functools
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any
from unittest.mock import patch

from moto.core.serialize import AttributePicker
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import validators
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node  # type: ignore[attr-defined]
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]

# These look at the expression, the names and the table's keys, never at a value or an item, and change nothing.
_SHAPE_VALIDATORS = (
    validators.ActionCountValidator,
    validators.OverlappingPathsValidator,
    validators.UpdateHashRangeKeyValidator,
)


@contextmanager
def dynamodb_caching() -> Iterator[None]:
    """Cache what moto's DynamoDB derives from expressions and classes. Every check still refuses what it refused."""
    with (
        # The same few expressions are parsed twice for each call; code that changes the tree copies it.
        patch.object(UpdateExpressionParser, "make", functools.cache(UpdateExpressionParser.make)),
        patch.object(validators, "deepcopy", _copy),
        patch.object(validators.Validator, "validate", _validate_shape_once()),
        patch.object(DepthFirstTraverser, "traverse_node_recursively", _traverse),
        patch.object(
            ConditionExpressionParser,
            "_lex_condition_expression",
            _lex_once(ConditionExpressionParser._lex_condition_expression),
        ),
        patch.object(AttributePicker, "__call__", _by_its_own_name(AttributePicker.__call__)),
    ):
        yield


def _copy(value: Any) -> Any:
    """Copy a syntax tree node by node, whose leaves are immutable; anything else as deepcopy does."""
    if not isinstance(value, Node):
        return deepcopy(value)
    tree = _copy_node(value, None)
    tree.copied_from = value
    return tree


def _copy_node(node: Any, parent: Any) -> Any:
    copy = object.__new__(type(node))
    children = node.children
    vars(copy).update(vars(node), parent=parent)
    if children is not None:
        copy.children = [
            _copy_node(child, copy) if _is_node(type(child)) else child  # type: ignore[arg-type]
            for child in children
        ]
    return copy


def _validate_shape_once() -> Callable[[Any], Any]:
    """Run the validators of the shape only where that shape has not passed them. A refusal is never remembered."""
    passed: set[Any] = set()

    def validate(self: Any) -> Any:
        tree, count = self.node_to_validate, len(_SHAPE_VALIDATORS)
        assert tuple(type(one) for one in self.processors[:count]) == _SHAPE_VALIDATORS, "moto validates differently"
        names = frozenset((self.expression_attribute_names or {}).items())
        shape = (tree.copied_from, names, tuple(self.table.table_key_attrs))
        for one in self.processors[count if shape in passed else 0 : count]:
            tree = one.traverse(tree)
        passed.add(shape)
        for one in self.processors[count:]:
            tree = one.traverse(tree)
        return tree

    return validate


@functools.cache
def _is_node(kind: Hashable) -> bool:
    """Return what isinstance returns, which takes long for abstract classes."""
    return isinstance(kind, type) and issubclass(kind, Node)


def _traverse(self: Any, node: Any, child_id: int = -1) -> Any:
    """Traverse as moto does, but find the processing map's class once for each class of node."""
    if not _is_node(type(node)):  # type: ignore[arg-type]
        return node
    parent = node.parent
    for index, child in enumerate(node.children or ()):
        self.pre_processing_of_child(node, index)
        self.traverse_node_recursively(child, index)
    processed = _processed(self, type(node))
    if processed is not None:
        node = self._processing_map()[processed](node)
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


_processed_classes: dict[tuple[type, type], type | None] = {}


def _processed(traverser: Any, kind: type) -> type | None:
    """Return the class by which a traverser processes a node of a class, or None. The classes of a map are fixed."""
    key = (type(traverser), kind)
    if key not in _processed_classes:
        classes = traverser._processing_map()
        _processed_classes[key] = next((one for one in classes if issubclass(kind, one)), None)
    return _processed_classes[key]


def _lex_once(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Lex each text once. The tokens of an expression are immutable and depend on its text alone."""
    known: dict[str, tuple[Any, ...]] = {}

    def lex(self: Any) -> Any:
        text = self.condition_expression
        if text not in known:
            known[text] = tuple(original(self))
        return deque(known[text])

    return lex


def _by_its_own_name(original: Callable[..., Any]) -> Callable[..., Any]:
    """Pick an attribute by its own name. DynamoDB's answers are dictionaries with these names, so no other is tried."""

    def pick(self: Any, context: Any) -> Any:
        model = context.service_model or getattr(context.operation_model, "service_model", None)
        if type(context.obj) is dict and model is not None and model.service_name == "dynamodb":
            return context.obj.get(context.key)
        return original(self, context)

    return pick
