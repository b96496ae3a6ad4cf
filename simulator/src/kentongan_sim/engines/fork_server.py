"""The fork server: a small process that has MicroPython loaded and forks one child per node.

Started by engine_micropython as `python fork_server.py CONTROL_FD LIBPATH APP HEAP`. Each request on the
control socket is one message: "fork" with the node's socket attached -> the child's pid as text;
"kill PID" -> power cut, answered with the pid. When the control socket closes, every child is killed
and reaped; each child also asks the kernel to die with this process.
"""

import array
import ctypes
import os
import signal
import socket
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def child(node_fd: int, control: socket.socket, libpath: str, app: str, heap: str) -> None:
    """Become the MicroPython node; never returns."""
    try:
        die_with_parent()
        control.close()
        os.dup2(2, 1)  # a traceback of MicroPython goes to standard output, which is for figures
        os.environ["MICROPYPATH"] = libpath
        os.environ["KENTONGAN_FD"] = str(node_fd)
        import micropython_run

        micropython_run.run_main(["micropython", "-X", f"heapsize={heap}", app])
    finally:
        os._exit(1)


def receive(control: socket.socket) -> tuple[str, int | None]:
    """Next (text, node_fd or None); text is empty at the end."""
    data, ancillary, _, _ = control.recvmsg(64, socket.CMSG_LEN(array.array("i").itemsize))
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return data.decode(), array.array("i", content)[0]
    return data.decode(), None


def serve(control: socket.socket, libpath: str, app: str, heap: str) -> None:
    import micropython_run  # noqa: F401  loaded once here, shared by every child

    children = set()
    while True:
        text, node_fd = receive(control)
        if not text:
            break
        if text == "fork":
            assert node_fd is not None, "a fork comes with the node's socket"
            pid = os.fork()
            if pid == 0:
                child(node_fd, control, libpath, app, heap)
            os.close(node_fd)
            children.add(pid)
        else:
            pid = int(text.split()[1])
            if pid in children:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                children.discard(pid)
        control.send(str(pid).encode())
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    for pid in children:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the simulator, which then closes us
    serve(socket.socket(fileno=int(sys.argv[1])), *sys.argv[2:5])
