"""Surface checks: a mesh bounds one solid body. Needs no build123d, which takes seconds to load."""


def leaks(mesh) -> str:
    """Say why the surface is no closed body, or ""."""
    if not mesh.is_watertight:
        return "surface is open"
    if not mesh.is_winding_consistent or mesh.volume <= 0:
        return "surface is turned inside out"
    if mesh.body_count != 1:
        return f"{mesh.body_count} loose pieces"
    return ""
