"""Telegram's button: a call with "Saya datang" beneath it, which opens the answer link (links.py).

Apprise writes Telegram's texts, and no buttons: this one call of the Bot API is made here, to the chat that
Apprise reads out of what people wrote down. Nothing is read back, so that no bot is asked all night: what
answers is the link's sign, on the hub's own page.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apprise.plugins.telegram import NotifyTelegram

SCHEME = "tgram://"
BUTTON = "Saya datang"
TIMEOUT_S = (4, 8)  # to connect, and between two bytes of the answer
SENT, BAD_REQUEST = 200, 400  # bad: also a link whose host has no dot; the message was not sent then


def sent(one: "NotifyTelegram", text: str, link: str) -> bool:
    """Send it to the one chat of this address; False: it must go without a button. OSError: again, later."""
    import requests  # Apprise's own
    from requests.exceptions import RequestException

    if len(one.targets) != 1:
        return False
    chat, topic = one.targets[0]
    body = {
        "chat_id": chat,
        "text": text,
        "disable_notification": one.silent,
        "reply_markup": {"inline_keyboard": [[{"text": BUTTON, "url": link}]]},
    }
    if topic:
        body["message_thread_id"] = topic
    try:
        answer = requests.post(
            f"{one.notify_url}{one.bot_token}/sendMessage",
            json=body,
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except RequestException:
        raise OSError("telegram") from None  # its text holds the bot's secret
    if answer.status_code not in (SENT, BAD_REQUEST):
        raise OSError("telegram")
    return answer.status_code == SENT
