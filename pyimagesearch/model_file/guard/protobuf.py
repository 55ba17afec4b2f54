"""Read protobuf messages strictly: nothing unknown, nothing twice, nothing copied.

The encoding: https://protobuf.dev/programming-guides/encoding/. Importing onnx takes 0.2 s, more
than tagging a photo, and its parser forgives what this one must not: where two readers of a file
can differ, what was checked is not what is run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VARINT, LENGTH, FIXED32 = 0, 2, 5


@dataclass(frozen=True)
class Field:
    """A field of a message: what it holds, and how often it may occur."""

    name: str
    kind: "str | Schema"  # "int", "float", "bytes", or a message within
    most: int = 1

    @property
    def is_repeated(self) -> bool:
        """Whether it is a list."""
        return self.most > 1


Schema = Mapping[int, Field]  # by field number
Message = dict[str, Any]  # values by name; of repeated fields a list, of bytes a memoryview


class MessageError(ValueError):
    """The bytes are no message of the schema."""


def read(data: memoryview, schema: Schema) -> Message:
    """Return the message in `data`; repeated fields are always there. Raises MessageError."""
    message: Message = {field.name: [] for field in schema.values() if field.is_repeated}
    position = 0
    content: Any
    while position < len(data):
        key, position = _varint(data, position)
        field, wire = schema.get(key >> 3), key & 7
        if field is None:
            raise MessageError(f"holds the field {key >> 3}, which is not needed")
        if wire == VARINT:
            content, position = _varint(data, position)
        else:
            size = 4
            if wire == LENGTH:
                size, position = _varint(data, position)
            elif wire != FIXED32:
                raise MessageError(f"has the field {field.name} in a form that is not used")
            if position + size > len(data):
                raise MessageError("is cut off")
            content = data[position : position + size]
            position += size
        _put(message, field, wire, content)
    return message


def _put(message: Message, field: Field, wire: int, content: Any) -> None:
    """Add what was read of one field to `message`."""
    value: Any = content
    if field.kind == "int" and wire == LENGTH and field.is_repeated:  # packed
        position = 0
        while position < len(content):
            value, position = _varint(content, position)
            _append(message[field.name], field, _signed(value))
        return
    if wire != {"int": VARINT, "float": FIXED32}.get(str(field.kind), LENGTH):
        raise MessageError(f"has the field {field.name} in a form that is not used")
    if field.kind == "int":
        value = _signed(content)
    elif not isinstance(field.kind, str):
        value = read(content, field.kind)
    if field.is_repeated:
        _append(message[field.name], field, value)
    elif field.name in message:
        raise MessageError(f"has two of the field {field.name}")
    else:
        message[field.name] = value


def _append(values: list[Any], field: Field, value: Any) -> None:
    """Add one of a repeated field: a message of two bytes becomes hundreds of bytes of objects."""
    if len(values) == field.most:
        raise MessageError(f"has over {field.most} of the field {field.name}")
    values.append(value)


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """Return the number that starts at `position`, and where it ends."""
    value = shift = 0
    while True:
        if position == len(data) or shift > 63:
            raise MessageError("is cut off")
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            return value, position


def _signed(value: int) -> int:
    """Return the 64 bits of `value` as two's complement."""
    return value - (1 << 64) if value >> 63 else value
