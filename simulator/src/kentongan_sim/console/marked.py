"""A part of a page that a program writes: between two marks, so that a person writes the rest."""

from pathlib import Path


def write(path: Path, mark: str, told: str, table: str, command: str) -> None:
    """Put a sentence, a table and the command that drew them between the two marks of the page."""
    before, _, rest = path.read_text(encoding="utf-8").partition(mark)
    _, _, after = rest.partition(mark)
    body = f"{told}\n\n{table}\n\n`{command}`"
    path.write_text(f"{before}{mark}\n{body}\n{mark}{after}", encoding="utf-8")
