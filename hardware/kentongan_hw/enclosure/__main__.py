"""`python -m kentongan_hw.enclosure files`: STL and STEP to build/hardware/, drawings beside their source.
`... check [NODE=FILE ..]`: one JSON object, what is wrong with each box (without names: the project's).
`... leaks FILE.stl ..`: one JSON object, why each surface is not closed, or nothing.
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path

from kentongan_hw import BUILD
from kentongan_hw.enclosure import parameters


def main():
    parser = argparse.ArgumentParser(prog="kentongan_hw.enclosure", description=__doc__)
    parser.add_argument("what", choices=["files", "check", "leaks"])
    parser.add_argument("rest", nargs="*")
    args = parser.parse_args()
    if args.what == "leaks":
        import trimesh

        from kentongan_hw.enclosure.surface import leaks

        print(json.dumps({file: leaks(trimesh.load_mesh(file)) for file in args.rest}))
        return
    from kentongan_hw.enclosure import checks, files

    BUILD.mkdir(parents=True, exist_ok=True)
    if args.what == "files":
        for node in parameters.NODES:
            for path in files.write(node, BUILD):
                print(path, flush=True)
    else:
        named = [one.partition("=") for one in args.rest] or [
            (node, "=", parameters.path(node)) for node in parameters.NODES
        ]
        found = {}
        for node, _, file in named:
            box = parameters.parse(node, tomllib.loads(Path(file).read_text(encoding="utf-8")))
            found[str(file)] = checks.judge(box, BUILD)
        json.dump(found, sys.stdout)


if __name__ == "__main__":
    try:
        main()
    except parameters.BoxError as fault:
        sys.exit(str(fault))
