"""Reads and evaluates CloudFormation templates offline: parameters, rules, conditions and the intrinsics ours use.

The local gateway reads `edge.yaml` through this, and the tests of the templates render each environment with it.
Anything CloudFormation would refuse, and any function not known here, is a `TemplateError` of one line.
"""

import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["KNOWN_LATER", "Template", "TemplateError", "load", "loads", "parsed", "render"]

Resolve = Callable[[str, str | None], Any]

# A parameter's value that is not known yet, the output of a stack that is not made: no rule is held against it.
KNOWN_LATER = "(known later)"

_NO_VALUE = object()  # what AWS::NoValue evaluates to: the property or list item that holds it disappears
_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")
_PLAIN_TAGS = {"Ref", "Condition"}
_FUNCTION_TAGS = {
    "And",
    "Base64",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAtt",
    "GetAZs",
    "If",
    "Join",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
}


class TemplateError(Exception):
    """A template or its parameters are wrong; the text is one line that names template, parameter and rule."""


class Template(dict[str, Any]):
    """A template as plain data, short tags in their long form; `name` is its file name, for errors."""

    name = "template"


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: own tags, dates stay text (`Version: 2012-10-17`), no key twice."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.constructor.ConstructorError(problem=f"key {key!r} occurs twice", problem_mark=node.start_mark)
    return loader.construct_mapping(node, deep=True)


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = _mapping(loader, node)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    if suffix in _PLAIN_TAGS:
        return {suffix: value}
    if suffix in _FUNCTION_TAGS:
        return {f"Fn::{suffix}": value}
    raise yaml.constructor.ConstructorError(problem=f"unknown tag !{suffix}", problem_mark=node.start_mark)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_multi_constructor("!", _tagged)


def load(path: Path | str) -> Template:
    """Read a template file (YAML or JSON). Raises TemplateError when it cannot be read or is no template."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TemplateError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: is not UTF-8") from error
    template = loads(text, str(path))
    template.name = path.name
    return template


def loads(text: str, name: str = Template.name) -> Template:
    """Read a template's text (YAML or JSON); errors call it by `name`. Raises TemplateError when it is no template."""
    try:
        body = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader with our tags
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or "not valid YAML"
        raise TemplateError(f"{name}:{mark.line + 1 if mark else 1}: {problem}") from error
    if not isinstance(body, dict) or not isinstance(body.get("Resources"), dict):
        raise TemplateError(f"{name}: no Resources")
    template = Template(body)
    template.name = name
    return template


@lru_cache(maxsize=64)
def parsed(text: str, name: str = Template.name) -> Template:
    """What `loads` gives, read once for each text, for it takes its time: not to be changed."""
    return loads(text, name)


def render(
    template: Mapping[str, Any],
    parameters: Mapping[str, str],
    region: str = "us-east-1",
    account: str = "000000000000",
    *,
    resolve: Resolve | None = None,
) -> dict[str, Any]:
    """Return the template as one environment gets it: parameters, rules, conditions and intrinsics evaluated.

    The result holds `Resources` and `Outputs` (and version and description), with what its conditions exclude left
    out. References between resources stay `{"Ref": …}`, `{"Fn::GetAtt": […]}`, or `{"Fn::Sub": …}` around such;
    with `resolve(resource, attribute or None for Ref)` they become what that returns.

    Raises TemplateError when a parameter is missing, unknown or refused, a rule does not hold, a reference leads
    nowhere or a function is not known.
    """
    return _Rendering(template, parameters, region, account, resolve).result()


