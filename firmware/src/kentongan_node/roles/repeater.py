"""Penerus: carries the others' frames on, answers repeats of stored alarms, reports itself."""

from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.message import messages

from kentongan_node.common.mains import MainsNode

if TYPE_CHECKING:
    from typing import Any

    from kentongan_wire.message.verify import Message


class Penerus(MainsNode):
    role = messages.PENERUS
    types = (messages.SIREN_ORDER,)

    def on_message(self, message: "Message", repeat: bool, heard: "Any") -> None:
        if message.body.action == messages.ACTION_TEST and not repeat:
            self.quiet_test()
