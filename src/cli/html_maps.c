/* SPDX-License-Identifier: BSD-3-Clause */
#include "html.h"

#include <inttypes.h>
#include <stdlib.h>

#define COLUMNS 64u
#define MOST_CELLS 2048u
#define CELL 15u /* pixels, of which two are a gap */
#define PAGE 4096u

static void begin_grid(FILE *page, uint32_t cells, const char *label)
{
    uint32_t columns = cells < COLUMNS ? cells : COLUMNS;

    fprintf(page, "<svg class=\"map\" viewBox=\"0 0 %u %u\" style=\"max-width:%upx\" role=\"img\" "
            "aria-label=\"%s\">\n", columns * CELL, (cells + COLUMNS - 1) / COLUMNS * CELL,
            columns * CELL, label);
}

static void begin_cell(FILE *page, uint32_t n, const char *class)
{
    fprintf(page,
            "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"2\"><title>",
            class, n % COLUMNS * CELL, n / COLUMNS * CELL, CELL - 2, CELL - 2);
}

static void end_cell(FILE *page)
{
    fputs("</title></rect>\n", page);
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
    return cell->active != 0 ? "active" : cell->pending != 0 ? "pending"
         : cell->enabled != 0 ? "enabled" : cell->reachable != 0 ? "idle" : "unreachable";
}

static struct lpi_cell *collect(const struct picture *picture, uint32_t cells, uint32_t per_cell)
{
    struct lpi_cell *all = calloc(cells, sizeof *all);

    for (uint32_t id = 0; all != NULL && id < picture->nr_lpis; id++)
        all[id / per_cell].reachable += picture->reachable[id / 8] >> id % 8 & 1;
    for (size_t n = 0; all != NULL && n < picture->nr_interrupts; n++) {
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

static void draw_lpis(FILE *page, const struct picture *picture)
{
    uint32_t per_cell = (picture->nr_lpis + MOST_CELLS - 1) / MOST_CELLS;
    uint32_t cells = (picture->nr_lpis + per_cell - 1) / per_cell;
    struct lpi_cell *all = collect(picture, cells, per_cell);

    fprintf(page, "<p>%" PRIu32 " LPIs at 0x%" PRIx64 "; a cell is %" PRIu32 " of them.</p>",
            picture->nr_lpis, picture->ist_baser & ~UINT64_C(63), per_cell);
    begin_grid(page, cells, "map of the LPI table");
    for (uint32_t n = 0; all != NULL && n < cells; n++) {
        begin_cell(page, n, class_of(&all[n]));
        fprintf(page, "LPI %" PRIu32 " to %" PRIu32 ": %" PRIu32 " reachable, %" PRIu32
                " enabled, %" PRIu32 " pending, %" PRIu32 " active", n * per_cell,
                (n + 1) * per_cell - 1, all[n].reachable, all[n].enabled, all[n].pending,
                all[n].active);
        end_cell(page);
    }
    fputs("</svg>", page);
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
static void count_pages(const struct chain *chain, uint64_t frame, uint32_t *stored, uint32_t *own)
{
    uint16_t known = 0, there = 0;

    for (size_t level = 0; level < chain->nr_levels; level++) {
        struct vgic5_frame found;
        size_t n;

        if (!section_find_frame(chain->levels[level].memory, frame, &n))
            continue;
        vgic5_snapshot_frame(chain->levels[level].memory, n, &found);
        there |= found.data & (uint16_t)~known;
        known |= found.data | found.zero;
        if (level == 0)
            *own += (uint32_t)__builtin_popcount(found.data);
    }
    *stored += (uint32_t)__builtin_popcount(there);
}

static const char *shade(uint32_t stored, uint32_t pages)
{
    static const char *const shades[] = { "m1", "m2", "m3", "m4" };

    return stored == 0 ? "m0" : shades[(uint64_t)(stored - 1) * 4 / pages];
}

static void draw_memory(FILE *page, const struct inspection *inspection)
{
    const struct chain *chain = &inspection->loaded.chain;
    const struct vgic5_section *memory = chain_memory(chain);
    uint64_t frames = (memory->memory_size + VGIC5_FRAME_SIZE - 1) / VGIC5_FRAME_SIZE;
    uint64_t per_cell = (frames + MOST_CELLS - 1) / MOST_CELLS;
    uint32_t cells = (uint32_t)((frames + per_cell - 1) / per_cell);
    uint64_t ist = inspection->picture.ist_baser & ~UINT64_C(63);

    fprintf(page, "<p>0x%" PRIx64 " to 0x%" PRIx64 "; a cell is %" PRIu64 " KiB.</p>",
            memory->memory_base, memory->memory_base + memory->memory_size - 1, per_cell * 64);
    begin_grid(page, cells, "memory map");
    for (uint32_t n = 0; n < cells; n++) {
        uint64_t first = memory->memory_base + n * per_cell * VGIC5_FRAME_SIZE;
        bool has_ist = inspection->picture.ist_valid && ist >= first &&
                       ist - first < per_cell * VGIC5_FRAME_SIZE;
        uint32_t stored = 0, own = 0, pages = (uint32_t)(per_cell * VGIC5_FRAME_SIZE / PAGE);
        char class[16];

        for (uint64_t frame = n * per_cell; frame < (n + 1) * per_cell && frame < frames; frame++)
            count_pages(chain, frame, &stored, &own);
        snprintf(class, sizeof class, "%s%s", shade(stored, pages), has_ist ? " ist" : "");
        begin_cell(page, n, class);
        fprintf(page, "0x%" PRIx64 ": %" PRIu32 " of %" PRIu32 " pages stored", first, stored,
                pages);
        if (chain->nr_levels > 1)
            fprintf(page, ", %" PRIu32 " of them in this file", own);
        fputs(has_ist ? "; the LPI table begins here" : "", page);
        end_cell(page);
    }
    fputs("</svg>", page);
}

void html_memory_map(FILE *page, const struct inspection *inspection)
{
    fputs("<section><h2>Memory</h2><p class=\"legend\">", page);
    html_legend(page, "m0", "zero, not stored");
    html_legend(page, "m1", "up to ¼ of its pages stored");
    html_legend(page, "m2", "½");
    html_legend(page, "m3", "¾");
    html_legend(page, "m4", "all");
    html_legend(page, "m0 ist", "the LPI table");
    fputs("</p>", page);
    draw_memory(page, inspection);
    fputs("</section>\n", page);
}
