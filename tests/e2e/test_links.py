"""Every link, on good days and on bad ones: tty, unix socket, TCP and KDNET say the same of the same machine."""

import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import kd
import relay

STREAMS = ("tty", "pipe", "tcp")
BASE = "fffff8026e400000"
REBOOTS = (1, 2, 5, 20, 60)


class LinkTest(kd.LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with kd.Scene("18362", kd.Net()) as scene:
            cls.quiet = scene.run("loggers", "-y", cls.store).out
        assert cls.quiet, "the list over a quiet link is what the others are compared with"

    def assert_listed(self, result, stats):
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.out, self.quiet)
        self.assert_unharmed(stats)

    def assert_failed(self, result, *parts):
        self.assertEqual(result.status, 2, result)
        self.assertEqual(result.out, "")
        self.assert_one_message(result, *parts)


class GoodDays(LinkTest):
    def test_18362_prints_the_published_list_over_every_link(self):
        want = kd.expected_loggers("18362")

        def check(link):
            result, stats = self.live("18362", "loggers", link=link)
            self.assertEqual(result.status, 0, result)
            self.assertEqual(kd.host_loggers(result.out), want)
            self.assertEqual(result.err, "")
            self.assert_unharmed(stats)
        self.over_links(check)

    def test_every_dialect_of_a_stream(self):
        def check(case):
            kind, dialect = case
            result, stats = self.live("18362", "loggers", link=kd.LINKS[kind](), lab_options=["--dialect", dialect])
            self.assert_listed(result, stats)
        self.for_each(check, [(kind, dialect) for kind in STREAMS for dialect in ("ntkd", "boot", "minimal")])

    def test_prints_and_module_loads_in_between_change_nothing(self):
        def check(link):
            self.assert_listed(*self.live("18362", "loggers", link=link, lab_options=["--chatter"]))
        self.over_links(check)

    def test_a_booting_machine_is_followed_until_its_kernel_comes(self):
        def check(link):
            self.assert_listed(*self.live("18362", "loggers", link=link, lab_options=["--boot"]))
        self.over_links(check)

    def test_large_reads_use_what_the_link_carries(self):
        size = 64 * 1024
        want, _ = self.live("18362", "read", BASE, size, symbols=False)

        def check(link):
            result, stats = self.live("18362", "read", BASE, size, "--stats", link=link, symbols=False)
            self.assertEqual(result.status, want.status, result)
            self.assertEqual(result.out, want.out)
            self.assertLess(result.count(r"ReadVirtualMemory (\d+)"), size / 3000)
            self.assert_unharmed(stats)
        self.over_links(check, STREAMS)

    def test_kdwalk_may_be_the_one_that_listens(self):
        link = relay.RelayedPipe(",server")
        with kd.Scene("18362", link) as scene:
            result = scene.run("loggers", "-y", self.store)
            self.assert_listed(result, scene.stop())
            self.assertFalse(pathlib.Path(link.near).exists(), "the socket file is left behind")

    def test_the_form_of_windbg_is_understood(self):
        link = kd.Pipe(",resets=0,reconnect")
        self.assert_listed(*self.live("18362", "loggers", link=link))


class SlowLine(LinkTest):
    def test_115200_baud_cost_no_packet_too_many_and_no_byte_twice(self):
        link = relay.RelayedPipe()
        result, stats = self.live("18362", "loggers", "--stats", "--timeout", "60", link=link,
                                  lab_options=["--baud", "115200"])
        self.assert_listed(result, stats)
        requests = result.count(r"requests +(\d+)")
        self.assertEqual(requests, stats["requests_total"])
        # A loss-free exchange is four packets, request, ACK, reply and ACK, and two of them are ours.
        ours, theirs = (sum(1 for _ in relay.packets(stream)) for stream in (link.relay.to_lab, link.relay.from_lab))
        self.assertEqual(result.count(r"packets +(\d+) out"), ours)
        self.assertEqual(result.count(r"packets +\d+ out, (\d+) in"), theirs)
        self.assertLessEqual(ours, 1.15 * 2 * requests)
        self.assertLessEqual(theirs, 1.15 * 2 * requests)
        # On a machine so busy that an ACK came late, a reply was said twice; what was asked twice --stats tells.
        reads = sorted(set(relay.memory_read(link.relay.from_lab)))
        self.assertEqual(result.count(r"memory read +(\d+) bytes"), sum(length for _, length in reads))
        self.assertEqual(result.count(r"memory read +\d+ bytes, (\d+) of them twice"), 0)
        self.assertGreater(len(reads), 20)
        for (address, length), (following, _) in zip(reads, reads[1:]):
            self.assertLessEqual(address + length, following, "a byte was read twice")


