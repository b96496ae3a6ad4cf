"""Installs the real packages in a fresh Debian without any network: `make soak ONLY=install`.

    python tests/soak/install.py [--debian 12] [--no-lintian]

For each release: debootstrap from the mirror that this machine has, the package by apt with no network, the
unit's own command as its own user, an answer of /api/v1/health, then remove and purge, and a look at what is
left.
Root, debootstrap and lintian are needed; what is missing is named. Exit 1 when anything is not as promised.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOTS, DEBS = ROOT / "build/roots", ROOT / "build/deb"
CODENAMES = {"12": "bookworm", "13": "trixie"}
INSTALL_S, START_S = 60, 120
INSTALLED_MB = {"kentongan-hub": 150, "kentongan-gateway": 80, "kentongan-tool": 150}
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NEEDED = ("debootstrap", "lintian", "unshare", "nsenter", "ip")
HUB = "http://127.0.0.1:8080"
failures = []


def must(condition, what):
    print(f"{'ok   ' if condition else 'FAULT'} {what}", flush=True)
    if not condition:
        failures.append(what)


def run(*words, check=True):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if check and done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


def mirror():
    """Return where this machine's own apt has Debian from."""
    wanted = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(SUITE) $(ORIGIN)", "Created-By: Packages"]
    for line in run(*wanted).stdout.splitlines():
        uri, suite, origin = line.split(maxsplit=2)
        if origin == "Debian" and "-" not in suite and "security" not in uri:
            return uri
    sys.exit("no source of Debian itself among this machine's; run apt-get update")


ALONE = ("unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh")  # no network but loopback


def inside(root, *words, net=True, check=True):
    """Run in the root."""
    settings = ("env", "-i", f"PATH={PATH}", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
    return run(*(() if net else ALONE), "chroot", root, *settings, *words, check=check)


def fresh(debian):
    """A root of that release, made once, under a layer in memory that takes what is written on this try."""
    base, layer = ROOTS / f"base-{debian}", ROOTS / f"try-{debian}"
    if not (base / "ready").exists():
        shutil.rmtree(base, ignore_errors=True)
        extra = "--include=python3,systemd,udev"
        run("debootstrap", "--variant=minbase", extra, CODENAMES[debian], base, mirror())
        (base / "ready").touch()
    layer.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "tmpfs", layer)
    for name in ("upper", "work", "root"):
        (layer / name).mkdir()
    layers = f"lowerdir={base},upperdir={layer / 'upper'},workdir={layer / 'work'}"
    run("mount", "-t", "overlay", "-o", layers, "overlay", layer / "root")
    return layer / "root"


def forget(root):
    run("umount", root)
    run("umount", root.parent)


def package(name, debian):
    found = sorted(DEBS.glob(f"{name}_*~deb{debian}_amd64.deb"), key=os.path.getmtime)
    if not found:
        sys.exit(f"{name} for Debian {debian} is not in {DEBS}; run: make deb ARCH=amd64 DEBIAN={debian}")
    return found[-1]


def install(root, deb):
    shutil.copy(deb, root / "root")
    begun = time.monotonic()
    done = inside(root, "apt-get", "install", "-y", f"/root/{deb.name}", net=False, check=False)
    took = time.monotonic() - begun
    name = deb.name.partition("_")[0]
    must(done.returncode == 0, f"{name}: apt-get install without network {done.stderr[-300:]}")
    must("SyntaxError" not in done.stderr, f"{name}: every module compiles")
    must(took < INSTALL_S, f"{name}: installed in {took:.0f} s, at most {INSTALL_S}")
    size = int(run("du", "-sm", root / "usr/lib" / name).stdout.split()[0])
    must(size < INSTALLED_MB[name], f"{name}: {size} MB on the disk with what is compiled, at most "
                                    f"{INSTALLED_MB[name]}")  # fmt: skip


def lint(deb):
    done = run("lintian", "--allow-root", "--no-cfg", "--fail-on", "error", deb, check=False)
    errors = [line for line in done.stdout.splitlines() if line.startswith("E:")]
    must(done.returncode == 0 and not errors, f"{deb.name}: lintian finds no error {errors[:3]}")


def command_of(root, name):
    """ExecStart of the unit that was installed, and its account."""
    unit = (root / f"usr/lib/systemd/system/{name}.service").read_text()
    user = re.search(r"^User=(\S+)$", unit, re.M)[1]
    return user, re.search(r"^ExecStart=(.*)$", unit, re.M)[1].split()


ASK = f"import urllib.request; print(urllib.request.urlopen('{HUB}/api/v1/health', timeout=5).status)"


def healthy(process):
    """Ask from within the hub's own network, for nothing else reaches it."""
    words = ("nsenter", "--net", f"--target={process.pid}", "/usr/bin/python3", "-c", ASK)
    return run(*words, check=False).stdout.strip() == "200"


