"""kdwalk report: the page that it writes, as a browser shows it, with scripts and without; and what it is made of."""

import base64
import contextlib
import json
import os
import pty
import re
import subprocess
import unittest

import browser
import captured
import kd
import test_dumps

KERNEL = "19041"
WIDTHS = (1280, 400)
BAD = "</td><script>window.hacked = 1</script><img src=x onerror=hacked=1>\u202e\x1b[2J\"'&"
SECTIONS = ["summary", "timeline", "checks", "loggers", "tree", "differences", "events", "providers", "gaps", "inputs"]

# The least contrast of any text with what is behind it. Grounds are opaque.
CONTRAST = """(() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number);
                         return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const clear = (c) => c === "transparent" || c.endsWith(", 0)");
  const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
                          if (!clear(c)) return c; } return "rgb(255, 255, 255)"; };
  const worst = { ratio: 99 };
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest("svg") || e.closest("script") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
      continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) Object.assign(worst, { ratio, what: e.outerHTML.slice(0, 120) });
  }
  return worst;
})()"""


def event(kind, second, **members):
    return {"event": kind, "time": f"2026-11-24T03:{second // 60:02}:{second % 60:06.3f}Z", "target_time": None, **members}


def lines_of(events):
    return "".join(json.dumps(e) + "\n" for e in events)


def told_of(snapshot):
    """Events of what is in a snapshot, one of each kind and some more."""
    process = next(p for p in snapshot["tables"]["processes"] if p["name"] == "lsass.exe")
    logger = snapshot["tables"]["loggers"][2]
    about = {"sample": 2, "since": "2026-11-24T03:00:02.000Z"}
    return [
        event("begin", 1, schema="kdwalk-watch", version=1, build=19041, kernel_base=snapshot["kernel_base"],
              symbols=snapshot["symbols"], every_ms=1000, freeze_budget_ms=20, only=["loggers", "ps"]),
        *(event("sample", 2 + n, number=n, reason="every", frozen_us=1000 * n, requests=9, bytes=99, covered=1, sweep=n)
          for n in range(1, 31)),
        event("appeared", 3, table="processes", address=process["address"], name="lsass.exe", record=process, **about),
        event("changed", 4, table="loggers", address=logger["address"], name=logger["name"], fact="mode",
              **{"from": "0x0000000000000100", "to": "0x0000000000000180"}, **about),
        event("vanished", 5, table="processes", address="0x0000000000001000", name=BAD, record={"name": BAD}, **about),
        event("verdict", 6, check="T3", title="slots hold loggers", findings=[], **{"from": "pass", "to": "fail"}, **about),
        event("print", 7, text=BAD + "\n"),
        event("module", 8, name=BAD, base="0xfffff80500000000", size=4096, unloaded=False),
        event("exception", 9, code="0x00000000c0000005", address="0x0000000000001000", first_chance=True, processor=0),
        event("lost", 10, reason=BAD), event("attached", 11, build=19041, kernel_base=snapshot["kernel_base"]),
        event("reboot", 12), event("snapshot", 13, file=BAD), event("mark", 14, text=BAD),
        event("bugcheck", 15, code="0x000000000000007e", name=BAD, parameters=["0x0000000000000001"] * 4),
        event("end", 40, samples=30, sweeps=30, frozen_us={"median": 1, "p99": 1, "worst": 1, "total": 1}, requests=1,
              bytes=1, events={}, unseen=[BAD]),
    ]


