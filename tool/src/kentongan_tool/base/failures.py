"""Failures at a technician's table, and what to check then: Indonesian first, English second."""

from collections.abc import Callable
from typing import NamedTuple

from kentongan_wire.base.errors import LocalError

Say = Callable[[str], None]  # tells a person one step


class Check(NamedTuple):
    judul: str
    periksa: str
    title: str
    check: str


CHECKS = {  # a failure's name: what happened, what to look at
    "argument": Check(
        "Perintah belum benar",
        "lihat `kentongan-tool PERINTAH --help`",
        "The command makes no sense",
        "see `kentongan-tool COMMAND --help`",
    ),
    "port_missing": Check(
        "Papan tidak ditemukan",
        "kabel USB (banyak kabel hanya untuk mengisi daya), colokan, atau nama port: `kentongan-tool ports`",
        "No board at that port",
        "the USB cable (many only charge), the socket, or the port's name: `kentongan-tool ports`",
    ),
    "port_taken": Check(
        "Papan tidak ditemukan, dan brltty (untuk layar braille) berjalan: ia mengambil port papan",
        "`sudo systemctl stop brltty`, lalu colok ulang papan; atau kabel, nama port: `kentongan-tool ports`",
        "No board at that port, and brltty (for braille displays) runs: it takes boards' ports",
        "`sudo systemctl stop brltty`, then plug the board in again; or cable, name: `kentongan-tool ports`",
    ),
    "port_denied": Check(
        "Port tidak boleh dibuka",
        "masukkan akun ke grup dialout: `sudo usermod -aG dialout $USER`, lalu masuk ulang",
        "The port may not be opened",
        "add your account to the group dialout, then log in again",
    ),
    "port_busy": Check(
        "Port sedang dipakai program lain",
        "tutup program itu (Thonny, screen); ModemManager: `sudo systemctl stop ModemManager`",
        "Another program holds the port",
        "close that program (Thonny, screen); ModemManager: `sudo systemctl stop ModemManager`",
    ),
    "running": Check(
        "Laptop ini sedang mendaftarkan alat lain",
        "tunggu sampai selesai; banyak papan sekaligus: --batch dengan beberapa --port",
        "This laptop is registering another device",
        "wait until that is done; for many boards --batch with several --port",
    ),
    "no_answer": Check(
        "Papan tidak menjawab",
        "tekan RESET; bila tetap diam tahan BOOT, tekan RESET, lepas BOOT, lalu `kentongan-tool flash`",
        "The board does not answer",
        "press RESET; if still silent hold BOOT, press RESET, let go of BOOT, then `kentongan-tool flash`",
    ),
    "wrong_chip": Check(
        "Chip papan tidak cocok",
        "jenis papan di --board, atau papan yang tersambung",
        "The board has another chip",
        "the kind given with --board, or which board is connected",
    ),
    "which_board": Check(
        "Jenis papan belum pasti",
        "tulisan di papan, lalu beri --board",
        "The kind of board is not certain",
        "what is printed on the board, then give --board",
    ),
    "wrong_board": Check(
        "Radio papan tidak ada di kaki yang diharapkan",
        "jenis papan di --board: Wio-SX1262 ada dua, kit dan kaki pin; atau radio lepas dari papan",
        "The board's radio is not on the expected pins",
        "the kind given with --board: there are two Wio-SX1262, kit and header; or the radio came off",
    ),
    "unfit_board": Check(
        "Papan ini tidak cocok untuk kentongan",
        "daftar papan di docs/technician.md; pakai papan lain",
        "This board is not fit for that",
        "the list of boards in docs/technician.md; take another board",
    ),
    "wrong_image": Check(
        "Berkas firmware tidak cocok",
        "unduh ulang berkas .bin untuk chip ini, lalu buat bundel lagi",
        "The firmware image does not fit",
        "get the .bin of this chip again and make the bundle anew",
    ),
    "not_written": Check(
        "Isi papan tidak sama dengan yang ditulis",
        "kabel dan daya, lalu ulangi dengan `--erase`",
        "What the board holds is not what was written",
        "cable and power, then again with `--erase`",
    ),
    "cut": Check(
        "Papan terputus di tengah pekerjaan",
        "kabel USB, colokan dan daya papan, lalu ulangi; papan tidak rusak karenanya",
        "The board was cut off in the middle",
        "the USB cable, the socket and the board's power, then again; this did not break the board",
    ),
    "noise": Check(
        "Data rusak di kabel",
        "kabel USB lain yang pendek, langsung ke laptop, jauh dari pengisi daya; lalu ulangi",
        "Data is garbled on the cable",
        "another short USB cable, straight to the laptop, away from chargers; then again",
    ),
    "dead_flash": Check(
        "Flash papan rusak",
        "ulangi sekali; bila berulang ganti papan, yang ini jangan dipasang",
        "The board's flash is broken",
        "try once more; if it repeats take another board, and do not install this one",
    ),
    "full_board": Check(
        "Isi tidak muat di papan",
        "kosongkan dengan `kentongan-tool flash`, atau pakai papan dengan flash lebih besar",
        "It does not fit on the board",
        "empty it with `kentongan-tool flash`, or take a board with a larger flash",
    ),
    "locked": Check(
        "Chip papan terkunci",
        "pakai papan lain: secure boot atau enkripsi flash chip ini dinyalakan dan tidak dapat dibuka",
        "The board's chip is locked",
        "take another board: secure boot or flash encryption of this chip is on and cannot be undone",
    ),
    "occupied": Check(
        "Papan ini sudah berisi alat lain",
        "pakai `replace` untuk rumah yang sama, atau `--erase` bila alat lama sudah dicabut",
        "The board already is a device",
        "use `replace` for the same house, or `--erase` if it was revoked",
    ),
    "not_sure": Check(
        "Isi papan tidak dihapus",
        "papan yang tersambung; bila memang benar jawab pertanyaannya, atau tambahkan `--yes`",
        "What is on the board was not erased",
        "which board is connected; if it is the right one answer the question, or add `--yes`",
    ),
    "hub_unreachable": Check(
        "Pusat data tidak terjangkau",
        "kabel jaringan atau Wi-Fi ke pusat data, alamat --hub, dan dayanya",
        "The hub cannot be reached",
        "network cable or Wi-Fi to the hub, the address --hub, and its power",
    ),
    "hub_address": Check(
        "Yang menjawab di alamat --hub bukan pusat data",
        "alamat dan port --hub: https://kentongan.lan, di mesin pusat data sendiri http://127.0.0.1:PORT",
        "What answers at --hub is no hub",
        "address and port of --hub: https://kentongan.lan, on the hub's own machine http://127.0.0.1:PORT",
    ),
    "hub_certificate": Check(
        "Sertifikat pusat data tidak dipercaya",
        "beri --ca-file hub.pem dari pusat data ini, alamat seperti di sertifikatnya, dan jam laptop",
        "The hub's certificate is not trusted",
        "give --ca-file hub.pem of this hub, the address as in its certificate, and the laptop's clock",
    ),
    "hub_refused": Check(
        "Pusat data menolak",
        "pesan di atas; perbaiki isian lalu ulangi",
        "The hub refused",
        "the message above; mend what it names, then again",
    ),
    "hub_login": Check(
        "Pusat data tidak mengenal token ini",
        "berkas --token-file, atau minta token baru kepada admin",
        "The hub does not know this token",
        "the file --token-file, or ask the administrator for a new one",
    ),
    "no_uji": Check(
        "Alarm uji belum diterima pusat data",
        "antena terpasang, jarak ke pos atau penerus, gateway hidup; alat ini belum terdaftar",
        "The test alarm did not reach the hub",
        "antenna, distance to post or repeater, gateway running; the device is not registered",
    ),
    "not_revoked": Check(
        "Pencabutan belum selesai",
        "pos yang disebut: daya dan antenanya; nanti `kentongan-tool revoke` dengan nomor yang disebut",
        "The revocation is not complete",
        "power and antenna of the posts named; then `kentongan-tool revoke` with the number named",
    ),
    "which_device": Check(
        "Alat mana yang dimaksud",
        "label dan nomor di halaman Perangkat atau di stikernya, lalu sebut nomornya (8 angka)",
        "Which device is meant",
        "label and number on the page Perangkat or on its sticker, then give the number (8 digits)",
    ),
    "bundle": Check(
        "Bundel rusak atau tidak lengkap",
        "salin bundel lagi, atau buat baru dengan `kentongan-tool bundle`",
        "The bundle is damaged or incomplete",
        "copy it again, or make it anew with `kentongan-tool bundle`",
    ),
    "tools": Check(
        "Program bantu belum terpasang",
        "`kentongan-tool tools` dengan internet, atau beri --bundle",
        "A helper program is not installed",
        "run `kentongan-tool tools` with internet, or give --bundle",
    ),
    "radio": Check(
        "Radio Meshtastic tidak menjawab atau menolak",
        "kabel, daya, alamat radio, program lain yang memegangnya, Managed Mode (harus mati); lalu ulangi",
        "The Meshtastic radio is silent or refuses",
        "cable, power, address, another program that holds it, Managed Mode (must be off); then again",
    ),
    "modem": Check(
        "Radio gateway tidak siap",
        "papan dan antenanya; `kentongan-tool flash`, lalu ulangi; bila berulang, ganti papan",
        "The gateway's radio is not ready",
        "the board and its antenna; `kentongan-tool flash`, then again; if it repeats, another board",
    ),
    "list": Check(
        "Daftar belum benar",
        "baris dan kolom yang disebut; belum ada papan yang disentuh",
        "The list is not right yet",
        "the line and column named; no board has been touched",
    ),
    "field": Check(
        "Isian alat belum benar",
        "isian yang disebut; belum ada yang ditulis atau didaftarkan",
        "What was asked of the device is not right yet",
        "the field named; nothing was written or registered",
    ),
    "token": Check(
        "Berkas token tidak dapat dipakai",
        "berkas --token-file dari `kentongan-hub technician-token`: satu baris, tanpa tanda lain, mode 0600",
        "The token's file cannot be used",
        "the file --token-file from `kentongan-hub technician-token`: one line, no other signs, mode 0600",
    ),
    "certificate": Check(
        "Berkas --ca-file bukan sertifikat",
        "salin lagi hub.pem dari pusat data; isinya diawali -----BEGIN CERTIFICATE-----",
        "The file --ca-file is no certificate",
        "copy hub.pem from the hub again; it begins with -----BEGIN CERTIFICATE-----",
    ),
    "file": Check(
        "Berkas tidak dapat dibaca atau ditulis",
        "nama dan izin berkas, dan ruang di disk",
        "A file cannot be read or written",
        "its name and permissions, and space on the disk",
    ),
}


class ToolError(LocalError):
    """A failure that a technician can mend. `name` is a key of CHECKS; `what` says where, never a key."""

    def __init__(self, name: str, what: str):
        self.name = name
        self.what = what
        super().__init__(f"{what}: {CHECKS[name].title}; {CHECKS[name].check}")

    def lines(self) -> list[str]:
        """Return the printed lines: Indonesian, then English."""
        judul, periksa, title, check = CHECKS[self.name]
        return [
            f"GAGAL  {judul}: {self.what}",
            f"       Periksa: {periksa}.",
            f"       {title}. Check: {check}.",
        ]
