"""The page of public names, read from the code itself."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Iterator

import dongui
import dongui.custody

__all__ = ["MADE", "api_page", "public_members"]


MADE = "<!-- Made by `make reference`: change the source, not this page. -->"

_LINE = 100


def api_page() -> str:
    """Return every public name with its signature and what it says about itself."""
    introduction = "What `import dongui` offers. Times are aware datetimes; sizes are in bytes.\n"
    sections = [_section(name, getattr(dongui, name)) for name in dongui.__all__]
    custody = [_section(name, getattr(dongui.custody, name)) for name in dongui.custody.__all__]
    told = "# Custody\n\nWhat `import dongui.custody` offers; releases need `dongui[custody]`.\n"
    return "\n".join(["# The library\n", MADE + "\n", introduction, *sections, told, *custody])


def public_members(kind: type) -> Iterator[tuple[str, object]]:
    """Yield a class's public methods and properties by name, those of ours it inherits included."""
    found: dict[str, object] = {}
    for ancestor in reversed(kind.__mro__):
        if ancestor.__module__.startswith("dongui"):
            found |= {name: member for name, member in vars(ancestor).items() if _is_told(name, member)}
    yield from sorted(found.items())


def _is_told(name: str, member: object) -> bool:
    function = getattr(member, "__func__", member)
    return not name.startswith("_") and (inspect.isfunction(function) or isinstance(member, property))


def _section(name: str, thing: object) -> str:
    home = f"\n\nFrom `{getattr(thing, '__module__', 'dongui')}`."
    text = f"## `{name}`\n\n{_signature(name, thing)}{_document(thing)}{home}\n"
    if isinstance(thing, type):
        if issubclass(thing, enum.Enum):
            text += "".join(f"\n- `{member.name}` = `{member.value!r}`" for member in thing) + "\n"
        for member_name, member in public_members(thing):
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            title = f"{name}.{member_name}"
            shown = "" if isinstance(member, property) else _signature(member_name, function)
            text += f"\n### `{title}`\n\n{shown}{_document(function)}\n"
    return text


def _signature(name: str, thing: object) -> str:
    if not callable(thing) or _is_made_otherwise(thing):
        return ""
    signature = inspect.signature(thing)
    told = [part for name, part in signature.parameters.items() if name not in ("self", "cls")]
    # Annotations are kept as text in the source; their quotes say nothing to a reader.
    parts = [re.sub(r"(: )'([^']*)'", r"\1\2", str(part)) for part in told]
    # A function's default says where it lies in memory, and that it may be left out.
    parts = [re.sub(r"= <.* at 0x[0-9a-f]+>$", "= ...", part) for part in parts]
    first_named = next((place for place, part in enumerate(told) if part.kind is part.KEYWORD_ONLY), None)
    if first_named is not None:
        parts.insert(first_named, "*")
    result = signature.return_annotation
    end = "" if result is signature.empty else f" -> {result}"
    line = f"{name}({', '.join(parts)}){end}"
    if len(line) > _LINE:
        line = "\n".join([f"{name}(", *(f"    {part}," for part in parts), f"){end}"])
    # Not "python": the documentation's examples are run, and a signature is none.
    return f"```py\n{line}\n```\n\n"


def _is_made_otherwise(thing: object) -> bool:
    """Whether calling it is not how a program gets one: members of an enumeration, what ``start`` makes."""
    if not isinstance(thing, type):
        return False
    # A protocol is implemented, not called.
    return (
        issubclass(thing, enum.Enum)
        or getattr(thing, "_is_protocol", False)
        or (inspect.getdoc(vars(thing).get("__init__")) or "").startswith("Use ")
    )


def _document(thing: object) -> str:
    """Return the docstring with reStructuredText's marks turned into Markdown's."""
    text = inspect.getdoc(thing) or ""
    text = re.sub(r":[a-z]+:`~?([^`]+)`", r"`\1`", text)
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    return re.sub(r"::\n", ":\n", text)
