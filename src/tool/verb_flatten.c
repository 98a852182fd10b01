/* SPDX-License-Identifier: BSD-3-Clause */
/* Joins an incremental snapshot with what it builds on: a full snapshot of the same state. */
#include "tool/look/load.h"
#include "tool/report.h"
#include "tool/run/progress.h"

static void part_done(void *opaque, uint64_t part, uint64_t all)
{
    progress_part(opaque, part, all);
}

int verb_flatten(const struct cli_options *options)
{
    struct vgic5_error error = {0};
    struct progress progress;
    const struct vgic5_progress done = {
        .size = sizeof(done), .done = part_done, .opaque = &progress};
    struct vgic5_chain *chain;
    int ret;

    if (!progress_begin(&progress, "flatten", options->progress))
        return report(VERB_flatten, EXIT_USAGE, "--progress is '%s', expected bar, json or none",
                      options->progress);
    ret = load_chain(VERB_flatten, options->operand, options->on_base, &chain, &error);
    if (ret != 0)
        return report_error(VERB_flatten, &error);
    ret = vgic5_chain_flatten(chain, options->operand2, &done, &error);
    progress_end(&progress, ret == 0);
    vgic5_chain_close(chain);
    return ret == 0 ? EXIT_DONE : report_error(VERB_flatten, &error);
}
