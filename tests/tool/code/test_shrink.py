"""Code that no board of a role calls is left out of its file."""

import ast

from kentongan_tool.code.shrink import needed

TEXT = """
LIMITS = [3, 4]
seen = 0

def note():
    global seen
    seen += 1

class Base:
    size = len(LIMITS)

    def all(self):
        return self._more(1)

    def _more(self, n):
        return n + note_not()

    def told(self):
        pass

class Heir(Base):
    def _more(self, n):
        return 2 * n + self.size

class Other:
    def all(self):
        return Heir().all(), note()

def serve():
    return Heir()._more(1), 'told'
"""


def test_methods_and_functions_that_nothing_names_are_left_out_and_what_only_they_used():
    text = ast.unparse(ast.Module(needed(ast.parse(TEXT).body, ["serve"]), []))
    assert "class Other" not in text and "def all" not in text and "def note" not in text
    assert "def told" in text
    space = {}
    exec(text, space)
    assert space["serve"]() == (4, "told")