class HaltedAlready(LinkTest):
    def is_halted(self, scene):
        scene.lab.process.send_signal(signal.SIGUSR1)
        return '"halted": true' in scene.lab.stats_file.read_text()

    def test_what_a_killed_kdwalk_left_halted_is_walked_and_let_go(self):
        def check(link):
            with kd.Scene("18362", link) as scene:
                process = scene.start("read", BASE, "32M", "--raw")
                kd.wait_until(lambda: self.is_halted(scene), "the target does not halt")
                process.kill()
                process.communicate()
                result = scene.run("loggers", "-y", self.store)
                self.assert_listed(result, scene.stop())
        self.over_links(check)


class Restarts(LinkTest):
    def test_a_restart_ends_the_command_and_names_the_option(self):
        def check(case):
            kind, after = case
            result, stats = self.live("18362", "loggers", link=kd.LINKS[kind](), lab_options=["--reboot-after", after])
            if after == 1 and result.status == 0: # while attaching: it attached to the new boot
                self.assert_listed(result, stats)
            else:
                self.assert_failed(result, "restarted", "--wait")
                self.assert_unharmed(stats)
        self.for_each(check, [(kind, after) for kind in kd.LINKS for after in REBOOTS])

    def test_with_wait_the_new_boot_is_walked(self):
        def check(case):
            kind, after = case
            result, stats = self.live("18362", "loggers", "--wait", link=kd.LINKS[kind](),
                                      lab_options=["--reboot-after", after])
            self.assert_listed(result, stats)
            self.assertEqual(stats["reboots"], 1)
            if after > 2:
                self.assertIn("the target restarted: the work starts over", result.err)
        self.for_each(check, [(kind, after) for kind in kd.LINKS for after in REBOOTS])

    def test_boot_stages_of_the_new_boot_are_let_go_on(self):
        def check(link):
            result, stats = self.live("18362", "loggers", "--wait", link=link,
                                      lab_options=["--boot", "--reboot-after", "20"])
            self.assert_listed(result, stats)
            self.assertEqual(stats["reboots"], 1)
        self.over_links(check)

    def test_every_live_command_can_wait(self):
        want = {}
        commands = (["vertarget"], ["lm"], ["read", BASE, "4K"],
                    ["dt", "_ETW_SILODRIVERSTATE", "ffffa80faaf3e000", "-y", self.store])
        for command in commands:
            want[command[0]], _ = self.live("18362", *command, symbols=False)

        def check(case):
            kind, command = case
            result, stats = self.live("18362", *command, "--wait", link=kd.LINKS[kind](), symbols=False,
                                      lab_options=["--reboot-after", "3"])
            self.assertEqual(result.status, want[command[0]].status, result)
            self.assertEqual(result.out, want[command[0]].out)
            self.assertEqual(stats["reboots"], 1)
            self.assert_unharmed(stats)
        self.for_each(check, [(kind, command) for kind in ("net", "pipe") for command in commands])


