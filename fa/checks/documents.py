"""Reads YAML that people write, and refuses a key that occurs twice: YAML would drop one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from fa.checks.errors import UserError


def read_yaml(path: str | Path) -> Any:  # noqa: ANN401 - whatever the file has
    """Return what a YAML file says.

    Raises:
        UserError: it cannot be read, is not YAML, or has a key twice.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        root = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    except (yaml.YAMLError, ValueError) as error:  # for example an impossible date
        raise UserError(f"{path} is not valid YAML: {error}") from error
    lines = "".join(f"\n  {sentence}" for sentence in twice(root, set()))
    if lines:
        raise UserError(f"{path} has a key twice, and YAML would drop the first:{lines}")
    return content


def twice(node: yaml.Node | None, seen: set[int]) -> Iterator[str]:
    """Yield a sentence for every key that a mapping has twice, at any depth below a node.

    Args:
        node: what YAML has read.
        seen: the ids of the nodes already visited: an alias is the node that it names.
    """
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from twice(entry, seen)
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if isinstance(key, yaml.ScalarNode) and key.value in lines:
            yield f"{key.value}: on lines {lines[key.value]} and {line}; keep one"
        elif isinstance(key, yaml.ScalarNode):
            lines[key.value] = line
        yield from twice(value, seen)
