/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "facts/intid.h"
#include "tool/words.h"

#define NR_PRIORITIES 32
#define MOST_ROWS 2000u
#define MOST_CARDS 64u

void html_text(FILE *page, const char *text)
{
    char *clean = printable(text, strlen(text));

    for (const char *at = clean; at && *at != '\0'; at++) {
        switch (*at) {
        case '<':
            fputs("&lt;", page);
            break;
        case '>':
            fputs("&gt;", page);
            break;
        case '&':
            fputs("&amp;", page);
            break;
        case '"':
            fputs("&quot;", page);
            break;
        default:
            fputc(*at, page);
        }
    }
    free(clean);
}

void html_legend(FILE *page, const char *class, const char *meaning)
{
    fprintf(page, "<span class=\"key\"><i class=\"%s\"></i>%s</span>", class, meaning);
}

/* 12345678 as 12,345,678. */
static const char *grouped(uint64_t value, char text[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, value), to = 0;

    for (int n = 0; n < length; n++) {
        if (n != 0 && (length - n) % 3 == 0)
            text[to++] = ',';
        text[to++] = digits[n];
    }
    text[to] = '\0';
    return text;
}

/* ---- Summary --------------------------------------------------------------------------------- */

static void tile(FILE *page, const char *name, const char *value, const char *more)
{
    fprintf(page, "<div class=\"tile\"><b>%s</b><span>%s</span><small>%s</small></div>\n", value,
            name, more);
}

void html_summary(FILE *page, const struct inspection *inspection)
{
    const struct machine_config *config = &inspection->loaded.config;
    struct memory_summary memory = inspection_memory(inspection->loaded.chain);
    char value[64], more[96], text[32], other[32];

    fputs("<section class=\"tiles\">\n", page);
    tile(page, "instructions executed",
         grouped(inspection_instructions(inspection->loaded.snapshot), text),
         config->deterministic ? "deterministic time" : "real time");
    snprintf(value, sizeof(value), "%" PRIu32, config->nr_vcpus);
    tile(page, config->nr_vcpus == 1 ? "vCPU" : "vCPUs", value,
         inspection->picture.irsen ? "IRSEN 1" : "IRSEN 0: the IRS forwards nothing");
    snprintf(value, sizeof(value), "%s MiB", grouped(memory.size >> 20, text));
    snprintf(more, sizeof(more), "%s KiB of it stored, in %s KiB", grouped(memory.pages * 4, text),
             grouped(memory.bytes >> 10, other));
    tile(page, "RAM", value, more);
    snprintf(value, sizeof(value), "%" PRIu32, config->nr_spis);
    snprintf(more, sizeof(more), "contract %s", vgic5_abi_name(config->gic.abi));
    tile(page, "SPIs", value, more);
    snprintf(more, sizeof(more), "%s without a reachable ISTE",
             grouped(inspection->picture.nr_unreachable, text));
    tile(page, "LPIs in the table", grouped(inspection->picture.nr_lpis, other), more);
    fputs("</section>\n", page);
}

/* ---- By kind and state ----------------------------------------------------------------------- */

struct tally {
    uint32_t pending, active, both, enabled, other;
};

static struct tally tally_of(const struct picture *picture, uint32_t type)
{
    struct tally tally = {0};

    for (size_t n = 0; n < picture->nr_interrupts; n++) {
        const struct picture_interrupt *interrupt = &picture->interrupts[n];

        if (VGIC5_INTID_TYPE(interrupt->intid) != type)
            continue;
        if (interrupt->pending && interrupt->active)
            tally.both++;
        else if (interrupt->pending)
            tally.pending++;
        else if (interrupt->active)
            tally.active++;
        else if (interrupt->enabled)
            tally.enabled++;
        else
            tally.other++;
    }
    return tally;
}

static void segment(FILE *page, const char *class, uint32_t count, uint32_t all, const char *what)
{
    if (count != 0)
        fprintf(page,
                "<i class=\"%s\" style=\"flex:%" PRIu32 "\" title=\"%" PRIu32 " of %" PRIu32
                " %s\">%" PRIu32 "</i>",
                class, count, count, all, what, count);
}

