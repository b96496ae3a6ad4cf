"""Who needs how many transmissions to reach whom: what a technician's survey would find."""
from collections import deque

RELAYS = ("sirene", "penerus", "penerima")  # roles that relay
MARGIN_Q = 20  # 5 dB above the floor: a link that a technician would count on


def hops_to(world, targets) -> dict:
    """label -> transmissions of a frame from there to the nearest target; unreachable ones are left out."""
    hops = {label: 0 for label in targets}
    queue = deque(targets)
    heard_by = {}
    for label, host in world.nodes.items():
        for receiver, snr_q in host.radio.links.items():
            if snr_q >= world.air.floor_q + MARGIN_Q:
                heard_by.setdefault(receiver.label, []).append(label)
    while queue:
        label = queue.popleft()
        if hops[label] and world.nodes[label].place.role not in RELAYS:
            continue
        for other in heard_by.get(label, ()):
            if other not in hops and other not in world.dead:
                hops[other] = hops[label] + 1
                queue.append(other)
    return hops
