"""What needs no target: captures, help, usage errors."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import kd

COMMANDS = ("vertarget", "lm", "loggers", "dt", "read", "decode")
SOURCE = pathlib.Path(__file__).resolve().parents[2]


class Decode(unittest.TestCase):
    def test_a_whole_windbg_session_verifies_and_its_counts_are_right(self):
        capture = kd.corpus("captures/windbg-uncut.pcapng")
        result = kd.kdwalk("decode", capture, "--key", "8.8.8.8")
        self.assertEqual(result.status, 0, result.err)
        rows = kd.lines(result.out)
        self.assertIn("955 of 955 datagrams verified, KDNET version 4", rows)
        self.assertEqual(sum("T>H" in row or "H>T" in row for row in rows), 955)
        counts = {row.split(maxsplit=1)[1]: int(row.split(maxsplit=1)[0])
                  for row in rows[rows.index("955 of 955 datagrams verified, KDNET version 4") + 1:]}
        for name, count in {
                "pokes": 427, "responses": 1, "data datagrams from the target": 265,
                "data datagrams from the host": 262, "prints": 7, "load-symbols state changes": 2,
                "exception state changes": 1, "file requests": 33, "file answers": 33,
                "ReadVirtualMemory": 44, "GetVersion64": 1}.items():
            self.assertEqual(counts.get(name), count, name)

    def test_json_holds_every_datagram(self):
        capture = kd.corpus("captures/windbg-uncut.pcapng")
        document = json.loads(kd.kdwalk("decode", capture, "--key", "8.8.8.8", "--json").out)
        self.assertEqual(len(document["datagrams"]), 955)
        self.assertEqual(document["summary"]["verified"], 955)
        self.assertTrue(all(d["verified"] for d in document["datagrams"]))

    def test_a_wrong_key_verifies_nothing(self):
        capture = kd.corpus("captures/windbg-uncut.pcapng")
        result = kd.kdwalk("decode", capture, "--key", "8.8.8.9")
        self.assertEqual(result.status, 2)
        self.assertIn("no datagram verifies", result.err)

    def test_a_capture_that_is_cut_short_is_read_as_far_as_it_goes(self):
        capture = kd.corpus("captures/windbg-uncut.pcapng").read_bytes()
        with tempfile.NamedTemporaryFile() as cut:
            cut.write(capture[:len(capture) // 2 + 5])
            cut.flush()
            result = kd.kdwalk("decode", cut.name, "--key", "8.8.8.8")
        self.assertEqual(result.status, 1, result.err)
        self.assertIn("error:", result.err)
        self.assertIn("datagrams verified", result.out)

    def test_what_is_no_capture_is_one_message(self):
        with tempfile.NamedTemporaryFile() as other:
            other.write(b"not a capture")
            other.flush()
            for path in (other.name, "/nonexistent.pcap", "/"):
                result = kd.kdwalk("decode", path, "--key", "8.8.8.8")
                self.assertEqual(result.status, 2, result)
                self.assertEqual(result.err.count("error:"), 1, result)


class Help(unittest.TestCase):
    def test_every_command_explains_itself_with_an_example(self):
        for command in COMMANDS:
            result = kd.kdwalk("help", command)
            self.assertEqual(result.status, 0)
            self.assertIn(f"usage: kdwalk {command}", result.out)
            self.assertIn(f"\n  kdwalk {command}", result.out)
            self.assertEqual(kd.kdwalk(command, "--help").out, result.out)

    def test_the_overview_names_every_command(self):
        result = kd.kdwalk("--help")
        self.assertEqual(result.status, 0)
        for command in COMMANDS:
            self.assertRegex(result.out, rf"(?m)^  {command} ")

    def test_man_page_and_completion_name_every_command_and_option(self):
        man = (SOURCE / "cli/kdwalk.1").read_text().replace("\\-", "-")
        completion = (SOURCE / "cli/completion.bash").read_text()
        for command in COMMANDS:
            self.assertIn(command, man)
            self.assertIn(command, completion)
            for option in re.findall(r"--[a-z-]+", kd.kdwalk("help", command).out.split("Examples")[0]):
                self.assertIn(option, man)
                self.assertIn(option, completion)

    def test_the_completion_is_valid_shell_and_offers_commands(self):
        script = (f"source {SOURCE}/cli/completion.bash; COMP_WORDS=(kdwalk lo); COMP_CWORD=1; "
                  "_kdwalk; printf '%s\\n' \"${COMPREPLY[@]}\"")
        out = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
        self.assertEqual(out.stdout.split(), ["loggers"])

    def test_wrong_usage_is_one_message_and_status_2(self):
        for arguments in (["nonsense"], ["loggers", "--nonsense"], ["loggers", "--nonsense=1.2.3.4"],
                          ["loggers"], ["dt", "-k", "net:port=50000,key=1.2.3.4"],
                          ["loggers", "extra", "-k", "net:port=50000,key=1.2.3.4"],
                          ["loggers", "-k"], ["help", "nonsense"], ["decode", "x.pcap"],
                          ["vertarget", "-k", "net:port=1,key=1.2.3.4", "--timeout", "soon"],
                          ["net:port=50000,key=1.2.3.4"], ["decode", "x", "--key", "1.2.3.4x!"]):
            with self.subTest(arguments=arguments):
                result = kd.kdwalk(*arguments)
                self.assertEqual(result.status, 2, result)
                self.assertEqual(result.err.count("error:"), 1, result)
                self.assertNotIn("1.2.3.4", result.err)
        self.assertEqual(kd.kdwalk().status, 2)

    def test_no_colours_without_a_terminal(self):
        self.assertNotIn("\033", kd.kdwalk("nonsense").err)


if __name__ == "__main__":
    unittest.main()
