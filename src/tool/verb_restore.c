/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "tool/gic_option.h"
#include "tool/look/load.h"
#include "tool/report.h"
#include "tool/run/session.h"

static int build(struct session *session, struct loaded *loaded)
{
    struct vgic5_error error = {0};
    int ret;

    session->config = loaded->config;
    if (session->options->abi)
        session->config.gic.abi = gic_option_abi(session->options->abi);
    ret = session_open(session);
    if (ret != EXIT_DONE)
        return ret;
    if (machine_create(&session->config, &session->machine, &error) != 0 ||
        load_into(loaded, session->machine, &session->ram, session_wants_log(session), &error) != 0)
        return report_error(session->verb, &error);
    /* The place in the file belongs to the guest's state. */
    if (session->options->input &&
        !console_skip(&session->console, machine_input_bytes(session->machine)))
        return report(session->verb, EXIT_UNFIT,
                      "--input %s: shorter than the %" PRIu64 " bytes that the guest has taken",
                      session->options->input, machine_input_bytes(session->machine));
    return EXIT_DONE;
}

/* Optional, and of a later version: the guest can do without. */
static void tell_what_is_ignored(const struct vgic5_snapshot *snapshot)
{
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, n);

        if (!load_knows_section(section))
            report(VERB_restore, EXIT_DONE,
                   "section %s[%" PRIu64 "] at offset 0x%" PRIx64 " is optional and not known to "
                   "this program: it is left out",
                   section->type, section->instance, section->offset);
    }
}

int verb_restore(const struct cli_options *options)
{
    struct session session = {
        .verb = VERB_restore, .options = options, .console.input = -1, .steer.control.fd = -1};
    struct vgic5_error error = {0};
    struct loaded loaded;
    int ret;

    if (!session_check_options(session.verb, options))
        return EXIT_USAGE;
    if (load_open(session.verb, options->operand, options->on_base, &loaded, &error) != 0)
        return report_error(session.verb, &error);
    tell_what_is_ignored(loaded.snapshot);
    ret = build(&session, &loaded);
    if (ret == EXIT_DONE && !options->check_only)
        ret = session_run(&session);
    ret = session_close(&session, ret);
    load_close(&loaded);
    return ret;
}