class Silence(LinkTest):
    def test_silence_ends_at_the_deadline(self):
        def check(case):
            kind, after = case
            begin = time.monotonic()
            result, _ = self.live("18362", "loggers", "--deadline", "2", link=kd.LINKS[kind](),
                                  lab_options=["--silent-after", after])
            self.assert_failed(result, "deadline")
            self.assertLess(time.monotonic() - begin, 2 + 2.5 + 2) # the leave, and starting both
            self.assertIn("attach again to make sure that it runs", result.err)
        self.for_each(check, [(kind, after) for kind in kd.LINKS for after in ("1", "5", "20")])

    def test_with_wait_a_target_that_is_away_for_long_is_waited_for(self):
        def check(link):
            with kd.Scene("18362", link, "--silent-after", "20") as scene:
                process = scene.start("loggers", "--wait", "--timeout", "60", "-y", self.store)
                time.sleep(12) # as firmware takes its time
                scene.lab.kill()
                scene.lab_options = ()
                scene.open_lab()
                result = kd.finish(process)
                self.assert_listed(result, scene.stop())
                self.assertIn("waiting for it to come back", result.err)
        self.for_each(check, [kd.Net(), kd.Pipe(",reconnect")])

    def test_a_line_where_nobody_answers_ends_at_the_timeout(self):
        def check(link):
            result, _ = self.live("18362", "vertarget", "--timeout", "1.5", link=link, symbols=False,
                                  lab_options=["--drop", "1"])
            self.assert_failed(result)
        self.over_links(check, STREAMS)


class Cut(LinkTest):
    KINDS = (relay.RelayedPipe, relay.RelayedTcp)
    AFTER = (1, 100, 3000, 8000) # bytes; a walk is more than twice as many

    def test_a_connection_that_ends_ends_the_command(self):
        def check(case):
            kind, after = case
            result, _ = self.live("18362", "loggers", link=kind(cut_after=[after]))
            self.assert_failed(result, "closed")
        self.for_each(check, [(kind, after) for kind in self.KINDS for after in self.AFTER])

    def test_with_reconnect_the_walk_goes_on(self):
        def check(case):
            kind, after = case
            link = kind(",reconnect", cut_after=[after, after])
            self.assert_listed(*self.live("18362", "loggers", link=link))
            self.assertEqual(link.relay.connections, 3)
        self.for_each(check, [(kind, after) for kind in self.KINDS for after in self.AFTER])

    def test_a_lab_that_comes_later_is_waited_for_with_reconnect(self):
        link = kd.Pipe(",reconnect")
        process = kd.start("loggers", *link.target, "-y", self.store)
        time.sleep(0.5)
        with kd.Scene("18362", link) as scene:
            result = kd.finish(process)
            self.assert_listed(result, scene.stop())


class Refused(unittest.TestCase):
    """What is wrong with the link itself is said at once, and says what to look at."""

    def check(self, target, *parts, env=None):
        begin = time.monotonic()
        result = kd.kdwalk("vertarget", "-k", target, env=env)
        self.assertEqual(result.status, 2, result)
        self.assertEqual(result.err.count("error:"), 1, result)
        self.assertLess(time.monotonic() - begin, 5)
        for part in parts:
            self.assertIn(part, result.err)

    def test_nothing_there(self):
        self.check("com:pipe,port=/nonexistent/com1", "/nonexistent/com1")
        self.check(f"com:ipport={kd.free_port()},port=127.0.0.1", "127.0.0.1")
        self.check("com:port=/dev/nonexistent", "/dev/nonexistent")

    def test_something_else_there(self):
        self.check("com:port=/dev/null", "/dev/null")
        self.check("com:pipe,port=/dev/null", "/dev/null")

    def test_a_port_that_another_kdwalk_has(self):
        with kd.Scene("18362", kd.Tty()) as scene:
            first = scene.start("read", BASE, "32M", "--raw", stdout=subprocess.DEVNULL)
            time.sleep(0.5)
            second = scene.run("vertarget")
            first.send_signal(signal.SIGINT)
            kd.finish(first)
        self.assertEqual(second.status, 2, second)
        self.assertIn("use", second.err)

    def test_a_serial_line_has_no_key(self):
        with tempfile.TemporaryDirectory() as folder:
            key = pathlib.Path(folder) / "key"
            key.write_text(kd.KEY)
            result = kd.kdwalk("vertarget", "-k", "com:port=/dev/ttyS0", "--key-file", key)
        self.assertEqual(result.status, 2, result)
        self.assertIn("has no key", result.err)
        self.check("com:port=/dev/nonexistent", "/dev/nonexistent", env={"KDWALK_KEY": "not a key"})


if __name__ == "__main__":
    unittest.main()
