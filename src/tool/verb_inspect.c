/* SPDX-License-Identifier: BSD-3-Clause */
/* Says what a snapshot holds, as far as it can be read, and what stood between its interrupts and
 * their delivery. */
#include "tool/look/inspect.h"

#include <inttypes.h>

#include "tool/look/intid.h"
#include "tool/report.h"

static bool has_vcpu(const struct inspection *inspection)
{
    for (uint32_t n = 0; n < inspection->picture.nr_vcpus; n++)
        if (inspection_wants_vcpu(inspection, n))
            return true;
    return false;
}

/* As deep as the file allows: the picture, the sections, or the header alone. */
static void look(struct inspection *inspection)
{
    const struct cli_options *options = inspection->options;
    struct vgic5_error ignored = {0};

    if (!options->section && load_open(VERB_inspect, options->operand, options->on_base,
                                       &inspection->loaded, &inspection->error) == 0) {
        inspection->has_picture =
            picture_take(&inspection->loaded, &inspection->picture, &inspection->error) == 0;
        if (inspection->has_picture)
            return;
        load_close(&inspection->loaded);
    }
    load_chain(VERB_inspect, options->operand, options->on_base, &inspection->chain,
               options->section ? &inspection->error : &ignored);
}

static int show(const struct inspection *inspection)
{
    const struct cli_options *options = inspection->options;
    int ret;

    if (options->html && inspection->has_picture)
        ret = inspect_html(inspection, options->html);
    else if (options->section && inspection_snapshot(inspection))
        ret = inspect_sections(inspection);
    else if (options->json)
        ret = inspect_json(inspection);
    else
        ret = inspect_words(inspection);
    if (inspection->error.cause != VGIC5_CAUSE_NONE)
        return report_error(VERB_inspect, &inspection->error);
    return ret;
}

int verb_inspect(const struct cli_options *options)
{
    struct inspection inspection = {.options = options};
    struct vgic5_error error = {0};
    uint32_t intid;
    int ret;

    if (options->intid && !intid_parse(options->intid, &intid))
        return report(VERB_inspect, EXIT_USAGE,
                      "--intid is '%s', expected ppi:N, spi:N, lpi:N or an INTID", options->intid);
    if (vgic5_snapshot_read_header_file(options->operand, &inspection.header, &error) != 0)
        return report_error(VERB_inspect, &error);
    look(&inspection);
    if (inspection.has_picture && !has_vcpu(&inspection))
        ret = report(VERB_inspect, EXIT_USAGE, "there is no vCPU %" PRIu64, options->vcpu);
    else
        ret = show(&inspection);
    if (inspection.has_picture) {
        picture_free(&inspection.picture);
        load_close(&inspection.loaded);
    }
    vgic5_chain_close(inspection.chain);
    return ret;
}