static void kind_row(FILE *page, const struct picture *picture, uint32_t type, const char *name)
{
    struct tally tally = tally_of(picture, type);
    uint32_t all = tally.pending + tally.active + tally.both + tally.enabled + tally.other;

    fprintf(page, "<tr><th>%s</th><td><div class=\"bar\">", name);
    segment(page, "both", tally.both, all, "pending and active");
    segment(page, "active", tally.active, all, "active");
    segment(page, "pending", tally.pending, all, "pending");
    segment(page, "enabled", tally.enabled, all, "enabled, idle");
    segment(page, "idle", tally.other, all, "disabled, idle");
    fprintf(page, "%s</div></td><td class=\"n\">%" PRIu32 "</td></tr>\n",
            all == 0 ? "<i class=\"reset\">all in their reset state</i>" : "", all);
}

void html_kinds(FILE *page, const struct picture *picture)
{
    fputs("<section><h2>Interrupts by kind and state</h2><p class=\"legend\">", page);
    html_legend(page, "both", "pending and active");
    html_legend(page, "active", "active");
    html_legend(page, "pending", "pending");
    html_legend(page, "enabled", "enabled, idle");
    html_legend(page, "idle", "disabled, idle");
    fputs("</p><table class=\"kinds\">\n", page);
    kind_row(page, picture, VGIC5_PPI, "PPI");
    kind_row(page, picture, VGIC5_SPI, "SPI");
    kind_row(page, picture, VGIC5_LPI, "LPI");
    fputs("</table></section>\n", page);
}

/* ---- PEs ------------------------------------------------------------------------------------- */

static void count_priorities(const struct picture *picture, uint32_t n,
                             uint32_t counts[NR_PRIORITIES])
{
    for (int p = 0; p < NR_PRIORITIES; p++)
        counts[p] = 0;
    for (size_t i = 0; i < picture->nr_interrupts; i++)
        if (picture->interrupts[i].vcpu == n && picture->interrupts[i].pending)
            counts[picture->interrupts[i].priority & 31]++;
}

/* One step of the ladder: what is pending there, whether it is masked, whether it is in APR. */
static void rung(FILE *page, const struct picture_vcpu *vcpu, int p, uint32_t count, uint32_t most)
{
    int running = vcpu->running_priority;
    bool masked = p > vcpu->pcr, preempted = running >= 0 && p >= running;

    fprintf(page,
            "<div class=\"rung%s\" title=\"priority %d: %" PRIu32 " pending%s%s%s\">"
            "<span class=\"col\"><i style=\"height:%" PRIu32 "%%\"></i></span>"
            "<span class=\"apr%s%s\"></span><em>%d</em></div>",
            masked || preempted ? " shut" : "", p, count, masked ? ", masked by ICC_PCR" : "",
            preempted ? ", does not preempt" : "", vcpu->apr >> p & 1 ? ", active" : "",
            most != 0 ? count * 100 / most : 0, vcpu->apr >> p & 1 ? " on" : "",
            p == running ? " running" : "", p);
}

static void ladder(FILE *page, const struct picture *picture, uint32_t n)
{
    uint32_t counts[NR_PRIORITIES], most = 0;

    count_priorities(picture, n, counts);
    for (int p = 0; p < NR_PRIORITIES; p++)
        most = counts[p] > most ? counts[p] : most;
    fputs("<div class=\"ladder\">", page);
    for (int p = 0; p < NR_PRIORITIES; p++)
        rung(page, &picture->vcpus[n], p, counts[p], most);
    fputs("</div>", page);
}

