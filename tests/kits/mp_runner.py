"""Runs the test functions of one file under MicroPython; one JSON line a test on standard output."""

import io
import json
import sys


def run(path):
    folder, name = path[: path.rfind("/")], path[path.rfind("/") + 1 : -3]
    sys.path.insert(0, folder)
    module = __import__(name)
    for test in sorted(n for n in dir(module) if n.startswith("test_")):
        failure = None
        try:
            getattr(module, test)()
        except Exception as error:  # every kind of failure is a result here
            text = io.StringIO()
            sys.print_exception(error, text)
            failure = text.getvalue()
        print("RESULT " + json.dumps({"test": test, "failure": failure}))


run(sys.argv[1])
