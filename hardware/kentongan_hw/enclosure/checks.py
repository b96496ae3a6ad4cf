"""A printed box: closed surfaces, one piece each, things that do not meet, walls that print."""

import trimesh
from build123d import export_stl

from kentongan_hw.enclosure import parameters, shape
from kentongan_hw.enclosure.surface import leaks

MEET_MM3 = 0.05  # rounding of two faces that touch
THIN_MM = 1.2  # three lines of a 0.4 mm nozzle: the least that is printed anywhere
THIN_SHARE = 0.01  # of the sampled surface: rays near an edge see the edge
SAMPLES = 1_500
SEED = 7


def clashes(box, parts) -> list:
    """["A meets B: 12.3 mm3"] for every two of board, things, shell and lid that share space."""
    things = {**shape.contents(box), **parts}
    names = list(things)
    solids = {name: [(one, one.bounding_box()) for one in things[name].solids()] for name in names}
    found = []
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            shared = shared_mm3(solids[one], solids[other])
            if shared > MEET_MM3:
                found.append(f"{one} meets {other}: {shared:.1f} mm3")
    return found


def shared_mm3(some, others) -> float:
    """Volume that solids share with others, [(solid, its bounding box)] of each.

    What lies apart shares nothing; to cut such pairs with each other took nearly all of this check's time.
    """
    near = [(one, other) for one, box in some for other, around in others if meet(box, around)]
    common = [one & other for one, other in near]
    return sum(solid.volume for part in common if part is not None for solid in part.solids())


def meet(box, other) -> bool:
    """Tell whether two bounding boxes have a point in common."""
    return all(
        low <= top and bottom <= high
        for low, high, bottom, top in zip(box.min, box.max, other.min, other.max, strict=True)
    )


def mesh_of(part, path):
    """Writes the part as STL; what a slicer will read."""
    export_stl(part, str(path))
    return trimesh.load_mesh(path)


def thin_share(mesh) -> float:
    """Share of sampled points behind which there is less than THIN_MM of plastic."""
    points, faces = trimesh.sample.sample_surface(mesh, SAMPLES, seed=SEED)
    inward = -mesh.face_normals[faces]
    hits, rays, _ = mesh.ray.intersects_location(points + inward * 1e-3, inward, multiple_hits=False)
    deep = ((hits - points[rays]) ** 2).sum(axis=1) ** 0.5
    return float((deep < THIN_MM).mean())


def judge(box, folder) -> dict:
    """{"clashes": [..], "leaks": [..], "thin": [..], "rain": [..]} of a box; STL files go to `folder`."""
    parts = {"kotak": shape.shell(box), "tutup": shape.lid(box)}
    found = {"clashes": clashes(box, parts), "leaks": [], "thin": [], "rain": []}
    for name, part in parts.items():
        mesh = mesh_of(part, folder / f"{box.node}-{name}.stl")
        if not part.is_valid or leaks(mesh):
            found["leaks"].append(f"{name}: {leaks(mesh) or 'not a valid solid'}")
        share = thin_share(mesh)
        if share > THIN_SHARE:
            found["thin"].append(f"{name}: {share:.1%} of its surface is thinner than {THIN_MM} mm")
        if name == "tutup" and parameters.sheds_rain(box, *mesh.bounds):
            found["rain"].append(f"{name}: {parameters.sheds_rain(box, *mesh.bounds)}")
    return found
