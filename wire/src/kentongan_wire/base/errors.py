"""The two kinds of error: ours (LocalError) and theirs (RemoteError, always with a reason to count)."""

REASONS = (
    "short",  # fewer bytes than the layer needs
    "long",  # more bytes than the air or the layer allows
    "header",  # a packet header that no sender makes: reserved sender, hop_limit above hop_start
    "protobuf",  # a Data that no protobuf encoder makes
    "channel",  # another channel's hash
    "port",  # not the port that is wanted here
    "version",  # a message version that is not spoken here
    "type",  # an unknown type, or not the type that is wanted here
    "role",  # this role may not send this type (or this kind)
    "length",  # a length that lies, or a stored file that is not whole
    "revoked",  # the sender's number was revoked
    "generation",  # a key generation that is not accepted
    "no_key",  # no key here can judge this
    "tag",  # a tag does not hold
    "unproved",  # an alarm whose tag holds under A and whose proof does not under C: a stolen post makes it
    "weak_key",  # an alarm under A that may not sound: whatever does not sound goes under C
    "replay",  # an older counter than the last one
    "altered",  # the last counter again, with other content
    "stage",  # a stage that is unknown or that the sender may not give
    "not_for_us",  # authentic or not, it names other targets
    "field",  # a value outside its table
    "order_empty",  # a siren order with no target
    "config_part",  # a part number outside its parts
)


class LocalError(ValueError):
    """A mistake of the caller or of a settings file; the message names the place and the remedy."""


class RemoteError(Exception):
    """Input from outside cannot be accepted; `.reason` is one of REASONS, to be counted."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason
