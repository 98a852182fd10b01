/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the page that `inspect --html` writes. */
#ifndef TOOL_LOOK_HTML_H
#define TOOL_LOOK_HTML_H

#include "tool/look/inspect.h"

/* Text that comes from a file, safe between tags and in quotes. */
void html_text(FILE *page, const char *text);
/* A coloured square with its meaning. */
void html_legend(FILE *page, const char *class, const char *meaning);

void html_summary(FILE *page, const struct inspection *inspection);
void html_kinds(FILE *page, const struct picture *picture);
/* A card for each PE: its priorities, and why its next interrupt is or is not delivered. */
void html_vcpus(FILE *page, const struct picture *picture);
void html_interrupts(FILE *page, const struct picture *picture);

/* html_maps.c: grids in which a cell is a run of LPIs, or of memory. */
void html_lpi_map(FILE *page, const struct picture *picture);
void html_memory_map(FILE *page, const struct inspection *inspection);

#endif
