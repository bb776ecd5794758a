/* report_assets.h - report/report.css and report/report.js, made part of the program when it is built. */
#ifndef CLI_REPORT_ASSETS_H
#define CLI_REPORT_ASSETS_H

#include <stddef.h>

extern const char report_css[], report_js[];
extern const size_t report_css_len, report_js_len;

#endif
