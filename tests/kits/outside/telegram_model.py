"""A server that speaks the part of Telegram's Bot API that a call needs, as its public page describes it.

https://core.telegram.org/bots/api (making requests, sendMessage, InlineKeyboardButton). That the real one
takes no link to a host without a dot is told by its users, not by that page. No real server was ever asked.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"  # the page's own example, as long as a real one
CHAT = "555001"
TEXT_MAX = 4096


class Telegram(ThreadingHTTPServer):
    """`chats` is {chat: [message as taken]}; `broken`: a status that it answers with whatever it is asked."""

    def __init__(self):
        self.chats, self.asked, self.broken = {CHAT: []}, [], 0
        telegram = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                telegram.asked.append(self.path)
                code, answer = telegram.answer(self.path, self.headers.get_content_type(), body)
                said = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.server_port}/bot"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, path, kind, body):
        if self.broken:
            return refused(self.broken, "Internal Server Error")
        if path != f"/bot{TOKEN}/sendMessage":
            return (
                refused(404, "Not Found")
                if path.startswith(f"/bot{TOKEN}/")
                else refused(401, "Unauthorized")
            )
        if kind != "application/json":
            return refused(400, "Bad Request: message text is empty")
        message = json.loads(body)
        if str(message.get("chat_id")) not in self.chats:
            return refused(400, "Bad Request: chat not found")
        if not 1 <= len(message.get("text", "")) <= TEXT_MAX:
            return refused(400, "Bad Request: message is too long")
        for line in message.get("reply_markup", {}).get("inline_keyboard", ()):
            for button in line:
                url = urlsplit(button["url"])
                if url.scheme not in ("http", "https") or "." not in (url.hostname or ""):
                    return refused(400, "Bad Request: BUTTON_URL_INVALID")
        self.chats[str(message["chat_id"])].append(message)
        return 200, {"ok": True, "result": {"message_id": len(self.asked), "text": message["text"]}}

    def close(self):
        self.shutdown()
        self.server_close()


def refused(code, description):
    return code, {"ok": False, "error_code": code, "description": description}
