"""A small two-layer router on a grid, with rip-up. Knows nothing of KiCad: pads, tracks and vias in mm.

Nets go one after another along the cheapest way. Where none is free, the way through other nets' tracks that
disturbs least is taken and those are routed again; each time a cell gets dearer, so that it comes to an end.
"""

import heapq
import math
from collections import namedtuple

import numpy as np

Pad = namedtuple("Pad", "net x y half_w half_h layers")  # layers: tuple of 0 (front), 1 (back)
Track = namedtuple("Track", "net layer x0 y0 x1 y1 width")
Via = namedtuple("Via", "net x y")

GRID_MM = 0.635
VIA_MM = 0.9
VIA_COST = 14
RIP_COST = 10
ROUNDS = 600
MOVES = ((1, 0, 2), (0, 1, 2), (-1, 0, 2), (0, -1, 2), (1, 1, 3), (1, -1, 3), (-1, 1, 3), (-1, -1, 3))


class NoWay(RuntimeError):
    """A net that cannot be connected on this placement."""


class Router:
    """`size`: board in mm; `rules`: {net: Rule}; `holes`: [(x, y, radius)] that no copper may touch."""

    def __init__(self, size, pads, rules, holes, edge_mm=0.6):
        self.cols, self.rows = int(size[0] / GRID_MM) + 1, int(size[1] / GRID_MM) + 1
        self.size, self.pads, self.rules, self.holes, self.edge_mm = size, pads, rules, holes, edge_mm
        self.tracks, self.vias = {}, {}
        self._xs = np.arange(self.cols) * GRID_MM  # a row of places, and below a column of them
        self._ys = (np.arange(self.rows) * GRID_MM)[:, None]
        self.history = np.zeros((2, self.rows, self.cols))
        self.fixed = ()  # nets that nobody may push away any more
        self.by_net = {}
        for pad in pads:
            self.by_net.setdefault(pad.net, []).append(pad)

    # -- what is in the way -------------------------------------------------------------------------

    def _window(self, x0, y0, x1, y1, reach):
        c0, c1 = max(0, int((x0 - reach) / GRID_MM)), min(self.cols, int((x1 + reach) / GRID_MM) + 2)
        r0, r1 = max(0, int((y0 - reach) / GRID_MM)), min(self.rows, int((y1 + reach) / GRID_MM) + 2)
        return slice(r0, r1), slice(c0, c1), self._xs[c0:c1], self._ys[r0:r1]

    def _mark_pad(self, grid, pad, reach, layers=None):
        rs, cs, xs, ys = self._window(
            pad.x - pad.half_w, pad.y - pad.half_h, pad.x + pad.half_w, pad.y + pad.half_h, reach
        )
        dx = np.maximum(np.abs(xs - pad.x) - pad.half_w, 0)
        dy = np.maximum(np.abs(ys - pad.y) - pad.half_h, 0)
        near = dx * dx + dy * dy < reach * reach - 1e-9
        for layer in layers or pad.layers:
            grid[layer, rs, cs] |= near

    def _mark_line(self, grid, track, reach):
        rs, cs, xs, ys = self._window(
            min(track.x0, track.x1),
            min(track.y0, track.y1),
            max(track.x0, track.x1),
            max(track.y0, track.y1),
            reach,
        )
        vx, vy = track.x1 - track.x0, track.y1 - track.y0
        length = vx * vx + vy * vy
        t = ((xs - track.x0) * vx + (ys - track.y0) * vy) / length if length else np.zeros(1)
        t = np.minimum(np.maximum(t, 0), 1)
        dx, dy = xs - track.x0 - t * vx, ys - track.y0 - t * vy
        grid[track.layer, rs, cs] |= dx * dx + dy * dy < reach * reach - 1e-9

    def _gap(self, net, other):
        return max(self.rules[net].clearance, self.rules[other].clearance if other in self.rules else 0.25)

    def _hard(self, net, half):
        """Cells that a track of half width may not enter: foreign pads, holes, the edge."""
        grid = np.zeros((2, self.rows, self.cols), bool)
        margin = int(np.ceil((self.edge_mm + half) / GRID_MM))
        grid[:, :margin, :] = grid[:, self.rows - margin :, :] = True
        grid[:, :, :margin] = grid[:, :, self.cols - margin :] = True
        for pad in self.pads:
            if pad.net != net:
                self._mark_pad(grid, pad, half + self._gap(net, pad.net) + 0.02)
        for x, y, radius in self.holes:
            self._mark_pad(grid, Pad(None, x, y, 0, 0, (0, 1)), radius + half + 0.4)
        return grid | self._soft(net, half, self.fixed)

    def _soft(self, net, half, others=None):
        """Cells too near to other nets' tracks and vias."""
        grid = np.zeros((2, self.rows, self.cols), bool)
        for other in self.tracks if others is None else others:
            if other != net:
                gap = self._gap(net, other)
                for track in self.tracks[other]:
                    self._mark_line(grid, track, half + track.width / 2 + gap + 0.02)
                for via in self.vias[other]:
                    self._mark_pad(
                        grid, Pad(other, via.x, via.y, 0, 0, (0, 1)), half + VIA_MM / 2 + gap + 0.02
                    )
        return grid

    # -- one net ------------------------------------------------------------------------------------

    def _cell(self, x, y):
        return round(y / GRID_MM), round(x / GRID_MM)

    def _search(self, sources, goals, blocked, soft, no_via):
        """Cheapest way of cells (layer, row, col) from sources to goals, or None. Inside they are numbers."""
        cols, plane = self.cols, self.rows * self.cols
        shut, closed = blocked.astype(np.uint8).tobytes(), no_via.astype(np.uint8).tobytes()
        dear = (self.history if soft is None else self.history + RIP_COST * soft).ravel().tolist()
        ends = {g[0] * plane + g[1] * cols + g[2] for g in goals}
        rows_off = _off([g[1] for g in goals], self.rows)
        cols_off = _off([g[2] for g in goals], cols)
        moves = [(dr * cols + dc, dr * cols, dc, price) for dc, dr, price in MOVES]
        best, came = [math.inf] * (2 * plane), [-1] * (2 * plane)
        heap = []
        for g in sources:
            best[g[0] * plane + g[1] * cols + g[2]] = 0
            heap.append((0, g[0] * plane + g[1] * cols + g[2]))
        heapq.heapify(heap)
        spread = [-1] * (2 * plane)  # the cost at which a cell's neighbours were last looked at
        while heap:
            _, cell = heapq.heappop(heap)
            if cell in ends:
                return self._way(came, cell)
            cost = best[cell]
            if cost == spread[cell]:
                continue  # waited twice
            spread[cell] = cost
            steps = []
            for to, down, right, price in moves:
                if shut[cell + to] and cell + to not in ends:
                    continue
                if down and right and (shut[cell + right] or shut[cell + down]):
                    continue  # cuts no corner
                steps.append((cell + to, price))
            other = cell - plane if cell >= plane else cell + plane
            if not closed[cell % plane] and not shut[other]:
                steps.append((other, VIA_COST))
            for to, price in steps:
                new = cost + price + dear[to]
                if new < best[to]:
                    best[to], came[to] = new, cell
                    row, col = divmod(to % plane, cols)
                    far, near = rows_off[row], cols_off[col]
                    if far < near:
                        far, near = near, far
                    heapq.heappush(heap, (new + 2 * far + near, to))
        return None

    def _way(self, came, cell):
        path = []
        while cell >= 0:
            layer, rest = divmod(cell, self.rows * self.cols)
            path.append((layer, *divmod(rest, self.cols)))
            cell = came[cell]
        return path[::-1]

    def _pad_cells(self, pad):
        row, col = self._cell(pad.x, pad.y)
        return {(layer, row, col) for layer in pad.layers}

    def _maps(self, net, width, rip):
        """(blocked cells, cells of others that may be taken, places without a via) for a track of width."""
        hard, soft = self._hard(net, width / 2), self._soft(net, width / 2)
        for pad in self.by_net[net]:
            for cell in self._pad_cells(pad):
                hard[cell] = False
        via_hard, via_soft = self._hard(net, VIA_MM / 2), self._soft(net, VIA_MM / 2)
        no_via = (via_hard[0] | via_hard[1]) if rip else (via_hard | via_soft).any(axis=0)
        for pad in self.by_net[net]:  # a through pad joins both layers by itself
            row, col = self._cell(pad.x, pad.y)
            no_via[row, col] = len(pad.layers) < 2
        return (hard if rip else hard | soft), (soft if rip else None), no_via

    def _connect(self, net, width, rip, partly=False):
        """Tracks and vias of the whole net, or None when a pad cannot be reached.

        `partly`: what is in the way of a pad that cannot be reached otherwise is pushed aside, for it alone.
        """
        rule = self.rules[net]
        maps = self._maps(net, width, rip)
        pads = sorted(self.by_net[net], key=lambda p: (p.x, p.y))
        joined = self._pad_cells(pads[0])
        rest = pads[1:]
        tracks, vias = [], []
        while rest:
            goals = {cell: pad for pad in rest for cell in self._pad_cells(pad)}
            path = self._search(joined, goals, *maps)
            if path is None and partly:
                path = self._search(joined, goals, *self._maps(net, width, True))
            if path is None and partly and self._fanned(net, rest, tracks, vias):
                break
            if path is None:
                return None
            self._lay(net, rule._replace(width=width), path, tracks, vias)
            joined |= set(path)
            reached = goals[path[-1]]
            joined |= self._pad_cells(reached)
            rest.remove(reached)
        for pad in pads:  # from the grid to the middle of a pad that lies off it
            row, col = self._cell(pad.x, pad.y)
            if abs(col * GRID_MM - pad.x) > 1e-6 or abs(row * GRID_MM - pad.y) > 1e-6:
                layer = next(
                    (
                        t.layer
                        for t in tracks
                        if self._cell(t.x0, t.y0) == (row, col) or self._cell(t.x1, t.y1) == (row, col)
                    ),
                    pad.layers[0],
                )
                small = min(width, 2 * pad.half_w, 2 * pad.half_h)
                if self._clear(net, col * GRID_MM, row * GRID_MM, pad.x, pad.y, small / 2):
                    tracks.append(Track(net, layer, col * GRID_MM, row * GRID_MM, pad.x, pad.y, small))
        return tracks, vias

    def _fanned(self, net, rest, tracks, vias):
        """Keeps the vias beside the pads of `rest`, too close for the grid; False when one has none."""
        for pad in rest:
            out = [track for track in self.tracks.get(net, []) if (track.x0, track.y0) == (pad.x, pad.y)]
            if not out:
                return False
            tracks.append(out[0])
            vias.append(Via(net, out[0].x1, out[0].y1))
        return True

    def _lay(self, net, rule, path, tracks, vias):
        through = {self._cell(p.x, p.y) for p in self.by_net[net] if len(p.layers) == 2}
        start = path[0]
        for before, here, after in zip(path, path[1:], [*path[2:], None], strict=False):
            if before[0] != here[0]:
                if here[1:] not in through:
                    vias.append(Via(net, here[2] * GRID_MM, here[1] * GRID_MM))
                start = here
                continue
            step = (here[0] - before[0], here[1] - before[1], here[2] - before[2])
            if after is None or (after[0] - here[0], after[1] - here[1], after[2] - here[2]) != step:
                tracks.append(
                    Track(
                        net,
                        here[0],
                        start[2] * GRID_MM,
                        start[1] * GRID_MM,
                        here[2] * GRID_MM,
                        here[1] * GRID_MM,
                        rule.width,
                    )
                )
                start = here

    def fan_out(self, net):
        """Lay a short track and a via for each pad of the net on one layer, so that the plane holds it."""
        self.tracks.setdefault(net, [])
        self.vias.setdefault(net, [])
        rule = self.rules[net]
        for pad in [p for p in self.by_net[net] if len(p.layers) == 1]:
            for x, y in self._ways_out(pad):
                if self._clear(net, pad.x, pad.y, x, y, rule.width / 2) and self._clear(
                    net, x, y, x, y, VIA_MM / 2
                ):
                    self.tracks[net].append(Track(net, pad.layers[0], pad.x, pad.y, x, y, rule.width))
                    self.vias[net].append(Via(net, x, y))
                    break
            else:
                raise NoWay(f"no room for a via beside a pad of {net} at {pad.x:.1f}, {pad.y:.1f}")

    @staticmethod
    def _ways_out(pad):
        for step in range(13, 40):
            for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                yield round(pad.x + dx * step / 10, 3), round(pad.y + dy * step / 10, 3)

    def _clear(self, net, x0, y0, x1, y1, half):
        """Return True when a line keeps its distance from every foreign pad and from the edge."""
        steps = max(1, int(max(abs(x1 - x0), abs(y1 - y0)) / 0.1))
        for k in range(steps + 1):
            x, y = x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps
            if min(x, y, self.size[0] - x, self.size[1] - y) < self.edge_mm + half:
                return False
            for pad in self.pads:
                if pad.net != net:
                    dx, dy = max(abs(x - pad.x) - pad.half_w, 0), max(abs(y - pad.y) - pad.half_h, 0)
                    if (dx * dx + dy * dy) ** 0.5 < half + self._gap(net, pad.net) + 0.01:
                        return False
        return True

    # -- all nets -----------------------------------------------------------------------------------

    def _disturbed(self, net, tracks, vias):
        """Other nets whose copper is too near to the new one."""
        found = set()
        for other in self.tracks:
            if other == net:
                continue
            gap = self._gap(net, other)
            for new in [*tracks, *vias]:
                if any(
                    _distance(new, old) < _half(new) + _half(old) + gap
                    for old in [*self.tracks[other], *self.vias[other]]
                    if _same_layer(new, old)
                ):
                    found.add(other)
                    break
        return found

    def run(self, order, plane):
        """Routes the nets of `order`, then `plane`; raises NoWay naming the net that does not fit.

        Planes join most pads of their net, but tracks may cut islands out of them: so it gets tracks of its
        own, and then what they push aside goes round them.
        """
        queue = list(order)
        for _ in range(ROUNDS):
            if not queue and self.fixed:
                return
            if not queue:
                self.fixed = (plane,)
                queue += self._put(plane, self._connect(plane, self.rules[plane].width, False, partly=True))
                continue
            net = queue.pop(0)
            width = self.rules[net].width
            done = self._connect(net, width, False)
            if done is None:
                done = self._connect(net, width, True)
                queue += [other for other in self._put(net, done) if other != plane]
            else:
                self.tracks[net], self.vias[net] = done
        raise NoWay(f"still {len(queue)} nets open after {ROUNDS} rounds: {', '.join(queue[:5])}")

    def _put(self, net, done):
        """Takes a net's new copper; the nets that it pushes aside, which have lost theirs."""
        if done is None:
            raise NoWay(f"no way for {net} at {self.rules[net].width} mm: move parts apart")
        lost = sorted(self._disturbed(net, *done))
        for other in lost:
            for track in self.tracks.pop(other):
                for x, y in ((track.x0, track.y0), (track.x1, track.y1)):
                    self.history[(track.layer, *self._cell(x, y))] += 1
            self.vias.pop(other)
        for track in done[0]:
            grid = np.zeros((2, self.rows, self.cols), bool)
            self._mark_line(grid, track, 0.5)
            self.history += grid * 1.5
        self.tracks[net], self.vias[net] = done
        return lost


