/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "tool/engine.h"
#include "tool/gic_option.h"
#include "tool/report.h"
#include "tool/run/session.h"
#include "vcpu/memory.h"

#define DEFAULT_RAM (256ull << 20)
/* arm64 Linux has room for 2048 with the NUL, and leaves out the rest without a word. */
#define LONGEST_APPEND 2047u

static int configure(struct session *session)
{
    const struct cli_options *options = session->options;
    struct machine_config *config = &session->config;

    if (!options->kernel)
        return report(session->verb, EXIT_USAGE, "no --kernel FILE");
    if (!session_check_options(session->verb, options) ||
        !gic_option_parse(VERB_run, options->gic, &config->gic, &config->nr_spis))
        return EXIT_USAGE;
    if (options->append && strlen(options->append) > LONGEST_APPEND)
        return report(session->verb, EXIT_USAGE,
                      "--append has %zu bytes, a Linux kernel reads %u of them",
                      strlen(options->append), LONGEST_APPEND);
    config->nr_vcpus = cli_given(options, OPTION_smp) ? (uint32_t)options->smp : 1;
    config->ram_size = cli_given(options, OPTION_mem) ? options->mem : DEFAULT_RAM;
    config->deterministic = options->deterministic;
    config->engine = tool_engine;
    return session_open(session);
}

int verb_run(const struct cli_options *options)
{
    struct session session = {
        .verb = VERB_run, .options = options, .console.input = -1, .steer.control.fd = -1};
    struct vgic5_error error = {0};
    int ret = configure(&session);

    if (ret != EXIT_DONE)
        return session_close(&session, ret);
    if (machine_create(&session.config, &session.machine, &error) != 0 ||
        machine_boot(session.machine, options->kernel, options->initrd, options->append, &error) !=
            0)
        ret = report_error(session.verb, &error);
    else
        ret = session_run(&session);
    return session_close(&session, ret);
}
