"""`kentongan-hub run` as a process: on loopback, behind a TLS proxy, and gone when told so."""

import re
import shutil
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from conftest import require
from kentongan_hub import cli
from kits import confined
from kits.hub.hub_kit import PASSWORD, HubProcess
from kits.patience import PATIENCE_S, wait_for

UNIT = Path(__file__).resolve().parents[3] / "hub/deploy/kentongan-hub.service"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def log_in(hub, origin, **headers):
    """The answer to a log-in form sent with these headers."""
    browser = urllib.request.build_opener(NoRedirect, urllib.request.HTTPCookieProcessor())
    page = browser.open(urllib.request.Request(hub.address + "/masuk", headers=headers))
    cookie = page.headers["Set-Cookie"].split(";")[0]
    token = re.search(r'name="csrf" value="(\w+)"', page.read().decode())[1]
    form = urllib.parse.urlencode({"csrf": token, "masuk": "admin", "sandi": PASSWORD}).encode()
    request = urllib.request.Request(
        hub.address + "/masuk", form, {"Origin": origin, "Cookie": cookie, **headers}
    )
    try:
        return browser.open(request)
    except urllib.error.HTTPError as answer:
        return answer


def test_behind_a_tls_proxy_forms_work_and_cookies_are_secure(site):
    hub = HubProcess(site.data_dir, 0, "--behind-proxy")
    proxy = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "kentongan.lan",
        "X-Forwarded-For": "192.168.4.7",
    }
    try:
        answer = log_in(hub, "https://kentongan.lan", **proxy)
        assert answer.status == 303 and "Secure" in answer.headers["Set-Cookie"]
        assert log_in(hub, "http://evil.example", **proxy).status == 403
    finally:
        hub.stop()
    assert site.rows("SELECT address FROM audit WHERE what = 'logged_in'") == [{"address": "192.168.4.7"}]


def test_under_its_units_fence_it_serves_and_lets_people_in(site):
    """The unit's system calls, address families, memory and rights; passwords and templates included."""
    require(shutil.which("systemd-analyze"), "systemd-analyze", "apt install systemd")
    fence = (sys.executable, confined.__file__, str(UNIT))
    hub = HubProcess(site.data_dir, 0, "--behind-proxy", before=fence)
    proxy = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "kentongan.lan"}
    try:
        assert hub.call("/api/v1/health")
        assert log_in(hub, "https://kentongan.lan", **proxy).status == 303
    finally:
        hub.stop()


def test_without_a_proxy_nobody_can_pretend_to_be_one(site):
    hub = HubProcess(site.data_dir)
    try:
        answer = log_in(hub, hub.address, **{"X-Forwarded-Proto": "https", "X-Forwarded-For": "6.6.6.6"})
        assert answer.status == 303 and "Secure" not in answer.headers["Set-Cookie"]
    finally:
        hub.stop()
    assert site.rows("SELECT address FROM audit WHERE what = 'logged_in'") == [{"address": "127.0.0.1"}]
    assert hub.process.returncode == 0


def test_the_unit_starts_the_command_with_options_that_exist(capsys):
    line = re.search(r"^ExecStart=\S+/kentongan-hub (.+)$", UNIT.read_text(), re.MULTILINE)[1]
    args = cli._parser().parse_args(line.split())
    assert args.call is cli._run and args.behind_proxy and args.host == "127.0.0.1"


def test_a_site_file_others_can_read_is_told_and_stops_no_alarm(site):
    (site.data_dir / "site.json").chmod(0o640)
    hub = HubProcess(site.data_dir)
    try:
        event = {**site.alarm(counter=99), "id": "gateway-1/900"}
        answer = hub.call("/api/v1/events", {"boot_id": "b", "events": [event]}, site.token)
        assert answer["accepted"] == ["gateway-1/900"]
    finally:
        hub.stop()
    assert any("chmod 600" in line for line in hub.errors)


def test_an_unknown_command_is_refused_with_help():
    with pytest.raises(SystemExit) as end:
        cli.main(["serve"])
    assert end.value.code == 2


def test_a_hub_that_is_told_to_stop_answers_the_long_poll_it_holds(site):
    hub = HubProcess(site.data_dir)
    answers = []
    poll = threading.Thread(
        target=lambda: answers.append(hub.call("/api/v1/orders?after=0&wait=25", token=site.token))
    )
    try:
        poll.start()
        heard = "SELECT heard_ms FROM gateways WHERE heard_ms IS NOT NULL"
        wait_for(lambda: site.rows(heard), "the poll, which has begun once the gateway counts as heard")
    finally:
        hub.stop()
    poll.join(PATIENCE_S)
    assert answers == [{"orders": []}]
