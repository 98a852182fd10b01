/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/html.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#define COLUMNS 64u
#define MOST_CELLS 2048u
#define CELL 15u /* pixels, of which two are a gap */
#define GUTTER 96u
#define LONG_RUN 4u /* rows with nothing in them, of which one band is made */

/* Rows of cells, each row with the name of its first one. */
struct cell_map {
    const char *label, *nothing; /* what a row without anything in it is */
    uint32_t cells;
    bool (*is_empty)(const void *cells, uint32_t n);
    void (*draw)(FILE *page, const void *cells, uint32_t n); /* class=…> and the title */
    void (*name)(FILE *page, const void *cells, uint32_t n);
    const void *opaque;
};

static uint32_t nr_rows(const struct cell_map *map)
{
    return (map->cells + COLUMNS - 1) / COLUMNS;
}

static bool row_is_empty(const struct cell_map *map, uint32_t row)
{
    for (uint32_t n = row * COLUMNS; n < (row + 1) * COLUMNS && n < map->cells; n++)
        if (!map->is_empty(map->opaque, n))
            return false;
    return true;
}

/* Rows from this one on that become one band: 1 if it stays a row. */
static uint32_t band(const struct cell_map *map, uint32_t row)
{
    uint32_t end = row;

    while (end < nr_rows(map) && row_is_empty(map, end))
        end++;
    return end - row >= LONG_RUN ? end - row : 1;
}

static void draw_name(FILE *page, const struct cell_map *map, uint32_t row, uint32_t y)
{
    fprintf(page, "<text class=\"at\" x=\"0\" y=\"%u\">", y + CELL - 4);
    map->name(page, map->opaque, row * COLUMNS);
    fputs("</text>\n", page);
}

static void draw_row(FILE *page, const struct cell_map *map, uint32_t row, uint32_t y)
{
    draw_name(page, map, row, y);
    for (uint32_t n = row * COLUMNS; n < (row + 1) * COLUMNS && n < map->cells; n++) {
        fprintf(page, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"2\" ",
                GUTTER + n % COLUMNS * CELL, y, CELL - 2, CELL - 2);
        map->draw(page, map->opaque, n);
        fputs("</title></rect>\n", page);
    }
}

static void draw_band(FILE *page, const struct cell_map *map, uint32_t row, uint32_t rows,
                      uint32_t y)
{
    draw_name(page, map, row, y);
    fprintf(page,
            "<rect class=\"m0\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"2\">"
            "<title>%" PRIu32 " rows: %s</title></rect>"
            "<text class=\"at\" x=\"%u\" y=\"%u\">%" PRIu32 " rows: %s</text>\n",
            GUTTER, y, COLUMNS * CELL - 2, CELL - 2, rows, map->nothing, GUTTER + 8, y + CELL - 4,
            rows, map->nothing);
}

static void draw_map(FILE *page, const struct cell_map *map)
{
    uint32_t width = GUTTER + (map->cells < COLUMNS ? map->cells : COLUMNS) * CELL, lines = 0;

    for (uint32_t row = 0; row < nr_rows(map); row += band(map, row))
        lines++;
    fprintf(page,
            "<svg class=\"map\" viewBox=\"0 0 %u %u\" style=\"max-width:%upx\" role=\"img\" "
            "aria-label=\"%s\">\n",
            width, lines * CELL, width, map->label);
    lines = 0;
    for (uint32_t row = 0, rows; row < nr_rows(map); row += rows, lines++) {
        rows = band(map, row);
        if (rows > 1)
            draw_band(page, map, row, rows, lines * CELL);
        else
            draw_row(page, map, row, lines * CELL);
    }
    fputs("</svg>", page);
}

/* ---- LPIs ------------------------------------------------------------------------------------ */

/* What is true of any LPI of a cell. */
struct lpi_cell {
    uint32_t reachable, enabled, pending, active;
};

static const char *class_of(const struct lpi_cell *cell)
{
    if (cell->pending != 0 && cell->active != 0)
        return "both";
    return cell->active != 0      ? "active"
           : cell->pending != 0   ? "pending"
           : cell->enabled != 0   ? "enabled"
           : cell->reachable != 0 ? "idle"
                                  : "unreachable";
}

