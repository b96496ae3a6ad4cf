"""A hundred wrong inputs: each ends in a sentence that names the remedy, and none in a traceback."""

import http.server
import socket
import threading

import pytest
from kentongan_tool import cli
from kentongan_tool.base import failures

HEAD = b"role,label,zone\n"
BAD_HUBS = (
    "", "kentongan.lan", "ftp://x", "http://", "https://", "http://192.168.1.2", "http://127.0.0.1:abc",
    "http://[::1", "http://127.0.0.1:99999", "http://127.0.0.1:0", "http://127.0.0.1 :1", "https://kentongan.l\u00e4n",
    "http://127.0.0.1:-1", "//127.0.0.1", "http:/127.0.0.1", "HTTP//x", "http://127.0.0.1:9", "http://localhost:9",
    "https://127.0.0.1:9", "file:///etc/passwd", "http://0x7f.1", "http://127.0.0.1:{strange}", "http://127.0.0.1:{page}",
    "https://127.0.0.1:{page}",
)  # fmt: skip
BAD_TOKENS = (
    b"", b"\n\n", b"a b", b"a\nb", b"\xff\xfe\x00", b"t\xc3\xb6ken", b"\xef\xbb\xbf", b"\x00", b"a\x07b",
    b"\x80",
)  # fmt: skip
BAD_LISTS = (
    b"", b"\n", HEAD, b"role;label\n", b"role,label,zone,nik\na,b,1,2\n", b"role,lable,zone\na,b,1\n",
    HEAD + b"tombol,a,x\n", HEAD + b"tombol,a,0\n", HEAD + b"tombol,a,256\n", HEAD + b"tombol,a,-1\n",
    HEAD + b"tombol,a,5.5\n", HEAD + b"tombol,a,nan\n", HEAD + b"tombol,a\n", HEAD + b"tombol,a,5,6\n",
    HEAD + b"tombol,,5\n", HEAD + b"tombol,a b,5\n", HEAD + b"tombol,\xc3\xa9,5\n", HEAD + b"tombl,a,5\n",
    HEAD + b",a,5\n", HEAD + b"modem,a,5\n", HEAD + b"tombol,a,5\ntombol,A,5\n", HEAD + b'tombol,"a,5\n',
    HEAD + b"tombol," + b"a" * 33 + b",5\n", b"role,label,zone,house\ntombol,a,5,70000\n",
    b"role,label,zone,hops\ntombol,a,5,9\n", b"role,label,zone,place\ntombol,a,5," + b"p" * 81 + b"\n",
    b"role,label,zone,press\ntombol,a,5,gosok\n", b"role,label,zone,gain\ntombol,a,5,9\n",
    b"role,label,zone,power\ntombol,a,5,30\n", b"role,label,zone,loss\ntombol,a,5,x\n",
    b"role,label,zone,zone\ntombol,a,5,5\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x00\x01\x02", b"a\x81",
    HEAD + b"tombol,a,5\n" * 3, HEAD + b"tombol,a,1e3\n", HEAD + b"tombol,a,5 5\n",
)  # fmt: skip
BAD_PLACES = (
    b"", b"place\n", b"place,x_m,y_m\n", b"place,x_m,y_m\na,nan,1\n", b"place,x_m,y_m\na,inf,1\n",
    b"place,x_m,y_m\na,1\n", b"place,x_m,y_m\n,1,2\n", b"place,x_m,y_m\na,1,2\na,1,2\n",
    b"place,x_m,y_m,what\na,1,2,kandang\n",
)  # fmt: skip
BAD_WORDS = (
    [], ["sulap"], ["provision"], ["revoke"], ["label"], ["flash"], ["bundle"],
    ["bundle", "--check", "/none"], ["ports"], ["profile"], ["profile", "--hub", "kentongan.lan"],
    ["profile", "--hub", "https://x", "--ca-file", "/etc/hostname"], ["profile", "--token-file", "/none"],
    ["provision", "--role", "tombol", "--label", "t", "--hub", "http://127.0.0.1:9", "--token-file", "/none"],
    ["label", "--hub", "https://127.0.0.1:9", "--login", "a", "--ca-file", "/none", "--out", "/tmp/x.pdf"],
    ["stock", "--use", "repeater", "--label", "x"], ["test", "--hub", "http://127.0.0.1:9"],
    ["tools", "--bundle", "/none"], ["flash", "--port", "x", "--bundle", "/none"],
    ["flash", "--port", "x", "--bundle", "/none", "--board", "heltec_v9"],
    ["revoke", "a", "--why", "x", "--hub", "http://127.0.0.1:9", "--wait", "-5"],
    ["revoke", "a", "--why", "x", "--hub", "http://127.0.0.1:9", "--wait", "lama"],
    ["revoke", "a", "--why", "x", "--hub", "http://127.0.0.1:9"],
    ["revoke", "modem-gateway-1", "--why", "x", "--hub", "http://127.0.0.1:9"],
    ["label", "--hub", "http://127.0.0.1:9", "--out", "/none/x.pdf", "--token-file", "/none"],
    ["label", "--hub", "http://127.0.0.1:9", "--out", "/tmp", "--token-file", "/none"],
    ["label", "--hub", "http://127.0.0.1:9", "--out", "/tmp/x.pdf", "--token-file", "/none"],
    ["label", "--hub", "http://127.0.0.1:9", "--out", "/tmp/x.pdf", "--token-file", "/none", "--first", "9"],
    ["label", "--hub", "http://127.0.0.1:9", "--out", "/tmp/x.pdf", "--login", "a"],
)  # fmt: skip
ROWS = [
    *[("hub", one) for one in BAD_HUBS],
    *[("token", one) for one in BAD_TOKENS],
    *[("batch", one) for one in BAD_LISTS],
    *[("places", one) for one in BAD_PLACES],
    *[("words", one) for one in BAD_WORDS],
]


