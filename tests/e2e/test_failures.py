"""Bad days: one clear message each, the exit status of the design, and a target that was left running."""

import os
import pathlib
import pty
import shutil
import signal
import socket
import time
import unittest

import kd


class Attaching(kd.LiveTest):
    def test_a_wrong_key_is_named_as_such(self):
        wrong = kd.Net(target=lambda port: ["-k", f"net:port={port},key=1.2.3.4"])
        result, stats = self.live("18362", "vertarget", symbols=False, link=wrong)
        self.assertEqual(result.status, 2, result)
        self.assert_one_message(result, "key")
        self.assertNotIn("1.2.3.4", result.err)
        self.assert_unharmed(stats)

    def test_a_port_in_use_is_named(self):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as taken:
            taken.bind(("::", 0))
            port = taken.getsockname()[1]
            result = kd.kdwalk("vertarget", *self.target(port))
        self.assertEqual(result.status, 2, result)
        self.assert_one_message(result, str(port), "in use")

    def test_no_target_ends_at_the_timeout(self):
        begin = time.monotonic()
        result = kd.kdwalk("vertarget", *self.target(kd.free_port()), "--timeout", "1")
        self.assertEqual(result.status, 2, result)
        self.assert_one_message(result)
        self.assertGreaterEqual(time.monotonic() - begin, 1.0)

    def shown_on_a_terminal(self, *arguments):
        """What kdwalk writes to a stderr that is one."""
        try:
            master, slave = pty.openpty()
        except OSError as problem:
            self.skipTest(f"no pseudo terminals here: {problem}")
        with kd.start(*arguments, stdout=kd.subprocess.DEVNULL, stderr=slave) as process:
            process.wait(timeout=kd.RUN_TIMEOUT)
        shown = os.read(master, 65536).decode()
        os.close(slave)
        os.close(master)
        return shown

    def test_waiting_shows_progress_on_a_terminal_only(self):
        for target, progress in ((self.target(kd.free_port()), "waiting for a target to call on port"),
                                 (["-k", "com:pipe,port=/nonexistent/com1,reconnect"], "waiting for a connection")):
            with self.subTest(target=target):
                waiting = ["vertarget", *target, "--timeout", "2.5"]
                self.assertIn(progress, self.shown_on_a_terminal(*waiting))
                self.assertNotIn(progress, kd.kdwalk(*waiting).err.split("error:")[0])

    def test_malformed_targets_and_keys_are_refused_without_repeating_them(self):
        secret = "topsecretword"
        for target in (f"net:port=50000,key={secret}", f"net:port=50000,key={secret}.1.1.1",
                       f"net:port=50000,key=1.1.1.{secret}zz", "net:port=0,key=1.1.1.1",
                       "net:port=70000,key=1.1.1.1", "net:key=1.1.1.1", "net:port=50000,key=",
                       f"net:port=50000,kex={secret}", "net:port=50000,port=50001,key=1.1.1.1",
                       "net:port=50000,bind=nowhere,key=1.1.1.1", "carrier-pigeon:", "",
                       f"{secret}", f"net:{secret}"):
            with self.subTest(target=target):
                result = kd.kdwalk("vertarget", "-k", target)
                self.assertEqual(result.status, 2, result)
                self.assert_one_message(result)
                self.assertNotIn(secret, result.err + result.out)

    def test_the_key_may_come_from_a_file_or_the_environment(self):
        key_file = pathlib.Path(self.scratch.name) / "key"
        key_file.write_text(kd.KEY + "\n")
        for extra, env in ((["--key-file", key_file], None), ([], {"KDWALK_KEY": kd.KEY})):
            with self.subTest(env=env):
                link = kd.Net(target=lambda port: ["-k", f"net:port={port}"])
                result, stats = self.live("18362", "vertarget", *extra, symbols=False, env=env,
                                          link=link)
                self.assertEqual(result.status, 0, result)
                self.assert_unharmed(stats)

    def test_a_missing_or_bad_key_file_is_named_without_its_content(self):
        key_file = pathlib.Path(self.scratch.name) / "bad"
        key_file.write_text("not-a-key-at-all")
        for path in (key_file, "/nonexistent/key"):
            result = kd.kdwalk("vertarget", "-k", "net:port=50000", "--key-file", path)
            self.assertEqual(result.status, 2, result)
            self.assert_one_message(result, str(path))
            self.assertNotIn("not-a-key-at-all", result.err)

    def test_the_key_does_not_stay_in_the_process_list(self):
        port = kd.free_port()
        process = kd.start("vertarget", *self.target(port), "--timeout", "20")
        try:
            kd.wait_until_bound(port)
            shown = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        finally:
            process.send_signal(signal.SIGINT)
            kd.finish(process)
        self.assertNotIn(kd.KEY.encode(), shown)