static struct lpi_cell *collect(const struct picture *picture, uint32_t cells, uint32_t per_cell)
{
    struct lpi_cell *all = calloc(cells, sizeof(*all));

    for (uint32_t id = 0; all && id < picture->nr_lpis; id++)
        all[id / per_cell].reachable += picture->reachable[id / 8] >> id % 8 & 1;
    for (size_t n = 0; all && n < picture->nr_interrupts; n++) {
        const struct picture_interrupt *lpi = &picture->interrupts[n];
        struct lpi_cell *cell = &all[VGIC5_INTID_ID(lpi->intid) / per_cell];

        if (VGIC5_INTID_TYPE(lpi->intid) != VGIC5_LPI)
            continue;
        cell->enabled += lpi->enabled;
        cell->pending += lpi->pending;
        cell->active += lpi->active;
    }
    return all;
}

struct lpi_map {
    const struct lpi_cell *cells;
    uint32_t per_cell;
};

static bool lpi_is_empty(const void *opaque, uint32_t n)
{
    const struct lpi_map *map = opaque;

    return map->cells[n].reachable == 0;
}

static void name_lpi(FILE *page, const void *opaque, uint32_t n)
{
    const struct lpi_map *map = opaque;

    fprintf(page, "%" PRIu32, n * map->per_cell);
}

static void draw_lpi(FILE *page, const void *opaque, uint32_t n)
{
    const struct lpi_map *map = opaque;
    const struct lpi_cell *cell = &map->cells[n];

    fprintf(page,
            "class=\"%s\"><title>LPI %" PRIu32 " to %" PRIu32 ": %" PRIu32 " reachable, %" PRIu32
            " enabled, %" PRIu32 " pending, %" PRIu32 " active",
            class_of(cell), n * map->per_cell, (n + 1) * map->per_cell - 1, cell->reachable,
            cell->enabled, cell->pending, cell->active);
}

static void draw_lpis(FILE *page, const struct picture *picture)
{
    uint32_t per_cell = (picture->nr_lpis + MOST_CELLS - 1) / MOST_CELLS;
    uint32_t cells = (picture->nr_lpis + per_cell - 1) / per_cell;
    struct lpi_cell *all = collect(picture, cells, per_cell);
    const struct lpi_map lpis = {all, per_cell};
    const struct cell_map map = {"map of the LPI table",
                                 "no reachable ISTE",
                                 cells,
                                 lpi_is_empty,
                                 draw_lpi,
                                 name_lpi,
                                 &lpis};

    fprintf(page,
            "<p>%" PRIu32 " LPIs at 0x%" PRIx64 "; a cell is %" PRIu32 " of them, a row %" PRIu32
            ".</p>",
            picture->nr_lpis, picture->ist_baser & ~UINT64_C(63), per_cell, per_cell * COLUMNS);
    if (all)
        draw_map(page, &map);
    free(all);
}

