"""An unmodified Meshtastic node as repeater or gateway radio: configured, rebooted, read back, compared.

Why each setting: wire-format section 2. A ROUTER relays nothing of ours unless rebroadcast_mode is ALL; the
frequency follows the channel's name unless channel_num is set; power is capped so that antenna gain and cable
loss keep within 20 dBm EIRP. Own traffic of the node (node info, telemetry) is set to once a day: it counts
as air time and says nothing that the site needs.
"""

import contextlib
import io
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

from kentongan_wire import phy
from kentongan_wire.errors import LocalError

from kentongan_tool import progress
from kentongan_tool.answers import Channel
from kentongan_tool.failures import Say, ToolError

Settings = dict[str, Any]  # by "section.field"; the library and its protobufs come without types

REGION, REGION_START_HZ = "SG_923", 917_000_000  # RadioInterface.cpp, regions[]
EIRP_MAX_DBM = 20
POWER_MIN_DBM, POWER_MAX_DBM = 1, 22
OWN_TRAFFIC_S = 86_400
HOPS = 3
CONNECT_S = 40  # handshake of a node that has just started
REBOOT_S = 120  # until a node that saved its settings is back
LOOK_S = 1.0
ROLES = {"repeater": "ROUTER", "gateway": "CLIENT"}  # a gateway's radio relays by itself, like any client


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


@contextlib.contextmanager
def connected(port: str | None = None, host: str | None = None) -> Iterator[Any]:
    """Open the library's interface at a port or host[:port]; its own prints and exits become ToolErrors."""
    where, opened = port or host, None
    logging.getLogger("meshtastic").setLevel(logging.CRITICAL)  # what it logs, this module says
    chatter = io.StringIO()
    try:
        with contextlib.redirect_stdout(chatter):
            if port:
                from meshtastic.serial_interface import SerialInterface

                opened = SerialInterface(port, timeout=CONNECT_S)
            else:
                from meshtastic.tcp_interface import TCPInterface

                name, _, number = (host or "").partition(":")
                opened = TCPInterface(name, portNumber=int(number or 4403), timeout=CONNECT_S)
    except SystemExit:
        raise ToolError("radio", f"{where}: {chatter.getvalue().strip()[:200] or 'the library gave up'}")
    except Exception as error:  # the library raises what its layers raise: OSError, MeshInterfaceError, ...
        raise ToolError("radio", f"{where}: {error}")
    try:
        yield opened
    finally:
        with contextlib.suppress(Exception):
            opened.close()


def section_of(node: Any, name: str) -> Any:
    return getattr(node.moduleConfig if name == "telemetry" else node.localConfig, name)


def read(interface: Any) -> Settings:
    """{"section.field": value} of the node as it says itself, enums by name."""
    node = interface.localNode
    out = {}
    for name in ("lora", "device", "position", "telemetry"):
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


def differences(have: Settings, want: Settings) -> Iterator[str]:
    """List the settings that are not as wanted, for people; a key is never shown."""
    for name, value in want.items():
        if have.get(name) != value:
            shown = "another key" if name in SECRET else f"{have.get(name)} instead of {value}"
            yield f"{name}: {shown}"


def write(interface: Any, want: Settings) -> None:
    """Send every section in one transaction; the node saves, and reboots to use it."""
    node = interface.localNode
    node.beginSettingsTransaction()
    changed = set()
    for name, value in want.items():
        part, _, field = name.partition(".")
        if part in ("lora", "device", "position", "telemetry"):
            section = section_of(node, part)
            if isinstance(value, str):
                value = section.DESCRIPTOR.fields_by_name[field].enum_type.values_by_name[value].number
            setattr(section, field, value)
            changed.add(part)
    for part in sorted(changed):
        node.writeConfig(part)
    if want["owner.long_name"] != interface.getLongName():
        node.setOwner(long_name=want["owner.long_name"], short_name=want["owner.long_name"][-4:])
    for index, channel in enumerate(node.channels):
        if index == 0:
            channel.role = type(channel).Role.PRIMARY
            channel.settings.Clear()
            channel.settings.name, channel.settings.psk = want["channel.name"], want["channel.psk"]
        elif channel.role:
            channel.role = type(channel).Role.DISABLED
            channel.settings.Clear()
        else:
            continue
        node.writeChannel(index)
    interface._wantExit = True  # the node reboots now: the library must not fight us for its one connection
    node.commitSettingsTransaction()


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
    with connected(port, host) as interface:
        number = interface.myInfo.my_node_num
        say(f"Radio {interface.getLongName()} !{number:08x}, firmware {interface.metadata.firmware_version}")
        check_number(number)  # before anything of it is changed
        wrong = list(differences(read(interface), want))
        for line in wrong:
            say(f"  {line}")
        if not wrong:
            say("Sudah benar: tidak ada yang diubah")
            return number
        if check_only:
            raise ToolError("radio", f"{port or host}: {len(wrong)} settings differ")
        write(interface, want)
        say("Ditulis; radio menyimpan dan mulai lagi")
        time.sleep(LOOK_S)  # the library's writer is a thread of its own
    with progress.Progress("Menunggu radio kembali") as waiting:
        return _read_back(want, say, port, host, now_s() + REBOOT_S, now_s, waiting)


def _read_back(
    want: Settings,
    say: Say,
    port: str | None,
    host: str | None,
    until_s: float,
    now_s: Callable[[], float],
    waiting: progress.Progress,
) -> int:
    while True:
        waiting.left(until_s - now_s())
        try:
            with connected(port, host) as interface:
                wrong = list(differences(read(interface), want))
                number = interface.myInfo.my_node_num
        except ToolError as error:
            wrong, number = [error.what], None
        if not wrong:
            say("Dibaca kembali setelah mulai lagi: semua benar")
            return number
        if now_s() > until_s:
            raise ToolError("radio", f"{port or host}: {'; '.join(wrong)}")
        time.sleep(LOOK_S)
