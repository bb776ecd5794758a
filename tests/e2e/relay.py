"""A wire between a lab and kdwalk that can be cut: unix sockets and TCP, either end may be the one that listens."""

import pathlib
import select
import socket
import struct
import threading

import kd


def connect(address):
    s = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    try:
        s.connect(address)
    except OSError:
        s.close()
        raise
    return s


def listen(address):
    s = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    s.bind(address)
    s.listen()
    return s


class Relay:
    """Carries bytes between `near`, which gives a connection to kdwalk, and the lab at `far`. Each connection but the
    last is cut after so many bytes of the lab's. What passed is kept."""

    def __init__(self, near, far, cut_after=()):
        self.near, self.far, self.cuts = near, far, list(cut_after)
        self.connections = 0
        self.to_lab, self.from_lab = bytearray(), bytearray()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            try:
                host = self.near()
            except OSError:  # nobody is there yet
                self.over.wait(0.02)
                continue
            with host, connect(self.far) as lab:
                self.connections += 1
                self.pump(host, lab, self.cuts.pop(0) if self.cuts else None)

    def pump(self, host, lab, cut_after):
        passed = 0
        while not self.over.is_set() and (cut_after is None or passed < cut_after):
            for s in select.select([host, lab], [], [], 0.05)[0]:
                try:
                    piece = s.recv(4096 if cut_after is None else min(4096, cut_after - passed or 1))
                    if not piece:
                        return
                    (self.to_lab if s is host else self.from_lab).extend(piece)
                    (lab if s is host else host).sendall(piece)
                except OSError:
                    return
                passed += len(piece) if s is lab else 0

    def close(self):
        self.over.set()
        self.thread.join()


def packets(stream):
    """(type, data) of each KD packet in an undamaged stream: leader, type, length, id, checksum, data, and 0xAA behind
    data. What stands between packets is no packet."""
    at = 0
    while at + 16 <= len(stream):
        leader, kind, length = struct.unpack_from("<IHH", stream, at)
        if leader not in (0x30303030, 0x69696969):
            at += 1
            continue
        yield kind, bytes(stream[at + 16:at + 16 + length])
        at += 16 + length + (leader == 0x30303030)


def memory_read(stream):
    """(address, length) of each reply to a ReadVirtualMemory."""
    for kind, data in packets(stream):
        if kind == 2 and struct.unpack_from("<I", data)[0] == 0x3130:
            address, _, length = struct.unpack_from("<QII", data, 16)
            yield address, length


class RelayedPipe(kd.Pipe):
    """kdwalk connects to a unix socket that can be cut, or (server) listens on it."""

    def __init__(self, extra="", cut_after=()):
        super().__init__()
        self.cut_after = cut_after
        self.near = str(pathlib.Path(self.folder.name) / "near")
        self.target = ["-k", f"com:pipe,port={self.near}{extra}"]
        self.is_server = "server" in extra

    def lab_says(self, line):
        if self.is_server:
            near = lambda: connect(self.near)
        else:
            self.listener = listen(self.near)
            self.listener.settimeout(0.1)
            near = lambda: self.listener.accept()[0]
        self.relay = Relay(near, str(self.path), self.cut_after)

    def close(self):
        self.relay.close()
        if not self.is_server:
            self.listener.close()
        super().close()


class RelayedTcp(kd.Tcp):
    def __init__(self, extra="", cut_after=()):
        super().__init__()
        self.cut_after = cut_after
        self.far = ("127.0.0.1", self.port)
        self.listener = listen(("127.0.0.1", 0))
        self.listener.settimeout(0.1)
        self.target = ["-k", f"com:port=127.0.0.1,ipport={self.listener.getsockname()[1]}{extra}"]

    def lab_says(self, line):
        self.relay = Relay(lambda: self.listener.accept()[0], self.far, self.cut_after)

    def close(self):
        self.relay.close()
        self.listener.close()
