"""Each command against each kernel of the lab: what it prints, and what it costs the target."""

import json
import pathlib
import tempfile
import unittest

import kd

STATE_18362 = "ffffa80faaf3e000"
STATE_14393 = "ffff9c876c0c8000"
JOBS = 8


class Loggers(kd.LiveTest):
    def check_against_published(self, kernel):
        result, stats = self.live(kernel, "loggers")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(kd.host_loggers(result.out), kd.expected_loggers(kernel))
        self.assert_unharmed(stats)

    def test_18362_prints_the_published_list(self):
        self.check_against_published("18362")

    def test_14393_prints_the_published_list(self):
        self.check_against_published("14393")

    def test_listing_costs_two_requests_a_logger_or_job_and_thirty(self):
        for kernel in ("14393", "18362", "19041", "22000"):
            with self.subTest(kernel=kernel):
                result, stats = self.live(kernel, "loggers")
                count = len(kd.lines(result.out))
                self.assertGreater(count, 20)
                self.assertLessEqual(stats["requests_total"], 2 * (count + JOBS) + 30)
                self.assert_unharmed(stats)

    def test_details_cost_five_requests_a_logger_and_thirty(self):
        for kernel in ("14393", "18362", "19041", "22000"):
            with self.subTest(kernel=kernel):
                result, stats = self.live(kernel, "loggers", "-v")
                count = sum(line.startswith("EtwLogger->") for line in kd.lines(result.out))
                self.assertGreater(count, 20)
                self.assertLessEqual(stats["requests_total"], 5 * count + 30)
                self.assertIn("Eventlog-Security", result.out)
                self.assert_unharmed(stats)

    def test_a_stopping_logger_is_printed_and_marked(self):
        result, _ = self.live("19041", "loggers")
        self.assertTrue(any("stopping" in line for line in kd.lines(result.out)), result)

    def test_more_than_64_loggers_are_walked_where_max_loggers_says_so(self):
        result, _ = self.live("22000", "loggers", "--json")
        tables = json.loads(result.out)["tables"]
        self.assertEqual(tables["etw_states"][0]["slots"], 80)
        self.assertTrue(any(logger["slot"] >= 64 for logger in tables["loggers"]))

    def test_json_and_text_list_the_same_loggers(self):
        text, _ = self.live("18362", "loggers")
        result, _ = self.live("18362", "loggers", "--json")
        document = json.loads(result.out)
        host = document["tables"]["etw_states"][0]
        self.assertEqual(host["address"], f"0x{STATE_18362}")
        self.assertEqual(host["by_silo_globals"], host["address"])
        self.assertEqual(host["by_host_pointer"], host["address"])
        self.assertEqual(host["by_debugger_data"], host["contexts"])
        self.assertTrue(document["complete"])
        self.assertEqual([logger["address"] for logger in document["tables"]["loggers"]],
                         [line.split("\t")[0].removeprefix("EtwLogger->")
                          for line in kd.lines(text.out)])

    def test_one_silo_is_chosen_by_name_id_or_address(self):
        every, _ = self.live("18362", "loggers")
        for name in ("host", "0"):
            with self.subTest(name=name):
                result, _ = self.live("18362", "loggers", "--silo", name)
                of_host = [line for line in kd.lines(every.out) if STATE_18362 in line]
                self.assertEqual((result.status, kd.lines(result.out)), (0, of_host), result)
        result, stats = self.live("18362", "loggers", "--silo", "0xffffa80fdead0000")
        self.assertEqual((result.status, result.out), (2, ""), result)
        self.assert_one_message(result, "there is no silo at 0xffffa80fdead0000")
        self.assert_unharmed(stats)

    def test_every_kdnet_version_and_ipv6(self):
        first = None
        for version in ("2", "4", "5"):
            with self.subTest(version=version):
                result, stats = self.live("18362", "loggers",
                                          lab_options=["--kdnet-version", version])
                self.assertEqual(result.status, 0, result)
                self.assert_unharmed(stats)
                first = first or result.out
                self.assertEqual(result.out, first)
        result, stats = self.live("18362", "loggers", link=kd.Net(host="[::1]"))
        self.assertEqual(result.out, first)
        self.assert_unharmed(stats)

    def test_prints_and_module_loads_in_between_change_nothing(self):
        quiet, _ = self.live("18362", "loggers", "-v")
        result, stats = self.live("18362", "loggers", "-v", lab_options=["--chatter"])
        self.assertEqual(result.out, quiet.out)
        self.assert_unharmed(stats)

    def test_a_booting_machine_is_followed_until_its_kernel_comes(self):
        quiet, _ = self.live("18362", "loggers")
        result, stats = self.live("18362", "loggers", lab_options=["--boot"])
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.out, quiet.out)
        self.assertGreater(stats["file_io"]["asked"], 0)
        self.assertEqual(stats["file_io"]["wrong"], 0)
        self.assert_unharmed(stats)