class ReportTest(test_dumps.DumpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clean, cls.tampered = (cls.snapshot(name, *options)
                                   for name, options in (("clean", ()), ("tampered", ("--tamper", "T3"))))
        cls.events = cls.write("events.jsonl", lines_of(told_of(json.loads(cls.clean.read_text()))))

    @classmethod
    def file(cls, name):
        return cls.path(cls, name)

    @classmethod
    def write(cls, name, text):
        path = cls.file(name)
        path.write_text(text)
        return path

    @classmethod
    def snapshot(cls, name, *options):
        dump = test_dumps.make_dump(cls.file(f"{name}.dmp"), KERNEL, "kernel", *options)
        path = cls.file(f"{name}.json")
        result = kd.kdwalk("snapshot", "-z", dump, "-y", cls.store, "-o", path)
        if result.status != 0:
            raise AssertionError(result)
        return path

    def assert_tells(self, text, *parts):
        """A page is too long to be shown whole."""
        for part in parts:
            self.assertTrue(part in text, f"the page has no {part!r}")

    def report(self, *inputs, status=0, name="page.html", env=None):
        path = self.file(f"{self.id()}-{name}")
        result = kd.kdwalk("report", *inputs, "-y", self.store, "-o", path, env=env)
        self.assertEqual((result.status, result.out), (status, ""), result)
        return path


class Shown(ReportTest):
    """In a browser."""

    @classmethod
    def setUpClass(cls):
        browser.program()  # without one, nothing need be made
        super().setUpClass()

    @contextlib.contextmanager
    def shown(self, path, width=1280, scripts=True, dark=False):
        """The page, without a complaint from it, whatever is done with it meanwhile."""
        with contextlib.closing(browser.Browser()) as page:
            page.size(width, dark=dark)
            page.open(path, scripts=scripts)
            yield page
            self.assertEqual(page.logged, [])
            self.assertEqual([url for url in page.requests if not url.startswith("file:")], [])
            self.assertEqual(len(page.requests), 1, page.requests)

    def all_of_it(self):
        return self.report(self.clean, self.events, self.tampered)

    def visible(self, page, selector):
        return page.value(f"[...document.querySelectorAll({json.dumps(selector)})].filter(e => e.checkVisibility()).length")

    def ask(self, page, **choices):
        """What is chosen or typed; returns what the page says of it."""
        for name, value in choices.items():
            page.value(f"""(() => {{ const e = document.getElementById({json.dumps(name)}); e.value = {json.dumps(value)};
                            e.dispatchEvent(new Event("input")); e.dispatchEvent(new Event("change")); }})()""")
        page.value("new Promise(done => setTimeout(done, 300))")
        return page.value("document.getElementById('found').textContent")

    def test_every_section_is_there_and_nothing_sticks_out(self):
        path = self.all_of_it()

        def check(item):
            width, dark = item
            with self.shown(path, width, dark=dark) as page:
                self.assertEqual(page.value("document.title"), "kdwalk report: build 19041")
                self.assertEqual(page.value("[...document.querySelectorAll('main > section')].map(s => s.id)"), SECTIONS)
                self.assertEqual(page.value("document.documentElement.scrollWidth"), width)
                self.assertEqual(page.value("getComputedStyle(document.querySelector('.tiles')).display"), "grid")
                worst = page.value(CONTRAST)
                self.assertGreaterEqual(worst["ratio"], 4.5, worst)
        self.for_each(check, [(width, dark) for width in WIDTHS for dark in (False, True)])

    def test_without_scripts_all_can_be_read(self):
        path = self.all_of_it()
        counts = "main > section, tbody tr, .check, .tree li"
        with self.shown(path) as page:
            expected = self.visible(page, counts)
        with self.shown(path, scripts=False) as page:
            nodes = page.call("DOM.getDocument", depth=0)["root"]["nodeId"]
            found = page.call("DOM.querySelectorAll", nodeId=nodes, selector=counts)["nodeIds"]
            self.assertEqual(len(found), expected)
            search = page.call("DOM.querySelector", nodeId=nodes, selector="#search[hidden]")
            self.assertNotEqual(search["nodeId"], 0)

    def test_words_find_what_has_them_wherever_it_is(self):
        with self.shown(self.all_of_it()) as page:
            before = self.visible(page, "tbody tr")
            said = self.ask(page, words="LSASS.exe")
            self.assertRegex(said, r"^\d+ matches$")
            shown = page.value("""[...document.querySelectorAll("tbody tr:not(.day)")].filter(e => e.checkVisibility())
                                  .every(e => e.textContent.toLowerCase().includes("lsass.exe"))""")
            self.assertTrue(shown)
            self.assertGreater(self.visible(page, "#tree li"), 1)  # and what it is in
            self.assertEqual(self.visible(page, "#events tbody tr:not(.day)"), 1)
            self.assertEqual(self.ask(page, words="lsass.exe no-such-word"), "0 matches")
            self.assertEqual(self.visible(page, "tbody tr"), 0)
            page.value("document.getElementById('clear').click()")
            self.assertEqual(self.visible(page, "tbody tr"), before)
            self.assertEqual(page.value("document.getElementById('found').textContent"), "")

    def test_filters_leave_what_was_chosen(self):
        with self.shown(self.all_of_it()) as page:
            kinds = page.value("[...document.getElementById('kind').options].map(o => o.value)")
            self.assertLessEqual({"", "fail", "pass", "appeared", "changed", "verdict", "bugcheck"}, set(kinds))
            self.ask(page, kind="verdict")
            self.assertEqual(self.visible(page, "#events tbody tr:not(.day)"), 1)
            self.assertEqual(self.visible(page, ".check"), 0)
            self.ask(page, kind="", table="loggers", silo="host")
            rows = """[...document.querySelectorAll("#loggers tbody tr")].filter(e => e.checkVisibility())
                      .map(e => e.firstElementChild.textContent)"""
            self.assertEqual(set(page.value(rows)), {"host"})
            self.assertEqual(self.visible(page, "#providers tbody tr"), 0)
            self.assertEqual(self.ask(page, table="", silo="no such silo"), "")  # there is none to choose

    def test_a_match_within_what_is_folded_is_unfolded_and_folded_again(self):
        path = self.report(self.clean)
        with self.shown(path) as page:
            folded = "document.querySelectorAll('#checks details:not([open])').length"
            page.value("document.querySelectorAll('#tree details').forEach(d => d.open = false)")
            before = self.visible(page, "#tree li")
            self.ask(page, words="lsass.exe")
            self.assertGreater(self.visible(page, "#tree li"), before)
            self.ask(page, words="")
            self.assertEqual(self.visible(page, "#tree li"), before)
            self.assertGreater(page.value(folded), 20)

    def test_keys_reach_the_search(self):
        with self.shown(self.report(self.clean)) as page:
            page.key("/", "/")
            self.assertEqual(page.value("document.activeElement.id"), "words")
            for letter in "system":
                page.key(letter, letter)
            page.value("new Promise(done => setTimeout(done, 300))")
            self.assertRegex(page.value("document.getElementById('found').textContent"), r"^\d+ matches$")
            page.key("Escape")
            self.assertEqual(page.value("document.getElementById('words').value"), "")

    def test_marks_of_the_time_line_lead_to_their_events(self):
        with self.shown(self.all_of_it()) as page:
            target = page.value("""(() => { const a = document.querySelector("#timeline .m-bugcheck").closest("a");
                                    a.dispatchEvent(new MouseEvent("click", {bubbles: true}));
                                    return a.getAttribute("href"); })()""")
            self.assertEqual(page.value(f"document.querySelector('{target}').dataset.k"), "bugcheck")
            self.assertEqual(page.value("location.hash"), target)

    def test_nothing_of_the_target_becomes_markup(self):
        with self.shown(self.all_of_it()) as page:
            self.assertIsNone(page.value("window.hacked"))
            self.assertEqual(page.value("document.scripts.length"), 1)
            self.assertEqual(page.value("document.querySelectorAll('img, iframe, object, embed, link').length"), 0)
            self.assertIn("<script>window.hacked = 1</script>",
                          page.value("document.querySelector('#events samp').textContent"))
            self.assertFalse(page.value("/[\\u202e\\x1b]/.test(document.body.textContent)"))

    def test_even_markup_could_do_nothing(self):
        """What the page's policy is for: should something be forgotten one day."""
        path = self.report(self.clean)
        text = path.read_text().replace("<main ", "<script>window.hacked = 1</script><p onclick='x()' id=bad "
                                        "style='color: red'></p><img src='http://127.0.0.1:9/x'><main ")
        with contextlib.closing(browser.Browser()) as page:
            page.open(self.write("hacked.html", text))
            self.assertIsNone(page.value("window.hacked"))
            self.assertNotEqual(page.value("getComputedStyle(document.getElementById('bad')).color"), "rgb(255, 0, 0)")
            self.assertTrue(page.logged)  # the policy's complaints

    def test_it_prints(self):
        with self.shown(self.all_of_it()) as page:
            self.assertEqual(base64.b64decode(page.pdf())[:5], b"%PDF-")
            page.call("Emulation.setEmulatedMedia", media="print")
            self.assertEqual(self.visible(page, "nav, #search"), 0)
            self.assertEqual(page.value("getComputedStyle(document.body).color"), "rgb(0, 0, 0)")

    def test_a_hundred_thousand_events_open(self):
        snapshot = json.loads(self.clean.read_text())
        loggers = snapshot["tables"]["loggers"]
        many = [event("changed", 1 + n // 50, sample=n, since="2026-11-24T03:00:00.000Z", table="loggers", fact="mode",
                      address=loggers[n % len(loggers)]["address"], name=loggers[n % len(loggers)]["name"],
                      **{"from": n, "to": n + 1}) for n in range(100000)]
        path = self.report(self.write("many.jsonl", lines_of([*many, event("end", 2400)])), self.clean)
        self.assertLess(path.stat().st_size, 42 << 20)
        with self.shown(path) as page:
            self.assertEqual(page.value("document.querySelectorAll('#events tbody tr:not(.day)').length"), 20000)
            self.assertIn("20000 of 100001 events are shown", page.value("document.getElementById('events').textContent"))
            self.assertLess(page.value("document.querySelectorAll('#timeline rect').length"), 5000)
            self.assertRegex(self.ask(page, words=loggers[3]["name"]), r"^\d+ matches$")


class Made(ReportTest):
    """Of what."""

    def aged(self, snapshot, year):
        document = json.loads(snapshot.read_text())
        document["time"] = f"{year}-01-01T00:00:00.0000000Z"
        return self.write(f"{self.id()}-{year}.json", json.dumps(document))

    def assert_usage(self, result, *parts):
        self.assertEqual((result.status, result.out), (2, ""), result)
        self.assert_one_message(result, *parts)

    def test_inputs_may_come_in_any_order_and_by_any_name(self):
        pages = []
        for name, source in (("a.json", self.tampered), ("b.log", self.events), ("c", self.aged(self.clean, 2020))):
            self.write(name, source.read_text())
        for names in (("a.json", "b.log", "c"), ("c", "a.json", "b.log")):
            pages.append(self.report(*(self.file(name) for name in names), name="-".join(names)).read_text())
        self.assertTrue(pages[0] == pages[1])

    def test_the_last_snapshot_is_judged_and_differences_are_told(self):
        first = self.aged(self.tampered, 2020)
        text = self.report(self.clean, first).read_text()
        self.assert_tells(text, "<p class=\"note\">0 failed,")
        self.assert_tells(text, f"<h3>{first} \u2192 {self.clean}</h3>")
        self.assert_tells(text, "<code class=\"fact\">name_buffer</code>")
        self.assert_tells(self.report(self.tampered).read_text(), "data-k=\"fail\" open")

    def test_a_dump_and_a_recording_are_inputs_too(self):
        self.assert_tells(self.report(self.file("clean.dmp")).read_text(), "build 19041</h1>")
        recording = captured.FOLDER / "chatter-pipe.pcap"
        texts = [self.report(*inputs, status=1).read_text() for inputs in ((recording,), ("-r", recording))]
        self.assertTrue(texts[0] == texts[1])
        self.assertEqual(texts[0].count("class=\"r-print\""), 14)

    def test_a_recording_without_a_walk_still_has_its_time_line(self):
        path = self.file("short.html")
        result = kd.kdwalk("report", captured.FOLDER / "vertarget-net.pcap", "--key", "8.8.8.8", "-o", path)
        self.assertEqual((result.status, result.out), (1, ""), result)
        self.assertRegex(result.err, r"^kdwalk: warning: of \S+/vertarget-net.pcap no snapshot could be taken: ")
        self.assert_tells(path.read_text(), "id=\"timeline\"", "vertarget-net.pcap no snapshot could be taken: ",
                          "There is no snapshot among the inputs")

    def test_a_recording_of_kdnet_needs_its_key(self):
        recording = captured.FOLDER / "19041-net.pcap"
        for arguments, env in ((("--key", "8.8.8.8"), None), ((), {"KDWALK_KEY": "8.8.8.8"})):
            self.assert_tells(self.report(recording, *arguments, status=1, env=env).read_text(), "id=\"timeline\"")
        self.assert_usage(kd.kdwalk("report", recording, "-o", self.file("x.html")), str(recording), "key")

    def test_a_target_is_an_input(self):
        path = self.file("live.html")
        with kd.Scene(KERNEL, kd.Pipe()) as scene:
            result = scene.run("report", self.tampered, "-y", self.store, "-o", path)
            stats = scene.stop()
        self.assertEqual(result.status, 0, result)
        self.assert_unharmed(stats)
        self.assert_tells(path.read_text(), "\u2192 the target</h3>")

    def test_what_watch_writes_is_told(self):
        watched, _ = self.live(KERNEL, "watch", "--json", "--count", "3", "--every", "0.1", link=kd.Pipe())
        text = self.report(self.write("watched.jsonl", watched.out)).read_text()
        self.assert_tells(text, "3 samples: the target was frozen")

    def test_events_come_out_of_a_pipe_as_well(self):
        path = self.file("piped.html")
        process = kd.start("report", "/dev/stdin", "-o", path, stdin=subprocess.PIPE)
        process.stdin.write(self.events.read_text())
        result = kd.finish(process)
        self.assertEqual(result.status, 0, result)
        self.assert_tells(path.read_text(), "class=\"r-bugcheck\"")

    def test_bad_lines_are_counted_and_the_rest_is_told(self):
        good = self.events.read_text()
        for name, text, told in (("damaged", good + "what?\n" + good, "1 damaged line"),
                                 ("later", good + '{"event": "eclipse"}\n', "as eclipse"),
                                 ("cut", good + good[:30], "the last line was cut short")):
            with self.subTest(name=name):
                text = self.report(self.write(name, text), status=1).read_text()
                self.assert_tells(text, told)
                self.assert_tells(text, "class=\"r-bugcheck\"")

    def test_it_goes_to_a_file_a_folder_or_a_program_but_to_no_terminal(self):
        expected = self.report(self.clean).read_text()
        folder = self.file("folder")
        folder.mkdir()
        self.assertEqual(kd.kdwalk("report", self.clean, "-o", folder).status, 0)
        self.assertTrue((folder / "report.html").read_text() == expected)
        for arguments in ((), ("-o", "-")):
            result = kd.kdwalk("report", self.clean, *arguments)
            self.assertEqual((result.status, result.err), (0, ""), result.status)
            self.assertTrue(result.out == expected)
            main, sub = pty.openpty()
            result = kd.finish(kd.start("report", self.clean, *arguments, stdout=sub))
            os.close(sub)
            os.close(main)
            self.assertEqual(result.status, 2)
            self.assertIn("name a file for it with -o FILE.html", result.err)

    def test_what_cannot_be_written_leaves_what_was_there(self):
        kept = self.write("kept.html", "before")
        self.assert_usage(kd.kdwalk("report", self.clean, "/nowhere.json", "-o", kept), "/nowhere.json")
        self.assertEqual(kept.read_text(), "before")
        for path in ("/nowhere/at/all.html", "/dev/full"):
            result = kd.kdwalk("report", self.clean, "-o", path)
            self.assertEqual((result.status, result.out), (2, ""), result)
            self.assert_one_message(result, path)

    def test_wrong_inputs_are_one_message(self):
        wrong = {"empty": "", "text": "no dump\n", "other": '{"schema": "kdwalk-diff"}\n',
                 "later": self.clean.read_text().replace('"version": 1', '"version": 9', 1),
                 "newer": lines_of([event("begin", 1, version=9)]), "folder-of-none": None}
        for name, text in wrong.items():
            path = self.write(name, text) if text is not None else self.file(".")
            with self.subTest(name=name):
                self.assert_usage(kd.kdwalk("report", self.clean, path, "-o", self.file("x.html")), str(path))

    def test_it_needs_something_to_tell_of(self):
        self.assert_usage(kd.kdwalk("report", "-o", self.file("x.html")), "report needs something to tell of")

    def test_the_same_inputs_make_the_same_page(self):
        first, second = (self.report(self.clean, self.events, name=name).read_bytes() for name in ("1", "2"))
        self.assertTrue(first == second)
        self.assertNotRegex(re.sub(rb"(?s)<(style|script)>.*?</\1>", b"", first).decode(), r"https?://")


if __name__ == "__main__":
    unittest.main()
