/* SPDX-License-Identifier: BSD-3-Clause */
/* Words for people on stderr, and the exit code that goes with them. */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include <vgic5/migration.h>

#include "facts/error.h"
#include "tool/options.h"

/* The exit code for a cause; a bug of ours for none. */
enum cli_exit exit_of(enum vgic5_cause cause);
/* "vgic5: VERB: MESSAGE"; returns exit_of its cause. */
int report_error(enum cli_verb verb, const struct vgic5_error *error);
/* The same with a message of printf's kind. */
int report(enum cli_verb verb, enum cli_exit status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For vgic5_save and vgic5_restore: what they warn of goes to stderr. */
extern const struct vgic5_migration_options report_warnings;
#endif
