"""Every recording in captures/: decoded, walked, and replayed to a live kdwalk, it gives what the README there says."""

import json
import unittest

import captured
import kd

# A target is replayed over the link that it was recorded on, and over another one.
OTHER_LINK = {"net": "tcp", "tcp": "pipe", "pipe": "tty", "tty": "net"}


class Captures(kd.LiveTest):
    def test_the_readme_names_every_recording_and_every_output(self):
        rows = captured.rows()
        self.assertEqual(sorted(row.file for row in rows), sorted(p.name for p in captured.FOLDER.glob("*.pcap")))
        self.assertEqual({row.output for row in rows},
                         {f"expected/{p.name}" for p in (captured.FOLDER / "expected").iterdir()})

    def test_every_link_and_kernel_is_there(self):
        kernels = {row.kernel for row in captured.rows()}
        self.assertEqual(len(kernels), 4)
        self.assertEqual({(row.kernel, row.link) for row in captured.rows()},
                         {(kernel, link) for kernel in kernels for link in kd.LINKS})

    def test_no_recording_holds_the_key(self):
        key = b"".join(bytes([8, 0, 0, 0, 0, 0, 0, 0]) for _ in kd.KEY.split("."))
        for row in captured.rows():
            data = captured.path(row).read_bytes()
            self.assertNotIn(key, data, row)
            self.assertNotIn(kd.KEY.encode(), data, row)

    def test_decode_tells_what_happened(self):
        def check(row):
            result = kd.kdwalk("decode", captured.path(row), *captured.key_options(row), "--json")
            self.assertEqual(result.status, 1 if row.damaged else 0, result)
            summary = json.loads(result.out)["summary"]
            self.assertEqual(captured.found(summary), captured.told(row))
            self.assertEqual(summary["boots"][-1]["build"], int(row.kernel))
            self.assertEqual(summary["boots"][0]["target"],
                             "boot debugger" if "--boot" in row.lab else "NT kernel")
        self.for_each(check, captured.rows())

    def test_a_walk_over_the_recording_prints_what_the_live_one_did(self):
        def check(row):
            result = kd.kdwalk(*captured.walk_arguments(row, captured.path(row), self.store))
            self.assertEqual(result.status, row.status, result)
            self.assertEqual(result.out, captured.output(row))
        self.for_each(check, captured.rows())

    def walk_replayed(self, scene, row):
        result = scene.run(*row.command, *captured.symbol_options(row, self.store))
        self.assertEqual(result.status, row.status, result)
        self.assertEqual(result.out, captured.output(row))

    def check_replay(self, link_of, hosts):
        def check(row):
            with kd.Scene(kd.Replay(captured.path(row)), kd.LINKS[link_of(row)]()) as scene:
                if "--reboot-after" in row.lab:  # a boot of which little is known; the next begins when it goes on
                    self.assertEqual(scene.run("vertarget").status, 1)
                for _ in range(hosts):
                    self.walk_replayed(scene, row)
                target = scene.stop()
            self.assert_unharmed(target)
            if link_of(row) == row.link and "--reboot-after" not in row.lab:
                self.assertEqual(target["unexpected"], 0, target)
        self.for_each(check, captured.rows())

    def test_replayed_over_its_own_link_it_is_walked_like_the_target(self):
        self.check_replay(lambda row: row.link, hosts=2)

    def test_replayed_over_another_link_too(self):
        # whose cache lines are others: some reads reach beyond what was recorded, and are refused
        self.check_replay(lambda row: OTHER_LINK[row.link], hosts=1)


if __name__ == "__main__":
    unittest.main()