static void card(FILE *page, const struct picture *picture, uint32_t n)
{
    const struct picture_vcpu *vcpu = &picture->vcpus[n];
    const struct picture_interrupt *next;
    struct picture_reason why = picture_why_next(picture, n, &next);

    fprintf(page,
            "<article><h3>vCPU %" PRIu32 "</h3><p class=\"facts\">"
            "<span>EN %d</span><span>PCR %u</span><span>APR 0x%08" PRIx32 "</span>"
            "<span>PSTATE.I %d</span>%s%s",
            vcpu->id, vcpu->enabled, vcpu->pcr, vcpu->apr, vcpu->masked,
            vcpu->wfi ? "<span>in WFI</span>" : "", vcpu->on ? "" : "<span>off</span>");
    if (vcpu->running_priority >= 0)
        fprintf(page, "<span class=\"strong\">running priority %d</span>", vcpu->running_priority);
    fputs("</p>", page);
    ladder(page, picture, n);
    fprintf(page, "<p class=\"next %s\">", why.word);
    if (next)
        fprintf(page, "<b>%s %u</b> is next: ", intid_type_name(next->intid),
                VGIC5_INTID_ID(next->intid));
    html_text(page, why.sentence);
    fprintf(page, "</p><p class=\"counts\">%" PRIu32 " pending, %" PRIu32 " active</p></article>\n",
            vcpu->pending, vcpu->active);
}

void html_vcpus(FILE *page, const struct picture *picture)
{
    fputs("<section><h2>Priorities per PE</h2><p class=\"legend\">", page);
    html_legend(page, "pending", "pending at this priority");
    html_legend(page, "active", "active priority (ICC_APR)");
    html_legend(page, "running-key", "running priority");
    html_legend(page, "shut-key", "not signalled now: masked, or does not preempt");
    fputs("</p><div class=\"cards\">\n", page);
    for (uint32_t n = 0; n < picture->nr_vcpus && n < MOST_CARDS; n++)
        card(page, picture, n);
    if (picture->nr_vcpus > MOST_CARDS)
        fprintf(page, "<p>and %" PRIu32 " more vCPUs</p>", picture->nr_vcpus - MOST_CARDS);
    fputs("</div></section>\n", page);
}

/* ---- The list -------------------------------------------------------------------------------- */

static void row(FILE *page, const struct picture *picture,
                const struct picture_interrupt *interrupt)
{
    struct picture_reason why = picture_why(picture, interrupt);

    fprintf(page, "<tr><td>%s %u</td><td class=\"state\">%s%s%s</td><td class=\"n\">%u</td>",
            intid_type_name(interrupt->intid), VGIC5_INTID_ID(interrupt->intid),
            interrupt->pending ? "<i class=\"pending\">pending</i>" : "",
            interrupt->active ? "<i class=\"active\">active</i>" : "",
            interrupt->enabled ? "" : "<i class=\"idle\">disabled</i>", interrupt->priority);
    if (interrupt->vcpu < picture->nr_vcpus)
        fprintf(page, "<td class=\"n\">%" PRIu32 "</td>", picture->vcpus[interrupt->vcpu].id);
    else
        fputs("<td class=\"n\">none</td>", page);
    fputs("<td>", page);
    html_text(page, why.sentence);
    fputs("</td></tr>\n", page);
}

void html_interrupts(FILE *page, const struct picture *picture)
{
    uint32_t rows = 0, all = 0;

    fputs("<section><h2>What was in flight</h2><table class=\"list\"><thead><tr><th>interrupt</th>"
          "<th>state</th><th class=\"n\">priority</th><th class=\"n\">vCPU</th>"
          "<th>delivered next?</th></tr></thead><tbody>\n",
          page);
    for (size_t n = 0; n < picture->nr_interrupts; n++) {
        if (!picture->interrupts[n].pending && !picture->interrupts[n].active)
            continue;
        all++;
        if (rows < MOST_ROWS) {
            row(page, picture, &picture->interrupts[n]);
            rows++;
        }
    }
    fputs("</tbody></table>", page);
    if (all == 0)
        fputs("<p>Nothing was pending or active.</p>", page);
    if (all > rows)
        fprintf(page, "<p>and %" PRIu32 " more</p>", all - rows);
    fputs("</section>\n", page);
}