class _Rendering:
    def __init__(
        self, template: Mapping[str, Any], given: Mapping[str, str], region: str, account: str, resolve: Resolve | None
    ) -> None:
        self.template = template
        self.name = getattr(template, "name", Template.name)
        self.resolve = resolve
        self.region = region
        self.under_evaluation: list[str] = []
        self.parameters = self._parameters(given)
        self.pseudo: dict[str, Any] = {
            "AWS::AccountId": account,
            "AWS::NoValue": _NO_VALUE,
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::StackName": self.parameters.get("AWS::StackName", self.name.rsplit(".", 1)[0]),
            "AWS::URLSuffix": "amazonaws.com",
        }

    def result(self) -> dict[str, Any]:
        self._check_rules()
        kept = {key: self.template[key] for key in ("AWSTemplateFormatVersion", "Description") if key in self.template}
        outputs = self.template.get("Outputs", {})
        return kept | {
            "Resources": {name: self._resource(name) for name in self.created},
            "Outputs": {
                name: {key: self.value(item) for key, item in output.items() if key != "Condition"}
                for name, output in outputs.items()
                if self._included(output)
            },
        }

    @cached_property
    def created(self) -> dict[str, Any]:
        """The resources that this environment has."""
        return {name: body for name, body in self.template["Resources"].items() if self._included(body)}

    def _included(self, body: Mapping[str, Any]) -> bool:
        return "Condition" not in body or self.condition(body["Condition"])

    def _resource(self, name: str) -> dict[str, Any]:
        body = self.created[name]
        after = body.get("DependsOn", [])
        after = [after] if isinstance(after, str) else after
        for other in after:
            if other not in self.template["Resources"]:
                raise self.error(f"resource {name} depends on {other}, which is not declared")
        evaluated = {key: self.value(item) for key, item in body.items() if key not in ("Condition", "DependsOn")}
        # CloudFormation ignores a dependency on a resource that a condition excludes.
        after = [other for other in after if other in self.created]
        return evaluated | ({"DependsOn": after} if after else {})

    def error(self, text: str) -> TemplateError:
        return TemplateError(" ".join(f"{self.name}: {text}".split()))

    # Parameters and rules

    def _parameters(self, given: Mapping[str, str]) -> dict[str, Any]:
        declared: dict[str, Any] = self.template.get("Parameters", {})
        for name in given:
            if name not in declared:
                raise self.error(f"parameter {name}: not declared")
        return {name: self._parameter(name, rules, given.get(name)) for name, rules in declared.items()}

    def _parameter(self, name: str, rules: Mapping[str, Any], given: str | None) -> str | list[str]:
        chosen = rules.get("Default") if given is None else given
        if chosen is None:
            raise self.error(f"parameter {name}: no value given, and no Default")
        text = _text(chosen)
        kind = rules.get("Type", "String")
        is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
        if text == KNOWN_LATER:
            return [text] if is_list else text
        for item in [part.strip() for part in text.split(",")] if is_list else [text]:
            self._check(name, rules, item)
        if is_list:
            return [part.strip() for part in text.split(",")]
        return text

    def _check(self, name: str, rules: Mapping[str, Any], item: str) -> None:
        shown = "the value" if _text(rules.get("NoEcho", False)) == "true" else repr(item)
        allowed = [_text(value) for value in rules.get("AllowedValues", [])]
        if allowed and item not in allowed:
            raise self.error(f"parameter {name}: {shown} is not one of AllowedValues {', '.join(allowed)}")
        pattern = rules.get("AllowedPattern")
        if pattern is not None and not re.fullmatch(pattern, item):
            raise self.error(f"parameter {name}: {shown} does not match AllowedPattern {pattern}")
        if not int(rules.get("MinLength", 0)) <= len(item) <= int(rules.get("MaxLength", 4096)):
            raise self.error(f"parameter {name}: {shown} is not within MinLength and MaxLength")
        if rules.get("Type") in ("Number", "List<Number>"):
            try:
                number = float(item)
            except ValueError:
                raise self.error(f"parameter {name}: {shown} is not a Number") from None
            if not float(rules.get("MinValue", number)) <= number <= float(rules.get("MaxValue", number)):
                raise self.error(f"parameter {name}: {shown} is not within MinValue and MaxValue")

    def _check_rules(self) -> None:
        for name, rule in self.template.get("Rules", {}).items():
            if "RuleCondition" in rule and not self.holds(rule["RuleCondition"]):
                continue
            for assertion in rule["Assertions"]:
                if not self.holds(assertion["Assert"]):
                    raise self.error(f"rule {name}: {assertion.get('AssertDescription', 'an assertion does not hold')}")

    # Conditions

    def condition(self, name: str) -> bool:
        conditions = self.template.get("Conditions", {})
        if name not in conditions:
            raise self.error(f"condition {name}: not declared")
        if name in self.under_evaluation:
            raise self.error(f"condition {name}: refers to itself")
        self.under_evaluation.append(name)
        try:
            return self.holds(conditions[name])
        finally:
            self.under_evaluation.pop()

    def holds(self, expression: Any) -> bool:
        function, argument = self._call(expression)
        if function == "Condition":
            return self.condition(argument)
        if function == "Fn::Not":
            return not self.holds(argument[0])
        if function in ("Fn::And", "Fn::Or"):
            combine = all if function == "Fn::And" else any
            return combine(self.holds(part) for part in argument)
        if function not in _COMPARISONS:
            raise self.error(f"{function} is not known as a condition")
        left, right = (self.value(side) for side in argument)
        return _COMPARISONS[function](left, right)

    def _call(self, expression: Any) -> tuple[str, Any]:
        if not isinstance(expression, dict) or len(expression) != 1:
            raise self.error(f"not a condition: {expression!r:.80}")
        return next(iter(expression.items()))

    # Values

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            function, argument = next(iter(node.items()))
            if function == "Ref" or str(function).startswith("Fn::"):
                return self._function(function, argument)
        evaluated = ((key, self.value(item)) for key, item in node.items())
        return {key: item for key, item in evaluated if item is not _NO_VALUE}

    def _function(self, function: str, argument: Any) -> Any:
        functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::Base64": lambda text: {"Fn::Base64": self.value(text)},
            "Fn::FindInMap": lambda keys: self._find_in_map(*map(self.value, keys)),
            "Fn::GetAtt": lambda parts: self._attribute(*parts),
            "Fn::GetAZs": lambda region: [f"{self.value(region) or self.region}{zone}" for zone in "abc"],
            "Fn::If": lambda parts: self.value(parts[1] if self.condition(parts[0]) else parts[2]),
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::Sub": self._substitute,
        }
        if function not in functions:
            raise self.error(f"{function} is not known")
        return functions[function](argument)

    def _join(self, argument: list[Any]) -> Any:
        separator, parts = argument[0], self.value(argument[1])
        if _is_open(parts) or any(_is_open(part) for part in parts):
            return {"Fn::Join": [separator, parts]}
        return separator.join(_text(part) for part in parts)

    def _select(self, argument: list[Any]) -> Any:
        index, choices = self.value(argument[0]), self.value(argument[1])
        if _is_open(choices):
            return {"Fn::Select": [index, choices]}
        if choices == [KNOWN_LATER]:  # a list of unknown length
            return KNOWN_LATER
        if not 0 <= int(index) < len(choices):
            raise self.error(f"Fn::Select: no item {index} of {len(choices)}")
        return choices[int(index)]

    def _split(self, argument: list[Any]) -> Any:
        separator, text = argument[0], self.value(argument[1])
        return {"Fn::Split": [separator, text]} if _is_open(text) else _text(text).split(separator)

    def _ref(self, name: str) -> Any:
        if name in self.parameters:
            return self.parameters[name]
        if name in self.pseudo:
            return self.pseudo[name]
        self._must_exist(name)
        return self.resolve(name, None) if self.resolve else {"Ref": name}

    def _attribute(self, name: str, attribute: str) -> Any:
        self._must_exist(name)
        return self.resolve(name, attribute) if self.resolve else {"Fn::GetAtt": [name, attribute]}

    def _must_exist(self, name: str) -> None:
        if name not in self.created:
            why = "which a condition excludes" if name in self.template["Resources"] else "which is not declared"
            raise self.error(f"reference to {name}, {why}")

    def _substitute(self, argument: str | list[Any]) -> Any:
        text, given = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
        own = {name: self.value(item) for name, item in given.items()}
        still_open: dict[str, Any] = {}

        def insert(match: re.Match[str]) -> str:
            if match[1]:  # ${!Name} is the text ${Name}
                return match[0]
            name = match[2].strip()
            found = own[name] if name in own else self._variable(name)
            if not _is_open(found):
                return _text(found).replace("${", "${!")
            if name in own:
                still_open[name] = found
            return match[0]

        replaced = _VARIABLE.sub(insert, text)
        if not any(not match[1] for match in _VARIABLE.finditer(replaced)):
            return replaced.replace("${!", "${")
        return {"Fn::Sub": [replaced, still_open] if still_open else replaced}

    def _variable(self, name: str) -> Any:
        resource, _, attribute = name.partition(".")
        return self._attribute(resource, attribute) if attribute else self._ref(name)

    def _find_in_map(self, mapping: str, first: str, second: str) -> Any:
        try:
            return self.template["Mappings"][mapping][first][second]
        except KeyError:
            raise self.error(f"Fn::FindInMap: no {mapping}.{first}.{second}") from None


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Fn::Equals": lambda left, right: _text(left) == _text(right),
    "Fn::Contains": lambda values, wanted: wanted in values,
    "Fn::EachMemberEquals": lambda values, wanted: all(value == wanted for value in values),
    "Fn::EachMemberIn": lambda values, wanted: all(value in wanted for value in values),
}


def _is_open(value: Any) -> bool:
    """Whether a value still depends on a resource that does not exist yet."""
    return isinstance(value, dict)


def _text(value: Any) -> str:
    """A scalar as CloudFormation compares and joins it: everything is text, true and false in small letters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