def serve(root):
    """The hub as its unit starts it answers, and keeps its data for itself."""
    user, words = command_of(root, "kentongan-hub")
    data = root / "var/lib/kentongan-hub"
    inside(root, "install", "-d", "-o", user, "-m", "0700", "/var/lib/kentongan-hub")  # StateDirectory=
    chroot = ["chroot", f"--userspec={user}:{user}", str(root), "env", "-i", f"PATH={PATH}"]
    begun = time.monotonic()
    with open(root / "root/hub.log", "w") as log:
        process = subprocess.Popen([*ALONE, *chroot, *words], stdout=log, stderr=log)
    try:
        while not healthy(process) and process.poll() is None and time.monotonic() - begun < START_S:
            time.sleep(0.2)
        said = (root / "root/hub.log").read_text()
        must(
            healthy(process),
            f"kentongan-hub: /api/v1/health after {time.monotonic() - begun:.0f} s {said[-300:]}",
        )
        must(re.search(r"code \d+", said), "kentongan-hub: the code for /mulai is in its log")
    finally:
        process.terminate()
        process.wait()
    must(any(data.iterdir()), "kentongan-hub: its data are in /var/lib/kentongan-hub")


def keys(root):
    """Make a site as a technician does, and have the gateway's check read the key it was given."""
    (root / "tmp/sandi").write_text("sandi untuk uji coba\n")
    as_service = ("setpriv", "--reuid=kentongan", "--regid=kentongan", "--clear-groups")
    etc = "/etc/kentongan"
    for words in (
        ("init", "--site", "Uji", "--admin", "admin", "--password-file", "/tmp/sandi"),
        ("gateway-file", "--out", f"{etc}/gateway-1.json", "--token-out", f"{etc}/gateway-1.token"),
        ("technician-token", "--name", "T", "--out", f"{etc}/teknisi.token"),
    ):
        inside(root, *as_service, "kentongan-hub", *words, "--data", "/var/lib/kentongan-hub")
    checked = inside(root, *as_service, "kentongan-gateway", "check", check=False).stdout
    must("ok    key_file" in checked, f"kentongan-gateway: `check` reads the key file {checked[:300]}")


def settings_stay(root, deb):
    """Check that a technician's own settings stay when the package is installed again."""
    path = root / "etc/kentongan/gateway.toml"
    path.write_text(path.read_text() + "# teknisi: kabel baru\n")
    words = ("apt-get", "install", "-y", "--reinstall", f"/root/{deb.name}")
    done = inside(root, *words, net=False, check=False)
    must(done.returncode == 0 and "kabel baru" in path.read_text(), "gateway.toml: an update leaves it alone")


def left(root, words):
    """Files that are ours or look like it."""
    found = run("find", root, "-xdev", "(", "-name", "*kentongan*", "-o", "-path", "*/kentongan/*", ")",
                "-not", "-path", "*/root/*", "-not", "-path", "*/var/log/*", "-print").stdout  # fmt: skip
    return [line.removeprefix(str(root)) for line in found.splitlines() if any(w in line for w in words)]


def leave(root):
    """`remove` leaves data and keys; `purge` leaves neither, and only an account without a password."""
    inside(root, "apt-get", "remove", "-y", "kentongan-hub", "kentongan-gateway")
    there = ("etc/kentongan/gateway.toml", "etc/kentongan/gateway-1.json", "var/lib/kentongan-hub/site.json")
    must(all((root / one).exists() for one in there), "remove: data, settings and keys are still there")
    programs = left(root, ("/usr/lib/kentongan", "/usr/bin", "/systemd/"))
    must(not [one for one in programs if "deb-systemd" not in one], f"remove: no program is left {programs}")
    inside(root, "apt-get", "purge", "-y", "kentongan-gateway")
    kept = sorted(path.name for path in (root / "etc/kentongan").iterdir())
    must(kept == ["teknisi.token"], f"purge of the gateway: of the keys only the hub's are left {kept}")
    inside(root, "apt-get", "purge", "-y", "kentongan-hub", "kentongan-tool")
    rest = left(root, ("",))
    must(not rest, f"purge: nothing of kentongan is left {rest}")


def try_on(debian, lintian):
    print(f"== Debian {debian}, {CODENAMES[debian]}", flush=True)
    debs = [package(name, debian) for name in INSTALLED_MB]
    if lintian:
        for deb in debs:
            lint(deb)
    root = fresh(debian)
    try:
        for deb in debs:
            install(root, deb)
        serve(root)
        keys(root)
        settings_stay(root, debs[1])
        help_ = inside(root, "kentongan-tool", "--help", net=False, check=False)
        must(help_.returncode == 0, f"kentongan-tool: starts {help_.stderr[-300:]}")
        leave(root)
    finally:
        forget(root)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--debian", action="append", choices=sorted(CODENAMES))
    parser.add_argument("--no-lintian", dest="lintian", action="store_false", help="half of the time is its")
    args = parser.parse_args()
    missing = [name for name in NEEDED if not shutil.which(name)]
    if os.geteuid() or missing:
        sys.exit(f"needs root, and of Debian's programs: {', '.join(missing) or 'none more'}")
    for debian in args.debian or CODENAMES:
        try_on(debian, args.lintian)
    for what in failures:
        print(f"FAILED: {what}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
