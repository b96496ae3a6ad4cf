"""Who needs how many transmissions to reach whom: what a technician's survey would find."""

from collections import deque

RELAYS = ("sirene", "penerus", "penerima")  # roles that relay
MARGIN_Q = 20  # 5 dB above the floor: a link that a technician would count on


def hops_to(world, targets) -> dict:
    """label -> transmissions of a frame from there to the nearest target; unreachable ones are left out."""
    hops = {label: 0 for label in targets}
    queue = deque(targets)
    least_q = world.air.floor_q + MARGIN_Q
    while queue:
        label = queue.popleft()
        host = world.nodes[label]
        if hops[label] and host.place.role not in RELAYS:
            continue
        for radio in host.radio.links:
            other = radio.label
            if other in hops or other in world.dead:
                continue
            if radio.links.get(host.radio, least_q - 1) >= least_q:
                hops[other] = hops[label] + 1
                queue.append(other)
    return hops