def _off(goals, size):
    """Steps from each row or column to the goals' box."""
    low, high = min(goals), max(goals)
    return [max(low - at, 0, at - high) for at in range(size)]


def _half(item):
    return VIA_MM / 2 if isinstance(item, Via) else item.width / 2


def _same_layer(a, b):
    return isinstance(a, Via) or isinstance(b, Via) or a.layer == b.layer


def _ends(item):
    return (item.x, item.y, item.x, item.y) if isinstance(item, Via) else (item.x0, item.y0, item.x1, item.y1)


def _point_line(px, py, x0, y0, x1, y1):
    vx, vy = x1 - x0, y1 - y0
    length = vx * vx + vy * vy
    t = max(0, min(1, ((px - x0) * vx + (py - y0) * vy) / length)) if length else 0
    return ((px - x0 - t * vx) ** 2 + (py - y0 - t * vy) ** 2) ** 0.5


def _distance(a, b):
    """Distance of two centre lines; 0 where they cross."""
    ax0, ay0, ax1, ay1 = _ends(a)
    bx0, by0, bx1, by1 = _ends(b)

    def side(x0, y0, x1, y1, x, y):
        return (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)

    if (
        side(ax0, ay0, ax1, ay1, bx0, by0) * side(ax0, ay0, ax1, ay1, bx1, by1) < 0
        and side(bx0, by0, bx1, by1, ax0, ay0) * side(bx0, by0, bx1, by1, ax1, ay1) < 0
    ):
        return 0.0
    return min(
        _point_line(ax0, ay0, bx0, by0, bx1, by1),
        _point_line(ax1, ay1, bx0, by0, bx1, by1),
        _point_line(bx0, by0, ax0, ay0, ax1, ay1),
        _point_line(bx1, by1, ax0, ay0, ax1, ay1),
    )
