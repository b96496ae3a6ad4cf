"""An unmodified Meshtastic node as repeater or gateway radio: configured, rebooted, read back, compared.

Why each setting: wire-format section 2. A ROUTER relays nothing of ours unless rebroadcast_mode is ALL; the
frequency follows the channel's name unless channel_num is set; power is capped so that antenna gain and cable
loss keep within 20 dBm EIRP. Own traffic of the node (node info, telemetry) is set to once a day: it counts
as air time and says nothing that the site needs. A changed role brings other settings back to its defaults,
so it is written first, and they after it.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from kentongan_wire.air import phy
from kentongan_wire.base.errors import LocalError

from kentongan_tool.base import progress
from kentongan_tool.base.answers import Channel
from kentongan_tool.base.failures import Say, ToolError
from kentongan_tool.jobs.stock_link import Link, connected, quiet

Settings = dict[str, Any]  # by "section.field"; the library and its protobufs come without types

REGION, REGION_START_HZ = "SG_923", 917_000_000  # RadioInterface.cpp, regions[]
EIRP_MAX_DBM = 20
POWER_MIN_DBM, POWER_MAX_DBM = 1, 22
OWN_TRAFFIC_S = 86_400
HOPS = 3
REBOOT_S = 120  # until a node that saved its settings is back
LOOK_S = 1.0
ROUNDS = 3  # of writing what is still not as wanted
# A gateway's radio is never a CLIENT: that sends its own relay of an alarm before the receipt, seconds late
ROLES = {"repeater": "ROUTER", "gateway": "ROUTER", "gateway-mute": "CLIENT_MUTE"}
ROLE = "device.role"
OF_ROLE = ("device", "position", "telemetry")  # sections that a changed role brings back to its defaults
SECTIONS = ("device", "lora", "position", "telemetry")


def slot(freq_hz: int, bw_hz: int) -> int:
    """Meshtastic's channel_num of a frequency in REGION; ToolError when it lies between two slots."""
    number, rest = divmod(freq_hz - REGION_START_HZ - bw_hz // 2, bw_hz)
    if rest or number < 0:
        raise ToolError("radio", f"{freq_hz / 1e6:.3f} MHz is no slot of {REGION} at {bw_hz // 1000} kHz")
    return number + 1


def power_dbm(gain_dbi: int, loss_db: int) -> int:
    """Return the conducted power that keeps to the law with this antenna and cable."""
    power = min(EIRP_MAX_DBM - gain_dbi + loss_db, POWER_MAX_DBM)
    try:
        phy.check_eirp_dbm(power, gain_dbi, loss_db)
    except LocalError as error:
        raise ToolError("argument", str(error))
    if power < POWER_MIN_DBM:
        raise ToolError("argument", f"--gain {gain_dbi}: leaves no power within {EIRP_MAX_DBM} dBm EIRP")
    return power


def wanted(channel: Channel, use: str, label: str, gain_dbi: int = 3, loss_db: int = 0) -> Settings:
    """{"section.field": value} for a site's channel as the hub gives it; `use` is a key of ROLES."""
    preset = phy.preset(channel["preset"])
    phy.check_frequency(channel["freq_hz"], preset.bw_hz)
    name = "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(preset.name)).upper()
    return {
        "lora.region": REGION,
        "lora.use_preset": True,
        "lora.modem_preset": name,
        "lora.channel_num": slot(channel["freq_hz"], preset.bw_hz),
        "lora.override_frequency": 0.0,
        "lora.frequency_offset": 0.0,
        "lora.hop_limit": HOPS,
        "lora.tx_enabled": True,
        "lora.tx_power": power_dbm(gain_dbi, loss_db),
        "lora.override_duty_cycle": False,
        "device.role": ROLES[use],
        "device.rebroadcast_mode": "ALL",
        "device.node_info_broadcast_secs": OWN_TRAFFIC_S,
        "position.position_broadcast_secs": OWN_TRAFFIC_S,
        "telemetry.device_update_interval": OWN_TRAFFIC_S,
        "channel.name": channel["name"],
        "channel.psk": bytes.fromhex(channel["key"]),
        "channel.role": "PRIMARY",
        "channel.others": 0,
        "owner.long_name": label,
    }


SECRET = ("channel.psk",)


def section_of(node: Any, name: str) -> Any:
    return getattr(node.moduleConfig if name == "telemetry" else node.localConfig, name)


def read(interface: Any) -> Settings:
    """{"section.field": value} of the node as it says itself, enums by name."""
    node = interface.localNode
    out = {}
    for name in SECTIONS:
        section = section_of(node, name)
        for field in section.DESCRIPTOR.fields:
            value = getattr(section, field.name)
            if field.enum_type is not None and not isinstance(value, list | tuple):
                known = field.enum_type.values_by_number.get(value)
                value = known.name if known else value
            out[f"{name}.{field.name}"] = value
    channels = node.channels or []
    if channels:
        first = channels[0]
        out["channel.name"], out["channel.psk"] = first.settings.name, first.settings.psk
        out["channel.role"] = type(first).Role.Name(first.role)
    out["channel.others"] = sum(1 for channel in channels[1:] if channel.role)
    out["owner.long_name"] = interface.getLongName()
    return out


def differences(have: Settings, want: Settings) -> Settings:
    """Return those settings of `want` that the node does not have."""
    return {name: value for name, value in want.items() if have.get(name) != value}


def in_words(wrong: Settings, have: Settings) -> Iterator[str]:
    """List the settings that are not as wanted, for people; a key is never shown."""
    for name, value in wrong.items():
        shown = "another key" if name in SECRET else f"{have.get(name)} instead of {value}"
        yield f"{name}: {shown}"


class Step(NamedTuple):
    """One message to the node: of which part, and what is set in it."""

    part: str
    settings: Settings


def steps(wrong: Settings, want: Settings) -> list[Step]:
    """Order what is to be written: the role alone and first, for what it resets must come after it."""
    parts = {name.partition(".")[0] for name in wrong}
    first = [Step("device", {ROLE: want[ROLE]})] if ROLE in wrong else []
    if first:
        parts.update(OF_ROLE)
    rest = [part for part in (*SECTIONS, "owner", "channel") if part in parts]
    return first + [Step(part, {n: v for n, v in want.items() if n.startswith(f"{part}.")}) for part in rest]


def messages(interface: Any, step: Step) -> Iterator[Any]:
    """Make the AdminMessages of a step; each names the whole section, as the node replaces it whole."""
    from meshtastic.protobuf import admin_pb2

    node = interface.localNode
    if step.part == "owner":
        message = admin_pb2.AdminMessage()
        name = step.settings["owner.long_name"]
        message.set_owner.long_name, message.set_owner.short_name = name, name[-4:]
        yield message
    elif step.part == "channel":
        for channel in _channels(node, step.settings):
            message = admin_pb2.AdminMessage()
            message.set_channel.CopyFrom(channel)
            yield message
    else:
        section = section_of(node, step.part)
        for name, value in step.settings.items():
            field = name.partition(".")[2]
            if isinstance(value, str):
                value = section.DESCRIPTOR.fields_by_name[field].enum_type.values_by_name[value].number
            setattr(section, field, value)
        message = admin_pb2.AdminMessage()
        kind = message.set_module_config if step.part == "telemetry" else message.set_config
        getattr(kind, step.part).CopyFrom(section)
        yield message


def _channels(node: Any, settings: Settings) -> Iterator[Any]:
    """Change the site's channel into the first place, and clear the others that are in use."""
    for index, channel in enumerate(node.channels or []):
        role = type(channel).Role
        if index and not channel.role:
            continue
        channel.role = role.DISABLED if index else role.PRIMARY
        channel.settings.Clear()
        if not index:
            channel.settings.name, channel.settings.psk = settings["channel.name"], settings["channel.psk"]
        yield channel


def write(link: Link, wrong: Settings, want: Settings) -> None:
    """Send what is wrong in one transaction, one message at a time; the node saves, and reboots to use it."""
    from meshtastic.protobuf import admin_pb2

    todo = steps(wrong, want)
    with progress.Progress("Menulis") as told:
        link.admin("begin", admin_pb2.AdminMessage(begin_edit_settings=True))
        for done, step in enumerate(todo, 1):
            for message in messages(link.interface, step):
                link.admin(step.part, message)
            told(done, len(todo) + 1)
        link.admin("commit", admin_pb2.AdminMessage(commit_edit_settings=True))


def configure(
    want: Settings,
    say: Say,
    port: str | None = None,
    host: str | None = None,
    check_only: bool = False,
    check_number: Callable[[int], None] = lambda _: None,
    now_s: Callable[[], float] = time.monotonic,
) -> int:
    """Bring a node to `want` and prove it by reading it back after its reboot; its node number."""
    with quiet():
        with connected(port, host) as link:
            number = _number(link)
            name, version = link.interface.getLongName(), link.interface.metadata.firmware_version
            say(f"Radio {name} !{number:08x}, firmware {version}")
            check_number(number)  # before anything of it is changed
            have = read(link.interface)
            wrong = differences(have, want)
            for line in in_words(wrong, have):
                say(f"  {line}")
            if not wrong:
                say("Sudah benar: tidak ada yang diubah")
                return number
            if check_only:
                raise ToolError("radio", f"{link.where}: {len(wrong)} settings differ")
            _write_and_leave(link, wrong, want, say)
        return _prove(want, say, port, host, now_s)


def _number(link: Link) -> int:
    number: int = link.interface.myInfo.my_node_num
    return number


def _write_and_leave(link: Link, wrong: Settings, want: Settings, say: Say) -> None:
    write(link, wrong, want)
    say("Ditulis satu per satu, semua dijawab; radio menyimpan dan mulai lagi")
    with progress.Progress("Menunggu radio mulai lagi"):
        link.wait_for_restart()


def _prove(want: Settings, say: Say, port: str | None, host: str | None, now_s: Callable[[], float]) -> int:
    """Read back until all is right, and write again what is not, as often as ROUNDS allows."""
    for written in range(1, ROUNDS + 1):
        with _come_back(port, host, now_s() + REBOOT_S, now_s) as link:
            have = read(link.interface)
            wrong = differences(have, want)
            if not wrong:
                say("Dibaca kembali setelah mulai lagi: semua benar")
                return _number(link)
            words = list(in_words(wrong, have))
            if written < ROUNDS:
                say(f"Dibaca kembali, masih lain, ditulis lagi: {'; '.join(words)}")
                _write_and_leave(link, wrong, want, say)
    raise ToolError("radio", f"{port or host}: written {ROUNDS} times, read back still {'; '.join(words)}")


@contextlib.contextmanager
def _come_back(
    port: str | None, host: str | None, until_s: float, now_s: Callable[[], float]
) -> Iterator[Link]:
    """Open the line again once the node is there; ToolError when it stays away."""
    with contextlib.ExitStack() as stack:
        with progress.Progress("Menunggu radio kembali") as waiting:
            while True:
                waiting.left(until_s - now_s())
                try:
                    link = stack.enter_context(connected(port, host))
                    break
                except ToolError:
                    if now_s() > until_s:
                        raise
                time.sleep(LOOK_S)
        yield link
