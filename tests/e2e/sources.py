"""Every way to what a machine is: live over each link, recorded over each link, and as each kind of file."""

import kd
import test_dumps

LIVE = tuple(kd.LINKS)
RECORDED = tuple(f"recorded {link}" for link in LIVE)
FILES = (*test_dumps.TYPES, "raw --encode")
ALL = (*LIVE, *RECORDED, *FILES)


class SourceTest(test_dumps.DumpTest):
    def through(self, source, kernel, machine, *arguments):
        """What the command says of a machine that was made with these options."""
        name, *rest = source.split()
        if source in FILES:
            path = self.dump(kernel, name, *rest, *machine)
            try:
                return self.walk(path, *arguments)
            finally:
                path.unlink()
        if source in LIVE:
            return self.attach(name, kernel, machine, *arguments)
        return self.replay(rest[0], kernel, machine, *arguments)

    def attach(self, link, kernel, machine, *arguments):
        with kd.Scene(kernel, kd.LINKS[link](), *machine) as scene:
            result = scene.run(*arguments, "-y", self.store)
            self.assert_unharmed(scene.stop())
        return result

    def replay(self, link, kernel, machine, *arguments):
        path = self.path(f"{kernel}-{link}-{'-'.join((*machine, *arguments))}.pcap")
        live = self.attach(link, kernel, machine, *arguments, "-w", path)
        recorded = kd.kdwalk(*arguments, "-r", path, "--key", kd.KEY, "-y", self.store)
        self.assertEqual((recorded.status, recorded.out), (live.status, live.out), recorded)
        path.unlink()
        return recorded