class Page(http.server.BaseHTTPRequestHandler):
    """Some web page that is no hub."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>router</html>")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def strangers():
    """The ports of a web page and of a service that speaks no HTTP."""
    page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    strange = socket.create_server(("127.0.0.1", 0))

    def greet():
        while True:
            try:
                one, _ = strange.accept()
            except OSError:
                return
            one.recv(999)
            one.sendall(b"SSH-2.0-x\r\n")
            one.close()

    threading.Thread(target=greet, daemon=True).start()
    yield {"page": page.server_port, "strange": strange.getsockname()[1]}
    page.shutdown()
    page.server_close()
    strange.close()


def words_of(kind, given, folder, ports):
    """Return the words of a command, with the wrong input at its place and all else right."""
    token, file = folder / "token", folder / "list.csv"
    token.touch(0o600)
    token.write_bytes(given if kind == "token" else b"ktt_x\n")
    hub = given.format(**ports) if kind == "hub" else "http://127.0.0.1:9"
    at = ["--hub", hub, "--token-file", str(token)]
    if kind == "words":
        return given
    if kind in ("batch", "places"):
        file.write_bytes(given)
    if kind == "batch":
        return ["provision", "--batch", str(file), "--port", "/dev/none", *at]
    if kind == "places":
        return ["survey", "--places", str(file), "--out", str(folder / "out.csv"), *at]
    return ["label", *at, "--out", str(folder / "x.pdf")]


def test_there_are_a_hundred():
    assert len(ROWS) >= 100


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_a_wrong_input_ends_in_a_sentence_that_names_the_remedy(
    number, tmp_path, strangers, capsys, monkeypatch
):
    kind, given = ROWS[number]
    monkeypatch.setattr("sys.stdin", open("/dev/null"))
    monkeypatch.setattr("kentongan_tool.board.ports.there", list)  # whatever is plugged in here
    monkeypatch.setattr("getpass.getpass", lambda _: (_ for _ in ()).throw(EOFError()))
    try:
        code = cli.main(words_of(kind, given, tmp_path, strangers))
    except SystemExit as end:  # argparse
        code = end.code
    said = capsys.readouterr().err
    assert code in (1, 2), said
    (judul,) = [line for line in said.splitlines() if line.startswith("GAGAL")]
    name = next(name for name, check in failures.CHECKS.items() if judul.startswith(f"GAGAL  {check.judul}:"))
    assert "Periksa: " in said and "Check: " in said and "Traceback" not in said
    right = {
        "hub": ("argument", "hub_unreachable", "hub_address", "hub_certificate"),
        "token": ("token",),
        "batch": ("list", "field", "argument"),
        "places": ("list",),
        "words": tuple(failures.CHECKS),
    }
    assert name in right[kind], said
