"""SMS PDUs as network and phone make and read them (3GPP TS 23.040, 23.038), apart from the hub's codec."""

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {"\f": 10, "^": 20, "{": 40, "}": 41, "\\": 47, "[": 60, "~": 61, "]": 62, "|": 64, "€": 101}
CENTRE = "059126180000"  # +62810000
GSM7, BYTES, UCS2 = 0x00, 0x04, 0x08
WHEN = "26/11/24,22:30:00+28"


def swapped(digits):
    digits += "F" * (len(digits) % 2)
    return "".join(digits[at + 1] + digits[at] for at in range(0, len(digits), 2))


def septets(text):
    codes = []
    for sign in text:
        codes += [0x1B, EXTENSION[sign]] if sign in EXTENSION else [BASIC.index(sign)]
    return codes


def packed(codes, fill_bits=0):
    whole = sum(code << (fill_bits + 7 * at) for at, code in enumerate(codes))
    return whole.to_bytes((fill_bits + 7 * len(codes) + 7) // 8, "little")


def address(number):
    """International with +, national with figures alone, else a name."""
    if number.lstrip("+").isdigit():
        digits = number.lstrip("+")
        return f"{len(digits):02X}{'91' if number[0] == '+' else '81'}{swapped(digits)}"
    codes = septets(number)
    return f"{(7 * len(codes) + 3) // 4:02X}D0{packed(codes).hex().upper()}"


def user_data(text, dcs, header):
    """(length as its octet says it, octets)."""
    if isinstance(text, bytes):
        return len(header + text), header + text
    if dcs & 0x0C == UCS2:
        data = header + text.encode("utf-16-be", "surrogatepass")
        return len(data), data
    codes = septets(text)
    head = (8 * len(header) + 6) // 7
    return head + len(codes), header + packed(codes, 7 * head - 8 * len(header))


def joined(reference, total, number, wide=False):
    """The header of one part."""
    if wide:
        return bytes([6, 8, 4, reference >> 8, reference & 0xFF, total, number])
    return bytes([5, 0, 3, reference & 0xFF, total, number])


def deliver(sender, text, dcs=None, header=b"", when=WHEN):
    """The hex of an SMS-DELIVER; UCS-2 when the GSM alphabet does not have all of it."""
    if dcs is None:
        dcs = GSM7 if all(sign in BASIC or sign in EXTENSION for sign in text) else UCS2
    length, data = user_data(text, dcs, header)
    stamp = when.replace("/", "").replace(",", "").replace(":", "").replace("+", "")
    first = 0x04 | (0x40 if header else 0)
    return f"{CENTRE}{first:02X}{address(sender)}00{dcs:02X}{swapped(stamp)}{length:02X}{data.hex()}".upper()


def parts(sender, texts, reference=7, wide=False, dcs=None, when=WHEN):
    """The PDUs of one message in these parts."""
    return [
        deliver(sender, text, dcs, joined(reference, len(texts), number, wide), when)
        for number, text in enumerate(texts, 1)
    ]


def report(number):
    """An SMS-STATUS-REPORT: delivered."""
    stamp = swapped("26112422300028")
    return f"{CENTRE}0607{address(number)}{stamp}{stamp}00".upper()


def length_of(pdu):
    """Return the length that AT+CMGL says: octets without the service centre."""
    return len(pdu) // 2 - 1 - int(pdu[:2], 16)


def read_submit(pdu):
    """{"number", "text", "part", "dcs"} of what a modem is given to send."""
    octets = bytes.fromhex(pdu)
    tpdu = octets[1 + octets[0] :]
    first, digits, kind = tpdu[0], tpdu[2], tpdu[3]
    assert first & 3 == 1, "no SMS-SUBMIT"
    at = 4 + (digits + 1) // 2
    number = swapped(tpdu[4:at].hex().upper())[:digits]
    dcs = tpdu[at + 1]
    at += 2 + {0: 0, 2: 1, 1: 7, 3: 7}[first >> 3 & 3]
    length, data = tpdu[at], tpdu[at + 1 :]
    header = data[: 1 + data[0]] if first & 0x40 else b""
    if dcs & 0x0C == UCS2:
        assert len(data) == length
        text = data[len(header) :].decode("utf-16-be")
    else:
        assert len(data) == (7 * length + 7) // 8
        head = (8 * len(header) + 6) // 7
        whole = int.from_bytes(data, "little")
        text = unpacked([whole >> 7 * at & 0x7F for at in range(head, length)])
    return {
        "number": ("+" if kind == 0x91 else "") + number,
        "text": text,
        "part": tuple(header[3:6]) if header else None,
        "dcs": dcs,
    }


def unpacked(codes):
    text, escaped = "", False
    back = {code: sign for sign, code in EXTENSION.items()}
    for code in codes:
        if code == 0x1B:
            escaped = True
            continue
        text += back.get(code, " ") if escaped else BASIC[code]
        escaped = False
    return text
