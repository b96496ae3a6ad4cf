"""Codes of the outbox and the soundings of posts: states, channels and types of rows; no page shows one."""

WAITING, DONE, FAILED, EXPIRED = "waiting", "sent", "failed", "expired"
BOARD = "board"  # the channel of the post's screen and every board
NEW, FLASH = "new", "flash"  # types of its rows, beside CORRECTION
MESSAGE = "call"  # calls a person; its body names the address
CORRECTION = "correction"
NEWS = "news"  # tells an owner of a warning; may wait for calls
TEST = "test"
TO_PEOPLE = (MESSAGE, CORRECTION, NEWS)
# why a row ended that nobody sent
ANSWERED, TAKEN_BACK, EXCLUDED, RESTORED = "answered", "taken_back", "excluded", "backup_restored"
DAMAGED, QUEUE_FULL = "damaged", "queue_full"
