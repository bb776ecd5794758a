"""What needs no target and no file: help, usage errors."""

import pathlib
import re
import subprocess
import unittest

import kd

COMMANDS = ("vertarget", "lm", "loggers", "silos", "jobs", "sessions", "ps", "cpu", "providers", "layers", "snapshot",
            "diff", "check", "dt", "read", "decode", "symbols")
SOURCE = pathlib.Path(__file__).resolve().parents[2]


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
                          ["loggers", "-k"], ["help", "nonsense"], ["decode"], ["decode", "/nonexistent.pcap"],
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
