/* SPDX-License-Identifier: BSD-3-Clause */
/* Joins an incremental snapshot with what it builds on: a full snapshot of the same state. */
#include <string.h>

#include "tool/look/load.h"
#include "tool/output.h"
#include "tool/report.h"

static int copy(struct chain *chain, struct output *output, struct vgic5_error *error)
{
    const struct vgic5_snapshot *top = chain_top(chain);
    int status = 0;

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(top) && status == 0; n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(top, n);

        if (section->kind == VGIC5_SECTION_MEMORY)
            status = output_memory(output, chain, true, error);
        else if (strcmp(section->type, "base") != 0)
            status = output_section(output, section, error);
    }
    return status;
}

int verb_flatten(const struct cli_options *options)
{
    struct vgic5_error error = {0};
    struct progress progress;
    struct output output;
    struct chain chain;
    int status;

    if (!progress_begin(&progress, "flatten", options->progress))
        return report(VERB_flatten, EXIT_USAGE, "--progress is '%s', expected bar, json or none",
                      options->progress);
    status = load_chain(VERB_flatten, options->operand, options->on_base, &chain, &error);
    if (status != 0)
        return report_error(VERB_flatten, &error);
    status = output_begin(options->operand2, vgic5_snapshot_header(chain_top(&chain))->producer,
                          NULL, NULL, &output, &error);
    if (status == 0) {
        output.progress = &progress;
        status = output_end(&output, copy(&chain, &output, &error), &error);
    }
    progress_end(&progress, status == 0);
    chain_close(&chain);
    return status == 0 ? EXIT_DONE : report_error(VERB_flatten, &error);
}
