/* SPDX-License-Identifier: BSD-3-Clause */
/* One self-contained page: no script, no font, nothing from elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "tool/look/html.h"
#include "tool/report.h"

static const char style[] =
    ":root{--bg:#f7f7f5;--card:#fff;--ink:#1d2127;--soft:#667080;--line:#e3e5e8;--pending:#e08a1e;"
    "--active:#2e6bd6;--both:#8a4fd0;--enabled:#8fb996;--idle:#d3d8de;--unreachable:#f0f1f3;"
    "--m0:#eceef1;--m1:#bcd5e8;--m2:#83b3d6;--m3:#4789ba;--m4:#1f5f94;--shut:#f1f2f4}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#15181c;--card:#1e2228;--ink:#e6e8eb;"
    "--soft:#98a2b0;--line:#30363e;--idle:#4a525c;--enabled:#4d7a57;--unreachable:#262b32;"
    "--m0:#272c33;--m1:#24465f;--m2:#2d6791;--m3:#3f8cc2;--m4:#7fc0ee;--shut:#272b31}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
    "main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}"
    "h1{font-size:24px;margin:0 0 2px;overflow-wrap:anywhere}h2{font-size:17px;margin:0 0 6px}"
    "h3{font-size:15px;margin:0}p{margin:6px 0}.by{color:var(--soft);margin:0 0 20px}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:18px 20px;margin:0 0 18px}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:1px;padding:"
    "0;"
    "overflow:hidden}.tile{outline:1px solid var(--line);padding:14px 18px}"
    ".tile b{display:block;font-size:21px;font-variant-numeric:tabular-nums}"
    ".tile span{display:block}.tile small{color:var(--soft)}\n"
    ".legend{color:var(--soft);font-size:13px}.key{display:inline-flex;align-items:center;"
    "margin-right:16px}.key i{width:12px;height:12px;border-radius:3px;margin-right:6px}\n"
    ".pending{background:var(--pending);fill:var(--pending)}"
    ".active{background:var(--active);fill:var(--active)}.both{background:var(--both);"
    "fill:var(--both)}.enabled{background:var(--enabled);fill:var(--enabled)}"
    ".idle{background:var(--idle);fill:var(--idle)}.unreachable{background:var(--unreachable);"
    "fill:var(--unreachable)}.reset{color:var(--soft)}\n"
    ".m0{background:var(--m0);fill:var(--m0)}.m1{background:var(--m1);fill:var(--m1)}"
    ".m2{background:var(--m2);fill:var(--m2)}.m3{background:var(--m3);fill:var(--m3)}"
    ".m4{background:var(--m4);fill:var(--m4)}.ist{stroke:var(--pending);stroke-width:2;"
    "outline:2px solid var(--pending);outline-offset:-1px}rect.ist{outline:none}\n"
    "table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:600}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}.kinds th{width:48px}"
    ".kinds td{padding:4px 0}.kinds .n{width:72px}.bar{display:flex;gap:2px;height:26px}"
    ".bar i{font-style:normal;font-size:12px;line-height:26px;color:#fff;text-align:center;"
    "min-width:26px;border-radius:4px;overflow:hidden}.bar .idle,.bar .enabled{color:var(--ink)}"
    ".bar .reset{color:var(--soft);text-align:left}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:16px}"
    "article{border:1px solid var(--line);border-radius:8px;padding:14px 16px}"
    ".facts span{display:inline-block;margin-right:12px;color:var(--soft);font-size:13px}"
    ".facts .strong{color:var(--ink);font-weight:600}"
    ".ladder{display:grid;grid-template-columns:repeat(32,1fr);gap:2px;margin:10px 0}"
    ".rung{display:flex;flex-direction:column;align-items:stretch}.col{height:72px;display:flex;"
    "align-items:flex-end;background:var(--m0);border-radius:2px}.shut .col{background:"
    "repeating-linear-gradient(135deg,var(--shut) 0 4px,var(--line) 4px 6px)}"
    ".col i{display:block;width:100%;background:var(--pending);border-radius:2px}"
    ".apr{height:6px;margin-top:2px;border-radius:2px;background:var(--m0)}"
    ".apr.on{background:var(--active)}.apr.running{outline:2px solid var(--ink)}"
    ".rung em{font-style:normal;font-size:9px;color:var(--soft);text-align:center;margin-top:3px}\n"
    ".running-key{background:var(--active);outline:2px solid var(--ink)}.shut-key{background:"
    "repeating-linear-gradient(135deg,var(--shut) 0 4px,var(--soft) 4px 5px)}"
    ".next{border-left:4px solid var(--pending);padding-left:10px}"
    ".next.delivered{border-color:var(--enabled)}.next.not-pending{border-color:var(--idle)}"
    ".counts{color:var(--soft);font-size:13px}.map{width:100%;display:block}"
    ".at{fill:var(--soft);font:11px ui-monospace,'DejaVu Sans Mono',monospace}\n"
    ".list td,.list th{padding:4px 10px 4px 0;border-bottom:1px solid var(--line);"
    "vertical-align:top}.list .n{padding-right:22px}.state i{font-style:normal;font-size:12px;"
    "color:#fff;border-radius:4px;padding:1px 7px;margin-right:4px}.state "
    ".idle{color:var(--ink)}\n";

static void write_page(FILE *page, const struct inspection *inspection)
{
    const char *path = inspection->options->operand, *slash = strrchr(path, '/');

    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width\"><title>",
          page);
    html_text(page, slash ? slash + 1 : path);
    fprintf(page, "</title><style>\n%s</style></head><body><main>\n<h1>", style);
    html_text(page, slash ? slash + 1 : path);
    fputs("</h1><p class=\"by\">a snapshot by ", page);
    html_text(page, inspection->header.producer);
    fprintf(page, ", format %u.%u</p>\n", inspection->header.major, inspection->header.minor);
    html_summary(page, inspection);
    html_kinds(page, &inspection->picture);
    html_vcpus(page, &inspection->picture);
    html_lpi_map(page, &inspection->picture);
    html_memory_map(page, inspection);
    html_interrupts(page, &inspection->picture);
    fputs("</main></body></html>\n", page);
}

int inspect_html(const struct inspection *inspection, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *page = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool good;

    if (!page)
        return report(VERB_inspect, EXIT_ENVIRONMENT, "--html %s: %s", path, strerror(errno));
    write_page(page, inspection);
    good = ferror(page) == 0;
    if (fclose(page) == 0 && good)
        return EXIT_DONE;
    return report(VERB_inspect, EXIT_ENVIRONMENT, "--html %s: %s", path, strerror(errno));
}
