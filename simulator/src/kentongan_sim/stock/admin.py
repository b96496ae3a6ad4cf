"""The settings of a stock node and the admin messages that change them, as firmware 2.7 does.

A change is in the node's memory at once, and told to whoever asks; it is saved by commit_edit_settings, and
outside a transaction at once. Then the node reboots to use it; without that a power cut takes it back. A
changed role brings its own defaults along, whatever its message said. Only its own host may ask: no remote
administration.
"""

import copy
from collections.abc import Sequence
from typing import Any

from kentongan_wire.air import packet as wire
from kentongan_wire.air import phy
from meshtastic.protobuf import admin_pb2, channel_pb2, config_pb2, module_config_pb2

CHANNELS_MAX = 8
SLOT_920_625 = 15  # SG_923 channel number of 920.625 MHz
CORE_PORTS_MAX = 255  # CORE_PORTNUMS_ONLY relays the firmware's own port numbers, which private ones are not
POSITION_S, TELEMETRY_S = 900, 1_800  # broadcast intervals that a ROUTER begins with
CONFIGS = ("device", "position", "power", "network", "display", "lora", "bluetooth", "security")
MODULES = ("mqtt", "serial", "external_notification", "store_forward", "range_test", "telemetry")
Config, Channel = config_pb2.Config, channel_pb2.Channel


def preset_number(name: str) -> int:
    """Turn `ShortSlow` into Config.LoRaConfig.SHORT_SLOW."""
    text = "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(name)).upper()
    return Config.LoRaConfig.ModemPreset.Value(text)


def preset_name(number: int) -> str:
    """Turn SHORT_SLOW into `ShortSlow`."""
    return "".join(part.title() for part in Config.LoRaConfig.ModemPreset.Name(number).split("_"))


class StockSettings:
    """Holds the flash of a node: owner, configs, modules, eight channels."""

    def __init__(
        self, label: str, role: str, channels: Sequence[wire.Channel], preset: phy.Preset, hop_limit: int
    ):
        self.long_name, self.short_name = label, ""
        self.configs = {name: Config() for name in CONFIGS}
        for name, config in self.configs.items():
            getattr(config, name).SetInParent()
        device = self.configs["device"].device
        device.role = Config.DeviceConfig.Role.Value(role)
        device.node_info_broadcast_secs = 10_800
        device.rebroadcast_mode = Config.DeviceConfig.RebroadcastMode.ALL
        lora = self.configs["lora"].lora
        lora.use_preset, lora.tx_enabled, lora.tx_power = True, True, 20
        lora.modem_preset = preset_number(preset.name)
        lora.region = Config.LoRaConfig.RegionCode.SG_923
        lora.hop_limit, lora.channel_num = hop_limit, SLOT_920_625
        self.modules = {name: module_config_pb2.ModuleConfig() for name in MODULES}
        for name, module in self.modules.items():
            getattr(module, name).SetInParent()
        self.channels = [Channel(index=i, role=Channel.Role.DISABLED) for i in range(CHANNELS_MAX)]
        for index, channel in enumerate(channels[:CHANNELS_MAX]):
            self.channels[index].role = Channel.Role.SECONDARY if index else Channel.Role.PRIMARY
            self.channels[index].settings.name = channel.name
            self.channels[index].settings.psk = channel.key
        self._editing = self._changed = False
        self.save()

    def _flash(self) -> tuple[Any, ...]:
        return self.long_name, self.short_name, self.configs, self.modules, self.channels

    def save(self) -> bool:
        """Write what is in the memory to the flash; tell whether the node reboots for it."""
        changed, self._changed = self._changed, False
        self._saved = copy.deepcopy(self._flash())
        return changed

    def restart(self) -> None:
        """Read the flash as at power on; what was only in the memory is gone."""
        saved = copy.deepcopy(self._saved)
        self.long_name, self.short_name, self.configs, self.modules, self.channels = saved
        self._editing = self._changed = False

    # What the node runs with

    @property
    def role(self) -> str:
        return Config.DeviceConfig.Role.Name(self.configs["device"].device.role)

    def preset(self) -> phy.Preset:
        return phy.preset(preset_name(self.configs["lora"].lora.modem_preset))

    def site_channels(self) -> list[wire.Channel]:
        """List kentongan_wire Channels, the primary first, without those of a public or empty key."""
        used = sorted((c for c in self.channels if c.role != Channel.Role.DISABLED), key=lambda c: c.role)
        settings = [channel.settings for channel in used if len(channel.settings.psk) in (16, 32)]
        return [wire.Channel(one.name, one.psk) for one in settings]

    def relays(self, portnum: int) -> bool:
        """Tell whether the rebroadcast mode lets this node relay a packet that it could read."""
        core_only = Config.DeviceConfig.RebroadcastMode.CORE_PORTNUMS_ONLY
        return self.configs["device"].device.rebroadcast_mode != core_only or portnum <= CORE_PORTS_MAX

    # Admin

    def admin(self, data: bytes) -> tuple[admin_pb2.AdminMessage | None, bool]:
        """Take one AdminMessage as bytes; returns (answer or None, whether the node reboots now)."""
        message, answer = admin_pb2.AdminMessage(), None
        message.ParseFromString(data)
        what = message.WhichOneof("payload_variant")
        if what == "begin_edit_settings":
            self._editing = True
        elif what == "commit_edit_settings":
            self._editing = False
            return None, self.save()
        elif what in ("set_config", "set_module_config", "set_channel", "set_owner"):
            self._apply(message)
            if not self._editing:
                return None, self.save()
        elif what == "get_config_request":
            answer = self._config_answer(message.get_config_request)
        elif what == "get_channel_request":  # one more than the index, so that 0 is no request
            answer = admin_pb2.AdminMessage()
            index = (message.get_channel_request - 1) % CHANNELS_MAX
            answer.get_channel_response.CopyFrom(self.channels[index])
        return answer, False

    def _config_answer(self, number: int) -> admin_pb2.AdminMessage:
        answer = admin_pb2.AdminMessage(session_passkey=b"12345678")
        names = dict(enumerate(CONFIGS))
        if number in names:
            answer.get_config_response.CopyFrom(self.configs[names[number]])
        else:
            answer.get_config_response.SetInParent()
        return answer

    def _apply(self, message: admin_pb2.AdminMessage) -> None:
        self._changed = True
        what = message.WhichOneof("payload_variant")
        if what == "set_config":
            name = message.set_config.WhichOneof("payload_variant")
            role = self.role
            if name in self.configs:
                self.configs[name].CopyFrom(message.set_config)
            if self.role != role:
                self._role_defaults()
        elif what == "set_module_config":
            name = message.set_module_config.WhichOneof("payload_variant")
            if name in self.modules:
                self.modules[name].CopyFrom(message.set_module_config)
        elif what == "set_channel":
            self.channels[message.set_channel.index].CopyFrom(message.set_channel)
        else:
            self.long_name, self.short_name = message.set_owner.long_name, message.set_owner.short_name

    def _role_defaults(self) -> None:
        """Take what the firmware holds right for a new role; for a ROUTER nothing of ours is relayed then."""
        if self.role == "ROUTER":
            core_only = Config.DeviceConfig.RebroadcastMode.CORE_PORTNUMS_ONLY
            self.configs["device"].device.rebroadcast_mode = core_only
            self.configs["position"].position.position_broadcast_secs = POSITION_S
            self.modules["telemetry"].telemetry.device_update_interval = TELEMETRY_S
