"""Answers of the hub to a technician: its routes under /api/v1, the parts of them that are used here."""

from typing import Any, NotRequired, TypedDict

File = dict[str, Any]  # a device.json, kentongan_wire.settings.device_file.FIELDS
Fields = dict[str, Any]  # what is known of a device to be registered, by the hub's names


class Device(TypedDict):
    """A device as the hub sees it; `id` is its number in hexadecimal."""

    node: int
    id: str
    label: str
    role: NotRequired[str]
    zone: NotRequired[int]
    house: NotRequired[int]
    state: NotRequired[str]
    heard_wall: NotRequired[float | None]


class Made(TypedDict):
    """A device that was registered and is not confirmed yet."""

    node: int
    label: str
    file: File
    state: dict[str, str]  # {name of a file: base64}
    mark: NotRequired[int]


class Alarm(TypedDict, total=False):
    """An alarm as a gateway heard it."""

    gateway: str
    rssi: int | None
    snr_q: int | None
    hops: int | None


class Uji(TypedDict):
    """A test alarm since a mark, or none."""

    logged: bool
    alarm: Alarm | None
    mark: int


class Label(TypedDict):
    """Contents of a sticker."""

    label: str
    id: str
    role_word: str
    house: int
    place: str
    qr: str
    steps: list[str]
    name: str


class Modem(TypedDict):
    """The radio of a gateway."""

    file: File
    sticker: Label


class Channel(TypedDict):
    """The site's channel on the air."""

    name: str
    key: str
    preset: str
    freq_hz: int


class Gateway(TypedDict):
    node: int
    label: str


class Site(TypedDict):
    name: str
    channel: Channel
    gateways: list[Gateway]


class Named(TypedDict):
    label: str


class Revocation(TypedDict):
    """Progress of a revocation; `waiting`: the posts that have not reported it."""

    node: int
    label: str
    done: bool
    waiting: list[Named]
    refused: NotRequired[str | None]
