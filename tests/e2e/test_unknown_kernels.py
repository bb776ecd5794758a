"""Kernels of which the tables know nothing: told by what lies in their memory, walked with no symbols, and said to be
a guess."""

import os
import struct
import unittest

import kd
import test_dumps

PAGE = 0x1000
# Right ones among those that fit; all of them are named.
FITS = {"14393": "14393", "18362": "18362", "19041": "19041.1466 or 19041.1826",
        "22000": "22000.434 or 22000.795 or 22621"}
SEEN = "guessed by structures in memory: ETW state, loggers, providers, "


def pages_of(file):
    """(offset, page) of those that are there: memory is large, and the file of it mostly holes."""
    length, at = file.seek(0, os.SEEK_END), 0
    while at < length:
        try:
            at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            end = os.lseek(file.fileno(), at, os.SEEK_HOLE)
        except OSError:  # nothing behind it
            return
        for page in range(at - at % PAGE, end, PAGE):
            yield page, bytearray(os.pread(file.fileno(), PAGE, page))
        at = end


def renamed(page):
    """Another GUID where the kernel's is, another time stamp where an image's is: no table has them."""
    at = page.find(b"RSDS")
    if at >= 0 and page[at + 24:at + 37] == b"ntkrnlmp.pdb\0":
        page[at + 4:at + 20] = bytes(range(0xA0, 0xB0))
        return True
    new = struct.unpack_from("<I", page, 0x3C)[0] if page[:2] == b"MZ" else len(page)
    if new < PAGE - 12 and page[new:new + 4] == b"PE\0\0":
        struct.pack_into("<I", page, new + 8, 0x12345678)
        return True
    return False


def without_block(page):
    """The debugger data block is none any more, and so nothing names the way to loggers."""
    at = page.find(b"KDBG")
    if at < 0:
        return False
    page[at:at + 4] = b"GONE"
    return True


def patch(path, change):
    """How many pages of the file were changed."""
    count = 0
    with path.open("r+b") as file:
        for offset, page in pages_of(file):
            if change(page):
                os.pwrite(file.fileno(), page, offset)
                count += 1
    return count


class UnknownKernels(test_dumps.DumpTest):
    def unknown(self, kernel, kind):
        path = self.dump(kernel, kind)
        self.assertGreater(patch(path, renamed), 1)
        return path

    def test_each_is_told_by_its_structures_and_walked_as_with_its_own_symbols(self):
        def check(item):
            kernel, kind = item
            expected = self.walk(self.dump(kernel, kind), "loggers", "-v")
            result = self.walk(self.unknown(kernel, kind), "loggers", "-v", symbols=False)
            if kernel == "22000":  # its candidates do not agree on where a job has its silo
                self.assertTrue(result.out and expected.out.startswith(result.out))
                self.assertIn("loggers of server silos are not listed", result.err)
                self.assertEqual(result.status, 1, result)
            else:
                self.assertEqual(result.out, expected.out)
                self.assertIn("the list PspJobList breaks off: not found", result.err)
                self.assertEqual(result.status, 1, result)
            self.assertIn(f"warning: the symbols may not be this kernel's own: built-in tables of {FITS[kernel]}, "
                          f"{SEEN}", result.err)
        self.for_each(check, [(kernel, kind) for kernel in FITS for kind in ("full", "raw")])

    def test_what_layouts_differ_in_is_not_said(self):
        path = self.unknown("22000", "bitmap")
        agreed = self.walk(path, "dt", "_WMI_LOGGER_CONTEXT", symbols=False)
        self.assertEqual(agreed.status, 0, agreed)
        self.assertIn("+0x448 SiloState", agreed.out)
        job = self.walk(path, "dt", "_EJOB", symbols=False)
        self.assertEqual(job.status, 0, job)
        self.assertNotIn("JobFlags", job.out)  # moved between 22000 and 22621

    def test_memory_without_the_structures_is_not_guessed_at(self):
        """One is left, the process System, to which a dump's header leads: one alone proves nothing."""
        path = self.unknown("18362", "bitmap")
        self.assertEqual(patch(path, without_block), 1)
        result = self.walk(path, "loggers", symbols=False)
        self.assertEqual(result.status, 2, result)
        self.assert_one_message(result, "the built-in tables do not know this kernel, nor do structures in its memory "
                                        "fit them")

    def test_a_revision_without_addresses_finds_them_in_memory(self):
        path = self.dump("14393", "bitmap")
        expected = self.walk(path, "loggers", "-v")
        result = self.walk(path, "loggers", "-v", symbols=False)
        self.assertEqual(result.out, expected.out)
        self.assertEqual(result.status, 1, result)  # nobody knows the list of jobs
        self.assertIn("built-in tables of 10.0.14393.2068, by time stamp and size of its image; types guessed from the "
                      "nearest revision known; addresses found in memory\n", result.err)


if __name__ == "__main__":
    unittest.main()