class Snapshot(kd.LiveTest):
    def test_the_document_goes_to_a_file_or_to_the_terminal(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "before.json"
            path.write_text("what was there")
            result, stats = self.live("19041", "snapshot", "-o", path)
            self.assertEqual((result.status, result.out), (0, ""), result)
            self.assertRegex(result.err, r"\Akdwalk: the target stood still for [1-9]\d* ms\n\Z")
            self.assert_unharmed(stats)
            written = json.loads(path.read_text())
            self.assertEqual([p.name for p in path.parent.iterdir()], ["before.json"])
        shown, _ = self.live("19041", "snapshot")
        self.assertEqual(json.loads(shown.out)["tables"]["loggers"], written["tables"]["loggers"])
        self.assertEqual((written["schema"], written["version"], written["build"]),
                         ("kdwalk-snapshot", 1, 19041))
        self.assertIn("ntkrnlmp.pdb", written["symbols"]["origin"])

    def test_a_file_that_cannot_be_written_is_said_and_the_target_goes_on(self):
        result, stats = self.live("18362", "snapshot", "-o", "/nonexistent/before.json")
        self.assertEqual((result.status, result.out), (2, ""), result)
        self.assert_one_message(result, "/nonexistent/before.json")
        self.assert_unharmed(stats)

    def test_it_is_what_the_schema_says(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads((pathlib.Path(__file__).parents[2] / "cli/snapshot.schema.json").read_text())
        for command in (["snapshot"], ["loggers", "-v", "--json"], ["loggers", "--json"]):
            with self.subTest(command=command):
                result, _ = self.live("22000", *command)
                jsonschema.Draft202012Validator(schema).validate(json.loads(result.out))


class Vertarget(kd.LiveTest):
    def check_against_published(self, kernel):
        result, stats = self.live(kernel, "vertarget", symbols=False)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(kd.lines(result.out), kd.expected(f"vertarget-{kernel}.txt"))
        self.assert_unharmed(stats)

    def test_18362_prints_the_published_block(self):
        self.check_against_published("18362")

    def test_14393_prints_the_published_block(self):
        self.check_against_published("14393")

    def test_json_says_the_same(self):
        result, _ = self.live("18362", "vertarget", "--json", symbols=False)
        document = json.loads(result.out)
        self.assertEqual(document["build"], 18362)
        self.assertEqual(document["kernel_base"], "0xfffff8026e400000")

    def test_a_boot_debugger_is_told_apart_from_the_kernel(self):
        result, stats = self.live("18362", "vertarget", symbols=False, lab_options=["--boot"])
        self.assertEqual(result.status, 1, result)
        self.assertIn("Boot debugger of build", result.out)
        self.assertFalse(stats["halted"], stats)


class Dt(kd.LiveTest):
    def check_against_published(self, kernel, address):
        result, stats = self.live(kernel, "dt", "_ETW_SILODRIVERSTATE", address)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(kd.lines(result.out), kd.expected(f"dt-state-{kernel}.txt"))
        self.assert_unharmed(stats)

    def test_18362_prints_the_published_state(self):
        self.check_against_published("18362", STATE_18362)

    def test_14393_prints_the_published_state(self):
        self.check_against_published("14393", STATE_14393)

    def test_an_address_may_be_a_symbol(self):
        result, _ = self.live("18362", "dt", "nt!_ESERVERSILO_GLOBALS", "nt!PspHostSiloGlobals")
        self.assertEqual(result.status, 0, result)
        self.assertIn("EtwSiloState     : 0xffffa80f`aaf3e000 _ETW_SILODRIVERSTATE", result.out)

    def test_without_an_address_the_types_are_shown(self):
        result, _ = self.live("18362", "dt", "_ETW_SILODRIVERSTATE")
        self.assertIn("   +0xfc8 EtwpSecurityProviderEnableMask : UChar\n", result.out)
        self.assertIn("   +0x008 SiloGlobals      : Ptr64 _ESERVERSILO_GLOBALS\n", result.out)
        self.assertIn("   +0xfb8 EtwpSecurityLoggers : [8] Uint2B\n", result.out)

    def test_unreadable_fields_are_gaps(self):
        result, stats = self.live("18362", "dt", "_GUID_NOT_THERE", STATE_18362)
        self.assertEqual(result.status, 2, result)
        self.assert_one_message(result, "_GUID_NOT_THERE")
        result, stats = self.live("18362", "dt", "_ETW_COUNTERS", "ffff800000000000")
        self.assertEqual(result.status, 1, result)
        self.assertIn("(unreadable at 0xffff800000000000)", result.out)
        self.assert_unharmed(stats)


class Read(kd.LiveTest):
    BASE = "fffff8026e400000"

    def test_the_image_header_as_hex_dump_raw_and_json(self):
        result, stats = self.live("18362", "read", self.BASE, "0x40", symbols=False)
        self.assertEqual(result.status, 0, result)
        self.assertTrue(result.out.startswith("fffff802`6e400000  4d 5a"), result)
        self.assert_unharmed(stats)
        result, _ = self.live("18362", "read", self.BASE, "2", "--raw", symbols=False)
        self.assertEqual(result.out, "MZ")
        result, _ = self.live("18362", "read", self.BASE, "2", "--json", symbols=False)
        self.assertEqual(json.loads(result.out)["known"][0]["bytes"], "4d5a")

    def test_a_symbol_can_be_read(self):
        result, _ = self.live("18362", "read", "nt!NtBuildLab", "16", "--raw")
        self.assertTrue(result.out.startswith("18362.1.amd64fre"), result)

    def test_what_cannot_be_read_shows_as_a_hole(self):
        result, stats = self.live("18362", "read", "ffff800000000000", "32", symbols=False)
        self.assertEqual(result.status, 1, result)
        self.assertIn("??", result.out)
        self.assert_unharmed(stats)

    def test_nonsense_is_refused_before_any_target_is_touched(self):
        for arguments in (["read", "0", "0"], ["read", "0", "65M"],
                          ["read", "0", "-1"], ["read", "0", "16", "--raw", "--json"],
                          ["read", "ffffffffffffffff", "2"], ["read", "", "16"],
                          ["read", "hal!x", "16"], ["dt", ""], ["dt", "_GUID", "nt!a+zz"]):
            with self.subTest(arguments=arguments):
                result = kd.kdwalk(*arguments, "-k", f"net:port={kd.free_port()},key=1.1.1.1",
                                   "--timeout", "0.2")
                self.assertEqual(result.status, 2, result)
                self.assert_one_message(result)


class Lm(kd.LiveTest):
    def test_the_kernel_comes_first_and_every_module_has_a_name(self):
        result, stats = self.live("18362", "lm", symbols=False)
        self.assertEqual(result.status, 0, result)
        rows = kd.lines(result.out)
        self.assertIn("ntoskrnl.exe", rows[1])
        self.assertTrue(rows[1].startswith("fffff802`6e400000 fffff802`6eeb6000"), rows[1])
        self.assertGreater(len(rows), 8)
        self.assert_unharmed(stats)

    def test_json_lists_the_same_modules(self):
        text, _ = self.live("18362", "lm", symbols=False)
        result, _ = self.live("18362", "lm", "--json", symbols=False)
        self.assertEqual(len(json.loads(result.out)["modules"]), len(kd.lines(text.out)) - 1)


class Stats(kd.LiveTest):
    def test_kdwalk_and_the_lab_count_the_same_requests(self):
        result, stats = self.live("18362", "loggers", "--stats")
        own = next(line for line in kd.lines(result.err) if line.startswith("requests"))
        self.assertEqual(int(own.split()[1]), stats["requests_total"])
        frozen = next(line for line in kd.lines(result.err) if line.startswith("frozen"))
        self.assertIn("in 1 freeze", frozen)
        self.assertEqual(stats["freezes"]["count"], 1)


if __name__ == "__main__":
    unittest.main()
