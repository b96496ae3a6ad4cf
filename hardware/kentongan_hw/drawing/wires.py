"""Wires of one block of a drawing: orthogonal, off parts and words, found on a 1.27 mm grid.

Cells are (x, y) in grid steps. A wire may cross another net's straight wire squarely, and join its own.
"""

import heapq

STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))
BEND, CROSS, STEP = 6, 8, 1


class Sheet:
    """Occupied cells: `blocked` by bodies, words and foreign pins; `wires`: {cell: {net: set of axes}}."""

    def __init__(self):
        self.blocked = {}  # cell -> owner: a net (pins), or "body", "text"
        self.wires = {}
        self.segments = {}  # net -> [(cell, cell)]

    def block(self, cells, owner):
        for cell in cells:
            self.blocked[cell] = owner

    def free(self, cells, net=None):
        """Return True when nothing lies on the cells but the net's own pins."""
        return all(
            self.blocked.get(cell, net) == net and not (set(self.wires.get(cell, ())) - {net})
            for cell in cells
        )

    def draw(self, net, a, b):
        """Draw a straight wire from cell a to b."""
        if a == b:
            return
        self.segments.setdefault(net, []).append((a, b))
        axis = 0 if a[1] == b[1] else 1
        cells = line(a, b)
        for cell in cells:
            axes = self.wires.setdefault(cell, {}).setdefault(net, set())
            axes.add(axis)
            if cell in (a, b):
                axes.add("end")

    def cells_of(self, net):
        return {cell for cell, nets in self.wires.items() if net in nets}

    def route(self, net, start, goals, bounds):
        """Wire from the cell start to the nearest of goals; False when there is no way inside bounds."""
        if start in goals:
            return True
        x0, y0, x1, y1 = bounds
        best, came, heap = {(start, None): 0}, {}, [(0, 0, start, None)]
        count = 0
        while heap:
            _, cost, cell, axis = heapq.heappop(heap)
            if cell in goals:
                self._draw_path(net, self._back(came, (cell, axis)))
                return True
            if best.get((cell, axis), 1 << 30) < cost:
                continue
            for dx, dy in STEPS:
                new_axis = 0 if dy == 0 else 1
                others = set(self.wires.get(cell, ())) - {net}
                if others and new_axis != axis:
                    continue  # no bend on a foreign wire
                to = (cell[0] + dx, cell[1] + dy)
                if not (x0 <= to[0] <= x1 and y0 <= to[1] <= y1):
                    continue
                price = self._price(net, to, new_axis, goals)
                if price is None:
                    continue
                new = cost + price + (BEND if axis is not None and axis != new_axis else 0)
                if new < best.get((to, new_axis), 1 << 30):
                    best[(to, new_axis)] = new
                    came[(to, new_axis)] = (cell, axis)
                    count += 1
                    far = min(abs(to[0] - g[0]) + abs(to[1] - g[1]) for g in goals) if len(goals) < 40 else 0
                    heapq.heappush(heap, (new + far, new, to, new_axis))
        return False

    def _price(self, net, cell, axis, goals):
        owner = self.blocked.get(cell)
        if owner is not None and not (owner == net and cell in goals):
            return None
        foreign = {n: axes for n, axes in self.wires.get(cell, {}).items() if n != net}
        for axes in foreign.values():
            if "end" in axes or axis in axes or len(axes) > 1:
                return None
        return STEP + (CROSS if foreign else 0)

    @staticmethod
    def _back(came, state):
        path = [state[0]]
        while state in came:
            state = came[state]
            path.append(state[0])
        return path[::-1]

    def _draw_path(self, net, path):
        corners = [path[0]]
        for before, here, after in zip(path, path[1:], path[2:], strict=False):
            if (here[0] - before[0], here[1] - before[1]) != (after[0] - here[0], after[1] - here[1]):
                corners.append(here)
        corners.append(path[-1])
        for a, b in zip(corners, corners[1:], strict=False):
            self.draw(net, a, b)

    def junctions(self, net, pins):
        """Cells of the net where three or more wire ends or pins meet, or an end a wire's middle."""
        found = set()
        ends = [cell for segment in self.segments.get(net, ()) for cell in segment]
        for cell in set(ends) | set(pins):
            through = sum(1 for a, b in self.segments.get(net, ()) if cell in line(a, b)[1:-1])
            if ends.count(cell) + list(pins).count(cell) + 2 * through >= 3:
                found.add(cell)
        return sorted(found)

    def pieces(self, net, pins):
        """Segments cut where another end or a pin of the same net lies, as KiCad wants them."""
        ends = set(pins) | {cell for segment in self.segments.get(net, ()) for cell in segment}
        for a, b in self.segments.get(net, ()):
            cuts = [cell for cell in line(a, b) if cell in ends]
            yield from zip(cuts, cuts[1:], strict=False)


def line(a, b):
    """Every cell from a to b, both included; a and b share a row or a column."""
    steps = max(abs(b[0] - a[0]), abs(b[1] - a[1]))
    if steps == 0:
        return [a]
    dx, dy = (b[0] - a[0]) // steps, (b[1] - a[1]) // steps
    return [(a[0] + dx * i, a[1] + dy * i) for i in range(steps + 1)]
