"""Penerus: carries the others' frames on, answers repeats of stored alarms, reports itself."""

from kentongan_wire import messages

from kentongan_node.mains import MainsNode


class Penerus(MainsNode):
    role = messages.PENERUS
    types = (messages.SIREN_ORDER,)

    def on_message(self, message, repeat, heard):
        if message.body.action == messages.ACTION_TEST and not repeat:
            self.quiet_test()
