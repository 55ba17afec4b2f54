"""Read protobuf messages strictly: no unknown field, no field twice, no copies of bytes.

The encoding: https://protobuf.dev/programming-guides/encoding/. The parser of the onnx package is
not used for two reasons. Importing it takes 0.2 s, more than tagging a photo. And it tolerates
messages that two readers can understand differently; then what was checked is not what is run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyimagesearch.model_file.guard.refused import RefusedError

VARINT, LENGTH, FIXED32 = 0, 2, 5


@dataclass(frozen=True)
class Field:
    """A field of a message: what it contains, and how often it may occur."""

    name: str
    kind: "str | Schema"  # "int", "float", "bytes", or an embedded message
    most: int = 1

    @property
    def is_repeated(self) -> bool:
        """Whether the values of the field are a list."""
        return self.most > 1


Schema = Mapping[int, Field]  # by field number
Message = dict[str, Any]  # values by name; a list for repeated fields, a memoryview for bytes


def read(data: memoryview, schema: Schema) -> Message:
    """Return the message in `data`, with an empty list for a repeated field that does not occur.

    Raises RefusedError if it is not a message of the `schema`.
    """
    message: Message = {field.name: [] for field in schema.values() if field.is_repeated}
    position = 0
    content: Any
    while position < len(data):
        key, position = _varint(data, position)
        field, wire = schema.get(key >> 3), key & 7
        if field is None:
            raise RefusedError(f"contains the field {key >> 3}, which is not needed")
        if wire == VARINT:
            content, position = _varint(data, position)
        else:
            size = 4
            if wire == LENGTH:
                size, position = _varint(data, position)
            elif wire != FIXED32:
                raise RefusedError(f"has the field {field.name} in another encoding")
            if position + size > len(data):
                raise RefusedError("is cut off")
            content = data[position : position + size]
            position += size
        _put(message, field, wire, content)
    return message


def _put(message: Message, field: Field, wire: int, content: Any) -> None:
    """Add to `message` what was read of one field."""
    value: Any = content
    if field.kind == "int" and wire == LENGTH and field.is_repeated:  # packed
        position = 0
        while position < len(content):
            value, position = _varint(content, position)
            _append(message[field.name], field, _signed(value))
        return
    if wire != {"int": VARINT, "float": FIXED32}.get(str(field.kind), LENGTH):
        raise RefusedError(f"has the field {field.name} in another encoding")
    if field.kind == "int":
        value = _signed(content)
    elif not isinstance(field.kind, str):
        value = read(content, field.kind)
    if field.is_repeated:
        _append(message[field.name], field, value)
    elif field.name in message:
        raise RefusedError(f"has the field {field.name} twice")
    else:
        message[field.name] = value


def _append(values: list[Any], field: Field, value: Any) -> None:
    """Add a value to a repeated field, within limits: two bytes of it can become 500 of objects."""
    if len(values) == field.most:
        raise RefusedError(f"has the field {field.name} more than {field.most} times")
    values.append(value)


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """Return the number that starts at `position`, and the position after it."""
    value = shift = 0
    while True:
        if position == len(data) or shift > 63:
            raise RefusedError("is cut off")
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            return value, position


def _signed(value: int) -> int:
    """Return the 64 bits of `value` as two's complement."""
    return value - (1 << 64) if value >> 63 else value
