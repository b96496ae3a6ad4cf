"""A village on one virtual clock: the boards around the cores, a gateway, strangers, and its history."""
