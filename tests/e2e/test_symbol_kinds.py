"""One kernel, walked with its PDB, with an ISF file, and with nothing but the built-in tables: the same comes of it."""

import csv
import json
import pathlib
import shutil
import unittest
import uuid

import kd
from test_dumps import make_dump

PROJECT = pathlib.Path(__file__).resolve().parents[2]
CAPTURE = PROJECT / "captures/18362-pipe.pcap"
ISF = "616A94E33A4827B451B0E19C14C03792-1.json"  # of 10.0.18362.535
GUID_14393 = "6B64770714393000A2068D0C0FFEE001"  # the lab's own
BUILTIN = "built-in tables of 10.0.18362.535, by the identity of its PDB"
WALKS = [("vertarget",), ("lm",), ("loggers",), ("loggers", "-v"), ("dt", "_ETW_SILODRIVERSTATE"),
         ("dt", "_ETW_SILODRIVERSTATE", "nt!PspHostSiloGlobals+360"), ("dt", "_WMI_LOGGER_CONTEXT"),
         ("read", "nt!NtBuildLab", "0x20")]
# Of these the tables have selected fields only: walker/tables/README.md.
SELECTED = {"_EPROCESS", "_ETHREAD", "_KPROCESS", "_KTHREAD", "_MM_SESSION_SPACE", "_TOKEN"}


def tabled_types():
    with open(PROJECT / "walker/tables/layouts/18362.csv", newline="") as f:
        return sorted({row["type"] for row in csv.DictReader(f)} - SELECTED)