class Symbols(kd.LiveTest):
    def assert_walked_all_the_same(self, symbol_path, *parts):
        """By the built-in tables; who wants details is told what was passed over."""
        result, stats = self.live("18362", "loggers", "-y", symbol_path, symbols=False)
        self.assertEqual((result.status, result.err), (0, ""), result)
        self.assert_unharmed(stats)
        result, _ = self.live("18362", "loggers", "-v", "-y", symbol_path, symbols=False)
        self.assertEqual(result.status, 0, result)
        said = result.err.splitlines()
        self.assertEqual(said[0], "kdwalk: symbols: built-in tables of 10.0.18362.535, by the identity of its PDB")
        self.assertTrue(said[1].startswith("kdwalk: symbols passed over: "), result)
        for part in parts:
            self.assertIn(part, said[1])

    def test_an_empty_store_is_passed_over_and_what_is_missing_is_said(self):
        empty = pathlib.Path(self.scratch.name) / "empty"
        empty.mkdir(exist_ok=True)
        self.assert_walked_all_the_same(empty, "ntkrnlmp.pdb/616A94E33A4827B451B0E19C14C037921", str(empty))

    def test_a_pdb_of_another_kernel_is_passed_over_with_both_identities(self):
        wrong = pathlib.Path(self.scratch.name) / "wrong"
        wrong.mkdir(exist_ok=True)
        other = next(self.store.glob("ntkrnlmp.pdb/EF84DCF2B16BB881EBE4BD7C8FE7AA8E1/ntkrnlmp.pdb"))
        shutil.copy(other, wrong / "ntkrnlmp.pdb")
        self.assert_walked_all_the_same(wrong, "616A94E33A4827B451B0E19C14C03792", "EF84DCF2B16BB881EBE4BD7C8FE7AA8E")

    def test_a_damaged_pdb_is_passed_over(self):
        wrong = pathlib.Path(self.scratch.name) / "damaged"
        wrong.mkdir(exist_ok=True)
        good = next(self.store.glob("ntkrnlmp.pdb/616A*/ntkrnlmp.pdb")).read_bytes()
        for name, content in (("empty", b""), ("text", b"hello"), ("half", good[:len(good) // 2])):
            with self.subTest(name=name):
                (wrong / "ntkrnlmp.pdb").write_bytes(content)
                self.assert_walked_all_the_same(wrong, str(wrong / "ntkrnlmp.pdb"))


class InTheMiddle(kd.LiveTest):
    def test_a_target_that_falls_silent_ends_the_command(self):
        for after in ("1", "5", "20"):
            with self.subTest(after=after):
                result, _ = self.live("18362", "loggers", lab_options=["--silent-after", after])
                self.assertEqual(result.status, 2, result)
                self.assert_one_message(result)
                self.assertIn("whether it runs is not known; attach again", result.err)
                self.assertEqual(result.out, "")

    def test_a_target_that_reboots_ends_the_command(self):
        for after in ("2", "5", "20"):
            with self.subTest(after=after):
                result, stats = self.live("18362", "loggers", lab_options=["--reboot-after", after])
                self.assertEqual(result.status, 2, result)
                self.assert_one_message(result, "restart")
                self.assertEqual(result.out, "")
                self.assert_unharmed(stats)

    def test_a_reboot_while_attaching_is_seen_in_time_or_waited_out(self):
        quiet, _ = self.live("18362", "loggers")
        result, stats = self.live("18362", "loggers", lab_options=["--reboot-after", "1"])
        if result.status == 0: # it attached to the new boot
            self.assertEqual(result.out, quiet.out)
        else:
            self.assertEqual(result.status, 2, result)
            self.assert_one_message(result, "restart")
        self.assert_unharmed(stats)

    def test_the_deadline_ends_the_command_and_lets_the_target_go(self):
        result, stats = self.live("18362", "read", "fffff8026e400000", "8M", "--raw", "--deadline",
                                  "1.5", symbols=False)
        if result.status != 0: # a fast machine is done before
            self.assertEqual(result.status, 2, result)
            self.assert_one_message(result)
        self.assert_unharmed(stats)

    def test_output_that_nobody_reads_does_not_keep_the_target_halted(self):
        with kd.Scene("18362", kd.Net()) as scene:
            process = scene.start("loggers", "-y", self.store)
            process.stdout.close()
            process.wait(timeout=kd.RUN_TIMEOUT)
            process.stderr.close()
            self.assertEqual(process.returncode, 2)
            self.assert_unharmed(scene.stop())

    def test_a_full_disk_is_an_error(self):
        for options in ([], ["-v"], ["-v", "--json"]): # -v is more than stdio holds back
            with self.subTest(options=options):
                self.check_full_disk(options)

    def check_full_disk(self, options):
        with open("/dev/full", "w") as full, kd.Scene("18362", kd.Net()) as scene:
            result = kd.finish(scene.start("loggers", *options, "-y", self.store, stdout=full))
            self.assertEqual(result.status, 2)
            self.assertIn("could not be written: No space left on device", result.err)
            self.assertEqual(result.err.count("error:"), 1, result.err)
            self.assert_unharmed(scene.stop())


class Signals(kd.LiveTest):
    """While waiting; what comes in the middle of a walk is the soak's matter."""

    def test_a_signal_while_waiting_ends_at_once(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number=number):
                port = kd.free_port()
                process = kd.start("vertarget", *self.target(port))
                kd.wait_until_bound(port)
                begin = time.monotonic()
                process.send_signal(number)
                result = kd.finish(process)
                self.assertLess(time.monotonic() - begin, 2.5)
                self.assertEqual(result.status, 2, result)
                self.assert_one_message(result, "interrupted")


if __name__ == "__main__":
    unittest.main()
