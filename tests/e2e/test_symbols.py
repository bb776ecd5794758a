"""Symbols from a server: fetched, checked, kept; and what can go wrong on the way, each with one clear error."""

import contextlib
import http.server
import json
import os
import pathlib
import pty
import re
import resource
import select
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import kd

CAPTURE = pathlib.Path(__file__).resolve().parents[2] / "captures/18362-pipe.pcap"


class Handler(http.server.BaseHTTPRequestHandler):
    """What the server does is a function of the test's: play(handler, how many requests came before, the file)."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with self.server.lock:
            number = len(self.server.requests)
            self.server.requests.append((self.path, dict(self.headers)))
        self.close_connection = True
        path = self.server.store / self.path.partition("?")[0].removeprefix("/s/")
        with contextlib.suppress(ConnectionError):
            self.server.play(self, number, path)

    def log_message(self, *_):
        pass

    def head(self, status, length, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(length))
        self.end_headers()


def give(handler, _, path):
    """As a server of symbols does."""
    if not path.is_file():
        handler.head(404, 0)
        return
    data = path.read_bytes()
    begin = handler.headers["Range"]
    if begin and handler.headers["If-Range"] == '"etag"':
        at = int(begin.removeprefix("bytes=").removesuffix("-"))
        handler.head(206, len(data) - at, ETag='"etag"',
                     Content_Range=f"bytes {at}-{len(data) - 1}/{len(data)}")
        handler.wfile.write(data[at:])
        return
    handler.head(200, len(data), ETag='"etag"')
    handler.wfile.write(data)


class Server:
    def __init__(self, store, play=give):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.store, self.http.play = store, play
        self.http.lock, self.http.requests = threading.Lock(), []
        self.url = f"http://127.0.0.1:{self.http.server_port}/s"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    @property
    def requests(self):
        return [path for path, _ in self.http.requests]


class Symbols(kd.LiveTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.cache = self.folder / "cache"
        (self.folder / "tmp").mkdir()
        self.env = {"XDG_CACHE_HOME": str(self.folder / "xdg"), "TMPDIR": str(self.folder / "tmp"),
                    "no_proxy": "*"}
        found = json.loads(kd.kdwalk("symbols", "which", "-r", CAPTURE, "-y", self.store, "--json").out)
        self.where = f"{found['pdb']}/{found['key']}/{found['pdb']}"
        self.pdb = self.store / self.where

    def fetch(self, path, env=None, **popen):
        process = kd.start("symbols", "fetch", "-r", CAPTURE, "-y", path, env={**self.env, **(env or {})}, **popen)
        return kd.finish(process)

    def files(self):
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if p.is_file())

    def assert_fetched(self, result, into):
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.files(), [f"{into}/{self.where}"])
        self.assertEqual((self.folder / into / self.where).read_bytes(), self.pdb.read_bytes())

    def assert_failed(self, result, *parts, status=2):
        self.assertEqual(result.status, status, result)
        self.assert_one_message(result, *parts)
        self.assertEqual(self.files(), [], result)

    # --- what goes well ---

    def test_what_is_fetched_is_kept_and_the_next_run_asks_nobody(self):
        with Server(self.store) as server:
            path = f"srv*{self.cache}*{server.url}"
            self.assert_fetched(self.fetch(path), "cache")
            self.assertEqual(server.requests, [f"/s/{self.where}"])
            again = self.fetch(path)
            self.assertEqual(again.status, 0, again)
            self.assertIn(str(self.cache), again.out)
            self.assertEqual(len(server.requests), 1)
        which = kd.kdwalk("symbols", "which", "-r", CAPTURE, "-y", path, env=self.env)
        self.assertEqual(which.status, 0, which)

    def test_it_asks_as_itself(self):
        with Server(self.store) as server:
            self.fetch(f"srv*{self.cache}*{server.url}")
            self.assertEqual(server.http.requests[0][1]["User-Agent"], "kdwalk")

    def test_a_cache_to_the_left_keeps_it_and_else_the_users_own(self):
        with Server(self.store) as server:
            self.assert_fetched(self.fetch(f"cache*{self.cache};{server.url}"), "cache")
        (self.cache / self.where).unlink()
        with Server(self.store) as server:
            path = f"srv*{server.url}"
            self.assert_fetched(self.fetch(path), "xdg/kdwalk/symbols")
            self.assertEqual(self.fetch(path).status, 0)
            self.assertEqual(len(server.requests), 1)

    def test_a_walk_fetches_what_it_needs(self):
        with Server(self.store) as server:
            path = f"srv*{self.cache}*{server.url}"
            fetched = kd.kdwalk("loggers", "-v", "-r", CAPTURE, "-y", path, env=self.env)
            local = kd.kdwalk("loggers", "-v", "-r", CAPTURE, "-y", self.store)
            self.assertEqual((fetched.status, fetched.out), (local.status, local.out))
            self.assertIn("fetched ntkrnlmp.pdb", fetched.err)
            self.assertIn(f"symbols: PDB {self.cache / self.where}, fetched from {server.url}", fetched.err)
            self.assertIn(f"symbols: PDB {self.pdb}\n", local.err)
            self.assertEqual(len(server.requests), 1)

    def test_a_live_target_runs_while_its_symbols_are_fetched(self):
        def slowly(handler, number, path):
            time.sleep(2)
            give(handler, number, path)

        with Server(self.store, slowly) as server:
            result, stats = self.live("18362", "loggers", "--stats", "-y", f"srv*{self.cache}*{server.url}",
                                      link=kd.Pipe(), symbols=False, env=self.env)
            self.assertEqual(result.status, 0, result)
            self.assertEqual(len(server.requests), 1)
            self.assertEqual(kd.lines(result.out), kd.lines(self.live(
                "18362", "loggers", link=kd.Pipe())[0].out))
            frozen = re.findall(r"frozen +(\d+) ms", result.err)  # before it, and after
            self.assertEqual(len(frozen), 2, result)
            self.assertTrue(all(int(ms) < 1500 for ms in frozen), result)
            self.assert_unharmed(stats)

    def test_a_redirect_is_followed(self):
        def elsewhere(handler, number, path):
            if number == 0:
                handler.head(302, 0, Location=f"/s/{path.relative_to(self.store)}?signature=s3cret")
            else:
                give(handler, number, path)

        with Server(self.store, elsewhere) as server:
            result = self.fetch(f"srv*{self.cache}*{server.url}")
            self.assert_fetched(result, "cache")
            self.assertNotIn("s3cret", result.out + result.err)

    def test_a_store_with_two_letters_in_front_is_asked_that_way_too(self):
        def two_tier(handler, number, path):
            rest = path.relative_to(self.store)
            give(handler, number, self.store.joinpath(*rest.parts[1:]) if rest.parts[0] == "nt" else rest)

        with Server(self.store, two_tier) as server:
            self.assert_fetched(self.fetch(f"srv*{self.cache}*{server.url}"), "cache")
            self.assertEqual(server.requests, [f"/s/{self.where}", f"/s/nt/{self.where}"])

    def test_a_slow_server_is_waited_for(self):
        def slowly(handler, _, path):
            data = path.read_bytes()
            handler.head(200, len(data))
            for i in range(0, len(data), len(data) // 15 + 1):
                handler.wfile.write(data[i:i + len(data) // 15 + 1])
                handler.wfile.flush()
                time.sleep(0.1)

        with Server(self.store, slowly) as server:
            self.assert_fetched(self.fetch(f"srv*{self.cache}*{server.url}"), "cache")

    def test_what_was_cut_goes_on_where_it_stopped(self):
        def cut(handler, number, path):
            if number > 0:
                give(handler, number, path)
                return
            data = path.read_bytes()
            handler.head(200, len(data), ETag='"etag"')
            handler.wfile.write(data[:len(data) // 2])

        with Server(self.store, cut) as server:
            self.assert_fetched(self.fetch(f"srv*{self.cache}*{server.url}"), "cache")
            half = self.pdb.stat().st_size // 2
            self.assertEqual(server.http.requests[1][1]["Range"], f"bytes={half}-")

    def test_the_next_server_is_asked_when_one_does_not_have_it(self):
        with Server(self.folder) as without, Server(self.store) as server:
            self.assert_fetched(self.fetch(f"srv*{self.cache}*{without.url}*{server.url}"), "cache")
            self.assertEqual(len(without.requests), 3)  # flat, two letters in front, compressed

    def test_a_cache_that_takes_nothing_is_passed_over(self):
        self.cache.write_text("a file in the place of a folder")
        with Server(self.store) as server:
            result = self.fetch(f"srv*{self.cache}*{server.url}")
            self.assertEqual(result.status, 0, result)
            self.assertIn("takes no files", result.err)
            self.assertEqual(self.files(), ["cache", f"xdg/kdwalk/symbols/{self.where}"])

    def test_without_any_folder_that_takes_it_it_is_there_for_now(self):
        self.cache.write_text("")
        nowhere = {"XDG_CACHE_HOME": str(self.cache)}
        with Server(self.store) as server:
            result = self.fetch(f"srv*{self.cache}*{server.url}", env=nowhere)
            self.assertEqual(result.status, 0, result)
            self.assertEqual(self.files(), ["cache"])

    def test_a_wrong_file_in_the_cache_is_replaced(self):
        wrong = self.cache / self.where
        wrong.parent.mkdir(parents=True)
        wrong.write_bytes(b"bit rot")
        with Server(self.store) as server:
            self.assert_fetched(self.fetch(f"srv*{self.cache}*{server.url}"), "cache")

    # --- what goes wrong ---

    def test_what_no_server_has_is_named_with_its_key(self):
        with Server(self.folder) as server:
            self.assert_failed(self.fetch(f"srv*{self.cache}*{server.url}"), self.where, server.url)
            self.assertEqual(len(server.requests), 3)  # flat, two letters in front, compressed; and never again

    def test_a_compressed_file_is_said_to_be_one(self):
        def packed(handler, _, path):
            if path.name.endswith("_"):
                handler.head(200, 4)
                handler.wfile.write(b"MSCF")
            else:
                handler.head(404, 0)

        with Server(self.store, packed) as server:
            self.assert_failed(self.fetch(f"srv*{self.cache}*{server.url}"), "it is compressed", "cabextract")

    def test_another_build_is_not_kept(self):
        other = next(p for p in self.store.rglob("ntkrnlmp.pdb") if p.is_file() and p != self.pdb)
        with Server(self.store, lambda handler, number, _: give(handler, number, other)) as server:
            self.assert_failed(self.fetch(f"srv*{self.cache}*{server.url}"), "found one of another build, GUID")

    def test_a_login_page_is_no_pdb(self):
        def login(handler, *_):
            handler.head(200, 18)
            handler.wfile.write(b"<html>log in</html>"[:18])

        with Server(self.store, login) as server:
            self.assert_failed(self.fetch(f"srv*{self.cache}*{server.url}"), "what the server sends is no PDB file")

    def test_a_server_that_wants_a_login_says_so(self):
        with Server(self.store, lambda handler, *_: handler.head(403, 0)) as server:
            self.assert_failed(self.fetch(f"srv*{self.cache}*{server.url}"), "wants a login (status 403)")
            self.assertEqual(len(server.requests), 1)

    def test_a_full_disk_is_said(self):
        def no_large_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

        with Server(self.store) as server:
            result = self.fetch(f"srv*{self.cache}*{server.url}", preexec_fn=no_large_files)
            self.assert_failed(result, "cannot be written: File too large")

    def test_a_certificate_that_nobody_vouches_for_is_refused(self):
        if not shutil.which("openssl"):
            self.skipTest("no openssl to make a certificate with")
        made = self.folder / "tmp/made.pem"
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=127.0.0.1",
                        "-keyout", made, "-out", f"{made}.crt"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{made}.crt", made)
        for path in (made, pathlib.Path(f"{made}.crt")):
            path.unlink()
        with Server(self.store) as server:
            server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
            result = self.fetch(f"srv*{self.cache}*{server.url.replace('http:', 'https:')}")
            self.assert_failed(result, "certificate")
            self.assertEqual(server.requests, [])

    def test_no_network_is_said(self):
        result = self.fetch(f"srv*{self.cache}*http://127.0.0.1:{kd.free_port()}/s")
        self.assert_failed(result, "after 4 tries: http://127.0.0.1:")
        self.assert_failed(self.fetch(f"srv*{self.cache}*http://nobody.invalid/s"), "resolve host")

    def test_a_symbol_path_without_url_uses_no_network(self):
        result = self.fetch(str(self.folder))
        self.assert_failed(result, "put it at", self.where)

    def test_a_password_in_a_url_is_not_shown(self):
        with Server(self.folder) as server:
            url = server.url.replace("//", "//me:pa55word@")
            result = self.fetch(f"srv*{self.cache}*{url}")
            self.assert_failed(result, self.where)
            self.assertNotIn("pa55word", result.out + result.err)

    def interrupted(self, play, number):
        with Server(self.store, play) as server:
            process = kd.start("symbols", "fetch", "-r", CAPTURE, "-y", f"srv*{self.cache}*{server.url}", env=self.env)
            kd.wait_until(lambda: any(".part" in name for name in self.files()), "nothing is being fetched")
            process.send_signal(number)
            begin = time.monotonic()
            result = kd.finish(process)
            self.assertLess(time.monotonic() - begin, 5)
            self.assert_failed(result, "interrupted")

    def test_ctrl_c_in_the_middle_leaves_no_half_file(self):
        def stall(handler, _, path):
            handler.head(200, path.stat().st_size)
            handler.wfile.write(path.read_bytes()[:5000])
            handler.wfile.flush()
            time.sleep(3)

        self.interrupted(stall, signal.SIGINT)

    def test_a_signal_during_a_pause_ends_it(self):
        self.interrupted(lambda handler, *_: handler.head(503, 0, Retry_After="30"), signal.SIGTERM)

    # --- what is shown ---

    def test_progress_is_shown_on_a_terminal_only(self):
        def slowly(handler, number, path):
            time.sleep(0.3)
            give(handler, number, path)

        with Server(self.store, slowly) as server:
            ours, theirs = pty.openpty()
            process = kd.start("symbols", "fetch", "-r", CAPTURE, "-y", f"srv*{self.cache}*{server.url}",
                               env={**self.env, "TERM": "xterm"}, stderr=theirs)
            os.close(theirs)
            seen = b""
            with contextlib.suppress(OSError):  # the other end is closed
                while select.select([ours], [], [], kd.RUN_TIMEOUT)[0]:
                    part = os.read(ours, 4096)
                    if not part:
                        break
                    seen += part
            os.close(ours)
            self.assertEqual(process.wait(), 0)
            process.stdout.close()
            self.assertIn(b"fetching ntkrnlmp.pdb", seen)
            (self.cache / self.where).unlink()
            self.assertNotIn("fetching", self.fetch(f"srv*{self.cache}*{server.url}").err)

    def test_which_says_what_is_wanted_and_whether_it_is_there(self):
        found = kd.kdwalk("symbols", "which", "-r", CAPTURE, "-y", self.store, env=self.env)
        self.assertEqual(found.status, 0, found)
        self.assertIn(f"key       {self.where}\n", found.out)
        self.assertIn("--isf     not given\n", found.out)
        self.assertIn(f"PDB       PDB {self.pdb}\n", found.out)
        self.assertIn("built-in  built-in tables of 10.0.18362.535, by the identity of its PDB\n", found.out)
        self.assertIn(f"used      PDB {self.pdb}\n", found.out)
        with Server(self.store) as server:
            path = f"srv*{self.cache}*{server.url}"
            missing = kd.kdwalk("symbols", "which", "-r", CAPTURE, "-y", path, env=self.env)
            self.assertEqual(missing.status, 0, missing)
            self.assertRegex(missing.out, "PDB       none: .*the network is not used")
            self.assertIn("used      built-in tables of 10.0.18362.535", missing.out)
            self.assertEqual(server.requests, [])

    def test_which_says_what_a_walk_uses(self):
        """Of every order in which symbols may be there."""
        isf = self.folder / "isf"
        isf.mkdir()
        self.export(isf)
        usual = self.folder / "xdg/kdwalk/symbols"
        usual.mkdir(parents=True)
        for options in ([], ["-y", self.store], ["--isf", isf], ["-y", self.store, "--isf", isf], "usual"):
            if options == "usual":
                shutil.copy(next(isf.iterdir()), usual)
                options = []
            with self.subTest(options=options):
                which = kd.kdwalk("symbols", "which", "-r", CAPTURE, "--json", *options, env=self.env)
                walked = kd.kdwalk("loggers", "-v", "-r", CAPTURE, *options, env=self.env)
                self.assertEqual((which.status, walked.status), (0, 0), walked)
                self.assertIn(f"symbols: {json.loads(which.out)['used']}\n", walked.err)

    def test_a_live_target_does_not_stand_still_while_files_are_looked_for(self):
        result, stats = self.live("18362", "symbols", "which", "--stats", link=kd.Pipe(), env=self.env)
        self.assertEqual(result.status, 0, result)
        self.assertIn(f"used      PDB {self.pdb}\n", result.out)
        self.assertLess(result.count(r"frozen +(\d+) ms"), 1500)
        self.assert_unharmed(stats)

    def test_which_labels_a_guess(self):
        """Of this kernel the tables know an image of that time stamp and size, and no PDB."""
        capture = CAPTURE.parent / "14393-pipe.pcap"
        which = kd.kdwalk("symbols", "which", "-r", capture, env=self.env)
        self.assertEqual(which.status, 0, which)
        self.assertRegex(which.out, r"used      built-in tables of 10\.0\.14393\.2068, .* \(a guess\)\n")
        self.assertIn("warning: the symbols may not be this kernel's own: built-in tables", which.err)

    def test_list_names_every_pdb_of_the_path(self):
        env = {**self.env, "HOME": str(self.folder)}
        listed = kd.kdwalk("symbols", "list", "-y", f"{self.store};srv*http://nobody.invalid", env=env)
        self.assertEqual(listed.status, 0, listed)
        *pdbs, builtin = listed.out.splitlines()
        self.assertEqual(sorted(line.split()[-1] for line in pdbs),
                         sorted(str(p) for p in self.store.rglob("*.pdb") if p.is_file()))
        self.assertIn("180 kernels", builtin)
        self.assertIn("nobody.invalid", listed.err)
        files = json.loads(kd.kdwalk("symbols", "list", "-y", self.store, "--json", env=env).out)["files"]
        self.assertIn({"kind": "pdb", "file": str(self.pdb), "guid": self.pdb.parent.name[:32], "age": 1}, files)

    def test_list_names_isf_files_and_built_in_kernels(self):
        usual = self.folder / "xdg/kdwalk/symbols"
        usual.mkdir(parents=True)
        written = self.export(usual)
        listed = kd.kdwalk("symbols", "list", "-v", "--isf", self.folder / "absent", env=self.env)
        self.assertEqual(listed.status, 0, listed)
        self.assertIn(f"   1  {written}\n", listed.out)
        self.assertIn("built-in types and addresses of 10.0.18362.535\n", listed.out)
        self.assertIn("absent does not exist", listed.err)
        self.assertIn("no symbol path was given", listed.err)

    def test_wrong_usage_is_one_message(self):
        for arguments, part in ((["which"], "needs a target"), (["list", "-r", CAPTURE], "takes no target"),
                                (["nonsense"], "takes list, which, fetch or export"),
                                (["list", "-y", self.folder / "absent"], "does not exist"),
                                (["list", "-o", self.folder], "-o goes with symbols export"),
                                (["fetch", "x.pdb", "-r", CAPTURE], "only symbols export takes a FILE"),
                                (["export"], "needs a PDB file, or a target"),
                                (["export", self.pdb, "-r", CAPTURE], "needs a PDB file, or a target"),
                                (["export", self.folder / "absent.pdb"], "No such file"),
                                (["export", CAPTURE], "not a PDB file"),
                                (["export", "-r", CAPTURE], "put it at"),
                                (["export", self.pdb, "-o", "x.json.xz"], "written unpacked"),
                                (["export", self.pdb, "-o", self.folder / "absent/x.json"], "cannot be written")):
            with self.subTest(arguments=arguments):
                result = kd.kdwalk("symbols", *arguments)
                self.assertEqual(result.status, 2, result)
                self.assert_one_message(result, part)

    # --- export ---

    def export(self, where, *of, **popen):
        """Of the capture's kernel; the file that was written."""
        of = of or ("-r", CAPTURE, "-y", self.store)
        process = kd.start("symbols", "export", *of, "-o", where, "--json", env=self.env, **popen)
        result = kd.finish(process)
        self.assertEqual(result.status, 0, result)
        return json.loads(result.out)["file"]

    def test_an_exported_file_has_what_readers_of_isf_want(self):
        written = pathlib.Path(self.export(self.folder))
        guid = self.pdb.parent.name[:32]
        self.assertEqual(written, self.folder / f"{guid}-1.json")
        self.assertLess(written.stat().st_size, 1 << 20)
        isf = json.loads(written.read_text())
        self.assertEqual(set(isf), {"metadata", "base_types", "user_types", "enums", "symbols"})
        self.assertEqual(isf["metadata"]["format"], "6.1.0")
        self.assertEqual(isf["metadata"]["windows"]["pdb"],
                         {"GUID": guid, "age": 1, "database": "ntkrnlmp.pdb", "machine_type": 0x8664})
        self.assertEqual(isf["symbols"]["PsLoadedModuleList"]["address"], 0x448130)

        def check(kind):  # what is named is defined, but for what is only pointed to
            if kind["kind"] == "base":
                self.assertIn(kind["name"], isf["base_types"])
            elif kind["kind"] == "enum":
                self.assertIn(kind["name"], isf["enums"])
            elif kind["kind"] == "array":
                check(kind["subtype"])
            elif kind["kind"] == "bitfield":
                check(kind["type"])
            elif kind["kind"] in ("struct", "union"):
                self.assertIn(kind["name"], isf["user_types"])

        for user in isf["user_types"].values():
            self.assertIn(user["kind"], ("struct", "union"))
            for field in user["fields"].values():
                check(field["type"])
        for enum in isf["enums"].values():
            self.assertIn(enum["base"], isf["base_types"])

    def test_every_kernel_is_walked_the_same_with_what_was_exported(self):
        def check(build):
            capture = CAPTURE.parent / f"{build}-pipe.pcap"
            folder = self.folder / build
            folder.mkdir()
            self.export(folder, "-r", capture, "-y", self.store)
            pdb, isf = (kd.kdwalk("loggers", "-v", "-r", capture, *options, env=self.env)
                        for options in (["-y", self.store], ["--isf", folder]))
            self.assertIn("symbols: ISF ", isf.err)
            self.assertEqual((isf.status, isf.out), (pdb.status, pdb.out))
            for kind in ("_ETW_SILODRIVERSTATE", "_WMI_LOGGER_CONTEXT", "_EJOB", "_ETW_REALTIME_CONSUMER",
                         "_KLDR_DATA_TABLE_ENTRY"):
                pdb, isf = (json.loads(kd.kdwalk("dt", kind, "-r", capture, "--json", *options, env=self.env).out)
                            for options in (["-y", self.store], ["--isf", folder]))
                self.assertEqual(by_place(isf["fields"]), by_place(pdb["fields"]), kind)

        def by_place(fields):  # a union's members may come in any order
            return sorted(fields, key=lambda f: (f["offset"], f["name"]))

        self.for_each(check, ("14393", "18362", "19041", "22000"))

    def test_a_pdb_is_exported_without_a_target_and_what_was_there_replaced(self):
        own = self.folder / "own.json"
        own.write_text("of before")
        self.assertEqual(self.export(own, self.pdb), str(own))
        again = pathlib.Path(self.export(self.folder, "-r", CAPTURE, "-y", self.store))
        self.assertEqual(own.read_bytes(), again.read_bytes())
        self.assertEqual(self.files(), sorted([own.name, again.name]))

    def test_an_export_fetches_what_it_needs(self):
        with Server(self.store) as server:
            written = self.export(self.folder / "x.json", "-r", CAPTURE, "-y", f"srv*{self.cache}*{server.url}")
            self.assertEqual(len(server.requests), 1)
            self.assertIn("user_types", json.loads(pathlib.Path(written).read_text()))

    def test_a_disk_that_is_full_leaves_no_half_export(self):
        def no_large_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

        result = kd.finish(kd.start("symbols", "export", self.pdb, "-o", self.folder, env=self.env,
                                    preexec_fn=no_large_files))
        self.assert_failed(result, ".json: cannot be written: File too large")

    # --- what others left, and what may only be read ---

    def test_what_a_killed_process_left_is_no_pdb_and_goes_away(self):
        def stall(handler, _, path):
            handler.head(200, path.stat().st_size)
            handler.wfile.write(path.read_bytes()[:5000])
            handler.wfile.flush()
            time.sleep(2)

        with Server(self.store, stall) as server:
            process = kd.start("symbols", "fetch", "-r", CAPTURE, "-y", f"srv*{self.cache}*{server.url}", env=self.env)
            kd.wait_until(lambda: any(".part" in name for name in self.files()), "nothing is being fetched")
            process.kill()
            process.communicate()
        part = self.folder / self.files()[0]
        which = kd.kdwalk("symbols", "which", "-r", CAPTURE, "-y", self.cache, env=self.env)
        self.assertRegex(which.out, "PDB       none: ")
        self.assertNotIn(".part", kd.kdwalk("symbols", "list", "-y", self.cache, env=self.env).out)
        with Server(self.store) as server:
            path = f"srv*{self.cache}*{server.url}"
            self.assertEqual(self.fetch(path).status, 0)
            self.assertTrue(part.exists())  # somebody may be writing to it
            self.assertEqual((self.cache / self.where).read_bytes(), self.pdb.read_bytes())
            (self.cache / self.where).unlink()
            os.utime(part, (0, time.time() - 7200))
            self.assert_fetched(self.fetch(path), "cache")

    def as_somebody_else(self):
        """A folder's rights bind everybody but root."""
        if os.geteuid() != 0:
            return None
        os.chmod(self.folder, 0o755)

        def leave_root():
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)

        try:
            subprocess.run([kd.BIN / "kdwalk", "--version"], preexec_fn=leave_root, check=True, capture_output=True)
        except (OSError, subprocess.SubprocessError):
            self.skipTest("as root, and nobody else may run this kdwalk")
        return leave_root

    def test_a_cache_that_may_only_be_read_is_read_and_not_written(self):
        become = self.as_somebody_else()
        os.chmod(self.store.parent, 0o755)
        (self.cache / self.where).parent.mkdir(parents=True)
        nowhere = {"XDG_CACHE_HOME": str(self.folder / "xdg"), "TMPDIR": "/dev/shm"}
        for folder in (self.folder, *(p for p in self.cache.rglob("*")), self.cache):
            os.chmod(folder, 0o555)
        with Server(self.store) as server:
            path = f"srv*{self.cache}*{server.url}"
            result = self.fetch(path, env=nowhere, preexec_fn=become)
            self.assertEqual(result.status, 0, result)
            self.assertIn("takes no files", result.err)
            self.assertIn("fetched from", result.out)
            self.assertEqual(self.files(), [])
            os.chmod((self.cache / self.where).parent, 0o755)
            shutil.copy(self.pdb, self.cache / self.where)
            os.chmod((self.cache / self.where).parent, 0o555)
            before = len(server.requests)
            result = self.fetch(path, env=nowhere, preexec_fn=become)
            self.assertEqual(result.status, 0, result)
            self.assertIn(f"found     PDB {self.cache / self.where}\n", result.out)
            self.assertEqual(len(server.requests), before)
        for folder in (self.folder, self.cache, *(p for p in self.cache.rglob("*") if p.is_dir())):
            os.chmod(folder, 0o755)


if __name__ == "__main__":
    unittest.main()