void html_lpi_map(FILE *page, const struct picture *picture)
{
    fputs("<section><h2>The LPI table</h2><p class=\"legend\">", page);
    html_legend(page, "both", "some pending, some active");
    html_legend(page, "active", "some active");
    html_legend(page, "pending", "some pending");
    html_legend(page, "enabled", "some enabled");
    html_legend(page, "idle", "reachable, all disabled");
    html_legend(page, "unreachable", "no reachable ISTE");
    fputs("</p>", page);
    if (picture->ist_valid)
        draw_lpis(page, picture);
    else
        fputs("<p>IRS_IST_BASER.VALID is 0: there is none.</p>", page);
    fputs("</section>\n", page);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Pages that the chain stores of each cell. Several snapshots may store the same page: the newest
 * counts. */
static void count_pages(const struct vgic5_chain *chain, uint64_t frame, uint32_t *stored,
                        uint32_t *own)
{
    uint16_t known = 0, there = 0;

    for (size_t level = 0; level < vgic5_chain_nr_levels(chain); level++) {
        struct vgic5_frame found;
        size_t n;

        if (!section_find_frame(vgic5_chain_memory(chain, level, 0), frame, &n))
            continue;
        vgic5_snapshot_frame(vgic5_chain_memory(chain, level, 0), n, &found);
        there |= found.data & (uint16_t)~known;
        known |= found.data | found.zero;
        if (level == 0)
            *own += (uint32_t)__builtin_popcount(found.data);
    }
    *stored += (uint32_t)__builtin_popcount(there);
}

static const char *shade(uint32_t stored, uint32_t pages)
{
    static const char *const shades[] = {"m1", "m2", "m3", "m4"};

    return stored == 0 ? "m0" : shades[(uint64_t)(stored - 1) * 4 / pages];
}

struct memory_cell {
    uint32_t stored, own; /* pages */
    bool has_ist;
};

struct memory_cells {
    struct memory_cell *cells;
    uint64_t base, per_cell; /* bytes */
    bool is_chain;
};

static void fill_memory_map(const struct inspection *inspection, uint64_t frames, uint32_t cells,
                            struct memory_cells *map)
{
    uint64_t per_cell = map->per_cell / VGIC5_FRAME_SIZE;
    uint64_t ist = (inspection->picture.ist_baser & ~UINT64_C(63)) - map->base;

    for (uint64_t frame = 0; frame < frames; frame++) {
        struct memory_cell *cell = &map->cells[frame / per_cell];

        count_pages(inspection->loaded.chain, frame, &cell->stored, &cell->own);
    }
    if (inspection->picture.ist_valid && ist / map->per_cell < cells)
        map->cells[ist / map->per_cell].has_ist = true;
}

static bool memory_is_empty(const void *opaque, uint32_t n)
{
    const struct memory_cells *map = opaque;

    return map->cells[n].stored == 0 && !map->cells[n].has_ist;
}

static void name_memory(FILE *page, const void *opaque, uint32_t n)
{
    const struct memory_cells *map = opaque;

    fprintf(page, "0x%" PRIx64, map->base + n * map->per_cell);
}

static void draw_memory_cell(FILE *page, const void *opaque, uint32_t n)
{
    const struct memory_cells *map = opaque;
    const struct memory_cell *cell = &map->cells[n];
    uint32_t pages = (uint32_t)(map->per_cell / VGIC5_PAGE_SIZE);

    fprintf(page, "class=\"%s%s\"><title>", shade(cell->stored, pages),
            cell->has_ist ? " ist" : "");
    name_memory(page, opaque, n);
    fprintf(page, ": %" PRIu32 " of %" PRIu32 " pages stored", cell->stored, pages);
    if (map->is_chain)
        fprintf(page, ", %" PRIu32 " of them in this file", cell->own);
    fputs(cell->has_ist ? "; the LPI table begins here" : "", page);
}

static void draw_memory(FILE *page, const struct inspection *inspection)
{
    const struct vgic5_section *memory = chain_memory(inspection->loaded.chain);
    uint64_t frames = (memory->memory_size + VGIC5_FRAME_SIZE - 1) / VGIC5_FRAME_SIZE;
    uint64_t per_cell = (frames + MOST_CELLS - 1) / MOST_CELLS;
    uint32_t cells = (uint32_t)((frames + per_cell - 1) / per_cell);
    struct memory_cells all = {calloc(cells, sizeof(*all.cells)), memory->memory_base,
                               per_cell * VGIC5_FRAME_SIZE,
                               vgic5_chain_nr_levels(inspection->loaded.chain) > 1};
    const struct cell_map map = {"memory map",     "zero, not stored", cells, memory_is_empty,
                                 draw_memory_cell, name_memory,        &all};

    fprintf(page,
            "<p>0x%" PRIx64 " to 0x%" PRIx64 "; a cell is %" PRIu64 " KiB, a row %" PRIu64
            " KiB.</p>",
            memory->memory_base, memory->memory_base + memory->memory_size - 1, per_cell * 64,
            per_cell * 64 * COLUMNS);
    if (all.cells) {
        fill_memory_map(inspection, frames, cells, &all);
        draw_map(page, &map);
    }
    free(all.cells);
}

void html_memory_map(FILE *page, const struct inspection *inspection)
{
    fputs("<section><h2>Memory</h2><p class=\"legend\">", page);
    html_legend(page, "m0", "zero, not stored");
    html_legend(page, "m1", "up to ¼ of its pages stored");
    html_legend(page, "m2", "up to ½");
    html_legend(page, "m3", "up to ¾");
    html_legend(page, "m4", "more");
    html_legend(page, "m0 ist", "the LPI table begins here");
    fputs("</p>", page);
    draw_memory(page, inspection);
    fputs("</section>\n", page);
}