class KindsTest(kd.LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = pathlib.Path(cls.scratch.name)
        exported = kd.kdwalk("symbols", "export", "-r", CAPTURE, "-y", cls.store, "-o", cls.folder / ISF)
        assert exported.status == 0, exported
        cls.kinds = {"pdb": ["-y", cls.store], "isf": ["--isf", cls.folder / ISF], "built-in": []}
        cls.dumps = {kind: make_dump(cls.folder / kind, "18362", kind) for kind in ("kernel", "raw")}

    def pdb(self):
        return next(self.store.glob("ntkrnlmp.pdb/616A*/ntkrnlmp.pdb"))

    def origins(self):
        return {"pdb": f"PDB {self.pdb()}", "isf": f"ISF {self.folder / ISF}", "built-in": BUILTIN}


class Same(KindsTest):
    def assert_same(self, run):
        """run(a walk, its options): its result."""
        for walk in WALKS:
            results = {kind: run(walk, options) for kind, options in self.kinds.items()}
            for kind, result in results.items():
                self.assertEqual(result.status, 0, result)
                self.assertEqual(result.out, results["pdb"].out, (walk, kind))
                said = f"kdwalk: symbols: {self.origins()[kind]}\n" if walk == ("loggers", "-v") else ""
                self.assertEqual(result.err, said, (walk, kind))

    def test_live(self):
        with kd.Scene("18362", kd.Pipe()) as scene:
            self.assert_same(lambda walk, options: scene.run(*walk, *options))
            self.assert_unharmed(scene.stop())

    def test_recorded(self):
        path = self.folder / "all.pcap"
        with kd.Scene("18362", kd.Pipe()) as scene:  # what reads most; the rest reads parts of that
            self.assertEqual(scene.run("loggers", "-v", "-w", path).status, 0)
            self.assert_unharmed(scene.stop())
        for kind, options in self.kinds.items():
            result = kd.kdwalk("loggers", "-v", "-r", path, *options)
            self.assertEqual((result.status, result.err), (0, f"kdwalk: symbols: {self.origins()[kind]}\n"), result)
            self.assertEqual(result.out, kd.kdwalk("loggers", "-v", "-z", self.dumps["kernel"]).out)

    def test_dumped(self):
        for path in self.dumps.values():
            self.assert_same(lambda walk, options, path=path: kd.kdwalk(*walk, "-z", path, *options))

    def test_every_type_that_all_know_looks_the_same(self):
        def check(name):
            results = [kd.kdwalk("dt", name, "-z", self.dumps["kernel"], *options) for options in kinds]
            for result in results:
                self.assertEqual((result.status, result.err, result.out), (0, "", results[0].out), result)

        kinds = list(self.kinds.values())
        if (kd.DATA / "isf" / f"{ISF}.xz").exists():  # a real one
            kinds.append(["--isf", kd.DATA / "isf"])
        types = tabled_types()
        self.assertGreater(len(types), 60)
        self.for_each(check, types)

    def test_a_real_isf_file_tells_the_same(self):
        isf = kd.corpus(f"isf/{ISF}.xz")
        for walk in WALKS:
            real, own = (kd.kdwalk(*walk, "-z", self.dumps["kernel"], *options)
                         for options in (["--isf", isf], self.kinds["pdb"]))
            self.assertEqual((real.status, real.out), (own.status, own.out), walk)

    def test_so_are_other_kernels_that_are_built_in(self):
        def check(kernel):
            path = make_dump(self.folder / f"{kernel}.dmp", kernel, "kernel")
            for walk in WALKS[:4]:
                own, builtin = (kd.kdwalk(*walk, "-z", path, *options) for options in (self.kinds["pdb"], []))
                self.assertEqual((builtin.status, builtin.out), (own.status, own.out), builtin)

        self.for_each(check, ("19041", "22000"))


class Choice(KindsTest):
    def walk(self, *options, env=None):
        return kd.kdwalk("loggers", "-v", "-z", self.dumps["kernel"], *options, env=env)

    def assert_used(self, result, kind, *passed_over):
        self.assertEqual(result.status, 0, result)
        said = result.err.splitlines()
        self.assertEqual(said[0], f"kdwalk: symbols: {self.origins().get(kind, kind)}")
        self.assertEqual(len(said), 2 if passed_over else 1, result)
        for part in passed_over:
            self.assertIn(part, said[1])

    def test_isf_files_that_are_named_go_before_a_pdb(self):
        self.assert_used(self.walk(*self.kinds["pdb"], *self.kinds["isf"]), "isf")

    def test_a_pdb_goes_before_usual_folders_and_those_before_built_in_tables(self):
        cache = self.folder / "cache"
        usual = cache / "volatility3/symbols/windows/ntkrnlmp.pdb"
        usual.mkdir(parents=True)
        shutil.copy(self.folder / ISF, usual)
        env = {"XDG_CACHE_HOME": str(cache)}
        self.assert_used(self.walk(env=env), f"ISF {usual / ISF}")
        self.assert_used(self.walk(*self.kinds["pdb"], env=env), "pdb")
        self.assert_used(self.walk("-y", self.folder / "nowhere", env=env), f"ISF {usual / ISF}",
                         "nowhere does not exist")

    def test_a_folder_is_found_by_the_kernels_identity(self):
        folder = self.folder / "both"
        folder.mkdir()
        shutil.copy(self.folder / ISF, folder)
        self.assert_used(self.walk("--isf", f"{self.folder / 'nowhere'};{folder}"), f"ISF {folder / ISF}",
                         "nowhere does not exist")

    def test_a_damaged_isf_file_is_passed_over_with_a_remark(self):
        damaged = self.folder / "damaged"
        damaged.mkdir()
        whole = (self.folder / ISF).read_bytes()
        for content in (b"", b"no JSON", whole[:len(whole) // 2]):
            (damaged / ISF).write_bytes(content)
            with self.subTest(length=len(content)):
                self.assert_used(self.walk("--isf", f"{damaged};{self.folder / ISF}"), "isf", str(damaged / ISF))
                self.assert_used(self.walk("--isf", damaged), "built-in", str(damaged / ISF))
                self.assert_used(self.walk("--isf", damaged, *self.kinds["pdb"]), "pdb")

    def test_an_isf_file_of_another_kernel_is_passed_over(self):
        other = self.folder / "other"
        other.mkdir()
        (other / ISF).write_bytes((self.folder / ISF).read_bytes().replace(ISF[:32].encode(), b"0" * 32))
        self.assert_used(self.walk("--isf", other), "built-in", "found one of another build, GUID 0000")

    def test_every_command_says_with_v_which_it_used(self):
        for walk, used in ((["dt", "_GUID"], True), (["read", "nt!NtBuildLab", "8"], True), (["loggers"], True),
                           (["vertarget"], False), (["lm"], False), (["read", "fffff78000000000", "8"], False)):
            for kind, options in self.kinds.items():
                result = kd.kdwalk(*walk, "-v", "-z", self.dumps["kernel"], *options)
                self.assertEqual(result.err, f"kdwalk: symbols: {self.origins()[kind]}\n" if used else "", result)
        path = make_dump(self.folder / "encoded", "18362", "raw", "--encode")  # says less than it knows
        result = kd.kdwalk("vertarget", "-v", "-z", path)
        self.assertEqual(result.err, f"kdwalk: symbols: {BUILTIN}\n", result)

    def test_json_names_the_symbols_where_they_were_used(self):
        for kind, options in self.kinds.items():
            for walk in (["loggers"], ["dt", "_GUID"], ["read", "nt!NtBuildLab", "8"]):
                result = kd.kdwalk(*walk, "--json", "-z", self.dumps["kernel"], *options)
                self.assertEqual(json.loads(result.out)["symbols"], {"origin": self.origins()[kind], "guess": False})
            for walk in (["vertarget"], ["lm"], ["read", "fffff78000000000", "8"]):
                result = kd.kdwalk(*walk, "--json", "-z", self.dumps["kernel"], *options)
                self.assertNotIn("symbols", json.loads(result.out))

    def test_a_guess_is_a_warning_and_json_says_it(self):
        path = make_dump(self.folder / "14393", "14393", "kernel")  # a revision of which no symbols are known
        text = kd.kdwalk("dt", "_GUID", "-z", path)
        self.assertEqual(text.status, 0, text)
        self.assertRegex(text.err, r"\Akdwalk: warning: the symbols may not be this kernel's own: built-in tables of "
                                   r"10\.0\.14393\.2068.*guessed.*\n\Z")
        document = json.loads(kd.kdwalk("dt", "_GUID", "-z", path, "--json").out)
        self.assertTrue(document["symbols"]["guess"], document["symbols"])

    def test_what_the_symbols_lack_is_said_with_their_name(self):
        result = kd.kdwalk("read", "nt!KeBugCheckEx", "8", "-z", self.dumps["kernel"])
        self.assertEqual(result.status, 2, result)
        self.assert_one_message(result, "KeBugCheckEx")
        self.assertIn(f"kdwalk: symbols: {BUILTIN}\nkdwalk: the kernel's own symbols know more: try -y", result.err)

    def nameless(self):
        """A dump of a kernel of which nothing is known: identity, time stamp and debugger data block are gone."""
        path = make_dump(self.folder / "nameless", "14393", "kernel")
        modules = json.loads(kd.kdwalk("lm", "--json", "-z", path).out)["modules"]
        stamp = next(m["timestamp"] for m in modules if m["name"] == "ntoskrnl.exe").to_bytes(4, "little")
        guid = uuid.UUID(GUID_14393).bytes_le
        data = path.read_bytes()
        for what in (b"RSDS" + guid, stamp, b"KDBG"):
            self.assertIn(what, data)
            data = data.replace(what, what[:-1] + bytes([what[-1] ^ 0xff]))
        path.write_bytes(data)
        return path

    def test_where_there_are_none_one_message_says_what_to_do(self):
        path = self.nameless()
        key = f"{GUID_14393[:-2]}FE1"
        for options, parts in (([], ["no symbols for this kernel (try -y 'srv*https://msdl.microsoft.com/download/"
                                     "symbols', or --isf FILE): ", f"put it at DIR/ntkrnlmp.pdb/{key}/ntkrnlmp.pdb",
                                     f"{key[:-1]}-1.json", "the built-in tables"]),
                               (["-y", self.folder], ["no symbols for this kernel (try",
                                                      f"put it at {self.folder}/ntkrnlmp.pdb/{key}",
                                                      f"looked in {self.folder}"])):
            for command in (["loggers"], ["dt", "_EPROCESS"], ["read", "nt!NtBuildLab", "8"]):
                with self.subTest(options=options, command=command):
                    result = kd.kdwalk(*command, "-z", path, *options)
                    self.assertEqual((result.status, result.out), (2, ""), result)
                    self.assert_one_message(result, *parts)

    def test_decode_names_addresses_only_with_symbols_that_are_named(self):
        plain = kd.kdwalk("decode", CAPTURE)
        self.assertEqual((plain.status, plain.err), (0, ""), plain)
        self.assertNotIn(" nt!", plain.out)
        named = kd.kdwalk("decode", CAPTURE, "--isf", self.folder / ISF, "--json")
        self.assertEqual((named.status, named.err), (0, ""), named)
        self.assertIn(" nt!PspHostSiloGlobals+0x2c0", named.out)
        self.assertEqual(json.loads(named.out)["symbols"], {"origin": self.origins()["isf"], "guess": False})
        missing = kd.kdwalk("decode", CAPTURE, "--isf", self.folder / "nowhere")
        self.assertEqual((missing.status, missing.out), (0, plain.out), missing)
        self.assertIn("warning: addresses have no names: ", missing.err)
        self.assertNotIn("built-in", missing.err)


if __name__ == "__main__":
    unittest.main()
